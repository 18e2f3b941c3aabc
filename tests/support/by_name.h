/* Functions that headers do not declare, or not for the native build, by their names. */
#pragma once

#include "support/check.h"

/* An address that must be there: a program that goes on without it would crash in silence. */
static inline void* required(const char* dll, const char* name) {
  const HMODULE module = LoadLibraryA(dll);
  void* const address = module ? (void*)GetProcAddress(module, name) : NULL;
  if (!address) {
    printf("%s has no %s\n", dll, name);
    fflush(stdout);
    exit(3);
  }
  return address;
}
/* Wine 8 lacks some. Others it has in name only, where calling them ends the program: ask on_wine(). */
static inline int has(const char* dll, const char* name) {
  return !on_wine() || GetProcAddress(LoadLibraryA(dll), name) != NULL;
}
#define BY_NAME(dll, type, name, parameters) ((type(WINAPI*) parameters)required(dll, name))
/* NTDLL(ULONG, "NtClose", (HANDLE))(handle). A status is a ULONG here, so that it compares with 0xC0000008. */
#define NTDLL(type, name, parameters) BY_NAME("ntdll.dll", type, name, parameters)
#define KERNEL(type, name, parameters) BY_NAME("kernel32.dll", type, name, parameters)

/* UNICODE_STRING and ANSI_STRING with the same names in both builds. */
typedef struct {
  USHORT Length, MaximumLength;
  WCHAR* Buffer;
} wide_string;
typedef struct {
  USHORT Length, MaximumLength;
  char* Buffer;
} byte_string;

static inline size_t wide_length(const WCHAR* text) {
  size_t length = 0;
  while (text[length]) ++length;
  return length;
}
static inline wide_string wide_of(const WCHAR* text) {
  const size_t size = 2 * wide_length(text);
  const wide_string string = {(USHORT)size, (USHORT)(size + 2), (WCHAR*)text};
  return string;
}
static inline byte_string bytes_of(const char* text) {
  const byte_string string = {(USHORT)strlen(text), (USHORT)(strlen(text) + 1), (char*)text};
  return string;
}
/* What is in it, for CHECK_STR: ASCII only, anything else as '?'. Valid for 16 calls. */
static inline const char* narrow(const WCHAR* text, size_t length) {
  static char buffers[16][600];
  static int next;
  char* const buffer = buffers[next++ % 16];
  size_t i = 0;
  for (; text && i < length && i < sizeof buffers[0] - 1; ++i) buffer[i] = (char)(text[i] < 128 ? text[i] : '?');
  buffer[i] = 0;
  return buffer;
}
static inline const char* NARROW(const WCHAR* text) {
  return narrow(text, text ? wide_length(text) : 0);
}
#define NARROW_STRING(string) narrow((string).Buffer, (string).Length / 2)
