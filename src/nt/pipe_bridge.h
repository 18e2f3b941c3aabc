// An end of a named pipe for somebody outside this process. Named pipes live in their process; whoever else has an end
// of one has a socket or a pipe of Linux in its place, and threads of ours carry the data between the two.
#pragma once

#include "nt/named_pipe.h"
#include "nt/unique_fd.h"

namespace hmodule::nt {

// What goes along the descriptors: plain bytes; or messages, each with its length before it, and at the end the word
// that tells a disconnected pipe from a closed one.
enum class BridgeFormat : std::uint8_t { bytes, messages };

struct Bridge {
  Ref<NamedPipe> pipe;
  BridgeFormat format = BridgeFormat::bytes;
  UniqueFd out = {};  // gets what is read from the pipe; may be none
  UniqueFd in = {};   // what comes from here is written to the pipe; may be none
};

// From now on the end stays open as if by a handle, until the descriptors' other side is closed or the pipe is.
// INSUFFICIENT_RESOURCES.
Status start_bridge(Bridge bridge);

// The bridged end as a child's standard handle: a pipe of Linux that the child reads (`reads`) or writes.
Result<UniqueFd> bridge_one_way(Ref<NamedPipe> pipe, bool reads);
// And for both directions: a socket.
Result<UniqueFd> bridge_both_ways(Ref<NamedPipe> pipe);

}  // namespace hmodule::nt
