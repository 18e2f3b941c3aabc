// avrt.dll, avrt.h: the scheduler for multimedia does not run, and knows no task; threads stay what they are.
#include "win/status.h"
#include "winapi/avrt/exports.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD ERROR_INVALID_TASK_NAME = 1550;

Error no_task() {
  return fail_win32(ERROR_INVALID_TASK_NAME, "the multimedia scheduler knows no task");
}
Error no_handle(HANDLE handle) {
  return fail(STATUS_INVALID_HANDLE, "the multimedia scheduler gave no handle {}", handle);
}

HM_WINAPI HANDLE set_characteristics(const void*, DWORD*) noexcept {
  return answer<HANDLE>(
      nullptr, []() -> Result<HANDLE> { return no_task(); }, "AvSetMmThreadCharacteristics");
}
HM_WINAPI HANDLE set_two_characteristics(const void*, const void*, DWORD*) noexcept {
  return answer<HANDLE>(
      nullptr, []() -> Result<HANDLE> { return no_task(); }, "AvSetMmMaxThreadCharacteristics");
}
HM_WINAPI BOOL AvRevertMmThreadCharacteristics(HANDLE handle) noexcept {
  return succeed([&]() -> Status { return no_handle(handle); });
}
HM_WINAPI BOOL AvSetMmThreadPriority(HANDLE handle, int) noexcept {
  return succeed([&]() -> Status { return no_handle(handle); });
}
HM_WINAPI BOOL AvQuerySystemResponsiveness(HANDLE handle, ULONG*) noexcept {
  return succeed([&]() -> Status { return no_handle(handle); });
}

constexpr std::string_view kNone = "there is no multimedia scheduler";
const Export kRows[] = {
    {"AvQuerySystemResponsiveness", proc(AvQuerySystemResponsiveness), Support::partial, kNone},
    {"AvRevertMmThreadCharacteristics", proc(AvRevertMmThreadCharacteristics), Support::partial, kNone},
    {"AvSetMmMaxThreadCharacteristicsA", proc(set_two_characteristics), Support::partial, kNone},
    {"AvSetMmMaxThreadCharacteristicsW", proc(set_two_characteristics), Support::partial, kNone},
    {"AvSetMmThreadCharacteristicsA", proc(set_characteristics), Support::partial, kNone},
    {"AvSetMmThreadCharacteristicsW", proc(set_characteristics), Support::partial, kNone},
    {"AvSetMmThreadPriority", proc(AvSetMmThreadPriority), Support::partial, kNone},
};
constexpr ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll avrt_dll = {"avrt.dll", kTables};

}  // namespace hmodule::winapi
