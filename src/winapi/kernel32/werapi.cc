// werapi.h: how this process wishes to be reported when it fails. Nobody reports; the wishes are kept.
#include "module/builtin.h"
#include "nt/own_process.h"
#include "winapi/common/returned_error.h"

#include <atomic>

namespace hmodule::winapi {
namespace {

std::atomic<DWORD> flags{0};

HM_WINAPI HRESULT WerSetFlags(DWORD wanted) noexcept {
  flags = wanted;
  return 0;
}
HM_WINAPI HRESULT WerGetFlags(HANDLE process, DWORD* result) noexcept {
  return result_of([&]() -> Status {
    if (result == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the flags");
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    *result = flags;
    return ok;
  });
}

const Export kRows[] = {
    {"WerGetFlags", proc(WerGetFlags), Support::partial, "of this process"},
    {"WerSetFlags", proc(WerSetFlags)},
};

}  // namespace

extern const ExportTable werapi_exports = kRows;

}  // namespace hmodule::winapi
