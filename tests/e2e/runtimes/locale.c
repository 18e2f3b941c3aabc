/* Locales: names, conventions, collation, classes and code pages of a few. */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>
#ifdef _WIN32
#include <mbctype.h>
#include <mbstring.h>
#include <windows.h>
#endif

static void conventions(const char* tag) {
  const struct lconv* now = localeconv();
  printf("%s: [%s] [%s] [%s] [%s] [%s]", tag, now->decimal_point, now->thousands_sep, now->int_curr_symbol,
         now->mon_decimal_point, now->negative_sign);
  printf(" %d %d %d\n", now->frac_digits, now->int_frac_digits, now->p_cs_precedes);
}

int main(void) {
  printf("start: %s\n", setlocale(LC_ALL, NULL));
  conventions("C");
  printf("unknown: %d\n", setlocale(LC_ALL, "no such locale") == NULL);
  printf("bad-category: %d\n", setlocale(77, "C") == NULL);
  printf("strcoll: %d %d\n", strcoll("a", "B") > 0, strcoll("abc", "abc"));
  char to[64];
  printf("strxfrm: %d %s\n", (int)strxfrm(to, "text", sizeof to), to);
  printf("classes:");
  for (int c = 0; c < 256; ++c)
    if (isalpha(c) || isspace(c) || isdigit(c))
      printf("%02x%d%d%d%d%d", (unsigned)c, isalpha(c) != 0, isspace(c) != 0, isdigit(c) != 0, isupper(c) != 0,
             isxdigit(c) != 0);
  printf("\n");
  printf("toupper: %c%c %d\n", toupper('q'), tolower('Q'), toupper(0xe4) == 0xe4);
  printf("strtod-point: %.2f\n", strtod("1.5", NULL));
  printf("POSIX: %d\n", MB_CUR_MAX == 1);
#ifdef _WIN32
  printf("german: %s\n", setlocale(LC_ALL, "German_Germany.1252"));
  conventions("german-conventions");
  printf("german-number: %.2f %d\n", 1234.5, strtod("1,5", NULL) == 1.5);
  printf("german-toupper: %02x %d\n", toupper(0xe4) & 0xFF, isalpha(0xe4) != 0);
  printf("german-order: %d %d\n", strcoll("\xe4", "b") < 0, strcoll("a", "B") < 0);
  wchar_t wide[8];
  printf("german-mbstowcs: %d", (int)mbstowcs(wide, "\xe4\x80", 8));
  printf(" %04x %04x\n", wide[0], wide[1]);
  struct tm date = {.tm_year = 124, .tm_mon = 2, .tm_mday = 5, .tm_wday = 2, .tm_hour = 13};
  strftime(to, sizeof to, "%A|%B|%x|%X", &date);
  printf("german-date: %s\n", to);
  printf("short-name: %s\n", setlocale(LC_ALL, "french"));
  strftime(to, sizeof to, "%A %d %B", &date);
  printf("french-date: %s\n", to);
  printf("category: %s\n", setlocale(LC_NUMERIC, "C"));
  printf("mixed: %s\n", setlocale(LC_ALL, NULL));
  printf("mixed-number: %.1f\n", 2.5);
  printf("japanese: %s\n", setlocale(LC_ALL, "Japanese_Japan.932"));
  printf("japanese-max: %d %d\n", (int)MB_CUR_MAX, mblen("\x82\xa0", 2));
  printf("japanese-mbstowcs: %d", (int)mbstowcs(wide,
                                                "\x82\xa0"
                                                "a",
                                                8));
  printf(" %04x %04x\n", wide[0], wide[1]);
  char narrow[8];
  printf("japanese-wcstombs: %d", (int)wcstombs(narrow, L"\u3042", 8));
  printf(" %02x%02x\n", narrow[0] & 0xFF, narrow[1] & 0xFF);
  _setmbcp(932);
  printf("mbcs: %d %d %d\n", _getmbcp(),
         (int)_mbslen((const unsigned char*)"\x82\xa0"
                                            "b"),
         _ismbblead(0x82) != 0);
  const unsigned char* second = _mbschr((const unsigned char*)"\x82\x5c\\", '\\');
  printf("mbschr: %d\n", second && second[1] == 0);
  _setmbcp(_MB_CP_SBCS);
  printf("turkish: %s\n", setlocale(LC_ALL, "Turkish_Turkey.1254"));
  printf("turkish-i: %02x %02x\n", toupper(0xfd) & 0xFF, tolower('I') & 0xFF);
#ifdef _UCRT
  printf("utf8: %s\n", setlocale(LC_ALL, "en-US.UTF-8"));
  printf("name: %s\n", setlocale(LC_ALL, "de-DE"));
#endif
  const _locale_t other = _create_locale(LC_ALL, "German_Germany.1252");
  setlocale(LC_ALL, "C");
  printf("_l: %d %d\n", _isalpha_l(0xe4, other) != 0, isalpha(0xe4) != 0);
  char number[16];
  _snprintf_l(number, sizeof number, "%.1f", other, 1.5);
  printf("printf_l: %s\n", number);
  _free_locale(other);
  _configthreadlocale(_ENABLE_PER_THREAD_LOCALE);
  setlocale(LC_ALL, "English_United States.1252");
  conventions("american-conventions");
  printf("american-date: %d\n", (int)strftime(to, sizeof to, "%x %X", &date));
  printf("american-date-text: %s\n", to);
#endif
  return 0;
}
