/* ntdll's strings and conversions: values from the documentation, the same natively, under hmodule run and under Wine.
 */
#include "support/by_name.h"

#define BUFFER_TOO_SMALL 0xC0000023
#define BUFFER_OVERFLOW 0x80000005
#define INVALID_PARAMETER 0xC000000D
#define INVALID_PARAMETER_1 0xC00000EF
#define NAME_TOO_LONG 0xC0000106

typedef const wide_string* in_wide;
typedef const byte_string* in_bytes;

static void test_init(void) {
  TEST("RtlInitString", "the length without the terminator, the capacity with it") {
    static const char* const kNames[] = {"RtlInitString", "RtlInitAnsiString", "RtlInitUTF8String"};
    for (int i = 0; i < 3; ++i) {
      if (i == 2 && !has("ntdll.dll", kNames[i])) continue;
      byte_string text = {1, 1, NULL};
      NTDLL(void, kNames[i], (byte_string*, const char*))(&text, "abc");
      CHECK_EQ(text.Length, 3);
      CHECK_EQ(text.MaximumLength, 4);
      CHECK_STR(text.Buffer, "abc");
      NTDLL(void, kNames[i], (byte_string*, const char*))(&text, NULL);
      CHECK_EQ(text.MaximumLength, 0);
    }
  }
  TEST("RtlInitStringEx", "says when the text is too long to count") {
    static const char* const kNames[] = {"RtlInitStringEx", "RtlInitAnsiStringEx", "RtlInitUTF8StringEx"};
    char* const huge = malloc(0x10001);
    memset(huge, 'x', 0x10000);
    huge[0x10000] = 0;
    for (int i = 0; i < 3; ++i) {
      if (!has("ntdll.dll", kNames[i])) continue;
      byte_string text = {1, 1, NULL};
      CHECK_EQ(NTDLL(ULONG, kNames[i], (byte_string*, const char*))(&text, "abc"), 0);
      CHECK_EQ(text.MaximumLength, 4);
      CHECK_EQ(NTDLL(ULONG, kNames[i], (byte_string*, const char*))(&text, huge), NAME_TOO_LONG);
    }
    free(huge);
  }
  TEST("RtlCreateUnicodeString", "a copy that RtlFreeUnicodeString frees") {
    wide_string text;
    CHECK(NTDLL(BOOLEAN, "RtlCreateUnicodeString", (wide_string*, const WCHAR*))(&text, W("abc")));
    CHECK_EQ(text.Length, 6);
    CHECK_EQ(text.MaximumLength, 8);
    CHECK_STR(NARROW(text.Buffer), "abc");
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&text);
    CHECK(text.Buffer == NULL);
    CHECK(NTDLL(BOOLEAN, "RtlCreateUnicodeStringFromAsciiz", (wide_string*, const char*))(&text, "xyz"));
    CHECK_STR(NARROW(text.Buffer), "xyz");
    wide_string copy;
    CHECK_EQ(NTDLL(ULONG, "RtlDuplicateUnicodeString", (int, in_wide, wide_string*))(1, &text, &copy), 0);
    CHECK_EQ(copy.Length, 6);
    CHECK_EQ(copy.MaximumLength, 8);
    CHECK_STR(NARROW(copy.Buffer), "xyz");
    NTDLL(void, "RtlEraseUnicodeString", (wide_string*))(&copy);
    CHECK_EQ(copy.Length, 0);
    CHECK_EQ(copy.Buffer[1], 0);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&copy);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&text);
  }
  TEST("RtlValidateUnicodeString", "odd lengths and flags are refused") {
    if (!has("ntdll.dll", "RtlValidateUnicodeString")) break;
    WCHAR letters[4] = {'a', 'b', 'c', 0};
    wide_string text = {6, 8, letters};
    CHECK_EQ(NTDLL(ULONG, "RtlValidateUnicodeString", (int, in_wide))(0, &text), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlValidateUnicodeString", (int, in_wide))(1, &text), INVALID_PARAMETER);
    text.Length = 5;
    CHECK_EQ(NTDLL(ULONG, "RtlValidateUnicodeString", (int, in_wide))(0, &text), INVALID_PARAMETER);
  }
}

