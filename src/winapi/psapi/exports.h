#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll psapi_dll;

}  // namespace hmodule::winapi
