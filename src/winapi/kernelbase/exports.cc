// kernelbase.dll: the functions of kernel32, and what on Windows lives here and is shown by advapi32.
#include "winapi/kernelbase/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/kernel32/tables.inc"
#include "winapi/kernelbase/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/kernel32/tables.inc"
#include "winapi/kernelbase/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll kernelbase_dll = {"kernelbase.dll", kTables};

}  // namespace hmodule::winapi
