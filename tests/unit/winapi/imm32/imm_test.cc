#include "unit/winapi/process.h"
#include "winapi/imm32/exports.h"

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> imm(std::string_view name) {
  return function<R, Args...>(imm32_dll, name);
}

TEST(Imm, KnowsNoInputMethod) {
  EXPECT_EQ((imm<HANDLE, HANDLE>("ImmGetContext")(nullptr)), nullptr);
  EXPECT_EQ((imm<HANDLE, HANDLE, HANDLE>("ImmAssociateContext")(nullptr, nullptr)), nullptr);
  EXPECT_EQ((imm<HANDLE, HANDLE>("ImmGetDefaultIMEWnd")(nullptr)), nullptr);
  EXPECT_EQ((imm<BOOL, HANDLE, HANDLE>("ImmReleaseContext")(nullptr, nullptr)), FALSE);
  EXPECT_EQ((imm<BOOL, HANDLE>("ImmIsIME")(nullptr)), FALSE);
  EXPECT_EQ((imm<BOOL, HANDLE>("ImmGetOpenStatus")(nullptr)), FALSE);
  EXPECT_EQ((imm<BOOL, DWORD>("ImmDisableIME")(0)), TRUE);
  for (const char* name : {"ImmGetDescriptionA", "ImmGetDescriptionW", "ImmGetIMEFileNameA", "ImmGetIMEFileNameW"})
    EXPECT_EQ((imm<UINT, HANDLE, void*, UINT>(name)(nullptr, nullptr, 0)), 0U) << name;
}

}  // namespace
}  // namespace hmodule::winapi
