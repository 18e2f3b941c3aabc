// fibersapi.h and the fibers of winbase.h.
#include "module/builtin.h"
#include "thread/fiber.h"
#include "thread/fls.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD FLS_OUT_OF_INDEXES = 0xFFFFFFFF;

HM_WINAPI DWORD FlsAlloc(thread::FlsCallback callback) noexcept {
  return answer<DWORD>(FLS_OUT_OF_INDEXES, [callback] { return thread::fls_alloc(callback); });
}
HM_WINAPI BOOL FlsFree(DWORD index) noexcept {
  return succeed([index] { return thread::fls_free(index); });
}
// FLS-02: like TlsGetValue, success sets the last error to 0.
HM_WINAPI void* FlsGetValue(DWORD index) noexcept {
  return answer<void*>(nullptr, [index]() -> Result<void*> {
    void* const value = TRY(thread::fls_get(index));
    thread::set_last_error(ERROR_SUCCESS);
    return value;
  });
}
// The newer one leaves the last error alone.
HM_WINAPI void* FlsGetValue2(DWORD index) noexcept {
  const Result<void*> value = thread::fls_get(index);
  return value ? *value : nullptr;
}
HM_WINAPI BOOL FlsSetValue(DWORD index, void* value) noexcept {
  return succeed([&] { return thread::fls_set(index, value); });
}

HM_WINAPI BOOL IsThreadAFiber() noexcept {
  return thread::is_fiber() ? TRUE : FALSE;
}
HM_WINAPI void* ConvertThreadToFiberEx(void* parameter, DWORD flags) noexcept {
  return answer<void*>(nullptr, [&] { return thread::convert_thread_to_fiber(parameter, flags); });
}
HM_WINAPI void* ConvertThreadToFiber(void* parameter) noexcept {
  return ConvertThreadToFiberEx(parameter, 0);
}
HM_WINAPI BOOL ConvertFiberToThread() noexcept {
  return succeed([] { return thread::convert_fiber_to_thread(); });
}
HM_WINAPI void* CreateFiberEx(SIZE_T commit, SIZE_T reserve, DWORD flags, thread::FiberRoutine routine,
                              void* parameter) noexcept {
  return answer<void*>(nullptr, [&]() -> Result<void*> {
    return thread::create_fiber(reserve > commit ? reserve : commit, flags, routine, parameter);
  });
}
HM_WINAPI void* CreateFiber(SIZE_T stack_size, thread::FiberRoutine routine, void* parameter) noexcept {
  return CreateFiberEx(stack_size, 0, 0, routine, parameter);
}
HM_WINAPI void DeleteFiber(void* fiber) noexcept {
  thread::delete_fiber(fiber);
}
HM_WINAPI void SwitchToFiber(void* fiber) noexcept {
  thread::switch_to_fiber(fiber);
}

const Export kRows[] = {
    {"ConvertFiberToThread", proc(ConvertFiberToThread)},
    {"ConvertThreadToFiber", proc(ConvertThreadToFiber)},
    {"ConvertThreadToFiberEx", proc(ConvertThreadToFiberEx)},
    {"CreateFiber", proc(CreateFiber)},
    {"CreateFiberEx", proc(CreateFiberEx)},
    {"DeleteFiber", proc(DeleteFiber)},
    {"FlsAlloc", proc(FlsAlloc)},
    {"FlsFree", proc(FlsFree)},
    {"FlsGetValue", proc(FlsGetValue)},
    {"FlsGetValue2", proc(FlsGetValue2)},
    {"FlsSetValue", proc(FlsSetValue)},
    {"IsThreadAFiber", proc(IsThreadAFiber)},
    {"SwitchToFiber", proc(SwitchToFiber)},
};

}  // namespace

extern const ExportTable fibersapi_exports = kRows;

}  // namespace hmodule::winapi
