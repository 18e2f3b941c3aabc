// Unicode normalization, internationalised domain names, and the folding of FoldStringW.
#pragma once

#include "base/result.h"
#include "win/winnls.h"

#include <string>
#include <string_view>

namespace hmodule::nls {

enum class NormForm : int { c = 1, d = 2, kc = 5, kd = 6 };  // NORM_FORM of winnls.h

// ERROR_INVALID_PARAMETER for another form, ERROR_NO_UNICODE_TRANSLATION for a lone surrogate.
Result<std::u16string> normalize(NormForm form, std::u16string_view text);
Result<bool> is_normalized(NormForm form, std::u16string_view text);

std::u16string compose(std::u16string_view text);
std::u16string decompose(std::u16string_view text);

inline constexpr DWORD IDN_ALLOW_UNASSIGNED = 1, IDN_USE_STD3_ASCII_RULES = 2;
// ERROR_INVALID_NAME for what is no domain name, ERROR_INVALID_FLAGS.
Result<std::u16string> idn_to_ascii(DWORD flags, std::u16string_view name);
Result<std::u16string> idn_to_unicode(DWORD flags, std::u16string_view name);
Result<std::u16string> idn_to_nameprep(DWORD flags, std::u16string_view name);

// FoldStringW: MAP_ flags. ERROR_INVALID_FLAGS for a combination Windows refuses.
Result<std::u16string> fold(DWORD flags, std::u16string_view text);

}  // namespace hmodule::nls
