#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll kernelbase_dll;

}  // namespace hmodule::winapi
