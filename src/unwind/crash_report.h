// What is written to stderr when an exception of DLL code ends the process, or goes to the host: the exception, where
// it happened, the registers, and the frames, those of DLLs and native ones. HMODULE_CRASH_REPORT=off in the
// environment switches it off.
//
// It allocates nothing and takes no lock of ours, because the heap may be what is broken. The names of native
// functions and of C++ types come last on their lines: the functions that know them may do either.
#pragma once

#include "win/context.h"

#include <string_view>

namespace hmodule::unwind {

// "access violation", say; empty for a code that is no fault's and no language's.
std::string_view name_of(NTSTATUS code);

// `what` says why it ends here: "nobody handles", say, to be followed by the exception.
void report_crash(const char* what, const EXCEPTION_RECORD& record, const CONTEXT& context);

}  // namespace hmodule::unwind
