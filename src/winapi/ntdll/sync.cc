// Events, mutants, semaphores, timers and keyed events.
#include "module/builtin.h"
#include "nt/event.h"
#include "nt/keyed_event.h"
#include "nt/mutant.h"
#include "nt/semaphore.h"
#include "nt/thread.h"
#include "nt/timer.h"
#include "winapi/ntdll/nt_args.h"

namespace hmodule::winapi {
namespace {

Status only_class_zero(LONG information_class) {
  if (information_class != 0) return fail(STATUS_INVALID_INFO_CLASS, "information class {}", information_class);
  return ok;
}

// --- events ---

HM_WINAPI NTSTATUS NtCreateEvent(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes, LONG type,
                                 BOOLEAN initial) noexcept {
  if (type != 0 && type != 1) return STATUS_INVALID_PARAMETER;
  return nt_create(handle, nt::Event::kType, access, attributes,
                   [&] { return nt::make_object<nt::Event>(static_cast<nt::Event::Kind>(type), initial != 0); });
}
HM_WINAPI NTSTATUS NtOpenEvent(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::Event::kType, access, attributes);
}

NTSTATUS change_event(HANDLE handle, LONG* previous, LONG (nt::Event::*change)(), const char* function) noexcept {
  return status_of(
      [&]() -> Status {
        const auto event = TRY(nt::object_of<nt::Event>(handle, nt::EVENT_MODIFY_STATE));
        store_if(previous, (event.get()->*change)());
        return ok;
      },
      function);
}
[[gnu::noinline]] HM_WINAPI NTSTATUS set_event_under_lock(HANDLE handle, LONG* previous) noexcept {
  return change_event(handle, previous, &nt::Event::set, "NtSetEvent");
}
HM_WINAPI NTSTATUS NtSetEvent(HANDLE handle, LONG* previous) noexcept {
  const auto before = nt::handles().try_set_event(handle);
  if (before == nt::EventWord::Before::unknown) return set_event_under_lock(handle, previous);
  store_if(previous, before == nt::EventWord::Before::set);
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS NtResetEvent(HANDLE handle, LONG* previous) noexcept {
  return change_event(handle, previous, &nt::Event::reset, "NtResetEvent");
}
HM_WINAPI NTSTATUS NtClearEvent(HANDLE handle) noexcept {
  return NtResetEvent(handle, nullptr);
}
HM_WINAPI NTSTATUS NtPulseEvent(HANDLE handle, LONG* previous) noexcept {
  return change_event(handle, previous, &nt::Event::pulse, "NtPulseEvent");
}
HM_WINAPI NTSTATUS NtQueryEvent(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                ULONG* needed) noexcept {
  struct EventBasicInformation {
    LONG EventType, EventState;
  };
  return status_of([&]() -> Status {
    TRY(only_class_zero(information_class));
    const auto event = TRY(nt::object_of<nt::Event>(handle, nt::EVENT_QUERY_STATE));
    return deliver(EventBasicInformation{static_cast<LONG>(event->kind()), event->is_set()}, buffer, size, needed);
  });
}

// --- mutants ---

HM_WINAPI NTSTATUS NtCreateMutant(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                  BOOLEAN owned) noexcept {
  return nt_create(handle, nt::Mutant::kType, access, attributes,
                   [&] { return nt::make_object<nt::Mutant>(owned ? &nt::current_thread() : nullptr); });
}
HM_WINAPI NTSTATUS NtOpenMutant(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::Mutant::kType, access, attributes);
}
HM_WINAPI NTSTATUS NtReleaseMutant(HANDLE handle, LONG* previous) noexcept {
  return status_of([&]() -> Status {
    const auto mutant = TRY(nt::object_of<nt::Mutant>(handle, 0));
    store_if(previous, TRY(mutant->release_owned()));
    return ok;
  });
}
HM_WINAPI NTSTATUS NtQueryMutant(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                 ULONG* needed) noexcept {
  struct MutantBasicInformation {
    LONG CurrentCount;
    BOOLEAN OwnedByCaller, AbandonedState;
  };
  return status_of([&]() -> Status {
    TRY(only_class_zero(information_class));
    const auto state = TRY(nt::object_of<nt::Mutant>(handle, nt::MUTANT_QUERY_STATE))->state();
    return deliver(MutantBasicInformation{state.count, state.owned_by_caller, state.abandoned}, buffer, size, needed);
  });
}

// --- semaphores ---

HM_WINAPI NTSTATUS NtCreateSemaphore(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                     LONG initial, LONG maximum) noexcept {
  if (!nt::Semaphore::check_counts(initial, maximum)) return STATUS_INVALID_PARAMETER;
  return nt_create(handle, nt::Semaphore::kType, access, attributes,
                   [&] { return nt::make_object<nt::Semaphore>(initial, maximum); });
}
HM_WINAPI NTSTATUS NtOpenSemaphore(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::Semaphore::kType, access, attributes);
}
HM_WINAPI NTSTATUS NtReleaseSemaphore(HANDLE handle, LONG count, LONG* previous) noexcept {
  return status_of([&]() -> Status {
    const auto semaphore = TRY(nt::object_of<nt::Semaphore>(handle, nt::SEMAPHORE_MODIFY_STATE));
    store_if(previous, TRY(semaphore->release_by(count)));
    return ok;
  });
}
HM_WINAPI NTSTATUS NtQuerySemaphore(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                    ULONG* needed) noexcept {
  struct SemaphoreBasicInformation {
    LONG CurrentCount, MaximumCount;
  };
  return status_of([&]() -> Status {
    TRY(only_class_zero(information_class));
    const auto semaphore = TRY(nt::object_of<nt::Semaphore>(handle, nt::SEMAPHORE_QUERY_STATE));
    return deliver(SemaphoreBasicInformation{semaphore->count(), semaphore->maximum()}, buffer, size, needed);
  });
}

