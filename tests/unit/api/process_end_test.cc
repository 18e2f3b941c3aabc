// The end of a process in which a thread was killed in the wrong moment. Each runs in a process of its own.
#include <gtest/gtest.h>

#include "support/leaks.h"
#include "unit/api/host_mains.h"
#include "unit/api/kernel32.h"
#include "unit/api/windows_names.h"

namespace hmodule::test {
namespace {

constexpr unsigned kDetach = 0, kTimeout = 258, kInfinite = 0xFFFFFFFF;

HANDLE new_event() {
  return kernel32<HANDLE(void*, int, int, const char*)>("CreateEventA")(nullptr, 1, 0, nullptr);
}
void set(HANDLE event) {
  kernel32<int(HANDLE)>("SetEvent")(event);
}
unsigned wait(HANDLE object, unsigned milliseconds = kInfinite) {
  return kernel32<unsigned(HANDLE, unsigned)>("WaitForSingleObject")(object, milliseconds);
}
using Routine = HM_WINAPI unsigned (*)(void*);
HANDLE start(Routine routine, void* parameter) {
  return kernel32<HANDLE(void*, hmodule::u64, Routine, void*, unsigned, unsigned*)>("CreateThread")(
      nullptr, 0, routine, parameter, 0, nullptr);
}

class ProcessEnd : public testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    kernel32_dll();  // while it can be loaded
  }
  const TemporaryDirectory directory_;
};

HM_WINAPI unsigned load(void* path) {
  leaks_are_meant();
  return hmodule_open(static_cast<const char*>(path), 0) != nullptr;
}

// A thread is killed in an entry point, so with the loader lock.
void orphan_the_loader_lock(const std::string& path) {
  hosted_dll("stuck.dll", 0).write(path);
  const HANDLE begun = new_event(), never = new_event();
  const Mains mains([&](HMODULE, unsigned reason, void*) {
    if (reason == kDetach) std::_Exit(99);
    set(begun);
    wait(never);
    return 1;
  });
  const HANDLE thread = start(load, const_cast<char*>(path.c_str()));
  wait(begun);
  kernel32<int(HANDLE, unsigned)>("TerminateThread")(thread, 1);
  wait(thread);
}

TEST_F(ProcessEnd, Lock08AKilledThreadsLockStopsOthersForEver) {
  const auto run = [&] {
    const std::string path = directory_ / "stuck.dll", other = directory_ / "other.dll";
    orphan_the_loader_lock(path);
    answering_dll("other.dll", 1).write(other);
    const HANDLE waiting = start(load, const_cast<char*>(other.c_str()));
    std::_Exit(wait(waiting, 50) == kTimeout ? 4 : 5);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(4), "");
}

TEST_F(ProcessEnd, Exit07WithAKilledThreadsLoaderLockNobodyIsDetached) {
  const auto windows = [&] {
    orphan_the_loader_lock(directory_ / "stuck.dll");
    kernel32<void(unsigned)>("ExitProcess")(4);
  };
  EXPECT_EXIT(windows(), testing::ExitedWithCode(4), "");
  const auto host = [&] {
    orphan_the_loader_lock(directory_ / "stuck.dll");
    std::exit(5);
  };
  EXPECT_EXIT(host(), testing::ExitedWithCode(5), "");
}

struct Section {
  alignas(8) std::byte bytes[40];
  HANDLE entered, never;
};
HM_WINAPI unsigned enter_and_stay(void* parameter) {
  auto& section = *static_cast<Section*>(parameter);
  kernel32<void(void*)>("EnterCriticalSection")(section.bytes);
  set(section.entered);
  return wait(section.never);
}

TEST_F(ProcessEnd, Exit06ADetachThatWantsAKilledThreadsSectionEndsTheProcess) {
  const auto run = [&] {
    static Section section{{}, new_event(), new_event()};
    kernel32<void(void*)>("InitializeCriticalSection")(section.bytes);
    hosted_dll("wants.dll", 0).write(directory_ / "wants.dll");
    const Mains mains([](HMODULE, unsigned reason, void*) {
      if (reason == kDetach) {
        kernel32<void(void*)>("EnterCriticalSection")(section.bytes);
        std::_Exit(99);
      }
      return 1;
    });
    hmodule_open((directory_ / "wants.dll").c_str(), 0);
    start(enter_and_stay, &section);
    wait(section.entered);
    kernel32<void(unsigned)>("ExitProcess")(4);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(4), "");
}

}  // namespace
}  // namespace hmodule::test
