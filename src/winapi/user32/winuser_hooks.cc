// winuser.h: hooks, of the calling thread and of the kinds that look at messages. The one installed last is called, and
// calls the next one if it wants to.
#include "module/builtin.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/user32/hooks.h"

#include <atomic>

namespace hmodule::winapi {
namespace {

using window::Hook;
using window::Queue;

constexpr DWORD kMostHooks = 1000;

LRESULT call_from(Queue& queue, std::size_t below, INT kind, INT code, WPARAM wParam, LPARAM lParam) {
  for (std::size_t i = below; i-- != 0;) {
    const Hook hook = queue.hooks[i];
    if (hook.kind == kind) return thread::call(hook.procedure, code, wParam, lParam);
  }
  return 0;
}

std::size_t index_of(const Queue& queue, HANDLE handle) {
  std::size_t i = 0;
  while (i < queue.hooks.size() && queue.hooks[i].handle != handle) ++i;
  return i;
}

HM_WINAPI HANDLE SetWindowsHookEx(INT kind, HOOKPROC procedure, HMODULE, DWORD thread_id) noexcept {
  return answer<HANDLE>(nullptr, [&]() -> Result<HANDLE> {
    if (procedure == nullptr) return fail_win32(1427 /* ERROR_INVALID_FILTER_PROC */, "a hook without a procedure");
    if (kind != WH_GETMESSAGE && kind != WH_CALLWNDPROC && kind != WH_CALLWNDPROCRET)
      return fail_win32(ERROR_INVALID_HOOK_FILTER, "hooks of kind {} are not supported", kind);
    Queue& queue = window::current_queue();
    if (thread_id != queue.thread_id())
      return fail(STATUS_ACCESS_DENIED, "a hook in thread {}, which is not the calling one", thread_id);
    if (queue.hooks.size() == kMostHooks) return fail(STATUS_NO_MEMORY, "there are {} hooks already", kMostHooks);
    static std::atomic<std::uintptr_t> next{0x10001};
    const auto handle = reinterpret_cast<HANDLE>(next.fetch_add(2));
    queue.hooks.push_back({kind, procedure, handle});
    return handle;
  });
}
HM_WINAPI BOOL UnhookWindowsHookEx(HANDLE handle) noexcept {
  return succeed([&]() -> Status {
    Queue& queue = window::current_queue();
    const std::size_t index = index_of(queue, handle);
    if (index == queue.hooks.size()) return fail_win32(ERROR_INVALID_HOOK_HANDLE, "{} is no hook", handle);
    queue.hooks.erase(queue.hooks.begin() + static_cast<std::ptrdiff_t>(index));
    return ok;
  });
}
HM_WINAPI LRESULT CallNextHookEx(HANDLE handle, INT code, WPARAM wParam, LPARAM lParam) noexcept {
  Queue& queue = window::current_queue();
  const std::size_t index = index_of(queue, handle);
  return index == queue.hooks.size() ? 0 : call_from(queue, index, queue.hooks[index].kind, code, wParam, lParam);
}

constexpr std::string_view kOwnThread = "the calling thread's, and WH_GETMESSAGE, WH_CALLWNDPROC, WH_CALLWNDPROCRET";
const Export kRows[] = {
    {"CallNextHookEx", proc(CallNextHookEx)},
    {"SetWindowsHookExA", proc(SetWindowsHookEx), Support::partial, kOwnThread},
    {"SetWindowsHookExW", proc(SetWindowsHookEx), Support::partial, kOwnThread},
    {"UnhookWindowsHookEx", proc(UnhookWindowsHookEx)},
};

}  // namespace

void call_get_message_hooks(Queue& queue, MSG& message, bool removed) {
  if (!queue.hooks.empty())
    call_from(queue, queue.hooks.size(), WH_GETMESSAGE, HC_ACTION, removed ? PM_REMOVE : 0,
              reinterpret_cast<LPARAM>(&message));
}

extern const ExportTable winuser_hooks_exports = kRows;

}  // namespace hmodule::winapi