static void test_copies(void) {
  TEST("RtlCopyString", "copies what fits") {
    char room[3] = "..";
    byte_string to = {0, 2, room};
    const byte_string from = bytes_of("abc");
    NTDLL(void, "RtlCopyString", (byte_string*, in_bytes))(&to, &from);
    CHECK_EQ(to.Length, 2);
    CHECK_STR(room, "ab");
    NTDLL(void, "RtlCopyString", (byte_string*, in_bytes))(&to, NULL);
    CHECK_EQ(to.Length, 0);
    WCHAR wide_room[8] = {0};
    wide_string wide_to = {0, 4, wide_room};
    const wide_string wide_from = wide_of(W("abc"));
    NTDLL(void, "RtlCopyUnicodeString", (wide_string*, in_wide))(&wide_to, &wide_from);
    CHECK_EQ(wide_to.Length, 4);
    CHECK_STR(NARROW(wide_room), "ab");
  }
  TEST("RtlAppendStringToString", "appends, or says that there is no room and changes nothing") {
    char room[8] = "ab";
    byte_string to = {2, 6, room};
    const byte_string more = bytes_of("cd");
    CHECK_EQ(NTDLL(ULONG, "RtlAppendStringToString", (byte_string*, in_bytes))(&to, &more), 0);
    CHECK_EQ(to.Length, 4);
    CHECK_EQ(NTDLL(ULONG, "RtlAppendAsciizToString", (byte_string*, const char*))(&to, "e"), 0);
    CHECK_EQ(to.Length, 5);
    CHECK_EQ(memcmp(room, "abcde", 5), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlAppendAsciizToString", (byte_string*, const char*))(&to, "xyz"), BUFFER_TOO_SMALL);
    CHECK_EQ(NTDLL(ULONG, "RtlAppendAsciizToString", (byte_string*, const char*))(&to, NULL), 0);
    CHECK_EQ(to.Length, 5);
    WCHAR wide_room[8] = {'a', 'b', 0};
    wide_string wide_to = {4, 12, wide_room};
    const wide_string wide_more = wide_of(W("cd"));
    CHECK_EQ(NTDLL(ULONG, "RtlAppendUnicodeStringToString", (wide_string*, in_wide))(&wide_to, &wide_more), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlAppendUnicodeToString", (wide_string*, const WCHAR*))(&wide_to, W("e")), 0);
    CHECK_EQ(wide_to.Length, 10);
    CHECK_STR(NARROW(wide_room), "abcde");
    CHECK_EQ(NTDLL(ULONG, "RtlAppendUnicodeToString", (wide_string*, const WCHAR*))(&wide_to, W("xy")),
             BUFFER_TOO_SMALL);
  }
}

static void test_comparing(void) {
  TEST("RtlCompareString", "the sign of the first difference, then of the lengths") {
    if (on_wine()) break; /* some are not in Wine 8 */
    const byte_string a = bytes_of("abc"), b = bytes_of("ABD"), longer = bytes_of("abcd");
    CHECK(NTDLL(LONG, "RtlCompareString", (in_bytes, in_bytes, BOOLEAN))(&a, &b, FALSE) > 0);
    CHECK(NTDLL(LONG, "RtlCompareString", (in_bytes, in_bytes, BOOLEAN))(&a, &b, TRUE) < 0);
    CHECK(NTDLL(LONG, "RtlCompareString", (in_bytes, in_bytes, BOOLEAN))(&a, &longer, FALSE) < 0);
    const byte_string upper = bytes_of("ABC");
    CHECK(NTDLL(BOOLEAN, "RtlEqualString", (in_bytes, in_bytes, BOOLEAN))(&a, &upper, TRUE));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlEqualString", (in_bytes, in_bytes, BOOLEAN))(&a, &upper, FALSE));
    CHECK(NTDLL(BOOLEAN, "RtlPrefixString", (in_bytes, in_bytes, BOOLEAN))(&upper, &longer, TRUE));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlPrefixString", (in_bytes, in_bytes, BOOLEAN))(&longer, &a, TRUE));
  }
  TEST("RtlCompareUnicodeString", "the same of wide ones; case is that of all letters") {
    const wide_string a = wide_of(W("\u00e4b")), b = wide_of(W("\u00c4B")), c = wide_of(W("\u00c4Bc"));
    CHECK_EQ(NTDLL(LONG, "RtlCompareUnicodeString", (in_wide, in_wide, BOOLEAN))(&a, &b, TRUE), 0);
    CHECK(NTDLL(LONG, "RtlCompareUnicodeString", (in_wide, in_wide, BOOLEAN))(&a, &b, FALSE) > 0);
    CHECK(NTDLL(LONG, "RtlCompareUnicodeString", (in_wide, in_wide, BOOLEAN))(&a, &c, TRUE) < 0);
    CHECK_EQ(NTDLL(LONG, "RtlCompareUnicodeStrings", (const WCHAR*, SIZE_T, const WCHAR*, SIZE_T, BOOLEAN))(
                 a.Buffer, 2, c.Buffer, 2, TRUE),
             0);
  }
  TEST("RtlHashUnicodeString", "x65599, with and without case") {
    const wide_string lower = wide_of(W("abc")), upper = wide_of(W("ABC"));
    ULONG first = 0, second = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlHashUnicodeString", (in_wide, BOOLEAN, ULONG, ULONG*))(&upper, FALSE, 1, &first), 0);
    CHECK_EQ(first, (ULONG)(('A' * 65599ULL + 'B') * 65599ULL + 'C'));
    CHECK_EQ(NTDLL(ULONG, "RtlHashUnicodeString", (in_wide, BOOLEAN, ULONG, ULONG*))(&lower, TRUE, 0, &second), 0);
    CHECK_EQ(first, second);
    CHECK_EQ(NTDLL(ULONG, "RtlHashUnicodeString", (in_wide, BOOLEAN, ULONG, ULONG*))(&lower, TRUE, 9, &second),
             INVALID_PARAMETER);
  }
  TEST("RtlFindCharInUnicodeString", "the place behind the match; backwards, and the first that is none") {
    const wide_string text = wide_of(W("a/b/c")), slash = wide_of(W("/\\")), letters = wide_of(W("ab/"));
    USHORT place = 99;
    CHECK_EQ(NTDLL(ULONG, "RtlFindCharInUnicodeString", (int, in_wide, in_wide, USHORT*))(0, &text, &slash, &place), 0);
    CHECK_EQ(place, 4);
    CHECK_EQ(NTDLL(ULONG, "RtlFindCharInUnicodeString", (int, in_wide, in_wide, USHORT*))(1, &text, &slash, &place), 0);
    CHECK_EQ(place, 6);
    CHECK_EQ(NTDLL(ULONG, "RtlFindCharInUnicodeString", (int, in_wide, in_wide, USHORT*))(2, &text, &letters, &place),
             0);
    CHECK_EQ(place, 10);
    const wide_string none = wide_of(W("z"));
    CHECK_EQ(NTDLL(ULONG, "RtlFindCharInUnicodeString", (int, in_wide, in_wide, USHORT*))(0, &text, &none, &place),
             0xC0000225);
    CHECK_EQ(place, 0);
  }
}

static void test_case(void) {
  TEST("RtlUpcaseUnicodeChar", "one character, and a string in place or in a new one") {
    CHECK_EQ(NTDLL(WCHAR, "RtlUpcaseUnicodeChar", (WCHAR))('q'), 'Q');
    CHECK_EQ(NTDLL(WCHAR, "RtlUpcaseUnicodeChar", (WCHAR))(0xE4), 0xC4);
    CHECK_EQ(NTDLL(WCHAR, "RtlDowncaseUnicodeChar", (WCHAR))(0x416), 0x436);
    CHECK_EQ(NTDLL(CHAR, "RtlUpperChar", (CHAR))('z'), 'Z');
    CHECK_EQ(NTDLL(CHAR, "RtlUpperChar", (CHAR))('5'), '5');
    const wide_string text = wide_of(W("aB\u00e9"));
    wide_string upper, lower;
    CHECK_EQ(NTDLL(ULONG, "RtlUpcaseUnicodeString", (wide_string*, in_wide, BOOLEAN))(&upper, &text, TRUE), 0);
    CHECK_EQ(upper.Buffer[0], 'A');
    CHECK_EQ(upper.Buffer[2], 0xC9);
    CHECK_EQ(NTDLL(ULONG, "RtlDowncaseUnicodeString", (wide_string*, in_wide, BOOLEAN))(&lower, &upper, TRUE), 0);
    CHECK_EQ(lower.Length, 6);
    CHECK_EQ(lower.Buffer[1], 'b');
    lower.MaximumLength = 2;
    CHECK_EQ(NTDLL(ULONG, "RtlUpcaseUnicodeString", (wide_string*, in_wide, BOOLEAN))(&lower, &text, FALSE),
             BUFFER_OVERFLOW);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&upper);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&lower);
    char room[8] = "......";
    byte_string bytes = {0, 6, room};
    const byte_string mixed = bytes_of("aBc9");
    NTDLL(void, "RtlUpperString", (byte_string*, in_bytes))(&bytes, &mixed);
    CHECK_EQ(bytes.Length, 4);
    CHECK_EQ(memcmp(room, "ABC9", 4), 0);
  }
}

