// processthreadsapi.h and the process and thread information of winternl.h.
#pragma once

#include "win/types.h"

namespace hmodule {

struct KERNEL_USER_TIMES {
  LARGE_INTEGER CreateTime, ExitTime, KernelTime, UserTime;
};

}  // namespace hmodule
