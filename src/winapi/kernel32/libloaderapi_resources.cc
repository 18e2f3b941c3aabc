// libloaderapi.h and winbase.h: resources (loader-semantics §13).
#include "winapi/kernel32/libloaderapi_resources.h"
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/common/resources.h"

#include <optional>
#include <type_traits>

namespace hmodule::winapi {

HM_WINAPI INT LoadStringW(HMODULE module, UINT id, WCHAR* buffer, INT size) noexcept {
  return load_string(module, id, buffer, size);
}
HM_WINAPI INT LoadStringA(HMODULE module, UINT id, CHAR* buffer, INT size) noexcept {
  return load_string(module, id, buffer, size);
}

namespace {

// --- Finding ---

template <typename Char>
Result<HRSRC> find(HMODULE module, const Char* type, const Char* name, WORD language) {
  const pe::Image image = TRY(image_of(module));
  const pe::ResourceKey type_key = TRY(resource_key(type));
  const pe::ResourceKey name_key = TRY(resource_key(name));
  const pe::ResourceLeaf leaf = TRY(find_resource(image, type_key, name_key, language));
  return handle_of(image, leaf);
}

HM_WINAPI HRSRC FindResourceExW(HMODULE module, const WCHAR* type, const WCHAR* name, WORD language) noexcept {
  return answer<HRSRC>(nullptr, [&] { return find(module, type, name, language); });
}
HM_WINAPI HRSRC FindResourceExA(HMODULE module, const CHAR* type, const CHAR* name, WORD language) noexcept {
  return answer<HRSRC>(nullptr, [&] { return find(module, type, name, language); });
}
HM_WINAPI HRSRC FindResourceW(HMODULE module, const WCHAR* name, const WCHAR* type) noexcept {
  return answer<HRSRC>(nullptr, [&] { return find(module, type, name, 0); });
}
HM_WINAPI HRSRC FindResourceA(HMODULE module, const CHAR* name, const CHAR* type) noexcept {
  return answer<HRSRC>(nullptr, [&] { return find(module, type, name, 0); });
}

// RES-06.
Result<Bytes> bytes_of(HMODULE module, HRSRC resource) {
  if (resource == nullptr) return fail(STATUS_INVALID_PARAMETER, "the resource is NULL");
  const pe::Image image = TRY(image_of(module));
  return resource_bytes(image, resource);
}

HM_WINAPI HGLOBAL LoadResource(HMODULE module, HRSRC resource) noexcept {
  return answer<HGLOBAL>(nullptr, [&]() -> Result<HGLOBAL> {
    const Bytes bytes = TRY(bytes_of(module, resource));
    return static_cast<HGLOBAL>(const_cast<std::byte*>(bytes.data()));
  });
}
HM_WINAPI void* LockResource(HGLOBAL resource) noexcept {
  return resource;
}
HM_WINAPI BOOL FreeResource(HGLOBAL) noexcept {
  return FALSE;
}
HM_WINAPI DWORD SizeofResource(HMODULE module, HRSRC resource) noexcept {
  if (resource == nullptr) return 0;
  return answer<DWORD>(0,
                       [&]() -> Result<DWORD> { return static_cast<DWORD>(TRY(bytes_of(module, resource)).size()); });
}

// --- Enumerating. The callbacks are DLL code: what they are given is copied first, and nothing is locked meanwhile.
// The copies go when a callback leaves by an exception, too; so the functions that own them must not become a part of
// one that is noexcept, where there are no clean-ups. ---

constexpr DWORD kEnumLn = 0x1, kKnownEnumFlags = 0x1F, ERROR_MUI_FILE_NOT_FOUND = 15100;

// A key in the form a callback gets: a number as a pointer, or a string that lives as long as this.
template <typename Char>
class KeyText {
 public:
  explicit KeyText(const pe::ResourceKey& key) {
    if (const auto* id = std::get_if<std::uint16_t>(&key)) {
      id_ = *id;
    } else if constexpr (std::is_same_v<Char, WCHAR>) {
      text_ = std::get<std::u16string>(key);
    } else {
      text_ = nls::to_ansi(std::get<std::u16string>(key));
    }
  }
  Char* get() { return id_ ? reinterpret_cast<Char*>(std::uintptr_t{*id_}) : text_.data(); }

