// Compiled twice: by mingw-w64 as a DLL, natively as a shared object.
#ifdef _WIN32
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

namespace {

volatile int zero = 0, ends = 0;

struct Local {
  ~Local() { ends = ends + 1; }
};

__attribute__((noinline)) void descend(int depth) {
  Local local;
  if (depth <= 1) {
    if (zero == 0) throw depth;
    return;
  }
  descend(depth - 1);
}

}  // namespace

EXPORT int throw_through(int depth) {
  try {
    descend(depth);
  } catch (int value) {
    return value;
  }
  return 0;
}
