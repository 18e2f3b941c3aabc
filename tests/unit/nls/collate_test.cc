#include "nls/collate.h"

#include "nls/ctype.h"
#include "nls/normalize.h"

#include <gtest/gtest.h>

namespace hmodule::nls {
namespace {

int order(std::u16string_view a, std::u16string_view b, DWORD flags = 0, std::u16string_view name = u"en-US") {
  return *compare(*find_locale(name), flags, a, b) - CSTR_EQUAL;
}
std::u16string mapped(DWORD flags, std::u16string_view text, std::u16string_view name = u"en-US") {
  auto result = map_text(*find_locale(name), flags, text);
  return result ? *result : u"<error>";
}

TEST(Compare, LettersThenCaseThenMarks) {
  EXPECT_EQ(order(u"a", u"b"), -1);
  EXPECT_EQ(order(u"a", u"A"), -1);  // small before capital
  EXPECT_EQ(order(u"A", u"b"), -1);
  EXPECT_EQ(order(u"a", u"\u00E4"), -1);
  EXPECT_EQ(order(u"\u00E4", u"a\u0308"), 0);  // composed and decomposed are the same
  EXPECT_EQ(order(u"", u"a"), -1);
}

TEST(Compare, FlagsMakeEqual) {
  EXPECT_EQ(order(u"ABC", u"abc", NORM_IGNORECASE), 0);
  EXPECT_EQ(order(u"ABC", u"abc", LINGUISTIC_IGNORECASE), 0);
  EXPECT_EQ(order(u"r\u00E9sum\u00E9", u"resume", NORM_IGNORENONSPACE), 0);
  EXPECT_NE(order(u"R\u00E9sum\u00E9", u"resume", NORM_IGNORENONSPACE), 0);
  EXPECT_EQ(order(u"a.b,c", u"abc", NORM_IGNORESYMBOLS), 0);
  EXPECT_EQ(order(u"\u3042", u"\u30A2", NORM_IGNOREKANATYPE), 0);
  EXPECT_NE(order(u"\u3042", u"\u30A2", NORM_IGNORECASE), 0);
  EXPECT_EQ(order(u"\uFF21", u"A", NORM_IGNOREWIDTH), 0);
  EXPECT_EQ(order(u"a10", u"a9", SORT_DIGITSASNUMBERS), 1);
  EXPECT_EQ(order(u"a10", u"a9"), -1);
}

TEST(Compare, HyphensHardlyCountInWordSort) {
  EXPECT_EQ(order(u"co-op", u"coop"), 1);
  EXPECT_EQ(order(u"co-op", u"cooq"), -1);
  EXPECT_EQ(order(u"co-op", u"coop", SORT_STRINGSORT), -1);
  EXPECT_EQ(order(u"it's", u"its"), 1);
}

TEST(Compare, ByLanguage) {
  EXPECT_EQ(order(u"\u00F6", u"z", 0, u"de-DE"), -1);
  EXPECT_EQ(order(u"\u00F6", u"z", 0, u"sv-SE"), 1);
}

TEST(Compare, UnknownFlagsAreRefused) {
  EXPECT_EQ(compare(user_locale(), 0x8000, u"a", u"b").error().code(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
}

TEST(Compare, OrdinalGoesByCodeUnit) {
  EXPECT_EQ(compare_ordinal(u"a", u"B", false), CSTR_GREATER_THAN);
  EXPECT_EQ(compare_ordinal(u"a", u"B", true), CSTR_LESS_THAN);
  EXPECT_EQ(compare_ordinal(u"\u00E4x", u"\u00C4X", true), CSTR_EQUAL);
  EXPECT_EQ(compare_ordinal(u"ab", u"a", false), CSTR_GREATER_THAN);
}

TEST(SortKey, OrdersAsCompareDoes) {
  const std::u16string words[] = {u"",     u"a",    u"A",   u"\u00E4", u"co-op", u"coop",
                                  u"cooq", u"it's", u"its", u"z",      u"10",    u"9"};
  const Locale locale = *find_locale(u"en-US");
  for (const auto& a : words) {
    for (const auto& b : words) {
      const int keys = sort_key(locale, 0, a)->compare(*sort_key(locale, 0, b));
      EXPECT_EQ(keys < 0 ? -1 : keys > 0, order(a, b))
          << std::string(a.begin(), a.end()) << " " << std::string(b.begin(), b.end());
    }
  }
  const std::string key = *sort_key(locale, 0, u"a-b");
  EXPECT_EQ(key.back(), '\0');
  EXPECT_EQ(key.find('\0'), key.size() - 1);  // strcmp can compare keys
}

TEST(Find, ByLanguage) {
  const Locale locale = *find_locale(u"en-US");
  const auto hit = *find(locale, FIND_FROMSTART | NORM_IGNORECASE, u"one TWO two", u"two");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->at, 4U);
  EXPECT_EQ((*find(locale, FIND_FROMEND | NORM_IGNORECASE, u"one TWO two", u"Two"))->at, 8U);
  EXPECT_TRUE(*find(locale, FIND_STARTSWITH, u"abc", u"ab"));
  EXPECT_FALSE(*find(locale, FIND_STARTSWITH, u"abc", u"bc"));
  EXPECT_TRUE(*find(locale, FIND_ENDSWITH, u"abc", u"bc"));
  EXPECT_FALSE(*find(locale, FIND_FROMSTART, u"abc", u"x"));
  EXPECT_EQ((*find(locale, FIND_FROMSTART, u"xe\u0301y", u"\u00E9"))->length, 2U);
  EXPECT_EQ(find(locale, FIND_FROMSTART | FIND_FROMEND, u"a", u"a").error().code(),
            static_cast<DWORD>(ERROR_INVALID_FLAGS));
}

TEST(Map, Case) {
  EXPECT_EQ(mapped(LCMAP_UPPERCASE, u"a\u00E4\u0131\u00DF"), u"A\u00C4\u0131\u00DF");  // simple and reversible
  EXPECT_EQ(mapped(LCMAP_LOWERCASE, u"A\u00C4\u212A"), u"a\u00E4\u212A");
  EXPECT_EQ(mapped(LCMAP_UPPERCASE | LCMAP_LINGUISTIC_CASING, u"i\u0131", u"tr-TR"), u"\u0130I");
  EXPECT_EQ(mapped(LCMAP_UPPERCASE, u"i", u"tr-TR"), u"I");
  EXPECT_EQ(mapped(LCMAP_TITLECASE, u"the QUICK fox"), u"The Quick Fox");
}

TEST(Map, KanaWidthAndChinese) {
  EXPECT_EQ(mapped(LCMAP_KATAKANA, u"\u3042\u304C"), u"\u30A2\u30AC");
  EXPECT_EQ(mapped(LCMAP_HIRAGANA, u"\u30A2\u30AC"), u"\u3042\u304C");
  EXPECT_EQ(mapped(LCMAP_FULLWIDTH, u"A1"), u"\uFF21\uFF11");
  EXPECT_EQ(mapped(LCMAP_HALFWIDTH, u"\uFF21\uFF11"), u"A1");
  EXPECT_EQ(mapped(LCMAP_SIMPLIFIED_CHINESE, u"\u6F22\u5B57"), u"\u6C49\u5B57");
  EXPECT_EQ(mapped(LCMAP_BYTEREV, u"\u0102"), u"\u0201");
}

TEST(Map, CombinationsThatWindowsRefuses) {
  for (const DWORD flags : {DWORD{0}, LCMAP_HIRAGANA | LCMAP_KATAKANA, LCMAP_HALFWIDTH | LCMAP_FULLWIDTH,
                            LCMAP_SIMPLIFIED_CHINESE | LCMAP_TRADITIONAL_CHINESE, LCMAP_LINGUISTIC_CASING, DWORD{0x10}})
    EXPECT_EQ(mapped(flags, u"a"), u"<error>") << std::hex << flags;
}

TEST(Normalize, FormsAndLoneSurrogates) {
  EXPECT_EQ(*normalize(NormForm::c, u"a\u0308"), u"\u00E4");
  EXPECT_EQ(*normalize(NormForm::d, u"\u00E4"), u"a\u0308");
  EXPECT_EQ(*normalize(NormForm::kc, u"\uFB01"), u"fi");
  EXPECT_FALSE(*is_normalized(NormForm::c, u"a\u0308"));
  EXPECT_EQ(normalize(NormForm::c, std::u16string(1, 0xD800)).error().code(),
            static_cast<DWORD>(ERROR_NO_UNICODE_TRANSLATION));
  EXPECT_EQ(normalize(static_cast<NormForm>(3), u"a").error().code(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
}

TEST(Idn, ThereAndBack) {
  EXPECT_EQ(*idn_to_ascii(0, u"b\u00FCcher.example"), u"xn--bcher-kva.example");
  EXPECT_EQ(*idn_to_unicode(0, u"xn--bcher-kva.example"), u"b\u00FCcher.example");
  EXPECT_EQ(idn_to_ascii(0, u"").error().code(), static_cast<DWORD>(ERROR_INVALID_NAME));
  EXPECT_EQ(idn_to_ascii(0x80, u"a").error().code(), static_cast<DWORD>(ERROR_INVALID_FLAGS));
}

TEST(Fold, DigitsZonesAndLigatures) {
  EXPECT_EQ(*fold(MAP_FOLDDIGITS, u"\u0664\u0966"), u"40");
  EXPECT_EQ(*fold(MAP_FOLDCZONE, u"\uFF21"), u"A");
  EXPECT_EQ(*fold(MAP_EXPAND_LIGATURES, u"\u00C6\uFB01"), u"AEfi");
  EXPECT_FALSE(fold(MAP_PRECOMPOSED | MAP_COMPOSITE, u"a"));
  EXPECT_FALSE(fold(0, u"a"));
}

TEST(CharacterTypes, OfTheFirstPage) {  // as GetStringTypeW of Windows gives them
  EXPECT_EQ(ctype1(u' '), 0x248);
  EXPECT_EQ(ctype1(u'\t'), 0x268);
  EXPECT_EQ(ctype1(u'\n'), 0x228);
  EXPECT_EQ(ctype1(u'7'), 0x284);
  EXPECT_EQ(ctype1(u'A'), 0x381);
  EXPECT_EQ(ctype1(u'z'), 0x302);
  EXPECT_EQ(ctype1(u'$'), 0x210);
  EXPECT_EQ(ctype1(u'\0'), 0x220);
  EXPECT_EQ(ctype1(0x0378), 0);  // not assigned
  EXPECT_EQ(ctype2(u'1'), C2_EUROPENUMBER);
  EXPECT_EQ(ctype2(0x05D0), C2_RIGHTTOLEFT);
  EXPECT_EQ(ctype3(u'A'), 0x8040);
  EXPECT_EQ(ctype3(0x3042), C3_ALPHA | C3_HIRAGANA);
  EXPECT_EQ(ctype3(0xD800), C3_HIGHSURROGATE);
}

}  // namespace
}  // namespace hmodule::nls