/* To bytes, each with what it must say of "aBc". */
static void test_to_bytes(void) {
  static const struct {
    const char *name, *wanted;
  } kStrings[] = {{"RtlUnicodeStringToAnsiString", "aBc"},
                  {"RtlUnicodeStringToOemString", "aBc"},
                  {"RtlUpcaseUnicodeStringToAnsiString", "ABC"},
                  {"RtlUpcaseUnicodeStringToOemString", "ABC"},
                  {"RtlUnicodeStringToUTF8String", "aBc"}};
  const wide_string text = wide_of(W("aBc"));
  TEST("RtlUnicodeStringToAnsiString", "into new memory, or into what is there") {
    for (size_t i = 0; i < sizeof kStrings / sizeof *kStrings; ++i) {
      if (!has("ntdll.dll", kStrings[i].name)) continue;
      byte_string made = {0, 0, NULL};
      CHECK_EQ(NTDLL(ULONG, kStrings[i].name, (byte_string*, in_wide, BOOLEAN))(&made, &text, TRUE), 0);
      CHECK_EQ(made.Length, 3);
      CHECK_EQ(made.MaximumLength, 4);
      CHECK_STR(made.Buffer, kStrings[i].wanted);
      made.MaximumLength = 3; /* no room for the terminator */
      CHECK_EQ(NTDLL(ULONG, kStrings[i].name, (byte_string*, in_wide, BOOLEAN))(&made, &text, FALSE), BUFFER_OVERFLOW);
      static const char* const kFree[] = {"RtlFreeAnsiString", "RtlFreeOemString"};
      if (i == 4)
        NTDLL(void, "RtlFreeUTF8String", (byte_string*))(&made);
      else
        NTDLL(void, kFree[i % 2], (byte_string*))(&made);
    }
  }
  TEST("RtlUnicodeStringToCountedOemString", "has no terminator") {
    static const char* const kNames[] = {"RtlUnicodeStringToCountedOemString",
                                         "RtlUpcaseUnicodeStringToCountedOemString"};
    for (int i = on_wine() ? 1 : 0; i < 2; ++i) { /* the first is not in Wine 8 */
      char room[4] = "....";
      byte_string made = {0, 3, room};
      CHECK_EQ(NTDLL(ULONG, kNames[i], (byte_string*, in_wide, BOOLEAN))(&made, &text, FALSE), 0);
      CHECK_EQ(made.Length, 3);
      CHECK_EQ(room[0], i ? 'A' : 'a');
      CHECK_EQ(room[3], '.');
    }
  }
  TEST("RtlUnicodeToMultiByteN", "bytes without a string around them; what does not fit is left out") {
    static const char* const kNames[] = {"RtlUnicodeToMultiByteN", "RtlUnicodeToOemN", "RtlUpcaseUnicodeToMultiByteN",
                                         "RtlUpcaseUnicodeToOemN"};
    for (int i = 0; i < 4; ++i) {
      char room[4] = "...";
      ULONG size = 99;
      CHECK_EQ(NTDLL(ULONG, kNames[i], (char*, ULONG, ULONG*, const WCHAR*, ULONG))(room, 3, &size, text.Buffer, 6), 0);
      CHECK_EQ(size, 3);
      CHECK_STR(room, i < 2 ? "aBc" : "ABC");
      CHECK_EQ(NTDLL(ULONG, kNames[i], (char*, ULONG, ULONG*, const WCHAR*, ULONG))(room, 2, &size, text.Buffer, 6), 0);
      CHECK_EQ(size, 2);
    }
    ULONG size = 99;
    char room[8];
    CHECK_EQ(
        NTDLL(ULONG, "RtlUnicodeToUTF8N", (char*, ULONG, ULONG*, const WCHAR*, ULONG))(room, 8, &size, W("\u20acx"), 4),
        0);
    CHECK_EQ(size, 4);
    CHECK_EQ(memcmp(room, "\xE2\x82\xACx", 4), 0);
    CHECK_EQ(
        NTDLL(ULONG, "RtlUnicodeToUTF8N", (char*, ULONG, ULONG*, const WCHAR*, ULONG))(room, 2, &size, W("\u20ac"), 2),
        BUFFER_TOO_SMALL);
    CHECK_EQ(NTDLL(ULONG, "RtlUnicodeToMultiByteSize", (ULONG*, const WCHAR*, ULONG))(&size, text.Buffer, 6), 0);
    CHECK_EQ(size, 3);
  }
  TEST("RtlUnicodeStringToAnsiSize", "counts the terminator") {
    static const char* const kNames[] = {"RtlUnicodeStringToAnsiSize", "RtlxUnicodeStringToAnsiSize",
                                         "RtlUnicodeStringToOemSize", "RtlxUnicodeStringToOemSize"};
    for (int i = 0; i < 4; ++i) CHECK_EQ(NTDLL(ULONG, kNames[i], (in_wide))(&text), 4);
  }
}

