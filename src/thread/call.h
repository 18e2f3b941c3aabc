// The way into a DLL. Everything that is called inside one, except by its own kind, goes through here: entry points,
// TLS callbacks, start routines, callbacks a Windows function was given.
//
// The call site (call.S) trusts the callee with nothing it does not have to (DM-12): it aligns the stack, gives 32
// bytes of shadow space, keeps all non-volatile registers of both conventions itself, clears the direction flag and
// puts back the rounding and exception masks of MXCSR and the x87 control word if the callee changed them.
#pragma once

#include "win/types.h"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace hmodule::thread {

extern "C" {
// Calls `proc` with `count` (at most kMaxCallArguments) arguments of 64 bits, the first four in the integer and in the
// SSE registers alike, as a variadic Windows call does; `arguments` has room for four at least. The same code under
// three names: one result is in RAX, one in XMM0, and one is whichever of the two the caller knows it to be.
//
// An exception that nobody in the DLL handles ends at this frame. `guard` is for the folder that catches it there
// (unwind/guard.h); without one it is unhandled.
std::uint64_t hm_call_windows(const void* proc, const std::uint64_t* arguments, std::size_t count, void* guard);
double hm_call_windows_double(const void* proc, const std::uint64_t* arguments, std::size_t count, void* guard);
struct EitherResult {
  std::uint64_t integer;
  double number;
};
EitherResult hm_call_windows_both(const void* proc, const std::uint64_t* arguments, std::size_t count, void* guard);
}

inline constexpr std::size_t kMaxCallArguments = 16;

namespace detail {
template <typename T>
std::uint64_t argument_bits(T value) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);  // NOLINT(bugprone-sizeof-expression)
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<std::uint64_t>(value);
  else if constexpr (std::is_null_pointer_v<T>)
    return 0;
  else if constexpr (std::same_as<T, float>)
    return std::bit_cast<std::uint32_t>(value);
  else if constexpr (std::same_as<T, double>)
    return std::bit_cast<std::uint64_t>(value);
  else
    return static_cast<std::uint64_t>(value);
}
}  // namespace detail

// call(callback, window, 3, parameter): the arguments are converted to the parameter types of the function first.
template <typename R, typename... Parameters>
R call(HM_WINAPI R (*function)(Parameters...), std::type_identity_t<Parameters>... arguments) {
  static_assert(sizeof...(Parameters) <= kMaxCallArguments);
  static_assert(std::is_void_v<R> || std::is_scalar_v<R>, "a structure's result travels by pointer");
  static_assert(!std::same_as<R, float>, "nothing of Windows returns one");
  const std::array<std::uint64_t, std::max<std::size_t>(sizeof...(Parameters), 4)> bits{
      detail::argument_bits(arguments)...};
  const auto* proc = reinterpret_cast<const void*>(function);
  if constexpr (std::is_void_v<R>)
    hm_call_windows(proc, bits.data(), sizeof...(Parameters), nullptr);
  else if constexpr (std::is_pointer_v<R>)
    return reinterpret_cast<R>(hm_call_windows(proc, bits.data(), sizeof...(Parameters), nullptr));
  else if constexpr (std::same_as<R, double>)
    return hm_call_windows_double(proc, bits.data(), sizeof...(Parameters), nullptr);
  else
    return static_cast<R>(hm_call_windows(proc, bits.data(), sizeof...(Parameters), nullptr));
}

// DM-05, DM-08: only the answer to DLL_PROCESS_ATTACH means anything.
inline BOOL call_entry_point(DllEntryPoint entry, void* base, DWORD reason, void* reserved) {
  return call(entry, base, reason, reserved);
}
inline void call_tls_callback(TlsCallback callback, void* base, DWORD reason) {
  call(callback, base, reason, nullptr);
}

}  // namespace hmodule::thread
