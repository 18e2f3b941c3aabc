// winnls.h, comparing, mapping, finding and normalizing text.
#include "module/builtin.h"
#include "nls/collate.h"
#include "nls/normalize.h"
#include "nls/text.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/text_args.h"

namespace hmodule::winapi {
namespace {

using nls::Locale;

Status require(bool sound, std::string_view what) {
  if (!sound) return fail_win32(ERROR_INVALID_PARAMETER, "{}", what);
  return ok;
}

// --- Comparing ---

Result<int> compare(const Locale& locale, DWORD flags, const WCHAR* a, int a_length, const WCHAR* b, int b_length) {
  TRY(require(a != nullptr && b != nullptr, "a null string"));
  return nls::compare(locale, flags, uncounted(a, a_length), uncounted(b, b_length));
}

HM_WINAPI int CompareStringEx(const WCHAR* name, DWORD flags, const WCHAR* a, int a_length, const WCHAR* b,
                              int b_length, void*, void*, LONG_PTR) noexcept {
  return answer<int>(
      0, [&]() -> Result<int> { return compare(TRY(nls::find_locale(name)), flags, a, a_length, b, b_length); });
}
HM_WINAPI int CompareStringW(LCID id, DWORD flags, const WCHAR* a, int a_length, const WCHAR* b,
                             int b_length) noexcept {
  return answer<int>(
      0, [&]() -> Result<int> { return compare(TRY(nls::find_locale(id)), flags, a, a_length, b, b_length); });
}
HM_WINAPI int CompareStringA(LCID id, DWORD flags, const CHAR* a, int a_length, const CHAR* b, int b_length) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(require(a != nullptr && b != nullptr, "a null string"));
    const nls::CodePage& page = code_page_of(id, flags);
    return nls::compare(TRY(nls::find_locale(id)), flags, nls::from_page(page, uncounted(a, a_length)),
                        nls::from_page(page, uncounted(b, b_length)));
  });
}
HM_WINAPI int CompareStringOrdinal(const WCHAR* a, int a_length, const WCHAR* b, int b_length,
                                   BOOL ignore_case) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(require(a != nullptr && b != nullptr && a_length >= -1 && b_length >= -1, "a null string or a bad length"));
    return nls::compare_ordinal(uncounted(a, a_length), uncounted(b, b_length), ignore_case != 0);
  });
}

// --- Mapping ---

// In place only the case can be changed.
Status check_mapping(DWORD flags, const void* source, int length, const void* target, int size) {
  TRY(require(source != nullptr && length != 0 && size >= 0 && (target != nullptr || size == 0), "a null string"));
  if (source == target &&
      (flags & ~(LCMAP_LOWERCASE | LCMAP_UPPERCASE | LCMAP_LINGUISTIC_CASING | LOCALE_USE_CP_ACP)) != 0)
    return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x} in place", flags);
  return ok;
}

// A sort key is bytes, and `size` counts them.
Result<int> deliver_sort_key(const Locale& locale, DWORD flags, std::u16string_view text, void* target, int size) {
  const std::string key = TRY(nls::sort_key(locale, flags & ~LCMAP_SORTKEY, text));
  return deliver<CHAR>(key, static_cast<CHAR*>(target), size);
}

Result<int> map(const Locale& locale, DWORD flags, const WCHAR* source, int length, WCHAR* target, int size) {
  TRY(check_mapping(flags, source, length, target, size));
  if ((flags & LCMAP_SORTKEY) != 0) return deliver_sort_key(locale, flags, uncounted(source, length), target, size);
  return deliver<WCHAR>(TRY(nls::map_text(locale, flags, counted(source, length))), target, size);
}

HM_WINAPI int LCMapStringEx(const WCHAR* name, DWORD flags, const WCHAR* source, int length, WCHAR* target, int size,
                            void*, void*, LONG_PTR) noexcept {
  return answer<int>(
      0, [&]() -> Result<int> { return map(TRY(nls::find_locale(name)), flags, source, length, target, size); });
}
HM_WINAPI int LCMapStringW(LCID id, DWORD flags, const WCHAR* source, int length, WCHAR* target, int size) noexcept {
  return answer<int>(
      0, [&]() -> Result<int> { return map(TRY(nls::find_locale(id)), flags, source, length, target, size); });
}
HM_WINAPI int LCMapStringA(LCID id, DWORD flags, const CHAR* source, int length, CHAR* target, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    const nls::CodePage& page = code_page_of(id, flags);
    TRY(check_mapping(flags, source, length, target, size));
    const Locale locale = TRY(nls::find_locale(id));
    if ((flags & LCMAP_SORTKEY) != 0)
      return deliver_sort_key(locale, flags, nls::from_page(page, uncounted(source, length)), target, size);
    const std::u16string text = nls::from_page(page, counted(source, length));
    return deliver<CHAR>(nls::to_page(page, TRY(nls::map_text(locale, flags, text))), target, size);
  });
}

