// An error speaks twice: a Windows code for the program, a sentence for the person. Both are made where the failure
// is seen. GCC 12 has no std::expected; Result stands in for it, with the same member names.
#pragma once

#include "win/error_map.h"
#include "win/status.h"

#include <fmt/core.h>

#include <string>
#include <utility>
#include <variant>

namespace hmodule {

struct Error {
  NTSTATUS status;     // what the Nt and Ldr functions return
  std::string reason;  // names the file, the field, the value found and the value allowed

  DWORD code() const { return win32_from_status(status); }  // what GetLastError() returns
};

template <typename... Args>
[[nodiscard]] Error fail(NTSTATUS status, fmt::format_string<Args...> text, Args&&... args) {
  return {status, fmt::vformat(text, fmt::make_format_args(args...))};
}

// For failures Windows knows by a Win32 code only.
template <typename... Args>
[[nodiscard]] Error fail_win32(DWORD code, fmt::format_string<Args...> text, Args&&... args) {
  return {status_from_win32(code), fmt::vformat(text, fmt::make_format_args(args...))};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T held) : state_(std::in_place_index<0>, std::move(held)) {}
  Result(Error why) : state_(std::in_place_index<1>, std::move(why)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<std::monostate>;
inline constexpr std::monostate ok;

// The one macro that changes control flow: the value, or an early return of the error. The return comes out of the
// middle of an expression, and what that expression has made so far is not destroyed: give TRY a statement of its own
// where something else in it owns memory (f(std::string(x), TRY(y)) leaks).
#define TRY(expression)                                      \
  __extension__({                                            \
    auto try_result_ = (expression);                         \
    if (!try_result_) return std::move(try_result_).error(); \
    *std::move(try_result_);                                 \
  })

}  // namespace hmodule
