#include "winapi/bcrypt/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/bcrypt/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/bcrypt/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll bcrypt_dll = {"bcrypt.dll", kTables};

}  // namespace hmodule::winapi
