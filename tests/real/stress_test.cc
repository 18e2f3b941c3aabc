// Eight threads load, look up, call and free twenty DLLs at random; at the end nothing of it is left. The time is
// HMODULE_STRESS_SECONDS (3); sanitizer runs give it a minute.
#include <gtest/gtest.h>
#include <hmodule/libloaderapi.h>
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

namespace {

struct Target {
  const char* file;
  const char* function;
  int argument, result;
};
// Functions of one int; a function without parameters ignores it.
constexpr Target kTargets[] = {
    {"basic.dll", "get_answer", 0, 42},
    {"rec_leaf.dll", "rec_leaf_sum", 9, 1},
    {"rec_left.dll", "rec_left_sum", 9, 2},
    {"rec_right.dll", "rec_right_sum", 9, 2},
    {"rec_top.dll", "rec_top_sum", 9, 5},
    {"cycle_a.dll", "cycle_a_sum", 3, 4},
    {"cycle_b.dll", "cycle_b_sum", 3, 4},
    {"on_cycle.dll", "on_cycle_sum", 3, 4},
    {"forward.dll", "own", 0, 1},
    {"forward2.dll", "own", 0, 1},
    {"import_name.dll", "result", 0, 42},
    {"import_ordinal.dll", "result", 0, 7007},
    {"import_forward.dll", "result", 0, 42},
    {"dir1/which.dll", "which", 0, 1},
    {"dir2/which.dll", "which", 0, 2},
    {"dir3/which.dll", "which", 0, 3},
    {"sections.dll", "executed", 0, 3},
    {"no_entry.dll", "which", 0, 99},
    {"static_tls.dll", "tls_zero_fill_is_zero", 0, 1},
    {"quiet.dll", "quiet_sum", 1, 1},
};

std::string path_of(const char* file) {
  return std::string(TEST_DLLS "/") + file;
}

void load_and_call(std::mt19937& random) {
  const Target& target = kTargets[random() % std::size(kTargets)];
  std::vector<hmodule::library> again;
  for (unsigned i = 0; i <= random() % 3; ++i) again.emplace_back(path_of(target.file));
  const auto function = again[0].get<int(int)>(target.function);
  ASSERT_EQ(function(target.argument), target.result) << target.file;
  ASSERT_FALSE(again[0].has("no_such_function"));
}

TEST(Stress, EightThreadsLeaveNothing) {
  const char* seconds = std::getenv("HMODULE_STRESS_SECONDS");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds ? std::atoi(seconds) : 3);
  std::atomic<int> loads = 0;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      while (std::chrono::steady_clock::now() < end && !testing::Test::HasFatalFailure()) {
        load_and_call(random);
        loads += 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(loads, 8);
  for (const Target& target : kTargets)
    EXPECT_EQ(GetModuleHandleA(path_of(target.file).c_str()), nullptr) << target.file;
}

// Of the C++ and C heap. What AddressSanitizer keeps of freed blocks, to notice their use, is not counted: the process
// grows by up to quarantine_size_mb (256) of them and what is around them.
std::size_t bytes_in_use() {
  return __sanitizer_get_current_allocated_bytes != nullptr ? __sanitizer_get_current_allocated_bytes()
                                                            : mallinfo2().uordblks;
}

// Throws of real compilers, HMODULE_THROWS of them (100000) in each DLL: the memory in use stays what it was.
void throw_many(const char* file, const char* sentence, int throws_per_run) {
  if (!std::filesystem::exists(path_of(file))) return;  // needs a compiler that is not here
  struct Row {
    const char *rules, *sentence;
    HM_WINAPI void (*run)();
  };
  const hmodule::library dll(path_of(file));
  const auto failed = +[](int line, const char* text, long long, long long)
                           HM_WINAPI { ADD_FAILURE() << "line " << line << ": " << text; };
  const Row* row = dll.get<const Row*(decltype(failed))>("tests")(failed);
  while (row->rules != nullptr && std::string_view(row->sentence) != sentence) ++row;
  ASSERT_NE(row->rules, nullptr) << file << " has no test '" << sentence << "'";
  const char* wanted = std::getenv("HMODULE_THROWS");
  const int runs = (wanted != nullptr ? std::atoi(wanted) : 100000) / throws_per_run;
  for (int i = 0; i < runs / 10; ++i) row->run();
  const std::size_t before = bytes_in_use();
  for (int i = 0; i < runs; ++i) row->run();
  EXPECT_LE(bytes_in_use(), before + 4096) << file;
}

TEST(Stress, ThrowsLeaveNothing) {
  throw_many("eh_cxx_static.dll", "an exception is destroyed when it was caught", 200);
  throw_many("eh_cxx_msvc.dll", "an exception is destroyed when it was caught", 200);
  throw_many("eh_seh.dll", "a filter's 1 runs the handler", 3);
}

}  // namespace
