// What the test programs ask of the sanitizers they may be built with. ASAN_OPTIONS and TSAN_OPTIONS add to it.

// Tests ask for impossible amounts of memory, and Windows' functions answer that with an error.
#define HM_COMMON_OPTIONS "allocator_may_return_null=1"

extern "C" {
__attribute__((visibility("default"))) const char* __asan_default_options();
__attribute__((visibility("default"))) const char* __tsan_default_options();

const char* __asan_default_options() {
  return HM_COMMON_OPTIONS;
}
const char* __tsan_default_options() {
  return HM_COMMON_OPTIONS ":die_after_fork=0";  // HOST-05: the child of a fork may start threads
}
}
