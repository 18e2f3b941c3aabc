// imm.h: the answers for windows without an input method.
#include "module/builtin.h"
#include "win/winuser.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI HANDLE no_context(HWND) noexcept {
  return nullptr;
}
HM_WINAPI HANDLE no_context_before(HWND, HANDLE) noexcept {
  return nullptr;
}
HM_WINAPI BOOL release_context(HWND, HANDLE) noexcept {
  return FALSE;
}
HM_WINAPI BOOL ImmDisableIME(DWORD) noexcept {
  return TRUE;
}
HM_WINAPI BOOL ImmIsIME(HANDLE) noexcept {
  return FALSE;
}
HM_WINAPI BOOL ImmGetOpenStatus(HANDLE) noexcept {
  return FALSE;
}
HM_WINAPI UINT no_text(HANDLE, void*, UINT) noexcept {
  return 0;
}

constexpr std::string_view kNone = "there is no input method";
const Export kRows[] = {
    {"ImmAssociateContext", proc(no_context_before), Support::partial, kNone},
    {"ImmDisableIME", proc(ImmDisableIME)},
    {"ImmGetContext", proc(no_context), Support::partial, kNone},
    {"ImmGetDefaultIMEWnd", proc(no_context), Support::partial, kNone},
    {"ImmGetDescriptionA", proc(no_text), Support::partial, kNone},
    {"ImmGetDescriptionW", proc(no_text), Support::partial, kNone},
    {"ImmGetIMEFileNameA", proc(no_text), Support::partial, kNone},
    {"ImmGetIMEFileNameW", proc(no_text), Support::partial, kNone},
    {"ImmGetOpenStatus", proc(ImmGetOpenStatus), Support::partial, kNone},
    {"ImmIsIME", proc(ImmIsIME)},
    {"ImmReleaseContext", proc(release_context), Support::partial, kNone},
};

}  // namespace

extern const ExportTable imm_exports = kRows;

}  // namespace hmodule::winapi
