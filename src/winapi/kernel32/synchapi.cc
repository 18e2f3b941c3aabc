// synchapi.h and the older names of winbase.h: events, mutexes, semaphores, timers and waits.
#include "module/builtin.h"
#include "nt/event.h"
#include "nt/mutant.h"
#include "nt/semaphore.h"
#include "nt/thread.h"
#include "nt/timer.h"
#include "winapi/common/named_object.h"

#include <sched.h>

namespace hmodule::winapi {
namespace {

using nt::object_of;

constexpr DWORD CREATE_EVENT_MANUAL_RESET = 1, CREATE_EVENT_INITIAL_SET = 2, CREATE_MUTEX_INITIAL_OWNER = 1,
                CREATE_WAITABLE_TIMER_MANUAL_RESET = 1, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION = 2;
constexpr DWORD WAIT_OBJECT_0 = 0, WAIT_FAILED = 0xFFFFFFFF;

// --- events ---

HANDLE create_event(const SECURITY_ATTRIBUTES* security, const ObjectName& name, bool manual, bool set,
                    ACCESS_MASK access, const char* function) noexcept {
  return answer<HANDLE>(
      nullptr,
      [&] {
        return create_named(nt::Event::kType, security, name, access, [&] {
          using Kind = nt::Event::Kind;
          return nt::make_object<nt::Event>(manual ? Kind::notification : Kind::synchronization, set);
        });
      },
      function);
}
template <typename Char>
HM_WINAPI HANDLE CreateEvent(const SECURITY_ATTRIBUTES* security, BOOL manual, BOOL set, const Char* name) noexcept {
  return create_event(security, object_name(name), manual != 0, set != 0, nt::EVENT_ALL_ACCESS, "CreateEvent");
}
template <typename Char>
HM_WINAPI HANDLE CreateEventEx(const SECURITY_ATTRIBUTES* security, const Char* name, DWORD flags,
                               DWORD access) noexcept {
  return create_event(security, object_name(name), (flags & CREATE_EVENT_MANUAL_RESET) != 0,
                      (flags & CREATE_EVENT_INITIAL_SET) != 0, access, "CreateEventEx");
}
template <typename Char>
HM_WINAPI HANDLE OpenEvent(DWORD access, BOOL inherit, const Char* name) noexcept {
  return answer<HANDLE>(nullptr, [&] { return open_named(nt::Event::kType, access, inherit, object_name(name)); });
}

BOOL change_event(HANDLE handle, LONG (nt::Event::*change)(), const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        const auto event = TRY(object_of<nt::Event>(handle, nt::EVENT_MODIFY_STATE));
        (event.get()->*change)();
        return ok;
      },
      function);
}
// What the quick way leaves. A function of its own, with the Windows convention: only who calls native code pays for
// saving the registers that native code may change.
[[gnu::noinline]] HM_WINAPI BOOL set_event_under_lock(HANDLE handle) noexcept {
  return change_event(handle, &nt::Event::set, "SetEvent");
}
[[gnu::noinline]] HM_WINAPI BOOL reset_event_under_lock(HANDLE handle) noexcept {
  return change_event(handle, &nt::Event::reset, "ResetEvent");
}
HM_WINAPI BOOL SetEvent(HANDLE handle) noexcept {
  if (nt::handles().try_set_event(handle) != nt::EventWord::Before::unknown) return TRUE;
  return set_event_under_lock(handle);
}
HM_WINAPI BOOL ResetEvent(HANDLE handle) noexcept {
  if (nt::handles().try_reset_event(handle) != nt::EventWord::Before::unknown) return TRUE;
  return reset_event_under_lock(handle);
}
HM_WINAPI BOOL PulseEvent(HANDLE handle) noexcept {
  return change_event(handle, &nt::Event::pulse, "PulseEvent");
}

// --- mutexes ---

