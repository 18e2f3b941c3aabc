/* kernel32's functions for times, locales, text, the system, consoles and activation contexts that other tests do not
 * call. */
#include "support/by_name.h"
/* after check.h */
#include "support/portable_sync.h"

#define INVALID_PARAMETER 87
#define NOT_ENOUGH_ROOM 122

typedef struct {
  WORD year, month, weekday, day, hour, minute, second, milliseconds;
} system_time;
typedef struct {
  LONG bias;
  WCHAR name[32];
  system_time date;
  LONG standard;
  WCHAR other[32];
  system_time other_date;
  LONG daylight;
  WCHAR key[128];
  BYTE disabled;
} zone_information;

static const system_time kTime = {2017, 8, 3, 23, 12, 34, 5, 123};
#define ENGLISH 0x409

static void test_times(void) {
  TEST("GetSystemTime", "clocks agree") {
    system_time universal = {0}, local = {0};
    int64_t first = 0, second = 0, adjusted = 0;
    KERNEL(void, "GetSystemTime", (void*))(&universal);
    KERNEL(void, "GetLocalTime", (void*))(&local);
    CHECK(universal.year > 2020 && local.year > 2020);
    KERNEL(void, "GetSystemTimeAsFileTime", (void*))(&first);
    KERNEL(void, "GetSystemTimePreciseAsFileTime", (void*))(&second);
    CHECK(second - first > -10000000 && second - first < 600000000);
    CHECK(KERNEL(BOOL, "LocalFileTimeToFileTime", (const void*, void*))(&first, &second));
    CHECK(KERNEL(BOOL, "FileTimeToLocalFileTime", (const void*, void*))(&second, &adjusted));
    CHECK_EQ(adjusted, first);
    DWORD adjustment = 0, increment = 0;
    BOOL disabled = 9;
    CHECK(KERNEL(BOOL, "GetSystemTimeAdjustment", (DWORD*, DWORD*, BOOL*))(&adjustment, &increment, &disabled));
    CHECK(increment > 0);
    uint64_t ticks[2] = {0, 0};
    if (has("kernelbase.dll", "QueryInterruptTime")) {
      BY_NAME("kernelbase.dll", void, "QueryInterruptTime", (uint64_t*))(ticks);
      BY_NAME("kernelbase.dll", void, "QueryInterruptTimePrecise", (uint64_t*))(ticks + 1);
      CHECK(ticks[0] > 0 && ticks[1] + 600000000 > ticks[0]);
    }
    CHECK(KERNEL(BOOL, "QueryUnbiasedInterruptTime", (uint64_t*))(ticks));
    CHECK(ticks[0] > 0);
    if (on_wine()) break;
    BY_NAME("kernelbase.dll", void, "QueryUnbiasedInterruptTimePrecise", (uint64_t*))(ticks + 1);
    CHECK(ticks[1] + 600000000 > ticks[0]);
    uint64_t precise[2] = {0, 0};
    CHECK(BY_NAME("kernelbase.dll", BOOL, "GetSystemTimeAdjustmentPrecise", (uint64_t*, uint64_t*, BOOL*))(
        precise, precise + 1, &disabled));
    /* the clock is the host's */
    CHECK_FAILS(KERNEL(BOOL, "SetLocalTime", (const void*))(&kTime), 1314);
    CHECK_FAILS(KERNEL(BOOL, "SetSystemTimeAdjustment", (DWORD, BOOL))(1, FALSE), 1314);
  }
  TEST("GetTimeZoneInformation", "zones, and times in them") {
    zone_information zone;
    memset(&zone, 0, sizeof zone);
    CHECK(KERNEL(DWORD, "GetTimeZoneInformation", (void*))(&zone) <= 2);
    CHECK(KERNEL(BOOL, "GetTimeZoneInformationForYear", (USHORT, void*, void*))(2020, NULL, &zone));
    CHECK(zone.bias > -15 * 60 && zone.bias < 15 * 60);
    /* Berlin's rules */
    zone_information berlin;
    memset(&berlin, 0, sizeof berlin);
    berlin.bias = -60;
    berlin.daylight = -60;
    const system_time october = {0, 10, 0, 5, 3, 0, 0, 0}, march = {0, 3, 0, 5, 2, 0, 0, 0};
    berlin.date = october;
    berlin.other_date = march;
    system_time local = {0}, universal = {0};
    CHECK(KERNEL(BOOL, "SystemTimeToTzSpecificLocalTime", (const void*, const void*, void*))(&berlin, &kTime, &local));
    CHECK_EQ(local.hour, 14);
    CHECK(KERNEL(BOOL, "TzSpecificLocalTimeToSystemTime", (const void*, const void*, void*))(&berlin, &local,
                                                                                             &universal));
    CHECK_EQ(universal.hour, 12);
    if (on_wine()) break;
    CHECK(
        KERNEL(BOOL, "SystemTimeToTzSpecificLocalTimeEx", (const void*, const void*, void*))(&berlin, &kTime, &local));
    CHECK_EQ(local.hour, 14);
    CHECK(KERNEL(BOOL, "TzSpecificLocalTimeToSystemTimeEx", (const void*, const void*, void*))(&berlin, &local,
                                                                                               &universal));
    CHECK_EQ(universal.hour, 12);
    CHECK_EQ(KERNEL(DWORD, "EnumDynamicTimeZoneInformation", (DWORD, void*))(0, &zone), 0);
    CHECK(zone.key[0] != 0);
    CHECK_EQ(KERNEL(DWORD, "EnumDynamicTimeZoneInformation", (DWORD, void*))(100000, &zone), 259);
    CHECK_FAILS(KERNEL(BOOL, "SetTimeZoneInformation", (const void*))(&zone), 1314);
    CHECK_FAILS(KERNEL(BOOL, "SetDynamicTimeZoneInformation", (const void*))(&zone), 1314);
  }
}

