#include "winapi/bcryptprimitives/exports.h"

#define HM_TABLES "winapi/bcryptprimitives/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll bcryptprimitives_dll = {"bcryptprimitives.dll", kTables};

}  // namespace hmodule::winapi
