// The object name space: directories of named objects. What is directly below \BaseNamedObjects is shared with the
// other processes of the user (session.h), and so is, without a name, what is made for children to inherit.
#pragma once

#include "nt/handle_table.h"
#include "nt/object.h"

#include <functional>
#include <map>
#include <vector>

namespace hmodule::nt {

// What OBJECT_ATTRIBUTES says, in our types.
struct ObjectAttributes {
  HANDLE root = nullptr;
  std::u16string_view name = {};
  ULONG attributes = 0;
};

// Checks the structure as the kernel does: the length, a NULL or ill-formed name. nullptr means no name at all.
Result<ObjectAttributes> attributes_from(const OBJECT_ATTRIBUTES* attributes);

class Directory final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  struct Listing {
    std::u16string name, type;
  };
  std::vector<Listing> list() const;

 private:
  friend class Object;
  friend class NameSpace;
  std::map<std::u16string, Object*, std::less<>> entries_;  // no references: an object leaves when its handles do
  Object* find(std::u16string_view name, bool ignore_case) const;
  void insert(std::u16string_view name, Object& object);
  void remove(Object& object);
};

class SymbolicLink final : public Object {
 public:
  static const ObjectType kType;
  explicit SymbolicLink(std::u16string_view target) : target_(target) {}
  const ObjectType& type() const override { return kType; }
  const std::u16string& target() const { return target_; }

 private:
  std::u16string target_;
};

struct Created {
  HANDLE handle;
  bool existed;  // STATUS_OBJECT_NAME_EXISTS: OBJ_OPENIF found it
};

// NtCreate<Type>: a new object from `make`, or with OBJ_OPENIF the one of that name. STATUS_OBJECT_NAME_COLLISION,
// STATUS_OBJECT_TYPE_MISMATCH, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_NAME_INVALID.
Result<Created> create_object(const ObjectType& type, const ObjectAttributes& attributes, ACCESS_MASK access,
                              const std::function<Ref<Object>()>& make);
// What SharedObject::name() names, in a process that has inherited a handle to it; it may have no name for others.
// OBJECT_NAME_NOT_FOUND.
Result<Ref<Object>> object_in_session(std::u16string_view name);
// NtOpen<Type>.
Result<HANDLE> open_object(const ObjectType& type, const ObjectAttributes& attributes, ACCESS_MASK access);

// \Sessions\0\BaseNamedObjects of this process: where kernel32's names live. A handle that is never closed.
HANDLE base_named_objects();

// NtMakeTemporaryObject and its opposite.
Status set_permanent(HANDLE handle, bool permanent);

}  // namespace hmodule::nt
