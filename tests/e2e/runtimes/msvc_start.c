/* What Microsoft's static part of the C runtime has, for programs that link ucrtbase.dll and vcruntime140.dll: the
 * entry point, and the functions that its headers define inline. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int _fltused = 0x9875;
ULONG _tls_index = 0;
int main(int argc, char** argv);
int _configure_narrow_argv(int mode);
int _initialize_narrow_environment(void);
int* __p___argc(void);
char*** __p___argv(void);

void start(void) {
  _configure_narrow_argv(1);
  _initialize_narrow_environment();
  exit(main(*__p___argc(), *__p___argv()));
}

int _crt_atexit(void (*function)(void));
int __cdecl atexit(void (*function)(void)) {
  return _crt_atexit(function);
}
_onexit_t __cdecl _onexit(_onexit_t function) {
  return _crt_atexit((void (*)(void))function) == 0 ? function : NULL;
}

/* The options of ucrtbase.dll's functions: what C99 says of snprintf's answer and end. */
#define STANDARD_SNPRINTF _CRT_INTERNAL_PRINTF_STANDARD_SNPRINTF_BEHAVIOR
#define LEGACY_END _CRT_INTERNAL_PRINTF_LEGACY_VSPRINTF_NULL_TERMINATION

/* name(fixed..., ...), and vname(fixed..., va_list) where headers declare it. */
#define VARIADIC(name, fixed, last, call) \
  int __cdecl name fixed {                \
    va_list arguments;                    \
    va_start(arguments, last);            \
    const int result = call;              \
    va_end(arguments);                    \
    return result;                        \
  }
int __cdecl vfprintf(FILE* file, const char* format, va_list arguments) {
  return __stdio_common_vfprintf(0, file, format, NULL, arguments);
}
int __cdecl vsnprintf(char* to, size_t room, const char* format, va_list arguments) {
  return __stdio_common_vsprintf(STANDARD_SNPRINTF, to, room, format, NULL, arguments);
}
int __cdecl _vsnprintf(char* to, size_t room, const char* format, va_list arguments) {
  return __stdio_common_vsprintf(LEGACY_END, to, room, format, NULL, arguments);
}
VARIADIC(printf, (const char* format, ...), format, vfprintf(stdout, format, arguments))
VARIADIC(fprintf, (FILE * file, const char* format, ...), format, vfprintf(file, format, arguments))
VARIADIC(sprintf, (char* to, const char* format, ...), format, vsnprintf(to, (size_t)-1, format, arguments))
VARIADIC(snprintf, (char* to, size_t room, const char* format, ...), format, vsnprintf(to, room, format, arguments))
VARIADIC(sscanf, (const char* from, const char* format, ...), format,
         __stdio_common_vsscanf(0, from, (size_t)-1, format, NULL, arguments))
VARIADIC(fscanf, (FILE * file, const char* format, ...), format,
         __stdio_common_vfscanf(0, file, format, NULL, arguments))
