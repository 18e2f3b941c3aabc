#include "unit/winapi/process.h"

namespace hmodule::winapi {
namespace {

TEST(Werapi, FlagsAreKeptForThisProcess) {
  const auto get = function<LONG, HANDLE, DWORD*>(kernel32_dll, "WerGetFlags");
  const HANDLE self = reinterpret_cast<HANDLE>(std::intptr_t{-1});
  DWORD flags = 1;
  EXPECT_EQ(get(self, &flags), 0);
  EXPECT_EQ(flags, 0u);
  EXPECT_EQ((function<LONG, DWORD>(kernel32_dll, "WerSetFlags")(4)), 0);
  EXPECT_EQ(get(self, &flags), 0);
  EXPECT_EQ(flags, 4u);
  EXPECT_EQ(static_cast<DWORD>(get(self, nullptr)), 0x80070057u);
  EXPECT_EQ(static_cast<DWORD>(get(nullptr, &flags)), 0x80070006u);
}

}  // namespace
}  // namespace hmodule::winapi
