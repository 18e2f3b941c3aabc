#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll mswsock_dll;

}  // namespace hmodule::winapi
