#include "base/service_thread.h"

#include "win/status.h"

#include <pthread.h>

#include <csignal>

namespace hmodule::detail {

Status start_service_thread(const char* name, void* (*run)(void*), void* argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return fail(STATUS_INSUFFICIENT_RESOURCES, "no thread for {}: error {}", name, error);
  pthread_setname_np(thread, name);
  pthread_detach(thread);
  return ok;
}

}  // namespace hmodule::detail
