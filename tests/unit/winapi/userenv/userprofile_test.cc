#include "nt/handle_table.h"
#include "nt/process_parameters.h"
#include "nt/token.h"
#include "unit/winapi/process.h"
#include "winapi/userenv/exports.h"

namespace hmodule::winapi {
namespace {

// libuv's uv_os_get_passwd asks for the size first; 6 (ERROR_INVALID_HANDLE) and 122 (ERROR_INSUFFICIENT_BUFFER).
TEST(UserProfile, IsWhereTheEnvironmentSays) {
  process();
  const HANDLE token = *nt::handle_for(nt::Token::of_process(), TOKEN_QUERY);
  ASSERT_TRUE(nt::set_environment_variable(u"USERPROFILE", u"Z:\\home\\someone"));
  const auto wide = function<BOOL, HANDLE, WCHAR*, DWORD*>(userenv_dll, "GetUserProfileDirectoryW");
  const auto narrow = function<BOOL, HANDLE, char*, DWORD*>(userenv_dll, "GetUserProfileDirectoryA");
  DWORD size = 0;
  EXPECT_FALSE(wide(token, nullptr, &size));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INSUFFICIENT_BUFFER});
  EXPECT_EQ(size, 16U);
  std::u16string path(16, u'?');
  EXPECT_TRUE(wide(token, path.data(), &size));
  EXPECT_EQ(path, std::u16string_view(u"Z:\\home\\someone\0", 16));
  EXPECT_EQ(size, 16U);
  std::string text(15, '?');
  size = 15;
  EXPECT_FALSE(narrow(token, text.data(), &size));
  EXPECT_EQ(text, std::string(15, '?'));
  text.resize(16);
  EXPECT_TRUE(narrow(token, text.data(), &size));
  EXPECT_STREQ(text.c_str(), "Z:\\home\\someone");
  EXPECT_FALSE(wide(token, path.data(), nullptr));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
  EXPECT_FALSE(wide(nullptr, path.data(), &size));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
  EXPECT_TRUE(nt::handles().close(token));
}

}  // namespace
}  // namespace hmodule::winapi
