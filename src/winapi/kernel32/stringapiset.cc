// stringapiset.h: code page conversion, character types, comparison. Sort and compare: winnls_collation.cc.
#include "base/trace.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nls/ctype.h"
#include "nls/normalize.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/shims.h"
#include "winapi/kernel32/text_args.h"

namespace hmodule::winapi {
namespace {

// The ANSI code page is UTF-8, which knows neither best fit nor composition. Programs that ask for CP_ACP do not know
// that, so the flags and parameters UTF-8 refuses are refused only of those who name it.
bool is_pseudo(UINT id) {
  return id <= CP_THREAD_ACP;
}

bool has_shift_state(const nls::CodePage& page) {
  return page.id == CP_SYMBOL || page.id == CP_UTF7 || (page.id >= 50220 && page.id <= 50229) ||
         (page.id >= 57002 && page.id <= 57011);
}

bool is_unicode(const nls::CodePage& page) {
  return page.id == CP_UTF8 || page.id == 54936;
}

Result<const nls::CodePage*> known_page(UINT id) {
  const nls::CodePage* page = nls::find_code_page(id);
  if (page == nullptr) return fail_win32(ERROR_INVALID_PARAMETER, "no code page {}", id);
  return page;
}

template <typename From, typename To>
Status check_conversion(const From* source, int source_length, const To* target, int target_length) {
  if (source == nullptr || source_length == 0 || target_length < 0 || (target_length > 0 && target == nullptr) ||
      static_cast<const void*>(source) == static_cast<const void*>(target))
    return fail_win32(ERROR_INVALID_PARAMETER, "source {} ({}), target {} ({})", static_cast<const void*>(source),
                      source_length, static_cast<const void*>(target), target_length);
  return ok;
}

Status check_widening_flags(const nls::CodePage& page, DWORD flags) {
  DWORD allowed = MB_PRECOMPOSED | MB_COMPOSITE | MB_USEGLYPHCHARS | MB_ERR_INVALID_CHARS;
  if (has_shift_state(page)) allowed = 0;
  if (is_unicode(page)) allowed = MB_PRECOMPOSED | MB_ERR_INVALID_CHARS;
  const bool both = (flags & MB_PRECOMPOSED) != 0 && (flags & MB_COMPOSITE) != 0;
  if ((flags & ~allowed) != 0 || both)
    return fail_win32(ERROR_INVALID_FLAGS, "code page {} does not take flags {:#x}", page.id, flags);
  return ok;
}

// What a conversion of any length may answer: the count, or why not.
template <typename Char>
Result<int> conclude(const nls::Conversion& done, std::span<Char> target) {
  if (done.length > INT_MAX) return fail_win32(ERROR_INVALID_PARAMETER, "a result of {} units", done.length);
  if (!target.empty() && done.length > target.size())
    return fail_win32(ERROR_INSUFFICIENT_BUFFER, "{} units do not fit in {}", done.length, target.size());
  return static_cast<int>(done.length);
}

HM_WINAPI int MultiByteToWideChar(UINT id, DWORD flags, LPCSTR source, int source_length, LPWSTR target,
                                  int target_length) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_conversion(source, source_length, target, target_length));
    const nls::CodePage& page = *TRY(known_page(id));
    if (!is_pseudo(id)) TRY(check_widening_flags(page, flags));
    const std::string_view bytes = counted(source, source_length);
    const std::span<WCHAR> out(target, static_cast<std::size_t>(target_length));
    const nls::Conversion done = nls::to_wide(page, bytes, out);
    if ((flags & MB_ERR_INVALID_CHARS) != 0 && done.substituted)
      return fail_win32(ERROR_NO_UNICODE_TRANSLATION, "bytes that are not of code page {}", page.id);
    if ((flags & MB_COMPOSITE) == 0) return conclude(done, out);
    std::u16string whole(done.length, u'\0');
    nls::to_wide(page, bytes, whole);
    return deliver<WCHAR>(nls::decompose(whole), target, target_length);
  });
}

struct Narrowing {
  DWORD flags;
  LPCSTR default_char;
  BOOL* used_default;
};

