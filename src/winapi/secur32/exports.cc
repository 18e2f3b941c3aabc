#include "winapi/secur32/exports.h"

#define HM_TABLES "winapi/secur32/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll secur32_dll = {"secur32.dll", kTables};

}  // namespace hmodule::winapi