static BOOL CALLBACK count_wide(WCHAR* text) {
  if (wide_length(text) == 0) return FALSE;
  SetLastError(GetLastError() + 1);
  return TRUE;
}
static BOOL CALLBACK count_narrow(char* text) {
  if (!*text) return FALSE;
  SetLastError(GetLastError() + 1);
  return TRUE;
}
static volatile int callbacks;
static BOOL CALLBACK count_two(WCHAR* text, LONG_PTR parameter) {
  if (text[0] && parameter == 7) ++callbacks;
  return TRUE;
}
static BOOL CALLBACK count_three(WCHAR* text, DWORD calendar, LONG_PTR parameter) {
  if (text[0] && calendar == 1 && parameter == 7) ++callbacks;
  return TRUE;
}
static BOOL CALLBACK count_four(WCHAR* text, DWORD calendar, WCHAR* reserved, LONG_PTR parameter) {
  (void)reserved;
  if (text[0] && calendar == 1 && parameter == 7) ++callbacks;
  return TRUE;
}

static void test_locales(void) {
  char text[300];
  WCHAR room[300];
  TEST("GetDateFormatA", "a date and a time in English, narrow and wide") {
    CHECK_EQ(KERNEL(int, "GetDateFormatA", (LONG, DWORD, const void*, const char*, char*, int))(
                 ENGLISH, 0, &kTime, "dddd, d MMMM yyyy", text, 300),
             strlen("Wednesday, 23 August 2017") + 1);
    CHECK_STR(text, "Wednesday, 23 August 2017");
    CHECK(KERNEL(int, "GetDateFormatW", (LONG, DWORD, const void*, const WCHAR*, WCHAR*, int))(
        ENGLISH, 0, &kTime, W("yy/MM/dd ddd"), room, 300));
    CHECK_STR(NARROW(room), "17/08/23 Wed");
    CHECK(KERNEL(int, "GetTimeFormatA", (LONG, DWORD, const void*, const char*, char*, int))(ENGLISH, 0, &kTime,
                                                                                             "hh:mm:ss tt", text, 300));
    CHECK_STR(text, "12:34:05 PM");
    CHECK(KERNEL(int, "GetTimeFormatW", (LONG, DWORD, const void*, const WCHAR*, WCHAR*, int))(ENGLISH, 0, &kTime,
                                                                                               W("H'h'm"), room, 300));
    CHECK_STR(NARROW(room), "12h34");
    CHECK_FAILS(KERNEL(int, "GetTimeFormatA", (LONG, DWORD, const void*, const char*, char*, int))(ENGLISH, 0, &kTime,
                                                                                                   "HH", text, 2),
                NOT_ENOUGH_ROOM);
  }
  TEST("GetNumberFormatA", "numbers and money in English") {
    CHECK(KERNEL(int, "GetNumberFormatA", (LONG, DWORD, const char*, const void*, char*, int))(
        ENGLISH, 0, "1234567.891", NULL, text, 300));
    CHECK_STR(text, "1,234,567.89");
    CHECK(KERNEL(int, "GetNumberFormatW", (LONG, DWORD, const WCHAR*, const void*, WCHAR*, int))(
        ENGLISH, 0, W("1000.5"), NULL, room, 300));
    CHECK_STR(NARROW(room), "1,000.50");
    CHECK(KERNEL(int, "GetCurrencyFormatA", (LONG, DWORD, const char*, const void*, char*, int))(ENGLISH, 0, "1234.5",
                                                                                                 NULL, text, 300));
    CHECK_STR(text, "$1,234.50");
    CHECK(KERNEL(int, "GetCurrencyFormatW", (LONG, DWORD, const WCHAR*, const void*, WCHAR*, int))(
        ENGLISH, 0, W("-1234.5"), NULL, room, 300));
    CHECK(room[0] == '(' || room[0] == '-');
    CHECK_FAILS(KERNEL(int, "GetNumberFormatA", (LONG, DWORD, const char*, const void*, char*, int))(ENGLISH, 0, "12x",
                                                                                                     NULL, text, 300),
                INVALID_PARAMETER);
  }
  TEST("GetLocaleInfoW", "facts about locales, calendars and places") {
    CHECK(KERNEL(int, "GetLocaleInfoW", (LONG, DWORD, WCHAR*, int))(ENGLISH, 0x5A /* country */, room, 300));
    CHECK_STR(NARROW(room), "US");
    CHECK(KERNEL(int, "GetCalendarInfoW", (LONG, DWORD, DWORD, WCHAR*, int, DWORD*))(ENGLISH, 1, 0x15 /* January */,
                                                                                     room, 300, NULL));
    CHECK_STR(NARROW(room), "January");
    CHECK(KERNEL(int, "GetCalendarInfoA", (LONG, DWORD, DWORD, char*, int, DWORD*))(ENGLISH, 1, 7 /* Monday */, text,
                                                                                    300, NULL));
    CHECK_STR(text, "Monday");
    CHECK(KERNEL(int, "GetGeoInfoW", (LONG, DWORD, WCHAR*, int, USHORT))(244, 4 /* ISO, two letters */, room, 300, 0));
    CHECK_STR(NARROW(room), "US");
    CHECK(KERNEL(int, "GetGeoInfoA", (LONG, DWORD, char*, int, USHORT))(94, 5 /* ISO, three letters */, text, 300, 0));
    CHECK_STR(text, "DEU");
    CHECK_FAILS(KERNEL(int, "GetGeoInfoA", (LONG, DWORD, char*, int, USHORT))(-5, 4, text, 300, 0), INVALID_PARAMETER);
    KERNEL(LONG, "GetUserGeoID", (DWORD))(16);
    if (on_wine()) break;
    CHECK(KERNEL(int, "GetGeoInfoEx", (const WCHAR*, DWORD, WCHAR*, int))(W("FR"), 5, room, 300));
    CHECK_STR(NARROW(room), "FRA");
    CHECK(KERNEL(int, "GetUserDefaultGeoName", (WCHAR*, int))(room, 300) > 0);
  }
  TEST("GetSystemDefaultLCID", "the defaults go together") {
    const LONG system = KERNEL(LONG, "GetSystemDefaultLCID", (void))();
    CHECK(system != 0);
    CHECK_EQ(KERNEL(USHORT, "GetSystemDefaultLangID", (void))(), system & 0xFFFF);
    CHECK_EQ(KERNEL(USHORT, "GetUserDefaultLangID", (void))(), KERNEL(LONG, "GetUserDefaultLCID", (void))() & 0xFFFF);
    CHECK(KERNEL(USHORT, "GetSystemDefaultUILanguage", (void))() != 0);
    CHECK(KERNEL(int, "GetSystemDefaultLocaleName", (WCHAR*, int))(room, 300) > 2);
    CHECK_EQ(KERNEL(LONG, "LocaleNameToLCID", (const WCHAR*, DWORD))(room, 0), system);
    CHECK(KERNEL(int, "GetUserDefaultLocaleName", (WCHAR*, int))(room, 300) > 2);
    CHECK_FAILS(KERNEL(int, "GetUserDefaultLocaleName", (WCHAR*, int))(room, 1), NOT_ENOUGH_ROOM);
    CHECK(KERNEL(BOOL, "IsValidLocaleName", (const WCHAR*))(W("de-DE")));
    CHECK_FALSE(KERNEL(BOOL, "IsValidLocaleName", (const WCHAR*))(W("no such")));
    CHECK(KERNEL(BOOL, "IsValidLocale", (LONG, DWORD))(ENGLISH, 1));
    CHECK_FALSE(KERNEL(BOOL, "IsValidLocale", (LONG, DWORD))(0x7777, 1));
    CHECK_EQ(KERNEL(LONG, "ConvertDefaultLocale", (LONG))(0x800), system);
    const LONG thread_locale = KERNEL(LONG, "GetThreadLocale", (void))();
    CHECK(KERNEL(BOOL, "SetThreadLocale", (LONG))(0x407));
    CHECK_EQ(KERNEL(LONG, "GetThreadLocale", (void))(), 0x407);
    CHECK(KERNEL(BOOL, "SetThreadLocale", (LONG))(thread_locale));
    CHECK_EQ(KERNEL(LONG, "ConvertDefaultLocale", (LONG))(ENGLISH), ENGLISH);
    CHECK(KERNEL(int, "ResolveLocaleName", (const WCHAR*, WCHAR*, int))(W("en-ZZ"), room, 300) > 0);
    ULONG count = 0, size = 300;
    CHECK(KERNEL(BOOL, "GetUserPreferredUILanguages", (DWORD, ULONG*, WCHAR*, ULONG*))(8, &count, room, &size));
    CHECK(count >= 1);
    size = 300;
    CHECK(KERNEL(BOOL, "GetSystemPreferredUILanguages", (DWORD, ULONG*, WCHAR*, ULONG*))(8, &count, room, &size));
    size = 300;
    CHECK(KERNEL(BOOL, "GetThreadPreferredUILanguages", (DWORD, ULONG*, WCHAR*, ULONG*))(8, &count, room, &size));
  }
  TEST("EnumSystemLocalesA", "lists of locales, code pages, formats and languages") {
    SetLastError(0);
    CHECK(KERNEL(BOOL, "EnumSystemLocalesA", (void*, DWORD))((void*)count_narrow, 1));
    SetLastError(0);
    CHECK(KERNEL(BOOL, "EnumSystemLocalesW", (void*, DWORD))((void*)count_wide, 1));
    CHECK(GetLastError() > 100);
    SetLastError(0);
    CHECK(KERNEL(BOOL, "EnumSystemCodePagesA", (void*, DWORD))((void*)count_narrow, 1));
    SetLastError(0);
    CHECK(KERNEL(BOOL, "EnumSystemCodePagesW", (void*, DWORD))((void*)count_wide, 1));
    CHECK(GetLastError() > 10);
    callbacks = 0;
    CHECK(
        KERNEL(BOOL, "EnumTimeFormatsEx", (void*, const WCHAR*, DWORD, LONG_PTR))((void*)count_two, W("en-US"), 0, 7));
    CHECK(callbacks >= 1);
    callbacks = 0;
    CHECK(KERNEL(BOOL, "EnumDateFormatsExEx", (void*, const WCHAR*, DWORD, LONG_PTR))((void*)count_three, W("en-US"), 1,
                                                                                      7));
    CHECK(callbacks >= 1);
    callbacks = 0;
    CHECK(KERNEL(BOOL, "EnumCalendarInfoExEx", (void*, const WCHAR*, DWORD, const WCHAR*, DWORD, LONG_PTR))(
        (void*)count_four, W("en-US"), 1, NULL, 0x15, 7));
    CHECK_EQ(callbacks, 1);
    callbacks = 0;
    CHECK(KERNEL(BOOL, "EnumUILanguagesW", (void*, DWORD, LONG_PTR))((void*)count_two, 0, 7));
    CHECK(callbacks >= 1);
  }
  TEST("GetNLSVersion", "versions and code pages") {
    DWORD version[8] = {sizeof version, 0};
    version[0] = 12;
    CHECK(KERNEL(BOOL, "GetNLSVersion", (DWORD, LONG, void*))(1, ENGLISH, version));
    version[0] = 32;
    CHECK(KERNEL(BOOL, "GetNLSVersionEx", (DWORD, const WCHAR*, void*))(1, W("en-US"), version));
    CHECK(KERNEL(UINT, "GetOEMCP", (void))() != 0);
    struct {
      UINT most;
      BYTE replacement[2], lead[12];
      WCHAR wide_replacement;
      UINT page;
      char name[260];
    } info;
    CHECK(KERNEL(BOOL, "GetCPInfoExA", (UINT, DWORD, void*))(1252, 0, &info));
    CHECK_EQ(info.most, 1);
    CHECK_EQ(info.page, 1252);
    CHECK_EQ(info.replacement[0], '?');
    CHECK_FALSE(KERNEL(BOOL, "IsDBCSLeadByte", (BYTE))('a'));
  }
}