HM_WINAPI int FoldStringW(DWORD flags, const WCHAR* source, int length, WCHAR* target, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(require(source != nullptr && length != 0 && size >= 0 && (target != nullptr || size == 0) && source != target,
                "a null string"));
    return deliver<WCHAR>(TRY(nls::fold(flags, counted(source, length))), target, size);
  });
}
HM_WINAPI int FoldStringA(DWORD flags, const CHAR* source, int length, CHAR* target, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(require(source != nullptr && length != 0 && size >= 0 && (target != nullptr || size == 0) && source != target,
                "a null string"));
    const std::u16string text = nls::from_ansi(counted(source, length));
    return deliver<CHAR>(nls::to_ansi(TRY(nls::fold(flags, text))), target, size);
  });
}

// --- Finding: -1 when there is no match, which is no error ---

Result<int> find(const Locale& locale, DWORD flags, const WCHAR* text, int length, const WCHAR* wanted,
                 int wanted_length, INT* found_length) {
  TRY(require(text != nullptr && wanted != nullptr && length >= -1 && wanted_length >= -1 && wanted_length != 0,
              "a null or empty string"));
  const auto match = TRY(nls::find(locale, flags, uncounted(text, length), uncounted(wanted, wanted_length)));
  thread::set_last_error(ERROR_SUCCESS);
  if (!match) return -1;
  if (found_length != nullptr) *found_length = static_cast<INT>(match->length);
  return static_cast<int>(match->at);
}
HM_WINAPI int FindNLSStringEx(const WCHAR* name, DWORD flags, const WCHAR* text, int length, const WCHAR* wanted,
                              int wanted_length, INT* found_length, void*, void*, LONG_PTR) noexcept {
  return answer<int>(-1, [&]() -> Result<int> {
    return find(TRY(nls::find_locale(name)), flags, text, length, wanted, wanted_length, found_length);
  });
}
HM_WINAPI int FindNLSString(LCID id, DWORD flags, const WCHAR* text, int length, const WCHAR* wanted, int wanted_length,
                            INT* found_length) noexcept {
  return answer<int>(-1, [&]() -> Result<int> {
    return find(TRY(nls::find_locale(id)), flags, text, length, wanted, wanted_length, found_length);
  });
}
HM_WINAPI int FindStringOrdinal(DWORD flags, const WCHAR* text, int length, const WCHAR* wanted, int wanted_length,
                                BOOL ignore_case) noexcept {
  return answer<int>(-1, [&]() -> Result<int> {
    TRY(require(text != nullptr && wanted != nullptr && length >= -1 && wanted_length >= -1, "a null string"));
    constexpr DWORD kOne[] = {0, FIND_STARTSWITH, FIND_ENDSWITH, FIND_FROMSTART, FIND_FROMEND};
    if (std::ranges::find(kOne, flags) == std::end(kOne)) return fail_win32(ERROR_INVALID_FLAGS, "flags {:#x}", flags);
    const auto at =
        nls::find_ordinal(flags, uncounted(text, length), uncounted(wanted, wanted_length), ignore_case != 0);
    thread::set_last_error(ERROR_SUCCESS);
    return at ? static_cast<int>(*at) : -1;
  });
}

// --- Normal forms and domain names ---

HM_WINAPI int NormalizeString(nls::NormForm form, const WCHAR* source, int length, WCHAR* target, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(require(source != nullptr && length >= -1 && size >= 0 && (target != nullptr || size == 0), "a null string"));
    return deliver<WCHAR>(TRY(nls::normalize(form, counted(source, length))), target, size);
  });
}
HM_WINAPI BOOL IsNormalizedString(nls::NormForm form, const WCHAR* source, int length) noexcept {
  return answer<BOOL>(FALSE, [&]() -> Result<BOOL> {
    TRY(require(source != nullptr && length >= -1, "a null string"));
    const bool normal = TRY(nls::is_normalized(form, uncounted(source, length)));
    thread::set_last_error(ERROR_SUCCESS);  // so that callers can tell "no" from a failure
    return normal ? TRUE : FALSE;
  });
}

