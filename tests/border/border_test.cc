// Exceptions where DLL code and native code call each other: from a DLL to the host (EH-43), from the host through DLL
// frames, and from one DLL to another through native frames.
#include <gmock/gmock.h>
#include <pthread.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <stdexcept>
#include <string>
#include <thread>

// kept_registers.cc
using Callback = int(HM_WINAPI*)(void*);
using Calls = int(HM_WINAPI*)(Callback, void*);
std::int64_t kept_registers(Calls calls, Callback callback, void* argument, std::int64_t seed);
std::int64_t kept_registers_by_clang(Calls calls, Callback callback, void* argument, std::int64_t seed);

namespace {

using ::testing::HasSubstr;

// GCC's DLL, and Microsoft's C++ by Clang.
class Border : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // winpthreads does not survive a fork
    const std::filesystem::path path = std::filesystem::path(TEST_DLLS) / GetParam();
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " was not made";
    std::error_code failure;
    dll = hmodule::library(path, failure);
    if (failure) GTEST_SKIP() << hmodule_error();
    ends = dll.get<int()>("ends_so_far");
  }
  bool is_gnu() const { return std::string(GetParam()) == "border_gnu.dll"; }

  hmodule::library dll;
  hmodule::function_pointer<int()> ends = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Dlls, Border, ::testing::Values("border_gnu.dll", "border_msvc.dll"));

TEST_P(Border, AGuardedFunctionIsCalledAsTheOthersAre) {
  EXPECT_EQ(
      dll.guarded<int(signed char, short, int, hmodule::i64, unsigned char, unsigned)>("adds")(-1, -2, 3, 4, 5, 6), 15);
  EXPECT_EQ(dll.guarded<double(double, float)>("halves")(3, 0.25F), 1.75);
  EXPECT_EQ(dll.guarded<float(float)>("thirds")(1.5F), 0.5F);
  int number = 42;
  EXPECT_EQ(dll.guarded<int(const int&)>("reads")(number), 42);
  EXPECT_EQ(dll.guarded<int(const int*)>("reads")(&number), 42);
}

TEST_P(Border, AThrownExceptionBecomesAnSehError) {
  const int before = ends();
  try {
    dll.guarded<void(const char*)>("throws_error")("too bad");
    FAIL();
  } catch (const hmodule::seh_error& error) {
    EXPECT_EQ(error.code(), is_gnu() ? 0x20474343U : 0xE06D7363U);
    EXPECT_EQ(error.type(), "std::runtime_error");
    EXPECT_EQ(error.thrown_what(), "too bad");
    EXPECT_EQ(error.module(), GetParam());
    EXPECT_EQ(error.symbol(), "throws_error");
    EXPECT_LT(error.offset(), 0x100U);
    EXPECT_THAT(error.what(), HasSubstr("std::runtime_error: too bad"));
    EXPECT_THAT(error.what(), HasSubstr("(throws_error+"));
  }
  EXPECT_EQ(ends(), before + 1) << "its clean-ups have run";
}

TEST_P(Border, OtherTypesAreNamedToo) {
  const auto type = [this](const char* function) -> std::string {
    try {
      dll.guarded<void(int)>(function)(1);
    } catch (const hmodule::seh_error& error) {
      EXPECT_EQ(error.thrown_what(), "");
      return error.type();
    }
    return "";
  };
  EXPECT_EQ(type("throws_int"), "int");
  EXPECT_THAT(type("throws_plain"), HasSubstr("Plain"));
}

// GCC's is on the DLL's heap; Microsoft's is gone with the frame that threw, as when __except catches it.
TEST_P(Border, WhatGccThrewIsDeleted) {
  const int before = ends();
  EXPECT_THROW(dll.guarded<void()>("throws_counted")(), hmodule::seh_error);
  EXPECT_EQ(ends(), before + (is_gnu() ? 1 : 0));
}

TEST_P(Border, AFaultAndARaisedCodeBecomeSehErrors) {
  try {
    dll.guarded<int(const int*)>("reads")(nullptr);
    FAIL();
  } catch (const hmodule::seh_error& error) {
    EXPECT_EQ(error.code(), 0xC0000005U);
    EXPECT_EQ(error.symbol(), "reads");
    EXPECT_EQ(error.type(), "");
    EXPECT_THAT(error.what(), HasSubstr("(access violation), reading 0x0"));
    EXPECT_EQ(error.address(), static_cast<char*>(static_cast<void*>(dll.handle())) + error.rva());
  }
  EXPECT_THROW(dll.guarded<void(unsigned)>("raises")(0x12345), hmodule::seh_error);
}

