#include "winapi/ws2_32/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/ws2_32/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/ws2_32/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll ws2_32_dll = {"ws2_32.dll", kTables};

}  // namespace hmodule::winapi
