// What docs/debugging.md shows under gdb: a program, a DLL that it calls, and its function that the DLL calls.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <hmodule/hmodule.hpp>

extern "C" __attribute__((noinline)) HM_WINAPI int answer_the_dll(void* number) {
  return *static_cast<int*>(number);
}

extern "C" __attribute__((noinline)) void after_the_dll() {
  std::puts("the DLL is gone");
}

// For a debugger to change that comes when the DLL is there.
extern "C" {
volatile bool waits_for_debugger = false;
}

int main(int, char** arguments) {
  {
    const hmodule::library dll(arguments[1]);
    waits_for_debugger = std::getenv("WATCHED_WAITS") != nullptr;
    std::puts("the DLL is there");
    std::fflush(stdout);
    while (waits_for_debugger) usleep(10'000);
    const auto calls = dll.get<int(int(HM_WINAPI*)(void*), void*)>("calls");
    int number = 41;
    std::printf("the answer is %d\n", calls(answer_the_dll, &number));
  }
  after_the_dll();
}
