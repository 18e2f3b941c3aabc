// winreg.h: values.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/process_parameters.h"
#include "winapi/kernelbase/winreg.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

template <typename Char>
bool ends_with_terminator(std::span<const std::byte> data, std::size_t terminators = 1) {
  const std::size_t size = terminators * sizeof(Char);
  if (data.size() < size) return false;
  const auto tail = data.subspan(data.size() - size);
  return std::ranges::all_of(tail, [](std::byte byte) { return byte == std::byte{0}; });
}

std::u16string text_of(std::span<const std::byte> data) {
  std::u16string text(data.size() / sizeof(WCHAR), u'\0');
  std::memcpy(text.data(), data.data(), text.size() * sizeof(WCHAR));
  return text;
}
template <typename Char>
std::vector<std::byte> bytes_of(const std::basic_string<Char>& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size() * sizeof(Char)};
}

// --- reading ---

template <typename Char>
LONG query(HKEY key, const Char* name, const DWORD* reserved, DWORD* type, BYTE* buffer, DWORD* size,
           const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (reserved != nullptr || (buffer != nullptr && size == nullptr))
          return fail(STATUS_INVALID_PARAMETER, "a buffer, and no size");
        const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_QUERY_VALUE));
        const std::u16string wanted = wide(name);
        const nt::RegistryValue value = TRY(opened->value(std::u16string_view(wanted)));
        if (type != nullptr) *type = value.type;
        const std::vector<std::byte> data = data_for<Char>(value);
        const DWORD room = size == nullptr ? 0 : *size;
        TRY(give_data(data, buffer, size));
        // A string without its terminator gets one where there is room, though it does not count.
        if (buffer != nullptr && is_string(value.type) && !ends_with_terminator<Char>(data) &&
            room >= data.size() + sizeof(Char))
          std::memset(buffer + data.size(), 0, sizeof(Char));
        return ok;
      },
      function);
}

}  // namespace

HM_WINAPI LONG RegQueryValueExA(HKEY key, const CHAR* name, DWORD* reserved, DWORD* type, BYTE* buffer,
                                DWORD* size) noexcept {
  return query(key, name, reserved, type, buffer, size);
}
HM_WINAPI LONG RegQueryValueExW(HKEY key, const WCHAR* name, DWORD* reserved, DWORD* type, BYTE* buffer,
                                DWORD* size) noexcept {
  return query(key, name, reserved, type, buffer, size);
}

namespace {

template <typename Char>
LONG enumerate(HKEY key, DWORD index, Char* name, DWORD* name_size, const DWORD* reserved, DWORD* type, BYTE* buffer,
               DWORD* size, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (name == nullptr || name_size == nullptr || reserved != nullptr || (buffer != nullptr && size == nullptr))
          return fail(STATUS_INVALID_PARAMETER, "no place for the name, or a buffer and no size");
        const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_QUERY_VALUE));
        const nt::RegistryValue value = TRY(opened->value(ULONG{index}));
        TRY(give_name(value.name, name, name_size));
        if (type != nullptr) *type = value.type;
        const std::vector<std::byte> data = data_for<Char>(value);
        return give_data(data, buffer, size);
      },
      function);
}
HM_WINAPI LONG RegEnumValueA(HKEY key, DWORD index, CHAR* name, DWORD* name_size, DWORD* reserved, DWORD* type,
                             BYTE* buffer, DWORD* size) noexcept {
  return enumerate(key, index, name, name_size, reserved, type, buffer, size);
}
HM_WINAPI LONG RegEnumValueW(HKEY key, DWORD index, WCHAR* name, DWORD* name_size, DWORD* reserved, DWORD* type,
                             BYTE* buffer, DWORD* size) noexcept {
  return enumerate(key, index, name, name_size, reserved, type, buffer, size);
}

// --- RegGetValue ---

constexpr DWORD RRF_RT_REG_NONE = 0x1, RRF_RT_REG_SZ = 0x2, RRF_RT_REG_EXPAND_SZ = 0x4, RRF_RT_REG_BINARY = 0x8,
                RRF_RT_REG_DWORD = 0x10, RRF_RT_REG_MULTI_SZ = 0x20, RRF_RT_REG_QWORD = 0x40, RRF_RT_ANY = 0xFFFF,
                RRF_SUBKEY_WOW6464KEY = 0x10000, RRF_SUBKEY_WOW6432KEY = 0x20000, RRF_NOEXPAND = 0x10000000,
                RRF_ZEROONFAILURE = 0x20000000;

