// __try and __except; Clang for Microsoft's ABI.
__declspec(dllimport) void RaiseException(unsigned long code, unsigned long flags, unsigned long count,
                                          const void* arguments);

static int read_from(const int* from) {
  return *from;
}
// Through pointers: the compiler is not to know what they do.
static int (*volatile read)(const int*) = read_from;

__declspec(dllexport) int raise_and_catch(unsigned long code) {
  __try {
    RaiseException(code, 0, 0, 0);
    return 0;
  } __except (1) {
    return 1;
  }
}

__declspec(dllexport) int fault_and_catch(const int* from) {
  __try {
    return read(from);
  } __except (1) {
    return 1;
  }
}
