// ntdll.dll: the border (DESIGN D3).
#include "winapi/ntdll/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/ntdll/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/ntdll/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll ntdll_dll = {"ntdll.dll", kTables};

}  // namespace hmodule::winapi
