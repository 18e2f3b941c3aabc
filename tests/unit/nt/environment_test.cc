#include "nt/environment.h"

#include <gtest/gtest.h>

namespace hmodule::nt {
namespace {

using namespace std::string_view_literals;

constexpr auto kBlock = u"=C:=C:\\here\0A=1\0Path=x;y\0Zero=\0\0"sv;

TEST(Environment, NamesCompareWithoutCase) {
  EXPECT_EQ(find_variable(kBlock.data(), u"PATH"), u"x;y");
  EXPECT_EQ(find_variable(kBlock.data(), u"a"), u"1");
  EXPECT_EQ(find_variable(kBlock.data(), u"=c:"), u"C:\\here");
  EXPECT_EQ(find_variable(kBlock.data(), u"zero"), u"");
  EXPECT_FALSE(find_variable(kBlock.data(), u"B"));
  EXPECT_FALSE(find_variable(kBlock.data(), u""));
  EXPECT_FALSE(find_variable(nullptr, u"A"));
  EXPECT_FALSE(find_variable(u"\0", u"A"));
}

TEST(Environment, BlocksHaveTheirLengthWithBothTerminators) {
  EXPECT_EQ(block_length(kBlock.data()), kBlock.size());
  EXPECT_EQ(block_length(u"\0"), 2U);
}

TEST(Environment, ChangesGiveANewBlock) {
  const auto more = with_variable(kBlock.data(), u"b", u"2").value();
  EXPECT_EQ(std::u16string_view(more), u"=C:=C:\\here\0A=1\0b=2\0Path=x;y\0Zero=\0\0"sv);
  const auto changed = with_variable(more.data(), u"PATH", u"z").value();
  EXPECT_EQ(find_variable(changed.data(), u"Path"), u"z");
  const auto fewer = with_variable(changed.data(), u"B", std::nullopt).value();
  EXPECT_FALSE(find_variable(fewer.data(), u"b"));
  EXPECT_EQ(with_variable(u"A=1\0", u"A", std::nullopt).value(), u"\0\0"sv);
}

TEST(Environment, NamesAreChecked) {
  EXPECT_EQ(with_variable(kBlock.data(), u"", u"x").error().status, STATUS_INVALID_PARAMETER);
  EXPECT_EQ(with_variable(kBlock.data(), u"a=b", u"x").error().status, STATUS_INVALID_PARAMETER);
  EXPECT_TRUE(with_variable(kBlock.data(), u"=D:", u"D:\\x"));
}

TEST(Environment, ExpansionLeavesUnknownNames) {
  EXPECT_EQ(expand_variables(kBlock.data(), u"<%a%|%path%|%zero%>"), u"<1|x;y|>");
  EXPECT_EQ(expand_variables(kBlock.data(), u"%none% %A"), u"%none% %A");
  EXPECT_EQ(expand_variables(kBlock.data(), u"100%%A%"), u"100%1");
  EXPECT_EQ(expand_variables(kBlock.data(), u""), u"");
}

TEST(Environment, OfTheHostBecomesOneOfWindows) {
  const char* const host[] = {
      "PATH=/usr/bin::/opt/x", "HOME=/home/u", "USER=u", "http_proxy=a", "HTTP_PROXY=b", "NOVALUE", "=odd",
      "TMP=/var/tmp",          nullptr};
  const auto block = environment_block_from_host(host);
  const auto get = [&](std::u16string_view name) { return find_variable(block.data(), name); };
  EXPECT_EQ(get(u"PATH"), u"C:\\Windows\\System32;C:\\Windows;Z:\\usr\\bin;.;Z:\\opt\\x");
  EXPECT_EQ(get(u"HOME"), u"/home/u");
  EXPECT_EQ(get(u"http_proxy"), u"a");
  EXPECT_EQ(get(u"USERPROFILE"), u"Z:\\home\\u");
  EXPECT_EQ(get(u"HOMEDRIVE"), u"Z:");
  EXPECT_EQ(get(u"HOMEPATH"), u"\\home\\u");
  EXPECT_EQ(get(u"USERNAME"), u"u");
  EXPECT_EQ(get(u"TMP"), u"Z:\\var\\tmp");
  EXPECT_EQ(get(u"SystemRoot"), u"C:\\Windows");
  EXPECT_EQ(get(u"OS"), u"Windows_NT");
  EXPECT_TRUE(get(u"NUMBER_OF_PROCESSORS"));
  EXPECT_FALSE(get(u"NOVALUE"));
  EXPECT_EQ(block_length(block.data()), block.size());
}

}  // namespace
}  // namespace hmodule::nt
