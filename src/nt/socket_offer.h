// A socket on its way to another process of the user, which knows a number and takes it by that, once. Until then, or
// until one of the two processes ends, a thread of ours keeps it and waits behind a socket of the session's.
#pragma once

#include "nt/socket.h"

namespace hmodule::nt {

// The number, never a handle's. INVALID_CID: there is no such process.
Result<DWORD> offer_socket(const Socket& socket, DWORD process);
// OBJECT_NAME_NOT_FOUND: nothing is on its way to this process by that number. `options` of the new file.
Result<Ref<Socket>> take_offered_socket(DWORD number, ULONG options);

}  // namespace hmodule::nt
