#include "other.h"

static int ends;

namespace {
struct Local {
  ~Local() { ++ends; }
};
}  // namespace

void other_throw_int(void* value) {
  throw *static_cast<int*>(value);
}
void other_throw_derived(void*) {
  throw Derived();
}
void other_calls(void (*function)(void*), void* argument) {
  Local local;
  function(argument);
}
int other_ends(void) {
  return ends;
}
int other_catches(void (*function)(void*), void* argument) {
  try {
    Local local;
    function(argument);
  } catch (int value) {
    return value;
  }
  return 0;
}
