// Named kernel objects as kernel32 makes them: a name below \BaseNamedObjects, ERROR_ALREADY_EXISTS beside the handle
// when the object was there before.
#pragma once

#include "base/utf.h"
#include "nt/names.h"
#include "nt/waitable.h"
#include "winapi/common/answer.h"

#include <optional>
#include <string>

namespace hmodule::winapi {

inline constexpr DWORD INFINITE = 0xFFFFFFFF;

// A name may be NULL: none.
using ObjectName = std::optional<std::u16string>;
inline ObjectName object_name(const WCHAR* name) {
  return name == nullptr ? ObjectName() : ObjectName(name);
}
inline ObjectName object_name(const CHAR* name) {
  return name == nullptr ? ObjectName() : ObjectName(utf16(name));
}

inline ULONG handle_attributes(const SECURITY_ATTRIBUTES* security) {
  return security != nullptr && security->bInheritHandle ? nt::OBJ_INHERIT : 0;
}

template <typename Make>
Result<HANDLE> create_named(const nt::ObjectType& type, const SECURITY_ATTRIBUTES* security, const ObjectName& name,
                            ACCESS_MASK access, Make&& make) {
  nt::ObjectAttributes attributes{nullptr, {}, handle_attributes(security) | nt::OBJ_OPENIF};
  if (name) attributes.name = *name;
  if (!attributes.name.empty()) attributes.root = nt::base_named_objects();
  const nt::Created created = TRY(nt::create_object(type, attributes, access, make));
  thread::set_last_error(created.existed ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
  return created.handle;
}

inline Result<HANDLE> open_named(const nt::ObjectType& type, DWORD access, BOOL inherit, const ObjectName& name) {
  if (!name) return fail(STATUS_INVALID_PARAMETER, "an object is opened without a name");
  return nt::open_object(type, {nt::base_named_objects(), *name, inherit ? nt::OBJ_INHERIT : 0}, access);
}

// Milliseconds, or INFINITE.
inline nt::Timeout timeout_of(DWORD milliseconds) {
  if (milliseconds == INFINITE) return std::nullopt;
  return -std::int64_t{milliseconds} * 10'000;
}

}  // namespace hmodule::winapi
