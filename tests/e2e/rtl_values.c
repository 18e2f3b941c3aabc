/* ntdll's bitmaps, large integers, times, addresses and C library: values from the documentation, the same natively,
 * under hmodule run and under Wine. */
#include "support/by_name.h"

typedef struct {
  ULONG SizeOfBitMap;
  ULONG* Buffer;
} bitmap;
typedef struct {
  ULONG first, count;
} bit_run;

static void test_bitmaps(void) {
  ULONG words[2];
  bitmap map;
  NTDLL(void, "RtlInitializeBitMap", (bitmap*, ULONG*, ULONG))(&map, words, 40);
  CHECK_EQ(map.SizeOfBitMap, 40);
  TEST("RtlSetAllBits", "whole words, so also what is behind the end; counting stays inside") {
    NTDLL(void, "RtlSetAllBits", (bitmap*))(&map);
    CHECK_EQ(words[0], 0xFFFFFFFF);
    CHECK_EQ(NTDLL(ULONG, "RtlNumberOfSetBits", (const bitmap*))(&map), 40);
    NTDLL(void, "RtlClearAllBits", (bitmap*))(&map);
    CHECK_EQ(words[0] | words[1], 0);
    CHECK_EQ(NTDLL(ULONG, "RtlNumberOfClearBits", (const bitmap*))(&map), 40);
  }
  TEST("RtlSetBits", "ranges across words") {
    NTDLL(void, "RtlSetBits", (bitmap*, ULONG, ULONG))(&map, 30, 4);
    CHECK_EQ(words[0], 0xC0000000);
    CHECK_EQ(words[1], 3);
    CHECK(NTDLL(BOOLEAN, "RtlAreBitsSet", (const bitmap*, ULONG, ULONG))(&map, 30, 4));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlAreBitsSet", (const bitmap*, ULONG, ULONG))(&map, 29, 4));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlAreBitsSet", (const bitmap*, ULONG, ULONG))(&map, 30, 0));
    CHECK(NTDLL(BOOLEAN, "RtlAreBitsClear", (const bitmap*, ULONG, ULONG))(&map, 0, 30));
    NTDLL(void, "RtlClearBits", (bitmap*, ULONG, ULONG))(&map, 31, 2);
    CHECK_EQ(words[0], 0x40000000);
    CHECK_EQ(words[1], 2);
    if (!on_wine()) { /* stubs in Wine 8 */
      NTDLL(void, "RtlSetBit", (bitmap*, ULONG))(&map, 5);
      CHECK_EQ(words[0], 0x40000020);
      CHECK(NTDLL(BOOLEAN, "RtlTestBit", (const bitmap*, ULONG))(&map, 5));
      NTDLL(void, "RtlClearBit", (bitmap*, ULONG))(&map, 5);
      CHECK_FALSE(NTDLL(BOOLEAN, "RtlTestBit", (const bitmap*, ULONG))(&map, 5));
      CHECK_EQ(NTDLL(ULONG, "RtlNumberOfSetBitsUlongPtr", (ULONG_PTR))(0xF0F0F0F0F0F0F0F0), 32);
    }
  }
  TEST("RtlFindClearBits", "from the hint on, then from the start") {
    words[0] = 0x0000FF0F; /* 4-7 and 16-31 are clear */
    words[1] = 0xFF;
    CHECK_EQ(NTDLL(ULONG, "RtlFindClearBits", (const bitmap*, ULONG, ULONG))(&map, 3, 0), 4);
    CHECK_EQ(NTDLL(ULONG, "RtlFindClearBits", (const bitmap*, ULONG, ULONG))(&map, 5, 0), 16);
    CHECK_EQ(NTDLL(ULONG, "RtlFindClearBits", (const bitmap*, ULONG, ULONG))(&map, 17, 0), 0xFFFFFFFF);
    CHECK_EQ(NTDLL(ULONG, "RtlFindSetBits", (const bitmap*, ULONG, ULONG))(&map, 5, 0), 8);
    CHECK_EQ(NTDLL(ULONG, "RtlFindSetBits", (const bitmap*, ULONG, ULONG))(&map, 4, 20), 32);
    CHECK_EQ(NTDLL(ULONG, "RtlFindSetBitsAndClear", (bitmap*, ULONG, ULONG))(&map, 8, 0), 8);
    CHECK_EQ(words[0], 0x0000000F);
    CHECK_EQ(NTDLL(ULONG, "RtlFindClearBitsAndSet", (bitmap*, ULONG, ULONG))(&map, 4, 0), 4);
    CHECK_EQ(words[0], 0x000000FF);
  }
  TEST("RtlFindClearRuns", "runs, their lengths, the longest") {
    words[0] = 0xFFF0F00F; /* clear: 4-11, 16-19 */
    words[1] = 0xFF;
    bit_run runs[4] = {{9, 9}, {9, 9}};
    CHECK_EQ(NTDLL(ULONG, "RtlFindClearRuns", (const bitmap*, bit_run*, ULONG, BOOLEAN))(&map, runs, 4, FALSE), 2);
    CHECK_EQ(runs[0].first, 4);
    CHECK_EQ(runs[0].count, 8);
    CHECK_EQ(runs[1].first, 16);
    CHECK_EQ(runs[1].count, 4);
    ULONG first = 99;
    CHECK_EQ(NTDLL(ULONG, "RtlFindLongestRunClear", (const bitmap*, ULONG*))(&map, &first), 8);
    CHECK_EQ(first, 4);
    CHECK_EQ(NTDLL(ULONG, "RtlFindLongestRunSet", (const bitmap*, ULONG*))(&map, &first), 20);
    CHECK_EQ(first, 20);
    CHECK_EQ(NTDLL(ULONG, "RtlFindNextForwardRunClear", (const bitmap*, ULONG, ULONG*))(&map, 12, &first), 4);
    CHECK_EQ(first, 16);
    CHECK_EQ(NTDLL(ULONG, "RtlFindNextForwardRunSet", (const bitmap*, ULONG, ULONG*))(&map, 4, &first), 4);
    CHECK_EQ(first, 12);
  }
  TEST("RtlFindMostSignificantBit", "the places of the outermost bits, -1 for none") {
    CHECK_EQ(NTDLL(CHAR, "RtlFindMostSignificantBit", (uint64_t))(0x8000000000000001), 63);
    CHECK_EQ(NTDLL(CHAR, "RtlFindLeastSignificantBit", (uint64_t))(0x100), 8);
    CHECK_EQ(NTDLL(signed char, "RtlFindMostSignificantBit", (uint64_t))(0), -1);
    CHECK_EQ(NTDLL(signed char, "RtlFindLeastSignificantBit", (uint64_t))(0), -1);
  }
}

