// The loader lock: a real CRITICAL_SECTION, the one at PEB+0x110, so that DLL code which takes it shares it with us
// (LOCK-01). Recursive; held across every entry point and TLS callback.
#pragma once

#include "win/types.h"

namespace hmodule {

class LoaderLock {
 public:
  explicit LoaderLock(CRITICAL_SECTION& section) : section_(section) {}
  LoaderLock(const LoaderLock&) = delete;
  LoaderLock& operator=(const LoaderLock&) = delete;

  void lock();
  bool try_lock();
  // False when a thread was killed with it: nobody will ever have it again (LOCK-08).
  bool lock_unless_orphaned();
  void unlock();
  // In the child of a fork, by the owner.
  void keep_after_fork();

 private:
  CRITICAL_SECTION& section_;
};

}  // namespace hmodule
