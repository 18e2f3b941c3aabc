#include "winapi/iphlpapi/exports.h"

#define HM_TABLES "winapi/iphlpapi/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll iphlpapi_dll = {"iphlpapi.dll", kTables};

}  // namespace hmodule::winapi
