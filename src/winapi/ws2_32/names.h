// Answers of the host's resolver.
#pragma once

#include "winapi/ws2_32/sockets.h"

namespace hmodule::winapi {

// For an EAI_ code of the host: Windows' are Winsock's.
DWORD resolver_code(int error);

}  // namespace hmodule::winapi
