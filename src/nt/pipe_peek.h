// Looking into a pipe of the host without taking anything out.
#pragma once

#include "nt/file.h"

namespace hmodule::nt {

ULONG bytes_in_pipe(int descriptor);
// FSCTL_PIPE_PEEK: a FILE_PIPE_PEEK_BUFFER and as much data as fits. PIPE_BROKEN when the pipe is empty and nobody
// will write to it again.
Result<IoResult> peek_host_pipe(int descriptor, std::span<std::byte> out);

}  // namespace hmodule::nt
