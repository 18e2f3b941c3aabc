/* Order of words: by locale, by flags, as sort keys; case mapping; finding inside. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "support/say.h"

static const WCHAR* locale;
static DWORD flags;
static int by_locale(const void* a, const void* b) {
  return CompareStringEx(locale, flags, *(const WCHAR* const*)a, -1, *(const WCHAR* const*)b, -1, NULL, NULL, 0) -
         CSTR_EQUAL;
}
static void sorted(const char* tag, const WCHAR* name, DWORD how, const WCHAR** words, int count) {
  locale = name;
  flags = how;
  const WCHAR* copy[16];
  memcpy(copy, words, sizeof *words * (size_t)count);
  qsort(copy, (size_t)count, sizeof *copy, by_locale);
  printf("%s:", tag);
  for (int i = 0; i < count; ++i) {
    char text[64];
    WideCharToMultiByte(CP_UTF8, 0, copy[i], -1, text, sizeof text, NULL, NULL);
    printf(" %s", text);
  }
  printf("\n");
}
static int order(const WCHAR* name, DWORD how, const WCHAR* a, const WCHAR* b) {
  return CompareStringEx(name, how, a, -1, b, -1, NULL, NULL, 0) - CSTR_EQUAL;
}

int main(void) {
  const WCHAR* words[] = {L"zebra", L"\u00e4hnlich", L"apfel",      L"\u00d6l", L"ofen",
                          L"Zug",   L"Apfel",        L"\u00c4rger", L"az"};
  sorted("english", L"en-US", 0, words, 9);
  sorted("german", L"de-DE", 0, words, 9);
  sorted("swedish", L"sv-SE", 0, words, 9);
  const WCHAR* spanish[] = {L"nube", L"\u00f1and\u00fa", L"ojo", L"n\u00famero", L"llave", L"luz"};
  sorted("spanish", L"es-ES", 0, spanish, 6);
  const WCHAR* numbers[] = {L"file10", L"file9", L"file1", L"file100"};
  sorted("plain-numbers", L"en-US", 0, numbers, 4);
  sorted("digits-as-numbers", L"en-US", SORT_DIGITSASNUMBERS, numbers, 4);
  say("case", "%d %d", order(L"en-US", 0, L"a", L"A"), order(L"en-US", NORM_IGNORECASE, L"abc", L"ABC"));
  say("accents", "%d %d", order(L"en-US", 0, L"resume", L"r\u00e9sum\u00e9"),
      order(L"en-US", NORM_IGNORENONSPACE, L"resume", L"r\u00e9sum\u00e9"));
  say("symbols", "%d", order(L"en-US", NORM_IGNORESYMBOLS, L"a.b", L"ab"));
  say("kana", "%d %d", order(L"ja-JP", 0, L"\u3042", L"\u30a2") != 0,
      order(L"ja-JP", NORM_IGNOREKANATYPE, L"\u3042", L"\u30a2"));
  say("width", "%d", order(L"ja-JP", NORM_IGNOREWIDTH, L"A", L"\uff21"));
  say("composed", "%d", order(L"en-US", 0, L"\u00e4", L"a\u0308"));
  say("sharp-s", "%d", order(L"de-DE", 0, L"stra\u00dfe", L"strasse"));
  say("ordinal", "%d %d", CompareStringOrdinal(L"a", -1, L"B", -1, FALSE) - 2,
      CompareStringOrdinal(L"a", -1, L"B", -1, TRUE) - 2);
  say("lstrcmpi", "%d %d", lstrcmpiW(L"\u00e4", L"\u00c4"), lstrcmpW(L"a", L"b"));
  unsigned char first[256], second[256];
  const int one =
      LCMapStringEx(L"de-DE", LCMAP_SORTKEY, L"\u00e4hnlich", -1, (WCHAR*)first, sizeof first, NULL, NULL, 0);
  const int two = LCMapStringEx(L"de-DE", LCMAP_SORTKEY, L"apfel", -1, (WCHAR*)second, sizeof second, NULL, NULL, 0);
  say("sort-keys", "%d %d", one > 0 && two > 0, memcmp(first, second, (size_t)(one < two ? one : two)) < 0);
  WCHAR mapped[64];
  LCMapStringEx(L"tr-TR", LCMAP_UPPERCASE | LCMAP_LINGUISTIC_CASING, L"istanbul \u0131", -1, mapped, 64, NULL, NULL, 0);
  say("turkish", "%04x %04x", mapped[0], mapped[9]);
  LCMapStringEx(L"en-US", LCMAP_UPPERCASE, L"stra\u00dfe \u00ff \u0436", -1, mapped, 64, NULL, NULL, 0);
  say("upper", "%04x %04x %04x", mapped[4], mapped[7], mapped[9]);
  LCMapStringEx(L"ja-JP", LCMAP_KATAKANA, L"\u3042\u3044", -1, mapped, 64, NULL, NULL, 0);
  say("katakana", "%04x %04x", mapped[0], mapped[1]);
  LCMapStringEx(L"ja-JP", LCMAP_FULLWIDTH, L"A1", -1, mapped, 64, NULL, NULL, 0);
  say("fullwidth", "%04x %04x", mapped[0], mapped[1]);
  LCMapStringEx(L"zh-CN", LCMAP_TRADITIONAL_CHINESE, L"\u56fd", -1, mapped, 64, NULL, NULL, 0);
  say("traditional", "%04x", mapped[0]);
  int length = 0;
  say("find", "%d",
      FindNLSStringEx(L"en-US", FIND_FROMSTART | LINGUISTIC_IGNORECASE, L"The R\u00c9SUM\u00c9 here", -1,
                      L"r\u00e9sum\u00e9", -1, &length, NULL, NULL, 0));
  say("find-length", "%d", length);
  say("ordinal-find", "%d", FindStringOrdinal(FIND_FROMEND, L"abcABCabc", -1, L"ABC", -1, TRUE));
  WORD types[4];
  GetStringTypeW(CT_CTYPE1, L"a1 \u4e2d", 4, types);
  say("types", "%x %x %x %x", types[0], types[1], types[2], types[3]);
  return 0;
}
