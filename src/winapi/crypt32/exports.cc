#include "winapi/crypt32/exports.h"

#define HM_TABLES "winapi/crypt32/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll crypt32_dll = {"crypt32.dll", kTables};

}  // namespace hmodule::winapi
