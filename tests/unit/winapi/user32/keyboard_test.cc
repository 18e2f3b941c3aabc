#include "unit/winapi/user32/user32.h"

#include <array>
#include <cstring>

namespace hmodule::winapi {
namespace {

const HANDLE kAmerican = reinterpret_cast<HANDLE>(std::uintptr_t{0x04090409});

TEST(UserKeyboard, HasAnAmericanLayout) {
  EXPECT_EQ((user<HANDLE, DWORD>("GetKeyboardLayout")(0)), kAmerican);
  HANDLE list[2] = {};
  EXPECT_EQ((user<INT, INT, HANDLE*>("GetKeyboardLayoutList")(0, nullptr)), 1);
  EXPECT_EQ((user<INT, INT, HANDLE*>("GetKeyboardLayoutList")(2, list)), 1);
  EXPECT_EQ(list[0], kAmerican);
  WCHAR wide[9] = {};
  char narrow[9] = {};
  EXPECT_TRUE((user<BOOL, WCHAR*>("GetKeyboardLayoutNameW")(wide)));
  EXPECT_TRUE((user<BOOL, char*>("GetKeyboardLayoutNameA")(narrow)));
  EXPECT_EQ(std::u16string(wide), u"00000409");
  EXPECT_STREQ(narrow, "00000409");
  EXPECT_FALSE((user<BOOL, WCHAR*>("GetKeyboardLayoutNameW")(nullptr)));
  EXPECT_EQ((user<HANDLE, const WCHAR*, UINT>("LoadKeyboardLayoutW")(u"00000409", 0)), kAmerican);
  EXPECT_EQ((user<HANDLE, const char*, UINT>("LoadKeyboardLayoutA")("00000407", 0)), nullptr);
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_FILE_NOT_FOUND));
  EXPECT_EQ((user<HANDLE, HANDLE, UINT>("ActivateKeyboardLayout")(kAmerican, 0)), kAmerican);
  EXPECT_EQ((user<HANDLE, HANDLE, UINT>("ActivateKeyboardLayout")(list, 0)), nullptr);
  EXPECT_EQ(thread::last_error(), 87U);
}

TEST(UserKeyboard, MapsKeysAndScanCodes) {
  const auto map = user<UINT, UINT, UINT>("MapVirtualKeyW");
  struct Mapped {
    UINT code, kind, answer;
  };
  for (const Mapped& each :
       {Mapped{'A', 0, 0x1E}, {0x1E, 1, 'A'},  {'A', 2, 'A'},     {0xBA, 2, ';'},    {0x10, 0, 0x2A},   {0x36, 1, 0x10},
        {0x36, 3, 0xA1},      {0x1D, 1, 0x11}, {0xE01D, 3, 0xA3}, {0xA3, 4, 0xE01D}, {0xA3, 0, 0x1D},   {0x25, 0, 0x4B},
        {0x60, 0, 0x52},      {0x52, 1, 0x2D}, {0x13, 4, 0xE11D}, {0x13, 0, 0},      {0x6F, 4, 0xE035}, {0x70, 0, 0x3B},
        {0x7B, 0, 0x58},      {0x70, 2, 0},    {0x1000, 0, 0},    {0xFF, 1, 0},      {'A', 9, 0},       {0x0D, 2, 13}})
    EXPECT_EQ(map(each.code, each.kind), each.answer) << std::hex << each.code << ", " << each.kind;
  EXPECT_EQ((user<UINT, UINT, UINT>("MapVirtualKeyA")('Q', 0)), 0x10U);
  EXPECT_EQ((user<UINT, UINT, UINT, HANDLE>("MapVirtualKeyExW")('Q', 0, kAmerican)), 0x10U);
  EXPECT_EQ((user<UINT, UINT, UINT, HANDLE>("MapVirtualKeyExA")(0x10, 1, kAmerican)), UINT{'Q'});
}

