#include "nt/heap.h"
#include "unit/winapi/resource_dll.h"
#include "winapi/common/message.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD kAllocate = 0x100, kIgnore = 0x200, kString = 0x400, kModule = 0x800, kSystem = 0x1000, kArray = 0x2000;

struct Expansion {
  const char16_t* text;
  const char16_t* result;
  unsigned width = 0;
};
class Expansions : public testing::TestWithParam<Expansion> {};
TEST_P(Expansions, ReadAsWindowsWritesThem) {
  const ULONG_PTR arguments[] = {reinterpret_cast<ULONG_PTR>(u"one"),
                                 42,
                                 reinterpret_cast<ULONG_PTR>("narrow"),
                                 7,
                                 static_cast<ULONG_PTR>(-5),
                                 0x123456789AULL};
  const auto message = expand_message(GetParam().text, {arguments, false, false, GetParam().width});
  ASSERT_TRUE(message) << message.error().reason;
  EXPECT_EQ(utf8(*message), utf8(GetParam().result));
}
INSTANTIATE_TEST_SUITE_P(
    Message, Expansions,
    testing::Values(
        Expansion{u"plain", u"plain"}, Expansion{u"", u""}, Expansion{u"%1", u"one"}, Expansion{u"%1%1", u"oneone"},
        Expansion{u"[%1!5s!][%1!-5s!]", u"[  one][one  ]"}, Expansion{u"%1!.2s!", u"on"}, Expansion{u"%2!d!", u"42"},
        Expansion{u"%2!05d!", u"00042"}, Expansion{u"%2!+d!", u"+42"}, Expansion{u"%2!x!/%2!X!/%2!#x!", u"2a/2A/0x2a"},
        Expansion{u"%5!d!", u"-5"}, Expansion{u"%5!u!", u"4294967291"}, Expansion{u"%6!I64x!", u"123456789a"},
        Expansion{u"%6!x!", u"3456789a"}, Expansion{u"%3!hs!", u"narrow"}, Expansion{u"%3!S!", u"narrow"},
        Expansion{u"[%4!*d!]", u"[     -5]"},  // width 7, then the next argument
        Expansion{u"%2!c!", u"*"}, Expansion{u"100%%", u"100%"}, Expansion{u"a%nb", u"a\r\nb"},
        Expansion{u"a%0b", u"a"}, Expansion{u"a% b%.c%!d", u"a b.c!d"}, Expansion{u"%ta", u"\ta"},
        Expansion{u"a\r\nb\nc\rd", u"a\r\nb\r\nc\r\nd"},
        // Widths: soft breaks become spaces, and lines are wrapped.
        Expansion{u"a\r\nb%nc", u"a b\r\nc", 255}, Expansion{u"the quick brown fox", u"the quick\r\nbrown fox", 10},
        Expansion{u"unbreakable", u"unbr\r\neaka\r\nble", 4}));

