// kernel32.dll. kernelbase shows all of it under its own name too.
#include "winapi/kernel32/exports.h"

#define HM_TABLES "winapi/kernel32/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll kernel32_dll = {"kernel32.dll", kTables};

}  // namespace hmodule::winapi