static void test_integers(void) {
  TEST("RtlUlongByteSwap", "bytes in the other order") {
    if (!has("ntdll.dll", "RtlUshortByteSwap")) break; /* Wine has them for 32 bits */
    CHECK_EQ(NTDLL(USHORT, "RtlUshortByteSwap", (USHORT))(0x1234), 0x3412);
    CHECK_EQ(NTDLL(ULONG, "RtlUlongByteSwap", (ULONG))(0x12345678), 0x78563412);
    CHECK_EQ(NTDLL(uint64_t, "RtlUlonglongByteSwap", (uint64_t))(0x0102030405060708), 0x0807060504030201);
  }
  TEST("RtlLargeIntegerAdd", "the arithmetic of compilers without 64-bit integers") {
    static const char* const kNames[] = {"RtlLargeIntegerAdd", "RtlLargeIntegerSubtract"};
    if (!has("ntdll.dll", kNames[0])) break;
    CHECK_EQ(NTDLL(int64_t, kNames[0], (int64_t, int64_t))(1LL << 40, 5), (1LL << 40) + 5);
    CHECK_EQ(NTDLL(int64_t, kNames[1], (int64_t, int64_t))(3, 5), -2);
    CHECK_EQ(NTDLL(int64_t, "RtlLargeIntegerNegate", (int64_t))(7), -7);
    CHECK_EQ(NTDLL(int64_t, "RtlLargeIntegerShiftLeft", (int64_t, CHAR))(1, 33), 1LL << 33);
    CHECK_EQ(NTDLL(int64_t, "RtlLargeIntegerShiftRight", (int64_t, CHAR))(-1, 60), 15);
    CHECK_EQ(NTDLL(int64_t, "RtlLargeIntegerArithmeticShift", (int64_t, CHAR))(-16, 2), -4);
    uint64_t rest = 99;
    CHECK_EQ(NTDLL(uint64_t, "RtlLargeIntegerDivide", (uint64_t, uint64_t, uint64_t*))(100, 7, &rest), 14);
    CHECK_EQ(rest, 2);
    ULONG small_rest = 99;
    CHECK_EQ(NTDLL(int64_t, "RtlExtendedLargeIntegerDivide", (int64_t, ULONG, ULONG*))(1LL << 40, 1000, &small_rest),
             (1LL << 40) / 1000);
    CHECK_EQ(small_rest, (1LL << 40) % 1000);
    CHECK_EQ(NTDLL(ULONG, "RtlEnlargedUnsignedDivide", (uint64_t, ULONG, ULONG*))(1ULL << 33, 10, &small_rest),
             (1ULL << 33) / 10);
    CHECK_EQ(small_rest, (1ULL << 33) % 10);
    CHECK_EQ(NTDLL(int64_t, "RtlEnlargedIntegerMultiply", (LONG, LONG))(-100000, 100000), -10000000000LL);
    CHECK_EQ(NTDLL(uint64_t, "RtlEnlargedUnsignedMultiply", (ULONG, ULONG))(0xFFFFFFFF, 2), 0x1FFFFFFFE);
    CHECK_EQ(NTDLL(int64_t, "RtlExtendedIntegerMultiply", (int64_t, LONG))(1LL << 40, -2), -(1LL << 41));
    CHECK_EQ(NTDLL(int64_t, "RtlConvertLongToLargeInteger", (LONG))(-3), -3);
    CHECK_EQ(NTDLL(int64_t, "RtlConvertUlongToLargeInteger", (ULONG))(0xFFFFFFFD), 0xFFFFFFFD);
  }
  TEST("RtlUniform", "the documented generators: the same seeds, the same numbers, below 2^31") {
    ULONG seed = 1, same = 1;
    const ULONG first = NTDLL(ULONG, "RtlUniform", (ULONG*))(&seed);
    CHECK(first < 0x7FFFFFFF);
    CHECK_EQ(seed, first);
    CHECK_EQ(NTDLL(ULONG, "RtlUniform", (ULONG*))(&same), first);
    CHECK_EQ(first, 2147483569); /* (1 * 0x7fffffed + 0x7fffffc3) % 0x7fffffff */
    seed = 0x1234;
    CHECK(NTDLL(ULONG, "RtlRandom", (ULONG*))(&seed) <= 0x7FFFFFFF);
    CHECK(seed != 0x1234);
    const ULONG before = seed;
    CHECK(NTDLL(ULONG, "RtlRandomEx", (ULONG*))(&seed) <= 0x7FFFFFFF);
    CHECK(seed != before);
  }
}

