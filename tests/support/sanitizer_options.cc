// What the test programs ask of the sanitizers they may be built with. ASAN_OPTIONS and TSAN_OPTIONS add to it.

// Tests ask for impossible amounts of memory, and Windows' functions answer that with an error. A program that nobody
// saves ends by its signal.
#define HM_COMMON_OPTIONS "allocator_may_return_null=1:handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0"

extern "C" {
__attribute__((visibility("default"))) const char* __asan_default_options();
__attribute__((visibility("default"))) const char* __tsan_default_options();
__attribute__((visibility("default"))) const char* __tsan_default_suppressions();

const char* __asan_default_options() {
  return HM_COMMON_OPTIONS;
}
// die_after_fork: HOST-05, the child of a fork may start threads. report_signal_unsafe: a fault of a DLL's and an order
// to a thread are signals whose handlers do work, at places where that is allowed (nt/stop_place.h).
const char* __tsan_default_options() {
  return HM_COMMON_OPTIONS ":die_after_fork=0:report_signal_unsafe=0";
}
// What synchronises the threads of code that was not built with ThreadSanitizer is invisible to it: the atomics of a
// DLL that hands a block of our heap or a new lock to another thread, the vendors' Linux builds, glibc's own locks.
const char* __tsan_default_suppressions() {
  return "race:^hmodule::nt::Heap::\n"
         "race:HeapAlloc\nrace:HeapReAlloc\nrace:HeapFree\nrace:AllocateHeap\nrace:FreeHeap\n"
         "race:RtlAcquireSRWLock\nrace:RtlReleaseSRWLock\nrace:CriticalSection\n"
         "race:libduckdb.so\nrace:libonnxruntime.so\nrace:libicuuc.so\n"
         "race:tzset_internal\n";
}
}
