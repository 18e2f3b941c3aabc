// Exceptions at the border to native code: thrown out of a DLL, into it, and across it. Made by GCC, and by Clang for
// Microsoft's C++, which has no headers here; so the little that is needed of the C++ library is declared.
#ifdef _MSC_VER
#define EXPORT extern "C" __declspec(dllexport)
extern "C" {
int _fltused = 0x9875;
// Type descriptors begin with type_info's table. The runtime compares names only, so it may be empty.
void* type_info_table[2] __asm__("??_7type_info@@6B@");
__declspec(dllimport) void RaiseException(unsigned long, unsigned long, unsigned long, const unsigned long long*);
__declspec(dllimport) void free(void*);
}
void operator delete(void* block) noexcept {
  free(block);
}
void operator delete(void* block, unsigned long long) noexcept {
  free(block);
}
namespace std {
class exception {  // laid out as vcruntime.h has it
 public:
  exception(const char* text) : text_(text), owned_(false) {}
  virtual ~exception() {}
  virtual const char* what() const { return text_; }

 protected:
  const char* text_;
  bool owned_;
};
class runtime_error : public exception {
 public:
  using exception::exception;
};
}  // namespace std
extern "C" int DllMain(void*, unsigned long, void*) {
  return 1;
}
#else
#include <stdexcept>
#define EXPORT extern "C" __declspec(dllexport)
extern "C" __declspec(dllimport) void RaiseException(unsigned long, unsigned long, unsigned long,
                                                     const unsigned long long*);
#endif

namespace {

int ends;
struct Local {
  int& count;
  ~Local() { ++count; }
};

struct Plain {
  int number;
};

}  // namespace

using Callback = int (*)(void*);

// How many local objects of the functions below have ended.
EXPORT int ends_so_far() {
  return ends;
}

EXPORT void throws_error(const char* text) {
  const Local local{ends};
  throw std::runtime_error(text);
}
EXPORT void throws_int(int number) {
  const Local local{ends};
  throw number;
}
EXPORT void throws_counted() {
  throw Local{ends};
}
EXPORT void throws_plain(int number) {
  throw Plain{number};
}
EXPORT void raises(unsigned code) {
  const unsigned long long arguments[] = {7, 8};
  RaiseException(code, 0, 2, arguments);
}
EXPORT int reads(const int* from) {
  return *from;
}

EXPORT int adds(signed char a, short b, int c, long long d, unsigned char e, unsigned f) {
  return static_cast<int>(a + b + c + d + e + f);
}
EXPORT double halves(double number, float more) {
  return number / 2 + more;
}
EXPORT float thirds(float number) {
  return number / 3;
}

// A frame between: its object ends, whichever way it is left.
EXPORT int calls(Callback callback, void* argument) {
  const Local local{ends};
  return callback(argument) + 1;
}

// The same with values that live in registers across the call and are needed in the clean-up.
EXPORT double calls_with_registers(Callback callback, void* argument, long long a, long long b, double x, double y) {
  struct Sum {
    double& into;
    long long &a, &b;
    double &x, &y;
    ~Sum() { into = static_cast<double>(a + b) + x + y; }
  };
  static double result;
  a *= 3;
  b *= 5;
  x *= 7;
  y *= 11;
  if (callback == nullptr) return result;
  const Sum sum{result, a, b, x, y};
  callback(argument);
  return -1;
}

// -1: an int came out, which is in *caught; -2: something else did.
EXPORT int catches(Callback callback, void* argument, int* caught) {
  try {
    const Local local{ends};
    return callback(argument);
  } catch (int number) {
    *caught = number;
    return -1;
  } catch (...) {
    return -2;
  }
}

// Counts what comes out, whatever it is, and throws it again.
EXPORT int rethrows(Callback callback, void* argument, int* count) {
  try {
    return callback(argument);
  } catch (...) {
    ++*count;
    throw;
  }
}

// Catches ints only.
EXPORT int catches_int(Callback callback, void* argument, int* caught) {
  // Values in non-volatile registers, all of them, must be as they were.
  volatile long long seed = 3;
  long long a = seed * 2, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13, g = seed * 17;
  double x = static_cast<double>(seed), y = x * 2, z = x * 3;
  try {
    const int result = callback(argument);
    *caught = static_cast<int>(a + b + c + d + e + f + g + static_cast<long long>(x + y + z));
    return result;
  } catch (int number) {
    *caught = number + static_cast<int>(a + b + c + d + e + f + g + static_cast<long long>(x + y + z)) - 192;
    return -1;
  }
}
