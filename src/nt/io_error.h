// What Linux answers, in NTSTATUS: the codes Windows programs compare with.
#pragma once

#include "base/result.h"

#include <string_view>

namespace hmodule::nt {

// For a system call on an open file. `error` is an errno value.
NTSTATUS status_from_errno(int error);

// An Error for the current errno: "open /tmp/x: No such file or directory".
[[nodiscard]] Error fail_errno(std::string_view operation, std::string_view subject = {});

}  // namespace hmodule::nt
