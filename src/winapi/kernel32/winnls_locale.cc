// winnls.h, locales: names, numbers, information, enumeration.
#include "module/builtin.h"
#include "nls/locale.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/text_args.h"

#include <fmt/format.h>

#include <cstring>

namespace hmodule::winapi {
namespace {

using nls::Locale;

// --- The defaults ---

HM_WINAPI LCID GetUserDefaultLCID() noexcept {
  return nls::user_locale().id;
}
HM_WINAPI LANGID GetUserDefaultLangID() noexcept {
  return static_cast<LANGID>(nls::user_locale().id);
}
HM_WINAPI int GetUserDefaultLocaleName(WCHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    if (buffer == nullptr || size <= 0) return fail_win32(ERROR_INVALID_PARAMETER, "no buffer");
    return deliver_terminated<WCHAR>(nls::user_locale().name, buffer, size);
  });
}

HM_WINAPI LCID GetThreadLocale() noexcept {
  const LCID current = thread::teb().CurrentLocale;
  return current != 0 ? current : GetUserDefaultLCID();
}
HM_WINAPI BOOL SetThreadLocale(LCID id) noexcept {
  return succeed([&]() -> Status {
    thread::teb().CurrentLocale = TRY(nls::find_locale(id)).id;
    return ok;
  });
}

thread_local LANGID ui_language = 0;  // 0: the user's

HM_WINAPI LANGID GetThreadUILanguage() noexcept {
  return ui_language != 0 ? ui_language : GetUserDefaultLangID();
}
// The answer is another language than the one asked for when that is unknown.
HM_WINAPI LANGID SetThreadUILanguage(LANGID language) noexcept {
  if (language == 0 || nls::find_locale(LCID{language}))
    ui_language = language;
  else
    thread::set_last_error(ERROR_INVALID_PARAMETER);
  return GetThreadUILanguage();
}

// --- Names and numbers ---

HM_WINAPI LCID LocaleNameToLCID(const WCHAR* name, DWORD flags) noexcept {
  return answer<LCID>(0, [&]() -> Result<LCID> {
    if ((flags & ~LOCALE_ALLOW_NEUTRAL_NAMES) != 0) return fail_win32(ERROR_INVALID_PARAMETER, "flags {:#x}", flags);
    const Locale locale = TRY(nls::find_locale(name));
    return ((flags & LOCALE_ALLOW_NEUTRAL_NAMES) != 0 ? locale : nls::specific_locale(locale)).id;
  });
}

HM_WINAPI int LCIDToLocaleName(LCID id, WCHAR* buffer, int size, DWORD flags) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    const Locale locale = TRY(nls::find_locale(id));
    const bool neutral_allowed = (flags & LOCALE_ALLOW_NEUTRAL_NAMES) != 0;
    return deliver_terminated<WCHAR>((neutral_allowed ? locale : nls::specific_locale(locale)).name, buffer, size);
  });
}

HM_WINAPI BOOL IsValidLocale(LCID id, DWORD) noexcept {
  return id != LOCALE_NEUTRAL && nls::find_locale(id).has_value();
}
HM_WINAPI BOOL IsValidLocaleName(const WCHAR* name) noexcept {
  return name != nullptr && nls::find_locale(name).has_value();
}

HM_WINAPI int ResolveLocaleName(const WCHAR* name, WCHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    const std::u16string found = name == nullptr ? nls::user_locale().name : nls::resolve_name(name);
    return deliver_terminated<WCHAR>(found, buffer, size);
  });
}

HM_WINAPI LCID ConvertDefaultLocale(LCID id) noexcept {
  const auto locale = nls::find_locale(id);
  return locale ? nls::specific_locale(*locale).id : id;
}

// --- GetLocaleInfo ---

struct Query {
  LCTYPE type;
  bool number, genitive;
};
Query read_type(LCTYPE type) {
  return {type & 0xFFFF, (type & LOCALE_RETURN_NUMBER) != 0, (type & LOCALE_RETURN_GENITIVE_NAMES) != 0};
}

// A number goes into the text buffer as it is.
template <typename Char>
Result<int> deliver_number(DWORD number, Char* buffer, int size) {
  constexpr int kUnits = sizeof(DWORD) / sizeof(Char);
  if (size == 0) return kUnits;
  if (size < kUnits) return fail_win32(ERROR_INSUFFICIENT_BUFFER, "{} characters for a number", size);
  std::memcpy(buffer, &number, sizeof number);
  return kUnits;
}

