// SetErrorMode's state: one for the process, one per thread (TEB.HardErrorMode, in ntdll's own bits).
#pragma once

#include "thread/teb.h"

#include <atomic>

namespace hmodule::nt {

inline constexpr DWORD SEM_FAILCRITICALERRORS = 0x1, SEM_NOGPFAULTERRORBOX = 0x2, SEM_NOALIGNMENTFAULTEXCEPT = 0x4,
                       SEM_NOOPENFILEERRORBOX = 0x8000;
// RtlSetThreadErrorMode's names for FAILCRITICALERRORS, NOGPFAULTERRORBOX and NOOPENFILEERRORBOX.
inline constexpr DWORD RTL_ERRORMODE_FAILCRITICALERRORS = 0x10, RTL_ERRORMODE_NOGPFAULTERRORBOX = 0x20,
                       RTL_ERRORMODE_NOOPENFILEERRORBOX = 0x40;

inline std::atomic<DWORD>& process_error_mode() {
  static std::atomic<DWORD> mode{0};
  return mode;
}

// SetErrorMode: the old mode. Once set, the alignment bit stays.
inline DWORD set_process_error_mode(DWORD mode) {
  DWORD old = process_error_mode();
  while (!process_error_mode().compare_exchange_weak(old, mode | (old & SEM_NOALIGNMENTFAULTEXCEPT))) {
  }
  return old;
}
// The same as ProcessDefaultHardErrorMode has it, where the lowest bit asks for message boxes.
constexpr DWORD hard_error_mode(DWORD error_mode) {
  return error_mode ^ SEM_FAILCRITICALERRORS;
}

// False for a bit that is none of the three; the mode then stays.
inline bool set_thread_error_mode(DWORD mode, DWORD* old_mode) {
  constexpr DWORD known =
      RTL_ERRORMODE_FAILCRITICALERRORS | RTL_ERRORMODE_NOGPFAULTERRORBOX | RTL_ERRORMODE_NOOPENFILEERRORBOX;
  if ((mode & ~known) != 0) return false;
  if (old_mode != nullptr) *old_mode = thread::teb().HardErrorMode;
  thread::teb().HardErrorMode = mode;
  return true;
}

}  // namespace hmodule::nt
