// Structured exceptions: raising, the two passes over the frames, and continuing somewhere (loader-semantics §14.4,
// platform-facts §5).
#pragma once

#include "win/context.h"

#include <cstdint>

namespace hmodule::unwind {

extern "C" {
// The Windows functions of these names. They are entered in assembly, which records the caller's registers before any
// compiled code runs; so no frame of ours has to be unwound.
HM_WINAPI void hm_raise_exception(DWORD code, DWORD flags, DWORD count, const ULONG_PTR* arguments);
HM_WINAPI void hm_rtl_raise_exception(EXCEPTION_RECORD* record);
HM_WINAPI void hm_rtl_raise_status(NTSTATUS status);
HM_WINAPI void hm_rtl_unwind_ex(void* target_frame, void* target_ip, EXCEPTION_RECORD* record, void* result,
                                CONTEXT* scratch, UNWIND_HISTORY_TABLE* history);
HM_WINAPI void hm_rtl_unwind(void* target_frame, void* target_ip, EXCEPTION_RECORD* record, void* result);
}

// The first pass for an exception that happened at `context`: vectored handlers, frames, the unhandled filter. Goes on
// wherever they decide. A fault nobody wants goes back to the host (EH-51); other exceptions end the process.
enum class Origin : bool { software, hardware };
[[noreturn]] void dispatch(EXCEPTION_RECORD& record, CONTEXT& context, Origin origin = Origin::software);

// RtlRestoreContext: EH-37's special records included. `record` may be null.
[[noreturn]] void continue_at(CONTEXT& context, EXCEPTION_RECORD* record);

// For a walk that has come to where a handler of a DLL was called: the frame it goes on with. Null anywhere else.
const CONTEXT* interrupted_by_handler(const CONTEXT& at);

// __C_specific_handler (EH-39).
HM_WINAPI EXCEPTION_DISPOSITION c_specific_handler(EXCEPTION_RECORD* record, void* frame, CONTEXT* context,
                                                   DISPATCHER_CONTEXT* dispatcher);

}  // namespace hmodule::unwind
