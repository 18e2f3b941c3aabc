// Fibers: several stacks that one thread switches between by itself. A switch changes the registers a Windows callee
// keeps and the part of the TEB that describes the stack; static and dynamic TLS stay with the thread, FLS goes with
// the fiber.
#pragma once

#include "base/result.h"

#include <cstddef>

namespace hmodule::thread {

using FiberRoutine = HM_WINAPI void (*)(void* parameter);

bool is_fiber();
// The answer is what GetCurrentFiber reads at gs:[20h]; its first word is the parameter (GetFiberData).
// ERROR_ALREADY_FIBER when the thread is one.
Result<void*> convert_thread_to_fiber(void* parameter, DWORD flags);
// ERROR_ALREADY_THREAD when it is not one.
Status convert_fiber_to_thread();
Result<void*> create_fiber(std::size_t stack_size, DWORD flags, FiberRoutine routine, void* parameter);
// Runs the FLS callbacks of a fiber that is not running; the running one ends its thread (FLS-04).
void delete_fiber(void* fiber);
void switch_to_fiber(void* fiber);

}  // namespace hmodule::thread
