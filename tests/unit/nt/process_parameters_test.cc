#include "nt/process_parameters.h"

#include "nt/environment.h"
#include "nt/heap.h"
#include "thread/hooks.h"
#include "thread/peb.h"
#include "thread/teb.h"

#include <gtest/gtest.h>

namespace hmodule::nt {
namespace {

std::u16string_view view(const UNICODE_STRING& text) {
  return {text.Buffer, text.Length / sizeof(WCHAR)};
}

class ProcessParameters : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    thread::start();
    thread::attach();
    set_up_process();
  }
};

TEST_F(ProcessParameters, DescribeThisProcess) {
  const auto& all = thread::process_parameters();
  EXPECT_EQ(thread::peb().ProcessHeap, process_heap().handle());
  EXPECT_TRUE(view(all.ImagePathName).starts_with(u"Z:\\"));
  EXPECT_TRUE(view(all.ImagePathName).ends_with(u"\\unit_nt"));
  EXPECT_NE(view(all.CommandLine).find(u"unit_nt"), std::u16string_view::npos);
  EXPECT_EQ(all.CommandLine.Buffer[all.CommandLine.Length / 2], 0);
  EXPECT_TRUE(view(all.CurrentDirectory.DosPath).ends_with(u"\\"));
  EXPECT_EQ(environment_variable(u"systemroot"), u"C:\\Windows");
}

TEST_F(ProcessParameters, TheEnvironmentIsWhereThePebSays) {
  ASSERT_TRUE(set_environment_variable(u"hm_test", u"1"));
  const auto* block = static_cast<const char16_t*>(thread::process_parameters().Environment);
  EXPECT_EQ(find_variable(block, u"HM_TEST"), u"1");
  EXPECT_EQ(expand_environment_strings(u"%hm_test%%HM_TEST%"), u"11");
  EXPECT_EQ(thread::process_parameters().EnvironmentSize, environment_block().size() * 2);
  ASSERT_TRUE(set_environment_variable(u"hm_test", std::nullopt));
  EXPECT_FALSE(environment_variable(u"hm_test"));
  EXPECT_TRUE(set_environment_variable(u"hm_test", std::nullopt));
}

TEST_F(ProcessParameters, TheCurrentDirectoryHasATrailingBackslash) {
  const auto before = current_directory();
  ASSERT_TRUE(set_current_directory(u"Z:/tmp"));
  EXPECT_EQ(current_directory(), u"Z:\\tmp\\");
  EXPECT_EQ(full_path(u"x.dll").value(), u"Z:\\tmp\\x.dll");
  ASSERT_TRUE(set_current_directory(u".."));
  EXPECT_EQ(current_directory(), u"Z:\\");
  EXPECT_EQ(set_current_directory(u"no such directory").error().status, STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(set_current_directory(u"none\\below").error().status, STATUS_OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(set_current_directory(u"Z:\\etc\\passwd").error().status, STATUS_NOT_A_DIRECTORY);
  EXPECT_FALSE(set_current_directory(u""));
  EXPECT_EQ(current_directory(), u"Z:\\");
  ASSERT_TRUE(set_current_directory(before));
}

TEST_F(ProcessParameters, OtherDrivesHaveTheirOwn) {
  ASSERT_TRUE(set_environment_variable(u"=C:", u"C:\\Windows"));
  EXPECT_EQ(full_path(u"C:x").value(), u"C:\\Windows\\x");
  ASSERT_TRUE(set_environment_variable(u"=C:", std::nullopt));
}

TEST_F(ProcessParameters, AProgramReplacesTheHost) {
  const auto& all = thread::process_parameters();
  const std::u16string image(view(all.ImagePathName));
  set_program(u"C:\\app\\app.exe", std::vector<std::u16string>{u"app", u"a b"});
  EXPECT_EQ(view(all.ImagePathName), u"C:\\app\\app.exe");
  EXPECT_EQ(view(all.CommandLine), u"app \"a b\"");
  EXPECT_STREQ(command_line_a(), "app \"a b\"");
  set_program(image, std::vector<std::u16string>{image});
}

}  // namespace
}  // namespace hmodule::nt
