// Fiber-local storage as kernelbase asks for it.
#include "thread/fls.h"
#include "module/builtin.h"
#include "thread/teb.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI NTSTATUS RtlFlsAlloc(thread::FlsCallback callback, ULONG* index) noexcept {
  const Result<ULONG> taken = thread::fls_alloc(callback);
  if (!taken) return taken.error().status;
  *index = *taken;
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlFlsFree(ULONG index) noexcept {
  const Status freed = thread::fls_free(index);
  return freed ? STATUS_SUCCESS : freed.error().status;
}
HM_WINAPI NTSTATUS RtlFlsGetValue(ULONG index, void** value) noexcept {
  const Result<void*> found = thread::fls_get(index);
  if (!found) return found.error().status;
  *value = *found;
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlFlsSetValue(ULONG index, void* value) noexcept {
  const Status stored = thread::fls_set(index, value);
  return stored ? STATUS_SUCCESS : stored.error().status;
}

// Flag 1 runs the callbacks, flag 2 frees the data: kernelbase's fibers do both when one is deleted.
HM_WINAPI void RtlProcessFlsData(void* data, ULONG flags) noexcept {
  if ((flags & 1) != 0) thread::fls_run_callbacks(data);
  if ((flags & 2) != 0) thread::fls_release(data);
}

const Export kRows[] = {
    {"RtlFlsAlloc", proc(RtlFlsAlloc)},
    {"RtlFlsFree", proc(RtlFlsFree)},
    {"RtlFlsGetValue", proc(RtlFlsGetValue)},
    {"RtlFlsSetValue", proc(RtlFlsSetValue)},
    {"RtlProcessFlsData", proc(RtlProcessFlsData)},
};

}  // namespace

extern const ExportTable fls_exports = kRows;

}  // namespace hmodule::winapi
