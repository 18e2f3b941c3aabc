// A program that knows nothing of us until it opens the plug-in named on its command line. Its pthread_create, and
// libstdc++'s, were bound to libc's long before; after plugin_start() they must go through ours (DESIGN D4).
#include <dlfcn.h>
#include <pthread.h>

#include <cstdio>
#include <future>
#include <thread>

namespace {

void* plugin;
template <typename R>
R ask(const char* function) {
  return reinterpret_cast<R (*)()>(dlsym(plugin, function))();
}

int failures = 0;
void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "failed: %s\n", what);
  ++failures;
}

void* first_steps(void* what) {
  expect(!ask<bool>("plugin_thread_has_gs"), static_cast<const char*>(what));
  expect(ask<bool>("plugin_thread_gets_its_own_teb"), "own TEB");
  expect(ask<unsigned long long>("plugin_start_order") > 0, "the start was seen");
  return nullptr;
}

}  // namespace

int main(int, char** arguments) {
  std::thread([] {}).join();  // binds pthread_create before the plug-in comes
  plugin = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  ask<void>("plugin_start");
  expect(ask<bool>("plugin_thread_has_gs"), "the starting thread is attached");

  pthread_t thread;
  pthread_create(&thread, nullptr, first_steps, const_cast<char*>("GS 0 after pthread_create"));
  pthread_join(thread, nullptr);
  std::thread(first_steps, const_cast<char*>("GS 0 after std::thread")).join();
  std::async(std::launch::async, first_steps, const_cast<char*>("GS 0 after std::async")).wait();
  expect(ask<unsigned long>("plugin_threads") == 1, "ended threads are gone");
  return failures;
}
