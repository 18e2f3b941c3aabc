/* Wide characters: files in UTF-8 and UTF-16, wide formats, conversions, classification, numbers. */
#include <errno.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#endif

static void units(const char* tag, const wchar_t* text) {
  if (tag) printf("%s:", tag);
  for (; *text; ++text) printf(" %04x", (unsigned)*text);
  printf("\n");
}

static void strings(void) {
  wchar_t text[32] = L"alpha";
  wcscat(text, L",beta");
  units("wcscat", text);
  printf("wcslen: %d %d\n", (int)wcslen(text), (int)wcsnlen(text, 3));
  printf("wcscmp: %d %d %d\n", wcscmp(L"a", L"b") < 0, wcsncmp(L"abc", L"abd", 2), wcscmp(L"b", L"a") > 0);
  printf("wcschr: %d %d %d\n", (int)(wcschr(text, L',') - text), (int)(wcsrchr(text, L'a') - text),
         wcschr(text, L'z') == NULL);
  printf("wcsstr: %d\n", (int)(wcsstr(text, L"bet") - text));
  printf("wcsspn: %d %d\n", (int)wcsspn(text, L"aplh"), (int)wcscspn(text, L",b"));
  units("wcspbrk", wcspbrk(text, L"xyz,"));
  wmemset(text, L'-', 3);
  wmemmove(text + 1, text + 5, 4);
  units("wmemmove", text);
  printf("wmemchr: %d\n", (int)(wmemchr(text, L'b', 10) - text));
}

static void numbers(void) {
  wchar_t* end;
  printf("wcstol: %d", (int)wcstol(L"  -123abc", &end, 10));
  units(NULL, end);
  printf("wcstol-16: %d\n", (int)wcstol(L"0x7fff", NULL, 16));
  printf("wcstoul-0: %u\n", (unsigned)wcstoul(L"0777", NULL, 0));
  printf("wcstoll: %lld\n", wcstoll(L"-9223372036854775808", NULL, 10));
  printf("wcstod: %.6f", wcstod(L"3.25e2x", &end));
  units(NULL, end);
}

static void classes(void) {
  const wchar_t tested[] = L"aZ5 _\t!";
  printf("isw:");
  for (int i = 0; tested[i]; ++i)
    printf(" %d%d%d%d%d%d%d", iswalpha(tested[i]) != 0, iswdigit(tested[i]) != 0, iswspace(tested[i]) != 0,
           iswupper(tested[i]) != 0, iswlower(tested[i]) != 0, iswpunct(tested[i]) != 0, iswcntrl(tested[i]) != 0);
  printf("\n");
  printf("tow: %c%c%c\n", (char)towupper(L'q'), (char)towlower(L'Q'), (char)towupper(L'1'));
  printf("wctype: %d %d\n", iswctype(L'a', wctype("alpha")) != 0, iswctype(L'1', wctype("alpha")) != 0);
}

static void conversions(void) {
  wchar_t wide[16];
  char narrow[16];
  printf("mbstowcs: %d", (int)mbstowcs(wide, "plain", 16));
  units(NULL, wide);
  printf("wcstombs: %d", (int)wcstombs(narrow, L"wide", 16));
  printf(" %s\n", narrow);
  mbstate_t state = {0};
  printf("mbrtowc: %d", (int)mbrtowc(wide, "x", 1, &state));
  printf(" %d", (int)mbrtowc(wide, "", 1, &state));
  printf(" %d\n", mbsinit(&state) != 0);
  printf("btowc: %d %d %d\n", (int)btowc('k'), wctob(L'k'), btowc(EOF) == WEOF);
}

static void formats(void) {
  wchar_t text[64];
  printf("swprintf: %d",
         swprintf(text, 64, L"%d|%5d|%x|%.3f|%c|%ls|%10ls|%-4ls|", 12, -3, 255, 1.5, 'y', L"ws", L"right", L"l"));
  printf(" %ls\n", text);
  int a = 0, b = 0;
  wchar_t word[16];
  printf("swscanf: %d", swscanf(L"15 abc 0xff", L"%d %15ls %x", &a, word, &b));
  printf(" %d %ls %d\n", a, word, b);
  wchar_t sentence[] = L"one two  three";
  wchar_t* rest;
  printf("wcstok:");
#ifdef _WIN32
  for (wchar_t* at = wcstok_s(sentence, L" ", &rest); at; at = wcstok_s(NULL, L" ", &rest)) printf(" %ls", at);
#else
  for (wchar_t* at = wcstok(sentence, L" ", &rest); at; at = wcstok(NULL, L" ", &rest)) printf(" %ls", at);
#endif
  printf("\n");
}

