// Hardware faults as C++ exceptions. Alone in its file, because Clang 14 crashes at function try blocks with
// -fasync-exceptions; and it forgets to say in its tables that the functions expect other exceptions than C++'s, so the
// build edits its assembly (EHFlags).
#include "msvc.h"

namespace {

volatile long long zero = 0;
volatile int result;  // so that what is not used is computed
int ends;

struct Local {
  ~Local() { ++ends; }
};
struct Translated {
  unsigned code;
};

void translate(unsigned code, EXCEPTION_POINTERS* e) {
  if (e->ExceptionRecord->ExceptionCode == code) throw Translated{code};
}
int read_from(const int* from) {
  return *from;
}
int divide_by_zero(const int*) {
  return 100 / static_cast<int>(zero);
}
// The compiler is not to know that they throw nothing of their own.
int (*const volatile read)(const int*) = read_from;
int (*const volatile divide)(const int*) = divide_by_zero;

}  // namespace

void translates_faults() {
  const Translator before = _set_se_translator(translate);
  unsigned code = 0;
  ends = 0;
  try {
    Local local;
    result = read(reinterpret_cast<int*>(zero));
  } catch (Translated& fault) {
    code = fault.code;
  }
  CHECK_EQ(code, STATUS_ACCESS_VIOLATION);
  try {
    Local local;
    result = divide(nullptr);
  } catch (Translated& fault) {
    code = fault.code;
  }
  CHECK_EQ(code, STATUS_INTEGER_DIVIDE_BY_ZERO);
  CHECK_EQ(ends, 2);
  CHECK_EQ(_set_se_translator(before), translate);
}