HANDLE create_mutex(const SECURITY_ATTRIBUTES* security, const ObjectName& name, bool owned, ACCESS_MASK access,
                    const char* function) noexcept {
  return answer<HANDLE>(
      nullptr,
      [&] {
        return create_named(nt::Mutant::kType, security, name, access,
                            [&] { return nt::make_object<nt::Mutant>(owned ? &nt::current_thread() : nullptr); });
      },
      function);
}
template <typename Char>
HM_WINAPI HANDLE CreateMutex(const SECURITY_ATTRIBUTES* security, BOOL owned, const Char* name) noexcept {
  return create_mutex(security, object_name(name), owned != 0, nt::MUTANT_ALL_ACCESS, "CreateMutex");
}
template <typename Char>
HM_WINAPI HANDLE CreateMutexEx(const SECURITY_ATTRIBUTES* security, const Char* name, DWORD flags,
                               DWORD access) noexcept {
  return create_mutex(security, object_name(name), (flags & CREATE_MUTEX_INITIAL_OWNER) != 0, access, "CreateMutexEx");
}
template <typename Char>
HM_WINAPI HANDLE OpenMutex(DWORD access, BOOL inherit, const Char* name) noexcept {
  return answer<HANDLE>(nullptr, [&] { return open_named(nt::Mutant::kType, access, inherit, object_name(name)); });
}
HM_WINAPI BOOL ReleaseMutex(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    const auto mutant = TRY(object_of<nt::Mutant>(handle, 0));
    TRY(mutant->release_owned());
    return ok;
  });
}

// --- semaphores ---

HANDLE create_semaphore(const SECURITY_ATTRIBUTES* security, const ObjectName& name, LONG initial, LONG maximum,
                        ACCESS_MASK access, const char* function) noexcept {
  return answer<HANDLE>(
      nullptr,
      [&]() -> Result<HANDLE> {
        TRY(nt::Semaphore::check_counts(initial, maximum));
        return create_named(nt::Semaphore::kType, security, name, access,
                            [&] { return nt::make_object<nt::Semaphore>(initial, maximum); });
      },
      function);
}
template <typename Char>
HM_WINAPI HANDLE CreateSemaphore(const SECURITY_ATTRIBUTES* security, LONG initial, LONG maximum,
                                 const Char* name) noexcept {
  return create_semaphore(security, object_name(name), initial, maximum, nt::SEMAPHORE_ALL_ACCESS, "CreateSemaphore");
}
template <typename Char>
HM_WINAPI HANDLE CreateSemaphoreEx(const SECURITY_ATTRIBUTES* security, LONG initial, LONG maximum, const Char* name,
                                   DWORD, DWORD access) noexcept {
  return create_semaphore(security, object_name(name), initial, maximum, access, "CreateSemaphoreEx");
}
template <typename Char>
HM_WINAPI HANDLE OpenSemaphore(DWORD access, BOOL inherit, const Char* name) noexcept {
  return answer<HANDLE>(nullptr, [&] { return open_named(nt::Semaphore::kType, access, inherit, object_name(name)); });
}
HM_WINAPI BOOL ReleaseSemaphore(HANDLE handle, LONG count, LONG* previous) noexcept {
  return succeed([&]() -> Status {
    const auto semaphore = TRY(object_of<nt::Semaphore>(handle, nt::SEMAPHORE_MODIFY_STATE));
    const LONG before = TRY(semaphore->release_by(count));
    if (previous != nullptr) *previous = before;
    return ok;
  });
}

// --- timers ---

