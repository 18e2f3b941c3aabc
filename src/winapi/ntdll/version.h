// The version of Windows we are: what the PEB says. kernel32 exports these under its own names.
#pragma once

#include "win/types.h"

namespace hmodule::winapi {

// RTL_OSVERSIONINFOW, followed by the fields of RTL_OSVERSIONINFOEXW.
template <typename Char>
struct OSVERSIONINFOEX {
  ULONG dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;
  Char szCSDVersion[128];
  USHORT wServicePackMajor, wServicePackMinor, wSuiteMask;
  UCHAR wProductType, wReserved;
};
using OSVERSIONINFOEXW = OSVERSIONINFOEX<WCHAR>;
static_assert(sizeof(OSVERSIONINFOEXW) == 284 && sizeof(OSVERSIONINFOEX<CHAR>) == 156);
inline constexpr ULONG kShortVersionW = 276, kShortVersionA = 148;  // without the second part

inline constexpr NTSTATUS STATUS_REVISION_MISMATCH = static_cast<NTSTATUS>(0xC0000059);

HM_WINAPI NTSTATUS RtlGetVersion(OSVERSIONINFOEXW* info) noexcept;
HM_WINAPI NTSTATUS RtlVerifyVersionInfo(const OSVERSIONINFOEXW* info, DWORD types, ULONGLONG conditions) noexcept;
HM_WINAPI ULONGLONG VerSetConditionMask(ULONGLONG mask, DWORD types, BYTE condition) noexcept;

}  // namespace hmodule::winapi
