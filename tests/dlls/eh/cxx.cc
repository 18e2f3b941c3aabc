// C++ exceptions, in what every compiler agrees on.
#include "other.h"

#ifdef __MINGW32__
#include <exception>
#else
#include "msvc.h"
#endif

#define NOINLINE __attribute__((noinline))

namespace {

volatile int zero = 0;  // what the compilers cannot know

int alive, copies;

struct Counted {
  int value;
  explicit Counted(int v) : value(v) { ++alive; }
  Counted(const Counted& other) : value(other.value) { ++alive, ++copies; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
};

// Writes down the order of ends.
char ends[64];
int end_count;
struct Named {
  char letter;
  explicit Named(char l) : letter(l) {}
  ~Named() { ends[end_count++ % 63] = letter; }
};
bool ended(const char* wanted) {
  ends[end_count] = 0;
  for (int i = 0;; ++i) {
    if (ends[i] != wanted[i]) return false;
    if (!wanted[i]) break;
  }
  return true;
}

NOINLINE void throw_int(int value) {
  if (zero == 0) throw value;
}
NOINLINE void throw_counted(int value) {
  if (zero == 0) throw Counted(value);
}
NOINLINE void throw_derived() {
  if (zero == 0) throw Derived();
}

void catches_by_type() {
  int caught = 0;
  try {
    throw_int(42);
  } catch (long) {
    caught = 1;
  } catch (unsigned) {
    caught = 2;
  } catch (int value) {
    caught = value;
  }
  CHECK_EQ(caught, 42);
  try {
    throw_int(43);
  } catch (...) {
    caught = 9;
  }
  CHECK_EQ(caught, 9);
  try {
    try {
      throw_int(44);
    } catch (const char*) {
      caught = 1;
    } catch (Base&) {
      caught = 2;
    }
  } catch (const int& value) {
    caught = value;
  }
  CHECK_EQ(caught, 44);
}

void catches_bases() {
  int caught = 0;
  try {
    throw_derived();
  } catch (const Base& base) {
    caught = base.name();
  }
  CHECK_EQ(caught, 'd');
  try {
    throw_derived();
  } catch (Side& side) {  // not at the object's start
    caught = side.other_name() + side.side;
  }
  CHECK_EQ(caught, 'o' + 2);
  try {
    throw_derived();
  } catch (Base base) {  // sliced
    caught = base.name();
  }
  CHECK_EQ(caught, 'b');
}

void catches_pointers() {
  Derived object;
  int caught = 0;
  try {
    if (zero == 0) throw &object;
  } catch (Side* side) {
    caught = side == &object ? side->other_name() : 1;
  }
  CHECK_EQ(caught, 'o');
  try {
    if (zero == 0) throw &object;
  } catch (const void* pointer) {
    caught = pointer == &object ? 5 : 1;
  }
  CHECK_EQ(caught, 5);
  try {
    if (zero == 0) throw static_cast<const Derived*>(&object);
  } catch (Derived*) {  // not without the const
    caught = 1;
  } catch (const Derived*) {
    caught = 6;
  }
  CHECK_EQ(caught, 6);
}

void destroys_what_it_threw() {
  for (int i = 0; i < 100; ++i) {
    try {
      throw_counted(i);
    } catch (const Counted& counted) {
      CHECK_EQ(counted.value, i);
      CHECK_EQ(alive, 1);
    }
    CHECK_EQ(alive, 0);
    try {
      throw_counted(i);
    } catch (Counted counted) {
      CHECK_EQ(counted.value, i);
      CHECK_EQ(alive, 2);
    }
    CHECK_EQ(alive, 0);
  }
}

void rethrows() {
  const void* first = nullptr;
  int value = 0;
  try {
    try {
      throw_counted(1);
    } catch (Counted& counted) {
      first = &counted;
      counted.value = 2;
      throw;
    }
  } catch (Counted& counted) {
    CHECK_EQ(&counted, first);
    value = counted.value;
  }
  CHECK_EQ(value, 2);
  CHECK_EQ(alive, 0);
}

NOINLINE void rethrow_from_below() {
  throw;
}

void rethrows_from_a_function() {
  int value = 0;
  try {
    try {
      throw_counted(3);
    } catch (...) {
      try {
        rethrow_from_below();
      } catch (Counted& counted) {
        value = counted.value;
      }
      rethrow_from_below();
    }
  } catch (Counted& counted) {
    value = value * 10 + counted.value;
  }
  CHECK_EQ(value, 33);
  CHECK_EQ(alive, 0);
}

void nests() {
  int steps = 0;
  try {
    try {
      throw_counted(1);
    } catch (Counted& outer) {
      try {
        throw_counted(2);
      } catch (Counted& inner) {
        CHECK_EQ(outer.value, 1);
        CHECK_EQ(inner.value, 2);
        CHECK_EQ(alive, 2);
        steps += 1;
      }
      CHECK_EQ(alive, 1);
      CHECK_EQ(outer.value, 1);
      throw_counted(3);  // replaces the outer one
    }
  } catch (Counted& last) {
    CHECK_EQ(last.value, 3);
    steps += 10;
  }
  CHECK_EQ(steps, 11);
  CHECK_EQ(alive, 0);
}

struct Quarrelsome {
  int* caught;
  ~Quarrelsome() {
    try {
      throw_counted(5);
    } catch (Counted& counted) {
      *caught += counted.value;
    }
  }
};

void throws_in_destructors() {
  int caught = 0, outside = 0;
  try {
    Quarrelsome first{&caught};
    Quarrelsome second{&caught};
    throw_counted(7);
  } catch (Counted& counted) {
    outside = counted.value;
  }
  CHECK_EQ(caught, 10);
  CHECK_EQ(outside, 7);
  CHECK_EQ(alive, 0);
}

NOINLINE void inner_ends() {
  Named c('c');
  { Named gone('x'); }
  Named d('d');
  throw_int(1);
  Named never('n');
}

void runs_destructors_in_order() {
  end_count = 0;
  try {
    Named a('a');
    try {
      Named b('b');
      inner_ends();
    } catch (const char*) {
    }
  } catch (int) {
    Named e('e');
  }
  CHECK(ended("xdcbae"));
}

struct FailingMember {
  Counted first;
  Counted second;
  FailingMember() try : first(1), second((throw_int(8), 2)) {
  } catch (int value) {
    if (value == 8) throw value + 1;
  }
};

NOINLINE int function_try(int value) try {
  throw_int(value);
  return 0;
} catch (int caught) {
  return caught + value;
}

void function_try_blocks() {
  int caught = 0;
  try {
    FailingMember object;
  } catch (int value) {
    caught = value;
  }
  CHECK_EQ(caught, 9);
  CHECK_EQ(alive, 0);
  CHECK_EQ(function_try(21), 42);
}

struct SometimesThrows {
  int number;
  explicit SometimesThrows(int n) : number(n) {
    if (n == 3 + zero) throw n;
    ++alive;
  }
  ~SometimesThrows() { --alive; }
};

void destroys_half_made_objects() {
  try {
    SometimesThrows objects[] = {SometimesThrows(0), SometimesThrows(1), SometimesThrows(2), SometimesThrows(3)};
    CHECK_EQ(objects[0].number, -1);
  } catch (int value) {
    CHECK_EQ(value, 3);
  }
  CHECK_EQ(alive, 0);
}

// Ways out of a catch block, and its function's variables in it.
NOINLINE int leaves_catch(int how) {
  int sum = how;
  for (int i = 0; i < 10; ++i) {
    try {
      Counted local(i);
      sum += 1;
      if (i == 5) throw_int(how);
    } catch (int what) {
      sum += 100;
      if (what == 1) continue;
      if (what == 2) break;
      if (what == 3) return sum + 1000;
      goto out;
    }
    sum += 10;
  }
  return sum;
out:
  return -sum;
}

void leaves_catch_blocks() {
  CHECK_EQ(leaves_catch(0), -(0 + 56 + 100));
  CHECK_EQ(leaves_catch(1), 1 + 10 + 90 + 100);
  CHECK_EQ(leaves_catch(2), 2 + 56 + 100);
  CHECK_EQ(leaves_catch(3), 3 + 56 + 100 + 1000);
  CHECK_EQ(alive, 0);
}

NOINLINE int deep(int depth) {
  Counted here(depth);
  const int below = depth == 0 ? (throw_counted(-1), 0) : deep(depth - 1);
  return below + here.value;
}

void throws_through_1000_frames() {
  for (int i = 0; i < 3; ++i) {
    int caught = 0;
    try {
      deep(1000);
    } catch (Counted& counted) {
      caught = counted.value;
      CHECK_EQ(alive, 1);
    }
    CHECK_EQ(caught, -1);
    CHECK_EQ(alive, 0);
  }
}

// Every tenth frame catches and throws on.
NOINLINE void relay(int depth) {
  if (depth == 0) return throw_counted(0);
  if (depth % 10 != 0) return relay(depth - 1);
  try {
    relay(depth - 1);
  } catch (Counted& counted) {
    throw Counted(counted.value + 1);
  }
}

void throws_on_100_times() {
  int caught = -1;
  try {
    relay(1000);
  } catch (Counted& counted) {
    caught = counted.value;
  }
  CHECK_EQ(caught, 100);
  CHECK_EQ(alive, 0);
}

// --- registers ---

void throw_through_spoiled(void* value) {
  throw_int(*static_cast<int*>(value));
}
int caught_value;
void catch_through_spoiled(void* value) {
  try {
    Counted local(1);
    call_spoiled(throw_through_spoiled, value);
  } catch (int caught) {
    caught_value = caught;
  }
}
void rethrow_through_spoiled(void* value) {
  try {
    call_spoiled(throw_through_spoiled, value);
  } catch (int) {
    throw;
  }
}
void catch_twice_through_spoiled(void* value) {
  try {
    call_spoiled(rethrow_through_spoiled, value);
  } catch (int caught) {
    caught_value = -caught;
  }
}

void keeps_registers() {
  int value = 71;
  CHECK_EQ(changed_registers(catch_through_spoiled, &value), 0);
  CHECK_EQ(caught_value, 71);
  CHECK_EQ(changed_registers(catch_twice_through_spoiled, &value), 0);
  CHECK_EQ(caught_value, -71);
}

// --- two DLLs ---

void throw_here(void* value) {
  throw_int(*static_cast<int*>(value));
}
void throw_there_through_here(void* value) {
  Counted local(1);
  other_calls(other_throw_int, value);
}

void crosses_dlls() {
  int value = 5, caught = 0;
  try {
    other_throw_int(&value);
  } catch (int got) {
    caught = got;
  }
  CHECK_EQ(caught, 5);
  value = 6;
  CHECK_EQ(other_catches(throw_here, &value), 6);
  value = 7;
  const int before = other_ends();
  try {
    Counted local(1);
    other_calls(throw_here, &value);  // here, there, here
  } catch (int got) {
    caught = got;
  }
  CHECK_EQ(caught, 7);
  CHECK_EQ(other_ends(), before + 1);
  value = 8;
  CHECK_EQ(other_catches(throw_there_through_here, &value), 8);
  CHECK_EQ(other_ends(), before + 3);
  try {
    other_throw_derived(nullptr);
  } catch (Base& base) {
    caught = base.name();
  }
  CHECK_EQ(caught, 'd');
  CHECK_EQ(alive, 0);
}

// --- ends ---

void end_this_thread() {
  ExitThread(77);
}
NOINLINE void does_not_throw() noexcept {
  Counted local(1);
  throw_int(1);
}
unsigned long breaks_a_promise(void*) {
#ifndef __MINGW32__
  std::set_terminate(end_this_thread);  // there, each thread has its own
#endif
  void (*const volatile function)() = does_not_throw;  // the compiler is not to know
  try {
    function();
  } catch (...) {
    return 1;
  }
  return 2;
}
#ifdef __MINGW32__  // Wine's runtime lets this exception replace the other
struct ThrowsAtItsEnd {
  ~ThrowsAtItsEnd() noexcept(false) { throw_int(2); }
};
unsigned long throws_while_unwinding(void*) {
  try {
    ThrowsAtItsEnd object;
    throw_int(1);
  } catch (...) {
    return 1;
  }
  return 2;
}
#endif

void terminates() {
  std::set_terminate(end_this_thread);
  CHECK_EQ(in_a_thread(breaks_a_promise), 77);
#ifdef __MINGW32__
  CHECK_EQ(in_a_thread(throws_while_unwinding), 77);
#endif
  alive = 0;  // what those left
}

// --- many ---

unsigned long throw_many(void*) {
  unsigned long sum = 0;
  for (int i = 0; i < 2000; ++i) {
    try {
      Named local('t');
      throw_int(i);
    } catch (int value) {
      sum += static_cast<unsigned long>(value);
    }
  }
  return sum;
}

void throws_in_threads() {
  void* threads[8];
  for (void*& thread : threads) thread = CreateThread(nullptr, 0, throw_many, nullptr, 0, nullptr);
  for (void* thread : threads) {
    unsigned long sum = 0;
    WaitForSingleObject(thread, 0xFFFFFFFF);
    GetExitCodeThread(thread, &sum);
    CHECK_EQ(sum, 1999000);
    CloseHandle(thread);
  }
}

// --- entry points ---

int caught_in_entry_point;

void catches_in_the_entry_point() {
  CHECK_EQ(caught_in_entry_point, 88);
}

// --- counting and keeping ---

#ifdef __MINGW32__

void keeps_exceptions() {
  std::exception_ptr kept;
  try {
    throw_counted(12);
  } catch (...) {
    kept = std::current_exception();
  }
  CHECK_EQ(alive, 1);
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      std::rethrow_exception(kept);
    } catch (Counted& counted) {
      sum += counted.value;
    }
  }
  CHECK_EQ(sum, 36);
  kept = nullptr;
  CHECK_EQ(alive, 0);
}