static void test_text(void) {
  char text[20];
  WCHAR room[64];
  TEST("lstrcpyA", "the short functions for text") {
    static const char* const kCopy[] = {"lstrcpyA", "lstrcpy"};
    static const char* const kAppend[] = {"lstrcatA", "lstrcat"};
    static const char* const kCompare[] = {"lstrcmpA", "lstrcmp"};
    static const char* const kFolded[] = {"lstrcmpiA", "lstrcmpi"};
    static const char* const kLength[] = {"lstrlenA", "lstrlen"};
    static const char* const kSome[] = {"lstrcpynA", "lstrcpyn"};
    for (int i = 0; i < 2; ++i) {
      CHECK(KERNEL(char*, kCopy[i], (char*, const char*))(text, "ab") == text);
      CHECK(KERNEL(char*, kAppend[i], (char*, const char*))(text, "CD") == text);
      CHECK_STR(text, "abCD");
      CHECK_EQ(KERNEL(int, kCompare[i], (const char*, const char*))(text, "abCD"), 0);
      CHECK(KERNEL(int, kCompare[i], (const char*, const char*))("a", "b") < 0);
      CHECK_EQ(KERNEL(int, kFolded[i], (const char*, const char*))(text, "ABcd"), 0);
      CHECK_EQ(KERNEL(int, kLength[i], (const char*))(text), 4);
      CHECK_EQ(KERNEL(int, kLength[i], (const char*))(NULL), 0);
      CHECK(KERNEL(char*, kSome[i], (char*, const char*, int))(text, "xyz", 3) == text);
      CHECK_STR(text, "xy");
    }
    KERNEL(WCHAR*, "lstrcpyW", (WCHAR*, const WCHAR*))(room, W("ab"));
    KERNEL(WCHAR*, "lstrcatW", (WCHAR*, const WCHAR*))(room, W("cd"));
    CHECK_STR(NARROW(room), "abcd");
    CHECK_EQ(KERNEL(int, "lstrcmpW", (const WCHAR*, const WCHAR*))(room, W("abcd")), 0);
    CHECK(KERNEL(int, "lstrcmpW", (const WCHAR*, const WCHAR*))(NULL, W("a")) < 0);
    CHECK_EQ(KERNEL(int, "lstrcmpiW", (const WCHAR*, const WCHAR*))(room, W("ABCD")), 0);
    KERNEL(WCHAR*, "lstrcpynW", (WCHAR*, const WCHAR*, int))(room, W("xyz"), 2);
    CHECK_STR(NARROW(room), "x");
    CHECK_EQ(KERNEL(int, "lstrlenW", (const WCHAR*))(W("abc")), 3);
  }
  TEST("FoldStringA", "folds, normalizes, finds, types") {
    CHECK_EQ(
        KERNEL(int, "FoldStringA", (DWORD, const char*, int, char*, int))(0x10 /* ASCII digits */, "12", 3, text, 20),
        3);
    CHECK_STR(text, "12");
    CHECK_EQ(KERNEL(int, "FoldStringW", (DWORD, const WCHAR*, int, WCHAR*, int))(0x20 /* precomposed */, W("e\u0301"),
                                                                                 3, room, 64),
             2);
    CHECK_EQ(room[0], 0xE9);
    CHECK(KERNEL(BOOL, "IsNormalizedString", (int, const WCHAR*, int))(1, W("abc"), -1));
    CHECK(KERNEL(int, "NormalizeString", (int, const WCHAR*, int, WCHAR*, int))(1, W("e\u0301"), -1, room, 64) > 0);
    CHECK_EQ(room[0], 0xE9);
    int length = 0;
    CHECK_EQ(KERNEL(int, "FindNLSString", (LONG, DWORD, const WCHAR*, int, const WCHAR*, int, int*))(
                 ENGLISH, 0x400001 /* from the start, without case */, W("abCdef"), 6, W("cD"), 2, &length),
             2);
    CHECK_EQ(length, 2);
    WORD types[4] = {0, 0, 0, 0};
    CHECK(KERNEL(BOOL, "GetStringTypeExA", (LONG, DWORD, const char*, int, WORD*))(ENGLISH, 1, "a1", 2, types));
    CHECK_EQ(types[1] & 4, 4);
    CHECK(KERNEL(BOOL, "GetStringTypeExW", (LONG, DWORD, const WCHAR*, int, WORD*))(ENGLISH, 1, W("A "), 2, types));
    CHECK_EQ(types[0] & 1, 1);
    CHECK_EQ(types[1] & 8, 8);
    CHECK_EQ(KERNEL(int, "IdnToAscii", (DWORD, const WCHAR*, int, WCHAR*, int))(0, W("b\u00fccher.de"), -1, room, 64),
             17);
    CHECK_STR(NARROW(room), "xn--bcher-kva.de");
    CHECK_EQ(
        KERNEL(int, "IdnToUnicode", (DWORD, const WCHAR*, int, WCHAR*, int))(0, W("xn--bcher-kva.de"), -1, room, 64),
        10);
    CHECK_EQ(room[1], 0xFC);
    CHECK_EQ(KERNEL(int, "IdnToNameprepUnicode", (DWORD, const WCHAR*, int, WCHAR*, int))(0, W("ABC"), -1, room, 64),
             4);
    CHECK_STR(NARROW(room), "ABC"); /* what is ASCII already stays as it is */
    CHECK_EQ(KERNEL(int, "IdnToAscii", (DWORD, const WCHAR*, int, WCHAR*, int))(0, W("WWW.\u00fc.De"), -1, room, 64),
             strlen("www.xn--tda.de") + 1);
    CHECK_STR(NARROW(room), "www.xn--tda.de");
  }
}

