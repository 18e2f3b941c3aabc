#include "loader/loader_lock.h"

#include <mutex>

namespace hmodule {
namespace {
std::recursive_mutex mutex;
}
void LoaderLock::lock() {
  mutex.lock();
}
bool LoaderLock::try_lock() {
  return mutex.try_lock();
}
void LoaderLock::unlock() {
  mutex.unlock();
}
bool LoaderLock::held_by_this_thread() const {
  return section_.OwningThread != nullptr;
}
}  // namespace hmodule
