// SystemProcessInformation: all processes that this user may see, with their threads.
#pragma once

#include "base/result.h"

namespace hmodule::winapi {

// INFO_LENGTH_MISMATCH, with the size that is needed in `returned`.
Status give_processes(void* buffer, ULONG size, ULONG* returned);

}  // namespace hmodule::winapi