TEST(UserKeyboard, KnowsWhichKeyTypesWhat) {
  const auto scan = user<SHORT, WCHAR>("VkKeyScanW");
  EXPECT_EQ(scan(u'a'), 'A');
  EXPECT_EQ(scan(u'A'), 0x100 | 'A');
  EXPECT_EQ(scan(u'@'), 0x100 | '2');
  EXPECT_EQ(scan(u'\r'), 0x0D);
  EXPECT_EQ(scan(u'\n'), 0x20D);
  EXPECT_EQ(scan(1), 0x200 | 'A');
  EXPECT_EQ(scan(u'\u00E9'), -1);
  EXPECT_EQ(scan(0xF000), -1);
  EXPECT_EQ((user<SHORT, WCHAR, HANDLE>("VkKeyScanExW")(u'?', kAmerican)), 0x1BF);
  EXPECT_EQ((user<SHORT, char>("VkKeyScanA")('z')), 'Z');
  EXPECT_EQ((user<SHORT, char, HANDLE>("VkKeyScanExA")('~', kAmerican)), 0x1C0);
}

TEST(UserKeyboard, KeysTypeCharacters) {
  std::array<BYTE, 256> keys = {};
  const auto type = [&](UINT vk, UINT scan = 0) -> INT {
    WCHAR text[4] = {};
    const INT count =
        user<INT, UINT, UINT, const BYTE*, WCHAR*, INT, UINT>("ToUnicode")(vk, scan, keys.data(), text, 4, 0);
    WCHAR again[2] = {};
    EXPECT_EQ((user<INT, UINT, UINT, const BYTE*, WCHAR*, INT, UINT, HANDLE>("ToUnicodeEx")(vk, scan, keys.data(),
                                                                                            again, 2, 0, kAmerican)),
              count);
    WORD narrow = 0;
    EXPECT_EQ((user<INT, UINT, UINT, const BYTE*, WORD*, UINT>("ToAscii")(vk, scan, keys.data(), &narrow, 0)), count);
    EXPECT_EQ((user<INT, UINT, UINT, const BYTE*, WORD*, UINT, HANDLE>("ToAsciiEx")(vk, scan, keys.data(), &narrow, 0,
                                                                                    kAmerican)),
              count);
    EXPECT_EQ(narrow, text[0]);
    EXPECT_EQ(again[0], text[0]);
    return count == 0 ? -1 : text[0];
  };
  EXPECT_EQ(type('A'), 'a');
  EXPECT_EQ(type('A', 0x801E), -1) << "it is let go";
  EXPECT_EQ(type(0x70), -1) << "F1";
  EXPECT_EQ(type(0x65), '5');
  keys[0x14] = 1;  // Caps Lock
  EXPECT_EQ(type('A'), 'A');
  EXPECT_EQ(type('1'), '1');
  keys[0x10] = 0x80;  // Shift
  EXPECT_EQ(type('A'), 'a');
  EXPECT_EQ(type('1'), '!');
  keys = {};
  keys[0xA2] = 0x80;  // left Ctrl
  EXPECT_EQ(type('C'), 3);
  EXPECT_EQ(type('2'), -1);
  EXPECT_EQ(type(0xDB), 0x1B);
  EXPECT_EQ(type(0x0D), '\n');
  keys[0x10] = 0x80;
  EXPECT_EQ(type('2'), 0) << "the character 0";
  keys[0x10] = 0;
  keys[0x12] = 0x80;  // Alt
  EXPECT_EQ(type('C'), -1);
  keys[0xA2] = 0;
  EXPECT_EQ(type('C'), 'c');
}