TEST_P(Border, TheCApiTellsTheSame) {
  const void* function = hmodule_sym(dll.handle(), "raises");
  const unsigned long long arguments[] = {0xE0001234};
  EXPECT_EQ(hmodule_call(function, arguments, 1, nullptr), -1);
  const hmodule_exception* exception = hmodule_last_exception();
  ASSERT_NE(exception, nullptr);
  EXPECT_EQ(exception->code, 0xE0001234U);
  EXPECT_EQ(exception->module, dll.handle());
  EXPECT_STREQ(exception->symbol, "raises");
  EXPECT_EQ(exception->type, nullptr);
  EXPECT_STREQ(hmodule_error(), exception->message);

  const unsigned long long many[17] = {};
  EXPECT_EQ(hmodule_call(function, many, 17, nullptr), -1);
  EXPECT_EQ(hmodule_last_exception(), nullptr);
  EXPECT_EQ(hmodule_error_code(), static_cast<unsigned>(ERROR_INVALID_PARAMETER));
}

// Inside a guarded call a callback may make another.
HM_WINAPI int calls_again(void* dll) {
  try {
    static_cast<hmodule::library*>(dll)->guarded<void(int)>("throws_int")(5);
  } catch (const hmodule::seh_error& error) {
    return error.type() == "int" ? 10 : 20;
  }
  return 30;
}
TEST_P(Border, GuardedCallsNest) {
  const auto calls = dll.guarded<int(int(HM_WINAPI*)(void*), void*)>("calls");
  EXPECT_EQ(calls(calls_again, &dll), 11);
}

// --- from one DLL to another, through native frames ---

struct Local {
  int& count;
  ~Local() { ++count; }
};

// What the native functions between know.
struct Between {
  hmodule::library* dll;
  int ended = 0, seen = 0;
};

HM_WINAPI int throws_in_dll(void* argument) {
  auto& between = *static_cast<Between*>(argument);
  const Local local{between.ended};
  between.dll->get<void(int)>("throws_int")(5);
  return 0;
}

TEST_P(Border, ADllsExceptionReachesItsHandlerThroughTheHost) {
  Between between{&dll};
  int caught = 0;
  const int before = ends();
  const auto catches = dll.get<int(Callback, void*, int*)>("catches");
  EXPECT_EQ(catches(throws_in_dll, &between, &caught), -1);
  EXPECT_EQ(caught, 5);
  EXPECT_EQ(between.ended, 1) << "of the host's objects";
  EXPECT_EQ(ends(), before + 2) << "of the two DLL functions' objects";
  EXPECT_EQ(catches(throws_in_dll, &between, &caught), -1) << "and again";
  EXPECT_EQ(between.ended, 2);
}

TEST_P(Border, TheHandlerHasItsRegisters) {
  Between between{&dll};
  int caught = 0;
  EXPECT_EQ(dll.get<int(Callback, void*, int*)>("catches_int")(throws_in_dll, &between, &caught), -1);
  EXPECT_EQ(caught, 5);
}

HM_WINAPI int rethrows_natively(void* argument) {
  auto& between = *static_cast<Between*>(argument);
  const Local local{between.ended};
  try {
    return throws_in_dll(argument);
  } catch (...) {
    ++between.seen;
    throw;
  }
}
TEST_P(Border, ANativeCatchAllSeesItAndRethrows) {
  Between between{&dll};
  int caught = 0;
  EXPECT_EQ(dll.get<int(Callback, void*, int*)>("catches_int")(rethrows_natively, &between, &caught), -1);
  EXPECT_EQ(caught, 5);
  EXPECT_EQ(between.seen, 1);
  EXPECT_EQ(between.ended, 2);
}

HM_WINAPI int swallows(void* argument) {
  try {
    return throws_in_dll(argument);
  } catch (...) {
    return 0;
  }
}
TEST_P(Border, ANativeCatchAllMustNotEndIt) {
  Between between{&dll};
  int caught = 0;
  const auto catches = dll.get<int(Callback, void*, int*)>("catches");
  EXPECT_DEATH_IF_SUPPORTED(catches(swallows, &between, &caught), "native catch .* must rethrow");
}

