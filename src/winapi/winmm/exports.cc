// winmm.dll: its timers, and no sound.
#include "winapi/winmm/exports.h"

#define HM_TABLES "winapi/winmm/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll winmm_dll = {"winmm.dll", kTables};

}  // namespace hmodule::winapi
