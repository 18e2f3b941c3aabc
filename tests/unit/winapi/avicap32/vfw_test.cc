#include "unit/winapi/process.h"
#include "win/winuser.h"
#include "winapi/avicap32/exports.h"

namespace hmodule::winapi {
namespace {

TEST(Avicap32, KnowsNoCamera) {
  char name[80] = "as before", version[80] = "as before";
  for (const char* function_name : {"capGetDriverDescriptionA", "capGetDriverDescriptionW"})
    EXPECT_EQ((function<BOOL, UINT, void*, int, void*, int>(avicap32_dll, function_name)(0, name, 80, version, 80)),
              FALSE);
  EXPECT_STREQ(name, "as before");
  for (const char* function_name : {"capCreateCaptureWindowA", "capCreateCaptureWindowW"})
    EXPECT_EQ((function<HWND, const void*, DWORD, int, int, int, int, HWND, int>(avicap32_dll, function_name)(
                  nullptr, 0, 0, 0, 1, 1, nullptr, 0)),
              nullptr);
}

}  // namespace
}  // namespace hmodule::winapi