HM_WINAPI int lets_nothing_pass(void* argument) noexcept {
  return throws_in_dll(argument);
}
TEST_P(Border, ANativeFunctionThatIsNoexceptIsAWall) {
  Between between{&dll};
  int caught = 0;
  const auto catches = dll.get<int(Callback, void*, int*)>("catches");
  // GCC leaves the call out of the tables, which is seen; clang's code catches everything and terminates by itself.
  EXPECT_DEATH_IF_SUPPORTED(catches(lets_nothing_pass, &between, &caught),
                            "a native function that is noexcept|terminate called");
}

TEST_P(Border, ClosuresAreCrossed) {
  Between between{&dll};
  const hmodule::callback<int(void*)> closure([&](void*) {
    const Local local{between.ended};
    return throws_in_dll(&between);
  });
  int caught = 0;
  EXPECT_EQ(dll.get<int(Callback, void*, int*)>("catches")(closure, nullptr, &caught), -1);
  EXPECT_EQ(caught, 5);
  EXPECT_EQ(between.ended, 2);
}

// qsort of ntdll is native, and noexcept.
HM_WINAPI int sorts(void* argument) {
  auto& between = *static_cast<Between*>(argument);
  const Local local{between.ended};
  static const hmodule::library ntdll("ntdll.dll");
  const auto qsort = ntdll.get<void(void*, hmodule::u64, hmodule::u64, hmodule::function_pointer<void(int)>)>("qsort");
  int numbers[] = {2, 1};
  qsort(numbers, 2, sizeof(int), between.dll->get<void(int)>("throws_int"));
  return 0;
}
TEST_P(Border, BuiltinFunctionsAreCrossed) {
  Between between{&dll};
  int caught = 0;
  EXPECT_EQ(dll.get<int(Callback, void*, int*)>("catches")(sorts, &between, &caught), -1);
  EXPECT_EQ(between.ended, 1);
}

// Others of them. Each calls the DLL's function back, whatever its parameters are.
using Throws = hmodule::function_pointer<void(int)>;
struct CallsBack {
  const char* name;
  void (*call)(const hmodule::library& kernel32, const char* name, Throws callback);
};

template <bool has_type, bool has_name>
void enumerate_resources(const hmodule::library& kernel32, const char* name, Throws callback) {
  const hmodule::library resources(std::filesystem::path(TEST_DLLS) / "resources.dll");
  void* const string_table = reinterpret_cast<void*>(6);
  void* const first = reinterpret_cast<void*>(1);
  void* const module = resources.handle();
  if constexpr (has_name)
    kernel32.get<int(void*, void*, void*, Throws, void*)>(name)(module, string_table, first, callback, nullptr);
  else if constexpr (has_type)
    kernel32.get<int(void*, void*, Throws, void*)>(name)(module, string_table, callback, nullptr);
  else
    kernel32.get<int(void*, Throws, void*)>(name)(module, callback, nullptr);
}

struct Copy {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hmodule-border-" + std::to_string(getpid()));
  ~Copy() { std::filesystem::remove(path); }
};

constexpr CallsBack kCallsBack[] = {
    {"EnumSystemLocalesEx",
     [](const hmodule::library& kernel32, const char* name, Throws callback) {
       kernel32.get<int(Throws, unsigned, hmodule::i64, void*)>(name)(callback, 0, 0, nullptr);
     }},
    {"EnumResourceTypesW", enumerate_resources<false, false>},
    {"EnumResourceNamesW", enumerate_resources<true, false>},
    {"EnumResourceLanguagesW", enumerate_resources<true, true>},
    {"InitOnceExecuteOnce",  // which then is still about to be done, as on Windows
     [](const hmodule::library& kernel32, const char* name, Throws callback) {
       void *once = nullptr, *context = nullptr;
       kernel32.get<int(void**, Throws, void*, void**)>(name)(&once, callback, nullptr, &context);
     }},
    {"FlsFree",
     [](const hmodule::library& kernel32, const char* name, Throws callback) {
       const unsigned index = kernel32.get<unsigned(Throws)>("FlsAlloc")(callback);
       int value = 0;
       kernel32.get<int(unsigned, void*)>("FlsSetValue")(index, &value);
       kernel32.get<int(unsigned)>(name)(index);
     }},
    {"CopyFileExW",
     [](const hmodule::library& kernel32, const char* name, Throws callback) {
       const std::filesystem::path from = std::filesystem::path(TEST_DLLS) / "resources.dll";
       const Copy copy;
       kernel32.get<int(const char16_t*, const char16_t*, Throws, void*, void*, unsigned)>(name)(
           from.u16string().c_str(), copy.path.u16string().c_str(), callback, nullptr, nullptr, 0);
     }},
    {"CopyFileExA",
     [](const hmodule::library& kernel32, const char* name, Throws callback) {
       const std::filesystem::path from = std::filesystem::path(TEST_DLLS) / "resources.dll";
       const Copy copy;
       kernel32.get<int(const char*, const char*, Throws, void*, void*, unsigned)>(name)(
           from.c_str(), copy.path.c_str(), callback, nullptr, nullptr, 0);
     }},
    {"RtlQueryRegistryValues",
     [](const hmodule::library&, const char* name, Throws callback) {
       static const hmodule::library ntdll("ntdll.dll");
       const struct {
         Throws routine;
         unsigned flags;
         const char16_t* name;
         void* context;
         unsigned default_type;
         const void* default_data;
         unsigned default_length;
       } table[2] = {{callback, 0, nullptr, nullptr, 0, nullptr, 0}, {}};  // every value
       ntdll.get<int(unsigned, const char16_t*, const void*, void*, void*)>(name)(3 /* RTL_REGISTRY_WINDOWS_NT */,
                                                                                  nullptr, table, nullptr, nullptr);
     }},
    {"SleepEx",
     [](const hmodule::library& kernel32, const char* name, Throws callback) {
       void* const this_thread = reinterpret_cast<void*>(-2);
       kernel32.get<unsigned(Throws, void*, hmodule::u64)>("QueueUserAPC")(callback, this_thread, 7);
       kernel32.get<unsigned(unsigned, int)>(name)(1000, 1);
     }},
};

