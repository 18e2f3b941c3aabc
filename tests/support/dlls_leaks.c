/* What DLLs ask for and keep when they are freed is theirs, on Windows too: LeakSanitizer is to report what we keep.
 * (libstdc++-6.dll never frees its emergency pool; others never delete a critical section they made when attached.) */

__attribute__((visibility("default"))) const char* __lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char* __lsan_default_options(void);

/* The tests compare what programs write. */
const char* __lsan_default_options(void) {
  return "print_suppressions=0";
}

const char* __lsan_default_suppressions(void) {
  return "leak:allocate_block\n" /* where RtlAllocateHeap ends; its namespace is not always told */
         "leak:hmodule::winapi::RtlInitializeCriticalSectionEx\n"
         "leak:FormatMessageA\n"                         /* node.exe, for each add-on it loads */
         "leak:libonnxruntime.so\nleak:libsqlite3.so\n"; /* the Linux side of a comparison */
}
