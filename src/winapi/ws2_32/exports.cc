#include "winapi/ws2_32/exports.h"

#define HM_TABLES "winapi/ws2_32/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll ws2_32_dll = {"ws2_32.dll", kTables};

}  // namespace hmodule::winapi