static void test_facts(void) {
  char text[1100];
  WCHAR room[1100];
  TEST("GetVersionExA", "the version, the product, the processors") {
    struct {
      DWORD size, major, minor, build, platform;
      char pack[128];
      WORD numbers[4];
    } info;
    memset(&info, 0, sizeof info);
    info.size = 148;
    CHECK(KERNEL(BOOL, "GetVersionExA", (void*))(&info));
    CHECK(info.major >= 6 && info.platform == 2);
    info.size = 3;
    CHECK_FAILS(KERNEL(BOOL, "GetVersionExA", (void*))(&info), NOT_ENOUGH_ROOM);
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    info.major = 5;
    CHECK(KERNEL(BOOL, "VerifyVersionInfoA", (void*, DWORD, uint64_t))(&info, 2 /* major */, 3ULL << 3));
    info.major = 99;
    CHECK_FAILS(KERNEL(BOOL, "VerifyVersionInfoA", (void*, DWORD, uint64_t))(&info, 2, 3ULL << 3), 1150);
    DWORD product = 0;
    CHECK(KERNEL(BOOL, "GetProductInfo", (DWORD, DWORD, DWORD, DWORD, DWORD*))(10, 0, 0, 0, &product));
    CHECK(product != 0);
    struct {
      WORD architecture, reserved;
      DWORD page;
      void *lowest, *highest;
      DWORD_PTR mask;
      DWORD count, type, granularity;
      WORD level, revision;
    } system;
    KERNEL(void, "GetNativeSystemInfo", (void*))(&system);
    CHECK_EQ(system.architecture, 9);
    CHECK_EQ(system.page, 4096);
    DWORD size = 0;
    CHECK_FAILS(KERNEL(BOOL, "GetLogicalProcessorInformation", (void*, DWORD*))(NULL, &size), NOT_ENOUGH_ROOM);
    CHECK(size >= 32 && size % 32 == 0);
    void* const buffer = malloc(size);
    CHECK(KERNEL(BOOL, "GetLogicalProcessorInformation", (void*, DWORD*))(buffer, &size));
    free(buffer);
    CHECK(KERNEL(uint64_t, "GetEnabledXStateFeatures", (void))() & 3);
    BYTE power[12];
    CHECK(KERNEL(BOOL, "GetSystemPowerStatus", (void*))(power));
    CHECK(power[0] <= 1 || power[0] == 255);
    if (on_wine()) break;
    CHECK(KERNEL(DWORD, "SetThreadExecutionState", (DWORD))(0x80000000) & 0x80000000);
    CHECK_FAILS(KERNEL(UINT, "GetSystemFirmwareTable", (DWORD, DWORD, void*, DWORD))(0x12345678, 0, NULL, 0), 1);
  }
  TEST("GetComputerNameA", "names and directories of the system") {
    DWORD size = sizeof text;
    CHECK(KERNEL(BOOL, "GetComputerNameA", (char*, DWORD*))(text, &size));
    CHECK_EQ(strlen(text), size);
    size = sizeof text;
    CHECK(KERNEL(BOOL, "GetComputerNameExA", (int, char*, DWORD*))(1 /* host */, text, &size));
    CHECK(size > 0);
    size = 0;
    CHECK_FAILS(KERNEL(BOOL, "GetComputerNameExA", (int, char*, DWORD*))(1, text, &size), 234);
    CHECK(size > 0);
    const UINT length = KERNEL(UINT, "GetWindowsDirectoryA", (char*, UINT))(text, sizeof text);
    CHECK_EQ(length, strlen(text));
    CHECK_EQ(KERNEL(UINT, "GetSystemWindowsDirectoryA", (char*, UINT))(text, sizeof text), length);
    CHECK_EQ(KERNEL(UINT, "GetSystemWindowsDirectoryW", (WCHAR*, UINT))(room, 1100), length);
    CHECK_STR(NARROW(room), text);
    KERNEL(UINT, "GetSystemWow64DirectoryA", (char*, UINT))(text, sizeof text);
    if (!on_wine()) {
      const DWORD temporary = GetTempPathA(sizeof text, text);
      CHECK_EQ(KERNEL(DWORD, "GetTempPath2A", (DWORD, char*))(sizeof text, text), temporary);
      CHECK_EQ(KERNEL(DWORD, "GetTempPath2W", (DWORD, WCHAR*))(1100, room), temporary);
    }
    struct {
      DWORD size, fill;
      WCHAR *reserved, *desktop, *title;
      DWORD rest[8];
      WORD show, more;
      BYTE* data;
      HANDLE handles[3];
    } startup;
    memset(&startup, 0, sizeof startup);
    KERNEL(void, "GetStartupInfoW", (void*))(&startup);
    CHECK_EQ(startup.size, 104);
  }
  TEST("GetCurrentPackageId", "a program without a package") {
    UINT size = 0, count = 0;
    static const char* const kSizes[] = {"GetCurrentPackageId", "GetCurrentPackageFamilyName",
                                         "GetCurrentPackageFullName", "GetCurrentPackagePath",
                                         "GetCurrentApplicationUserModelId"};
    for (int i = 0; i < 5; ++i) {
      if (!has("kernel32.dll", kSizes[i])) continue;
      size = 0;
      CHECK_EQ(KERNEL(LONG, kSizes[i], (UINT*, void*))(&size, NULL), i == 4 ? 15703 : 15700);
    }
    if (has("kernel32.dll", "GetCurrentPackageInfo"))
      CHECK_EQ(KERNEL(LONG, "GetCurrentPackageInfo", (UINT, UINT*, void*, UINT*))(0, &size, NULL, &count), 15700);
    if (has("kernel32.dll", "GetPackageFamilyName"))
      CHECK_EQ(KERNEL(LONG, "GetPackageFamilyName", (HANDLE, UINT*, void*))((HANDLE)(LONG_PTR)-1, &size, NULL), 15700);
    if (has("kernel32.dll", "GetPackageFullName"))
      CHECK_EQ(KERNEL(LONG, "GetPackageFullName", (HANDLE, UINT*, void*))((HANDLE)(LONG_PTR)-1, &size, NULL), 15700);
  }
  TEST("SetEnvironmentStringsW", "the whole environment at once") {
    char* const before = KERNEL(char*, "GetEnvironmentStrings", (void))();
    REQUIRE(before);
    WCHAR* const old = KERNEL(WCHAR*, "GetEnvironmentStringsW", (void))();
    CHECK(KERNEL(BOOL, "SetEnvironmentStringsW", (const WCHAR*))(W("hm_a=1\0hm_b=2\0")));
    CHECK_EQ(GetEnvironmentVariableA("hm_b", text, sizeof text), 1);
    CHECK_STR(text, "2");
    CHECK_EQ(GetEnvironmentVariableA("PATH", text, sizeof text), 0);
    CHECK(KERNEL(BOOL, "SetEnvironmentStringsW", (const WCHAR*))(old));
    CHECK_EQ(GetEnvironmentVariableA("hm_b", text, sizeof text), 0);
    CHECK(KERNEL(BOOL, "FreeEnvironmentStringsA", (char*))(before));
    CHECK(KERNEL(BOOL, "FreeEnvironmentStringsW", (WCHAR*))(old));
    HANDLE previous = NULL;
    const HANDLE output = KERNEL(HANDLE, "GetStdHandle", (DWORD))((DWORD)-11);
    CHECK(KERNEL(BOOL, "SetStdHandleEx", (DWORD, HANDLE, HANDLE*))((DWORD)-11, output, &previous));
    CHECK(previous == output);
  }
}

