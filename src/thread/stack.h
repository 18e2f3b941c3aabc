// What a thread's stack needs so that its end can be told from any other fault.
//
// Windows keeps a guard page below what a stack has used, which moves down; when it cannot move any further the thread
// gets STATUS_STACK_OVERFLOW, and has the last pages to handle it. Linux stacks are there from the beginning and end in
// a page without access, or, the initial one, where the kernel refuses to let it grow. So the lowest part of a stack is
// made inaccessible here: [DeallocationStack, StackLimit) of the TEB. The first fault in it gives it back, which is the
// room an exception is handled in, and StackLimit moves down to its end. A signal handler of ours cannot run on a
// stack that is used up, so threads get an alternate one, too.
//
// Code of the host does not notice: it is given the pages and goes on, with the stack it always had.
#pragma once

#include "thread/registry.h"

#include <cstddef>
#include <cstdint>

namespace hmodule::thread {

// The least room an exception needs: context, dispatcher, unwinder, and the handlers' own frames.
inline constexpr std::size_t kStackGuard = 64 * 1024;

// For a thread that is being attached, whose TEB knows the bounds of its stack; and for one that leaves.
void guard_stack(Thread& thread);
void release_stack(Thread& thread);
// With the registry's mutex held: the signal stack of a thread that begins, from one that has ended; and of one that
// ends, which still has it if there are enough already.
void reuse_signal_stack(Thread& thread);
void keep_signal_stack(Thread& thread);
void free_signal_stack(Thread& thread);
// At the end of a thread of create_thread(), above everything: the stack has the guard again that it was made with.
void close_stack_guard(const FirstFrame& frame);

// True if `address` is in the guarded part of the calling thread's stack, which is then accessible. Signal-safe.
bool open_stack_guard(std::uintptr_t address);

// What _resetstkoflw() wants: the calling thread's stack is guarded again, if it is not in use so far down.
bool rearm_stack_guard();

// SetThreadStackGuarantee: the guarded part has room for `bytes` more than it needs itself.
void enlarge_stack_guard(std::size_t bytes);

}  // namespace hmodule::thread
