// Handlers that are asked before and after the frames: AddVectoredExceptionHandler and its kin, and the last one of
// all, SetUnhandledExceptionFilter (EH-30, EH-42).
#pragma once

#include "win/context.h"

#include <cstddef>
#include <cstdint>

namespace hmodule::unwind {

struct Activation;

enum class VectoredList { exception, resume };  // the second: AddVectoredContinueHandler

// The answer is the handle to remove it by; null when there is no memory.
void* add_vectored_handler(VectoredList list, bool first, PVECTORED_EXCEPTION_HANDLER handler);
bool remove_vectored_handler(VectoredList list, void* handle);

// For a module that goes: its handlers and its filter, if it left any, would be calls into nothing. Windows would make
// them; a DLL's mistake is not to end the host.
void forget_handlers_in(std::uintptr_t begin, std::size_t size);

// Asks them in order until one says EXCEPTION_CONTINUE_EXECUTION. None of our locks is held meanwhile.
bool ask_vectored_handlers(VectoredList list, EXCEPTION_RECORD& record, CONTEXT& context, const Activation* pass);

// The filters behind all frames: the program's (SetUnhandledExceptionFilter), and one for the system's DLLs
// (RtlSetUnhandledExceptionFilter), which is asked instead where it is set: kernel32's asks the program's in its turn.
enum class LastFilter : std::uint8_t { program, system };
LPTOP_LEVEL_EXCEPTION_FILTER exchange_last_filter(LastFilter which, LPTOP_LEVEL_EXCEPTION_FILTER filter);
LPTOP_LEVEL_EXCEPTION_FILTER last_filter(LastFilter which);

}  // namespace hmodule::unwind
