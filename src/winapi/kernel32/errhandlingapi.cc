// errhandlingapi.h: the last error.
#include "module/builtin.h"
#include "thread/teb.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI DWORD GetLastError() noexcept {
  return thread::last_error();
}
HM_WINAPI void SetLastError(DWORD code) noexcept {
  thread::set_last_error(code);
}

const Export kRows[] = {
    {"GetLastError", proc(GetLastError)},
    {"SetLastError", proc(SetLastError)},
};

}  // namespace

extern const ExportTable errhandlingapi_exports = kRows;

}  // namespace hmodule::winapi
