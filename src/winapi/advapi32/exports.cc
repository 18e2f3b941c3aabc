#include "winapi/advapi32/exports.h"

#define HM_TABLES "winapi/advapi32/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll advapi32_dll = {"advapi32.dll", kTables};

}  // namespace hmodule::winapi
