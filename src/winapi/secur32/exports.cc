#include "winapi/secur32/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/secur32/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/secur32/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll secur32_dll = {"secur32.dll", kTables};

}  // namespace hmodule::winapi