DWORD flag_of(ULONG type) {
  switch (type) {
    case nt::REG_NONE:
      return RRF_RT_REG_NONE;
    case nt::REG_SZ:
      return RRF_RT_REG_SZ;
    case nt::REG_EXPAND_SZ:
      return RRF_RT_REG_EXPAND_SZ;
    case nt::REG_BINARY:
      return RRF_RT_REG_BINARY;
    case nt::REG_DWORD:
      return RRF_RT_REG_DWORD;
    case nt::REG_MULTI_SZ:
      return RRF_RT_REG_MULTI_SZ;
    case nt::REG_QWORD:
      return RRF_RT_REG_QWORD;
    default:
      return 0;
  }
}

// Is a value of that type and size what `flags` allow?
Status check_type(const nt::RegistryValue& value, DWORD flags) {
  const DWORD types = flags & RRF_RT_ANY;
  if (types == RRF_RT_ANY) return ok;
  if ((flag_of(value.type) & types) == 0)
    return fail_win32(ERROR_UNSUPPORTED_TYPE, "a value of type {}, and {:#x} are wanted", value.type, types);
  // "Any DWORD" and "any QWORD" take binary data of that size.
  const bool four = types == (RRF_RT_REG_BINARY | RRF_RT_REG_DWORD);
  const bool eight = types == (RRF_RT_REG_BINARY | RRF_RT_REG_QWORD);
  const std::size_t wanted = four ? 4 : eight ? 8 : value.data.size();
  if (value.type == nt::REG_BINARY && value.data.size() != wanted)
    return fail_win32(ERROR_DATATYPE_MISMATCH, "{} bytes, not {}", value.data.size(), wanted);
  return ok;
}

// Expanded where that is wanted, and terminated in any case.
template <typename Char>
std::vector<std::byte> finished(nt::RegistryValue& value, bool expand) {
  if (!is_string(value.type)) return value.data;
  std::u16string text = text_of(value.data);
  if (value.type == nt::REG_EXPAND_SZ && expand) {
    text = nt::expand_environment_strings(text.substr(0, text.find(u'\0')));
    value.type = nt::REG_SZ;
  }
  const std::u16string_view end =
      value.type == nt::REG_MULTI_SZ ? std::u16string_view(u"\0\0", 2) : std::u16string_view(u"\0", 1);
  while (!text.ends_with(end)) text += u'\0';
  return bytes_of(narrowed<Char>(text));
}

template <typename Char>
LONG get_value(HKEY key, const Char* subkey, const Char* name, DWORD flags, DWORD* type, void* buffer, DWORD* size,
               const char* function = __builtin_FUNCTION()) {
  const DWORD room = size == nullptr ? 0 : *size;
  const LONG code = registry_code(
      [&]() -> Status {
        const bool expand = (flags & RRF_NOEXPAND) == 0;
        if (buffer != nullptr && size == nullptr) return fail(STATUS_INVALID_PARAMETER, "a buffer, and no size");
        if ((flags & RRF_RT_REG_EXPAND_SZ) != 0 && expand && (flags & RRF_RT_ANY) != RRF_RT_ANY)
          return fail(STATUS_INVALID_PARAMETER, "an expanded string is no REG_EXPAND_SZ");
        if ((flags & RRF_SUBKEY_WOW6464KEY) != 0 && (flags & RRF_SUBKEY_WOW6432KEY) != 0)
          return fail(STATUS_INVALID_PARAMETER, "both registries at once");
        const std::u16string place = wide(subkey), wanted = wide(name);
        const OpenedKey opened = TRY(OpenedKey::open(key, place, nt::KEY_QUERY_VALUE));
        nt::RegistryValue value = TRY(opened->value(std::u16string_view(wanted)));
        const std::vector<std::byte> data = finished<Char>(value, expand);
        if (type != nullptr) *type = value.type;
        TRY(check_type(value, flags));
        return give_data(data, buffer, size);
      },
      function);
  if (code != ERROR_SUCCESS && (flags & RRF_ZEROONFAILURE) != 0 && buffer != nullptr) std::memset(buffer, 0, room);
  return code;
}
HM_WINAPI LONG RegGetValueA(HKEY key, const CHAR* subkey, const CHAR* name, DWORD flags, DWORD* type, void* buffer,
                            DWORD* size) noexcept {
  return get_value(key, subkey, name, flags, type, buffer, size);
}
HM_WINAPI LONG RegGetValueW(HKEY key, const WCHAR* subkey, const WCHAR* name, DWORD flags, DWORD* type, void* buffer,
                            DWORD* size) noexcept {
  return get_value(key, subkey, name, flags, type, buffer, size);
}

// --- writing ---

