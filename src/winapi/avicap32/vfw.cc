// avicap32.dll, vfw.h: there is no camera, so no driver to name and no window to show its pictures in.
#include "win/types.h"
#include "win/winuser.h"
#include "winapi/avicap32/exports.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI BOOL no_driver(UINT, void*, int, void*, int) noexcept {
  return FALSE;
}
HM_WINAPI HWND no_window(const void*, DWORD, int, int, int, int, HWND, int) noexcept {
  return nullptr;
}

constexpr std::string_view kNone = "there is no camera";
const Export kRows[] = {
    {"capCreateCaptureWindowA", proc(no_window), Support::partial, kNone},
    {"capCreateCaptureWindowW", proc(no_window), Support::partial, kNone},
    {"capGetDriverDescriptionA", proc(no_driver), Support::partial, kNone},
    {"capGetDriverDescriptionW", proc(no_driver), Support::partial, kNone},
};
constexpr ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll avicap32_dll = {"avicap32.dll", kTables};

}  // namespace hmodule::winapi
