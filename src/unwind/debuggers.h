// What gdb and perf are told about DLLs, when somebody listens.
#pragma once

#include "module/module.h"

namespace hmodule::unwind {

// Is a debugger attached, or something else that traces? Safe in signal handlers.
bool is_traced();
// The same, or HMODULE_DEBUGGER=1 set? It looks at most ten times a second.
bool debugger_listens();
// gdb's JIT interface: `module` gets symbols and unwind data there, once.
void show_to_debugger(const Module& module);
// If HMODULE_PERF (map, jitdump) asks for it: perf's file gets its symbols.
void show_to_perf(const Module& module);
// Before it is unmapped.
void hide_from_debugger(const Module& module);

}  // namespace hmodule::unwind