static void test_memory(void) {
  TEST("RtlCompareMemory", "how many bytes are the same") {
    CHECK_EQ(NTDLL(SIZE_T, "RtlCompareMemory", (const void*, const void*, SIZE_T))("abcd", "abxd", 4), 2);
    CHECK_EQ(NTDLL(SIZE_T, "RtlCompareMemory", (const void*, const void*, SIZE_T))("abcd", "abcd", 4), 4);
    ULONG numbers[4] = {7, 7, 8, 7};
    CHECK_EQ(NTDLL(SIZE_T, "RtlCompareMemoryUlong", (void*, SIZE_T, ULONG))(numbers, 16, 7), 8);
    NTDLL(void, "RtlFillMemoryUlong", (ULONG*, ULONG, ULONG))(numbers, 12, 0x01020304);
    CHECK_EQ(numbers[2], 0x01020304);
    CHECK_EQ(numbers[3], 7);
  }
  TEST("RtlMoveMemory", "copies, moves, fills and zeroes") {
    char room[] = "abcdefgh";
    NTDLL(void, "RtlMoveMemory", (void*, const void*, SIZE_T))(room + 2, room, 4);
    CHECK_STR(room, "ababcdgh");
    NTDLL(void, "RtlFillMemory", (void*, SIZE_T, int))(room, 2, 'x');
    CHECK_STR(room, "xxabcdgh");
    NTDLL(void, "RtlZeroMemory", (void*, SIZE_T))(room + 7, 1);
    CHECK_STR(room, "xxabcdg");
    if (has("ntdll.dll", "RtlCopyMemory")) NTDLL(void, "RtlCopyMemory", (void*, const void*, SIZE_T))(room, "YY", 2);
    if (has("ntdll.dll", "RtlCopyMemoryNonTemporal"))
      NTDLL(void, "RtlCopyMemoryNonTemporal", (void*, const void*, SIZE_T))(room, "Z", 1);
    if (!on_wine()) CHECK_STR(room, "ZYabcdg");
  }
}

typedef struct {
  short Year, Month, Day, Hour, Minute, Second, Milliseconds, Weekday;
} time_fields;

static void test_times(void) {
  const int64_t time = 131479652451230000; /* 2017-08-23 12:34:05.123, a Wednesday */
  TEST("RtlTimeToTimeFields", "fields of a time, and back") {
    time_fields fields;
    NTDLL(void, "RtlTimeToTimeFields", (const int64_t*, time_fields*))(&time, &fields);
    CHECK_EQ(fields.Year, 2017);
    CHECK_EQ(fields.Month, 8);
    CHECK_EQ(fields.Day, 23);
    CHECK_EQ(fields.Hour, 12);
    CHECK_EQ(fields.Minute, 34);
    CHECK_EQ(fields.Second, 5);
    CHECK_EQ(fields.Milliseconds, 123);
    CHECK_EQ(fields.Weekday, 3);
    int64_t back = 0;
    CHECK(NTDLL(BOOLEAN, "RtlTimeFieldsToTime", (const time_fields*, int64_t*))(&fields, &back));
    CHECK_EQ(back, time);
    fields.Month = 2;
    fields.Day = 30;
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlTimeFieldsToTime", (const time_fields*, int64_t*))(&fields, &back));
    const int64_t elapsed = ((26 * 60 + 3) * 60 + 4) * 10000000LL;
    NTDLL(void, "RtlTimeToElapsedTimeFields", (const int64_t*, time_fields*))(&elapsed, &fields);
    CHECK_EQ(fields.Day, 1);
    CHECK_EQ(fields.Hour, 2);
    CHECK_EQ(fields.Second, 4);
  }
  TEST("RtlSecondsSince1970ToTime", "the other epochs") {
    int64_t made = 0;
    NTDLL(void, "RtlSecondsSince1970ToTime", (ULONG, int64_t*))(0, &made);
    CHECK_EQ(made, 116444736000000000);
    NTDLL(void, "RtlSecondsSince1980ToTime", (ULONG, int64_t*))(0, &made);
    CHECK_EQ(made, 119600064000000000);
    ULONG seconds = 99;
    CHECK(NTDLL(BOOLEAN, "RtlTimeToSecondsSince1980", (const int64_t*, ULONG*))(&made, &seconds));
    CHECK_EQ(seconds, 0);
    made -= 1;
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlTimeToSecondsSince1980", (const int64_t*, ULONG*))(&made, &seconds));
    CHECK(NTDLL(BOOLEAN, "RtlTimeToSecondsSince1970", (const int64_t*, ULONG*))(&time, &seconds));
    CHECK_EQ(seconds, 1503491645);
  }
  TEST("RtlSystemTimeToLocalTime", "there and back") {
    int64_t local = 0, back = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlSystemTimeToLocalTime", (const int64_t*, int64_t*))(&time, &local), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlLocalTimeToSystemTime", (const int64_t*, int64_t*))(&local, &back), 0);
    CHECK_EQ(back, time);
  }
}

