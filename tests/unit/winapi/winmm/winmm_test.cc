#include "unit/winapi/process.h"
#include "winapi/winmm/exports.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> winmm(std::string_view name) {
  return function<R, Args...>(winmm_dll, name);
}

std::atomic<int> calls{0};
std::atomic<UINT> called_id{0};
HM_WINAPI void count(UINT id, UINT, DWORD_PTR step, DWORD_PTR, DWORD_PTR) {
  called_id = id;
  calls += static_cast<int>(step);
}
// The clock is not the test's subject: it waits until it happened.
bool happens(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return condition();
}
constexpr UINT kOnce = 0, kPeriodic = 1, kEventSet = 0x10, kKillSynchronous = 0x100;

const auto set_event = [](UINT delay, void* target, DWORD_PTR user, UINT flags) {
  return winmm<UINT, UINT, UINT, void*, DWORD_PTR, UINT>("timeSetEvent")(delay, 0, target, user, flags);
};
const auto kill_event = [](UINT id) { return winmm<UINT, UINT>("timeKillEvent")(id); };

TEST(WinmmTimers, CallOnceOrAgainAndAgain) {
  calls = 0;
  const UINT once = set_event(1, reinterpret_cast<void*>(&count), 1000, kOnce);
  ASSERT_NE(once, 0U);
  EXPECT_TRUE(happens([] { return calls == 1000; }));
  EXPECT_EQ(called_id, once);
  EXPECT_TRUE(happens([&] { return kill_event(once) == 11; }));  // it is gone by itself

  calls = 0;
  const UINT again = set_event(1, reinterpret_cast<void*>(&count), 1, kPeriodic | kKillSynchronous);
  EXPECT_TRUE(happens([] { return calls >= 3; }));
  EXPECT_EQ(kill_event(again), 0U);
  const int at_end = calls;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(calls, at_end);
  EXPECT_EQ(kill_event(again), 11U);  // MMSYSERR_INVALPARAM
}

TEST(WinmmTimers, SetEvents) {
  const HANDLE event =
      function<HANDLE, void*, BOOL, BOOL, const char*>(kernel32_dll, "CreateEventA")(nullptr, TRUE, FALSE, nullptr);
  ASSERT_NE(set_event(1, event, 0, kEventSet), 0U);
  EXPECT_EQ((function<DWORD, HANDLE, DWORD>(kernel32_dll, "WaitForSingleObject")(event, 10000)), 0U);
  function<BOOL, HANDLE>(kernel32_dll, "CloseHandle")(event);
}

TEST(WinmmTimers, RefuseDelaysOutOfRange) {
  EXPECT_EQ(set_event(0, reinterpret_cast<void*>(&count), 0, kOnce), 0U);
  EXPECT_EQ(set_event(2'000'000, reinterpret_cast<void*>(&count), 0, kOnce), 0U);
  EXPECT_EQ(set_event(5, nullptr, 0, kOnce), 0U);
}

TEST(WinmmTime, IsInMilliseconds) {
  const DWORD before = winmm<DWORD>("timeGetTime")();
  struct {
    UINT type;
    DWORD ms, unused;
  } time = {};
  EXPECT_EQ((winmm<UINT, void*, UINT>("timeGetSystemTime")(&time, sizeof time)), 0U);
  EXPECT_EQ(time.type, 1U);
  EXPECT_LT(time.ms - before, 60'000U);
  UINT caps[2] = {};
  EXPECT_EQ((winmm<UINT, void*, UINT>("timeGetDevCaps")(caps, sizeof caps)), 0U);
  EXPECT_EQ(caps[0], 1U);
  EXPECT_EQ((winmm<UINT, void*, UINT>("timeGetDevCaps")(caps, 4)), 129U);
  EXPECT_EQ((winmm<UINT, UINT>("timeBeginPeriod")(1)), 0U);
  EXPECT_EQ((winmm<UINT, UINT>("timeEndPeriod")(1)), 0U);
  EXPECT_EQ((winmm<UINT, UINT>("timeBeginPeriod")(0)), 97U);
}

TEST(WinmmDevices, AreNone) {
  for (const char* name : {"auxGetNumDevs", "joyGetNumDevs", "midiInGetNumDevs", "midiOutGetNumDevs", "mixerGetNumDevs",
                           "waveInGetNumDevs", "waveOutGetNumDevs"})
    EXPECT_EQ(winmm<UINT>(name)(), 0U) << name;
  char caps[128];
  for (const char* name : {"joyGetDevCapsA", "joyGetDevCapsW", "midiInGetDevCapsA", "midiInGetDevCapsW",
                           "midiOutGetDevCapsA", "midiOutGetDevCapsW", "mixerGetDevCapsA", "mixerGetDevCapsW",
                           "waveInGetDevCapsA", "waveInGetDevCapsW", "waveOutGetDevCapsA", "waveOutGetDevCapsW"})
    EXPECT_EQ((winmm<UINT, UINT_PTR, void*, UINT>(name)(0, caps, sizeof caps)), 2U) << name;
  HANDLE handle = &handle;
  for (const char* name : {"waveInOpen", "waveOutOpen"}) {
    EXPECT_EQ((winmm<UINT, HANDLE*, UINT, const void*, DWORD_PTR, DWORD_PTR, DWORD>(name)(&handle, 0, caps, 0, 0, 0)),
              6U);
    EXPECT_EQ(handle, nullptr);
  }
  for (const char* name : {"midiInOpen", "midiOutOpen", "mixerOpen"})
    EXPECT_EQ((winmm<UINT, HANDLE*, UINT, DWORD_PTR, DWORD_PTR, DWORD>(name)(&handle, 0, 0, 0, 0)), 6U) << name;
  for (const char* name : {"joyGetPos", "joyGetPosEx"}) EXPECT_EQ((winmm<UINT, UINT, void*>(name)(0, caps)), 6U);
}

}  // namespace
}  // namespace hmodule::winapi