static void test_to_wide(void) {
  const byte_string text = bytes_of("aBc");
  TEST("RtlOemStringToUnicodeString", "into new memory, or into what is there") {
    static const char* const kNames[] = {"RtlAnsiStringToUnicodeString", "RtlOemStringToUnicodeString",
                                         "RtlUTF8StringToUnicodeString"};
    for (int i = 0; i < 3; ++i) {
      if (!has("ntdll.dll", kNames[i])) continue;
      wide_string made = {0, 0, NULL};
      CHECK_EQ(NTDLL(ULONG, kNames[i], (wide_string*, in_bytes, BOOLEAN))(&made, &text, TRUE), 0);
      CHECK_EQ(made.Length, 6);
      CHECK_EQ(made.MaximumLength, 8);
      CHECK_STR(NARROW(made.Buffer), "aBc");
      made.MaximumLength = 4;
      CHECK_EQ(NTDLL(ULONG, kNames[i], (wide_string*, in_bytes, BOOLEAN))(&made, &text, FALSE), BUFFER_OVERFLOW);
      NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&made);
    }
  }
  TEST("RtlMultiByteToUnicodeN", "fills the room and says how much") {
    static const char* const kNames[] = {"RtlMultiByteToUnicodeN", "RtlOemToUnicodeN", "RtlConsoleMultiByteToUnicodeN"};
    for (int i = 0; i < (on_wine() ? 2 : 3); ++i) {
      WCHAR room[4] = {0};
      ULONG size = 99, special = 0;
      CHECK_EQ(NTDLL(ULONG, kNames[i], (WCHAR*, ULONG, ULONG*, const char*, ULONG, ULONG*))(room, 6, &size, "aBc", 3,
                                                                                            &special),
               0);
      CHECK_EQ(size, 6);
      CHECK_STR(NARROW(room), "aBc");
    }
    ULONG size = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlMultiByteToUnicodeSize", (ULONG*, const char*, ULONG))(&size, "aBc", 3), 0);
    CHECK_EQ(size, 6);
  }
  TEST("RtlAnsiStringToUnicodeSize", "counts the terminator") {
    static const char* const kNames[] = {"RtlAnsiStringToUnicodeSize", "RtlxAnsiStringToUnicodeSize",
                                         "RtlOemStringToUnicodeSize", "RtlxOemStringToUnicodeSize"};
    for (int i = 0; i < 4; ++i) CHECK_EQ(NTDLL(ULONG, kNames[i], (in_bytes))(&text), 8);
  }
}

