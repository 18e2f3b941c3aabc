// dnsapi.dll.
#include "winapi/dnsapi/exports.h"

namespace hmodule::winapi {

extern const ExportTable dns_names_exports, dns_query_exports;

namespace {

const ExportTable* const kTables[] = {&dns_names_exports, &dns_query_exports};

}  // namespace

const BuiltinDll dnsapi_dll = {"dnsapi.dll", kTables};

}  // namespace hmodule::winapi
