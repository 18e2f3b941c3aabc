#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll winmm_dll;

}  // namespace hmodule::winapi
