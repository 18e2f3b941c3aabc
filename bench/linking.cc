// The promises about speed: loading beside dlopen of the same library's Linux build, lookup beside dlsym, and a call
// beside a call. Needs scripts/fetch-dlls; a benchmark whose files are missing says so.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <hmodule/hmodule.hpp>
#include <string>

namespace {

std::string real(const char* name) {
  return name[0] == '/' ? std::string(name) : std::string(REAL_DLLS "/") + name;
}

bool missing(benchmark::State& state, const char* name) {
  if (access(real(name).c_str(), R_OK) == 0) return false;
  state.SkipWithError((std::string(name) + " is not there: run scripts/fetch-dlls").c_str());
  return true;
}

// The first load of a process, measured in a child each time: libduckdb.so has unique symbols, so dlclose() keeps it,
// and a second dlopen() finds it there. These come first, before this process has used the library itself.
void first_load(benchmark::State& state, const char* name, bool (*load)(const char* path)) {
  if (missing(state, name)) return;
  const std::string path = real(name);
  for ([[maybe_unused]] auto _ : state) {
    int ends[2];
    if (pipe(ends) != 0) return state.SkipWithError("no pipe");
    const pid_t child = fork();
    if (child == 0) {
      const auto start = std::chrono::steady_clock::now();
      const bool loaded = load(path.c_str());
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const ssize_t written = write(ends[1], &seconds, sizeof seconds);
      _exit(loaded && written == sizeof seconds ? 0 : 1);
    }
    double seconds = 0;
    const bool told = read(ends[0], &seconds, sizeof seconds) == sizeof seconds;
    int status = 1;
    waitpid(child, &status, 0);
    close(ends[0]);
    close(ends[1]);
    if (!told || status != 0) return state.SkipWithError("it did not load");
    state.SetIterationTime(seconds);
  }
}

bool open_dll(const char* path) {
  return hmodule_open(path, 0) != nullptr;
}
bool open_native(const char* path) {
  return dlopen(path, RTLD_NOW | RTLD_LOCAL) != nullptr;
}

BENCHMARK_CAPTURE(first_load, duckdb_dll, "duckdb.dll", open_dll)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(first_load, duckdb_native, "libduckdb.so", open_native)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

void load_dll(benchmark::State& state, const char* name) {
  if (missing(state, name)) return;
  for ([[maybe_unused]] auto _ : state) {
    const HMODULE module = hmodule_open(real(name).c_str(), 0);
    if (module == nullptr) return state.SkipWithError(hmodule_error());
    hmodule_close(module);
  }
}

void load_native(benchmark::State& state, const char* name) {
  if (missing(state, name)) return;
  for ([[maybe_unused]] auto _ : state) {
    void* library = dlopen(real(name).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return state.SkipWithError(dlerror());
    dlclose(library);
  }
}

constexpr char kNativeZlib[] = "/usr/lib/x86_64-linux-gnu/libz.so.1";

BENCHMARK_CAPTURE(load_dll, zlib, "zlib1.dll")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(load_native, zlib, kNativeZlib)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(load_dll, vec0, "vec0.dll")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(load_native, vec0, "vec0.so")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(load_dll, duckdb, "duckdb.dll")->Unit(benchmark::kMicrosecond);

void get_proc_address(benchmark::State& state) {
  if (missing(state, "zlib1.dll")) return;
  const hmodule::library zlib(real("zlib1.dll"));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(hmodule_sym(zlib.handle(), "crc32_combine"));
}
BENCHMARK(get_proc_address);

void native_dlsym(benchmark::State& state) {
  void* zlib = dlopen(kNativeZlib, RTLD_NOW | RTLD_LOCAL);
  if (zlib == nullptr) return state.SkipWithError(dlerror());
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(dlsym(zlib, "crc32_combine"));
  dlclose(zlib);
}
BENCHMARK(native_dlsym);

// The smallest function of zlib: returns a constant.
void call_dll(benchmark::State& state) {
  if (missing(state, "zlib1.dll")) return;
  const hmodule::library zlib(real("zlib1.dll"));
  const auto flags = zlib.get<std::uint32_t()>("zlibCompileFlags");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(flags());
}
BENCHMARK(call_dll);

// The same, with seh_error for what may come out of it.
void call_dll_guarded(benchmark::State& state) {
  if (missing(state, "zlib1.dll")) return;
  const hmodule::library zlib(real("zlib1.dll"));
  const auto flags = zlib.guarded<std::uint32_t()>("zlibCompileFlags");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(flags());
}
BENCHMARK(call_dll_guarded);

void call_native(benchmark::State& state) {
  void* zlib = dlopen(kNativeZlib, RTLD_NOW | RTLD_LOCAL);
  if (zlib == nullptr) return state.SkipWithError(dlerror());
  const auto flags = reinterpret_cast<unsigned long (*)()>(dlsym(zlib, "zlibCompileFlags"));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(flags());
  dlclose(zlib);
}
BENCHMARK(call_native);

}  // namespace