static void test_addresses(void) {
  static const BYTE kFour[4] = {192, 0, 2, 33};
  static const BYTE kSix[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  char text[80];
  WCHAR wide[80];
  TEST("RtlIpv4AddressToStringA", "the text of an address, and where it ends") {
    CHECK_EQ(NTDLL(char*, "RtlIpv4AddressToStringA", (const void*, char*))(kFour, text) - text, 10);
    CHECK_STR(text, "192.0.2.33");
    CHECK_EQ(NTDLL(WCHAR*, "RtlIpv4AddressToStringW", (const void*, WCHAR*))(kFour, wide) - wide, 10);
    CHECK_STR(NARROW(wide), "192.0.2.33");
    ULONG room = 80;
    CHECK_EQ(
        NTDLL(ULONG, "RtlIpv4AddressToStringExA", (const void*, USHORT, char*, ULONG*))(kFour, 0x5000, text, &room), 0);
    CHECK_STR(text, "192.0.2.33:80"); /* the port is in network order */
    CHECK_EQ(room, 14);
    room = 80;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv4AddressToStringExW", (const void*, USHORT, WCHAR*, ULONG*))(kFour, 0, wide, &room),
             0);
    CHECK_STR(NARROW(wide), "192.0.2.33");
    room = 4;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv4AddressToStringExA", (const void*, USHORT, char*, ULONG*))(kFour, 0, text, &room),
             0xC000000D);
    CHECK_EQ(room, 11);
  }
  TEST("RtlIpv6AddressToStringA", "the shortest text; scope and port in brackets") {
    CHECK_EQ(NTDLL(char*, "RtlIpv6AddressToStringA", (const void*, char*))(kSix, text) - text, 11);
    CHECK_STR(text, "2001:db8::1");
    CHECK_EQ(NTDLL(WCHAR*, "RtlIpv6AddressToStringW", (const void*, WCHAR*))(kSix, wide) - wide, 11);
    CHECK_STR(NARROW(wide), "2001:db8::1");
    ULONG room = 80;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv6AddressToStringExA", (const void*, ULONG, USHORT, char*, ULONG*))(kSix, 7, 0x5000,
                                                                                                    text, &room),
             0);
    CHECK_STR(text, "[2001:db8::1%7]:80");
    room = 80;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv6AddressToStringExW", (const void*, ULONG, USHORT, WCHAR*, ULONG*))(kSix, 0, 0, wide,
                                                                                                     &room),
             0);
    CHECK_STR(NARROW(wide), "2001:db8::1");
  }
  TEST("RtlIpv4StringToAddressA", "strict addresses have four parts; others may be hexadecimal") {
    BYTE four[4];
    const char* end;
    const WCHAR* wide_end;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv4StringToAddressA", (const char*, BOOLEAN, const char**, void*))("192.0.2.33x", TRUE,
                                                                                                  &end, four),
             0);
    CHECK_STR(end, "x");
    CHECK_EQ(memcmp(four, kFour, 4), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlIpv4StringToAddressA", (const char*, BOOLEAN, const char**, void*))("192.545", TRUE, &end,
                                                                                                  four),
             0xC000000D);
    CHECK_EQ(NTDLL(ULONG, "RtlIpv4StringToAddressW", (const WCHAR*, BOOLEAN, const WCHAR**, void*))(
                 W("0xC0000221"), FALSE, &wide_end, four),
             0);
    CHECK_EQ(memcmp(four, kFour, 4), 0);
    USHORT port = 9;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv4StringToAddressExA", (const char*, BOOLEAN, void*, USHORT*))("192.0.2.33:80", TRUE,
                                                                                               four, &port),
             0);
    CHECK_EQ(port, 0x5000);
    CHECK_EQ(NTDLL(ULONG, "RtlIpv4StringToAddressExW", (const WCHAR*, BOOLEAN, void*, USHORT*))(W("192.0.2.33"), TRUE,
                                                                                                four, &port),
             0);
  }
  TEST("RtlIpv6StringToAddressA", "with and without a scope and a port") {
    BYTE six[16];
    const char* end;
    const WCHAR* wide_end;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv6StringToAddressA", (const char*, const char**, void*))("2001:db8::1", &end, six), 0);
    CHECK_EQ(memcmp(six, kSix, 16), 0);
    CHECK_STR(end, "");
    memset(six, 9, 16);
    CHECK_EQ(NTDLL(ULONG, "RtlIpv6StringToAddressW", (const WCHAR*, const WCHAR**, void*))(W("2001:db8:0::1"),
                                                                                           &wide_end, six),
             0);
    CHECK_EQ(memcmp(six, kSix, 16), 0);
    ULONG scope = 9;
    USHORT port = 9;
    CHECK_EQ(NTDLL(ULONG, "RtlIpv6StringToAddressExA", (const char*, void*, ULONG*, USHORT*))("[2001:db8::1%7]:80", six,
                                                                                              &scope, &port),
             0);
    CHECK_EQ(scope, 7);
    CHECK_EQ(port, 0x5000);
    CHECK_EQ(NTDLL(ULONG, "RtlIpv6StringToAddressExW", (const WCHAR*, void*, ULONG*, USHORT*))(W("2001:db8:::1"), six,
                                                                                               &scope, &port),
             0xC000000D);
  }
}

#define CRT(type, name, parameters) NTDLL(type, name, parameters)

