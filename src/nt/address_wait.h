// WaitOnAddress: sleep while a value of 1, 2, 4 or 8 bytes is what it was. A futex would do for four aligned bytes; the
// other sizes need sleepers listed by address, so all have them.
#pragma once

#include "nt/waitable.h"

namespace hmodule::nt {

// STATUS_SUCCESS, perhaps for no reason, or STATUS_TIMEOUT; STATUS_INVALID_PARAMETER for another size.
NTSTATUS wait_on_address(const volatile void* address, const void* compare, SIZE_T size, Timeout timeout);
void wake_by_address(const void* address, bool all);

}  // namespace hmodule::nt
