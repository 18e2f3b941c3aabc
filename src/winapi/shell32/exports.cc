#include "winapi/shell32/exports.h"

#define HM_TABLES "winapi/shell32/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll shell32_dll = {"shell32.dll", kTables};

}  // namespace hmodule::winapi
