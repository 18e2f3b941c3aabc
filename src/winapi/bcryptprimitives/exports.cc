#include "winapi/bcryptprimitives/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/bcryptprimitives/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/bcryptprimitives/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll bcryptprimitives_dll = {"bcryptprimitives.dll", kTables};

}  // namespace hmodule::winapi
