#include "loader/loader_lock.h"

#include "nt/critical_section.h"

namespace hmodule {

void LoaderLock::lock() {
  nt::critical_section::enter(section_);
}
bool LoaderLock::try_lock() {
  return nt::critical_section::try_enter(section_);
}
bool LoaderLock::lock_unless_orphaned() {
  return nt::critical_section::enter_unless_orphaned(section_);
}
void LoaderLock::keep_after_fork() {
  nt::critical_section::keep_after_fork(section_);
}
void LoaderLock::unlock() {
  nt::critical_section::leave(section_);
}

}  // namespace hmodule
