// Arguments as the Nt functions take them.
#pragma once

#include "base/result.h"
#include "nt/names.h"
#include "nt/waitable.h"
#include "winapi/common/answer.h"

#include <cstring>

namespace hmodule::winapi {

// A NULL time-out is for ever.
inline nt::Timeout timeout_from(const LARGE_INTEGER* timeout) {
  return timeout == nullptr ? nt::Timeout() : nt::Timeout(*timeout);
}

// Where the result goes must be there.
inline Status require(const void* output) {
  if (output == nullptr) return fail(STATUS_ACCESS_VIOLATION, "the address for the result is NULL");
  return ok;
}

template <typename T>
void store_if(T* output, std::type_identity_t<T> value) {
  if (output != nullptr) *output = value;
}

// The answer to a query, whose size must be exact.
template <typename Information>
Status deliver(const Information& information, void* buffer, ULONG size, ULONG* needed) {
  if (size != sizeof information)
    return fail(STATUS_INFO_LENGTH_MISMATCH, "a buffer of {} bytes for {}", size, sizeof information);
  TRY(require(buffer));
  std::memcpy(buffer, &information, sizeof information);
  store_if(needed, size);
  return ok;
}
// The same where the size that was needed is told in any case.
template <typename Information>
Status deliver_and_tell(const Information& information, void* buffer, ULONG size, ULONG* needed) {
  store_if(needed, static_cast<ULONG>(sizeof information));
  return deliver(information, buffer, size, needed);
}

// NtCreate<Type>: STATUS_OBJECT_NAME_EXISTS is a success that says OBJ_OPENIF found it.
template <typename Make>
NTSTATUS nt_create(HANDLE* handle, const nt::ObjectType& type, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                   Make&& make, const char* function = __builtin_FUNCTION()) noexcept {
  return status_of(
      [&]() -> Result<NTSTATUS> {
        TRY(require(handle));
        const nt::ObjectAttributes checked = TRY(nt::attributes_from(attributes));
        const nt::Created created = TRY(nt::create_object(type, checked, access, make));
        *handle = created.handle;
        return created.existed ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
      },
      function);
}

// NtOpen<Type>.
inline NTSTATUS nt_open(HANDLE* handle, const nt::ObjectType& type, ACCESS_MASK access,
                        const OBJECT_ATTRIBUTES* attributes, const char* function = __builtin_FUNCTION()) noexcept {
  return status_of(
      [&]() -> Status {
        TRY(require(handle));
        if (attributes == nullptr) return fail(STATUS_INVALID_PARAMETER, "an open without OBJECT_ATTRIBUTES");
        const nt::ObjectAttributes checked = TRY(nt::attributes_from(attributes));
        *handle = TRY(nt::open_object(type, checked, access));
        return ok;
      },
      function);
}

}  // namespace hmodule::winapi