TEST(UserKeyboard, KeysHaveNames) {
  const auto name = [](LONG parameter) {
    WCHAR text[32] = {};
    const INT length = user<INT, LONG, WCHAR*, INT>("GetKeyNameTextW")(parameter, text, 32);
    EXPECT_EQ(static_cast<std::size_t>(length), std::u16string_view(text).size());
    return std::u16string(text);
  };
  EXPECT_EQ(name(0x1 << 16), u"Esc");
  EXPECT_EQ(name(0x1E << 16), u"A");
  EXPECT_EQ(name(0x27 << 16), u";");
  EXPECT_EQ(name(0x36 << 16), u"Right Shift");
  EXPECT_EQ(name(0x36 << 16 | 1 << 25), u"Shift");
  EXPECT_EQ(name(0x1D << 16 | 1 << 24), u"Right Ctrl");
  EXPECT_EQ(name(0x1D << 16 | 3 << 24), u"Ctrl");
  EXPECT_EQ(name(0x4B << 16 | 1 << 24), u"Left");
  EXPECT_EQ(name(0xFE << 16), u"");
  char small[4];
  EXPECT_EQ((user<INT, LONG, char*, INT>("GetKeyNameTextA")(0x0E << 16, small, 4)), 3);
  EXPECT_STREQ(small, "Bac");
  EXPECT_EQ((user<INT, LONG, char*, INT>("GetKeyNameTextA")(0x0E << 16, small, 0)), 0);
}

TEST(UserKeyboard, AThreadSaysWhichKeysAreDown) {
  std::array<BYTE, 256> keys = {}, back = {};
  keys['A'] = 0x80;
  keys[0x14] = 1;
  EXPECT_EQ((user<SHORT, INT>("GetKeyState")('A')), 0);
  EXPECT_TRUE((user<BOOL, const BYTE*>("SetKeyboardState")(keys.data())));
  EXPECT_TRUE((user<BOOL, BYTE*>("GetKeyboardState")(back.data())));
  EXPECT_EQ(back, keys);
  EXPECT_LT((user<SHORT, INT>("GetKeyState")('A')), 0);
  EXPECT_EQ((user<SHORT, INT>("GetKeyState")(0x14)), 1);
  EXPECT_EQ((user<SHORT, INT>("GetAsyncKeyState")('A')), 0) << "no key is really down";
  EXPECT_FALSE((user<BOOL, const BYTE*>("SetKeyboardState")(nullptr)));
  EXPECT_FALSE((user<BOOL, BYTE*>("GetKeyboardState")(nullptr)));
  back = {};
  EXPECT_TRUE((user<BOOL, const BYTE*>("SetKeyboardState")(back.data())));
}

TEST(UserKeyboard, TranslatedKeysAreCharacters) {
  const auto translate = user<BOOL, const MSG*>("TranslateMessage");
  const auto peek = user<BOOL, MSG*, HWND, UINT, UINT, UINT>("PeekMessageW");
  MSG message = {}, got = {};
  message.message = 0x100;  // WM_KEYDOWN
  message.wParam = 'X';
  message.lParam = 0x2D0001;
  EXPECT_TRUE(translate(&message));
  ASSERT_TRUE(peek(&got, nullptr, 0, 0, 1));
  EXPECT_EQ(got.message, 0x102U);  // WM_CHAR
  EXPECT_EQ(got.wParam, WPARAM{'x'});
  EXPECT_EQ(got.lParam, 0x2D0001);
  message.message = 0x104;  // WM_SYSKEYDOWN
  EXPECT_TRUE(translate(&message));
  ASSERT_TRUE(peek(&got, nullptr, 0, 0, 1));
  EXPECT_EQ(got.message, 0x106U);  // WM_SYSCHAR
  message.message = 0x101;         // WM_KEYUP
  EXPECT_TRUE(translate(&message));
  message.message = 0x102;
  EXPECT_FALSE(translate(&message));
  message.message = 0x100;
  message.wParam = 0x70;  // F1
  EXPECT_TRUE(translate(&message));
  EXPECT_FALSE(peek(&got, nullptr, 0, 0, 1));
}

}  // namespace
}  // namespace hmodule::winapi
