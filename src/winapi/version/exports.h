#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll version_dll;

}  // namespace hmodule::winapi
