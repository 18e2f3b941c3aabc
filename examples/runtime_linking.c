/* The run-time linking sample a Windows programmer knows: load a DLL, look a function up, call it, free the DLL, and
 * carry on in another way when the DLL is missing. One source for Windows (mingw-w64) and for Linux (libhmodule). */
#include <stdio.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <hmodule/libloaderapi.h>
#endif

typedef const char*(WINAPI* GreetingFunction)(void);

int main(int argc, char** argv) {
  const char* text = "hello from the program itself, for want of the DLL";
  const HMODULE library = LoadLibraryA(argc > 1 ? argv[1] : "basic.dll");
  if (library == NULL) {
    printf("not loaded: error %u\n", (unsigned)GetLastError());
  } else {
    const GreetingFunction greeting = (GreetingFunction)(void*)GetProcAddress(library, "greeting");
    if (greeting != NULL) text = greeting(); /* in the DLL's memory: print it before FreeLibrary */
  }
  printf("%s\n", text);
  if (library != NULL && !FreeLibrary(library)) return 1;
  return 0;
}
