// The process as a Windows program sees it: image path, command line, environment, current directory. All of it lives
// in RTL_USER_PROCESS_PARAMETERS (DESIGN D3), where DLL code may read it; this is how it gets there and changes.
//
// Environment and current directory begin as copies of the host's and are separate from then on: setenv() and chdir()
// in the host do not reach DLLs, nor the other way round.
#pragma once

#include "base/result.h"
#include "path/dos_path.h"
#include "win/teb.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hmodule::nt {

// Fills what thread::peb() left open: the process heap and the parameters, from the Linux process. Idempotent.
void set_up_process();

// For a program that is run rather than a host that loads DLLs: `image` is its full Windows name.
void set_program(std::u16string_view image, std::span<const std::u16string> arguments);

// The PEB lock (PEB.FastPebLock), which guards the parameters. Recursive.
class PebLock {
 public:
  PebLock();
  ~PebLock();
  PebLock(const PebLock&) = delete;
  PebLock& operator=(const PebLock&) = delete;
};
void acquire_peb_lock();
void release_peb_lock();

// The command line in the ANSI code page. Lives for ever.
const char* command_line_a();

// --- Environment ---
std::optional<std::u16string> environment_variable(std::u16string_view name);
Status set_environment_variable(std::u16string_view name, std::optional<std::u16string_view> value);
std::u16string environment_block();  // a copy, with both terminators
std::u16string expand_environment_strings(std::u16string_view text);
// `block` ends with both terminators.
void replace_environment(std::u16string_view block);
// RtlSetCurrentEnvironment: a block on the process heap, which becomes ours, for the one we had.
char16_t* exchange_environment(char16_t* block);

// --- Current directory ---
// With a trailing backslash, as the parameters have it.
std::u16string current_directory();
// OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, NOT_A_DIRECTORY.
Status set_current_directory(std::u16string_view name);
// path::full_path() with this process's current directories.
Result<std::u16string> full_path(std::u16string_view name);

}  // namespace hmodule::nt
