#include "winapi/bcrypt/exports.h"

#define HM_TABLES "winapi/bcrypt/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll bcrypt_dll = {"bcrypt.dll", kTables};

}  // namespace hmodule::winapi