Result<int> locale_info(const Locale& locale, LCTYPE type, WCHAR* buffer, int size) {
  TRY(check_buffer(buffer, size));
  const Query query = read_type(type);
  if (query.number) return deliver_number(TRY(nls::locale_number(locale, query.type)), buffer, size);
  return deliver_terminated<WCHAR>(TRY(nls::locale_text(locale, query.type, query.genitive)), buffer, size);
}

HM_WINAPI int GetLocaleInfoEx(const WCHAR* name, LCTYPE type, WCHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> { return locale_info(TRY(nls::find_locale(name)), type, buffer, size); });
}
HM_WINAPI int GetLocaleInfoW(LCID id, LCTYPE type, WCHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> { return locale_info(TRY(nls::find_locale(id)), type, buffer, size); });
}
HM_WINAPI int GetLocaleInfoA(LCID id, LCTYPE type, CHAR* buffer, int size) noexcept {
  return answer<int>(0, [&]() -> Result<int> {
    TRY(check_buffer(buffer, size));
    const Locale locale = TRY(nls::find_locale(id));
    const Query query = read_type(type);
    if (query.number) return deliver_number(TRY(nls::locale_number(locale, query.type)), buffer, size);
    const std::u16string text = TRY(nls::locale_text(locale, query.type, query.genitive));
    return deliver_terminated<CHAR>(nls::to_page(code_page_of(id, type), text), buffer, size);
  });
}

// --- Enumeration. A callback may leave by an exception: nothing is owned while it runs. ---

using LocaleCallback = HM_WINAPI BOOL (*)(WCHAR* name, DWORD flags, LONG_PTR context);

HM_WINAPI BOOL EnumSystemLocalesEx(LocaleCallback callback, DWORD flags, LONG_PTR context, void* reserved) noexcept {
  if (callback == nullptr || reserved != nullptr) {
    thread::set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
  }
  constexpr DWORD kKinds = LOCALE_NEUTRALDATA | LOCALE_SPECIFICDATA;
  for (const Locale& locale : nls::all_locales()) {
    const DWORD kind = LOCALE_WINDOWS | (locale.neutral ? LOCALE_NEUTRALDATA : LOCALE_SPECIFICDATA);
    if ((flags & kKinds) != 0 && (flags & kind & kKinds) == 0) continue;
    WCHAR name[LOCALE_NAME_MAX_LENGTH] = {};
    std::copy_n(locale.name.data(), locale.name.size(), name);
    if (callback(name, kind, context) == FALSE) break;
  }
  return TRUE;
}

// By number, so only those that have one.
template <typename Char>
HM_WINAPI BOOL enumerate_locale_numbers(HM_WINAPI BOOL (*callback)(Char*), DWORD flags) noexcept {
  if (callback == nullptr) {
    thread::set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
  }
  if ((flags & ~(LCID_INSTALLED | LCID_SUPPORTED | LOCALE_ALTERNATE_SORTS)) != 0) {
    thread::set_last_error(ERROR_INVALID_FLAGS);
    return FALSE;
  }
  for (const Locale& locale : nls::all_locales()) {
    if (locale.neutral || locale.invariant() || locale.id == LOCALE_CUSTOM_UNSPECIFIED) continue;
    char digits[9];
    *fmt::format_to(digits, "{:08x}", locale.id) = '\0';
    Char text[9];
    std::copy_n(digits, 9, text);
    if (callback(text) == FALSE) break;
  }
  return TRUE;
}

// --- Languages of user interfaces: one, that of the user's locale ---

constexpr DWORD MUI_LANGUAGE_ID = 4, MUI_LANGUAGE_NAME = 8;

