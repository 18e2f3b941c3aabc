// Times and clocks of ntdll.
#include "module/builtin.h"
#include "nls/timezone.h"
#include "win/status.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

using nls::Ticks;

// kernel32 hands on its caller's FILETIME, which need not lie on 8 bytes.
Ticks load(const LARGE_INTEGER* time) {
  Ticks value;
  std::memcpy(&value, time, sizeof value);
  return value;
}
void store(LARGE_INTEGER* time, Ticks value) {
  std::memcpy(time, &value, sizeof value);
}

HM_WINAPI NTSTATUS NtQuerySystemTime(LARGE_INTEGER* time) noexcept {
  if (time == nullptr) return STATUS_ACCESS_VIOLATION;
  store(time, nls::system_time());
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS NtSetSystemTime(const LARGE_INTEGER*, LARGE_INTEGER*) noexcept {
  return STATUS_PRIVILEGE_NOT_HELD;  // the clock is the host's
}
HM_WINAPI LARGE_INTEGER RtlGetSystemTimePrecise() noexcept {
  return nls::system_time();
}

HM_WINAPI NTSTATUS NtQueryPerformanceCounter(LARGE_INTEGER* count, LARGE_INTEGER* frequency) noexcept {
  if (count == nullptr) return STATUS_ACCESS_VIOLATION;
  *count = nls::performance_counter();
  if (frequency != nullptr) *frequency = nls::kPerformanceFrequency;
  return STATUS_SUCCESS;
}
HM_WINAPI BOOL RtlQueryPerformanceCounter(LARGE_INTEGER* count) noexcept {
  *count = nls::performance_counter();
  return TRUE;
}
HM_WINAPI BOOL RtlQueryPerformanceFrequency(LARGE_INTEGER* frequency) noexcept {
  *frequency = nls::kPerformanceFrequency;
  return TRUE;
}
HM_WINAPI ULONG NtGetTickCount() noexcept {
  return static_cast<ULONG>(nls::tick_count());
}
HM_WINAPI ULONGLONG RtlGetInterruptTimePrecise(LARGE_INTEGER* count) noexcept {
  if (count != nullptr) *count = nls::performance_counter();
  return static_cast<ULONGLONG>(nls::interrupt_time());
}
HM_WINAPI BOOL RtlQueryUnbiasedInterruptTime(ULONGLONG* time) noexcept {
  *time = static_cast<ULONGLONG>(nls::unbiased_interrupt_time());
  return TRUE;
}

HM_WINAPI void RtlTimeToTimeFields(const LARGE_INTEGER* time, TIME_FIELDS* fields) noexcept {
  const SYSTEMTIME split = nls::split(load(time)).value_or(SYSTEMTIME{});
  const auto narrow = [](WORD value) { return static_cast<SHORT>(value); };
  *fields = {narrow(split.wYear),   narrow(split.wMonth),  narrow(split.wDay),          narrow(split.wHour),
             narrow(split.wMinute), narrow(split.wSecond), narrow(split.wMilliseconds), narrow(split.wDayOfWeek)};
}

HM_WINAPI BOOLEAN RtlTimeFieldsToTime(const TIME_FIELDS* fields, LARGE_INTEGER* time) noexcept {
  const auto wide = [](SHORT value) { return static_cast<WORD>(value); };
  const auto joined = nls::join({wide(fields->Year), wide(fields->Month), 0, wide(fields->Day), wide(fields->Hour),
                                 wide(fields->Minute), wide(fields->Second), wide(fields->Milliseconds)});
  if (joined) store(time, *joined);
  return joined.has_value();
}

// 32 bits of seconds: FALSE for a time that they cannot say.
BOOLEAN seconds_since(Ticks epoch, Ticks time, ULONG* seconds) {
  const Ticks elapsed = (time - epoch) / nls::kTicksPerSecond;
  if (time < epoch || elapsed > 0xFFFFFFFF) return FALSE;
  *seconds = static_cast<ULONG>(elapsed);
  return TRUE;
}
HM_WINAPI BOOLEAN RtlTimeToSecondsSince1970(const LARGE_INTEGER* time, ULONG* seconds) noexcept {
  return seconds_since(nls::kUnixEpoch, load(time), seconds);
}
HM_WINAPI BOOLEAN RtlTimeToSecondsSince1980(const LARGE_INTEGER* time, ULONG* seconds) noexcept {
  return seconds_since(nls::kEpoch1980, load(time), seconds);
}
HM_WINAPI void RtlSecondsSince1970ToTime(ULONG seconds, LARGE_INTEGER* time) noexcept {
  store(time, nls::kUnixEpoch + seconds * nls::kTicksPerSecond);
}
HM_WINAPI void RtlSecondsSince1980ToTime(ULONG seconds, LARGE_INTEGER* time) noexcept {
  store(time, nls::kEpoch1980 + seconds * nls::kTicksPerSecond);
}

HM_WINAPI void RtlTimeToElapsedTimeFields(const LARGE_INTEGER* time, TIME_FIELDS* fields) noexcept {
  const Ticks ticks = load(time), milliseconds = ticks % nls::kTicksPerDay / nls::kTicksPerMillisecond;
  fields->Year = fields->Month = 0;
  fields->Day = static_cast<SHORT>(ticks / nls::kTicksPerDay);
  fields->Hour = static_cast<SHORT>(milliseconds / 3'600'000);
  fields->Minute = static_cast<SHORT>(milliseconds / 60'000 % 60);
  fields->Second = static_cast<SHORT>(milliseconds / 1000 % 60);
  fields->Milliseconds = static_cast<SHORT>(milliseconds % 1000);
}

HM_WINAPI NTSTATUS RtlSystemTimeToLocalTime(const LARGE_INTEGER* time, LARGE_INTEGER* local) noexcept {
  store(local, load(time) - nls::local_bias());
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlLocalTimeToSystemTime(const LARGE_INTEGER* local, LARGE_INTEGER* time) noexcept {
  store(time, load(local) + nls::local_bias());
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS RtlQueryTimeZoneInformation(TIME_ZONE_INFORMATION* zone) noexcept {
  *zone = nls::local_zone();
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlQueryDynamicTimeZoneInformation(DYNAMIC_TIME_ZONE_INFORMATION* zone) noexcept {
  *zone = nls::local_zone();
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlSetTimeZoneInformation(const TIME_ZONE_INFORMATION*) noexcept {
  return STATUS_PRIVILEGE_NOT_HELD;
}

const Export kRows[] = {
    {"NtGetTickCount", proc(NtGetTickCount)},
    {"NtQueryPerformanceCounter", proc(NtQueryPerformanceCounter)},
    {"NtQuerySystemTime", proc(NtQuerySystemTime)},
    {"NtSetSystemTime", proc(NtSetSystemTime), Support::partial, "always refused"},
    {"RtlGetInterruptTimePrecise", proc(RtlGetInterruptTimePrecise)},
    {"RtlGetSystemTimePrecise", proc(RtlGetSystemTimePrecise)},
    {"RtlLocalTimeToSystemTime", proc(RtlLocalTimeToSystemTime)},
    {"RtlQueryDynamicTimeZoneInformation", proc(RtlQueryDynamicTimeZoneInformation)},
    {"RtlQueryPerformanceCounter", proc(RtlQueryPerformanceCounter)},
    {"RtlQueryPerformanceFrequency", proc(RtlQueryPerformanceFrequency)},
    {"RtlQueryTimeZoneInformation", proc(RtlQueryTimeZoneInformation)},
    {"RtlQueryUnbiasedInterruptTime", proc(RtlQueryUnbiasedInterruptTime)},
    {"RtlSecondsSince1970ToTime", proc(RtlSecondsSince1970ToTime)},
    {"RtlSecondsSince1980ToTime", proc(RtlSecondsSince1980ToTime)},
    {"RtlSetTimeZoneInformation", proc(RtlSetTimeZoneInformation), Support::partial, "always refused"},
    {"RtlSystemTimeToLocalTime", proc(RtlSystemTimeToLocalTime)},
    {"RtlTimeFieldsToTime", proc(RtlTimeFieldsToTime)},
    {"RtlTimeToElapsedTimeFields", proc(RtlTimeToElapsedTimeFields)},
    {"RtlTimeToSecondsSince1970", proc(RtlTimeToSecondsSince1970)},
    {"RtlTimeToSecondsSince1980", proc(RtlTimeToSecondsSince1980)},
    {"RtlTimeToTimeFields", proc(RtlTimeToTimeFields)},
    {"ZwGetTickCount", proc(NtGetTickCount)},
    {"ZwQueryPerformanceCounter", proc(NtQueryPerformanceCounter)},
    {"ZwQuerySystemTime", proc(NtQuerySystemTime)},
};

}  // namespace

extern const ExportTable time_exports = kRows;

}  // namespace hmodule::winapi
