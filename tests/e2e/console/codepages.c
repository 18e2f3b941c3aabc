/* Code pages: tables both ways as checksums, lead bytes, what cannot be converted, and characters of several bytes. */
#include <windows.h>

#include <string.h>

#include "support/say.h"

static unsigned hash(unsigned seed, const void* data, size_t size) {
  const unsigned char* at = data;
  while (size--) seed = (seed ^ *at++) * 16777619u;
  return seed;
}

static void single(UINT page) {
  unsigned there = 2166136261u, back = there, same = 0;
  for (int c = 0; c < 256; ++c) {
    const char byte = (char)c;
    WCHAR wide[2] = {0};
    char again[4] = {0};
    const int size = MultiByteToWideChar(page, 0, &byte, 1, wide, 2);
    there = hash(there, wide, (size_t)size * 2);
    const int bytes = WideCharToMultiByte(page, 0, wide, size, again, 4, NULL, NULL);
    back = hash(back, again, (size_t)bytes);
    same += bytes == 1 && again[0] == byte;
  }
  char tag[16];
  snprintf(tag, sizeof tag, "page-%u", page);
  say(tag, "%08x %08x %u", there, back, same);
}

int main(void) {
  static const UINT pages[] = {437,  850,  852,  866,  874,  1250,  1251,  1252,  1253,
                               1254, 1255, 1256, 1257, 1258, 20866, 28591, 28592, 28605};
  for (unsigned i = 0; i < sizeof pages / sizeof *pages; ++i) single(pages[i]);
  static const UINT doubles[] = {932, 936, 949, 950};
  for (int i = 0; i < 4; ++i) {
    unsigned there = 2166136261u;
    int count = 0;
    for (int lead = 0x81; lead < 0xFF; ++lead)
      for (int trail = 0x40; trail < 0xFF; ++trail) {
        const char bytes[2] = {(char)lead, (char)trail};
        WCHAR wide[3] = {0};
        if (!IsDBCSLeadByteEx(doubles[i], (BYTE)lead) ||
            MultiByteToWideChar(doubles[i], MB_ERR_INVALID_CHARS, bytes, 2, wide, 3) != 1)
          continue;
        if (wide[0] >= 0xE000 && wide[0] < 0xF900) continue; /* private */
        there = hash(there, wide, 2);
        ++count;
      }
    char tag[16];
    snprintf(tag, sizeof tag, "page-%u", doubles[i]);
    say(tag, "%d %08x", count, there);
  }
  WCHAR wide[32];
  char bytes[64];
  BOOL used = FALSE;
  say("utf8", "%d", MultiByteToWideChar(CP_UTF8, 0, "a\xC3\xA4\xE4\xB8\xAD\xF0\x9F\x98\x80", -1, wide, 32));
  say("utf8-units", "%04x %04x %04x %04x", wide[1], wide[2], wide[3], wide[4]);
  say("utf8-back", "%d", WideCharToMultiByte(CP_UTF8, 0, wide, -1, bytes, sizeof bytes, NULL, NULL));
  say("utf8-bad", "%d", MultiByteToWideChar(CP_UTF8, 0, "a\xC3(\xFF\xE4\xB8", 6, wide, 32));
  say("utf8-bad-units", "%04x %04x %04x %04x %04x", wide[0], wide[1], wide[2], wide[3], wide[4]);
  say("utf8-strict", "%d", ERROR_OF(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xC0\x80", 2, wide, 32)));
  say("utf7", "%d", MultiByteToWideChar(CP_UTF7, 0, "+AOQ-+2D3eAA-", -1, wide, 32));
  say("utf7-units", "%04x %04x %04x", wide[0], wide[1], wide[2]);
  say("default", "%d", WideCharToMultiByte(1252, 0, L"\u4e2dx", 2, bytes, 8, "*", &used));
  say("default-is", "%.2s %d", bytes, used);
  say("best-fit", "%d", WideCharToMultiByte(1252, 0, L"\u0100", 1, bytes, 8, NULL, &used));
  say("best-fit-is", "%.1s %d", bytes, used);
  say("no-best-fit", "%d", WideCharToMultiByte(1252, WC_NO_BEST_FIT_CHARS, L"\u0100", 1, bytes, 8, NULL, &used));
  say("no-best-fit-is", "%.1s %d", bytes, used);
  say("small", "%d", ERROR_OF(MultiByteToWideChar(1252, 0, "abcd", 4, wide, 2)));
  say("size", "%d", MultiByteToWideChar(932, 0, "\x82\xa0\x82\xa2x", 5, NULL, 0));
  say("unknown", "%d", ERROR_OF(MultiByteToWideChar(12345, 0, "x", 1, wide, 2)));
  CPINFO info;
  say("GetCPInfo", "%d", ERROR_OF(GetCPInfo(949, &info)));
  say("cpinfo", "%u %02x %02x %c", info.MaxCharSize, info.LeadByte[0], info.LeadByte[1], info.DefaultChar[0]);
  say("IsValidCodePage", "%d %d %d", IsValidCodePage(1252), IsValidCodePage(65001), IsValidCodePage(4711));
  say("composed", "%d", MultiByteToWideChar(1252, MB_COMPOSITE, "\xe4", 1, wide, 32));
  say("composed-is", "%04x %04x", wide[0], wide[1]);
  say("CharUpper", "%d", (int)(INT_PTR)CharUpperW((WCHAR*)(INT_PTR)0xe4) == 0xC4);
  return 0;
}
