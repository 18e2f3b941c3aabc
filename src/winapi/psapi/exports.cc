// psapi.dll: older names of functions that live in kernel32.
#include "winapi/psapi/exports.h"

namespace hmodule::winapi {

extern const ExportTable psapi_dll_exports;  // winapi/kernel32/psapi.cc

namespace {
const ExportTable* const kTables[] = {&psapi_dll_exports};
}  // namespace

const BuiltinDll psapi_dll = {"psapi.dll", kTables};

}  // namespace hmodule::winapi