#else

void keeps_exceptions() {
  ExceptionPtr kept;
  try {
    throw_counted(12);
  } catch (...) {
    kept.take_current();
  }
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      kept.rethrow();
    } catch (Counted& counted) {
      sum += counted.value;
    }
  }
  CHECK_EQ(sum, 36);
  alive = 0;  // Wine's runtime keeps no count of who holds the exception
}

// What the system is told about a C++ exception.
EXCEPTION_RECORD seen;
long see(EXCEPTION_POINTERS* e) {
  seen = *e->ExceptionRecord;
  return EXCEPTION_CONTINUE_SEARCH;
}

void tells_the_system() {
  void* const handler = AddVectoredExceptionHandler(1, see);
  const void* object = nullptr;
  try {
    throw_counted(1);
  } catch (Counted& counted) {
    object = &counted;
  }
  RemoveVectoredExceptionHandler(handler);
  CHECK_EQ(seen.ExceptionCode, 0xE06D7363);
  CHECK_EQ(seen.ExceptionFlags, EXCEPTION_NONCONTINUABLE);
  CHECK_EQ(seen.NumberParameters, 4);
  CHECK_EQ(seen.ExceptionInformation[0], 0x19930520);
  CHECK_EQ(seen.ExceptionInformation[1], object);
  CHECK(seen.ExceptionInformation[2] > seen.ExceptionInformation[3]);
  CHECK_EQ(seen.ExceptionInformation[3], __ImageBase);
}

