// evntprov.h: event tracing as it is when no session listens, which is the usual case on Windows too: providers
// register, events are written and go nowhere.
#include "module/builtin.h"

#include <atomic>

namespace hmodule::winapi {
namespace {

using ProviderHandle = ULONGLONG;

std::atomic<ProviderHandle> next_handle{1};

HM_WINAPI ULONG EventRegister(const GUID* provider, void* /*callback*/, void* /*context*/,
                              ProviderHandle* handle) noexcept {
  if (provider == nullptr || handle == nullptr) return ERROR_INVALID_PARAMETER;
  *handle = next_handle.fetch_add(1);
  return ERROR_SUCCESS;
}

ULONG check(ProviderHandle handle) {
  return handle == 0 || handle >= next_handle.load() ? ERROR_INVALID_HANDLE : ERROR_SUCCESS;
}

HM_WINAPI ULONG EventUnregister(ProviderHandle handle) noexcept {
  return check(handle);
}
HM_WINAPI ULONG EventSetInformation(ProviderHandle handle, LONG, void*, ULONG) noexcept {
  return check(handle);
}
HM_WINAPI BOOLEAN EventEnabled(ProviderHandle, const void*) noexcept {
  return FALSE;
}
HM_WINAPI BOOLEAN EventProviderEnabled(ProviderHandle, UCHAR, ULONGLONG) noexcept {
  return FALSE;
}
HM_WINAPI ULONG EventWrite(ProviderHandle handle, const void*, ULONG, void*) noexcept {
  return check(handle);
}
HM_WINAPI ULONG EventWriteTransfer(ProviderHandle handle, const void*, const GUID*, const GUID*, ULONG,
                                   void*) noexcept {
  return check(handle);
}
HM_WINAPI ULONG EventWriteEx(ProviderHandle handle, const void*, ULONG64, ULONG, const GUID*, const GUID*, ULONG,
                             void*) noexcept {
  return check(handle);
}
HM_WINAPI ULONG EventWriteString(ProviderHandle handle, UCHAR, ULONGLONG, const WCHAR*) noexcept {
  return check(handle);
}

const Export kRows[] = {
    {"EventEnabled", proc(EventEnabled)},
    {"EventProviderEnabled", proc(EventProviderEnabled)},
    {"EventRegister", proc(EventRegister)},
    {"EventSetInformation", proc(EventSetInformation)},
    {"EventUnregister", proc(EventUnregister)},
    {"EventWrite", proc(EventWrite)},
    {"EventWriteEx", proc(EventWriteEx)},
    {"EventWriteString", proc(EventWriteString)},
    {"EventWriteTransfer", proc(EventWriteTransfer)},
};

}  // namespace

extern const ExportTable evntprov_exports = kRows;

}  // namespace hmodule::winapi
