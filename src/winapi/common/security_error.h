// advapi32's Crypt functions, crypt32 and secur32 set HRESULTs as last errors where others set Win32 codes. So here an
// Error's status may be one of those, too.
#pragma once

#include "winapi/common/answer.h"

#include <algorithm>
#include <span>
#include <utility>

namespace hmodule::winapi {

// clang-format off
inline constexpr NTSTATUS E_INVALIDARG = static_cast<NTSTATUS>(0x80070057);
inline constexpr NTSTATUS NTE_BAD_UID = static_cast<NTSTATUS>(0x80090001);
inline constexpr NTSTATUS NTE_BAD_HASH = static_cast<NTSTATUS>(0x80090002);
inline constexpr NTSTATUS NTE_BAD_KEY = static_cast<NTSTATUS>(0x80090003);
inline constexpr NTSTATUS NTE_BAD_LEN = static_cast<NTSTATUS>(0x80090004);
inline constexpr NTSTATUS NTE_BAD_DATA = static_cast<NTSTATUS>(0x80090005);
inline constexpr NTSTATUS NTE_BAD_SIGNATURE = static_cast<NTSTATUS>(0x80090006);
inline constexpr NTSTATUS NTE_BAD_VER = static_cast<NTSTATUS>(0x80090007);
inline constexpr NTSTATUS NTE_BAD_ALGID = static_cast<NTSTATUS>(0x80090008);
inline constexpr NTSTATUS NTE_BAD_FLAGS = static_cast<NTSTATUS>(0x80090009);
inline constexpr NTSTATUS NTE_BAD_TYPE = static_cast<NTSTATUS>(0x8009000A);
inline constexpr NTSTATUS NTE_BAD_KEY_STATE = static_cast<NTSTATUS>(0x8009000B);
inline constexpr NTSTATUS NTE_BAD_HASH_STATE = static_cast<NTSTATUS>(0x8009000C);
inline constexpr NTSTATUS NTE_NO_KEY = static_cast<NTSTATUS>(0x8009000D);
inline constexpr NTSTATUS NTE_BAD_PROVIDER = static_cast<NTSTATUS>(0x80090013);
inline constexpr NTSTATUS NTE_BAD_PROV_TYPE = static_cast<NTSTATUS>(0x80090014);
inline constexpr NTSTATUS NTE_BAD_KEYSET = static_cast<NTSTATUS>(0x80090016);
inline constexpr NTSTATUS CRYPT_E_NOT_FOUND = static_cast<NTSTATUS>(0x80092004);
inline constexpr NTSTATUS CRYPT_E_EXISTS = static_cast<NTSTATUS>(0x80092005);
inline constexpr NTSTATUS CRYPT_E_ASN1_LARGE = static_cast<NTSTATUS>(0x80093105);
inline constexpr NTSTATUS CRYPT_E_INVALID_IA5_STRING = static_cast<NTSTATUS>(0x80092022);
inline constexpr NTSTATUS CRYPT_E_ASN1_BADTAG = static_cast<NTSTATUS>(0x8009310B);
// clang-format on

inline DWORD security_code(const Error& error) {
  const auto facility = static_cast<std::uint32_t>(error.status) >> 16;
  return facility == 0x8007 || facility == 0x8009 ? static_cast<DWORD>(error.status) : error.code();
}

// answer() and succeed() (winapi/common/answer.h) with such codes.
template <typename T, typename Work>
T security_answer(T failure, Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  try {
    Result<T> result = work();
    if (result) return *std::move(result);
    trace_failure(function, result.error());
    thread::set_last_error(security_code(result.error()));
  } catch (const std::bad_alloc&) {
    thread::set_last_error(ERROR_NOT_ENOUGH_MEMORY);
  }
  return failure;
}
template <typename Work>
BOOL security_succeed(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return security_answer<BOOL>(
      FALSE,
      [&]() -> Result<BOOL> {
        TRY(work());
        return TRUE;
      },
      function);
}

// How these functions give bytes: `size` has the room and becomes what there is; without a buffer it is only asked for.
inline Status give(std::span<const BYTE> bytes, void* buffer, DWORD* size) {
  if (size == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the size");
  const DWORD room = std::exchange(*size, static_cast<DWORD>(bytes.size()));
  if (buffer == nullptr) return ok;
  if (room < bytes.size()) return fail_win32(ERROR_MORE_DATA, "room for {} of {} bytes", room, bytes.size());
  std::copy(bytes.begin(), bytes.end(), static_cast<BYTE*>(buffer));
  return ok;
}

}  // namespace hmodule::winapi
