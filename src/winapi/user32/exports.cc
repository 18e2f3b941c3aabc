// user32.dll without a display: windows that are never shown, message queues, text.
#include "winapi/user32/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/user32/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/user32/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll user32_dll = {"user32.dll", kTables};

}  // namespace hmodule::winapi