static void test_letters(void) {
  TEST("isalpha", "the kinds of ASCII characters") {
    static const struct {
      const char *name, *in, *out;
    } kKinds[] = {{"iscntrl", "\x01\x7F", "a "}, {"isgraph", "a!", " \n"},     {"islower", "az", "A1"},
                  {"isprint", "a ", "\n\x7F"},   {"ispunct", "!;", "a1 "},     {"isalnum", "a1Z", "! "},
                  {"isalpha", "aZ", "1"},        {"isdigit", "09", "a"},       {"isspace", " \t\n", "a"},
                  {"isupper", "AZ", "a"},        {"isxdigit", "09afAF", "gG"}, {"__isascii", "a\x7F", ""},
                  {"__iscsym", "a_9", "!"},      {"__iscsymf", "a_Z", "9!"},   {"iswalnum", "a1", "!"},
                  {"iswgraph", "a!", " "},       {"iswprint", "a ", "\n"},     {"iswxdigit", "09afAF", "g"},
                  {"iswalpha", "aZ", "1"},       {"iswdigit", "09", "a"},      {"iswlower", "az", "A"},
                  {"iswspace", " \t", "a"}};
    for (size_t i = 0; i < sizeof kKinds / sizeof *kKinds; ++i) {
      if (!has("ntdll.dll", kKinds[i].name)) continue;
      for (const char* c = kKinds[i].in; *c; ++c)
        if (!CHECK(CRT(int, kKinds[i].name, (int))(*c))) printf("  %s(%d)\n", kKinds[i].name, *c);
      for (const char* c = kKinds[i].out; *c; ++c)
        if (!CHECK_FALSE(CRT(int, kKinds[i].name, (int))(*c))) printf("  %s(%d)\n", kKinds[i].name, *c);
    }
    CHECK_EQ(CRT(int, "tolower", (int))('Q'), 'q');
    CHECK_EQ(CRT(int, "toupper", (int))('q'), 'Q');
    CHECK_EQ(CRT(int, "towlower", (int))('Q'), 'q');
    CHECK_EQ(CRT(int, "towupper", (int))('q'), 'Q');
    if (has("ntdll.dll", "_tolower")) CHECK_EQ(CRT(int, "_tolower", (int))('Q'), 'q');
    if (has("ntdll.dll", "_toupper")) CHECK_EQ(CRT(int, "_toupper", (int))('q'), 'Q');
    if (has("ntdll.dll", "__toascii")) CHECK_EQ(CRT(int, "__toascii", (int))(0xE1), 'a');
  }
}

static int WINAPI compare_ints(const void* a, const void* b) {
  return *(const int*)a - *(const int*)b;
}
static int WINAPI compare_ints_in(void* context, const void* a, const void* b) {
  ++*(int*)context;
  return *(const int*)a - *(const int*)b;
}

