#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll avicap32_dll;

}  // namespace hmodule::winapi
