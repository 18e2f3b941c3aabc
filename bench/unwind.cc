// What an exception pays for each frame: finding its function's entry, and unwinding it. Through ntdll's exports, as a
// DLL calls them, with 50 modules loaded.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using hmodule::u64;

struct RuntimeFunction {
  std::uint32_t begin, end, unwind;
};

// duckdb.dll, and 49 copies of a small DLL, which count as modules of their own.
class FiftyModules {
 public:
  static FiftyModules* get() {
    static FiftyModules all;
    return all.duckdb_ ? &all : nullptr;
  }
  u64 base() const { return reinterpret_cast<u64>(duckdb_->handle()); }
  u64 random_pc() { return base() + functions_[random_() % functions_.size()].begin; }

  hmodule::function_pointer<RuntimeFunction*(u64, u64*, void*)> lookup = nullptr;
  hmodule::function_pointer<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)> unwind = nullptr;

 private:
  FiftyModules() {
    namespace fs = std::filesystem;
    const fs::path dlls = REAL_DLLS;
    if (!fs::exists(dlls / "duckdb.dll") || !fs::exists(dlls / "vec0.dll")) return;
    const std::string pattern = (fs::temp_directory_path() / "hmodule-bench-XXXXXX").string();
    std::string directory = pattern;
    if (mkdtemp(directory.data()) == nullptr) return;
    for (int i = 0; i < 49; ++i) {
      const fs::path copy = fs::path(directory) / ("copy" + std::to_string(i) + ".dll");
      fs::copy_file(dlls / "vec0.dll", copy);
      copies_.emplace_back(copy);
    }
    fs::remove_all(directory);
    ntdll_.emplace("ntdll.dll");
    lookup = ntdll_->get<RuntimeFunction*(u64, u64*, void*)>("RtlLookupFunctionEntry");
    unwind = ntdll_->get<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)>("RtlVirtualUnwind");
    duckdb_.emplace(dlls / "duckdb.dll");
    const auto* const image = reinterpret_cast<const char*>(duckdb_->handle());
    std::uint32_t nt = 0, directory_entry[2];
    std::memcpy(&nt, image + 0x3C, sizeof nt);
    std::memcpy(directory_entry, image + nt + 4 + 20 + 112 + 3 * 8, sizeof directory_entry);
    const auto* const first = reinterpret_cast<const RuntimeFunction*>(image + directory_entry[0]);
    functions_.assign(first, first + directory_entry[1] / sizeof(RuntimeFunction));
  }

  std::optional<hmodule::library> ntdll_, duckdb_;
  std::vector<hmodule::library> copies_;
  std::vector<RuntimeFunction> functions_;
  std::mt19937_64 random_{1};
};

FiftyModules* need_modules(benchmark::State& state) {
  FiftyModules* const modules = FiftyModules::get();
  if (modules == nullptr) state.SkipWithError("duckdb.dll or vec0.dll is not there: run scripts/fetch-dlls");
  return modules;
}

// range(0) places over and over, as a program that throws from a few of them does.
void lookup_function_entry(benchmark::State& state) {
  FiftyModules* const modules = need_modules(state);
  if (modules == nullptr) return;
  std::vector<u64> places(static_cast<std::size_t>(state.range(0)));
  for (u64& place : places) place = modules->random_pc();
  std::size_t next = 0;
  u64 base = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(modules->lookup(places[next], &base, nullptr));
    if (++next == places.size()) next = 0;
  }
}
BENCHMARK(lookup_function_entry)->Arg(16)->Arg(64)->Arg(100'000);
BENCHMARK(lookup_function_entry)->Arg(64)->Threads(2);

// The first body instruction of frames of duckdb.dll.
void virtual_unwind(benchmark::State& state) {
  FiftyModules* const modules = need_modules(state);
  if (modules == nullptr) return;
  std::vector<u64> stack(1 << 20);
  for (u64& word : stack) word = reinterpret_cast<u64>(&stack[1 << 19]);
  alignas(16) unsigned char context[0x4D0];
  constexpr std::size_t kRegisters = 0x78;
  std::vector<RuntimeFunction*> functions(64);
  u64 base = 0, establisher = 0;
  for (RuntimeFunction*& function : functions) function = modules->lookup(modules->random_pc(), &base, nullptr);
  std::size_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (int i = 0; i < 16; ++i) std::memcpy(context + kRegisters + i * 8, &stack[0], 8);
    RuntimeFunction* const function = functions[next];
    void* data = nullptr;
    benchmark::DoNotOptimize(
        modules->unwind(1, base, base + function->begin + 64, function, context, &data, &establisher, nullptr));
    if (++next == functions.size()) next = 0;
  }
}
BENCHMARK(virtual_unwind);

}  // namespace
