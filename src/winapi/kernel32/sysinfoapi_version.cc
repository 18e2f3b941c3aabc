// winbase.h, questions about the version of Windows: over ntdll's.
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/ntdll/version.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

constexpr DWORD ERROR_BAD_ARGUMENTS = 160, ERROR_OLD_WIN_VERSION = 1150;

Status verify(const OSVERSIONINFOEXW& info, DWORD types, ULONGLONG conditions) {
  const NTSTATUS status = RtlVerifyVersionInfo(&info, types, conditions);
  if (status == STATUS_INVALID_PARAMETER) return fail_win32(ERROR_BAD_ARGUMENTS, "no types or conditions");
  if (!nt_success(status)) return fail_win32(ERROR_OLD_WIN_VERSION, "another version of Windows is wanted");
  return ok;
}
HM_WINAPI BOOL VerifyVersionInfoW(const OSVERSIONINFOEXW* info, DWORD types, ULONGLONG conditions) noexcept {
  return succeed([&] { return verify(*info, types, conditions); });
}
HM_WINAPI BOOL VerifyVersionInfoA(const OSVERSIONINFOEX<CHAR>* info, DWORD types, ULONGLONG conditions) noexcept {
  return succeed([&] {
    OSVERSIONINFOEXW wide{};
    wide.dwMajorVersion = info->dwMajorVersion;
    wide.dwMinorVersion = info->dwMinorVersion;
    wide.dwBuildNumber = info->dwBuildNumber;
    wide.dwPlatformId = info->dwPlatformId;
    wide.wServicePackMajor = info->wServicePackMajor;
    wide.wServicePackMinor = info->wServicePackMinor;
    wide.wSuiteMask = info->wSuiteMask;
    wide.wProductType = info->wProductType;
    return verify(wide, types, conditions);
  });
}

const Export kRows[] = {
    {"VerSetConditionMask", proc(VerSetConditionMask)},
    {"VerifyVersionInfoA", proc(VerifyVersionInfoA)},
    {"VerifyVersionInfoW", proc(VerifyVersionInfoW)},
};

}  // namespace

extern const ExportTable sysinfoapi_version_exports = kRows;

}  // namespace hmodule::winapi
