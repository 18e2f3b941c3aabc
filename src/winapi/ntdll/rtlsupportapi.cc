// rtlsupportapi.h and the exception functions that ntdll and kernel32 export under the same names. Thin over unwind/.
#include "module/builtin.h"
#include "runtime/runtime.h"
#include "unwind/backtrace.h"
#include "unwind/context.h"
#include "unwind/exceptions.h"
#include "unwind/function_table.h"
#include "unwind/virtual_unwind.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI RUNTIME_FUNCTION* RtlLookupFunctionEntry(ULONG64 pc, ULONG64* image_base, UNWIND_HISTORY_TABLE*) noexcept {
  const unwind::FunctionEntry entry = unwind::find_function(pc);
  *image_base = entry.image_base;
  return entry.function;
}

HM_WINAPI EXCEPTION_ROUTINE* RtlVirtualUnwind(ULONG handler_type, ULONG64 image_base, ULONG64 pc,
                                              RUNTIME_FUNCTION* function, CONTEXT* context, void** handler_data,
                                              ULONG64* establisher_frame,
                                              KNONVOLATILE_CONTEXT_POINTERS* pointers) noexcept {
  unwind::AddressRange stack = unwind::stack_above(context->Rsp);
  if (stack.empty()) stack = unwind::kEverything;  // another thread's, say
  const unwind::FrameHandler handler =
      unwind::virtual_unwind(stack, handler_type, image_base, pc, function, *context, pointers);
  if (handler.routine != nullptr || function == nullptr) *handler_data = handler.data;
  *establisher_frame = handler.establisher_frame;
  return handler.routine;
}

HM_WINAPI void* RtlPcToFileHeader(const void* pc, void** base) noexcept {  // LDR-11
  *base = runtime().loader().image_base_of(pc);
  return *base;
}

HM_WINAPI void RtlRestoreContext(CONTEXT* context, EXCEPTION_RECORD* record) noexcept {
  unwind::continue_at(*context, record);
}

HM_WINAPI BOOLEAN RtlAddFunctionTable(RUNTIME_FUNCTION* table, DWORD count, DWORD64 base) noexcept {
  return succeed([&] { return unwind::add_table(table, count, base); }) != FALSE;
}
HM_WINAPI BOOLEAN RtlDeleteFunctionTable(RUNTIME_FUNCTION* table) noexcept {
  return unwind::remove_table(reinterpret_cast<std::uintptr_t>(table));
}
HM_WINAPI BOOLEAN RtlInstallFunctionTableCallback(DWORD64 identifier, DWORD64 base, DWORD length,
                                                  unwind::TableCallback callback, void* context,
                                                  const WCHAR*) noexcept {
  return succeed([&] { return unwind::add_table_callback(identifier, base, length, callback, context); }) != FALSE;
}

HM_WINAPI DWORD RtlAddGrowableFunctionTable(void** handle, RUNTIME_FUNCTION* table, DWORD count, DWORD maximum,
                                            ULONG_PTR begin, ULONG_PTR end) noexcept {
  const Result<void*> made = unwind::add_growable_table(table, count, maximum, begin, end);
  if (!made) return static_cast<DWORD>(made.error().status);
  *handle = *made;
  return 0;
}
HM_WINAPI void RtlGrowFunctionTable(void* handle, DWORD count) noexcept {
  unwind::grow_table(handle, count);
}
HM_WINAPI void RtlDeleteGrowableFunctionTable(void* handle) noexcept {
  unwind::remove_growable_table(handle);
}

const Export kRows[] = {
    {"RtlAddFunctionTable", proc(RtlAddFunctionTable)},
    {"RtlAddGrowableFunctionTable", proc(RtlAddGrowableFunctionTable)},
    {"RtlCaptureContext", proc(unwind::hm_capture_context)},
    {"RtlCaptureStackBackTrace", proc(unwind::hm_capture_stack_back_trace), Support::partial,
     "ends where the host's code, or a handler's dispatcher, called"},
    {"RtlDeleteFunctionTable", proc(RtlDeleteFunctionTable)},
    {"RtlDeleteGrowableFunctionTable", proc(RtlDeleteGrowableFunctionTable)},
    {"RtlGrowFunctionTable", proc(RtlGrowFunctionTable)},
    {"RtlInstallFunctionTableCallback", proc(RtlInstallFunctionTableCallback), Support::partial,
     "the name of an out-of-process helper DLL is ignored"},
    {"RtlLookupFunctionEntry", proc(RtlLookupFunctionEntry)},
    {"RtlPcToFileHeader", proc(RtlPcToFileHeader)},
    {"RtlRaiseException", proc(unwind::hm_rtl_raise_exception)},
    {"RtlRestoreContext", proc(RtlRestoreContext), Support::partial, "not the upper halves of YMM registers"},
    {"RtlUnwind", proc(unwind::hm_rtl_unwind)},
    {"RtlUnwindEx", proc(unwind::hm_rtl_unwind_ex)},
    {"RtlVirtualUnwind", proc(RtlVirtualUnwind)},
    {"__C_specific_handler", proc(unwind::c_specific_handler)},
};

}  // namespace

extern const ExportTable rtlsupportapi_exports = kRows;

}  // namespace hmodule::winapi
