// What entry points and TLS callbacks see and may do: loads, frees and lookups inside them.
#include <gmock/gmock.h>

#include <cstdio>
#include <thread>

#include "unit/api/host_mains.h"
#include "unit/api/windows_names.h"

namespace hmodule::test {
namespace {

constexpr unsigned kDetach = 0, kAttach = 1;

TEST(DllMain, Imp11Imp12NobodyIsAttachedBeforeEverythingIsBound) {
  const TemporaryDirectory directory;
  int calls = 0;
  const Mains mains([&](HMODULE, unsigned, void*) { return ++calls; });
  hosted_dll("bound.dll", 0).write(directory / "bound.dll");
  importing_dll("late.dll", {{"bound.dll", {"answer"}}, {"bound.dll", {"no_such_function"}}})
      .write(directory / "late.dll");
  EXPECT_EQ(hmodule_open((directory / "late.dll").c_str(), 0), nullptr);
  EXPECT_EQ(hmodule_error_code(), ERROR_PROC_NOT_FOUND);
  EXPECT_EQ(calls, 0);
  importing_dll("good.dll", {{"bound.dll", {"answer"}}}).write(directory / "good.dll");
  library(directory / "good.dll").close();
  EXPECT_EQ(calls, 2) << "one attach, one detach";
}

TEST(DllMain, Gpa10ALookUpAttachesTheModuleThatWaitsForIt) {
  const TemporaryDirectory directory;
  std::string events;
  const Mains mains(
      [&](HMODULE, unsigned reason, void*) {
        if (reason != kAttach) return 1;
        events += "first<";
        EXPECT_NE(GetProcAddress(GetModuleHandleA("second.dll"), "answer"), nullptr);
        events += "first>";
        return 1;
      },
      [&](HMODULE, unsigned reason, void*) {
        if (reason == kAttach) events += "second";
        return 1;
      });
  hosted_dll("first.dll", 0).write(directory / "first.dll");
  hosted_dll("second.dll", 1).write(directory / "second.dll");
  importing_dll("both.dll", {{"first.dll", {"answer"}}, {"second.dll", {"answer"}}}).write(directory / "both.dll");
  library(directory / "both.dll").close();
  EXPECT_EQ(events, "first<secondfirst>");
}

TEST(DllMain, Gmh05AModuleIsFoundWhileItAttachesAndADatafileNever) {
  const TemporaryDirectory directory;
  HMODULE here = nullptr;
  const Mains mains([&](HMODULE, unsigned reason, void*) {
    if (reason == kAttach) here = GetModuleHandleA("half.dll");
    return 1;
  });
  hosted_dll("half.dll", 0).write(directory / "half.dll");
  HMODULE view = LoadLibraryExA((directory / "half.dll").c_str(), nullptr, kAsDatafile);
  EXPECT_NE(view, nullptr);
  EXPECT_EQ(GetModuleHandleA("half.dll"), nullptr);
  EXPECT_EQ(GetLastError(), static_cast<DWORD>(ERROR_MOD_NOT_FOUND));
  const library half(directory / "half.dll");
  EXPECT_EQ(here, half.handle());
  EXPECT_TRUE(FreeLibrary(view));
}

TEST(DllMain, Ref14AModuleThatFreesItselfWhileItAttachesStays) {
  const TemporaryDirectory directory;
  BOOL freed = FALSE;
  const Mains mains([&](HMODULE base, unsigned reason, void*) {
    if (reason == kAttach) freed = FreeLibrary(base);
    return 1;
  });
  hosted_dll("self.dll", 0).write(directory / "self.dll");
  {
    const library self(directory / "self.dll");
    EXPECT_TRUE(freed);
    EXPECT_EQ(self.get<int()>("answer")(), 1);
  }
  EXPECT_EQ(GetModuleHandleA("self.dll"), nullptr);
}

TEST(DllMain, Ref14AModuleMayNotFreeItselfWhileItDetaches) {
  const TemporaryDirectory directory;
  BOOL freed = TRUE;
  DWORD code = 0;
  int detaches = 0;
  const Mains mains([&](HMODULE base, unsigned reason, void*) {
    if (reason != kDetach) return 1;
    ++detaches;
    freed = FreeLibrary(base);
    code = GetLastError();
    return 1;
  });
  hosted_dll("self.dll", 0).write(directory / "self.dll");
  library(directory / "self.dll").close();
  EXPECT_EQ(detaches, 1);
  EXPECT_FALSE(freed);
  EXPECT_EQ(code, static_cast<DWORD>(ERROR_MOD_NOT_FOUND));
  EXPECT_EQ(GetModuleHandleA("self.dll"), nullptr);
}

TEST(DllMain, Ref15ALoadOfAModuleThatIsLeavingIsANewMapping) {
  const TemporaryDirectory directory;
  const std::string path = directory / "again.dll";
  HMODULE leaving = nullptr, loaded = nullptr;
  int attaches = 0;
  const Mains mains([&](HMODULE base, unsigned reason, void*) {
    if (reason == kAttach) ++attaches;
    if (reason != kDetach || loaded != nullptr) return 1;
    leaving = base;
    loaded = LoadLibraryA(path.c_str());
    return 1;
  });
  hosted_dll("again.dll", 0).write(path);
  library(path).close();
  ASSERT_NE(loaded, nullptr);
  EXPECT_NE(loaded, leaving);
  EXPECT_EQ(attaches, 2);
  EXPECT_EQ(GetModuleHandleA("again.dll"), loaded);
  EXPECT_TRUE(FreeLibrary(loaded));
  EXPECT_EQ(GetModuleHandleA("again.dll"), nullptr);
}

TEST(TlsCallbacks, Tls11TheNextPointerIsReadEachTime) {
  const TemporaryDirectory directory;
  PeBuilder dll = answering_dll("callbacks.dll", 1);
  const auto slots = dll.add_imports({{"host_mains.dll", {"main_0", "main_1", "main_2"}}});
  const std::vector<std::uint32_t> jumps = {add_jump(dll, slots[0][0]), add_jump(dll, slots[0][1])};
  const std::uint32_t other = add_jump(dll, slots[0][2]);
  const std::uint32_t array = dll.add_tls({.callbacks = jumps}) + 8;
  dll.add_relocations();
  dll.write(directory / "callbacks.dll");
  std::string events;
  const Mains mains(
      [&](HMODULE base, unsigned reason, void*) {
        if (reason != kAttach) return 1;
        events += "first";
        auto* image = reinterpret_cast<char*>(base);
        reinterpret_cast<void**>(image + array)[1] = image + other;
        return 1;
      },
      [&](HMODULE, unsigned, void*) {
        events += "replaced";
        return 1;
      },
      [&](HMODULE, unsigned reason, void*) {
        if (reason == kAttach) events += "other";
        return 1;
      });
  library(directory / "callbacks.dll").close();
  EXPECT_EQ(events, "firstother");
}

// In a process of its own, which reports to stderr.
class EndOfProcess : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  // A DLL that ends the process by `function` when it is attached, and says when it is detached.
  [[noreturn]] static void end_in_attach(const char* function, bool of_this_process) {
    const TemporaryDirectory directory;
    const Mains mains([&](HMODULE, unsigned reason, void*) {
      std::fputs(reason == kAttach ? "attach;" : "detach;", stderr);
      if (reason != kAttach) return 1;
      void* const end = GetProcAddress(GetModuleHandleA("kernel32.dll"), function);
      if (of_this_process)
        reinterpret_cast<BOOL(HM_WINAPI*)(HANDLE, UINT)>(end)(GetCurrentProcess(), 42);
      else
        reinterpret_cast<void(HM_WINAPI*)(UINT)>(end)(42);
      return 1;
    });
    hosted_dll("ends.dll", 0).write(directory / "ends.dll");
    const library ends(directory / "ends.dll");
    std::exit(1);
  }
};

TEST_F(EndOfProcess, Dm21ExitProcessInAnAttachIsLegal) {
  EXPECT_EXIT(end_in_attach("ExitProcess", false), ::testing::ExitedWithCode(42), "^attach;(detach;)?$");
}

TEST_F(EndOfProcess, Exit08TerminateProcessDetachesNothing) {
  EXPECT_EXIT(end_in_attach("TerminateProcess", true), ::testing::ExitedWithCode(42), "^attach;$");
}

}  // namespace
}  // namespace hmodule::test
