#include "window/class_table.h"

#include "base/utf.h"
#include "window/default_procedure.h"

#include <algorithm>

namespace hmodule::window {
namespace {

// The classes every process has, as far as they need no display: "Message" is what message-only windows are made of,
// "Static" keeps a text.
void add_system_classes(const DesktopLock& lock, ClassTable& table) {
  for (const char16_t* name : {u"Message", u"Static"}) {
    WindowClass system;
    system.style = CS_GLOBALCLASS;
    system.procedure = {default_procedure_wide, true};
    system.name = name;
    static_cast<void>(table.add(lock, std::move(system)));
  }
}

}  // namespace

nt::AtomTable& user_atoms() {
  static auto* atoms = new nt::AtomTable;
  return *atoms;
}

Result<nt::ATOM> ClassTable::add(const DesktopLock& lock, WindowClass added) {
  const auto name = TRY(nt::AtomTable::name_from(std::u16string_view(added.name)));
  added.atom = TRY(user_atoms().add(name));
  const auto known = find(lock, added.atom, added.instance);
  if (known != nullptr && (known->instance == added.instance || (added.style & CS_GLOBALCLASS) != 0) &&
      (known->style & CS_GLOBALCLASS) == (added.style & CS_GLOBALCLASS)) {
    static_cast<void>(user_atoms().remove(added.atom));
    return fail_win32(ERROR_CLASS_ALREADY_EXISTS, "the class {} is registered already", utf8(added.name));
  }
  const nt::ATOM atom = added.atom;
  classes_.push_back(std::make_shared<WindowClass>(std::move(added)));
  return atom;
}

std::shared_ptr<WindowClass> ClassTable::find(const DesktopLock&, nt::ATOM atom, HINSTANCE instance) const {
  std::shared_ptr<WindowClass> global;
  for (const auto& each : classes_) {
    if (each->atom != atom) continue;
    const bool is_global = (each->style & CS_GLOBALCLASS) != 0;
    if (!is_global && (instance == nullptr || each->instance == instance)) return each;
    if (is_global) global = each;
  }
  return global;
}

Status ClassTable::remove(const DesktopLock& lock, nt::ATOM atom, HINSTANCE instance) {
  const auto found = find(lock, atom, instance);
  if (found == nullptr || found->instance == nullptr)
    return fail_win32(ERROR_CLASS_DOES_NOT_EXIST, "module {} has no class {:#x}", static_cast<void*>(instance), atom);
  if (found->windows != 0)
    return fail_win32(ERROR_CLASS_HAS_WINDOWS, "the class {} has {} windows", utf8(found->name), found->windows);
  std::erase(classes_, found);
  static_cast<void>(user_atoms().remove(atom));
  return ok;
}

ClassTable& classes(const DesktopLock& lock) {
  static auto* const table = [&lock] {
    auto* made = new ClassTable;
    add_system_classes(lock, *made);
    return made;
  }();
  return *table;
}

}  // namespace hmodule::window
