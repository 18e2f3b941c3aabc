// ApiSetQuery...: SRCH-45.
#include "search/api_set.h"
#include "module/builtin.h"
#include "win/status.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI NTSTATUS ApiSetQueryApiSetPresence(const UNICODE_STRING* name, BOOLEAN* present) noexcept {
  *present = search::api_set_present(view(*name)) ? TRUE : FALSE;
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS ApiSetQueryApiSetPresenceEx(const UNICODE_STRING* name, BOOLEAN* in_schema,
                                               BOOLEAN* present) noexcept {
  const auto found = search::api_set_presence_ex(view(*name));
  if (!found) return STATUS_INVALID_PARAMETER;
  *in_schema = found->in_schema ? TRUE : FALSE;
  *present = found->present ? TRUE : FALSE;
  return STATUS_SUCCESS;
}

const Export kRows[] = {
    {"ApiSetQueryApiSetPresence", proc(ApiSetQueryApiSetPresence)},
    {"ApiSetQueryApiSetPresenceEx", proc(ApiSetQueryApiSetPresenceEx)},
};

}  // namespace

extern const ExportTable api_set_exports = kRows;

}  // namespace hmodule::winapi
