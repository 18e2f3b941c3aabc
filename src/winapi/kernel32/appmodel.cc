// appmodel.h: this process came out of no package. All functions return an error code.
#include "module/builtin.h"

namespace hmodule::winapi {
namespace {

constexpr LONG kNoPackage = 15700;      // APPMODEL_ERROR_NO_PACKAGE
constexpr LONG kNoApplication = 15703;  // APPMODEL_ERROR_NO_APPLICATION

HM_WINAPI LONG NoPackageId(UINT*, BYTE*) noexcept {
  return kNoPackage;
}
HM_WINAPI LONG NoPackageName(UINT*, WCHAR*) noexcept {
  return kNoPackage;
}
HM_WINAPI LONG NoApplicationName(UINT*, WCHAR*) noexcept {
  return kNoApplication;
}
HM_WINAPI LONG NoPackageNameOfProcess(HANDLE, UINT*, WCHAR*) noexcept {
  return kNoPackage;
}
HM_WINAPI LONG NoPackageInfo(UINT, UINT*, BYTE*, UINT*) noexcept {
  return kNoPackage;
}

const Export kRows[] = {
    {"GetCurrentApplicationUserModelId", proc(NoApplicationName)},
    {"GetCurrentPackageFamilyName", proc(NoPackageName)},
    {"GetCurrentPackageFullName", proc(NoPackageName)},
    {"GetCurrentPackageId", proc(NoPackageId)},
    {"GetCurrentPackageInfo", proc(NoPackageInfo)},
    {"GetCurrentPackagePath", proc(NoPackageName)},
    {"GetPackageFamilyName", proc(NoPackageNameOfProcess)},
    {"GetPackageFullName", proc(NoPackageNameOfProcess)},
};

}  // namespace

extern const ExportTable appmodel_exports = kRows;

}  // namespace hmodule::winapi
