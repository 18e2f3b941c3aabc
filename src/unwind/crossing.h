// Exceptions that cross the border between DLL frames and native ones, in both directions.
#pragma once

#include "win/context.h"

#include <cstdint>

namespace hmodule::unwind {

// `walk` is in native code. The first pass only looks: true, and `walk` is one frame further out, or false: nothing may
// pass here.
bool pass_native_frame(CONTEXT& walk);
// The second pass leaves the frame, whose clean-ups run now.
bool leave_native_frame(CONTEXT& walk);

// An exception of native code, on its way through DLL frames.
struct NativeException;
NativeException* native_exception_of(const EXCEPTION_RECORD& record);
// What a handler with this language data is to be shown of it in the second pass.
EXCEPTION_RECORD disguise(const EXCEPTION_RECORD& record, const void* handler_data);
// The DLL has caught it and thrown it again: native unwinding begins with its first pass.
void begin_anew(NativeException& exception);
// The DLL frames below `caller`, a native frame, have been left: native unwinding goes on there.
[[noreturn]] void go_on_natively(NativeException& exception, const CONTEXT& caller);

// The personality of DLL functions, for native_unwinders.cc.
const void* dll_personality();

// exceptions.cc: lets the DLL frames from `start` on clean up, up to a native one, and goes on there.
[[noreturn]] void leave_dll_frames(EXCEPTION_RECORD& record, CONTEXT& start);

}  // namespace hmodule::unwind
