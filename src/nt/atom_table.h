// Atoms: names with a number. Numbers below 0xC000 are their own names ("#12"); the others are given to strings, which
// are counted and compared without case.
#pragma once

#include "base/result.h"
#include "nt/kernel_section.h"

#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace hmodule::nt {

using ATOM = WORD;

inline constexpr ATOM kFirstStringAtom = 0xC000;
inline constexpr std::size_t kMaximumAtomName = 255;

class AtomTable {
 public:
  using Name = std::variant<ATOM, std::u16string_view>;
  // A pointer below 64 KiB is a number, and so is "#12". STATUS_INVALID_PARAMETER for a number out of range or a name
  // that is too long, STATUS_OBJECT_NAME_INVALID for an empty one.
  static Result<Name> name_from(const WCHAR* name);
  static Result<Name> name_from(std::u16string_view name);

  // The atom of the name, counted once more. STATUS_NO_MEMORY when all numbers are taken.
  Result<ATOM> add(const Name& name);
  Result<ATOM> find(const Name& name) const;  // STATUS_OBJECT_NAME_NOT_FOUND
  // All these: STATUS_INVALID_HANDLE for what is no atom. A pinned one stays for ever.
  enum class Removed : bool { no, yes };
  Result<Removed> remove(ATOM atom);
  Status pin(ATOM atom);
  void clear(bool pinned_too);

  struct Facts {
    std::u16string name;
    ULONG references = 1;
    bool pinned = true;
  };
  Result<Facts> query(ATOM atom) const;

 private:
  Result<Facts*> entry(ATOM atom);

  mutable KernelMutex mutex_;
  std::map<ATOM, Facts> atoms_;
  std::map<std::u16string, ATOM> by_name_;  // in capitals
};

// What AddAtom uses, and what GlobalAddAtom and NtAddAtom use: both this process's.
AtomTable& local_atoms();
AtomTable& global_atoms();

}  // namespace hmodule::nt