static void test_searching(void) {
  TEST("qsort", "sorts and searches, with and without a context") {
    int numbers[] = {5, 3, 9, 1, 7};
    const int seven = 7, two = 2;
    CRT(void, "qsort", (void*, SIZE_T, SIZE_T, void*))(numbers, 5, 4, (void*)compare_ints);
    CHECK(numbers[0] == 1 && numbers[2] == 5 && numbers[4] == 9);
    CHECK(CRT(int*, "bsearch", (const void*, const void*, SIZE_T, SIZE_T, void*))(&seven, numbers, 5, 4,
                                                                                  (void*)compare_ints) == numbers + 3);
    CHECK(CRT(int*, "bsearch", (const void*, const void*, SIZE_T, SIZE_T, void*))(&two, numbers, 5, 4,
                                                                                  (void*)compare_ints) == NULL);
    unsigned count = 5;
    CHECK(CRT(int*, "_lfind", (const void*, const void*, unsigned*, unsigned, void*))(
              &seven, numbers, &count, 4, (void*)compare_ints) == numbers + 3);
    int calls = 0, again[] = {2, 1};
    if (has("ntdll.dll", "qsort_s")) {
      CRT(void, "qsort_s", (void*, SIZE_T, SIZE_T, void*, void*))(again, 2, 4, (void*)compare_ints_in, &calls);
      CHECK_EQ(again[0], 1);
      CHECK(calls > 0);
    }
    if (has("ntdll.dll", "bsearch_s"))
      CHECK(CRT(int*, "bsearch_s", (const void*, const void*, SIZE_T, SIZE_T, void*, void*))(
                &seven, numbers, 5, 4, (void*)compare_ints_in, &calls) == numbers + 3);
  }
  TEST("memchr", "memory and strings") {
    const char* const text = "abcabc";
    CHECK_EQ(CRT(const char*, "memchr", (const void*, int, SIZE_T))(text, 'c', 6) - text, 2);
    CHECK_EQ(CRT(int, "memcmp", (const void*, const void*, SIZE_T))("abc", "abc", 3), 0);
    CHECK_EQ(CRT(int, "_memicmp", (const void*, const void*, SIZE_T))("aBc", "AbC", 3), 0);
    CHECK(CRT(int, "_strnicmp", (const char*, const char*, SIZE_T))("ABx", "aby", 2) == 0);
    CHECK(CRT(int, "_stricmp", (const char*, const char*))("ABx", "aby") < 0);
    if (has("ntdll.dll", "_strcmpi")) CHECK(CRT(int, "_strcmpi", (const char*, const char*))("ABy", "aby") == 0);
    CHECK_EQ(CRT(const char*, "strchr", (const char*, int))(text, 'b') - text, 1);
    CHECK_EQ(CRT(const char*, "strrchr", (const char*, int))(text, 'b') - text, 4);
    CHECK_EQ(CRT(const char*, "strstr", (const char*, const char*))(text, "ca") - text, 2);
    CHECK_EQ(CRT(const char*, "strpbrk", (const char*, const char*))(text, "xc") - text, 2);
    CHECK_EQ(CRT(SIZE_T, "strspn", (const char*, const char*))(text, "ab"), 2);
    CHECK_EQ(CRT(SIZE_T, "strcspn", (const char*, const char*))(text, "c"), 2);
    CHECK_EQ(CRT(SIZE_T, "strlen", (const char*))(text), 6);
    CHECK_EQ(CRT(int, "strcmp", (const char*, const char*))("a", "b"), -1);
    CHECK_EQ(CRT(int, "strncmp", (const char*, const char*, SIZE_T))("ax", "ay", 1), 0);
  }
  TEST("_strupr", "in place") {
    if (on_wine()) break; /* "B9" in Wine 8 */
    char text[] = "aBc9";
    CHECK_STR(CRT(char*, "_strupr", (char*))(text), "ABC9");
    CHECK_STR(CRT(char*, "_strlwr", (char*))(text), "abc9");
    WCHAR wide[] = {'a', 'B', 0};
    CHECK_STR(NARROW(CRT(WCHAR*, "_wcsupr", (WCHAR*))(wide)), "AB");
    CHECK_STR(NARROW(CRT(WCHAR*, "_wcslwr", (WCHAR*))(wide)), "ab");
  }
  TEST("wcschr", "wide strings") {
    const WCHAR* const text = W("abcabc");
    CHECK_EQ(CRT(const WCHAR*, "wcschr", (const WCHAR*, WCHAR))(text, 'b') - text, 1);
    CHECK_EQ(CRT(const WCHAR*, "wcsrchr", (const WCHAR*, WCHAR))(text, 'b') - text, 4);
    CHECK_EQ(CRT(const WCHAR*, "wcsstr", (const WCHAR*, const WCHAR*))(text, W("ca")) - text, 2);
    CHECK_EQ(CRT(const WCHAR*, "wcspbrk", (const WCHAR*, const WCHAR*))(text, W("xc")) - text, 2);
    CHECK_EQ(CRT(SIZE_T, "wcsspn", (const WCHAR*, const WCHAR*))(text, W("ab")), 2);
    CHECK_EQ(CRT(SIZE_T, "wcscspn", (const WCHAR*, const WCHAR*))(text, W("c")), 2);
    CHECK_EQ(CRT(SIZE_T, "wcslen", (const WCHAR*))(text), 6);
    CHECK_EQ(CRT(SIZE_T, "wcsnlen", (const WCHAR*, SIZE_T))(text, 4), 4);
    CHECK_EQ(CRT(SIZE_T, "strnlen", (const char*, SIZE_T))("abc", 9), 3);
    CHECK(CRT(int, "wcscmp", (const WCHAR*, const WCHAR*))(W("a"), W("b")) < 0);
    CHECK(CRT(int, "wcsncmp", (const WCHAR*, const WCHAR*, SIZE_T))(W("ax"), W("ay"), 1) == 0);
    CHECK(CRT(int, "_wcsicmp", (const WCHAR*, const WCHAR*))(W("aX"), W("Ax")) == 0);
    CHECK(CRT(int, "_wcsnicmp", (const WCHAR*, const WCHAR*, SIZE_T))(W("aX"), W("AY"), 1) == 0);
    WCHAR room[8] = {'a', 0};
    CHECK_STR(NARROW(CRT(WCHAR*, "wcscat", (WCHAR*, const WCHAR*))(room, W("b"))), "ab");
    CHECK_STR(NARROW(CRT(WCHAR*, "wcsncat", (WCHAR*, const WCHAR*, SIZE_T))(room, W("cd"), 1)), "abc");
    CHECK_STR(NARROW(CRT(WCHAR*, "wcscpy", (WCHAR*, const WCHAR*))(room, W("xyz"))), "xyz");
    CHECK_STR(NARROW(CRT(WCHAR*, "wcsncpy", (WCHAR*, const WCHAR*, SIZE_T))(room, W("qq"), 1)), "qyz");
    char bytes[8] = "a";
    CHECK_STR(CRT(char*, "strcat", (char*, const char*))(bytes, "b"), "ab");
    CHECK_STR(CRT(char*, "strncat", (char*, const char*, SIZE_T))(bytes, "cd", 1), "abc");
    CHECK_STR(CRT(char*, "strcpy", (char*, const char*))(bytes, "xyz"), "xyz");
    CHECK_STR(CRT(char*, "strncpy", (char*, const char*, SIZE_T))(bytes, "qq", 1), "qyz");
  }
}

