// sysinfoapi.h, the clocks.
#include "module/builtin.h"
#include "nls/timezone.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI void GetSystemTimeAsFileTime(FILETIME* time) noexcept {
  *time = nls::filetime(nls::system_time());
}

HM_WINAPI void GetSystemTime(SYSTEMTIME* fields) noexcept {
  *fields = nls::split(nls::system_time()).value_or(SYSTEMTIME{});
}

HM_WINAPI void GetLocalTime(SYSTEMTIME* fields) noexcept {
  *fields = nls::split(nls::system_time() - nls::local_bias()).value_or(SYSTEMTIME{});
}

HM_WINAPI DWORD GetTickCount() noexcept {
  return static_cast<DWORD>(nls::tick_count());
}
HM_WINAPI ULONGLONG GetTickCount64() noexcept {
  return nls::tick_count();
}

// The clock runs by itself; 156250 is the tick of 64 Hz that Windows reports.
HM_WINAPI BOOL GetSystemTimeAdjustment(DWORD* adjustment, DWORD* increment, BOOL* disabled) noexcept {
  *adjustment = *increment = 156'250;
  *disabled = TRUE;
  return TRUE;
}
HM_WINAPI BOOL GetSystemTimeAdjustmentPrecise(ULONGLONG* adjustment, ULONGLONG* increment, BOOL* disabled) noexcept {
  *adjustment = *increment = nls::kPerformanceFrequency;
  *disabled = TRUE;
  return TRUE;
}

// Setting the host's clock is not a DLL's business.
BOOL refuse() {
  return succeed([]() -> Status { return fail_win32(ERROR_PRIVILEGE_NOT_HELD, "the clock is the host's"); });
}
HM_WINAPI BOOL SetSystemTime(const SYSTEMTIME*) noexcept {
  return refuse();
}
HM_WINAPI BOOL SetLocalTime(const SYSTEMTIME*) noexcept {
  return refuse();
}
HM_WINAPI BOOL SetSystemTimeAdjustment(DWORD, BOOL) noexcept {
  return refuse();
}

const Export kRows[] = {
    {"GetLocalTime", proc(GetLocalTime)},
    {"GetSystemTime", proc(GetSystemTime)},
    {"GetSystemTimeAdjustment", proc(GetSystemTimeAdjustment)},
    {"GetSystemTimeAdjustmentPrecise", proc(GetSystemTimeAdjustmentPrecise)},
    {"GetSystemTimeAsFileTime", proc(GetSystemTimeAsFileTime)},
    {"GetSystemTimePreciseAsFileTime", proc(GetSystemTimeAsFileTime)},
    {"GetTickCount", proc(GetTickCount)},
    {"GetTickCount64", proc(GetTickCount64)},
    {"SetLocalTime", proc(SetLocalTime), Support::partial, "always refused"},
    {"SetSystemTime", proc(SetSystemTime), Support::partial, "always refused"},
    {"SetSystemTimeAdjustment", proc(SetSystemTimeAdjustment), Support::partial, "always refused"},
};

}  // namespace

extern const ExportTable sysinfoapi_time_exports = kRows;

}  // namespace hmodule::winapi
