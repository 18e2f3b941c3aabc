// SetEvent, ResetEvent and WaitForSingleObject, which go a quick way of their own (src/nt/event_word.h): what they
// refuse, and what they leave alone.
#include "nt/event.h"
#include "nt/handle_table.h"
#include "nt/mutant.h"
#include "nt/thread.h"
#include "unit/winapi/process.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD kFailed = 0xFFFFFFFF, kWaitTimeout = 258, kWaitIoCompletion = 0xC0;

BOOL change(const char* how, HANDLE handle) {
  return function<BOOL, HANDLE>(kernel32_dll, how)(handle);
}
DWORD wait(HANDLE handle, DWORD milliseconds) {
  return function<DWORD, HANDLE, DWORD>(kernel32_dll, "WaitForSingleObject")(handle, milliseconds);
}
DWORD wait_alertably(HANDLE handle, DWORD milliseconds) {
  return function<DWORD, HANDLE, DWORD, BOOL>(kernel32_dll, "WaitForSingleObjectEx")(handle, milliseconds, TRUE);
}
HANDLE event(bool set, ACCESS_MASK access = nt::EVENT_ALL_ACCESS) {
  process();
  return *nt::handle_for(nt::make_object<nt::Event>(nt::Event::Kind::synchronization, set), access);
}
BOOL close(HANDLE handle) {
  return change("CloseHandle", handle);
}

TEST(Events, AreSetResetAndWaitedForWithoutALastError) {
  const HANDLE it = event(false);
  EXPECT_EQ(wait(it, 0), kWaitTimeout);
  EXPECT_TRUE(change("SetEvent", it));
  EXPECT_EQ(thread::last_error(), 0xDEADU);
  EXPECT_TRUE(change("ResetEvent", it));
  EXPECT_EQ(thread::last_error(), 0xDEADU);
  EXPECT_EQ(wait(it, 0), kWaitTimeout);
  EXPECT_EQ(thread::last_error(), 0xDEADU);
  EXPECT_TRUE(change("SetEvent", it));
  EXPECT_EQ(wait(it, 0xFFFFFFFF), 0U);
  EXPECT_EQ(thread::last_error(), 0xDEADU);
  EXPECT_EQ(wait(it, 1), kWaitTimeout);
  close(it);
}

TEST(Events, WantTheRightHandle) {
  const HANDLE waits = event(true, nt::SYNCHRONIZE), sets = event(true, nt::EVENT_MODIFY_STATE);
  for (const char* how : {"SetEvent", "ResetEvent", "PulseEvent"}) {
    EXPECT_FALSE(change(how, waits)) << how;
    EXPECT_EQ(thread::last_error(), DWORD{ERROR_ACCESS_DENIED}) << how;
  }
  EXPECT_EQ(wait(sets, 0), kFailed);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_ACCESS_DENIED});
  EXPECT_EQ(wait(waits, 0), 0U);
  close(waits);
  close(sets);
  EXPECT_FALSE(change("SetEvent", sets));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
  EXPECT_EQ(wait(waits, 0), kFailed);
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});

  const HANDLE mutex = *nt::handle_for(nt::make_object<nt::Mutant>(nullptr), nt::MUTANT_ALL_ACCESS);
  EXPECT_FALSE(change("SetEvent", mutex));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
  EXPECT_EQ(wait(mutex, 0), 0U);
  EXPECT_TRUE(change("ReleaseMutex", mutex));
  close(mutex);
}

int apcs = 0;
HM_WINAPI void count_apc(ULONG_PTR, ULONG_PTR, ULONG_PTR) {
  ++apcs;
}

TEST(Events, LetAnAlertableWaitRunItsApcsOnlyIfTheyAreNotSet) {
  const HANDLE it = event(true);
  apcs = 0;
  EXPECT_TRUE(nt::current_thread().queue_apc({count_apc, {0, 0, 0}}));
  EXPECT_EQ(wait_alertably(it, 0), 0U);
  EXPECT_EQ(wait(it, 0), kWaitTimeout);
  EXPECT_EQ(apcs, 0);
  EXPECT_EQ(wait_alertably(it, 0), kWaitIoCompletion);
  EXPECT_EQ(apcs, 1);
  EXPECT_EQ(wait_alertably(it, 0), kWaitTimeout);
  close(it);
}

TEST(Events, TellNtdllWhatTheyWere) {
  const HANDLE it = event(false);
  const auto set = function<NTSTATUS, HANDLE, LONG*>(ntdll_dll, "NtSetEvent");
  const auto wait_nt = function<NTSTATUS, HANDLE, ULONG, const LARGE_INTEGER*>(ntdll_dll, "NtWaitForSingleObject");
  const LARGE_INTEGER now = 0;
  LONG before = 7;
  EXPECT_EQ(set(it, &before), STATUS_SUCCESS);
  EXPECT_EQ(before, 0);
  EXPECT_EQ(set(it, &before), STATUS_SUCCESS);
  EXPECT_EQ(before, 1);
  EXPECT_EQ(set(it, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(wait_nt(it, FALSE, &now), STATUS_SUCCESS);
  EXPECT_EQ(wait_nt(it, FALSE, &now), STATUS_TIMEOUT);
  close(it);
  EXPECT_EQ(wait_nt(it, FALSE, &now), STATUS_INVALID_HANDLE);
  EXPECT_EQ(set(it, nullptr), STATUS_INVALID_HANDLE);
}

}  // namespace
}  // namespace hmodule::winapi