/* Standard handles are files here, and there may be no console. */
static void test_console(void) {
  TEST("SetConsoleTitleA", "what is asked of a console when there may be none") {
    char text[80] = "";
    WCHAR room[80] = {0};
    const HANDLE file = CreateFileA(in_scratch("out"), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    CHECK_FALSE(KERNEL(BOOL, "VerifyConsoleIoHandle", (HANDLE))(file));
    DWORD done = 9;
    CHECK_FALSE(KERNEL(BOOL, "WriteConsoleA", (HANDLE, const void*, DWORD, DWORD*, void*))(file, "x", 1, &done, NULL));
    CHECK_FALSE(KERNEL(BOOL, "ReadConsoleA", (HANDLE, void*, DWORD, DWORD*, void*))(file, text, 1, &done, NULL));
    CHECK_FALSE(KERNEL(BOOL, "SetConsoleCursorPosition", (HANDLE, DWORD))(file, 0));
    CHECK_EQ(KERNEL(DWORD, "GetLargestConsoleWindowSize", (HANDLE))(file), 0);
    CloseHandle(file);
    DeleteFileA(in_scratch("out"));
    KERNEL(HANDLE, "GetConsoleWindow", (void))();
    if (on_wine()) break;
    CHECK_FAILS(KERNEL(BOOL, "GenerateConsoleCtrlEvent", (DWORD, DWORD))(77, 0), INVALID_PARAMETER);
    DWORD ids[4] = {0};
    const DWORD count = KERNEL(DWORD, "GetConsoleProcessList", (DWORD*, DWORD))(ids, 4);
    CHECK_EQ(KERNEL(BOOL, "SetConsoleTitleA", (const char*))("hm title"), count != 0);
    CHECK_EQ(KERNEL(DWORD, "GetConsoleTitleA", (char*, DWORD))(text, 80), count ? 8 : 0);
    CHECK_STR(text, count ? "hm title" : "");
    CHECK_EQ(KERNEL(BOOL, "SetConsoleTitleW", (const WCHAR*))(W("other")), count != 0);
    CHECK_EQ(KERNEL(DWORD, "GetConsoleTitleW", (WCHAR*, DWORD))(room, 80), count ? 5 : 0);
    CHECK_STR(NARROW(room), count ? "other" : "");
    const UINT input = KERNEL(UINT, "GetConsoleCP", (void))(), output = KERNEL(UINT, "GetConsoleOutputCP", (void))();
    CHECK(KERNEL(BOOL, "SetConsoleCP", (UINT))(1252));
    CHECK_EQ(KERNEL(UINT, "GetConsoleCP", (void))(), 1252);
    CHECK(KERNEL(BOOL, "SetConsoleOutputCP", (UINT))(437));
    CHECK_EQ(KERNEL(UINT, "GetConsoleOutputCP", (void))(), 437);
    CHECK_FAILS(KERNEL(BOOL, "SetConsoleCP", (UINT))(12345), INVALID_PARAMETER);
    CHECK(KERNEL(BOOL, "SetConsoleCP", (UINT))(input));
    CHECK(KERNEL(BOOL, "SetConsoleOutputCP", (UINT))(output));
    if (count) {
      CHECK_EQ(ids[0], GetCurrentProcessId());
      CHECK_FAILS(KERNEL(BOOL, "AllocConsole", (void))(), 5);
      CHECK(KERNEL(BOOL, "FreeConsole", (void))());
    }
    CHECK_FAILS(KERNEL(BOOL, "FreeConsole", (void))(), INVALID_PARAMETER);
    CHECK_FALSE(KERNEL(BOOL, "AllocConsole", (void))());
    CHECK_FALSE(KERNEL(BOOL, "AttachConsole", (DWORD))(0x7FFFFFF0));
    if (count) CHECK(KERNEL(BOOL, "AttachConsole", (DWORD))((DWORD)-1));
  }
}

static volatile int resources;
static BOOL CALLBACK count_resource(HMODULE module, const void* a, const void* b, LONG_PTR parameter) {
  (void)module, (void)a, (void)b;
  resources += parameter == 7;
  return TRUE;
}
static BOOL CALLBACK count_type(HMODULE module, const void* a, LONG_PTR parameter) {
  (void)module, (void)a;
  resources += parameter == 7;
  return TRUE;
}
static BOOL CALLBACK count_language(HMODULE module, const void* a, const void* b, WORD language, LONG_PTR parameter) {
  (void)module, (void)a, (void)b, (void)language;
  resources += parameter == 7;
  return TRUE;
}

static void test_resources(void) {
  TEST("EnumResourceTypesExA", "types, names and languages of resources") {
    const HMODULE module = LoadLibraryA(in_bin("resources.dll"));
    REQUIRE(module);
    int types = 0;
    for (int i = 0; i < 2; ++i) {
      resources = 0;
      CHECK(KERNEL(BOOL, i ? "EnumResourceTypesExW" : "EnumResourceTypesExA", (HMODULE, void*, LONG_PTR, DWORD, WORD))(
          module, (void*)count_type, 7, 1, 0));
      CHECK(resources >= 2);
      if (i) CHECK_EQ(resources, types);
      types = resources;
      resources = 0;
      CHECK(KERNEL(BOOL, i ? "EnumResourceLanguagesExW" : "EnumResourceLanguagesExA",
                   (HMODULE, const void*, const void*, void*, LONG_PTR, DWORD, WORD))(
          module, (void*)16 /* version */, (void*)1, (void*)count_language, 7, 1, 0));
      CHECK_EQ(resources, 1);
    }
    resources = 0;
    CHECK(KERNEL(BOOL, "EnumResourceNamesExA", (HMODULE, const void*, void*, LONG_PTR, DWORD, WORD))(
        module, (void*)16, (void*)count_resource, 7, 1, 0));
    CHECK_EQ(resources, 1);
    FreeLibrary(module);
  }
}

typedef struct {
  ULONG size;
  DWORD flags;
  const WCHAR* source;
  USHORT architecture, language;
  const WCHAR *directory, *resource, *application;
  HMODULE module;
} context_wanted;

static void test_contexts(void) {
  static const char kManifest[] =
      "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v1\" manifestVersion=\"1.0\">"
      "<assemblyIdentity type=\"win32\" name=\"hm.test\" version=\"1.2.3.4\" processorArchitecture=\"amd64\"/>"
      "<file name=\"hm_private.dll\"/></assembly>";
  TEST("CreateActCtxW", "made from a manifest, asked, zombie, released") {
    context_wanted wanted;
    memset(&wanted, 0, sizeof wanted);
    CHECK(write_file(in_scratch("hm.manifest"), kManifest, sizeof kManifest - 1));
    wanted.size = sizeof wanted;
    wanted.source = wide(in_scratch("hm.manifest"));
    const HANDLE context = KERNEL(HANDLE, "CreateActCtxW", (const context_wanted*))(&wanted);
    REQUIRE(context != INVALID_HANDLE_VALUE);
    KERNEL(void, "AddRefActCtx", (HANDLE))(context);
    BYTE room[1024];
    SIZE_T size = 0;
    memset(room, 0, sizeof room);
    CHECK(KERNEL(BOOL, "QueryActCtxW", (DWORD, HANDLE, void*, ULONG, void*, SIZE_T, SIZE_T*))(
        0, context, NULL, 1 /* basic */, room, sizeof room, &size));
    CHECK_EQ(size, 16);
    CHECK(*(HANDLE*)room == context);
    CHECK_FALSE(
        KERNEL(BOOL, "QueryActCtxSettingsW", (DWORD, HANDLE, const WCHAR*, const WCHAR*, WCHAR*, SIZE_T, SIZE_T*))(
            0, context, NULL, W("hm-no-setting"), (WCHAR*)room, 100, &size));
    ULONG_PTR cookie = 0;
    CHECK(KERNEL(BOOL, "ActivateActCtx", (HANDLE, ULONG_PTR*))(context, &cookie));
    struct {
      ULONG size, format;
      void* data;
      ULONG length;
      void* global;
      ULONG global_length;
      void* base;
      ULONG total;
      HANDLE context;
      ULONG roster;
      BYTE more[64];
    } found;
    memset(&found, 0, sizeof found);
    found.size = 72;
    CHECK(KERNEL(BOOL, "FindActCtxSectionStringW", (DWORD, const void*, ULONG, const WCHAR*, void*))(
        0, NULL, 2 /* DLLs */, W("hm_private.dll"), &found));
    CHECK_FAILS(KERNEL(BOOL, "FindActCtxSectionStringW", (DWORD, const void*, ULONG, const WCHAR*, void*))(
                    0, NULL, 2, W("hm_other.dll"), &found),
                14007);
    CHECK(KERNEL(BOOL, "DeactivateActCtx", (DWORD, ULONG_PTR))(0, cookie));
    if (!on_wine()) CHECK(KERNEL(BOOL, "ZombifyActCtx", (HANDLE))(context));
    KERNEL(void, "ReleaseActCtx", (HANDLE))(context);
    DeleteFileA(in_scratch("hm.manifest"));
    CHECK_FAILS(KERNEL(HANDLE, "CreateActCtxW", (const context_wanted*))(NULL) != INVALID_HANDLE_VALUE,
                INVALID_PARAMETER);
  }
  TEST("HeapSummary", "how much of a heap is in use") {
    if (on_wine()) break;
    struct {
      DWORD size, fill;
      SIZE_T allocated, committed, reserved, largest;
    } summary = {sizeof summary, 0, 0, 0, 0, 0};
    const HANDLE heap = KERNEL(HANDLE, "GetProcessHeap", (void))();
    CHECK(KERNEL(BOOL, "HeapSummary", (HANDLE, DWORD, void*))(heap, 0, &summary) || GetLastError() != 0xDEAD);
  }
}

#ifdef _WIN32
static LONG CALLBACK leave_it(EXCEPTION_POINTERS* pointers) {
  return pointers->ExceptionRecord->ExceptionCode == 0xE0000077 ? 5 : EXCEPTION_CONTINUE_SEARCH;
}
static void test_filter(void) {
  TEST("UnhandledExceptionFilter", "asks the program's filter") {
    EXCEPTION_RECORD record = {0xE0000077, 0, NULL, NULL, 0, {0}};
    CONTEXT context;
    memset(&context, 0, sizeof context);
    EXCEPTION_POINTERS pointers = {&record, &context};
    SetUnhandledExceptionFilter(leave_it);
    CHECK_EQ(UnhandledExceptionFilter(&pointers), 5);
    SetUnhandledExceptionFilter(NULL);
  }
}
#else
static void test_filter(void) {}
#endif

int main(void) {
  test_times();
  test_locales();
  test_text();
  test_facts();
  test_console();
  test_resources();
  test_contexts();
  test_filter();
  RemoveDirectoryA(in_scratch(""));
  return finish();
}
