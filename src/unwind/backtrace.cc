#include "unwind/backtrace.h"

#include "unwind/exceptions.h"
#include "unwind/function_table.h"
#include "unwind/virtual_unwind.h"

#include <algorithm>
#include <limits>

namespace hmodule::unwind {

// Called by context.S. `at` is where the caller continues, which is the first frame.
extern "C" __attribute__((visibility("hidden"))) WORD hm_walk_stack(ULONG skip, ULONG count, void** frames, ULONG* hash,
                                                                    const CONTEXT* at) {
  CONTEXT context = *at;
  count = std::min<ULONG>(count, std::numeric_limits<WORD>::max());
  ULONG stored = 0;
  ULONG_PTR sum = 0;
  while (context.Rip != 0 && stored < count) {
    if (const CONTEXT* const interrupted = interrupted_by_handler(context)) {
      context = *interrupted;
      continue;
    }
    if (skip != 0) {
      --skip;
    } else {
      frames[stored++] = reinterpret_cast<void*>(context.Rip);
      sum += context.Rip;
    }
    const FunctionEntry entry = find_function(context.Rip);
    if (entry.image_base == 0) break;
    virtual_unwind(kNoHandler, entry.image_base, context.Rip, entry.function, context);
  }
  if (hash != nullptr) *hash = static_cast<ULONG>(sum);
  return static_cast<WORD>(stored);
}

}  // namespace hmodule::unwind
