#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll userenv_dll;

}  // namespace hmodule::winapi
