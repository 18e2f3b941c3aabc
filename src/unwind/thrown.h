// The C++ object that an exception of a DLL carries: its type, and the text it has if it is a std::exception.
//
// Only memory is read, and nothing of the DLL runs: the process may be about to end because that memory is damaged. So
// the text is known for those whose layout is: every std::exception of MSVC, and std::runtime_error and
// std::logic_error, with what derives from them, of libstdc++.
#pragma once

#include "win/context.h"

#include <cstdint>

namespace hmodule::unwind {

inline constexpr NTSTATUS kMsvcThrow = static_cast<NTSTATUS>(0xE06D7363);  // EH-44
inline constexpr NTSTATUS kGccThrow = 0x20474343;

struct Thrown {
  char type[256] = "";  // as C++ writes it where we can tell, else as the compiler does; "" if unknown
  char what[512] = "";  // cut if it is longer
};

// To be asked while the object is there: before the frames of its throw are unwound.
Thrown describe_thrown(const EXCEPTION_RECORD& record);

// The address of the code to be blamed: that of a `throw`, which is behind the C++ runtime's own calls; else where the
// exception happened. `raised` are the registers there.
std::uintptr_t blamed_address(const EXCEPTION_RECORD& record, const CONTEXT& raised);

}  // namespace hmodule::unwind