static void test_numbers(void) {
  TEST("RtlIntegerToChar", "in the bases 2, 8, 10 and 16; exactly filled, without a terminator") {
    char room[34];
    CHECK_EQ(NTDLL(ULONG, "RtlIntegerToChar", (ULONG, ULONG, ULONG, char*))(255, 16, 33, room), 0);
    CHECK_STR(room, "FF");
    CHECK_EQ(NTDLL(ULONG, "RtlIntegerToChar", (ULONG, ULONG, ULONG, char*))(5, 2, 33, room), 0);
    CHECK_STR(room, "101");
    CHECK_EQ(NTDLL(ULONG, "RtlIntegerToChar", (ULONG, ULONG, ULONG, char*))(100, 0, 2, room), BUFFER_OVERFLOW);
    CHECK_EQ(NTDLL(ULONG, "RtlIntegerToChar", (ULONG, ULONG, ULONG, char*))(1, 7, 33, room), INVALID_PARAMETER);
    const uint64_t large = 0x1234567890ULL;
    CHECK_EQ(NTDLL(ULONG, "RtlLargeIntegerToChar", (const uint64_t*, ULONG, ULONG, char*))(&large, 16, 33, room), 0);
    CHECK_STR(room, "1234567890");
  }
  TEST("RtlIntegerToUnicodeString", "digits into a string that must have room") {
    WCHAR room[40];
    wide_string text = {0, sizeof room, room};
    CHECK_EQ(NTDLL(ULONG, "RtlIntegerToUnicodeString", (ULONG, ULONG, wide_string*))(4711, 10, &text), 0);
    CHECK_STR(NARROW_STRING(text), "4711");
    CHECK_EQ(NTDLL(ULONG, "RtlInt64ToUnicodeString", (uint64_t, ULONG, wide_string*))(0xABCDEF0123ULL, 16, &text), 0);
    CHECK_STR(NARROW_STRING(text), "ABCDEF0123");
    text.MaximumLength = 4;
    CHECK_EQ(NTDLL(ULONG, "RtlIntegerToUnicodeString", (ULONG, ULONG, wide_string*))(4711, 10, &text), BUFFER_OVERFLOW);
  }
  TEST("RtlCharToInteger", "spaces, a sign and a prefix; digits end it") {
    static const struct {
      const WCHAR* wide;
      const char* text;
      ULONG base, wanted;
    } kNumbers[] = {{W("  42x"), "  42x", 0, 42}, {W("-7"), "-7", 0, (ULONG)-7}, {W("0x1F"), "0x1F", 0, 31},
                    {W("0b101"), "0b101", 0, 5},  {W("0o17"), "0o17", 0, 15},    {W("ff"), "ff", 16, 255},
                    {W("x"), "x", 0, 0}};
    for (size_t i = 0; i < sizeof kNumbers / sizeof *kNumbers; ++i) {
      ULONG value = 99;
      CHECK_EQ(
          NTDLL(ULONG, "RtlCharToInteger", (const char*, ULONG, ULONG*))(kNumbers[i].text, kNumbers[i].base, &value),
          0);
      CHECK_EQ(value, kNumbers[i].wanted);
      const wide_string text = wide_of(kNumbers[i].wide);
      CHECK_EQ(NTDLL(ULONG, "RtlUnicodeStringToInteger", (in_wide, ULONG, ULONG*))(&text, kNumbers[i].base, &value), 0);
      CHECK_EQ(value, kNumbers[i].wanted);
    }
    ULONG value = 99;
    CHECK_EQ(NTDLL(ULONG, "RtlCharToInteger", (const char*, ULONG, ULONG*))("1", 3, &value), INVALID_PARAMETER);
  }
}