HANDLE create_timer(const SECURITY_ATTRIBUTES* security, const ObjectName& name, bool manual, ACCESS_MASK access,
                    const char* function) noexcept {
  return answer<HANDLE>(
      nullptr,
      [&] {
        return create_named(nt::Timer::kType, security, name, access, [&] {
          using Kind = nt::Timer::Kind;
          return nt::make_object<nt::Timer>(manual ? Kind::notification : Kind::synchronization);
        });
      },
      function);
}
template <typename Char>
HM_WINAPI HANDLE CreateWaitableTimer(const SECURITY_ATTRIBUTES* security, BOOL manual, const Char* name) noexcept {
  return create_timer(security, object_name(name), manual != 0, nt::TIMER_ALL_ACCESS, "CreateWaitableTimer");
}
template <typename Char>
HM_WINAPI HANDLE CreateWaitableTimerEx(const SECURITY_ATTRIBUTES* security, const Char* name, DWORD flags,
                                       DWORD access) noexcept {
  if ((flags & ~(CREATE_WAITABLE_TIMER_MANUAL_RESET | CREATE_WAITABLE_TIMER_HIGH_RESOLUTION)) != 0) {
    report("CreateWaitableTimerEx", fail(STATUS_INVALID_PARAMETER, "flags {:#x}", flags));
    return nullptr;
  }
  return create_timer(security, object_name(name), (flags & CREATE_WAITABLE_TIMER_MANUAL_RESET) != 0, access,
                      "CreateWaitableTimerEx");
}
template <typename Char>
HM_WINAPI HANDLE OpenWaitableTimer(DWORD access, BOOL inherit, const Char* name) noexcept {
  return answer<HANDLE>(nullptr, [&] { return open_named(nt::Timer::kType, access, inherit, object_name(name)); });
}
BOOL set_timer(HANDLE handle, const LARGE_INTEGER* due, LONG period, nt::TimerApcRoutine routine, void* argument,
               const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        if (due == nullptr || period < 0) return fail(STATUS_INVALID_PARAMETER, "no due time, or a period below 0");
        const auto timer = TRY(object_of<nt::Timer>(handle, nt::TIMER_MODIFY_STATE));
        timer->set({*due, routine, argument, static_cast<ULONG>(period)});
        thread::set_last_error(ERROR_SUCCESS);
        return ok;
      },
      function);
}
HM_WINAPI BOOL SetWaitableTimer(HANDLE handle, const LARGE_INTEGER* due, LONG period, nt::TimerApcRoutine routine,
                                void* argument, BOOL /*resume*/) noexcept {
  return set_timer(handle, due, period, routine, argument, "SetWaitableTimer");
}
HM_WINAPI BOOL SetWaitableTimerEx(HANDLE handle, const LARGE_INTEGER* due, LONG period, nt::TimerApcRoutine routine,
                                  void* argument, void* /*wake_context*/, ULONG /*tolerable_delay*/) noexcept {
  return set_timer(handle, due, period, routine, argument, "SetWaitableTimerEx");
}
HM_WINAPI BOOL CancelWaitableTimer(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    const auto timer = TRY(object_of<nt::Timer>(handle, nt::TIMER_MODIFY_STATE));
    timer->cancel();
    return ok;
  });
}

// --- waits ---

// The status of a wait is its answer: WAIT_OBJECT_0, WAIT_ABANDONED, WAIT_TIMEOUT and WAIT_IO_COMPLETION are
// numerically the same.
template <typename Work>
DWORD wait_answer(Work&& work, const char* function = __builtin_FUNCTION()) noexcept {
  return answer<DWORD>(
      WAIT_FAILED,
      [&]() -> Result<DWORD> {
        const NTSTATUS status = TRY(work());
        if (status < 0) return fail(status, "the wait is not possible");
        return static_cast<DWORD>(status);
      },
      function);
}

[[gnu::noinline]] HM_WINAPI DWORD wait_under_lock(HANDLE handle, DWORD milliseconds, BOOL alertable) noexcept {
  return wait_answer([&] { return nt::wait_for_handle(handle, alertable != 0, timeout_of(milliseconds)); },
                     "WaitForSingleObject");
}
[[gnu::always_inline]] inline DWORD wait_quickly(HANDLE handle, DWORD milliseconds, BOOL alertable) noexcept {
  const auto before = nt::handles().try_wait(handle);
  if (before == nt::EventWord::Before::set) return WAIT_OBJECT_0;
  if (before == nt::EventWord::Before::reset && milliseconds == 0 && !alertable) return WAIT_TIMEOUT;
  return wait_under_lock(handle, milliseconds, alertable);
}
HM_WINAPI DWORD WaitForSingleObjectEx(HANDLE handle, DWORD milliseconds, BOOL alertable) noexcept {
  return wait_quickly(handle, milliseconds, alertable);
}
HM_WINAPI DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds) noexcept {
  return wait_quickly(handle, milliseconds, FALSE);
}
HM_WINAPI DWORD WaitForMultipleObjectsEx(DWORD count, const HANDLE* handles, BOOL all, DWORD milliseconds,
                                         BOOL alertable) noexcept {
  return wait_answer([&]() -> Result<NTSTATUS> {
    if (count == 0 || count > nt::kMaximumWaitObjects || handles == nullptr)
      return fail(STATUS_INVALID_PARAMETER, "a wait for {} objects at {}", count, static_cast<const void*>(handles));
    return nt::wait_for_handles({handles, count}, all != 0, alertable != 0, timeout_of(milliseconds));
  });
}
HM_WINAPI DWORD WaitForMultipleObjects(DWORD count, const HANDLE* handles, BOOL all, DWORD milliseconds) noexcept {
  return WaitForMultipleObjectsEx(count, handles, all, milliseconds, FALSE);
}
HM_WINAPI DWORD SignalObjectAndWait(HANDLE signal, HANDLE object, DWORD milliseconds, BOOL alertable) noexcept {
  return wait_answer(
      [&] { return nt::signal_handle_and_wait(signal, object, alertable != 0, timeout_of(milliseconds)); });
}