// Data as it is stored. Of a string whose last character is given and whose terminator stands right behind, the
// terminator is stored too: the sizes of many callers leave it out.
template <typename Char>
std::vector<std::byte> stored(DWORD type, const void* data, DWORD size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  if (data == nullptr) return {};
  if (!is_string(type)) return {bytes, bytes + size};
  const auto* text = static_cast<const Char*>(data);
  std::size_t length = size / sizeof(Char);
  if (length != 0 && text[length - 1] != 0 && text[length] == 0) ++length;
  if constexpr (sizeof(Char) == sizeof(WCHAR))
    return {bytes, bytes + std::max<std::size_t>(size, length * sizeof(Char))};
  else
    return bytes_of(nls::from_ansi({text, length}));
}

template <typename Char>
Status set(const nt::Ref<nt::Key>& key, const Char* name, DWORD type, const void* data, DWORD size) {
  if (data == nullptr && size != 0) return fail(STATUS_ACCESS_VIOLATION, "{} bytes at NULL", size);
  const std::u16string wanted = wide(name);
  const std::vector<std::byte> bytes = stored<Char>(type, data, size);
  return key->set_value(wanted, type, bytes);
}
template <typename Char>
LONG set_value(HKEY key, const Char* name, DWORD reserved, DWORD type, const BYTE* data, DWORD size,
               const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (reserved != 0) return fail(STATUS_INVALID_PARAMETER, "the reserved parameter is {}", reserved);
        const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_SET_VALUE));
        return set(opened, name, type, data, size);
      },
      function);
}

}  // namespace

HM_WINAPI LONG RegSetValueExA(HKEY key, const CHAR* name, DWORD reserved, DWORD type, const BYTE* data,
                              DWORD size) noexcept {
  return set_value(key, name, reserved, type, data, size);
}
HM_WINAPI LONG RegSetValueExW(HKEY key, const WCHAR* name, DWORD reserved, DWORD type, const BYTE* data,
                              DWORD size) noexcept {
  return set_value(key, name, reserved, type, data, size);
}

namespace {

template <typename Char>
LONG set_key_value(HKEY key, const Char* subkey, const Char* name, DWORD type, const void* data, DWORD size,
                   const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        const std::u16string place = wide(subkey);
        const nt::Created made = TRY(create_registry_key(key, place, nt::KEY_SET_VALUE));
        const auto opened = nt::object_of<nt::Key>(made.handle, nt::KEY_SET_VALUE);
        const Status done = opened ? set(*opened, name, type, data, size) : Status(opened.error());
        TRY(nt::handles().close(made.handle));
        return done;
      },
      function);
}
HM_WINAPI LONG RegSetKeyValueA(HKEY key, const CHAR* subkey, const CHAR* name, DWORD type, const void* data,
                               DWORD size) noexcept {
  return set_key_value(key, subkey, name, type, data, size);
}
HM_WINAPI LONG RegSetKeyValueW(HKEY key, const WCHAR* subkey, const WCHAR* name, DWORD type, const void* data,
                               DWORD size) noexcept {
  return set_key_value(key, subkey, name, type, data, size);
}

template <typename Char>
LONG delete_value(HKEY key, const Char* subkey, const Char* name, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        const std::u16string place = wide(subkey), wanted = wide(name);
        if (place.empty()) {
          const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_SET_VALUE));
          return opened->remove_value(wanted);
        }
        const OpenedKey opened = TRY(OpenedKey::open(key, place, nt::KEY_SET_VALUE));
        return opened->remove_value(wanted);
      },
      function);
}
HM_WINAPI LONG RegDeleteValueA(HKEY key, const CHAR* name) noexcept {
  return delete_value<CHAR>(key, nullptr, name);
}
HM_WINAPI LONG RegDeleteValueW(HKEY key, const WCHAR* name) noexcept {
  return delete_value<WCHAR>(key, nullptr, name);
}
HM_WINAPI LONG RegDeleteKeyValueA(HKEY key, const CHAR* subkey, const CHAR* name) noexcept {
  return delete_value(key, subkey, name);
}
HM_WINAPI LONG RegDeleteKeyValueW(HKEY key, const WCHAR* subkey, const WCHAR* name) noexcept {
  return delete_value(key, subkey, name);
}

// --- several at once ---

