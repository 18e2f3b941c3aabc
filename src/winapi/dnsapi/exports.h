#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll dnsapi_dll;

}  // namespace hmodule::winapi
