// apiquery2.h: is an API set there?
#include "module/builtin.h"
#include "search/api_set.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI BOOL IsApiSetImplemented(const char* contract) noexcept {
  return contract != nullptr && search::api_set_implemented(contract) ? TRUE : FALSE;
}

const Export kRows[] = {
    {"IsApiSetImplemented", proc(IsApiSetImplemented)},
};

}  // namespace

extern const ExportTable apiquery2_exports = kRows;

}  // namespace hmodule::winapi
