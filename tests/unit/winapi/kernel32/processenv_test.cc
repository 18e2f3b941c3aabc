#include "unit/winapi/process.h"

#include <string>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}

TEST(ProcessEnv, VariablesAreSetAndFoundWithoutCase) {
  const auto set = k32<BOOL, const WCHAR*, const WCHAR*>("SetEnvironmentVariableW");
  const auto get = k32<DWORD, const WCHAR*, WCHAR*, DWORD>("GetEnvironmentVariableW");
  WCHAR buffer[16] = {};
  EXPECT_TRUE(set(u"HmTest", u"value"));
  EXPECT_EQ(get(u"hmtest", buffer, 16), 5u);
  EXPECT_EQ(std::u16string_view(buffer), u"value");
  EXPECT_EQ(get(u"hmtest", buffer, 5), 6u);
  EXPECT_EQ(get(u"hmtest", nullptr, 0), 6u);
  EXPECT_EQ((k32<DWORD, const char*, char*, DWORD>("GetEnvironmentVariableA")("HMTEST", nullptr, 0)), 6u);
  EXPECT_TRUE(set(u"HmTest", nullptr));
  EXPECT_EQ(get(u"hmtest", buffer, 16), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_ENVVAR_NOT_FOUND);
  EXPECT_FALSE(set(nullptr, u"x"));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  EXPECT_FALSE(set(u"a=b", u"x"));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST(ProcessEnv, TheBlockIsACopyToBeFreed) {
  auto* block = k32<WCHAR*>("GetEnvironmentStringsW")();
  ASSERT_NE(block, nullptr);
  EXPECT_NE(std::u16string_view(block).find(u'='), std::u16string_view::npos);
  EXPECT_TRUE((k32<BOOL, WCHAR*>("FreeEnvironmentStringsW")(block)));
  auto* ansi = k32<char*>("GetEnvironmentStringsA")();
  EXPECT_TRUE((k32<BOOL, char*>("FreeEnvironmentStringsA")(ansi)));
}

TEST(ProcessEnv, ExpansionCountsItsTerminator) {
  const auto expand = k32<DWORD, const WCHAR*, WCHAR*, DWORD>("ExpandEnvironmentStringsW");
  WCHAR buffer[32] = {u'#'};
  EXPECT_EQ(expand(u"%SystemRoot%\\x", buffer, 32), 13u);
  EXPECT_EQ(std::u16string_view(buffer), u"C:\\Windows\\x");
  buffer[0] = u'#';
  EXPECT_EQ(expand(u"%SystemRoot%", buffer, 3), 11u);
  EXPECT_EQ(buffer[0], u'#');
}

TEST(ProcessEnv, TheCurrentDirectoryHasNoBackslashForPeople) {
  const auto set = k32<BOOL, const WCHAR*>("SetCurrentDirectoryW");
  const auto get = k32<DWORD, DWORD, WCHAR*>("GetCurrentDirectoryW");
  WCHAR before[300], buffer[32];
  get(300, before);
  EXPECT_TRUE(set(u"Z:\\tmp\\"));
  EXPECT_EQ(get(32, buffer), 6u);
  EXPECT_EQ(std::u16string_view(buffer), u"Z:\\tmp");
  EXPECT_EQ(get(3, buffer), 7u);
  EXPECT_TRUE(set(u"\\"));
  EXPECT_EQ(get(32, buffer), 3u);
  EXPECT_FALSE(set(u"no such place"));
  EXPECT_EQ(thread::last_error(), ERROR_FILE_NOT_FOUND);
  EXPECT_FALSE(set(u"Z:\\etc\\passwd"));
  EXPECT_EQ(thread::last_error(), ERROR_DIRECTORY);
  EXPECT_FALSE(set(nullptr));
  EXPECT_TRUE(set(before));
}

TEST(ProcessEnv, TheCommandLineIsOneStringForEver) {
  auto* line = k32<WCHAR*>("GetCommandLineW")();
  EXPECT_EQ(line, k32<WCHAR*>("GetCommandLineW")());
  EXPECT_NE(std::u16string_view(line).find(u"unit_"), std::u16string_view::npos);
  EXPECT_NE(std::string_view(k32<char*>("GetCommandLineA")()).find("unit_"), std::string_view::npos);
}

}  // namespace
}  // namespace hmodule::winapi
