#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll avrt_dll;

}  // namespace hmodule::winapi
