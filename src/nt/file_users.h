// Who has a file open: what the restart manager tells programs whose own open was refused.
#pragma once

#include "base/result.h"
#include "nt/file_control.h"

#include <span>
#include <vector>

namespace hmodule::nt {

// The processes with a descriptor for one of the files, in ascending order, as far as Linux lets us look: others' are
// shown to root only.
std::vector<DWORD> processes_using(std::span<const FileKey> files);

}  // namespace hmodule::nt
