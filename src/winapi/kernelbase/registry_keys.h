// What all Reg functions begin with: an HKEY, which is a handle or one of the predefined keys, and a subkey's name.
#pragma once

#include "base/trace.h"
#include "nls/codepage.h"
#include "nt/registry.h"
#include "winapi/common/answer.h"

#include <string>
#include <string_view>

namespace hmodule::winapi {

using HKEY = HANDLE;

// Predefined keys, by the low half of their handle (compilers sign-extend it or not).
inline constexpr std::uint32_t HKEY_CLASSES_ROOT = 0x80000000, HKEY_CURRENT_USER = 0x80000001,
                               HKEY_LOCAL_MACHINE = 0x80000002, HKEY_USERS = 0x80000003,
                               HKEY_PERFORMANCE_DATA = 0x80000004, HKEY_CURRENT_CONFIG = 0x80000005,
                               HKEY_DYN_DATA = 0x80000006, HKEY_CURRENT_USER_LOCAL_SETTINGS = 0x80000007,
                               HKEY_PERFORMANCE_TEXT = 0x80000050, HKEY_PERFORMANCE_NLSTEXT = 0x80000060;
inline std::uint32_t predefined(HKEY key) {
  const auto value = reinterpret_cast<std::uintptr_t>(key);
  const auto low = static_cast<std::uint32_t>(value);
  const bool is_one =
      (value >> 32 == 0 || value >> 32 == 0xFFFFFFFF) && low >= HKEY_CLASSES_ROOT && low <= HKEY_PERFORMANCE_NLSTEXT;
  return is_one ? low : 0;
}

// Runs `work`, which returns Status, and gives its Win32 code. Reg functions leave the last error alone.
template <typename Work>
LONG registry_code(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return static_cast<LONG>(win32_from_status(status_of(std::forward<Work>(work), function)));
}

// The key behind `key`, with those rights. ERROR_INVALID_HANDLE, ERROR_ACCESS_DENIED.
Result<nt::Ref<nt::Key>> registry_key(HKEY key, ACCESS_MASK access);
// A subkey as a new handle. An empty name means `key` itself.
Result<HANDLE> open_registry_key(HKEY key, std::u16string_view name, ACCESS_MASK access, ULONG options = 0);
// The same, made as far as it is missing.
Result<nt::Created> create_registry_key(HKEY key, std::u16string_view name, ACCESS_MASK access,
                                        std::u16string_view class_name = {}, ULONG options = 0);
// RegOverridePredefKey; a NULL replacement undoes it.
Status override_predefined_key(HKEY key, HKEY replacement);

// HKEY_CLASSES_ROOT shows the user's classes and, where he has none of that name, the machine's. Its subkeys' names, in
// order.
Result<std::vector<std::u16string>> class_names();

// A handle for as long as a function needs it.
class OpenedKey {
 public:
  static Result<OpenedKey> open(HKEY key, std::u16string_view name, ACCESS_MASK access);
  OpenedKey(OpenedKey&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), key_(std::move(other.key_)) {}
  OpenedKey& operator=(OpenedKey&&) = delete;
  ~OpenedKey();
  nt::Key& operator*() const { return *key_; }
  nt::Key* operator->() const { return key_.get(); }
  HKEY handle() const { return handle_; }

 private:
  OpenedKey(HANDLE handle, nt::Ref<nt::Key> key) : handle_(handle), key_(std::move(key)) {}
  HANDLE handle_;
  nt::Ref<nt::Key> key_;
};

// --- text of both kinds ---

// An argument that may be NULL.
inline std::u16string wide(const WCHAR* text) {
  return text == nullptr ? std::u16string() : std::u16string(text);
}
inline std::u16string wide(const CHAR* text) {
  return text == nullptr ? std::u16string() : nls::from_ansi(text);
}
template <typename Char>
std::basic_string<Char> narrowed(std::u16string_view text) {
  if constexpr (sizeof(Char) == 1)
    return nls::to_ansi(text);
  else
    return std::u16string(text);
}
// A name and its terminator. ERROR_MORE_DATA if they do not fit; `*size` counts characters, then without the
// terminator.
template <typename Char>
Status give_name(std::u16string_view name, Char* buffer, DWORD* size) {
  const std::basic_string<Char> text = narrowed<Char>(name);
  if (*size <= text.size()) return fail(STATUS_BUFFER_OVERFLOW, "{} characters for a name of {}", *size, text.size());
  *std::copy(text.begin(), text.end(), buffer) = 0;
  *size = static_cast<DWORD>(text.size());
  return ok;
}

inline bool is_string(ULONG type) {
  return type == nt::REG_SZ || type == nt::REG_EXPAND_SZ || type == nt::REG_MULTI_SZ;
}
// A value's data as the caller of an A or W function sees it: strings are converted for the former.
template <typename Char>
std::vector<std::byte> data_for(const nt::RegistryValue& value) {
  if (sizeof(Char) == sizeof(WCHAR) || !is_string(value.type)) return value.data;
  std::u16string text(value.data.size() / sizeof(WCHAR), u'\0');
  std::copy_n(value.data.data(), text.size() * sizeof(WCHAR), reinterpret_cast<std::byte*>(text.data()));
  const std::string converted = nls::to_ansi(text);
  const auto* begin = reinterpret_cast<const std::byte*>(converted.data());
  return {begin, begin + converted.size()};
}
// The customary contract: `size` alone asks for the size. ERROR_MORE_DATA.
Status give_data(std::span<const std::byte> data, void* buffer, DWORD* size);

}  // namespace hmodule::winapi