static void test_conversions(void) {
  TEST("atol", "numbers from text") {
    CHECK_EQ(CRT(int, "atoi", (const char*))(" -12x"), -12);
    CHECK_EQ(CRT(LONG, "atol", (const char*))("+34"), 34);
    CHECK_EQ(CRT(int64_t, "_atoi64", (const char*))("12345678901"), 12345678901);
    CHECK_EQ(CRT(int, "_wtoi", (const WCHAR*))(W("-12x")), -12);
    CHECK_EQ(CRT(LONG, "_wtol", (const WCHAR*))(W(" 34")), 34);
    CHECK_EQ(CRT(int64_t, "_wtoi64", (const WCHAR*))(W("-12345678901")), -12345678901);
    char* end;
    CHECK_EQ(CRT(LONG, "strtol", (const char*, char**, int))("0x1Fz", &end, 0), 31);
    CHECK_STR(end, "z");
    CHECK_EQ(CRT(ULONG, "strtoul", (const char*, char**, int))("77", &end, 8), 63);
    WCHAR* wide_end;
    CHECK_EQ(CRT(LONG, "wcstol", (const WCHAR*, WCHAR**, int))(W("-10"), &wide_end, 10), -10);
    CHECK_EQ(CRT(ULONG, "wcstoul", (const WCHAR*, WCHAR**, int))(W("ff"), &wide_end, 16), 255);
  }
  TEST("_itoa", "text from numbers in any base") {
    char room[70];
    WCHAR wide[70];
    CHECK_STR(CRT(char*, "_itoa", (int, char*, int))(-5, room, 10), "-5");
    CHECK_STR(CRT(char*, "_ltoa", (LONG, char*, int))(-1, room, 16), "ffffffff");
    CHECK_STR(CRT(char*, "_ultoa", (ULONG, char*, int))(0xFFFFFFFF, room, 10), "4294967295");
    CHECK_STR(CRT(char*, "_i64toa", (int64_t, char*, int))(-12345678901, room, 10), "-12345678901");
    CHECK_STR(CRT(char*, "_ui64toa", (uint64_t, char*, int))(~0ULL, room, 36), "3w5e11264sgsf");
    CHECK_STR(NARROW(CRT(WCHAR*, "_itow", (int, WCHAR*, int))(5, wide, 2)), "101");
    CHECK_STR(NARROW(CRT(WCHAR*, "_ltow", (LONG, WCHAR*, int))(-7, wide, 10)), "-7");
    CHECK_STR(NARROW(CRT(WCHAR*, "_ultow", (ULONG, WCHAR*, int))(255, wide, 16)), "ff");
    CHECK_STR(NARROW(CRT(WCHAR*, "_i64tow", (int64_t, WCHAR*, int))(-9, wide, 10)), "-9");
    CHECK_STR(NARROW(CRT(WCHAR*, "_ui64tow", (uint64_t, WCHAR*, int))(1ULL << 40, wide, 16)), "10000000000");
    CHECK_EQ(CRT(int, "abs", (int))(-3), 3);
    CHECK_EQ(CRT(LONG, "labs", (LONG))(-3), 3);
  }
}

static int WINAPI through_list(const char* name, void* room, SIZE_T size, const void* format, ...) {
  __builtin_ms_va_list list;
  __builtin_ms_va_start(list, format);
  const int result = size == (SIZE_T)-1
                         ? CRT(int, name, (void*, const void*, __builtin_ms_va_list))(room, format, list)
                         : CRT(int, name, (void*, SIZE_T, const void*, __builtin_ms_va_list))(room, size, format, list);
  __builtin_ms_va_end(list);
  return result;
}
static int WINAPI secure_list(const char* name, void* room, SIZE_T size, SIZE_T count, const void* format, ...) {
  __builtin_ms_va_list list;
  __builtin_ms_va_start(list, format);
  const int result =
      CRT(int, name, (void*, SIZE_T, SIZE_T, const void*, __builtin_ms_va_list))(room, size, count, format, list);
  __builtin_ms_va_end(list);
  return result;
}
static int WINAPI count_list(const char* name, const void* format, ...) {
  __builtin_ms_va_list list;
  __builtin_ms_va_start(list, format);
  const int result = CRT(int, name, (const void*, __builtin_ms_va_list))(format, list);
  __builtin_ms_va_end(list);
  return result;
}

