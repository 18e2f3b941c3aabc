// Calls functions of bcrypt.dll by name, and the bytes that tests compare.
#pragma once

#include "unit/winapi/process.h"
#include "winapi/bcrypt/exports.h"

#include <string>
#include <vector>

namespace hmodule::winapi {

using Bytes = std::vector<BYTE>;

inline Bytes bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
inline Bytes from_hex(std::string_view text) {
  Bytes made;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    made.push_back(static_cast<BYTE>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return made;
}
inline std::string to_hex(const Bytes& value) {
  std::string text;
  for (const BYTE each : value) text += fmt::format("{:02x}", each);
  return text;
}

// bcrypt<void*, ULONG>("BCryptCloseAlgorithmProvider")(handle, 0)
template <typename... Args>
Function<NTSTATUS, Args...> bcrypt_function(std::string_view name) {
  return function<NTSTATUS, Args...>(bcrypt_dll, name);
}

inline void* open_provider(const char16_t* name, ULONG flags = 0) {
  void* handle = nullptr;
  EXPECT_EQ((bcrypt_function<void**, const WCHAR*, const WCHAR*, ULONG>("BCryptOpenAlgorithmProvider")(&handle, name,
                                                                                                       nullptr, flags)),
            STATUS_SUCCESS);
  return handle;
}
inline NTSTATUS close_provider(void* handle) {
  return bcrypt_function<void*, ULONG>("BCryptCloseAlgorithmProvider")(handle, 0);
}
inline NTSTATUS get_property(void* handle, const char16_t* name, void* buffer, ULONG size, ULONG* given) {
  return bcrypt_function<void*, const WCHAR*, void*, ULONG, ULONG*, ULONG>("BCryptGetProperty")(handle, name, buffer,
                                                                                                size, given, 0);
}
inline ULONG number_property(void* handle, const char16_t* name) {
  ULONG value = 0, given = 0;
  EXPECT_EQ(get_property(handle, name, &value, sizeof value, &given), STATUS_SUCCESS);
  EXPECT_EQ(given, sizeof value);
  return value;
}
inline NTSTATUS set_property(void* handle, const char16_t* name, const void* value, ULONG size) {
  return bcrypt_function<void*, const WCHAR*, const void*, ULONG, ULONG>("BCryptSetProperty")(handle, name, value, size,
                                                                                              0);
}
inline NTSTATUS set_mode(void* handle, std::u16string_view mode) {
  return set_property(handle, u"ChainingMode", mode.data(), static_cast<ULONG>((mode.size() + 1) * 2));
}
inline void* constant(std::uintptr_t handle) {
  return reinterpret_cast<void*>(handle);
}
inline NTSTATUS destroy_key(void* key) {
  return bcrypt_function<void*>("BCryptDestroyKey")(key);
}

}  // namespace hmodule::winapi