HM_WINAPI int calls_back(void* argument) {
  auto& between = *static_cast<Between*>(argument);
  const Local local{between.ended};
  static const hmodule::library kernel32("kernel32.dll");
  const CallsBack& function = kCallsBack[between.seen];
  function.call(kernel32, function.name, between.dll->get<void(int)>("throws_int"));
  return 0;
}
std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}
unsigned open_handles() {
  static const hmodule::library kernel32("kernel32.dll");
  void* const this_process = reinterpret_cast<void*>(-1);
  unsigned count = 0;
  EXPECT_NE(kernel32.get<int(void*, unsigned*)>("GetProcessHandleCount")(this_process, &count), 0);
  return count;
}
TEST_P(Border, FunctionsThatCallBackAreCrossed) {
  const auto catches = dll.get<int(Callback, void*, int*)>("catches");
  for (int i = 0; i < static_cast<int>(std::size(kCallsBack)); ++i) {
    SCOPED_TRACE(kCallsBack[i].name);
    Between between{&dll, 0, i};
    const int before = ends();
    std::size_t descriptors = 0;
    unsigned handles = 0;
    for (int round = 1; round <= 3; ++round) {
      int caught = 0;
      EXPECT_EQ(catches(calls_back, &between, &caught), -1);
      EXPECT_EQ(between.ended, round);
      EXPECT_EQ(ends(), before + 2 * round);
      if (round == 1) descriptors = open_descriptors(), handles = open_handles();
    }
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_EQ(open_handles(), handles);
  }
}

// Those whose callbacks run in threads of their own have nobody behind them: the process ends, as on Windows.
void wait_for_the_end() {
  for (;;) pause();
}
TEST_P(Border, AThreadPoolsCallbackEndsTheProcess) {
  const hmodule::library kernel32("kernel32.dll");
  const auto throws = dll.get<void(int)>("throws_int");
  EXPECT_DEATH_IF_SUPPORTED(
      {
        kernel32.get<int(Throws, void*, void*)>("TrySubmitThreadpoolCallback")(throws, nullptr, nullptr);
        wait_for_the_end();
      },
      "nobody handles it.*thrown: int");
  EXPECT_DEATH_IF_SUPPORTED(
      {
        kernel32.get<int(Throws, void*, unsigned)>("QueueUserWorkItem")(throws, nullptr, 0);
        wait_for_the_end();
      },
      "nobody handles it.*thrown: int");
}
TEST_P(Border, ATimersCallbackEndsTheProcess) {
  const hmodule::library kernel32("kernel32.dll");
  const auto throws = dll.get<void(int)>("throws_int");
  EXPECT_DEATH_IF_SUPPORTED(
      {
        void* timer = nullptr;
        kernel32.get<int(void**, void*, Throws, void*, unsigned, unsigned, unsigned)>("CreateTimerQueueTimer")(
            &timer, nullptr, throws, nullptr, 0, 0, 0);
        wait_for_the_end();
      },
      "nobody handles it.*thrown: int");
}
TEST_P(Border, AnFlsCallbackAtAThreadsEndEndsTheProcess) {
  const hmodule::library kernel32("kernel32.dll");
  const unsigned index = kernel32.get<unsigned(Throws)>("FlsAlloc")(dll.get<void(int)>("throws_int"));
  EXPECT_DEATH_IF_SUPPORTED(std::thread([&] {
                              int value = 0;
                              kernel32.get<int(unsigned, void*)>("FlsSetValue")(index, &value);
                            }).join(),
                            "nobody handles it.*thrown: int");
  kernel32.get<int(unsigned)>("FlsFree")(index);
}

