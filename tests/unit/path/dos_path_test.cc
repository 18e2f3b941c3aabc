#include "path/dos_path.h"

#include "base/utf.h"

#include <gtest/gtest.h>

namespace hmodule::path {
namespace {

struct FullPath {
  const char16_t* given;
  const char16_t* full;
};

const CurrentDirectory kCurrent = {u"C:\\work\\here\\", [](char16_t drive) -> std::optional<std::u16string> {
                                     if (drive == u'D') return u"D:\\data";
                                     return std::nullopt;
                                   }};

class FullPaths : public testing::TestWithParam<FullPath> {};
TEST_P(FullPaths, AreWhatWindowsMakesOfThem) {
  const auto full = full_path(GetParam().given, kCurrent);
  ASSERT_TRUE(full) << full.error().reason;
  EXPECT_EQ(utf8(*full), utf8(GetParam().full));
}
INSTANTIATE_TEST_SUITE_P(
    Path, FullPaths,
    testing::Values(
        // Separators and dots.
        FullPath{u"c:/test", u"c:\\test"}, FullPath{u"c:/test     ", u"c:\\test"}, FullPath{u"c:/test.", u"c:\\test"},
        FullPath{u"c:/test  ....   ..   ", u"c:\\test"}, FullPath{u"c:/test/  ....   ..   ", u"c:\\test\\"},
        FullPath{u"c:/test/..", u"c:\\"}, FullPath{u"c:/test./file", u"c:\\test\\file"},
        FullPath{u"c:/test.. /file", u"c:\\test.. \\file"}, FullPath{u"c:/test../file", u"c:\\test..\\file"},
        FullPath{u"c:/test/././file", u"c:\\test\\file"}, FullPath{u"c:/test\\\\.\\.\\file", u"c:\\test\\file"},
        FullPath{u"c:/test\\test1\\..\\.\\file", u"c:\\test\\file"},
        FullPath{u"c:///test\\.\\.\\file//", u"c:\\test\\file\\"}, FullPath{u"c:///test\\..\\file\\..\\//", u"c:\\"},
        FullPath{u"c:\\..\\..\\x", u"c:\\x"}, FullPath{u"c:/", u"c:\\"}, FullPath{u"C:\\a\\.", u"C:\\a"},
        FullPath{u"C:\\a\\b\\..", u"C:\\a"}, FullPath{u"C:\\a\\b\\..\\", u"C:\\a\\"},
        FullPath{u"C:\\a\\.\\", u"C:\\a\\"},
        // Where relative names start (NAME-08).
        FullPath{u"file", u"C:\\work\\here\\file"}, FullPath{u"..\\file", u"C:\\work\\file"},
        FullPath{u".", u"C:\\work\\here"}, FullPath{u"..", u"C:\\work"}, FullPath{u"x\\..", u"C:\\work\\here"},
        FullPath{u"C:.", u"C:\\work\\here"}, FullPath{u"\\file", u"C:\\file"}, FullPath{u"/a/b", u"C:\\a\\b"},
        FullPath{u"c:file", u"C:\\work\\here\\file"}, FullPath{u"d:file", u"D:\\data\\file"},
        FullPath{u"e:file", u"E:\\file"},
        // Servers and devices.
        FullPath{u"\\\\server\\share\\..\\file", u"\\\\server\\share\\file"},
        FullPath{u"//server/share/dir/../file", u"\\\\server\\share\\file"}, FullPath{u"\\\\server", u"\\\\server"},
        FullPath{u"\\\\.\\c:\\a\\..\\b", u"\\\\.\\c:\\b"}, FullPath{u"\\\\?\\c:\\a\\..\\b", u"\\\\?\\c:\\b"},
        FullPath{u"\\\\?\\UNC\\s\\t\\..\\b", u"\\\\?\\UNC\\s\\t\\b"}, FullPath{u"\\\\.", u"\\\\.\\"},
        FullPath{u"nul", u"\\\\.\\nul"}, FullPath{u"c:\\dir\\NUL.txt", u"\\\\.\\NUL"},
        FullPath{u"dir\\com1  ", u"\\\\.\\com1"}, FullPath{u"c:aux:", u"\\\\.\\aux"},
        FullPath{u"com10", u"C:\\work\\here\\com10"}, FullPath{u"null", u"C:\\work\\here\\null"}));

TEST(FullPathErrors, NameTheReason) {
  EXPECT_EQ(full_path(u"", kCurrent).error().code(), ERROR_INVALID_NAME);
  EXPECT_EQ(full_path(u"   ", kCurrent).error().code(), ERROR_INVALID_NAME);
  EXPECT_EQ(full_path(std::u16string_view(u"a\0b", 3), kCurrent).error().code(), ERROR_INVALID_NAME);
  const std::u16string huge(40000, u'a');  // NAME-16
  EXPECT_EQ(full_path(huge, kCurrent).error().code(), ERROR_FILENAME_EXCED_RANGE);
  EXPECT_TRUE(full_path(std::u16string(5000, u'a'), kCurrent));
}

TEST(KindOf, KnowsTheClassesOfName08) {
  EXPECT_EQ(kind_of(u""), Kind::relative);
  EXPECT_EQ(kind_of(u"a\\b"), Kind::relative);
  EXPECT_EQ(kind_of(u"\\a"), Kind::rooted);
  EXPECT_EQ(kind_of(u"c:"), Kind::drive_relative);
  EXPECT_EQ(kind_of(u"c:a"), Kind::drive_relative);
  EXPECT_EQ(kind_of(u"c:/a"), Kind::drive_absolute);
  EXPECT_EQ(kind_of(u"\\\\s\\t"), Kind::unc);
  EXPECT_EQ(kind_of(u"\\\\.x"), Kind::unc);
  EXPECT_EQ(kind_of(u"\\\\."), Kind::device_root);
  EXPECT_EQ(kind_of(u"\\\\?\\c:\\a"), Kind::device);
}

TEST(DosDevice, IsAViewOfTheReservedPart) {
  EXPECT_EQ(dos_device(u"c:\\x\\lpt9 .txt"), u"lpt9");
  EXPECT_EQ(dos_device(u"CONIN$"), u"CONIN$");
  EXPECT_EQ(dos_device(u"COM\u00B2"), u"COM\u00B2");
  EXPECT_EQ(dos_device(u"\\\\.\\CON"), u"CON");
  EXPECT_EQ(dos_device(u"\\\\server\\share\\nul"), u"");
  EXPECT_EQ(dos_device(u"com0"), u"");
  EXPECT_EQ(dos_device(u"nul\\x"), u"");
}

TEST(Parts, OfAName) {
  EXPECT_EQ(base_name(u"C:\\dir/x.dll"), u"x.dll");
  EXPECT_EQ(base_name(u"C:x.dll"), u"x.dll");
  EXPECT_EQ(base_name(u"x"), u"x");
  EXPECT_EQ(base_name(u"C:\\"), u"");
  EXPECT_EQ(directory(u"C:\\dir\\x.dll"), u"C:\\dir");
  EXPECT_EQ(directory(u"C:\\x.dll"), u"C:\\");
  EXPECT_EQ(directory(u"\\\\s\\t\\x"), u"\\\\s\\t\\");
  EXPECT_EQ(directory(u"\\\\?\\C:\\x"), u"\\\\?\\C:\\");
  EXPECT_EQ(directory(u"x"), u"");
  EXPECT_EQ(root_length(u"\\\\s\\t"), 5u);
  EXPECT_EQ(join(u"C:\\", u"x"), u"C:\\x");
  EXPECT_EQ(join(u"C:\\a", u"x"), u"C:\\a\\x");
}

TEST(DefaultExtension, FollowsName03AndName04) {
  EXPECT_EQ(with_default_extension(u"foo", u".dll"), u"foo.dll");
  EXPECT_EQ(with_default_extension(u"foo.", u".dll"), u"foo");
  EXPECT_EQ(with_default_extension(u"foo.bar", u".dll"), u"foo.bar");
  EXPECT_EQ(with_default_extension(u"C:\\a.b\\foo", u".dll"), u"C:\\a.b\\foo.dll");  // NAME-05
}

TEST(NtPaths, GoBothWays) {
  EXPECT_EQ(nt_path(u"C:\\x"), u"\\??\\C:\\x");
  EXPECT_EQ(nt_path(u"\\\\s\\t\\x"), u"\\??\\UNC\\s\\t\\x");
  EXPECT_EQ(nt_path(u"\\\\?\\C:\\x"), u"\\??\\C:\\x");
  EXPECT_EQ(nt_path(u"\\\\.\\NUL"), u"\\??\\NUL");
  EXPECT_EQ(from_nt_path(u"\\??\\C:\\x"), u"C:\\x");
  EXPECT_EQ(from_nt_path(u"\\DosDevices\\UNC\\s\\t"), u"\\\\s\\t");
  EXPECT_EQ(from_nt_path(u"\\??\\NUL"), u"\\\\.\\NUL");
  EXPECT_EQ(from_nt_path(u"\\Device\\Null"), std::nullopt);
}

}  // namespace
}  // namespace hmodule::path
