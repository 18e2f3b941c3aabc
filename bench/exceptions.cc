// Exceptions beside native ones: the same C++ source as a mingw-w64 DLL and as a shared object, and a caught fault
// beside a signal handler that jumps.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <unistd.h>

#include <csetjmp>
#include <csignal>
#include <hmodule/hmodule.hpp>
#include <string>

namespace {

std::string path_of(const char* name) {
  return std::string(BENCH_DLLS "/") + name;
}

bool missing(benchmark::State& state, const char* name) {
  if (access(path_of(name).c_str(), R_OK) == 0) return false;
  state.SkipWithError((std::string(name) + " could not be built here").c_str());
  return true;
}

void throw_dll(benchmark::State& state) {
  if (missing(state, "throws.dll")) return;
  const hmodule::library dll(path_of("throws.dll"));
  const auto throw_through = dll.get<int(int)>("throw_through");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(throw_through(static_cast<int>(state.range(0))));
}
BENCHMARK(throw_dll)->Arg(1)->Arg(20);

void throw_native(benchmark::State& state) {
  void* const library = dlopen(path_of("libthrows.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return state.SkipWithError(dlerror());
  const auto throw_through = reinterpret_cast<int (*)(int)>(dlsym(library, "throw_through"));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(throw_through(static_cast<int>(state.range(0))));
  dlclose(library);
}
BENCHMARK(throw_native)->Arg(1)->Arg(20);

void raise_and_except(benchmark::State& state) {
  if (missing(state, "seh.dll")) return;
  const hmodule::library dll(path_of("seh.dll"));
  const auto raise = dll.get<int(unsigned)>("raise_and_catch");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(raise(0xE0000001));
}
BENCHMARK(raise_and_except);

void fault_and_except(benchmark::State& state) {
  if (missing(state, "seh.dll")) return;
  const hmodule::library dll(path_of("seh.dll"));
  const auto fault = dll.get<int(const int*)>("fault_and_catch");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(fault(nullptr));
}
BENCHMARK(fault_and_except);

sigjmp_buf back;

void jump_back(int) {
  siglongjmp(back, 1);
}

__attribute__((noinline)) int read(const volatile int* from) {
  return *from;
}

void fault_and_jump(benchmark::State& state) {
  struct sigaction action = {}, before;
  action.sa_handler = jump_back;
  sigaction(SIGSEGV, &action, &before);
  const int* volatile nowhere = nullptr;
  for ([[maybe_unused]] auto _ : state)
    if (sigsetjmp(back, 1) == 0) benchmark::DoNotOptimize(read(nowhere));
  sigaction(SIGSEGV, &before, nullptr);
}
BENCHMARK(fault_and_jump);

}  // namespace
