// A DLL by mingw's C++ compiler, with its runtime in DLLs of their own: libstdc++-6.dll, libgcc_s_seh-1.dll and
// libwinpthread-1.dll. What each function says is what the same source says natively.
#ifdef _WIN32
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C"
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iomanip>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

// Into the caller's buffer.
int give(const std::string& text, char* buffer, int room) {
  std::strncpy(buffer, text.c_str(), static_cast<std::size_t>(room));
  return static_cast<int>(text.size());
}

struct Guard {
  explicit Guard(std::string& log) : log_(log) {}
  ~Guard() { log_ += "~"; }
  std::string& log_;
};

struct Odd : std::runtime_error {
  explicit Odd(int number) : std::runtime_error("odd: " + std::to_string(number)) {}
};

int deep(int levels, std::string& log) {
  const Guard guard(log);
  if (levels == 0) throw Odd(7);
  return deep(levels - 1, log) + 1;
}

}  // namespace

EXPORT int streams(const char* directory, char* buffer, int room) {
  std::ostringstream out;
  out << std::setw(8) << std::setfill('.') << 42 << '|' << std::hex << 255 << '|' << std::dec << std::fixed
      << std::setprecision(3) << 3.14159265 << '|' << std::scientific << 12345.678 << '|' << std::boolalpha << true
      << '|' << std::put_money("1234") << '|' << std::quoted("a \"b\"") << '\n';
  const std::string file = std::string(directory) + "/lines.txt";
  {
    std::ofstream to(file, std::ios::binary);
    for (int i = 0; i < 1000; ++i) to << i << ' ' << i * i << '\n';
  }
  std::ifstream from(file, std::ios::binary);
  long long sum = 0;
  int lines = 0;
  for (long long a = 0, b = 0; from >> a >> b; ++lines) sum += a + b;
  from.clear();
  from.seekg(0, std::ios::end);
  out << lines << ' ' << sum << ' ' << from.tellg() << ' ' << std::filesystem::file_size(file) << '\n';
  std::istringstream words("one two  three\tfour");
  std::map<std::string, std::size_t> sizes;
  for (std::string word; words >> word;) sizes[word] = word.size();
  for (const auto& [word, size] : sizes) out << word << '=' << size << ' ';
  std::ifstream missing(std::string(directory) + "/nosuch");
  out << missing.is_open() << '\n';
  try {
    missing.exceptions(std::ios::failbit);
    out << "no exception";
  } catch (const std::ios_base::failure&) {
    out << "failure\n";
  }
  out << std::regex_replace(std::string("2024-02-29"), std::regex("(\\d+)-(\\d+)-(\\d+)"), "$3.$2.$1") << '\n';
  std::mt19937 random(12345);
  out << random() << ' ' << random() << ' ' << std::uniform_int_distribution<int>(1, 6)(random) << '\n';
  return give(out.str(), buffer, room);
}

EXPORT int threads(char* buffer, int room) {
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<int> counted{0};
  std::vector<int> order;
  int turn = 0;
  std::vector<std::thread> all;
  for (int number = 0; number < 8; ++number)
    all.emplace_back([&, number] {
      for (int i = 0; i < 1000; ++i) ++counted;
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return turn == number; });
      order.push_back(number);
      ++turn;
      changed.notify_all();
    });
  for (std::thread& thread : all) thread.join();
  thread_local int own = 5;
  std::thread([] { own = 6; }).join();
  std::future<int> sum = std::async(std::launch::async, [] {
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 1);
    return std::accumulate(numbers.begin(), numbers.end(), 0);
  });
  std::future<int> failing = std::async(std::launch::async, []() -> int { throw Odd(9); });
  std::ostringstream out;
  out << counted << ' ' << own << ' ' << sum.get() << ' ';
  for (const int number : order) out << number;
  try {
    failing.get();
  } catch (const Odd& odd) {
    out << ' ' << odd.what();
  }
  std::once_flag once;
  int calls = 0;
  for (int i = 0; i < 3; ++i) std::call_once(once, [&] { ++calls; });
  std::promise<std::string> promise;
  std::thread teller([&] { promise.set_value("told"); });
  out << ' ' << calls << ' ' << promise.get_future().get();
  teller.join();
  std::timed_mutex timed;
  timed.lock();
  std::thread([&] { out << ' ' << timed.try_lock_for(std::chrono::milliseconds(1)); }).join();
  timed.unlock();
  return give(out.str(), buffer, room);
}

EXPORT int exceptions(char* buffer, int room) {
  std::string log;
  try {
    deep(20, log);
  } catch (const Odd& odd) {
    log += odd.what();
  }
  try {
    try {
      std::vector<int>().at(3);
    } catch (const std::out_of_range&) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (const std::exception& error) {
    log += std::string(" ") + error.what();
    try {
      std::rethrow_if_nested(error);
    } catch (const std::out_of_range&) {
      log += " inner";
    }
  }
  std::exception_ptr kept;
  try {
    throw 42;
  } catch (...) {
    kept = std::current_exception();
  }
  try {
    std::rethrow_exception(kept);
  } catch (int number) {
    log += " " + std::to_string(number);
  }
  try {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)  // whose own operator new would end the process
    throw std::bad_alloc();
#endif
    volatile std::size_t size = static_cast<std::size_t>(-1) / 4;
    void* volatile block = ::operator new(size);
    ::operator delete(block);
  } catch (const std::bad_alloc&) {
    log += " no memory";
  }
  return give(log, buffer, room);
}

// Leaves the DLL.
EXPORT void throws(int number) {
  throw Odd(number);
}
