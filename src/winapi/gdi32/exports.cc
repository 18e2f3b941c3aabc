// gdi32.dll without a display: pictures in memory, and nothing that draws.
#include "winapi/gdi32/exports.h"

namespace hmodule::winapi {

extern const ExportTable wingdi_exports;

namespace {

const ExportTable* const kTables[] = {&wingdi_exports};

}  // namespace

const BuiltinDll gdi32_dll = {"gdi32.dll", kTables};

}  // namespace hmodule::winapi
