#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll bcryptprimitives_dll;

}  // namespace hmodule::winapi
