// kernel32.dll. kernelbase shows all of it under its own name too.
#include "winapi/kernel32/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/kernel32/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/kernel32/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll kernel32_dll = {"kernel32.dll", kTables};

}  // namespace hmodule::winapi