typedef struct {
  ULONG Data1;
  USHORT Data2, Data3;
  BYTE Data4[8];
} guid;

static void test_guids(void) {
  static const guid kWanted = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};
  TEST("RtlStringFromGUID", "there and back") {
    wide_string text;
    CHECK_EQ(NTDLL(ULONG, "RtlStringFromGUID", (const guid*, wide_string*))(&kWanted, &text), 0);
    CHECK_STR(NARROW_STRING(text), "{12345678-9ABC-DEF0-0102-030405060708}");
    guid read = {0};
    CHECK_EQ(NTDLL(ULONG, "RtlGUIDFromString", (in_wide, guid*))(&text, &read), 0);
    CHECK_EQ(memcmp(&read, &kWanted, sizeof read), 0);
    text.Buffer[3] = 'x';
    CHECK_EQ(NTDLL(ULONG, "RtlGUIDFromString", (in_wide, guid*))(&text, &read), INVALID_PARAMETER);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&text);
    if (has("ntdll.dll", "RtlStringFromGUIDEx")) {
      WCHAR room[40];
      wide_string fixed = {0, sizeof room, room};
      CHECK_EQ(NTDLL(ULONG, "RtlStringFromGUIDEx", (const guid*, wide_string*, BOOLEAN))(&kWanted, &fixed, FALSE), 0);
      CHECK_STR(NARROW_STRING(fixed), "{12345678-9ABC-DEF0-0102-030405060708}");
    }
  }
}