static void files(void) {
  FILE* file = fopen("wide.txt", "w+b");
  fputws(L"line one\n", file);
  fputwc(L'2', file);
  fwprintf(file, L"%ls-%d\n", L"two", 22);
  rewind(file);
  wchar_t line[32];
  units("fgetws", fgetws(line, 32, file));
  printf("fgetwc: %d\n", (int)fgetwc(file));
  ungetwc(L'!', file);
  int number = 0;
  wchar_t word[16];
  printf("fwscanf: %d", fwscanf(file, L"!%3ls-%d", word, &number));
  printf(" %d\n", number);
  fgetwc(file);
  printf("fgetwc-end: %d\n", fgetwc(file) == WEOF);
  fclose(file);
}

#ifdef _WIN32
static void hex(const char* tag, const void* data, size_t size) {
  printf("%s: ", tag);
  for (size_t i = 0; i < size; ++i) printf("%02x", ((const unsigned char*)data)[i]);
  printf("\n");
}

static void bytes_of(const char* tag, const char* name) {
  char bytes[256];
  FILE* file = fopen(name, "rb");
  hex(tag, bytes, fread(bytes, 1, sizeof bytes, file));
  fclose(file);
}

static void windows(void) {
  const wchar_t mixed[] = L"A\u00e4\u20ac\U0001F600\n";
  FILE* file = fopen("utf8.txt", "w, ccs=UTF-8");
  fputws(mixed, file);
  fclose(file);
  bytes_of("utf8", "utf8.txt");
  file = fopen("utf16.txt", "w, ccs=UTF-16LE");
  fputws(mixed, file);
  fclose(file);
  bytes_of("utf16", "utf16.txt");
  wchar_t line[32];
  file = fopen("utf8.txt", "r, ccs=UTF-8");
  units("utf8-read", fgetws(line, 32, file));
  fclose(file);
  file = fopen("utf16.txt", "r, ccs=UNICODE");
  units("utf16-read", fgetws(line, 32, file));
  fclose(file);
  /* a mode set on standard output, and its way back */
  fflush(stdout);
  printf("setmode-u8: ");
  fflush(stdout);
  _setmode(1, _O_U8TEXT);
  fwprintf(stdout, L"\u00fcber\n");
  fflush(stdout);
  _setmode(1, _O_TEXT);
  file = _wfopen(L"n\u00e4me\u4e2d.txt", L"wb");
  printf("wfopen: %d\n", file != NULL);
  fputs("x", file);
  fclose(file);
  printf("waccess: %d %d\n", _waccess(L"n\u00e4me\u4e2d.txt", 0), _waccess(L"name.txt", 0));
  struct _wfinddata_t found;
  const intptr_t search = _wfindfirst(L"n*.txt", &found);
  units("wfindfirst", found.name);
  printf("wfindnext: %d\n", _wfindnext(search, &found));
  _findclose(search);
  printf("wrename: %d %d\n", _wrename(L"n\u00e4me\u4e2d.txt", L"\u0416.txt"), _waccess(L"\u0416.txt", 0));
  printf("wremove: %d\n", _wremove(L"\u0416.txt"));
  units("itow", _itow(-255, line, 10));
  units("itow-16", _itow(255, line, 16));
  units("i64tow", _i64tow(1LL << 40, line, 36));
  wcscpy(line, L"Mixed Case");
  units("wcsupr", _wcsupr(line));
  units("wcslwr", _wcslwr(line));
  units("wcsrev", _wcsrev(line));
  printf("wcsicmp: %d %d %d\n", _wcsicmp(L"ABC", L"abc"), _wcsicmp(L"abc", L"ABD") < 0, _wcsnicmp(L"ABx", L"aby", 2));
  wchar_t drive[8], directory[32], base[16], extension[16], full[MAX_PATH];
  _wsplitpath(L"C:\\dir\\sub\\file.tar.gz", drive, directory, base, extension);
  units("splitpath", drive);
  units("splitpath", directory);
  units("splitpath", base);
  units("splitpath", extension);
  _wmakepath(full, L"D", L"a\\b", L"c", L"txt");
  units("makepath", full);
  printf("wfullpath: %d\n", _wfullpath(full, L"C:\\a\\..\\b\\.\\c", MAX_PATH) && wcscmp(full, L"C:\\b\\c") == 0);
  _wputenv(L"HM_WIDE=\u00e4\u4e2d");
  units("wgetenv", _wgetenv(L"HM_WIDE"));
  units("wgetenv-narrow", _wgetenv(L"HM_GREETING"));
  printf("iswalpha-more: %d %d %d %d\n", iswalpha(0xe4) != 0, iswalpha(0x4e2d) != 0, iswupper(0x416) != 0,
         iswdigit(0x663) != 0);
  printf("towupper-more: %04x %04x\n", towupper(0xe4), towlower(0x416));
  errno = 0;
  char narrow[16];
  printf("wcstombs-C: %d", (int)wcstombs(narrow, L"\u4e2d", 16));
  printf(" %d\n", errno == EILSEQ);
}
#endif

int main(void) {
  strings();
  numbers();
  classes();
  conversions();
  formats();
  files();
#ifdef _WIN32
  windows();
#endif
  return 0;
}
