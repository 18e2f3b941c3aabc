#include "nt/command_line.h"

#include <gmock/gmock.h>

namespace hmodule::nt {
namespace {

using testing::ElementsAre;

TEST(SplitCommandLine, FollowsCommandLineToArgvW) {
  EXPECT_THAT(split_command_line(u""), testing::IsEmpty());
  EXPECT_THAT(split_command_line(u"a b  c"), ElementsAre(u"a", u"b", u"c"));
  EXPECT_THAT(split_command_line(u"a \"b c\" d"), ElementsAre(u"a", u"b c", u"d"));
  EXPECT_THAT(split_command_line(u"a \"\""), ElementsAre(u"a", u""));
  EXPECT_THAT(split_command_line(u"a b\tc "), ElementsAre(u"a", u"b", u"c"));
  EXPECT_THAT(split_command_line(uR"(a b\\c "d\\")"), ElementsAre(u"a", uR"(b\\c)", uR"(d\)"));
  EXPECT_THAT(split_command_line(uR"(a \"b \\"c d")"), ElementsAre(u"a", u"\"b", uR"(\c d)"));
  EXPECT_THAT(split_command_line(uR"(a "b""c d)"), ElementsAre(u"a", u"b\"c", u"d"));
  EXPECT_THAT(split_command_line(u"a \"unfinished b"), ElementsAre(u"a", u"unfinished b"));
}

TEST(SplitCommandLine, TheProgramNameKnowsNoEscapes) {
  EXPECT_THAT(split_command_line(uR"("C:\a b\" c)"), ElementsAre(uR"(C:\a b\)", u"c"));
  EXPECT_THAT(split_command_line(uR"(C:\a" b)"), ElementsAre(uR"(C:\a")", u"b"));
  EXPECT_THAT(split_command_line(u" a"), ElementsAre(u"", u"a"));
}

TEST(JoinCommandLine, CanBeSplitAgain) {
  const std::vector<std::u16string> arguments = {u"C:\\a b\\c.exe", u"",      u"plain", u"a b",
                                                 u"say \"hi\"",     u"end\\", u"a b\\", u"\\\\server\\x",
                                                 u"\\\"",           u"\t",    u"\""};
  EXPECT_EQ(split_command_line(join_command_line(arguments)), arguments);
  EXPECT_EQ(join_command_line(std::vector<std::u16string>{u"a", u"b c"}), u"a \"b c\"");
  EXPECT_EQ(join_command_line({}), u"");
}

}  // namespace
}  // namespace hmodule::nt