static void test_unicode(void) {
  TEST("RtlNormalizeString", "composes and decomposes") {
    WCHAR room[16];
    LONG length = 16;
    CHECK_EQ(NTDLL(ULONG, "RtlNormalizeString", (ULONG, const WCHAR*, LONG, WCHAR*, LONG*))(1, W("e\u0301"), 2, room,
                                                                                            &length),
             0);
    CHECK_EQ(length, 1);
    CHECK_EQ(room[0], 0xE9);
    length = 16;
    CHECK_EQ(NTDLL(ULONG, "RtlNormalizeString", (ULONG, const WCHAR*, LONG, WCHAR*, LONG*))(2, W("\u00e9"), 1, room,
                                                                                            &length),
             0);
    CHECK_EQ(length, 2);
    CHECK_EQ(room[1], 0x301);
    BOOLEAN is = 9;
    CHECK_EQ(NTDLL(ULONG, "RtlIsNormalizedString", (ULONG, const WCHAR*, LONG, BOOLEAN*))(1, W("e\u0301"), 2, &is), 0);
    CHECK_EQ(is, FALSE);
    CHECK_EQ(NTDLL(ULONG, "RtlIsNormalizedString", (ULONG, const WCHAR*, LONG, BOOLEAN*))(1, W("\u00e9"), 1, &is), 0);
    CHECK_EQ(is, TRUE);
    CHECK_EQ(NTDLL(ULONG, "RtlIsNormalizedString", (ULONG, const WCHAR*, LONG, BOOLEAN*))(77, W("x"), 1, &is),
             0xC0000034);
  }
  TEST("RtlIdnToAscii", "a domain name in letters of all alphabets, there and back") {
    WCHAR room[64];
    LONG length = 64;
    CHECK_EQ(NTDLL(ULONG, "RtlIdnToAscii", (ULONG, const WCHAR*, LONG, WCHAR*, LONG*))(0, W("b\u00fccher.de"), 9, room,
                                                                                       &length),
             0);
    CHECK_STR(narrow(room, (size_t)length), "xn--bcher-kva.de");
    WCHAR back[64];
    LONG size = 64;
    CHECK_EQ(NTDLL(ULONG, "RtlIdnToUnicode", (ULONG, const WCHAR*, LONG, WCHAR*, LONG*))(0, room, length, back, &size),
             0);
    CHECK_EQ(size, 9);
    CHECK_EQ(back[1], 0xFC);
    size = 64;
    CHECK_EQ(NTDLL(ULONG, "RtlIdnToNameprepUnicode", (ULONG, const WCHAR*, LONG, WCHAR*, LONG*))(0, W("B\u00dccher"), 6,
                                                                                                 back, &size),
             0);
    CHECK_EQ(size, 6);
    CHECK_EQ(back[0], 'b');
    CHECK_EQ(back[1], 0xFC);
  }
  TEST("RtlIsTextUnicode", "a byte order mark says it") {
    static const WCHAR kMarked[] = {0xFEFF, 'a', 'b', 0};
    LONG tests = 8 /* IS_TEXT_UNICODE_SIGNATURE */;
    CHECK(NTDLL(BOOLEAN, "RtlIsTextUnicode", (const void*, LONG, LONG*))(kMarked, 6, &tests));
    CHECK_EQ(tests, 8);
    tests = 0x200 /* IS_TEXT_UNICODE_ODD_LENGTH */;
    NTDLL(BOOLEAN, "RtlIsTextUnicode", (const void*, LONG, LONG*))("abc", 3, &tests);
    CHECK_EQ(tests, 0x200);
  }
  TEST("RtlLcidToLocaleName", "names and numbers of locales") {
    WCHAR room[86] = {0};
    wide_string text = {0, sizeof room, room};
    CHECK_EQ(NTDLL(ULONG, "RtlLcidToLocaleName", (ULONG, wide_string*, ULONG, BYTE))(0x407, &text, 0, 0), 0);
    CHECK_STR(NARROW(room), "de-DE");
    ULONG number = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlLocaleNameToLcid", (const WCHAR*, ULONG*, ULONG))(W("fr-FR"), &number, 0), 0);
    CHECK_EQ(number, 0x40C);
    CHECK_EQ(NTDLL(ULONG, "RtlLocaleNameToLcid", (const WCHAR*, ULONG*, ULONG))(W("zz-no-such"), &number, 0),
             INVALID_PARAMETER_1);
    CHECK(NTDLL(BOOLEAN, "RtlIsValidLocaleName", (const WCHAR*, ULONG))(W("en-US"), 0));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlIsValidLocaleName", (const WCHAR*, ULONG))(W("no such locale"), 0));
  }
}

int main(void) {
  test_init();
  test_copies();
  test_comparing();
  test_case();
  test_to_bytes();
  test_to_wide();
  test_numbers();
  test_guids();
  test_unicode();
  return finish();
}
