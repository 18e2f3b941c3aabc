// Starting other processes: native Linux programs, and Windows ones, which the `hmodule` command runs (DESIGN D11).
//
// The child is an ordinary Linux child. A watcher thread waits for its end and then signals the process object and its
// thread's. Linux keeps eight bits of an exit status; a Windows program started from here sends all 32 through a pipe.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "nt/inheritance.h"
#include "nt/process.h"
#include "nt/thread.h"

namespace hmodule::nt {

struct ProcessRequest {
  std::u16string image;                            // full Windows path of the program
  std::u16string command_line;                     // a native program gets it split by the rules of CommandLineToArgvW
  std::optional<std::u16string> environment = {};  // a block; none: a copy of this process's
  std::u16string directory = {};                   // empty: this process's
  std::array<HANDLE, 3> standard = {};             // input, output, error
  bool inherit_handles = false;                    // the rest; only a Windows program can
  std::optional<std::vector<HANDLE>> inherited = {};  // if only these
  StartInfo info = {};
  bool suspended = false;
  bool own_group = false;  // CREATE_NEW_PROCESS_GROUP
};

struct NewProcess {
  Ref<Process> process;
  Ref<Thread> thread;  // stands for all of the process's threads
};

// OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, ACCESS_DENIED, INVALID_IMAGE_FORMAT (neither native nor a Windows
// program), INVALID_PARAMETER (a handle that cannot be inherited), NO_MEMORY.
Result<NewProcess> create_process(const ProcessRequest& request);

// Before anything else opens a handle: takes what the parent tells and gives to a program that it starts. False if this
// process was not started from here.
bool take_from_parent();
// The raw command line that the parent gave.
const std::optional<std::u16string>& command_line_from_parent();
// Before the process ends: the whole exit code, for a parent that listens.
void tell_parent(DWORD exit_code);

}  // namespace hmodule::nt
