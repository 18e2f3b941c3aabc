// Calls into a DLL that catch what the DLL does not (DM-09, DM-10, EH-43): the last frame before the host.
#pragma once

#include "base/result.h"
#include "thread/call.h"
#include "win/context.h"

#include <optional>

namespace hmodule::unwind {

// What came out of a guarded call.
struct Guard {
  bool caught = false;
  EXCEPTION_RECORD record;  // if caught
  // Called when the exception has got here and its frames are still there; `raised` is where it happened.
  void (*seen)(const EXCEPTION_RECORD& record, const CONTEXT& raised) = nullptr;
};

// As thread::call(), but an exception no frame of the DLL handles ends the call: its frames are unwound, `guard` says
// what it was, and the result is a zero.
template <typename R, typename... Parameters>
R call_guarded(Guard& guard, HM_WINAPI R (*function)(Parameters...), std::type_identity_t<Parameters>... arguments) {
  static_assert(sizeof...(Parameters) <= thread::kMaxCallArguments);
  const std::array<std::uint64_t, std::max<std::size_t>(sizeof...(Parameters), 4)> bits{
      thread::detail::argument_bits(arguments)...};
  const auto* proc = reinterpret_cast<const void*>(function);
  if constexpr (std::same_as<R, double>)
    return thread::hm_call_windows_double(proc, bits.data(), sizeof...(Parameters), &guard);
  else if constexpr (std::is_void_v<R>)
    thread::hm_call_windows(proc, bits.data(), sizeof...(Parameters), &guard);
  else if constexpr (std::is_pointer_v<R>)
    return reinterpret_cast<R>(thread::hm_call_windows(proc, bits.data(), sizeof...(Parameters), &guard));
  else
    return static_cast<R>(thread::hm_call_windows(proc, bits.data(), sizeof...(Parameters), &guard));
}

extern "C" HM_WINAPI std::uint64_t hm_call_leaf(std::uint64_t a, std::uint64_t b, std::uint64_t c, const void* function,
                                                Guard* guard);

// The same of a leaf (base/leaf_code.h), or of what calls only leaves: nearly for nothing.
template <typename R, typename... Parameters>
R call_leaf_guarded(Guard& guard, HM_WINAPI R (*function)(Parameters...),
                    std::type_identity_t<Parameters>... arguments) {
  static_assert(sizeof...(Parameters) <= 3);
  const std::array<std::uint64_t, 3> bits{thread::detail::argument_bits(arguments)...};
  const std::uint64_t result = hm_call_leaf(bits[0], bits[1], bits[2], reinterpret_cast<const void*>(function), &guard);
  if constexpr (std::is_pointer_v<R>)
    return reinterpret_cast<R>(result);
  else
    return static_cast<R>(result);
}

// To be called when nothing more is to be learnt about what was caught: the object that GCC's runtime threw is its
// catcher's to delete. (That of Microsoft's was in a frame that is gone.)
void delete_thrown(const EXCEPTION_RECORD& record);

// The entry point's answer, or the exception's code as the error's status (DM-09: ERR-03 makes the last error of it).
Result<BOOL> call_entry_point(DllEntryPoint entry, void* base, DWORD reason, void* reserved);
Status call_tls_callback(TlsCallback callback, void* base, DWORD reason);

}  // namespace hmodule::unwind
