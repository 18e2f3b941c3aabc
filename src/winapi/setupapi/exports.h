#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll setupapi_dll;

}  // namespace hmodule::winapi
