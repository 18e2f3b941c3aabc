#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll dxgi_dll;

}  // namespace hmodule::winapi
