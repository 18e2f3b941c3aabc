#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll cryptsp_dll;

}  // namespace hmodule::winapi
