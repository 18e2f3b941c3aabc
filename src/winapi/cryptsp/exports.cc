#include "winapi/cryptsp/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/cryptsp/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/cryptsp/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll cryptsp_dll = {"cryptsp.dll", kTables};

}  // namespace hmodule::winapi
