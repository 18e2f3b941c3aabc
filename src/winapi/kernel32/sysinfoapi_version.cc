// sysinfoapi.h and winbase.h, the version of Windows: over ntdll's.
#include "module/builtin.h"
#include "thread/teb.h"
#include "winapi/common/answer.h"
#include "winapi/ntdll/version.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

HM_WINAPI DWORD GetVersion() noexcept {
  const PEB& peb = *thread::teb().ProcessEnvironmentBlock;
  return peb.OSMajorVersion | peb.OSMinorVersion << 8 | static_cast<DWORD>(peb.OSBuildNumber) << 16;
}

HM_WINAPI BOOL GetVersionExW(OSVERSIONINFOEXW* info) noexcept {
  return succeed([&]() -> Status {
    const ULONG size = info->dwOSVersionInfoSize;
    if (size != kShortVersionW && size != sizeof(OSVERSIONINFOEXW))
      return fail_win32(ERROR_INSUFFICIENT_BUFFER, "a structure of {} bytes", size);
    RtlGetVersion(info);
    return ok;
  });
}

HM_WINAPI BOOL GetVersionExA(OSVERSIONINFOEX<CHAR>* info) noexcept {
  return succeed([&]() -> Status {
    const ULONG size = info->dwOSVersionInfoSize;
    if (size != kShortVersionA && size != sizeof(OSVERSIONINFOEX<CHAR>))
      return fail_win32(ERROR_INSUFFICIENT_BUFFER, "a structure of {} bytes", size);
    OSVERSIONINFOEXW wide{};
    wide.dwOSVersionInfoSize = sizeof wide;
    RtlGetVersion(&wide);
    info->dwMajorVersion = wide.dwMajorVersion;
    info->dwMinorVersion = wide.dwMinorVersion;
    info->dwBuildNumber = wide.dwBuildNumber;
    info->dwPlatformId = wide.dwPlatformId;
    info->szCSDVersion[0] = '\0';
    if (size == kShortVersionA) return ok;
    info->wServicePackMajor = wide.wServicePackMajor;
    info->wServicePackMinor = wide.wServicePackMinor;
    info->wSuiteMask = wide.wSuiteMask;
    info->wProductType = wide.wProductType;
    info->wReserved = 0;
    return ok;
  });
}

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
    {"GetVersion", proc(GetVersion)},
    {"GetVersionExA", proc(GetVersionExA)},
    {"GetVersionExW", proc(GetVersionExW)},
    {"VerSetConditionMask", proc(VerSetConditionMask)},
    {"VerifyVersionInfoA", proc(VerifyVersionInfoA)},
    {"VerifyVersionInfoW", proc(VerifyVersionInfoW)},
};

}  // namespace

extern const ExportTable sysinfoapi_version_exports = kRows;

}  // namespace hmodule::winapi
