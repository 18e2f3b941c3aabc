// A new thread inherits its creator's GS base, and with it the creator's TEB: same last error, same static TLS, same
// thread id, and nothing faults (platform-facts §1.2, "the most dangerous fact"). So the library defines
// pthread_create, and every thread takes its first steps here, where GS becomes 0 and its place in the order of
// starts is noted.
//
// Three ways lead to this definition: the dynamic linker, when the program links the library or preloads it; the
// static linker, when the program contains it; and GOT entries, patched below, when the library came by dlopen().
#include "thread/pthread.h"

#include "thread/got.h"
#include "thread/gs.h"
#include "thread/registry.h"
#include "thread/teb.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <new>

// A sanitizer that is linked statically into the program has an interceptor of this name, which RTLD_NEXT skips.
extern "C" __attribute__((weak)) int __interceptor_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*),
                                                                  void*);
extern "C" __attribute__((visibility("hidden"))) int hm_pthread_create(pthread_t*, const pthread_attr_t*,
                                                                       void* (*)(void*), void*) noexcept;

namespace hmodule::thread {

__thread std::uint64_t seen_start_order __attribute__((tls_model("initial-exec"), visibility("hidden")));

namespace {

using PthreadCreate = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

std::atomic<std::uint64_t> starts{0};

struct FirstSteps {
  void* (*routine)(void*);
  void* argument;
  std::uint64_t order;
};

// Nothing here has a destructor: pthread_exit and cancellation leave through this frame. With ThreadSanitizer, what is
// called at the end may be its own first step, before which nothing can be recorded.
__attribute__((no_sanitize("thread"))) void* take_first_steps(void* parameter) {
  const FirstSteps steps = *static_cast<FirstSteps*>(parameter);
  std::free(parameter);
  if (gs_base() != 0) set_gs_base(0);
  seen_start_order = steps.order;
  return steps.routine(steps.argument);
}

int start_with_clean_gs(PthreadCreate create, pthread_t* thread, const pthread_attr_t* attributes,
                        void* (*routine)(void*), void* argument) {
  auto* const steps = static_cast<FirstSteps*>(std::malloc(sizeof(FirstSteps)));
  if (steps == nullptr) return EAGAIN;
  *steps = {routine, argument, starts.fetch_add(1, std::memory_order_acq_rel) + 1};
  const int error = create(thread, attributes, take_first_steps, steps);
  if (error != 0) std::free(steps);
  return error;
}

// The definition the program means, which GOT entries named before they were patched.
PthreadCreate programs_definition() {
  static const auto first = reinterpret_cast<PthreadCreate>(dlsym(RTLD_DEFAULT, "pthread_create"));
  return first;
}

// The definition behind ours in the order of linking: libc's, or that of a sanitizer. When another is the first, it has
// passed the call on to us, and a sanitizer's is no longer ahead.
PthreadCreate next_definition() {
  static const auto next = reinterpret_cast<PthreadCreate>(dlsym(RTLD_NEXT, "pthread_create"));
  const bool first = programs_definition() == &hm_pthread_create;
  return first && __interceptor_pthread_create != nullptr ? __interceptor_pthread_create : next;
}

int patched_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                           void* argument) {
  return start_with_clean_gs(programs_definition(), thread, attributes, routine, argument);
}

}  // namespace

// A thread that starts later has a larger number.
std::uint64_t current_start_order() {
  return starts.load(std::memory_order_acquire);
}

}  // namespace hmodule::thread

// Under a name of our own, too: `pthread_create` in this file would mean the program's first definition.
int hm_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                      void* argument) noexcept {
  using namespace hmodule::thread;
  return start_with_clean_gs(next_definition(), thread, attributes, routine, argument);
}
extern "C" __attribute__((visibility("default"), alias("hm_pthread_create"))) int pthread_create(
    pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*), void* argument) noexcept;

namespace hmodule::thread {

std::size_t patch_pthread_create() {
  if (programs_definition() == &hm_pthread_create) return 0;  // linked or preloaded: all calls come to us anyway
  return patch_callers_of("pthread_create", reinterpret_cast<const void*>(&patched_pthread_create));
}

}  // namespace hmodule::thread
