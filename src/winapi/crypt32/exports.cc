#include "winapi/crypt32/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/crypt32/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/crypt32/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll crypt32_dll = {"crypt32.dll", kTables};

}  // namespace hmodule::winapi
