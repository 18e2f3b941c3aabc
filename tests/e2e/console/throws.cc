// Exceptions of C++: hierarchies, cleanup on the way, nesting, what is not caught, and a child that ends by
// terminate().
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <vector>

struct Tracked {
  explicit Tracked(std::string& log, char name) : log_(log), name_(name) { log_ += name_; }
  ~Tracked() { log_ += static_cast<char>(name_ - 32); }
  std::string& log_;
  char name_;
};
struct Base {
  virtual ~Base() = default;
  virtual int number() const { return 1; }
};
struct Other {
  int other = 5;
};
struct Derived : Other, Base {
  int number() const override { return 2; }
};
struct Throwing {
  Throwing(std::string& log) : member(log, 'm') { throw 42; }
  Tracked member;
};

static void nested(int depth) {
  try {
    if (depth == 0) throw std::invalid_argument("the cause");
    nested(depth - 1);
  } catch (...) {
    std::throw_with_nested(std::runtime_error("level " + std::to_string(depth)));
  }
}
static std::string unroll(const std::exception& error) {
  std::string text = error.what();
  try {
    std::rethrow_if_nested(error);
  } catch (const std::exception& inner) {
    text += " < " + unroll(inner);
  }
  return text;
}
static int recursion(int depth, std::string& log) {
  const Tracked tracked(log, static_cast<char>('a' + depth));
  if (depth == 3) throw Derived();
  return recursion(depth + 1, log) + 1;
}

int main() {
  std::string log;
  try {
    recursion(0, log);
  } catch (const Base& base) {
    log += std::to_string(base.number());
  }
  std::cout << "unwound: " << log << '\n';
  log.clear();
  try {
    const auto held = std::make_unique<Tracked>(log, 'u');
    const Throwing throwing(log);
  } catch (const int value) {
    log += std::to_string(value);
  }
  std::cout << "constructor: " << log << '\n';
  try {
    nested(3);
  } catch (const std::exception& error) {
    std::cout << "nested: " << unroll(error) << '\n';
  }
  try {
    throw std::system_error(std::make_error_code(std::errc::permission_denied), "doing it");
  } catch (const std::system_error& error) {
    std::cout << "system_error: " << (error.code() == std::errc::permission_denied) << '\n';
  }
  try {
    (void)dynamic_cast<const Derived&>(static_cast<const Base&>(Base()));
  } catch (const std::bad_cast&) {
    std::cout << "bad_cast: caught\n";
  }
  try {
    Base* none = nullptr;
    (void)typeid(*none);
  } catch (const std::bad_typeid&) {
    std::cout << "bad_typeid: caught\n";
  }
  try {
    std::function<void()>()();
  } catch (const std::bad_function_call&) {
    std::cout << "bad_function: caught\n";
  }
  try {
    std::vector<int>().at(3);
  } catch (const std::out_of_range&) {
    std::cout << "at: caught\n";
  }
  try {
    (void)std::stoi("none");
  } catch (const std::invalid_argument& error) {
    std::cout << "stoi: " << error.what() << '\n';
  }
  try {
    volatile std::size_t huge = static_cast<std::size_t>(1) << 62;
    (void)::operator new(huge);
  } catch (const std::bad_alloc&) {
    std::cout << "bad_alloc: caught\n";
  }
  log.clear();
  try {
    try {
      throw Derived();
    } catch (Other& other) {
      other.other = 9;
      throw;
    }
  } catch (const Derived& derived) {
    std::cout << "rethrown: " << derived.other << ' ' << derived.number() << '\n';
  }
  int thrown = 0;
  for (int i = 0; i < 20000; ++i) {
    try {
      if (i % 2) throw i;
      throw std::string("text");
    } catch (const int) {
      ++thrown;
    } catch (const std::string&) {
      thrown += 2;
    }
  }
  std::cout << "many: " << thrown << '\n';
  std::cout << "uncaught: " << std::uncaught_exceptions() << std::endl;
  std::set_terminate([] {
    std::cout << "terminate: reached" << std::endl;
    std::_Exit(0);
  });
  [&]() noexcept { recursion(0, log); }();
}
