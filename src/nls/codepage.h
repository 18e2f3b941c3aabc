// Code pages: bytes to UTF-16 and back, with Windows' rules for what cannot be converted.
//
// Windows knows three kinds. The one- and two-byte pages are tables: 65536 entries each way, so they are made from
// ICU's converters on first use and then looked up, which also gives the exact Windows notions of lead byte, best fit
// and round trip. UTF-8 is ICU's UTF-8. All others (UTF-7, ISO-2022, HZ, GB18030, ISCII, EUC) have state or longer
// sequences and go through an ICU converter.
//
// The ANSI and the OEM code page are UTF-8: what a Linux program passes through an "A" function is UTF-8 (DESIGN D9).
#pragma once

#include "win/winnls.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::nls {

inline constexpr UINT kAnsiCodePage = CP_UTF8, kOemCodePage = CP_UTF8;

enum class CodePageKind : std::uint8_t { utf8, table, stream };

struct CodePage {
  UINT id;
  CodePageKind kind;
  BYTE max_char_size;
  const char* converter;             // ICU's name for it
  const char16_t* description;       // as GetCPInfoEx words it
  std::string_view lead_bytes = {};  // pairs of first and last
  char16_t unicode_default = u'?';
};

// nullptr for one we lack. CP_ACP, CP_OEMCP, CP_MACCP and CP_THREAD_ACP stand for their pages.
const CodePage* find_code_page(UINT id);
std::span<const CodePage> code_pages();
bool is_lead_byte(const CodePage& page, BYTE byte);
// The byte or bytes that stand for "no such character".
std::string default_char(const CodePage& page);

// What a conversion did. `length` counts the whole result, of which `out` received what fits.
struct Conversion {
  std::size_t length;
  bool substituted;  // something had no counterpart and became a default character
};

Conversion to_wide(const CodePage& page, std::string_view bytes, std::span<char16_t> out);
// `best_fit`: similar characters may stand in ("A" for a full-width "Ａ"); that does not count as substituted.
// `replacement` empty: the page's own default character.
Conversion to_bytes(const CodePage& page, std::u16string_view text, std::span<char> out, bool best_fit,
                    std::string_view replacement = {});

// Strings as the "A" functions take and give them.
std::u16string from_ansi(std::string_view text);
std::string to_ansi(std::u16string_view text);
// The same through another code page.
std::u16string from_page(const CodePage& page, std::string_view text);
std::string to_page(const CodePage& page, std::u16string_view text);

}  // namespace hmodule::nls
