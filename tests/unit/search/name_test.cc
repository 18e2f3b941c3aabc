#include "search/name.h"

#include "base/utf.h"

#include <gtest/gtest.h>

namespace hmodule::search {
namespace {

struct Given {
  const char16_t* name;
  const char16_t* text;
  NameKind kind;
};
class Names : public testing::TestWithParam<Given> {};
TEST_P(Names, AreNormalised) {
  const auto name = normalise_name(GetParam().name);
  ASSERT_TRUE(name);
  EXPECT_EQ(utf8(name->text), utf8(GetParam().text));
  EXPECT_EQ(name->kind, GetParam().kind);
}
INSTANTIATE_TEST_SUITE_P(
    Search, Names,
    testing::Values(Given{u"kernel32   ", u"kernel32.dll", NameKind::bare},                         // NAME-02
                    Given{u"kernel32", u"kernel32.dll", NameKind::bare},                            // NAME-03
                    Given{u"foo.", u"foo", NameKind::bare},                                         // NAME-04
                    Given{u"foo.bar", u"foo.bar", NameKind::bare},                                  // NAME-04
                    Given{u"C:\\dir.x\\kernel32", u"C:\\dir.x\\kernel32.dll", NameKind::absolute},  // NAME-05
                    Given{u"dir/x.dll", u"dir\\x.dll", NameKind::relative},                         // NAME-07
                    Given{u"c:/dir/x", u"c:\\dir\\x.dll", NameKind::absolute},
                    Given{u"\\\\server\\share\\x.dll", u"\\\\server\\share\\x.dll", NameKind::absolute},
                    Given{u"\\\\?\\C:\\x.dll", u"\\\\?\\C:\\x.dll", NameKind::absolute},  // NAME-13
                    Given{u"\\dir\\x.dll", u"\\dir\\x.dll", NameKind::rooted},            // NAME-08
                    Given{u"c:dir\\x.dll", u"c:dir\\x.dll", NameKind::rooted},            // NAME-08
                    Given{u"c:x.dll", u"c:x.dll", NameKind::drive_relative},              // NAME-10
                    Given{u".\\x.dll", u".\\x.dll", NameKind::relative}));

TEST(NamesThatAreNone, AreRefused) {
  EXPECT_EQ(normalise_name(u"").error().code(), ERROR_INVALID_PARAMETER);     // NAME-01
  EXPECT_EQ(normalise_name(u"   ").error().code(), ERROR_INVALID_PARAMETER);  // NAME-01, NAME-02
  EXPECT_EQ(normalise_name(std::u16string(40000, u'x')).error().code(), ERROR_FILENAME_EXCED_RANGE);  // NAME-16
  EXPECT_TRUE(normalise_name(std::u16string(1000, u'x')));
}

TEST(DllNames, HaveABase) {
  EXPECT_EQ(normalise_name(u"C:\\dir\\x")->base(), u"x.dll");
  EXPECT_FALSE(normalise_name(u"x")->has_path());
  EXPECT_TRUE(normalise_name(u"c:x")->has_path());  // NAME-06
}

}  // namespace
}  // namespace hmodule::search
