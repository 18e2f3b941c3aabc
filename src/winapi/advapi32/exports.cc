#include "winapi/advapi32/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/advapi32/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/advapi32/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll advapi32_dll = {"advapi32.dll", kTables};

}  // namespace hmodule::winapi
