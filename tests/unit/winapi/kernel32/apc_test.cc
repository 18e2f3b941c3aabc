// QueueUserAPC2, and ntdll's functions below it.
#include "nt/handle_table.h"
#include "nt/thread.h"
#include "unit/winapi/process.h"

#include <atomic>

namespace hmodule::winapi {
namespace {

std::atomic<ULONG_PTR> taken;
HM_WINAPI void take(ULONG_PTR value) {
  taken = taken * 10 + value;
}
HM_WINAPI void take_three(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c) {
  taken = taken * 10 + a + b + c;
}
HM_WINAPI DWORD tell_what_was_taken(void*) {
  return static_cast<DWORD>(taken);
}

// A thread that has not begun, so that what it is told comes first.
class Apcs : public testing::Test {
 protected:
  Apcs() {
    process();
    taken = 0;
    auto made = nt::create_thread({.routine = tell_what_was_taken, .suspended = true});
    EXPECT_TRUE(made);
    thread_ = *nt::handle_for(*made, nt::THREAD_ALL_ACCESS);
  }
  DWORD end() {
    function<DWORD, HANDLE>(kernel32_dll, "ResumeThread")(thread_);
    EXPECT_EQ((function<DWORD, HANDLE, DWORD>(kernel32_dll, "WaitForSingleObject")(thread_, 20000)), 0U);
    DWORD code = 0;
    function<BOOL, HANDLE, DWORD*>(kernel32_dll, "GetExitCodeThread")(thread_, &code);
    function<BOOL, HANDLE>(kernel32_dll, "CloseHandle")(thread_);
    return code;
  }
  HANDLE thread_;
};

TEST_F(Apcs, RunBeforeTheThreadBeginsInTheOrderTheyCame) {
  using Apc = HM_WINAPI void (*)(ULONG_PTR);
  EXPECT_TRUE((function<BOOL, Apc, HANDLE, ULONG_PTR, ULONG>(kernel32_dll, "QueueUserAPC2")(take, thread_, 1, 0)));
  EXPECT_TRUE((function<DWORD, Apc, HANDLE, ULONG_PTR>(kernel32_dll, "QueueUserAPC")(take, thread_, 2)));
  using Queue = Function<NTSTATUS, HANDLE, HANDLE, nt::ApcRoutine, ULONG_PTR, ULONG_PTR, ULONG_PTR>;
  const Queue queue = function<NTSTATUS, HANDLE, HANDLE, nt::ApcRoutine, ULONG_PTR, ULONG_PTR, ULONG_PTR>(
      ntdll_dll, "NtQueueApcThreadEx");
  EXPECT_EQ(queue(thread_, nullptr, take_three, 1, 1, 1), STATUS_SUCCESS);
  EXPECT_EQ(end(), 123U);
}

TEST_F(Apcs, AreNotSpecial) {
  using Apc = HM_WINAPI void (*)(ULONG_PTR);
  EXPECT_FALSE((function<BOOL, Apc, HANDLE, ULONG_PTR, ULONG>(kernel32_dll, "QueueUserAPC2")(take, thread_, 1, 1)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_NOT_SUPPORTED});
  const auto queue = function<NTSTATUS, HANDLE, HANDLE, ULONG, nt::ApcRoutine, ULONG_PTR, ULONG_PTR, ULONG_PTR>(
      ntdll_dll, "NtQueueApcThreadEx2");
  EXPECT_EQ(queue(thread_, nullptr, 1, take_three, 1, 1, 1), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(end(), 0U);
}

}  // namespace
}  // namespace hmodule::winapi