Status check_narrowing(const nls::CodePage& page, const Narrowing& how) {
  DWORD allowed = WC_DISCARDNS | WC_SEPCHARS | WC_DEFAULTCHAR | WC_COMPOSITECHECK | WC_NO_BEST_FIT_CHARS;
  if (has_shift_state(page)) allowed = 0;
  if (is_unicode(page)) allowed = WC_ERR_INVALID_CHARS;
  if ((how.flags & ~allowed) != 0)
    return fail_win32(ERROR_INVALID_FLAGS, "code page {} does not take flags {:#x}", page.id, how.flags);
  const bool whole_unicode = page.id == CP_UTF8 || page.id == CP_UTF7;
  if (whole_unicode && (how.default_char != nullptr || how.used_default != nullptr) &&
      !program_names_default_characters())
    return fail_win32(ERROR_INVALID_PARAMETER, "code page {} has no default character", page.id);
  return ok;
}

HM_WINAPI int WideCharToMultiByte(UINT id, DWORD flags, LPCWSTR source, int source_length, LPSTR target,
                                  int target_length, LPCSTR default_char, BOOL* used_default) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_conversion(source, source_length, target, target_length));
    const nls::CodePage& page = *TRY(known_page(id));
    const Narrowing how{flags, default_char, used_default};
    if (!is_pseudo(id)) TRY(check_narrowing(page, how));
    std::u16string_view text = counted(source, source_length);
    std::u16string composed;
    if ((flags & WC_COMPOSITECHECK) != 0) text = composed = nls::compose(text);
    const std::span<char> out(target, static_cast<std::size_t>(target_length));
    std::string_view replacement;
    if (default_char != nullptr)
      replacement = {default_char, nls::is_lead_byte(page, static_cast<BYTE>(*default_char)) ? 2U : 1U};
    const nls::Conversion done = nls::to_bytes(page, text, out, (flags & WC_NO_BEST_FIT_CHARS) == 0, replacement);
    if ((flags & WC_ERR_INVALID_CHARS) != 0 && done.substituted)
      return fail_win32(ERROR_NO_UNICODE_TRANSLATION, "a lone surrogate");
    // UTF-8 has a place for every character: what it replaces is not a character.
    if (used_default != nullptr) *used_default = done.substituted && page.id != CP_UTF8;
    return conclude(done, out);
  });
}

// --- Character types ---

Status check_type_query(DWORD kind, const void* source, int length, const WORD* types) {
  if (source == nullptr || length == 0 || types == nullptr ||
      (kind != CT_CTYPE1 && kind != CT_CTYPE2 && kind != CT_CTYPE3))
    return fail_win32(ERROR_INVALID_PARAMETER, "character type {} of {} ({})", kind, source, length);
  return ok;
}

HM_WINAPI BOOL GetStringTypeW(DWORD kind, LPCWSTR source, int length, WORD* types) noexcept {
  return succeed([&]() -> Status {
    TRY(check_type_query(kind, source, length, types));
    for (const char16_t unit : counted(source, length)) *types++ = nls::ctype(kind, unit);
    return ok;
  });
}

HM_WINAPI BOOL GetStringTypeExW(LCID, DWORD kind, LPCWSTR source, int length, WORD* types) noexcept {
  return GetStringTypeW(kind, source, length, types);
}

HM_WINAPI BOOL GetStringTypeA(LCID id, DWORD kind, LPCSTR source, int length, WORD* types) noexcept {
  return succeed([&]() -> Status {
    TRY(check_type_query(kind, source, length, types));
    for (const char16_t unit : nls::from_page(code_page_of(id, 0), counted(source, length)))
      *types++ = nls::ctype(kind, unit);
    return ok;
  });
}

const Export kRows[] = {
    {"GetStringTypeA", proc(GetStringTypeA)},
    {"GetStringTypeExA", proc(GetStringTypeA)},
    {"GetStringTypeExW", proc(GetStringTypeExW)},
    {"GetStringTypeW", proc(GetStringTypeW)},
    {"MultiByteToWideChar", proc(MultiByteToWideChar), Support::partial, "MB_USEGLYPHCHARS changes nothing"},
    {"WideCharToMultiByte", proc(WideCharToMultiByte), Support::partial, "WC_DISCARDNS and WC_SEPCHARS change nothing"},
};

}  // namespace

extern const ExportTable stringapiset_exports = kRows;

}  // namespace hmodule::winapi
