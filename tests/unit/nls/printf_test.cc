#include "nls/printf.h"

#include <gtest/gtest.h>

#include <limits>

namespace hmodule::nls {
namespace {

// Lays arguments out as the Windows calling convention does: one slot of eight bytes each.
template <typename... Args>
struct Slots {
  explicit Slots(Args... args) {
    std::size_t i = 0;
    (std::memcpy(&slots[i++], &args, sizeof args), ...);
  }
  std::uint64_t slots[sizeof...(Args) + 1] = {};
};

template <typename... Args>
std::string narrow(std::string_view text, Args... args) {
  const Slots<Args...> slots(args...);
  return format(text, Arguments(slots.slots));
}
template <typename... Args>
std::u16string wide(std::u16string_view text, Args... args) {
  const Slots<Args...> slots(args...);
  return format(text, Arguments(slots.slots));
}

TEST(Printf, IntegersAndTheirSizes) {
  EXPECT_EQ(narrow("%d|%5d|%-5d|%05d|%+d", 1, 2, 3, 4, 5), "1|    2|3    |00004|+5");
  EXPECT_EQ(narrow("%ld", std::int64_t{0x1'0000'0001}), "1");  // long has 32 bits
  EXPECT_EQ(narrow("%I64d %lld %Id", std::int64_t{-1} << 40, std::int64_t{1} << 40, std::int64_t{1} << 33),
            "-1099511627776 1099511627776 8589934592");
  EXPECT_EQ(narrow("%I32u %hu %hhd", 0xFFFFFFFFU, 0x12345U, 0xFF), "4294967295 9029 -1");
  EXPECT_EQ(narrow("%#x %#X %#o %x", 255, 255, 8, 0xBEEF), "0xff 0XFF 010 beef");
  EXPECT_EQ(narrow("%.3d|%8.3d|%.0d", 7, 7, 0), "007|     007|");
  EXPECT_EQ(narrow("%*d|%-*d|%.*d", 4, 1, 4, 2, 2, 3), "   1|2   |03");
  EXPECT_EQ(narrow("%d", std::numeric_limits<int>::min()), "-2147483648");
}

TEST(Printf, PointersAreSixteenCapitalDigits) {
  EXPECT_EQ(narrow("%p", reinterpret_cast<void*>(0xABC)), "0000000000000ABC");
}

TEST(Printf, StringsOfBothKinds) {
  EXPECT_EQ(narrow("%s %S %ls %ws %hs", "a", u"b", u"c", u"d", "e"), "a b c d e");
  EXPECT_EQ(wide(u"%s %S %hs %ws %ls", u"a", "b", "c", u"d", u"e"), u"a b c d e");
  EXPECT_EQ(narrow("%c%C", 'x', u'y'), "xy");
  EXPECT_EQ(wide(u"%c%C", u'\u00E4', 'y'), u"\u00E4y");
  EXPECT_EQ(narrow("[%5s][%-5s][%.2s]", "abc", "abc", "abc"), "[  abc][abc  ][ab]");
  EXPECT_EQ(narrow("%s", static_cast<const char*>(nullptr)), "(null)");
  const char unterminated[] = {'h', 'i'};
  EXPECT_EQ(narrow("%.2s", unterminated), "hi");
}

TEST(Printf, CountedStrings) {
  char16_t units[] = u"wide";
  char bytes[] = "narrow";
  const UNICODE_STRING unicode{4, 8, units};
  const ANSI_STRING ansi{3, 6, bytes};
  EXPECT_EQ(narrow("%wZ %Z", &unicode, &ansi), "wi nar");
  EXPECT_EQ(wide(u"%wZ %Z", &unicode, &ansi), u"wi nar");
  EXPECT_EQ(narrow("%wZ", static_cast<UNICODE_STRING*>(nullptr)), "(null)");
}

TEST(Printf, FloatingPoint) {
  EXPECT_EQ(narrow("%f %.2f %e %g", 1.5, 2.345, 12345.678, 0.0001), "1.500000 2.35 1.234568e+004 0.0001");
  EXPECT_EQ(narrow("%8.2f|%-8.2f|%08.2f", -1.5, 1.5, -1.5), "   -1.50|1.50    |-0001.50");
  EXPECT_EQ(narrow("%g", 1e100), "1e+100");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(narrow("%f %f", kInfinity, -kInfinity), "1.#INF00 -1.#INF00");
}

TEST(Printf, WhatIsNoConversionStandsForItself) {
  EXPECT_EQ(narrow("100%% %y %"), "100% y ");
}

}  // namespace
}  // namespace hmodule::nls
