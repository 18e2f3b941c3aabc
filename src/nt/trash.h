// The person's trash, as the freedesktop.org Trash Specification has it: where deleted files can be had back from.
#pragma once

#include "base/result.h"

#include <string_view>

namespace hmodule::nt {

// Takes the file or directory away from its place. NOT_SAME_DEVICE: it is not on the file system of the trash, which
// is in $XDG_DATA_HOME (~/.local/share).
Status move_to_trash(std::u16string_view name);

}  // namespace hmodule::nt
