#include "window/desktop_lock.h"

#include "nt/kernel_section.h"

namespace hmodule::window {
namespace {

nt::KernelMutex& desktop_mutex() {
  static auto* mutex = new nt::KernelMutex;  // threads end after main()
  return *mutex;
}

}  // namespace

DesktopLock::DesktopLock() {
  desktop_mutex().lock();
}
DesktopLock::~DesktopLock() {
  desktop_mutex().unlock();
}

}  // namespace hmodule::window