TEST(Expanding, RefusesWhatHasNoMeaning) {
  const auto code = [](std::u16string_view text, const MessageStyle& style) {
    const auto message = expand_message(text, style);
    return message ? 0 : message.error().code();
  };
  const ULONG_PTR arguments[] = {1, 2};
  EXPECT_EQ(code(u"%1", {}), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(code(u"%", {arguments}), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(code(u"%1!d", {arguments}), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(code(u"%1!q!", {arguments}), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(expand_message(u"%1!d! %2%n%%", {nullptr, true}).value(), u"%1!d! %2\r\n%");
}

class Message : public ResourceDll {
 protected:
  std::string format(DWORD flags, const void* source, DWORD id, const void* arguments, DWORD language = 0) {
    WCHAR buffer[200];
    const auto call =
        function<DWORD, DWORD, const void*, DWORD, DWORD, WCHAR*, DWORD, const void*>(kernel32_dll, "FormatMessageW");
    const DWORD length = call(flags, source, id, language, buffer, 200, arguments);
    return length == 0 ? std::to_string(thread::last_error()) : utf8({buffer, length});
  }
};

TEST_F(Message, SystemCodesHaveTexts) {
  EXPECT_EQ(format(kSystem | kIgnore, nullptr, 2, nullptr), "The system cannot find the file specified.\r\n");
  EXPECT_EQ(format(kSystem | kIgnore, nullptr, 2, nullptr, 0x0409), "The system cannot find the file specified.\r\n");
  EXPECT_EQ(format(kSystem | kIgnore, nullptr, 2, nullptr, 0x0400), "The system cannot find the file specified.\r\n");
  EXPECT_EQ(format(kSystem | kIgnore, nullptr, 0x80070005, nullptr), "Access is denied.\r\n");
  EXPECT_EQ(format(kSystem | kIgnore, nullptr, 193, nullptr), "%1 is not a valid Win32 application.\r\n");
  EXPECT_EQ(format(kSystem, nullptr, 193, nullptr), std::to_string(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(format(kSystem | kIgnore, nullptr, 0x12345678, nullptr), std::to_string(ERROR_MR_MID_NOT_FOUND));
  EXPECT_EQ(format(kSystem | kIgnore, nullptr, 2, nullptr, 0x0407), std::to_string(ERROR_RESOURCE_LANG_NOT_FOUND));
}

TEST_F(Message, StringsTakeArguments) {
  const ULONG_PTR array[] = {reinterpret_cast<ULONG_PTR>(u"x"), 3};
  const ULONG_PTR* list = array;
  EXPECT_EQ(format(kString | kArray, u"%1 is %2!d!", 0, array), "x is 3");
  EXPECT_EQ(format(kString, u"%1 is %2!d!", 0, &list), "x is 3");
  EXPECT_EQ(format(kString, u"%1", 0, nullptr), std::to_string(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(format(kString | kSystem, u"x", 0, nullptr), std::to_string(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(format(kString, nullptr, 0, nullptr), std::to_string(ERROR_INVALID_PARAMETER));
  EXPECT_EQ(format(0, u"x", 0, nullptr), std::to_string(ERROR_INVALID_PARAMETER));
}

TEST_F(Message, TheBufferMayBeTooSmallOrMadeByUs) {
  const auto call =
      function<DWORD, DWORD, const void*, DWORD, DWORD, void*, DWORD, const void*>(kernel32_dll, "FormatMessageW");
  WCHAR small[3];
  EXPECT_EQ(call(kString, u"long", 0, 0, small, 3, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INSUFFICIENT_BUFFER);
  EXPECT_EQ(call(kString, u"long", 0, 0, nullptr, 3, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  WCHAR* made = nullptr;
  EXPECT_EQ(call(kString | kAllocate, u"long", 0, 0, &made, 100, nullptr), 4u);
  EXPECT_EQ(std::u16string(made), u"long");
  EXPECT_EQ(nt::process_heap().size(made), 200u);  // at least what was asked for; LocalFree's kind of memory
  nt::heap_free(made);
  EXPECT_EQ(call(kSystem | kAllocate, nullptr, 0x12345678, 0, &made, 0, nullptr), 0u);
  EXPECT_EQ(made, nullptr);
}

TEST_F(Message, TheAnsiFormTakesAnsiArguments) {
  const auto call =
      function<DWORD, DWORD, const void*, DWORD, DWORD, void*, DWORD, const void*>(kernel32_dll, "FormatMessageA");
  char buffer[50];
  const ULONG_PTR array[] = {reinterpret_cast<ULONG_PTR>("f\u00FCr"), reinterpret_cast<ULONG_PTR>(u"wide")};
  EXPECT_EQ(call(kString | kArray, "<%1> <%2!ls!>", 0, 0, buffer, 50, array), 13u);
  EXPECT_STREQ(buffer, "<f\u00FCr> <wide>");
  EXPECT_EQ(call(kSystem, nullptr, 5, 0, buffer, 50, nullptr), 19u);
  EXPECT_STREQ(buffer, "Access is denied.\r\n");
}

test::ByteVector entry(std::u16string_view text, bool unicode) {
  test::ByteVector body = unicode ? units(std::u16string(text) + u'\0') : test::bytes_of(utf8(text) + '\0');
  test::align(body, 4);
  test::ByteVector out;
  test::append(out, static_cast<WORD>(body.size() + 4));
  test::append(out, static_cast<WORD>(unicode ? 1 : 0));
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

TEST_F(Message, ModulesHaveTables) {
  // Two blocks: 100...101 and 0xC0000005.
  const auto first = entry(u"plain\r\n", true), second = entry(u"insert %1", true), third = entry(u"ansi", false);
  test::ByteVector table;
  test::append(table, DWORD{2});
  const auto start = static_cast<DWORD>(4 + 2 * 12);
  for (const DWORD value : {DWORD{100}, DWORD{101}, start}) test::append(table, value);
  for (const DWORD value : {0xC0000005u, 0xC0000005u, start + static_cast<DWORD>(first.size() + second.size())})
    test::append(table, value);
  for (const auto& part : {first, second, third}) table.insert(table.end(), part.begin(), part.end());

  const HMODULE module = load({{std::uint16_t{11}, std::uint16_t{1}, 0x0409, table}}, 0x2);
  const ULONG_PTR array[] = {reinterpret_cast<ULONG_PTR>(u"here")};
  EXPECT_EQ(format(kModule | kArray, module, 100, array), "plain\r\n");
  EXPECT_EQ(format(kModule | kArray, module, 101, array), "insert here");
  EXPECT_EQ(format(kModule, module, 0xC0000005, nullptr), "ansi");
  EXPECT_EQ(format(kModule, module, 102, nullptr), std::to_string(ERROR_MR_MID_NOT_FOUND));
  EXPECT_EQ(format(kModule, module, 100, nullptr, 0x0407), std::to_string(ERROR_RESOURCE_LANG_NOT_FOUND));
  EXPECT_EQ(format(kModule | kSystem | kIgnore, module, 5, nullptr), "Access is denied.\r\n");
  EXPECT_EQ(format(kModule, load({}, 0x2), 100, nullptr), std::to_string(ERROR_RESOURCE_DATA_NOT_FOUND));

  const MESSAGE_RESOURCE_ENTRY* found = nullptr;
  const auto find =
      function<NTSTATUS, HMODULE, ULONG, ULONG, ULONG, const MESSAGE_RESOURCE_ENTRY**>(ntdll_dll, "RtlFindMessage");
  EXPECT_EQ(find(module, 11, 0, 101, &found), STATUS_SUCCESS);
  EXPECT_EQ(found->Flags, 1);
  EXPECT_EQ(find(module, 11, 0, 102, &found), STATUS_MESSAGE_NOT_FOUND);
}

TEST_F(Message, ADamagedTableIsNoCrash) {
  test::ByteVector table;
  for (const DWORD value : {1u, 100u, 200u, 0xFFFFFFF0u}) test::append(table, value);
  EXPECT_EQ(format(kModule, load({{std::uint16_t{11}, std::uint16_t{1}, 0, table}}, 0x2), 100, nullptr),
            std::to_string(ERROR_BAD_EXE_FORMAT));
  table = {};
  for (const DWORD value : {1u, 100u, 200u, 16u, 0u}) test::append(table, value);
  EXPECT_EQ(format(kModule, load({{std::uint16_t{11}, std::uint16_t{1}, 0, table}}, 0x2), 101, nullptr),
            std::to_string(ERROR_BAD_EXE_FORMAT));
}

TEST_F(Message, NtdllFormatsToo) {
  const auto call =
      function<NTSTATUS, const WCHAR*, ULONG, BOOLEAN, BOOLEAN, BOOLEAN, const void*, WCHAR*, ULONG, ULONG*>(
          ntdll_dll, "RtlFormatMessage");
  const ULONG_PTR array[] = {9};
  WCHAR buffer[10];
  ULONG size = 0;
  EXPECT_EQ(call(u"n=%1!u!", 0, FALSE, FALSE, TRUE, array, buffer, sizeof buffer, &size), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(buffer), u"n=9");
  EXPECT_EQ(size, 8u);
  EXPECT_EQ(call(u"n=%1!u!", 0, FALSE, FALSE, TRUE, array, buffer, 6, &size), STATUS_BUFFER_OVERFLOW);
}

}  // namespace
}  // namespace hmodule::winapi