HM_WINAPI BOOL GetUserPreferredUILanguages(DWORD flags, ULONG* count, WCHAR* buffer, ULONG* size) noexcept {
  return succeed([&]() -> Status {
    if (count == nullptr || size == nullptr || (flags & MUI_LANGUAGE_ID && flags & MUI_LANGUAGE_NAME) ||
        (buffer == nullptr && *size != 0))
      return fail_win32(ERROR_INVALID_PARAMETER, "flags {:#x}", flags);
    const Locale& user = nls::user_locale();
    std::u16string list = user.name;
    if ((flags & MUI_LANGUAGE_ID) != 0) {
      const std::string number = fmt::format("{:04X}", user.id & 0xFFFF);
      list.assign(number.begin(), number.end());
    }
    list.append(2, u'\0');  // one name, and the end of the list
    const ULONG room = *size;
    *size = static_cast<ULONG>(list.size());
    *count = 1;
    if (buffer == nullptr) return ok;
    if (room < list.size()) return fail_win32(ERROR_INSUFFICIENT_BUFFER, "{} characters in {}", list.size(), room);
    std::copy_n(list.data(), list.size(), buffer);
    return ok;
  });
}

using LanguageCallback = HM_WINAPI BOOL (*)(WCHAR* language, LONG_PTR context);

HM_WINAPI BOOL EnumUILanguagesW(LanguageCallback callback, DWORD flags, LONG_PTR context) noexcept {
  if (callback == nullptr) {
    thread::set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
  }
  const Locale& user = nls::user_locale();
  WCHAR text[LOCALE_NAME_MAX_LENGTH] = {};
  if ((flags & MUI_LANGUAGE_NAME) != 0) {
    std::copy_n(user.name.data(), user.name.size(), text);
  } else {
    char digits[5];
    fmt::format_to(digits, "{:04x}", user.id & 0xFFFF);
    std::copy_n(digits, 4, text);
  }
  callback(text, context);
  return TRUE;
}

const Export kRows[] = {
    {"ConvertDefaultLocale", proc(ConvertDefaultLocale)},
    {"EnumSystemLocalesA", proc(enumerate_locale_numbers<CHAR>)},
    {"EnumSystemLocalesEx", proc(EnumSystemLocalesEx)},
    {"EnumSystemLocalesW", proc(enumerate_locale_numbers<WCHAR>)},
    {"EnumUILanguagesW", proc(EnumUILanguagesW)},
    {"GetLocaleInfoA", proc(GetLocaleInfoA), Support::partial, "no font signature; the calendar is Gregorian"},
    {"GetLocaleInfoEx", proc(GetLocaleInfoEx), Support::partial, "no font signature; the calendar is Gregorian"},
    {"GetLocaleInfoW", proc(GetLocaleInfoW), Support::partial, "no font signature; the calendar is Gregorian"},
    {"GetSystemDefaultLCID", proc(GetUserDefaultLCID)},
    {"GetSystemDefaultLangID", proc(GetUserDefaultLangID)},
    {"GetSystemDefaultLocaleName", proc(GetUserDefaultLocaleName)},
    {"GetSystemDefaultUILanguage", proc(GetUserDefaultLangID)},
    {"GetSystemPreferredUILanguages", proc(GetUserPreferredUILanguages)},
    {"GetThreadLocale", proc(GetThreadLocale)},
    {"GetThreadPreferredUILanguages", proc(GetUserPreferredUILanguages), Support::partial,
     "those of the user, without SetThreadUILanguage's"},
    {"GetThreadUILanguage", proc(GetThreadUILanguage)},
    {"GetUserDefaultLCID", proc(GetUserDefaultLCID)},
    {"GetUserDefaultLangID", proc(GetUserDefaultLangID)},
    {"GetUserDefaultLocaleName", proc(GetUserDefaultLocaleName)},
    {"GetUserDefaultUILanguage", proc(GetUserDefaultLangID)},
    {"GetUserPreferredUILanguages", proc(GetUserPreferredUILanguages)},
    {"IsValidLocale", proc(IsValidLocale)},
    {"IsValidLocaleName", proc(IsValidLocaleName)},
    {"LCIDToLocaleName", proc(LCIDToLocaleName)},
    {"LocaleNameToLCID", proc(LocaleNameToLCID)},
    {"ResolveLocaleName", proc(ResolveLocaleName)},
    {"SetThreadLocale", proc(SetThreadLocale)},
    {"SetThreadUILanguage", proc(SetThreadUILanguage), Support::partial,
     "reported only: resources follow the thread's locale"},
};

}  // namespace

extern const ExportTable winnls_locale_exports = kRows;

}  // namespace hmodule::winapi
