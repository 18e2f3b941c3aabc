// winmm.dll: its timers, and no sound.
#include "winapi/winmm/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/winmm/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/winmm/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll winmm_dll = {"winmm.dll", kTables};

}  // namespace hmodule::winapi
