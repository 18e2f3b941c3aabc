#include "nt/name_match.h"

#include <gtest/gtest.h>

namespace hmodule::nt {
namespace {

struct Case {
  const char16_t *pattern, *name;
  bool matches;
};

// What cmd.exe's dir shows for these patterns on a volume without short names.
TEST(FindPattern, FindsWhatWindowsFinds) {
  const Case cases[] = {
      {u"*.*", u"name", true},      {u"*.*", u"a.b", true},          {u"*", u"a.b.c", true},
      {u"*.", u"name", true},       {u"*.", u"a.b", false},          {u"*.txt", u"A.TXT", true},
      {u"*.txt", u"a.b.txt", true}, {u"*.txt", u"a.txt2", false},    {u"*.txt", u"txt", false},
      {u"a?.txt", u"a.txt", true},  {u"a?.txt", u"ab.txt", true},    {u"a?.txt", u"abc.txt", false},
      {u"???", u"ab", true},        {u"???", u"abcd", false},        {u"a.?", u"a", true},
      {u"a.*", u"a", true},         {u"a.*", u"a.b", true},          {u"a.*", u"ab", false},
      {u"*b*.c*", u"xby.cz", true}, {u"*b*.c*", u"xy.cz", false},    {u"name", u"NAME", true},
      {u"name", u"names", false},   {u"\u00E4*", u"\u00C4bc", true}, {u"*.d.*", u"x.d.e", true},
      {u"", u"a", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(name_matches(nt_pattern(c.pattern), c.name), c.matches)
        << testing::PrintToString(std::u16string(c.pattern)) << " " << testing::PrintToString(std::u16string(c.name));
}

TEST(NameMatch, ComparesCaseWhenAsked) {
  EXPECT_FALSE(name_matches(u"A*", u"abc", true));
  EXPECT_TRUE(name_matches(u"a*", u"abc", true));
}

TEST(NameMatch, StaysLinearOnHostilePatterns) {
  std::u16string pattern;
  for (int i = 0; i < 100; ++i) pattern += u"*a";
  EXPECT_FALSE(name_matches(pattern + u"b", std::u16string(250, u'a')));
}

}  // namespace
}  // namespace hmodule::nt
