#include "winapi/cryptsp/exports.h"

#define HM_TABLES "winapi/cryptsp/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll cryptsp_dll = {"cryptsp.dll", kTables};

}  // namespace hmodule::winapi
