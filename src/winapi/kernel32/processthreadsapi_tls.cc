// processthreadsapi.h: TlsAlloc and its kin. The state is in TEB and PEB (thread/dynamic_tls.h).
#include "module/builtin.h"
#include "thread/dynamic_tls.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD TLS_OUT_OF_INDEXES = 0xFFFFFFFF;

HM_WINAPI DWORD TlsAlloc() noexcept {
  return answer<DWORD>(TLS_OUT_OF_INDEXES, [] { return thread::tls_alloc(); });
}
HM_WINAPI BOOL TlsFree(DWORD index) noexcept {
  return succeed([index] { return thread::tls_free(index); });
}

// TLS-22: success sets the last error to 0, for NULL means both "empty" and "failed".
HM_WINAPI void* TlsGetValue(DWORD index) noexcept {
  TEB& teb = thread::teb();
  if (index < thread::kTlsSlots) [[likely]] {
    teb.LastErrorValue = ERROR_SUCCESS;
    return teb.TlsSlots[index];
  }
  return answer<void*>(nullptr, [index]() -> Result<void*> {
    void* const value = TRY(thread::tls_get(index));
    thread::set_last_error(ERROR_SUCCESS);
    return value;
  });
}

HM_WINAPI BOOL TlsSetValue(DWORD index, void* value) noexcept {
  if (index < thread::kTlsSlots) [[likely]] {
    thread::teb().TlsSlots[index] = value;
    return TRUE;
  }
  return succeed([&] { return thread::tls_set(index, value); });
}

const Export kRows[] = {
    {"TlsAlloc", proc(TlsAlloc)},
    {"TlsFree", proc(TlsFree)},
    {"TlsGetValue", proc(TlsGetValue)},
    {"TlsSetValue", proc(TlsSetValue)},
};

}  // namespace

extern const ExportTable processthreadsapi_tls_exports = kRows;

}  // namespace hmodule::winapi
