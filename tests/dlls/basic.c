// Exports of every kind: functions, data, one without a name (ordinal 7 in basic.def), and a gap before it.
#include "dll.h"

EXPORT int answer = 42;
EXPORT int* const answer_address = &answer;  // needs a relocation

EXPORT int add(int a, int b) {
  return a + b;
}
EXPORT int Add(int a, int b) {  // names are case-sensitive (GPA-03)
  return a + b + 1000;
}
EXPORT long long sum8(int a, short b, char c, long long d, unsigned e, int f, int g, long long h) {
  return a + b + c + d + e + f + g + h;
}
EXPORT double scale(double x, float y, int n) {
  return x * y * n;
}
EXPORT const char* greeting(void) {
  return "hello from a DLL";
}
EXPORT int get_answer(void) {
  return answer;
}
EXPORT int call_back(int (*function)(int, void*), int value, void* context) {
  return function(value, context);
}
EXPORT void set_error(DWORD code) {
  SetLastError(code);
}
EXPORT int nameless(void) {
  return 7007;
}
EXPORT HMODULE own_handle;

BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved) {
  own_handle = base;
  return TRUE;
}