HM_WINAPI DWORD SleepEx(DWORD milliseconds, BOOL alertable) noexcept {
  if (milliseconds == 0) sched_yield();
  return static_cast<DWORD>(nt::delay(alertable != 0, timeout_of(milliseconds)));
}
HM_WINAPI void Sleep(DWORD milliseconds) noexcept {
  SleepEx(milliseconds, FALSE);
}

const Export kRows[] = {
    {"CancelWaitableTimer", proc(CancelWaitableTimer)},
    {"CreateEventA", proc(CreateEvent<CHAR>)},
    {"CreateEventExA", proc(CreateEventEx<CHAR>)},
    {"CreateEventExW", proc(CreateEventEx<WCHAR>)},
    {"CreateEventW", proc(CreateEvent<WCHAR>)},
    {"CreateMutexA", proc(CreateMutex<CHAR>)},
    {"CreateMutexExA", proc(CreateMutexEx<CHAR>)},
    {"CreateMutexExW", proc(CreateMutexEx<WCHAR>)},
    {"CreateMutexW", proc(CreateMutex<WCHAR>)},
    {"CreateSemaphoreA", proc(CreateSemaphore<CHAR>)},
    {"CreateSemaphoreExA", proc(CreateSemaphoreEx<CHAR>)},
    {"CreateSemaphoreExW", proc(CreateSemaphoreEx<WCHAR>)},
    {"CreateSemaphoreW", proc(CreateSemaphore<WCHAR>)},
    {"CreateWaitableTimerA", proc(CreateWaitableTimer<CHAR>)},
    {"CreateWaitableTimerExA", proc(CreateWaitableTimerEx<CHAR>)},
    {"CreateWaitableTimerExW", proc(CreateWaitableTimerEx<WCHAR>)},
    {"CreateWaitableTimerW", proc(CreateWaitableTimer<WCHAR>)},
    {"OpenEventA", proc(OpenEvent<CHAR>)},
    {"OpenEventW", proc(OpenEvent<WCHAR>)},
    {"OpenMutexA", proc(OpenMutex<CHAR>)},
    {"OpenMutexW", proc(OpenMutex<WCHAR>)},
    {"OpenSemaphoreA", proc(OpenSemaphore<CHAR>)},
    {"OpenSemaphoreW", proc(OpenSemaphore<WCHAR>)},
    {"OpenWaitableTimerA", proc(OpenWaitableTimer<CHAR>)},
    {"OpenWaitableTimerW", proc(OpenWaitableTimer<WCHAR>)},
    {"PulseEvent", proc(PulseEvent)},
    {"ReleaseMutex", proc(ReleaseMutex)},
    {"ReleaseSemaphore", proc(ReleaseSemaphore)},
    {"ResetEvent", proc(ResetEvent)},
    {"SetEvent", proc(SetEvent)},
    {"SetWaitableTimer", proc(SetWaitableTimer)},
    {"SetWaitableTimerEx", proc(SetWaitableTimerEx)},
    {"SignalObjectAndWait", proc(SignalObjectAndWait)},
    {"Sleep", proc(Sleep)},
    {"SleepEx", proc(SleepEx)},
    {"WaitForMultipleObjects", proc(WaitForMultipleObjects)},
    {"WaitForMultipleObjectsEx", proc(WaitForMultipleObjectsEx)},
    {"WaitForSingleObject", proc(WaitForSingleObject)},
    {"WaitForSingleObjectEx", proc(WaitForSingleObjectEx)},
};

}  // namespace

extern const ExportTable synchapi_exports = kRows;

}  // namespace hmodule::winapi
