// A callable as a parameter: a pointer to it, where std::function would copy it to the heap. It lasts as long as the
// call.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace hmodule {

template <typename Signature>
class FunctionRef;

template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> && std::is_invocable_r_v<R, F&, Args...>)
      FunctionRef(F&& callable)  // NOLINT(bugprone-forwarding-reference-overload): constrained, in a way it cannot see
      : callable_(const_cast<void*>(static_cast<const volatile void*>(std::addressof(callable)))),
        call_([](void* it, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(it))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

 private:
  void* callable_;
  R (*call_)(void*, Args...);
};

}  // namespace hmodule
