// profileapi.h and realtimeapiset.h: the performance counter and the interrupt time.
#include "module/builtin.h"
#include "nls/time.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI BOOL QueryPerformanceCounter(LARGE_INTEGER* count) noexcept {
  *count = nls::performance_counter();
  return TRUE;
}
HM_WINAPI BOOL QueryPerformanceFrequency(LARGE_INTEGER* frequency) noexcept {
  *frequency = nls::kPerformanceFrequency;
  return TRUE;
}

HM_WINAPI void QueryInterruptTime(ULONGLONG* time) noexcept {
  *time = static_cast<ULONGLONG>(nls::interrupt_time());
}
HM_WINAPI BOOL QueryUnbiasedInterruptTime(ULONGLONG* time) noexcept {
  *time = static_cast<ULONGLONG>(nls::unbiased_interrupt_time());
  return TRUE;
}
HM_WINAPI void QueryUnbiasedInterruptTimePrecise(ULONGLONG* time) noexcept {
  *time = static_cast<ULONGLONG>(nls::unbiased_interrupt_time());
}

const Export kRows[] = {
    {"QueryInterruptTime", proc(QueryInterruptTime)},
    {"QueryInterruptTimePrecise", proc(QueryInterruptTime)},
    {"QueryPerformanceCounter", proc(QueryPerformanceCounter)},
    {"QueryPerformanceFrequency", proc(QueryPerformanceFrequency)},
    {"QueryUnbiasedInterruptTime", proc(QueryUnbiasedInterruptTime)},
    {"QueryUnbiasedInterruptTimePrecise", proc(QueryUnbiasedInterruptTimePrecise)},
};

}  // namespace

extern const ExportTable profileapi_exports = kRows;

}  // namespace hmodule::winapi
