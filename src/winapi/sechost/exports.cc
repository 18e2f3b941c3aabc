// sechost.dll: the service control manager's functions. advapi32 shows them too.
#include "winapi/sechost/exports.h"

namespace hmodule::winapi {

extern const ExportTable winsvc_exports;

namespace {

const ExportTable* const kTables[] = {&winsvc_exports};

}  // namespace

const BuiltinDll sechost_dll = {"sechost.dll", kTables};

}  // namespace hmodule::winapi
