#include "unit/winapi/process.h"
#include "winapi/shell32/exports.h"

namespace hmodule::winapi {
namespace {

TEST(CommandLineToArgvW, IsOneBlockForLocalFree) {
  const auto call = function<WCHAR**, const WCHAR*, INT*>(shell32_dll, "CommandLineToArgvW");
  INT count = 0;
  WCHAR** arguments = call(u"app \"a b\" c\\\"d", &count);
  ASSERT_EQ(count, 3);
  EXPECT_EQ(std::u16string_view(arguments[1]), u"a b");
  EXPECT_EQ(std::u16string_view(arguments[2]), u"c\"d");
  EXPECT_EQ(arguments[3], nullptr);
  EXPECT_EQ((function<HANDLE, HANDLE>(kernel32_dll, "LocalFree")(arguments)), nullptr);
}

TEST(CommandLineToArgvW, AnEmptyLineIsTheProgram) {
  const auto call = function<WCHAR**, const WCHAR*, INT*>(shell32_dll, "CommandLineToArgvW");
  INT count = 0;
  WCHAR** arguments = call(u"", &count);
  ASSERT_EQ(count, 1);
  EXPECT_TRUE(std::u16string_view(arguments[0]).ends_with(u"unit_winapi_shell32"));
  EXPECT_EQ((function<HANDLE, HANDLE>(kernel32_dll, "LocalFree")(arguments)), nullptr);
  EXPECT_EQ(call(u"x", nullptr), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

}  // namespace
}  // namespace hmodule::winapi