static void test_printing(void) {
  char room[40];
  WCHAR wide[40];
  TEST("sprintf", "bytes: plain, counted, with a list") {
    CHECK_EQ(CRT(int, "sprintf", (char*, const char*, ...))(room, "%d %s %x", -1, "ab", 255), 8);
    CHECK_STR(room, "-1 ab ff");
    CHECK_EQ(CRT(int, "_snprintf", (char*, SIZE_T, const char*, ...))(room, 3, "%d", 12345), -1);
    CHECK_EQ(memcmp(room, "123", 3), 0);
    CHECK_EQ(through_list("vsprintf", room, (SIZE_T)-1, "%u%%", 50), 3);
    CHECK_STR(room, "50%");
    CHECK_EQ(through_list("_vsnprintf", room, 40, "%I64d", 1LL << 40), 13);
    CHECK_STR(room, "1099511627776");
    if (!on_wine()) /* faults in Wine 8 */
      CHECK_EQ(count_list("_vscprintf", "%d", 12345), 5);
  }
  TEST("sprintf_s", "bytes, with the size of the room") {
    CHECK_EQ(CRT(int, "sprintf_s", (char*, SIZE_T, const char*, ...))(room, 40, "%c%03d", 'x', 7), 4);
    CHECK_STR(room, "x007");
    CHECK_EQ(through_list("vsprintf_s", room, 40, "%5s|", "ab"), 6);
    CHECK_STR(room, "   ab|");
    CHECK_EQ(CRT(int, "_snprintf_s", (char*, SIZE_T, SIZE_T, const char*, ...))(room, 40, 2, "%d", 12345), -1);
    CHECK_STR(room, "12"); /* truncated on request */
    CHECK_EQ(secure_list("_vsnprintf_s", room, 40, (SIZE_T)-1, "%d", 12345), 5);
  }
  TEST("_swprintf", "wide: plain, counted, with a list") {
    CHECK_EQ(CRT(int, "swprintf", (WCHAR*, const WCHAR*, ...))(wide, W("%d %s"), -1, W("ab")), 5);
    CHECK_STR(NARROW(wide), "-1 ab");
    if (has("ntdll.dll", "_swprintf")) {
      CHECK_EQ(CRT(int, "_swprintf", (WCHAR*, const WCHAR*, ...))(wide, W("%d"), 3), 1);
      CHECK_EQ(through_list("_vswprintf", wide, (SIZE_T)-1, W("%u"), 7), 1);
      CHECK_STR(NARROW(wide), "7");
    }
    CHECK_EQ(CRT(int, "_snwprintf", (WCHAR*, SIZE_T, const WCHAR*, ...))(wide, 40, W("%hs"), "narrow"), 6);
    CHECK_STR(NARROW(wide), "narrow");
    CHECK_EQ(through_list("_vsnwprintf", wide, 40, W("%x"), 255), 2);
    CHECK_STR(NARROW(wide), "ff");
    if (!on_wine()) /* faults in Wine 8 */
      CHECK_EQ(count_list("_vscwprintf", W("%d"), 123), 3);
  }
  TEST("swprintf_s", "wide, with the size of the room") {
    CHECK_EQ(CRT(int, "swprintf_s", (WCHAR*, SIZE_T, const WCHAR*, ...))(wide, 40, W("%c"), 'x'), 1);
    CHECK_EQ(through_list("vswprintf_s", wide, 40, W("%d"), 42), 2);
    CHECK_STR(NARROW(wide), "42");
    CHECK_EQ(CRT(int, "_snwprintf_s", (WCHAR*, SIZE_T, SIZE_T, const WCHAR*, ...))(wide, 40, 2, W("%d"), 12345), -1);
    CHECK_STR(NARROW(wide), "12");
    CHECK_EQ(secure_list("_vsnwprintf_s", wide, 40, (SIZE_T)-1, W("%d"), 123), 3);
  }
  TEST("sscanf_s", "reads what was printed") {
    int a = 0, b = 0;
    char word[8] = "";
    CHECK_EQ(CRT(int, "sscanf", (const char*, const char*, ...))("12 ab", "%d %s", &a, word), 2);
    CHECK_EQ(a, 12);
    CHECK_STR(word, "ab");
    if (has("ntdll.dll", "sscanf_s")) {
      CHECK_EQ(CRT(int, "sscanf_s", (const char*, const char*, ...))("7,xy", "%d,%s", &b, word, 8), 2);
      CHECK_EQ(b, 7);
      CHECK_STR(word, "xy");
    }
    if (has("ntdll.dll", "swscanf_s")) {
      CHECK_EQ(CRT(int, "swscanf_s", (const WCHAR*, const WCHAR*, ...))(W("1f"), W("%x"), &b), 1);
      CHECK_EQ(b, 31);
    }
  }
}

static void test_secure_strings(void) {
  TEST("strcpy_s", "bytes that must fit") {
    char room[6] = "";
    if (!has("ntdll.dll", "strcpy_s")) break;
    CHECK_EQ(CRT(int, "strcpy_s", (char*, SIZE_T, const char*))(room, 6, "ab"), 0);
    CHECK_EQ(CRT(int, "strcat_s", (char*, SIZE_T, const char*))(room, 6, "cd"), 0);
    CHECK_STR(room, "abcd");
    CHECK_EQ(CRT(int, "strncat_s", (char*, SIZE_T, const char*, SIZE_T))(room, 6, "efg", 1), 0);
    CHECK_STR(room, "abcde");
    CHECK_EQ(CRT(int, "strncpy_s", (char*, SIZE_T, const char*, SIZE_T))(room, 6, "xyz", 2), 0);
    CHECK_STR(room, "xy");
    CHECK_EQ(CRT(int, "memcpy_s", (void*, SIZE_T, const void*, SIZE_T))(room, 6, "12", 2), 0);
    CHECK_EQ(CRT(int, "memmove_s", (void*, SIZE_T, const void*, SIZE_T))(room + 1, 5, room, 2), 0);
    CHECK_STR(room, "112de");
    char* next = NULL;
    char list[] = "a,b";
    if (has("ntdll.dll", "strtok_s")) {
      CHECK_STR(CRT(char*, "strtok_s", (char*, const char*, char**))(list, ",", &next), "a");
      CHECK_STR(CRT(char*, "strtok_s", (char*, const char*, char**))(NULL, ",", &next), "b");
    }
  }
  TEST("wcscpy_s", "wide strings that must fit") {
    WCHAR room[6] = {0};
    if (!has("ntdll.dll", "wcscpy_s")) break;
    CHECK_EQ(CRT(int, "wcscpy_s", (WCHAR*, SIZE_T, const WCHAR*))(room, 6, W("ab")), 0);
    CHECK_EQ(CRT(int, "wcscat_s", (WCHAR*, SIZE_T, const WCHAR*))(room, 6, W("cd")), 0);
    CHECK_STR(NARROW(room), "abcd");
    if (has("ntdll.dll", "wcsncat_s"))
      CHECK_EQ(CRT(int, "wcsncat_s", (WCHAR*, SIZE_T, const WCHAR*, SIZE_T))(room, 6, W("efg"), 1), 0);
    CHECK_EQ(room[3], 'd');
    if (has("ntdll.dll", "wcsncpy_s"))
      CHECK_EQ(CRT(int, "wcsncpy_s", (WCHAR*, SIZE_T, const WCHAR*, SIZE_T))(room, 6, W("xyz"), 2), 0);
    if (!on_wine()) CHECK_STR(NARROW(room), "xy");
  }
}

int main(void) {
  test_bitmaps();
  test_integers();
  test_memory();
  test_times();
  test_addresses();
  test_letters();
  test_searching();
  test_conversions();
  test_printing();
  test_secure_strings();
  return finish();
}
