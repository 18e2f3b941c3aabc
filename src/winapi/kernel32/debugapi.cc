// debugapi.h. What a program says to its debugger is a line on channel api of the trace.
#include "module/builtin.h"
#include "nt/own_process.h"
#include "thread/peb.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {
namespace {

void say(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  trace::line(trace::Channel::api, "OutputDebugString: {}", text);
}

HM_WINAPI void OutputDebugStringA(const char* text) noexcept {
  if (text != nullptr && trace::on(trace::Channel::api)) say(text);
}
HM_WINAPI void OutputDebugStringW(const WCHAR* text) noexcept {
  if (text != nullptr && trace::on(trace::Channel::api)) say(utf8(text));
}

HM_WINAPI BOOL IsDebuggerPresent() noexcept {
  return thread::teb().ProcessEnvironmentBlock->BeingDebugged;
}
HM_WINAPI BOOL CheckRemoteDebuggerPresent(HANDLE process, BOOL* present) noexcept {
  return succeed([&]() -> Status {
    if (present == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the answer");
    TRY(nt::handles().find(process, nt::Process::kType, 0));
    *present = FALSE;
    return ok;
  });
}

// Without a frame of its own, so that the exception belongs to the caller.
[[gnu::naked]] HM_WINAPI void DebugBreak() noexcept {
  __asm__("int3\n\tret");
}

const Export kRows[] = {
    {"CheckRemoteDebuggerPresent", proc(CheckRemoteDebuggerPresent)},
    {"DebugBreak", proc(DebugBreak)},
    {"IsDebuggerPresent", proc(IsDebuggerPresent)},
    {"OutputDebugStringA", proc(OutputDebugStringA), Support::partial, "to the trace; no debugger hears it"},
    {"OutputDebugStringW", proc(OutputDebugStringW), Support::partial, "to the trace; no debugger hears it"},
};

}  // namespace

extern const ExportTable debugapi_exports = kRows;

}  // namespace hmodule::winapi
