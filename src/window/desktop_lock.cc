#include "window/desktop_lock.h"

#include <mutex>

namespace hmodule::window {
namespace {

std::mutex& desktop_mutex() {
  static auto* mutex = new std::mutex;  // threads end after main()
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
