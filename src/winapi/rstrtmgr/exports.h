#pragma once

#include "module/builtin.h"

namespace hmodule::winapi {

extern const BuiltinDll rstrtmgr_dll;

}  // namespace hmodule::winapi
