// The other DLL of cxx.cc: made by the same compiler, linked with the same runtime.
#pragma once

#include "eh.h"

#ifdef EH_OTHER
#define OTHER EXPORT
#else
#define OTHER IMPORT
#endif

struct Base {
  int number = 1;
  virtual int name() const { return 'b'; }
  virtual ~Base() {}
};
struct Side {
  int side = 2;
  virtual int other_name() const { return 's'; }
  virtual ~Side() {}
};
struct Derived : Base, Side {
  int more = 3;
  int name() const override { return 'd'; }
  int other_name() const override { return 'o'; }
};

C_NAMES
OTHER void other_throw_int(void* value);
OTHER void other_throw_derived(void* unused);
// Calls the function with a local object, whose end is counted.
OTHER void other_calls(void (*function)(void*), void* argument);
OTHER int other_ends(void);
// The int that came out of the function, or 0.
OTHER int other_catches(void (*function)(void*), void* argument);
END_C_NAMES
