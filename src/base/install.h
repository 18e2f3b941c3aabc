// Where this library was put, and what lies beside it.
#pragma once

#include <string>

namespace hmodule {

// The directory of the PE system DLLs (the C and C++ runtimes), as a Linux path; empty when there is none. In order:
// the environment variable HMODULE_SYSTEM32, the places relative to the object file that holds this code, the place
// `cmake --install` used. Looked up once.
const std::string& pe_system32_directory();

// The command `hmodule`, which runs Windows programs (as a child process: a Linux path); empty when it is not there. In
// order: the environment variable HMODULE_COMMAND, the places relative to this object file. Looked up once.
const std::string& command_path();

}  // namespace hmodule