 private:
  std::optional<std::uint16_t> id_;
  std::basic_string<Char> text_;
};

Status check_enum(const void* callback, DWORD flags) {
  if (callback == nullptr || (flags & ~kKnownEnumFlags) != 0)
    return fail(STATUS_INVALID_PARAMETER, "resources are enumerated with flags {:#x} and callback {}", flags, callback);
  if (flags != 0 && (flags & kEnumLn) == 0)  // RES-08
    return fail_win32(ERROR_MUI_FILE_NOT_FOUND, "resources are enumerated in language files only, and there are none");
  return ok;
}

// Strings are given as addresses: CHAR or WCHAR, as the function was asked by.
using TypeCallback = HM_WINAPI BOOL (*)(HMODULE, const void* type, LONG_PTR);
using NameCallback = HM_WINAPI BOOL (*)(HMODULE, const void* type, const void* name, LONG_PTR);
using LanguageCallback = HM_WINAPI BOOL (*)(HMODULE, const void* type, const void* name, WORD, LONG_PTR);

template <typename Char>
[[gnu::noinline]] Result<BOOL> enum_types(HMODULE module, TypeCallback callback, LONG_PTR parameter, DWORD flags) {
  TRY(check_enum(reinterpret_cast<const void*>(callback), flags));
  const pe::Image image = TRY(image_of(module));
  const pe::Resources resources = TRY(pe::Resources::open(image));
  for (const pe::ResourceItem& type : TRY(resources.items(resources.root()))) {
    KeyText<Char> text(type.key);
    if (!thread::call(callback, module, text.get(), parameter)) return FALSE;
  }
  return TRUE;
}

template <typename Char>
[[gnu::noinline]] Result<BOOL> enum_names(HMODULE module, const Char* type, NameCallback callback, LONG_PTR parameter,
                                          DWORD flags) {
  TRY(check_enum(reinterpret_cast<const void*>(callback), flags));
  const pe::Image image = TRY(image_of(module));
  const pe::Resources resources = TRY(pe::Resources::open(image));
  const pe::ResourceKey type_key = TRY(resource_key(type));
  const auto directory = resources.find(resources.root(), type_key);
  if (!directory || !directory->is_directory)  // RES-09
    return fail(STATUS_RESOURCE_TYPE_NOT_FOUND, "no resource has this type");
  for (const pe::ResourceItem& name : TRY(resources.items(directory->node()))) {
    KeyText<Char> text(name.key);
    if (!thread::call(callback, module, type, text.get(), parameter)) return FALSE;
  }
  return TRUE;
}

template <typename Char>
[[gnu::noinline]] Result<BOOL> enum_languages(HMODULE module, const Char* type, const Char* name,
                                              LanguageCallback callback, LONG_PTR parameter, DWORD flags) {
  TRY(check_enum(reinterpret_cast<const void*>(callback), flags));
  const pe::Image image = TRY(image_of(module));
  const pe::Resources resources = TRY(pe::Resources::open(image));
  const pe::ResourceKey type_key = TRY(resource_key(type));
  const pe::ResourceKey name_key = TRY(resource_key(name));
  const pe::ResourceNode languages = TRY(resources.languages(type_key, name_key));
  for (const pe::ResourceItem& language : TRY(resources.items(languages))) {
    const auto* id = std::get_if<std::uint16_t>(&language.key);
    if (id != nullptr && !thread::call(callback, module, type, name, *id, parameter)) return FALSE;
  }
  return TRUE;
}

// The language asked for matters to satellite files only.
HM_WINAPI BOOL EnumResourceTypesExW(HMODULE module, TypeCallback callback, LONG_PTR parameter, DWORD flags,
                                    LANGID) noexcept {
  return answer<BOOL>(FALSE, [&] { return enum_types<WCHAR>(module, callback, parameter, flags); });
}
HM_WINAPI BOOL EnumResourceTypesExA(HMODULE module, TypeCallback callback, LONG_PTR parameter, DWORD flags,
                                    LANGID) noexcept {
  return answer<BOOL>(FALSE, [&] { return enum_types<CHAR>(module, callback, parameter, flags); });
}
HM_WINAPI BOOL EnumResourceTypesW(HMODULE module, TypeCallback callback, LONG_PTR parameter) noexcept {
  return EnumResourceTypesExW(module, callback, parameter, 0, 0);
}
HM_WINAPI BOOL EnumResourceTypesA(HMODULE module, TypeCallback callback, LONG_PTR parameter) noexcept {
  return EnumResourceTypesExA(module, callback, parameter, 0, 0);
}
HM_WINAPI BOOL EnumResourceNamesExW(HMODULE module, const WCHAR* type, NameCallback callback, LONG_PTR parameter,
                                    DWORD flags, LANGID) noexcept {
  return answer<BOOL>(FALSE, [&] { return enum_names(module, type, callback, parameter, flags); });
}
HM_WINAPI BOOL EnumResourceNamesExA(HMODULE module, const CHAR* type, NameCallback callback, LONG_PTR parameter,
                                    DWORD flags, LANGID) noexcept {
  return answer<BOOL>(FALSE, [&] { return enum_names(module, type, callback, parameter, flags); });
}
HM_WINAPI BOOL EnumResourceNamesW(HMODULE module, const WCHAR* type, NameCallback callback,
                                  LONG_PTR parameter) noexcept {
  return EnumResourceNamesExW(module, type, callback, parameter, 0, 0);
}
HM_WINAPI BOOL EnumResourceNamesA(HMODULE module, const CHAR* type, NameCallback callback,
                                  LONG_PTR parameter) noexcept {
  return EnumResourceNamesExA(module, type, callback, parameter, 0, 0);
}
HM_WINAPI BOOL EnumResourceLanguagesExW(HMODULE module, const WCHAR* type, const WCHAR* name, LanguageCallback callback,
                                        LONG_PTR parameter, DWORD flags, LANGID) noexcept {
  return answer<BOOL>(FALSE, [&] { return enum_languages(module, type, name, callback, parameter, flags); });
}
HM_WINAPI BOOL EnumResourceLanguagesExA(HMODULE module, const CHAR* type, const CHAR* name, LanguageCallback callback,
                                        LONG_PTR parameter, DWORD flags, LANGID) noexcept {
  return answer<BOOL>(FALSE, [&] { return enum_languages(module, type, name, callback, parameter, flags); });
}
HM_WINAPI BOOL EnumResourceLanguagesW(HMODULE module, const WCHAR* type, const WCHAR* name, LanguageCallback callback,
                                      LONG_PTR parameter) noexcept {
  return EnumResourceLanguagesExW(module, type, name, callback, parameter, 0, 0);
}
HM_WINAPI BOOL EnumResourceLanguagesA(HMODULE module, const CHAR* type, const CHAR* name, LanguageCallback callback,
                                      LONG_PTR parameter) noexcept {
  return EnumResourceLanguagesExA(module, type, name, callback, parameter, 0, 0);
}

const Export kRows[] = {
    {"EnumResourceLanguagesA", proc(EnumResourceLanguagesA)},
    {"EnumResourceLanguagesExA", proc(EnumResourceLanguagesExA)},
    {"EnumResourceLanguagesExW", proc(EnumResourceLanguagesExW)},
    {"EnumResourceLanguagesW", proc(EnumResourceLanguagesW)},
    {"EnumResourceNamesA", proc(EnumResourceNamesA)},
    {"EnumResourceNamesExA", proc(EnumResourceNamesExA)},
    {"EnumResourceNamesExW", proc(EnumResourceNamesExW)},
    {"EnumResourceNamesW", proc(EnumResourceNamesW)},
    {"EnumResourceTypesA", proc(EnumResourceTypesA)},
    {"EnumResourceTypesExA", proc(EnumResourceTypesExA)},
    {"EnumResourceTypesExW", proc(EnumResourceTypesExW)},
    {"EnumResourceTypesW", proc(EnumResourceTypesW)},
    {"FindResourceA", proc(FindResourceA)},
    {"FindResourceExA", proc(FindResourceExA)},
    {"FindResourceExW", proc(FindResourceExW)},
    {"FindResourceW", proc(FindResourceW)},
    {"FreeResource", proc(FreeResource)},
    {"LoadResource", proc(LoadResource)},
    {"LoadStringA", proc(LoadStringA)},
    {"LoadStringW", proc(LoadStringW)},
    {"LockResource", proc(LockResource)},
    {"SizeofResource", proc(SizeofResource)},
};

}  // namespace

extern const ExportTable libloaderapi_resources_exports = kRows;

}  // namespace hmodule::winapi
