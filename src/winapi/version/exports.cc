// version.dll: the functions of winver.h, which are kernelbase's.
#include "winapi/version/exports.h"

namespace hmodule::winapi {

extern const ExportTable winver_exports;

namespace {

const ExportTable* const kTables[] = {&winver_exports};

}  // namespace

const BuiltinDll version_dll = {"version.dll", kTables};

}  // namespace hmodule::winapi
