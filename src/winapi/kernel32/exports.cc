// kernel32.dll and kernelbase.dll: one set of native functions under both names.
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
const BuiltinDll kernelbase_dll = {"kernelbase.dll", kTables};

}  // namespace hmodule::winapi
