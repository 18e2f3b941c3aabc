#include "winapi/shell32/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/shell32/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/shell32/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll shell32_dll = {"shell32.dll", kTables};

}  // namespace hmodule::winapi
