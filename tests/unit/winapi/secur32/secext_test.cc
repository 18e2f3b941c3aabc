#include "unit/winapi/process.h"
#include "winapi/secur32/exports.h"

#include <string>

namespace hmodule::winapi {
namespace {

TEST(Secur32, UsersHaveAName) {
  const auto wide = function<BOOLEAN, int, WCHAR*, ULONG*>(secur32_dll, "GetUserNameExW");
  const auto narrow = function<BOOLEAN, int, char*, ULONG*>(secur32_dll, "GetUserNameExA");
  ULONG size = 0;
  EXPECT_FALSE(wide(2, nullptr, &size));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_MORE_DATA});
  ASSERT_GT(size, 3U);
  std::u16string name(size, u'!');
  const ULONG needed = size;
  ASSERT_TRUE(wide(2, name.data(), &size));
  EXPECT_EQ(size, needed - 1) << "without the terminator";
  name.resize(size);
  EXPECT_NE(name.find(u'\\'), name.npos);
  std::string text(3 * needed, '!');
  size = static_cast<ULONG>(text.size());
  ASSERT_TRUE(narrow(2, text.data(), &size));
  EXPECT_GE(size, needed - 1);
  EXPECT_FALSE(wide(7, name.data(), &size)) << "no canonical name without a directory";
  EXPECT_EQ(thread::last_error(), 1332U) << "ERROR_NONE_MAPPED";
  EXPECT_FALSE(wide(2, name.data(), nullptr));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
}

TEST(Secur32, ThereIsNoDomain) {
  ULONG size = 0;
  EXPECT_FALSE((function<BOOLEAN, int, char*, ULONG*>(secur32_dll, "GetComputerObjectNameA")(2, nullptr, &size)));
  EXPECT_EQ(thread::last_error(), 1351U);
  EXPECT_FALSE((function<BOOLEAN, int, WCHAR*, ULONG*>(secur32_dll, "GetComputerObjectNameW")(2, nullptr, &size)));
  EXPECT_EQ(thread::last_error(), 1351U);
}

}  // namespace
}  // namespace hmodule::winapi
