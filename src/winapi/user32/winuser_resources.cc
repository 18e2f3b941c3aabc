// winuser.h: strings from resources. The functions are kernelbase's.
#include "module/builtin.h"
#include "winapi/kernel32/libloaderapi_resources.h"

namespace hmodule::winapi {
namespace {

const Export kRows[] = {
    {"LoadStringA", proc(LoadStringA)},
    {"LoadStringW", proc(LoadStringW)},
};

}  // namespace

extern const ExportTable winuser_resources_exports = kRows;

}  // namespace hmodule::winapi