template <typename Char>
struct VALENT {
  Char* ve_valuename;
  DWORD ve_valuelen;
  ULONG_PTR ve_valueptr;
  DWORD ve_type;
};
template <typename Char>
LONG query_multiple(HKEY key, VALENT<Char>* entries, DWORD count, BYTE* buffer, DWORD* size,
                    const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (size == nullptr || (entries == nullptr && count != 0)) return fail(STATUS_INVALID_PARAMETER, "no size");
        const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_QUERY_VALUE));
        std::vector<std::byte> all;
        for (VALENT<Char>& entry : std::span(entries, count)) {
          const std::u16string wanted = wide(entry.ve_valuename);
          const nt::RegistryValue value = TRY(opened->value(std::u16string_view(wanted)));
          const std::vector<std::byte> data = data_for<Char>(value);
          all.resize((all.size() + 3) / 4 * 4);
          entry.ve_type = value.type;
          entry.ve_valuelen = static_cast<DWORD>(data.size());
          entry.ve_valueptr = reinterpret_cast<ULONG_PTR>(buffer) + all.size();
          all.insert(all.end(), data.begin(), data.end());
        }
        return give_data(all, buffer, size);
      },
      function);
}
HM_WINAPI LONG RegQueryMultipleValuesA(HKEY key, VALENT<CHAR>* entries, DWORD count, BYTE* buffer,
                                       DWORD* size) noexcept {
  return query_multiple(key, entries, count, buffer, size);
}
HM_WINAPI LONG RegQueryMultipleValuesW(HKEY key, VALENT<WCHAR>* entries, DWORD count, BYTE* buffer,
                                       DWORD* size) noexcept {
  return query_multiple(key, entries, count, buffer, size);
}

// --- RegLoadMUIString ---

constexpr DWORD REG_MUI_STRING_TRUNCATE = 1;

// Text that names a resource ("@module,-number") is not looked up.
HM_WINAPI LONG RegLoadMUIStringW(HKEY key, const WCHAR* name, WCHAR* buffer, DWORD size, DWORD* needed, DWORD flags,
                                 const WCHAR* /*directory*/) noexcept {
  return registry_code([&]() -> Status {
    const bool cut = (flags & REG_MUI_STRING_TRUNCATE) != 0;
    if ((buffer == nullptr && size != 0) || size % sizeof(WCHAR) != 0 || (cut && needed != nullptr) ||
        (flags & ~REG_MUI_STRING_TRUNCATE) != 0)
      return fail(STATUS_INVALID_PARAMETER, "a buffer of {} bytes, flags {:#x}", size, flags);
    const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_QUERY_VALUE));
    const std::u16string wanted = wide(name);
    const nt::RegistryValue value = TRY(opened->value(std::u16string_view(wanted)));
    if (value.type != nt::REG_SZ && value.type != nt::REG_EXPAND_SZ)
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "a value of type {} is no text", value.type);
    std::u16string text = text_of(value.data);
    text.resize(std::min(text.find(u'\0'), text.size()));
    if (value.type == nt::REG_EXPAND_SZ) text = nt::expand_environment_strings(text);
    if (text.starts_with(u'@')) return fail(STATUS_NOT_SUPPORTED, "{}: a text in a module's resources", utf8(text));
    const auto bytes = static_cast<DWORD>((text.size() + 1) * sizeof(WCHAR));
    if (needed != nullptr) *needed = bytes;
    if (size < bytes && !cut) return fail(STATUS_BUFFER_OVERFLOW, "{} bytes for {}", size, bytes);
    if (size == 0) return fail(STATUS_BUFFER_OVERFLOW, "no room for a terminator");
    const std::size_t length = std::min<std::size_t>(text.size(), size / sizeof(WCHAR) - 1);
    *std::copy_n(text.data(), length, buffer) = 0;
    return ok;
  });
}

const Export kRows[] = {
    {"RegDeleteKeyValueA", proc(RegDeleteKeyValueA)},
    {"RegDeleteKeyValueW", proc(RegDeleteKeyValueW)},
    {"RegDeleteValueA", proc(RegDeleteValueA)},
    {"RegDeleteValueW", proc(RegDeleteValueW)},
    {"RegEnumValueA", proc(RegEnumValueA)},
    {"RegEnumValueW", proc(RegEnumValueW)},
    {"RegGetValueA", proc(RegGetValueA)},
    {"RegGetValueW", proc(RegGetValueW)},
    {"RegLoadMUIStringW", proc(RegLoadMUIStringW), Support::partial, "texts in a module's resources are refused"},
    {"RegQueryMultipleValuesA", proc(RegQueryMultipleValuesA)},
    {"RegQueryMultipleValuesW", proc(RegQueryMultipleValuesW)},
    {"RegQueryValueExA", proc(RegQueryValueExA)},
    {"RegQueryValueExW", proc(RegQueryValueExW)},
    {"RegSetKeyValueA", proc(RegSetKeyValueA)},
    {"RegSetKeyValueW", proc(RegSetKeyValueW)},
    {"RegSetValueExA", proc(RegSetValueExA)},
    {"RegSetValueExW", proc(RegSetValueExW)},
};

}  // namespace

extern const ExportTable winreg_values_exports = kRows;

}  // namespace hmodule::winapi