template <Result<std::u16string> (*convert)(DWORD, std::u16string_view)>
HM_WINAPI int idn(DWORD flags, const WCHAR* source, int length, WCHAR* target, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(require(source != nullptr && length >= -1 && size >= 0 && (target != nullptr || size == 0), "a null string"));
    return deliver<WCHAR>(TRY(convert(flags, counted(source, length))), target, size);
  });
}

// --- The version of the order: that of the collation data ---

struct NLSVERSIONINFOEX {
  DWORD dwNLSVersionInfoSize, dwNLSVersion, dwDefinedVersion, dwEffectiveId;
  GUID guidCustomVersion;
};
constexpr DWORD kShortVersionInfo = 12;
constexpr DWORD kNlsVersion = 0x0006'0400;  // Windows 10

Status version_info(DWORD function, const Locale& locale, NLSVERSIONINFOEX* info) {
  constexpr DWORD COMPARE_STRING = 1;
  if (function != COMPARE_STRING) return fail_win32(ERROR_INVALID_FLAGS, "no NLS function {}", function);
  const DWORD size = info == nullptr ? 0 : info->dwNLSVersionInfoSize;
  if (size != kShortVersionInfo && size != sizeof(NLSVERSIONINFOEX))
    return fail_win32(ERROR_INSUFFICIENT_BUFFER, "a structure of {} bytes", size);
  info->dwNLSVersion = info->dwDefinedVersion = kNlsVersion;
  if (size != sizeof(NLSVERSIONINFOEX)) return ok;
  info->dwEffectiveId = locale.id;
  info->guidCustomVersion = GUID{1, 0x57EE, 0x1E5C, {0, 0xB4, 0xD0, 0, 0x0B, 0xB1, 0xE1, 0x1E}};
  return ok;
}
HM_WINAPI BOOL GetNLSVersion(DWORD function, LCID id, NLSVERSIONINFOEX* info) noexcept {
  return succeed([&]() -> Status { return version_info(function, TRY(nls::find_locale(id)), info); });
}
HM_WINAPI BOOL GetNLSVersionEx(DWORD function, const WCHAR* name, NLSVERSIONINFOEX* info) noexcept {
  return succeed([&]() -> Status { return version_info(function, TRY(nls::find_locale(name)), info); });
}

const Export kRows[] = {
    {"CompareStringA", proc(CompareStringA)},
    {"CompareStringEx", proc(CompareStringEx)},
    {"CompareStringOrdinal", proc(CompareStringOrdinal)},
    {"CompareStringW", proc(CompareStringW)},
    {"FindNLSString", proc(FindNLSString)},
    {"FindNLSStringEx", proc(FindNLSStringEx)},
    {"FindStringOrdinal", proc(FindStringOrdinal)},
    {"FoldStringA", proc(FoldStringA)},
    {"FoldStringW", proc(FoldStringW)},
    {"GetNLSVersion", proc(GetNLSVersion)},
    {"GetNLSVersionEx", proc(GetNLSVersionEx)},
    {"IdnToAscii", proc(idn<nls::idn_to_ascii>)},
    {"IdnToNameprepUnicode", proc(idn<nls::idn_to_nameprep>)},
    {"IdnToUnicode", proc(idn<nls::idn_to_unicode>)},
    {"IsNormalizedString", proc(IsNormalizedString)},
    {"LCMapStringA", proc(LCMapStringA), Support::partial, "no LCMAP_HASH, no LCMAP_SORTHANDLE"},
    {"LCMapStringEx", proc(LCMapStringEx), Support::partial,
     "no LCMAP_HASH, no LCMAP_SORTHANDLE; sort keys have ICU's bytes"},
    {"LCMapStringW", proc(LCMapStringW), Support::partial,
     "no LCMAP_HASH, no LCMAP_SORTHANDLE; sort keys have ICU's bytes"},
    {"NormalizeString", proc(NormalizeString)},
};

}  // namespace

extern const ExportTable winnls_collation_exports = kRows;

}  // namespace hmodule::winapi
