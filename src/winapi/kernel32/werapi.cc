// werapi.h: how this process wishes to be reported when it fails. Nobody reports; the wishes are kept.
#include "module/builtin.h"
#include "nt/own_process.h"
#include "winapi/common/answer.h"

#include <atomic>

namespace hmodule::winapi {
namespace {

using HRESULT = LONG;

std::atomic<DWORD> flags{0};

HRESULT result_of(NTSTATUS status) {
  constexpr std::uint32_t kFromWin32 = 0x80070000;
  return status == STATUS_SUCCESS ? 0 : static_cast<HRESULT>(kFromWin32 | win32_from_status(status));
}

HM_WINAPI HRESULT WerSetFlags(DWORD wanted) noexcept {
  flags = wanted;
  return 0;
}
HM_WINAPI HRESULT WerGetFlags(HANDLE process, DWORD* result) noexcept {
  return result_of(status_of([&]() -> Status {
    if (result == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the flags");
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *result = flags;
    return ok;
  }));
}

const Export kRows[] = {
    {"WerGetFlags", proc(WerGetFlags), Support::partial, "of this process"},
    {"WerSetFlags", proc(WerSetFlags)},
};

}  // namespace

extern const ExportTable werapi_exports = kRows;

}  // namespace hmodule::winapi
