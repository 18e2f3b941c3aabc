// user32.dll without a display: windows that are never shown, message queues, text.
#include "winapi/user32/exports.h"

#define HM_TABLES "winapi/user32/tables.inc"
#include "winapi/common/export_tables.inc"

namespace hmodule::winapi {

const BuiltinDll user32_dll = {"user32.dll", kTables};

}  // namespace hmodule::winapi
