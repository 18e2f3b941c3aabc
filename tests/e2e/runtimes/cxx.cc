// The C++ runtime: streams, the exceptions that library functions throw, locks and threads.
#ifdef MSVC_ABI
#include "msvc_cxx.h"
#else
#include <condition_variable>
#include <iostream>
#include <limits>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#endif

namespace {

std::ios_base& plain(std::ios_base& stream) {
  stream.flags(std::ios_base::dec);
  stream.precision(6);
  return stream;
}
template <int width>
std::ios_base& wide(std::ios_base& stream) {
  stream.width(width);
  return stream;
}
std::ios_base& hexadecimal(std::ios_base& stream) {
  stream.setf(std::ios_base::hex, std::ios_base::basefield);
  stream.setf(std::ios_base::showbase);
  return stream;
}
std::ios_base& octal(std::ios_base& stream) {
  stream.setf(std::ios_base::oct, std::ios_base::basefield);
  return stream;
}
std::ios_base& left(std::ios_base& stream) {
  stream.setf(std::ios_base::left, std::ios_base::adjustfield);
  return stream;
}
std::ios_base& internal(std::ios_base& stream) {
  stream.setf(std::ios_base::internal, std::ios_base::adjustfield);
  return stream;
}
std::ios_base& fixed_3(std::ios_base& stream) {
  stream.setf(std::ios_base::fixed, std::ios_base::floatfield);
  stream.precision(3);
  return stream;
}
std::ios_base& scientific_2(std::ios_base& stream) {
  stream.setf(std::ios_base::scientific, std::ios_base::floatfield);
  stream.setf(std::ios_base::uppercase);
  stream.precision(2);
  return stream;
}
std::ios_base& signs(std::ios_base& stream) {
  stream.setf(std::ios_base::showpos);
  return stream;
}
std::ios_base& words(std::ios_base& stream) {
  stream.setf(std::ios_base::boolalpha);
  return stream;
}

void writing() {
  std::cout << plain << "integers: " << 42 << ' ' << -7 << ' ' << static_cast<short>(-3) << ' ' << 4000000000U << ' '
            << -9000000000000000000LL << ' ' << 18000000000000000000ULL << '\n';
  std::cout << plain << "widths: [" << wide<6> << 42 << "] [" << left << wide<6> << 42 << "] [" << internal
            << wide<6> << -42 << "]\n";
  std::cout << plain << "bases: " << hexadecimal << 255 << ' ' << 48879U << ' ' << octal << 8 << '\n';
  std::cout << plain << "signs: " << signs << 5 << ' ' << 1.5 << plain << ' ' << 5 << '\n';
  std::cout << plain << "bools: " << true << ' ' << words << true << ' ' << false << '\n';
  std::cout << plain << "doubles: " << 1.0 << ' ' << 0.1 << ' ' << 1234567.0 << ' ' << 1e-7 << ' ' << 2.5f << ' '
            << fixed_3 << 3.14159 << ' ' << -0.0005 << ' ' << scientific_2 << 12345.678 << '\n';
  std::cout << plain << "big: " << fixed_3 << 1e15 << ' ' << 123456789.125 << '\n';
}

void reading() {
  char line[64];
  std::cin.getline(line, sizeof line);
  std::cout << plain << "getline: " << line << ' ' << static_cast<long long>(std::cin.gcount()) << '\n';
  std::cout << "peek: " << std::cin.peek() << '\n';
  std::cout << "get: " << std::cin.get() << '\n';
  std::cin.ignore(1000, '\n');
  std::cin.getline(line, sizeof line);
  std::cout << "empty: [" << line << "]\n";
  std::cin.getline(line, sizeof line);
  std::cout << "last: " << line << '\n';
  int number = 17;
  std::cin >> number;
  std::cout << "at-end: " << number << ' ' << std::cin.peek() << '\n';
}

// What a container's functions throw, from inside the runtime.
#ifdef MSVC_ABI
void throw_length() {
  std::_Xlength_error("vector too long");
}
void throw_range() {
  std::_Xout_of_range("invalid position");
}
void throw_argument() {
  std::_Xinvalid_argument("no number");
}
void throw_runtime() {
  std::_Xruntime_error("no way");
}
void throw_memory() {
  std::_Xbad_alloc();
}
#else
void throw_length() {
  throw std::length_error("vector too long");
}
void throw_range() {
  throw std::out_of_range("invalid position");
}
void throw_argument() {
  throw std::invalid_argument("no number");
}
void throw_runtime() {
  throw std::runtime_error("no way");
}
void throw_memory() {
  throw std::bad_alloc();
}
#endif

struct Counter {
  explicit Counter(int& count) : count_(count) {}
  ~Counter() { count_ += 1 + 10 * std::uncaught_exceptions(); }
  int& count_;
};

template <typename Exception>
void catches(const char* tag, void (*thrower)()) {
  int left_scopes = 0;
  const char* text = "none";
  static char kept[64];
  try {
    const Counter outer(left_scopes);
    try {
      const Counter inner(left_scopes);
      thrower();
    } catch (const int&) {
      text = "wrong";
    }
  } catch (const Exception& error) {
    char* to = kept;
    for (const char* from = error.what(); *from != 0 && to < kept + 63;) *to++ = *from++;
    *to = 0;
    text = kept;
  }
  std::cout << plain << tag << ": " << text << ' ' << left_scopes << ' ' << std::uncaught_exceptions() << '\n';
}

void exceptions() {
  catches<std::length_error>("length_error", throw_length);
  catches<std::out_of_range>("out_of_range", throw_range);
  catches<std::logic_error>("as-its-base", throw_argument);
  catches<std::exception>("as-exception", throw_runtime);
  int caught = 0;
  try {
    throw_memory();
  } catch (const std::bad_alloc&) {
    caught = 1;
  }
  std::cout << "bad_alloc: " << caught << '\n';
  int again = 0;
  try {
    try {
      throw_runtime();
    } catch (const std::exception&) {
      again = 1;
      throw;
    }
  } catch (const std::runtime_error&) {
    again += 10;
  }
  std::cout << "rethrow: " << again << '\n';
}

// Eight threads that take turns in a ring.
constexpr int kThreads = 8, kRounds = 500;
int turn = 0, turns[kThreads];
#ifdef MSVC_ABI
Mutex mutex;
Condition changed;
struct Place {
  int me;
};
unsigned takes_turns(void* argument) {
  const int me = static_cast<Place*>(argument)->me;
  for (int round = 0; round < kRounds; ++round) {
    _Mtx_lock(mutex);
    while (turn % kThreads != me) _Cnd_wait(changed, mutex);
    ++turn;
    ++turns[me];
    _Cnd_broadcast(changed);
    _Mtx_unlock(mutex);
  }
  return static_cast<unsigned>(me);
}
void threads() {
  _Mtx_init(&mutex, 1 /* plain */);
  _Cnd_init(&changed);
  Thread all[kThreads];
  Place places[kThreads];
  int answers = 0;
  for (int i = 0; i < kThreads; ++i) {
    places[i].me = i;
    _Thrd_start(&all[i], takes_turns, &places[i]);
  }
  for (const Thread& one : all) {
    int answer = 0;
    _Thrd_join(one, &answer);
    answers += answer;
  }
  std::cout << "ring: " << turn << ' ' << turns[0] << ' ' << turns[kThreads - 1] << '\n';
  std::cout << "answers: " << answers << '\n';
  std::cout << "trylock: " << (_Mtx_trylock(mutex) == 0) << '\n';
  _Mtx_unlock(mutex);
  _Cnd_destroy(changed);
  _Mtx_destroy(mutex);
  std::cout << "processors: " << (_Thrd_hardware_concurrency() > 0) << '\n';
}
#else
std::mutex mutex;
std::condition_variable changed;
void takes_turns(int me, int* answer) {
  for (int round = 0; round < kRounds; ++round) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return turn % kThreads == me; });
    ++turn;
    ++turns[me];
    changed.notify_all();
  }
  *answer = me;
}
void threads() {
  std::vector<std::thread> all;
  int answers[kThreads], sum = 0;
  for (int i = 0; i < kThreads; ++i) all.emplace_back(takes_turns, i, &answers[i]);
  for (std::thread& one : all) one.join();
  for (const int answer : answers) sum += answer;
  std::cout << "ring: " << turn << ' ' << turns[0] << ' ' << turns[kThreads - 1] << '\n';
  std::cout << "answers: " << sum << '\n';
  std::cout << "trylock: " << mutex.try_lock() << '\n';
  mutex.unlock();
  std::cout << "processors: " << (std::thread::hardware_concurrency() > 0) << '\n';
}
#endif

}  // namespace

int main() {
  writing();
  reading();
  exceptions();
  threads();
  std::cout.flush();
  return 0;
}
