// ntdll.dll: the border (DESIGN D3).
#include "winapi/ntdll/exports.h"

#define HM_TABLES "winapi/ntdll/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll ntdll_dll = {"ntdll.dll", kTables};

}  // namespace hmodule::winapi
