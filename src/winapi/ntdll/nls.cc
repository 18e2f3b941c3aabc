// Language support of ntdll: default locale and languages, normal forms, domain names, and the NLS files that the PE
// builds of kernelbase read their tables from.
#include "base/install.h"
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/collate.h"
#include "nls/locale.h"
#include "nls/normalize.h"
#include "nt/heap.h"
#include "win/status.h"
#include "winapi/common/answer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

// --- Defaults ---

HM_WINAPI NTSTATUS NtQueryDefaultLocale(BOOLEAN, LCID* id) noexcept {
  *id = nls::user_locale().id;
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS NtQueryDefaultUILanguage(LANGID* language) noexcept {
  *language = static_cast<LANGID>(nls::user_locale().id);
  return STATUS_SUCCESS;
}

// --- Names ---

NTSTATUS store(UNICODE_STRING& target, std::u16string_view text, bool fresh) {
  const std::size_t bytes = (text.size() + 1) * sizeof(WCHAR);
  if (fresh) {
    target.Buffer = static_cast<WCHAR*>(nt::heap_allocate(bytes));
    if (target.Buffer == nullptr) return STATUS_NO_MEMORY;
    target.MaximumLength = static_cast<USHORT>(bytes);
  } else if (target.MaximumLength < bytes) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  std::copy_n(text.data(), text.size(), target.Buffer);
  target.Buffer[text.size()] = 0;
  target.Length = static_cast<USHORT>(bytes - sizeof(WCHAR));
  return STATUS_SUCCESS;
}

constexpr ULONG kAllowNeutral = 2;

HM_WINAPI NTSTATUS RtlLcidToLocaleName(LCID id, UNICODE_STRING* name, ULONG flags, BOOLEAN fresh) noexcept {
  if (name == nullptr) return STATUS_INVALID_PARAMETER_2;
  const auto locale = nls::find_locale(id);
  if (!locale) return STATUS_INVALID_PARAMETER_1;
  const bool neutral_allowed = (flags & kAllowNeutral) != 0;
  return store(*name, (neutral_allowed ? *locale : nls::specific_locale(*locale)).name, fresh != 0);
}
HM_WINAPI NTSTATUS RtlLocaleNameToLcid(const WCHAR* name, LCID* id, ULONG flags) noexcept {
  const auto locale = nls::find_locale(name);
  if (!locale) return STATUS_INVALID_PARAMETER_1;
  if (locale->neutral && (flags & kAllowNeutral) == 0) return STATUS_INVALID_PARAMETER_1;
  *id = locale->id;
  return STATUS_SUCCESS;
}
HM_WINAPI BOOLEAN RtlIsValidLocaleName(const WCHAR* name, ULONG flags) noexcept {
  const auto locale = nls::find_locale(name);
  return name != nullptr && locale && (!locale->neutral || (flags & kAllowNeutral) != 0);
}

// --- Languages of user interfaces ---

constexpr DWORD MUI_LANGUAGE_ID = 4, MUI_LANGUAGE_NAME = 8;

// Languages as the functions give them: each terminated, and the list too.
NTSTATUS give_languages(const std::vector<nls::Locale>& languages, DWORD flags, ULONG* count, WCHAR* buffer,
                        ULONG* size) noexcept {
  if ((flags & MUI_LANGUAGE_ID) != 0 && (flags & MUI_LANGUAGE_NAME) != 0) return STATUS_INVALID_PARAMETER_1;
  std::u16string list;
  for (const nls::Locale& language : languages) {
    list += (flags & MUI_LANGUAGE_ID) != 0 ? utf16(fmt::format("{:04X}", language.id & 0xFFFF))
                                           : std::u16string(language.name);
    list += u'\0';
  }
  list.append(languages.empty() ? 2 : 1, u'\0');
  const ULONG room = *size;
  *size = static_cast<ULONG>(list.size());
  *count = static_cast<ULONG>(languages.size());
  if (buffer == nullptr) return STATUS_SUCCESS;
  if (room < list.size()) return STATUS_BUFFER_TOO_SMALL;
  std::copy_n(list.data(), list.size(), buffer);
  return STATUS_SUCCESS;
}

// What was set: for a thread, and for the process.
thread_local std::vector<nls::Locale> t_languages;
std::mutex g_languages_mutex;
std::vector<nls::Locale> g_languages;

HM_WINAPI NTSTATUS RtlGetUserPreferredUILanguages(DWORD flags, ULONG, ULONG* count, WCHAR* buffer,
                                                  ULONG* size) noexcept {
  return give_languages({nls::user_locale()}, flags, count, buffer, size);
}
HM_WINAPI NTSTATUS RtlGetThreadPreferredUILanguages(DWORD flags, ULONG* count, WCHAR* buffer, ULONG* size) noexcept {
  if (!t_languages.empty()) return give_languages(t_languages, flags, count, buffer, size);
  return RtlGetUserPreferredUILanguages(flags, 0, count, buffer, size);
}
HM_WINAPI NTSTATUS RtlGetProcessPreferredUILanguages(DWORD flags, ULONG* count, WCHAR* buffer, ULONG* size) noexcept {
  const std::lock_guard lock(g_languages_mutex);
  return give_languages(g_languages, flags, count, buffer, size);
}

// A list of names or hexadecimal ids; at most five count, and what is no language does not. NULL: none.
Result<std::vector<nls::Locale>> languages_from(DWORD flags, const WCHAR* list) {
  if ((flags & MUI_LANGUAGE_ID) != 0 && (flags & MUI_LANGUAGE_NAME) != 0)
    return fail(STATUS_INVALID_PARAMETER_1, "languages by name and by number at once");
  constexpr std::size_t kMaximum = 5;
  std::vector<nls::Locale> languages;
  if (list == nullptr) return languages;
  for (std::u16string_view word(list); !word.empty(); word = std::u16string_view(word.data() + word.size() + 1)) {
    const auto language = (flags & MUI_LANGUAGE_ID) != 0
                              ? nls::find_locale(static_cast<LCID>(std::strtoul(utf8(word).c_str(), nullptr, 16)))
                              : nls::find_locale(word.data());
    if (language && languages.size() < kMaximum) languages.push_back(*language);
  }
  if (languages.empty() && *list != 0) return fail(STATUS_INVALID_PARAMETER, "none of the languages is known");
  return languages;
}
HM_WINAPI NTSTATUS RtlSetThreadPreferredUILanguages(DWORD flags, const WCHAR* list, ULONG* count) noexcept {
  return status_of([&]() -> Status {
    t_languages = TRY(languages_from(flags, list));
    if (count != nullptr) *count = static_cast<ULONG>(t_languages.size());
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlSetProcessPreferredUILanguages(DWORD flags, const WCHAR* list, ULONG* count) noexcept {
  return status_of([&]() -> Status {
    auto languages = TRY(languages_from(flags, list));
    const std::lock_guard lock(g_languages_mutex);
    g_languages = std::move(languages);
    if (count != nullptr) *count = static_cast<ULONG>(g_languages.size());
    return ok;
  });
}

// --- Normal forms and domain names. Lengths count characters; -1 is "terminated", and counts the terminator. ---

constexpr NTSTATUS STATUS_INVALID_IDN_NORMALIZATION = static_cast<NTSTATUS>(0xC0000716),
                   STATUS_NO_UNICODE_TRANSLATION = static_cast<NTSTATUS>(0xC0000717);

std::u16string_view counted(const WCHAR* text, INT length) {
  return length >= 0 ? std::u16string_view(text, static_cast<std::size_t>(length))
                     : std::u16string_view(text, std::char_traits<WCHAR>::length(text) + 1);
}

NTSTATUS deliver(const Result<std::u16string>& text, WCHAR* target, INT* size) {
  if (!text) {
    *size = 0;
    switch (text.error().code()) {
      case ERROR_NO_UNICODE_TRANSLATION:
        return STATUS_NO_UNICODE_TRANSLATION;
      case ERROR_INVALID_NAME:
        return STATUS_INVALID_IDN_NORMALIZATION;
      default:
        return STATUS_INVALID_PARAMETER;
    }
  }
  const INT room = *size;
  *size = static_cast<INT>(text->size());
  if (room == 0) return STATUS_SUCCESS;
  if (room < *size) return STATUS_BUFFER_TOO_SMALL;
  std::copy_n(text->data(), text->size(), target);
  return STATUS_SUCCESS;
}

// Windows looks for the form's table by its number; 0 is no number.
NTSTATUS check_form(nls::NormForm form) {
  switch (form) {
    case nls::NormForm::c:
    case nls::NormForm::d:
    case nls::NormForm::kc:
    case nls::NormForm::kd:
      return STATUS_SUCCESS;
  }
  return static_cast<int>(form) == 0 ? STATUS_INVALID_PARAMETER : STATUS_OBJECT_NAME_NOT_FOUND;
}

HM_WINAPI NTSTATUS RtlNormalizeString(nls::NormForm form, const WCHAR* source, INT length, WCHAR* target,
                                      INT* size) noexcept {
  if (const NTSTATUS status = check_form(form); status != STATUS_SUCCESS) return status;
  return deliver(nls::normalize(form, counted(source, length)), target, size);
}
HM_WINAPI NTSTATUS RtlIsNormalizedString(nls::NormForm form, const WCHAR* source, INT length,
                                         BOOLEAN* result) noexcept {
  if (const NTSTATUS status = check_form(form); status != STATUS_SUCCESS) return status;
  const auto normal = nls::is_normalized(form, counted(source, length));
  if (!normal)
    return normal.error().code() == ERROR_NO_UNICODE_TRANSLATION ? STATUS_NO_UNICODE_TRANSLATION
                                                                 : STATUS_INVALID_PARAMETER;
  *result = *normal;
  return STATUS_SUCCESS;
}
template <Result<std::u16string> (*convert)(DWORD, std::u16string_view)>
HM_WINAPI NTSTATUS idn(DWORD flags, const WCHAR* source, INT length, WCHAR* target, INT* size) noexcept {
  return deliver(convert(flags, counted(source, length)), target, size);
}

// --- NLS files ---

struct NlsFile {
  void* base;
  SIZE_T size;
};

// A file of the installed System32, mapped once and for good.
NTSTATUS map_nls_file(const std::string& name, NlsFile& file) {
  static std::mutex mutex;
  static auto& mapped = *new std::map<std::string, NlsFile>;
  const std::lock_guard lock(mutex);
  if (const auto known = mapped.find(name); known != mapped.end()) {
    file = known->second;
    return STATUS_SUCCESS;
  }
  const int fd = open((pe_system32_directory() + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return STATUS_OBJECT_NAME_NOT_FOUND;
  struct stat facts;
  void* base = MAP_FAILED;
  if (fstat(fd, &facts) == 0 && facts.st_size > 0)
    base = mmap(nullptr, static_cast<std::size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (base == MAP_FAILED) return STATUS_NO_MEMORY;
  file = mapped[name] = {base, static_cast<SIZE_T>(facts.st_size)};
  return STATUS_SUCCESS;
}

std::string nls_file_name(ULONG type, ULONG id) {
  constexpr ULONG kSort = 9, kCase = 10, kCodePage = 11, kNormalization = 12;
  switch (type) {
    case kSort:
      return id == 0 ? "sortdefault.nls" : "";
    case kCase:
      return "l_intl.nls";
    case kCodePage:
      return fmt::format("c_{:03}.nls", id);
    case kNormalization:
      return id == 1    ? "normnfc.nls"
             : id == 2  ? "normnfd.nls"
             : id == 5  ? "normnfkc.nls"
             : id == 6  ? "normnfkd.nls"
             : id == 13 ? "normidna.nls"
                        : "";
    default:
      return {};
  }
}

HM_WINAPI NTSTATUS NtGetNlsSectionPtr(ULONG type, ULONG id, void*, void** base, SIZE_T* size) noexcept {
  const std::string name = nls_file_name(type, id);
  if (name.empty()) return STATUS_INVALID_PARAMETER_1;
  NlsFile file;
  if (const NTSTATUS status = map_nls_file(name, file); !nt_success(status)) return status;
  *base = file.base;
  *size = file.size;
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS RtlGetLocaleFileMappingAddress(void** base, LCID* id, LARGE_INTEGER* size) noexcept {
  NlsFile file;
  if (const NTSTATUS status = map_nls_file("locale.nls", file); !nt_success(status)) return status;
  *base = file.base;
  *id = nls::user_locale().id;
  *size = static_cast<LARGE_INTEGER>(file.size);
  return STATUS_SUCCESS;
}

// A code page file: a header of words, its length first; then the table from bytes, an optional table of glyphs, the
// ranges of lead bytes with their tables; and, where the second word group says, the table from UTF-16.
struct CPTABLEINFO {
  USHORT CodePage, MaximumCharacterSize, DefaultChar, UniDefaultChar, TransDefaultChar, TransUniDefaultChar,
      DBCSCodePage;
  UCHAR LeadByte[12];
  USHORT* MultiByteTable;
  void* WideCharTable;
  USHORT *DBCSRanges, *DBCSOffsets;
};
static_assert(sizeof(CPTABLEINFO) == 64);

HM_WINAPI void RtlInitCodePageTable(USHORT* file, CPTABLEINFO* info) noexcept {
  *info = {};
  if (file[1] == CP_UTF8) {  // has no tables
    info->CodePage = CP_UTF8;
    info->MaximumCharacterSize = 4;
    info->DefaultChar = info->TransDefaultChar = info->TransUniDefaultChar = '?';
    info->UniDefaultChar = 0xFFFD;
    return;
  }
  std::memcpy(info, file + 1, 6 * sizeof(USHORT));
  std::memcpy(info->LeadByte, file + 7, sizeof info->LeadByte);
  USHORT* const tables = file + file[0];
  info->WideCharTable = tables + tables[0] + 1;
  info->MultiByteTable = tables + 1;
  USHORT* const glyphs = info->MultiByteTable + 256;
  info->DBCSRanges = glyphs + 1 + (*glyphs != 0 ? 256 : 0);
  info->DBCSCodePage = *info->DBCSRanges != 0;
  if (info->DBCSCodePage != 0) info->DBCSOffsets = info->DBCSRanges + 1;
}

constexpr std::string_view kResources = "resources are still looked up in the user's language";
const Export kRows[] = {
    {"NtGetNlsSectionPtr", proc(NtGetNlsSectionPtr)},
    {"NtQueryDefaultLocale", proc(NtQueryDefaultLocale)},
    {"NtQueryDefaultUILanguage", proc(NtQueryDefaultUILanguage)},
    {"NtQueryInstallUILanguage", proc(NtQueryDefaultUILanguage)},
    {"RtlGetLocaleFileMappingAddress", proc(RtlGetLocaleFileMappingAddress)},
    {"RtlGetProcessPreferredUILanguages", proc(RtlGetProcessPreferredUILanguages)},
    {"RtlGetSystemPreferredUILanguages", proc(RtlGetUserPreferredUILanguages)},
    {"RtlGetThreadPreferredUILanguages", proc(RtlGetThreadPreferredUILanguages)},
    {"RtlGetUserPreferredUILanguages", proc(RtlGetUserPreferredUILanguages)},
    {"RtlIdnToAscii", proc(idn<nls::idn_to_ascii>)},
    {"RtlIdnToNameprepUnicode", proc(idn<nls::idn_to_nameprep>)},
    {"RtlIdnToUnicode", proc(idn<nls::idn_to_unicode>)},
    {"RtlInitCodePageTable", proc(RtlInitCodePageTable)},
    {"RtlIsNormalizedString", proc(RtlIsNormalizedString)},
    {"RtlIsValidLocaleName", proc(RtlIsValidLocaleName)},
    {"RtlLcidToLocaleName", proc(RtlLcidToLocaleName)},
    {"RtlLocaleNameToLcid", proc(RtlLocaleNameToLcid)},
    {"RtlNormalizeString", proc(RtlNormalizeString)},
    {"RtlSetProcessPreferredUILanguages", proc(RtlSetProcessPreferredUILanguages), Support::partial, kResources},
    {"RtlSetThreadPreferredUILanguages", proc(RtlSetThreadPreferredUILanguages), Support::partial, kResources},
};

}  // namespace

extern const ExportTable nls_exports = kRows;

}  // namespace hmodule::winapi
