// What the test DLLs share. They are compiled for Windows, without a C runtime unless CMakeLists.txt says CRT.
#pragma once

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define EXPORT __declspec(dllexport)
#define IMPORT __declspec(dllimport)
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

// The entry point's name where there is no C runtime.
#ifdef NO_CRT
#define DllMain DllMainCRTStartup
#endif
BOOL WINAPI DllMain(HINSTANCE base, DWORD reason, void* reserved);

// log.dll: "name+" process attach, "name-" detach, "name(" and "name)" thread attach and detach; a "!" follows where
// lpReserved is not NULL; "name*reason" are TLS callbacks.
IMPORT void log_event(const char* name, const char* event);
static inline void log_call(const char* name, DWORD reason, void* reserved) {
  static const char* const kEvents[2][4] = {{"-", "+", "(", ")"}, {"-!", "+!", "(!", ")!"}};
  log_event(name, kEvents[reserved != 0][reason]);
}