TEST_P(Border, AGuardIsReachedThroughNativeFramesToo) {
  Between between{&dll};
  const int before = ends();
  const auto calls = dll.guarded<int(Callback, void*)>("calls");
  EXPECT_THROW(calls(throws_in_dll, &between), hmodule::seh_error);
  EXPECT_EQ(between.ended, 1);
  EXPECT_EQ(ends(), before + 2);
}

// --- from the host, through DLL frames, to the host ---

HM_WINAPI int throws_natively(void* argument) {
  throw std::runtime_error(argument == nullptr ? "from the host" : static_cast<const char*>(argument));
}

TEST_P(Border, TheHostsExceptionRunsTheDllsCleanUps) {
  const auto calls = dll.get<int(Callback, void*)>("calls");
  for (int round = 0; round < 3; ++round) {
    const int before = ends();
    try {
      calls(throws_natively, nullptr);
      FAIL();
    } catch (const std::runtime_error& caught) {
      EXPECT_STREQ(caught.what(), "from the host");
    }
    EXPECT_EQ(ends(), before + 1);
  }
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST_P(Border, TheCleanUpHasItsRegisters) {
  const auto calls =
      dll.get<double(Callback, void*, hmodule::i64, hmodule::i64, double, double)>("calls_with_registers");
  EXPECT_THROW(calls(throws_natively, nullptr, 1, 2, 3, 4), std::runtime_error);
  EXPECT_EQ(calls(nullptr, nullptr, 0, 0, 0, 0), 3 + 10 + 21 + 44);
}

TEST_P(Border, TheHostsCatchHasItsRegisters) {
  const auto calls = dll.get<int(Callback, void*)>("calls");
  EXPECT_EQ(kept_registers(calls, throws_natively, nullptr, 1000), 31000);
#ifdef HAVE_CLANG
  EXPECT_EQ(kept_registers_by_clang(calls, throws_natively, nullptr, 1000), 31000);
#endif
}

HM_WINAPI int throws_through_dll(void* argument) {
  auto& between = *static_cast<Between*>(argument);
  const Local local{between.ended};
  return between.dll->get<int(Callback, void*)>("calls")(throws_natively, nullptr);
}
TEST_P(Border, SeveralLayersAreLeftInOrder) {
  Between between{&dll};
  const int before = ends();
  EXPECT_THROW(dll.get<int(Callback, void*)>("calls")(throws_through_dll, &between), std::runtime_error);
  EXPECT_EQ(ends(), before + 2);
  EXPECT_EQ(between.ended, 1);
}

TEST_P(Border, OnlyGccsCatchAllCatchesIt) {
  int caught = 0;
  const auto catches = dll.get<int(Callback, void*, int*)>("catches");
  const int before = ends();
  if (is_gnu())
    EXPECT_EQ(catches(throws_natively, nullptr, &caught), -2);
  else
    EXPECT_THROW(catches(throws_natively, nullptr, &caught), std::runtime_error);
  EXPECT_EQ(ends(), before + 1);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST_P(Border, WhatTheDllRethrowsGoesOn) {
  int count = 0;
  const auto rethrows = dll.get<int(Callback, void*, int*)>("rethrows");
  EXPECT_THROW(rethrows(throws_natively, nullptr, &count), std::runtime_error);
  EXPECT_EQ(count, is_gnu() ? 1 : 0);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

HM_WINAPI int ends_thread(void*) {
  pthread_exit(nullptr);
}
TEST_P(Border, AThreadsEndRunsTheDllsCleanUps) {
  const auto calls = dll.get<int(Callback, void*)>("calls");
  const int before = ends();
  std::thread([&] { calls(ends_thread, nullptr); }).join();
  EXPECT_EQ(ends(), before + 1);
}

// --- no way out ---

TEST_P(Border, WithoutAGuardTheProcessEndsWithAReason) {
  EXPECT_DEATH_IF_SUPPORTED(dll.get<void(unsigned)>("raises")(0xE0001234), "0xe0001234");
}

}  // namespace
