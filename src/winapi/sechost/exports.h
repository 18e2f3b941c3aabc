#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll sechost_dll;

}  // namespace hmodule::winapi
