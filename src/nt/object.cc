#include "nt/object.h"

#include "nt/object_security.h"

namespace hmodule::nt {

ACCESS_MASK map_access(const ObjectType& type, ACCESS_MASK wanted) {
  ACCESS_MASK access = wanted & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED);
  if ((wanted & GENERIC_READ) != 0) access |= type.read;
  if ((wanted & GENERIC_WRITE) != 0) access |= type.write;
  if ((wanted & GENERIC_EXECUTE) != 0) access |= type.execute;
  if ((wanted & (GENERIC_ALL | MAXIMUM_ALLOWED)) != 0) access |= type.all;
  return access;
}

Object::~Object() {
  forget_security(*this);
}

Status Object::attach_completion_port(Object&, ULONG_PTR) {
  return fail(STATUS_OBJECT_TYPE_MISMATCH, "an object of this type completes nothing");
}

}  // namespace hmodule::nt
