// What the processor does not tell about an instruction that faulted, and Windows does. Zydis decodes; nothing here
// allocates or locks.
#pragma once

#include "win/context.h"

namespace hmodule::unwind {

// hlt, mov to a control register and the like, and those that need an I/O privilege: cli, sti, in, out.
bool is_privileged(const void* instruction);

// The processor reports a quotient that does not fit like a division by zero. Reads the divisor, in a register or in
// memory, of the `div` or `idiv` at `context.Rip`.
bool divides_by_zero(const CONTEXT& context);

}  // namespace hmodule::unwind
