// Turns the signals of faulting DLL code into exceptions (§14.5), and back when no handler wants one (EH-51).
#pragma once

#include "unwind/exceptions.h"
#include "win/context.h"
#include "win/teb.h"

#include <atomic>
#include <cstdint>

namespace hmodule::unwind {

// What faults need of folders above this one.
struct ProcessHooks {
  // Is there any page with PAGE_GUARD in the process? Read in signal handlers.
  const std::atomic<bool>* guard_pages_exist = nullptr;
  // True, once, for an address in such a page.
  bool (*take_guard_page)(std::uintptr_t address) = nullptr;
  // The module an address is in, or nullptr. Takes no lock.
  const LDR_DATA_TABLE_ENTRY* (*entry_of)(const void* address) = nullptr;
  // TerminateProcess on oneself.
  void (*terminate)(DWORD exit_code) = nullptr;
};
const ProcessHooks& process_hooks();

// From here on faults of DLL code are exceptions.
void claim_hardware_faults(const ProcessHooks& hooks = {});

// An exception with Origin::hardware is the host's: its handler gets the signal as if nothing had happened, with the
// registers in `context`.
[[noreturn]] void give_to_host(const EXCEPTION_RECORD& record, CONTEXT& context);

}  // namespace hmodule::unwind
