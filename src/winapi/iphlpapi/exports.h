#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll iphlpapi_dll;

}  // namespace hmodule::winapi
