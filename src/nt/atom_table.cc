#include "nt/atom_table.h"

#include "base/utf.h"

#include <algorithm>

namespace hmodule::nt {
namespace {

Result<AtomTable::Name> number(ULONG value) {
  if (value == 0 || value >= kFirstStringAtom) return fail(STATUS_INVALID_PARAMETER, "atom #{}", value);
  return AtomTable::Name(static_cast<ATOM>(value));
}

}  // namespace

Result<AtomTable::Name> AtomTable::name_from(const WCHAR* name) {
  const auto value = reinterpret_cast<std::uintptr_t>(name);
  if (value < 0x10000) return number(static_cast<ULONG>(value));
  return name_from(std::u16string_view(name));
}

Result<AtomTable::Name> AtomTable::name_from(std::u16string_view name) {
  if (name.empty()) return fail(STATUS_OBJECT_NAME_INVALID, "an empty atom name");
  if (name.size() > kMaximumAtomName) return fail(STATUS_INVALID_PARAMETER, "an atom name of {} units", name.size());
  const std::u16string_view digits = name.substr(1);
  if (name.front() != u'#' || digits.empty() ||
      !std::ranges::all_of(digits, [](char16_t unit) { return unit >= u'0' && unit <= u'9'; }))
    return Name(name);
  ULONG value = 0;
  for (const char16_t digit : digits) value = std::min(value * 10 + (digit - u'0'), ULONG{0xFFFF});
  return number(value);
}

Result<ATOM> AtomTable::add(const Name& name) {
  if (const ATOM* atom = std::get_if<ATOM>(&name)) return *atom;
  const auto text = std::get<std::u16string_view>(name);
  std::u16string key = upcase(text);
  const std::lock_guard lock(mutex_);
  if (const auto known = by_name_.find(key); known != by_name_.end()) {
    ++atoms_[known->second].references;
    return known->second;
  }
  ULONG free = kFirstStringAtom;
  for (const auto& [taken, facts] : atoms_) {
    if (taken != free) break;
    ++free;
  }
  if (free > 0xFFFF) return fail(STATUS_NO_MEMORY, "no atom is left");
  const auto atom = static_cast<ATOM>(free);
  atoms_[atom] = {std::u16string(text), 1, false};
  by_name_.emplace(std::move(key), atom);
  return atom;
}

Result<ATOM> AtomTable::find(const Name& name) const {
  if (const ATOM* atom = std::get_if<ATOM>(&name)) return *atom;
  const auto text = std::get<std::u16string_view>(name);
  const std::lock_guard lock(mutex_);
  const auto known = by_name_.find(upcase(text));
  if (known == by_name_.end()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "there is no atom {}", utf8(text));
  return known->second;
}

Result<AtomTable::Facts*> AtomTable::entry(ATOM atom) {
  const auto found = atoms_.find(atom);
  if (found == atoms_.end()) return fail(STATUS_INVALID_HANDLE, "there is no atom {:#x}", atom);
  return &found->second;
}

Result<AtomTable::Removed> AtomTable::remove(ATOM atom) {
  if (atom != 0 && atom < kFirstStringAtom) return Removed::yes;
  const std::lock_guard lock(mutex_);
  Facts* const facts = TRY(entry(atom));
  if (facts->pinned) return Removed::no;
  if (--facts->references == 0) {
    by_name_.erase(upcase(facts->name));
    atoms_.erase(atom);
  }
  return Removed::yes;
}

Status AtomTable::pin(ATOM atom) {
  if (atom != 0 && atom < kFirstStringAtom) return ok;
  const std::lock_guard lock(mutex_);
  TRY(entry(atom))->pinned = true;
  return ok;
}

void AtomTable::clear(bool pinned_too) {
  const std::lock_guard lock(mutex_);
  std::erase_if(atoms_, [pinned_too](const auto& row) { return pinned_too || !row.second.pinned; });
  std::erase_if(by_name_, [this](const auto& row) { return !atoms_.contains(row.second); });
}

Result<AtomTable::Facts> AtomTable::query(ATOM atom) const {
  if (atom == 0) return fail(STATUS_INVALID_PARAMETER, "atom 0");
  if (atom < kFirstStringAtom) return Facts{utf16(fmt::format("#{}", atom))};
  const std::lock_guard lock(mutex_);
  const auto found = atoms_.find(atom);
  if (found == atoms_.end()) return fail(STATUS_INVALID_HANDLE, "there is no atom {:#x}", atom);
  return found->second;
}

// DLLs are detached after static destructors have run.
AtomTable& local_atoms() {
  static auto& table = *new AtomTable;
  return table;
}
AtomTable& global_atoms() {
  static auto& table = *new AtomTable;
  return table;
}

}  // namespace hmodule::nt
