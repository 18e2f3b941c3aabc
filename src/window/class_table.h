// Window classes. A class belongs to the module that registered it, or with CS_GLOBALCLASS to all.
#pragma once

#include "base/result.h"
#include "nt/atom_table.h"
#include "window/desktop_lock.h"
#include "window/procedure.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace hmodule::window {

struct WindowClass {
  UINT style = 0;
  Procedure procedure;
  INT window_extra = 0;
  HINSTANCE instance = nullptr;
  HICON icon = nullptr, small_icon = nullptr;
  HCURSOR cursor = nullptr;
  HBRUSH background = nullptr;
  std::u16string menu_name;           // kept for GetClassInfo ...
  std::string menu_name_narrow;       // ... which gives a pointer to it
  const void* menu_number = nullptr;  // or a number instead
  std::vector<std::byte> extra;
  nt::ATOM atom = 0;
  std::u16string name;
  std::size_t windows = 0;  // that exist
};

// The names of classes, of registered messages and of clipboard formats have their numbers from one table.
nt::AtomTable& user_atoms();

class ClassTable {
 public:
  // Its atom. ERROR_CLASS_ALREADY_EXISTS.
  Result<nt::ATOM> add(const DesktopLock& lock, WindowClass added);
  // The module's own class of that atom, else a global one; any for a module of NULL. nullptr when there is none.
  std::shared_ptr<WindowClass> find(const DesktopLock& lock, nt::ATOM atom, HINSTANCE instance) const;
  // ERROR_CLASS_DOES_NOT_EXIST, ERROR_CLASS_HAS_WINDOWS.
  Status remove(const DesktopLock& lock, nt::ATOM atom, HINSTANCE instance);

 private:
  std::vector<std::shared_ptr<WindowClass>> classes_;
};
ClassTable& classes(const DesktopLock& lock);

}  // namespace hmodule::window
