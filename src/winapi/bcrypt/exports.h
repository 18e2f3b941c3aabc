#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll bcrypt_dll;

}  // namespace hmodule::winapi
