#include "winapi/iphlpapi/exports.h"

namespace hmodule::winapi {

#define HM_TABLE(table) extern const ExportTable table;
#include "winapi/iphlpapi/tables.inc"
#undef HM_TABLE

namespace {

const ExportTable* const kTables[] = {
#define HM_TABLE(table) &table,
#include "winapi/iphlpapi/tables.inc"
#undef HM_TABLE
};

}  // namespace

const BuiltinDll iphlpapi_dll = {"iphlpapi.dll", kTables};

}  // namespace hmodule::winapi
