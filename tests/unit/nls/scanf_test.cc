#include "nls/scanf.h"

#include <gtest/gtest.h>

namespace hmodule::nls {
namespace {

// Addresses and sizes as the Windows calling convention lays them out.
template <typename... Args>
int narrow(std::string_view text, std::string_view format, Args... args) {
  std::uint64_t slots[sizeof...(Args) + 1] = {};
  std::size_t i = 0;
  (std::memcpy(&slots[i++], &args, sizeof args), ...);
  return scan(text, format, Arguments(slots), ScanRules::plain);
}
template <typename... Args>
int checked(std::u16string_view text, std::u16string_view format, Args... args) {
  std::uint64_t slots[sizeof...(Args) + 1] = {};
  std::size_t i = 0;
  (std::memcpy(&slots[i++], &args, sizeof args), ...);
  return scan(text, format, Arguments(slots), ScanRules::checked);
}

TEST(Scanf, IntegersAndTheirSizes) {
  int a = 0, b = 0, c = 0, d = 0;
  EXPECT_EQ(narrow(" 12 -7,0x1F 017", "%d%d,%x%i", &a, &b, &c, &d), 4);
  EXPECT_EQ(a, 12);
  EXPECT_EQ(b, -7);
  EXPECT_EQ(c, 31);
  EXPECT_EQ(d, 15);
  std::uint64_t wide = ~std::uint64_t{0};
  EXPECT_EQ(narrow("1", "%ld", &wide), 1);  // long has 32 bits
  EXPECT_EQ(wide, 0xFFFFFFFF'00000001);
  EXPECT_EQ(narrow("1099511627776", "%I64d", &wide), 1);
  EXPECT_EQ(wide, std::uint64_t{1} << 40);
  std::int16_t narrow_value[2] = {0, 77};
  EXPECT_EQ(narrow("-3", "%hd", narrow_value), 1);
  EXPECT_EQ(narrow_value[0], -3);
  EXPECT_EQ(narrow_value[1], 77);
  EXPECT_EQ(narrow("123456", "%3d%*2d%n", &a, &b), 1);
  EXPECT_EQ(a, 123);
  EXPECT_EQ(b, 5);
}

TEST(Scanf, Reals) {
  float single = 0;
  double wide = 0;
  EXPECT_EQ(narrow("1.5e2;-.25", "%f;%lf", &single, &wide), 2);
  EXPECT_EQ(single, 150);
  EXPECT_EQ(wide, -0.25);
  EXPECT_EQ(narrow("x", "%f", &single), 0);
}

TEST(Scanf, TextAndSets) {
  char word[16] = {}, rest[16] = {}, letters[3] = {'-', '-', '-'};
  EXPECT_EQ(narrow("  hello world", "%s %[a-z]", word, rest), 2);
  EXPECT_STREQ(word, "hello");
  EXPECT_STREQ(rest, "world");
  EXPECT_EQ(narrow("key=value", "%[^=]=%2c", word, letters), 2);
  EXPECT_STREQ(word, "key");
  EXPECT_EQ(std::string_view(letters, 3), "va-");
  char16_t wide[16] = {};
  EXPECT_EQ(narrow("abc", "%S", wide), 1);
  EXPECT_EQ(std::u16string_view(wide), u"abc");
  EXPECT_EQ(narrow("]x", "%[]]", word), 1);
  EXPECT_STREQ(word, "]");
}

TEST(Scanf, WhereItEnds) {
  int a = 0, b = 0;
  EXPECT_EQ(narrow("", "%d", &a), -1);
  EXPECT_EQ(narrow("   ", "%d", &a), -1);
  EXPECT_EQ(narrow("x", "%d", &a), 0);
  EXPECT_EQ(narrow("5", "%d%d", &a, &b), 1);
  EXPECT_EQ(narrow("5;6", "%d,%d", &a, &b), 1);
  EXPECT_EQ(narrow("50%", "%d%%", &a), 1);
}

TEST(Scanf, CheckedSizesAreOfTheBuffer) {
  char16_t text[4] = {u'x'};
  char bytes[4] = {};
  EXPECT_EQ(checked(u"abc", u"%s", text, 4U), 1);
  EXPECT_EQ(std::u16string_view(text), u"abc");
  EXPECT_EQ(checked(u"abcd", u"%s", text, 4U), 0);
  EXPECT_EQ(text[0], u'\0');
  EXPECT_EQ(checked(u"abc", u"%hs", bytes, 4U), 1);
  EXPECT_STREQ(bytes, "abc");
}

}  // namespace
}  // namespace hmodule::nls
