/* Numbers, amounts, dates and times in writing, by locale. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static void tell(const char* tag, const WCHAR* text) {
  char bytes[256];
  WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
  say(tag, "%s", bytes);
}

int main(void) {
  const SYSTEMTIME time = {
      .wYear = 2024, .wMonth = 2, .wDay = 9, .wDayOfWeek = 5, .wHour = 15, .wMinute = 4, .wSecond = 5};
  WCHAR text[128];
  static const WCHAR* const locales[] = {L"en-US", L"en-GB", L"de-DE", L"fr-FR", L"ja-JP"};
  for (int i = 0; i < 5; ++i) {
    tell("locale", locales[i]);
    GetNumberFormatEx(locales[i], 0, L"-1234567.891", NULL, text, 128);
    for (WCHAR* at = text; *at; ++at)
      if (*at == 0xA0 || *at == 0x202F) *at = L'_';
    tell("number", text);
    GetTimeFormatEx(locales[i], 0, &time, NULL, text, 128);
    for (WCHAR* at = text; *at; ++at)
      if (*at == 0x202F) *at = L' ';
    tell("time", text);
    GetDateFormatEx(locales[i], DATE_LONGDATE, &time, NULL, text, 128, NULL);
    tell("long-date", text);
    GetDateFormatEx(locales[i], 0, &time, L"dddd d MMMM yyyy", text, 128, NULL);
    tell("picture", text);
    GetLocaleInfoEx(locales[i], LOCALE_SDECIMAL, text, 128);
    tell("decimal", text);
    GetLocaleInfoEx(locales[i], LOCALE_SINTLSYMBOL, text, 128);
    tell("currency", text);
    DWORD first = 9;
    GetLocaleInfoEx(locales[i], LOCALE_IFIRSTDAYOFWEEK | LOCALE_RETURN_NUMBER, (WCHAR*)&first, 2);
    say("first-day", "%lu", first);
  }
  GetCurrencyFormatEx(L"en-US", 0, L"-1234.5", NULL, text, 128);
  tell("dollars", text);
  const NUMBERFMTW format = {.NumDigits = 1,
                             .LeadingZero = 0,
                             .Grouping = 32,
                             .lpDecimalSep = (WCHAR*)L":",
                             .lpThousandSep = (WCHAR*)L"'",
                             .NegativeOrder = 0};
  GetNumberFormatEx(L"en-US", 0, L"-1234567.89", &format, text, 128);
  tell("own-format", text);
  GetNumberFormatEx(L"en-US", 0, L"0.5", &format, text, 128);
  tell("no-zero", text);
  GetTimeFormatEx(L"en-US", TIME_NOSECONDS, &time, NULL, text, 128);
  for (WCHAR* at = text; *at; ++at)
    if (*at == 0x202F) *at = L' ';
  tell("no-seconds", text);
  GetTimeFormatEx(L"en-US", 0, &time, L"H:mm:ss 'quoted' hh tt t", text, 128);
  tell("time-picture", text);
  GetDateFormatEx(L"en-US", 0, &time, L"ddd, dd MMM yy 'of' gg", text, 128, NULL);
  tell("date-picture", text);
  say("bad-date", "%d",
      ERROR_OF(
          GetDateFormatEx(L"en-US", 0, &(SYSTEMTIME){.wYear = 2024, .wMonth = 13, .wDay = 1}, NULL, text, 128, NULL)));
  say("bad-number", "%d", ERROR_OF(GetNumberFormatEx(L"en-US", 0, L"12x", NULL, text, 128)));
  say("small", "%d", ERROR_OF(GetNumberFormatEx(L"en-US", 0, L"12", NULL, text, 2)));
  say("lcid", "%lx %lx", LocaleNameToLCID(L"de-AT", 0), LocaleNameToLCID(L"pt-BR", 0));
  LCIDToLocaleName(0x0809, text, 128, 0);
  tell("name", text);
  say("GetCalendarInfo", "%d", GetCalendarInfoEx(L"en-US", CAL_GREGORIAN, NULL, CAL_SMONTHNAME1 + 4, text, 128, NULL));
  tell("month", text);
  DYNAMIC_TIME_ZONE_INFORMATION zone;
  const DWORD kind = GetDynamicTimeZoneInformation(&zone);
  say("time-zone", "%lu %ld", kind, zone.Bias);
  return 0;
}
