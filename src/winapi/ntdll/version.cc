#include "winapi/ntdll/version.h"

#include "module/builtin.h"
#include "thread/teb.h"
#include "win/status.h"

#include <bit>

namespace hmodule::winapi {

namespace {

const PEB& peb() {
  return *thread::teb().ProcessEnvironmentBlock;
}

constexpr UCHAR VER_NT_WORKSTATION = 1;
constexpr USHORT VER_SUITE_SINGLEUSERTS = 0x100;
constexpr DWORD VER_MINORVERSION = 1, VER_MAJORVERSION = 2, VER_BUILDNUMBER = 4, VER_PLATFORMID = 8,
                VER_SERVICEPACKMINOR = 0x10, VER_SERVICEPACKMAJOR = 0x20, VER_SUITENAME = 0x40, VER_PRODUCT_TYPE = 0x80;
constexpr BYTE VER_EQUAL = 1, VER_GREATER = 2, VER_GREATER_EQUAL = 3, VER_LESS = 4, VER_LESS_EQUAL = 5, VER_AND = 6,
               VER_OR = 7;

// Three bits for each type.
BYTE condition_for(ULONGLONG conditions, DWORD type) {
  return static_cast<BYTE>(conditions >> 3 * std::countr_zero(type) & 7);
}

bool holds(ULONG actual, BYTE condition, ULONG wanted) {
  switch (condition) {
    case VER_EQUAL:
      return actual == wanted;
    case VER_GREATER:
      return actual > wanted;
    case VER_GREATER_EQUAL:
      return actual >= wanted;
    case VER_LESS:
      return actual < wanted;
    case VER_LESS_EQUAL:
      return actual <= wanted;
    default:
      return false;
  }
}

bool suite_holds(USHORT actual, BYTE condition, USHORT wanted) {
  return condition == VER_AND ? (actual & wanted) == wanted : condition == VER_OR && (actual & wanted) != 0;
}

// Major, minor and service pack are one number in four parts: the first that differs decides.
bool release_holds(const OSVERSIONINFOEXW& actual, const OSVERSIONINFOEXW& wanted, DWORD types, ULONGLONG conditions) {
  const struct {
    DWORD type;
    ULONG actual, wanted;
  } parts[] = {
      {VER_MAJORVERSION, actual.dwMajorVersion, wanted.dwMajorVersion},
      {VER_MINORVERSION, actual.dwMinorVersion, wanted.dwMinorVersion},
      {VER_SERVICEPACKMAJOR, actual.wServicePackMajor, wanted.wServicePackMajor},
      {VER_SERVICEPACKMINOR, actual.wServicePackMinor, wanted.wServicePackMinor},
  };
  bool equal_holds = true;
  for (const auto& part : parts) {
    if ((types & part.type) == 0) continue;
    const BYTE condition = condition_for(conditions, part.type);
    if (part.actual != part.wanted) return holds(part.actual, condition, part.wanted);
    equal_holds = holds(part.actual, condition, part.wanted);
  }
  return equal_holds;
}

}  // namespace

HM_WINAPI NTSTATUS RtlGetVersion(OSVERSIONINFOEXW* info) noexcept {
  info->dwMajorVersion = peb().OSMajorVersion;
  info->dwMinorVersion = peb().OSMinorVersion;
  info->dwBuildNumber = peb().OSBuildNumber;
  info->dwPlatformId = peb().OSPlatformId;
  info->szCSDVersion[0] = 0;
  if (info->dwOSVersionInfoSize < sizeof(OSVERSIONINFOEXW)) return STATUS_SUCCESS;
  info->wServicePackMajor = info->wServicePackMinor = 0;
  info->wSuiteMask = VER_SUITE_SINGLEUSERTS;
  info->wProductType = VER_NT_WORKSTATION;
  info->wReserved = 0;
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS RtlVerifyVersionInfo(const OSVERSIONINFOEXW* info, DWORD types, ULONGLONG conditions) noexcept {
  if (types == 0 || conditions == 0) return STATUS_INVALID_PARAMETER;
  OSVERSIONINFOEXW actual{};
  actual.dwOSVersionInfoSize = sizeof actual;
  RtlGetVersion(&actual);
  const auto fits = [&](DWORD type, ULONG is, ULONG wanted) {
    return (types & type) == 0 || holds(is, condition_for(conditions, type), wanted);
  };
  const bool suite = (types & VER_SUITENAME) == 0 ||
                     suite_holds(actual.wSuiteMask, condition_for(conditions, VER_SUITENAME), info->wSuiteMask);
  const bool all = fits(VER_PRODUCT_TYPE, actual.wProductType, info->wProductType) && suite &&
                   fits(VER_PLATFORMID, actual.dwPlatformId, info->dwPlatformId) &&
                   fits(VER_BUILDNUMBER, actual.dwBuildNumber, info->dwBuildNumber) &&
                   release_holds(actual, *info, types, conditions);
  return all ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

HM_WINAPI ULONGLONG VerSetConditionMask(ULONGLONG mask, DWORD types, BYTE condition) noexcept {
  // Of several types the most significant one is meant.
  if (types == 0 || (types & 0xFF) == 0) return mask;
  const int index = 31 - std::countl_zero(types & 0xFF);
  return mask | static_cast<ULONGLONG>(condition & 7) << 3 * index;
}

namespace {

HM_WINAPI BOOLEAN RtlGetNtProductType(ULONG* type) noexcept {
  *type = VER_NT_WORKSTATION;
  return TRUE;
}

const Export kRows[] = {
    {"RtlGetNtProductType", proc(RtlGetNtProductType)},
    {"RtlGetVersion", proc(RtlGetVersion)},
    {"RtlVerifyVersionInfo", proc(RtlVerifyVersionInfo)},
    {"VerSetConditionMask", proc(VerSetConditionMask)},
};

}  // namespace

extern const ExportTable version_exports = kRows;

}  // namespace hmodule::winapi