// --- timers ---

HM_WINAPI NTSTATUS NtCreateTimer(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                 LONG type) noexcept {
  if (type != 0 && type != 1) return STATUS_INVALID_PARAMETER;
  return nt_create(handle, nt::Timer::kType, access, attributes,
                   [&] { return nt::make_object<nt::Timer>(static_cast<nt::Timer::Kind>(type)); });
}
HM_WINAPI NTSTATUS NtOpenTimer(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::Timer::kType, access, attributes);
}
HM_WINAPI NTSTATUS NtSetTimer(HANDLE handle, const LARGE_INTEGER* due, nt::TimerApcRoutine routine, void* argument,
                              BOOLEAN, LONG period, BOOLEAN* previous) noexcept {
  return status_of([&]() -> Status {
    TRY(require(due));
    if (period < 0) return fail(STATUS_INVALID_PARAMETER, "a period of {} ms", period);
    const auto timer = TRY(nt::object_of<nt::Timer>(handle, nt::TIMER_MODIFY_STATE));
    store_if(previous, timer->set({*due, routine, argument, static_cast<ULONG>(period)}));
    return ok;
  });
}
HM_WINAPI NTSTATUS NtCancelTimer(HANDLE handle, BOOLEAN* previous) noexcept {
  return status_of([&]() -> Status {
    store_if(previous, TRY(nt::object_of<nt::Timer>(handle, nt::TIMER_MODIFY_STATE))->cancel());
    return ok;
  });
}
HM_WINAPI NTSTATUS NtQueryTimer(HANDLE handle, LONG information_class, void* buffer, ULONG size,
                                ULONG* needed) noexcept {
  struct TimerBasicInformation {
    LARGE_INTEGER RemainingTime;
    BOOLEAN TimerState;
  };
  return status_of([&]() -> Status {
    TRY(only_class_zero(information_class));
    const auto state = TRY(nt::object_of<nt::Timer>(handle, nt::TIMER_QUERY_STATE))->state();
    return deliver(TimerBasicInformation{state.remaining, state.signalled}, buffer, size, needed);
  });
}

// --- keyed events ---

HM_WINAPI NTSTATUS NtCreateKeyedEvent(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes,
                                      ULONG flags) noexcept {
  if (flags != 0) return STATUS_INVALID_PARAMETER_4;
  return nt_create(handle, nt::KeyedEvent::kType, access, attributes, [] { return nt::make_object<nt::KeyedEvent>(); });
}
HM_WINAPI NTSTATUS NtOpenKeyedEvent(HANDLE* handle, ACCESS_MASK access, const OBJECT_ATTRIBUTES* attributes) noexcept {
  return nt_open(handle, nt::KeyedEvent::kType, access, attributes);
}

Result<nt::Ref<nt::KeyedEvent>> keyed_event(HANDLE handle, ACCESS_MASK access) {
  if (handle == nullptr) return nt::Ref<nt::KeyedEvent>::share(nt::KeyedEvent::process_wide());
  return nt::object_of<nt::KeyedEvent>(handle, access);
}
HM_WINAPI NTSTATUS NtWaitForKeyedEvent(HANDLE handle, const void* key, BOOLEAN alertable,
                                       const LARGE_INTEGER* timeout) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    return TRY(keyed_event(handle, nt::KEYEDEVENT_WAIT))->wait(key, alertable != 0, timeout_from(timeout));
  });
}
HM_WINAPI NTSTATUS NtReleaseKeyedEvent(HANDLE handle, const void* key, BOOLEAN alertable,
                                       const LARGE_INTEGER* timeout) noexcept {
  return status_of([&]() -> Result<NTSTATUS> {
    return TRY(keyed_event(handle, nt::KEYEDEVENT_WAKE))->release_key(key, alertable != 0, timeout_from(timeout));
  });
}

const Export kRows[] = {
    {"NtCancelTimer", proc(NtCancelTimer)},
    {"NtClearEvent", proc(NtClearEvent)},
    {"NtCreateEvent", proc(NtCreateEvent)},
    {"NtCreateKeyedEvent", proc(NtCreateKeyedEvent)},
    {"NtCreateMutant", proc(NtCreateMutant)},
    {"NtCreateSemaphore", proc(NtCreateSemaphore)},
    {"NtCreateTimer", proc(NtCreateTimer)},
    {"NtOpenEvent", proc(NtOpenEvent)},
    {"NtOpenKeyedEvent", proc(NtOpenKeyedEvent)},
    {"NtOpenMutant", proc(NtOpenMutant)},
    {"NtOpenSemaphore", proc(NtOpenSemaphore)},
    {"NtOpenTimer", proc(NtOpenTimer)},
    {"NtPulseEvent", proc(NtPulseEvent)},
    {"NtQueryEvent", proc(NtQueryEvent)},
    {"NtQueryMutant", proc(NtQueryMutant)},
    {"NtQuerySemaphore", proc(NtQuerySemaphore)},
    {"NtQueryTimer", proc(NtQueryTimer)},
    {"NtReleaseKeyedEvent", proc(NtReleaseKeyedEvent)},
    {"NtReleaseMutant", proc(NtReleaseMutant)},
    {"NtReleaseSemaphore", proc(NtReleaseSemaphore)},
    {"NtResetEvent", proc(NtResetEvent)},
    {"NtSetEvent", proc(NtSetEvent)},
    {"NtSetTimer", proc(NtSetTimer)},
    {"NtWaitForKeyedEvent", proc(NtWaitForKeyedEvent)},
};

}  // namespace

extern const ExportTable sync_exports = kRows;

}  // namespace hmodule::winapi
