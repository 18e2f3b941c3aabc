// What EXPECT_EXIT is told when a fault must end the process as if the library were not there (EH-51).
#pragma once

#include <sys/wait.h>

namespace hmodule::test {

// The signal's default action; with a sanitizer, its handler, which reports the fault and exits. Either proves that the
// fault went on to whoever had the signal before the library.
class KilledByFault {
 public:
  explicit KilledByFault(int signal) : signal_(signal) {}

  bool operator()(int status) const {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr int kAddressSanitizer = 1, kThreadSanitizer = 66;
    if (WIFEXITED(status) && (WEXITSTATUS(status) == kAddressSanitizer || WEXITSTATUS(status) == kThreadSanitizer))
      return true;
#endif
    return WIFSIGNALED(status) && WTERMSIG(status) == signal_;
  }

 private:
  int signal_;
};

}  // namespace hmodule::test
