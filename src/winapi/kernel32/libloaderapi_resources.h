// Resource functions that user32 exports under the same names.
#pragma once

#include "win/types.h"

namespace hmodule::winapi {

HM_WINAPI INT LoadStringW(HMODULE module, UINT id, WCHAR* buffer, INT size) noexcept;
HM_WINAPI INT LoadStringA(HMODULE module, UINT id, CHAR* buffer, INT size) noexcept;

}  // namespace hmodule::winapi