#endif

bool seen_uncaught;
struct Looks {
  ~Looks() { seen_uncaught = std::uncaught_exceptions() != 0; }
};

void counts_uncaught() {
  try {
    Looks object;
    throw_int(1);
  } catch (int) {
    CHECK(seen_uncaught);
    CHECK(!std::uncaught_exceptions());
  }
  { Looks object; }
  CHECK(!seen_uncaught);
}

const Test table[] = {
    {"EH-44", "exceptions are caught by their type", catches_by_type},
    {"EH-44", "exceptions are caught by their bases", catches_bases},
    {"EH-44", "pointers are caught as pointers to bases, void, and const", catches_pointers},
    {"EH-44", "an exception is destroyed when it was caught", destroys_what_it_threw},
    {"EH-44 EH-37", "an exception is thrown again", rethrows},
    {"EH-44 EH-37", "an exception is thrown again by a function its handler calls", rethrows_from_a_function},
    {"EH-44 EH-37", "a handler throws, and catches", nests},
    {"EH-44 EH-36", "destructors throw and catch while the stack is unwound", throws_in_destructors},
    {"EH-44 EH-35", "destructors run from the inside out", runs_destructors_in_order},
    {"EH-44", "function try blocks", function_try_blocks},
    {"EH-44", "objects that were half made are destroyed", destroys_half_made_objects},
    {"EH-44", "uncaught exceptions are counted", counts_uncaught},
    {"EH-44 EH-37", "all ways out of a catch block", leaves_catch_blocks},
    {"EH-44", "through 1000 frames", throws_through_1000_frames},
    {"EH-44 EH-37", "thrown on by 100 of 1000 frames", throws_on_100_times},
    {"EH-44 EH-35", "a catch keeps all non-volatile registers", keeps_registers},
    {"EH-44", "through two DLLs", crosses_dlls},
    {"EH-44", "what may not throw ends the program", terminates},
    {"EH-44", "eight threads throw", throws_in_threads},
    {"EH-44 EH-43", "an entry point catches", catches_in_the_entry_point},
    {"EH-44", "exceptions are kept and thrown later", keeps_exceptions},
#ifndef __MINGW32__
    {"EH-44 EH-45", "the parameters of a C++ exception", tells_the_system},
    {"EH-44 EH-50", "a fault becomes a C++ exception", translates_faults},
#endif
    {nullptr, nullptr, nullptr},
};

}  // namespace

C_NAMES
TESTS(table)

int DllMain(void*, unsigned long reason, void*) {
  if (reason != 1) return 1;
  try {
    throw_int(88);
  } catch (int value) {
    caught_in_entry_point = value;
  }
  return 1;
}
END_C_NAMES
