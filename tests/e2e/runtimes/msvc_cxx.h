// What Microsoft's C++ headers declare of msvcp140.dll and vcruntime140.dll, as far as cxx.cc uses it.
#pragma once

#include <stddef.h>

#pragma clang diagnostic ignored "-Wunused-member-function"

namespace std {

struct ExceptionData {
  const char* what;
  bool owned;
};
class exception {
 public:
  virtual ~exception() {}
  virtual const char* what() const { return data_.what ? data_.what : "Unknown exception"; }

 private:
  ExceptionData data_;
};
class bad_alloc : public exception {};
class logic_error : public exception {};
class length_error : public logic_error {};
class out_of_range : public logic_error {};
class invalid_argument : public logic_error {};
class runtime_error : public exception {};

#define IMPORTED __declspec(dllimport)
[[noreturn]] IMPORTED void _Xlength_error(const char*);
[[noreturn]] IMPORTED void _Xout_of_range(const char*);
[[noreturn]] IMPORTED void _Xinvalid_argument(const char*);
[[noreturn]] IMPORTED void _Xruntime_error(const char*);
[[noreturn]] IMPORTED void _Xbad_alloc();
IMPORTED int uncaught_exceptions();

class IMPORTED ios_base {
 public:
  static constexpr int boolalpha = 0x4000, showbase = 8, showpos = 0x20, showpoint = 0x10, uppercase = 4, dec = 0x200,
                       oct = 0x400, hex = 0x800, scientific = 0x1000, fixed = 0x2000, left = 0x40, right = 0x80,
                       internal = 0x100, basefield = dec | oct | hex, floatfield = scientific | fixed,
                       adjustfield = left | right | internal;
  int flags() const;
  int flags(int);
  int setf(int);
  int setf(int, int);
  void unsetf(int);
  long long precision(long long);
  long long width(long long);
};

template <typename Char>
struct char_traits;
template <typename Char, typename Traits>
class IMPORTED basic_ostream {
 public:
  basic_ostream& operator<<(ios_base& (*)(ios_base&));
  basic_ostream& operator<<(bool);
  basic_ostream& operator<<(short);
  basic_ostream& operator<<(int);
  basic_ostream& operator<<(unsigned);
  basic_ostream& operator<<(long long);
  basic_ostream& operator<<(unsigned long long);
  basic_ostream& operator<<(float);
  basic_ostream& operator<<(double);
  basic_ostream& put(Char);
  basic_ostream& write(const Char*, long long);
  basic_ostream& flush();
};
template <typename Char, typename Traits>
class IMPORTED basic_istream {
 public:
  basic_istream& operator>>(ios_base& (*)(ios_base&));
  basic_istream& operator>>(int&);
  basic_istream& operator>>(double&);
  int get();
  int peek();
  basic_istream& getline(Char*, long long);
  basic_istream& ignore(long long, int);
  long long gcount() const;
};
using ostream = basic_ostream<char, char_traits<char>>;
using istream = basic_istream<char, char_traits<char>>;
extern IMPORTED ostream cout;
extern IMPORTED istream cin;

inline ostream& operator<<(ostream& to, const char* text) {
  size_t size = 0;
  while (text[size] != 0) ++size;
  return to.write(text, static_cast<long long>(size));
}
inline ostream& operator<<(ostream& to, char c) {
  return to.put(c);
}

}  // namespace std

extern "C" {
// Type descriptors begin with type_info's table. The runtime compares names only, so it may be empty.
void* type_info_table[2] __asm__("??_7type_info@@6B@");
IMPORTED void* malloc(size_t);
IMPORTED void free(void*);

using Mutex = struct MutexBody*;
using Condition = struct ConditionBody*;
struct Thread {
  void* handle;
  unsigned id;
};
struct ExtendedTime {
  long long seconds;
  long nanoseconds;
};
IMPORTED int _Mtx_init(Mutex*, int kind);
IMPORTED void _Mtx_destroy(Mutex);
IMPORTED int _Mtx_lock(Mutex);
IMPORTED int _Mtx_trylock(Mutex);
IMPORTED int _Mtx_unlock(Mutex);
IMPORTED int _Cnd_init(Condition*);
IMPORTED void _Cnd_destroy(Condition);
IMPORTED int _Cnd_wait(Condition, Mutex);
IMPORTED int _Cnd_broadcast(Condition);
IMPORTED int _Thrd_start(Thread*, unsigned (*)(void*), void*);
IMPORTED int _Thrd_join(Thread, int*);
IMPORTED unsigned _Thrd_id();
IMPORTED unsigned _Thrd_hardware_concurrency();
IMPORTED long long _Xtime_get_ticks();
}
void operator delete(void* block) noexcept {
  free(block);
}
void operator delete(void* block, size_t) noexcept {
  free(block);
}
