#include "nt/socket.h"

#include <unistd.h>

namespace hmodule::nt {

// Windows' sockets are files of the device \Device\Afd.
const ObjectType Socket::kType = {u"File", 0x120089, 0x120116, 0x1200A0, 0x1F01FF};

Socket::~Socket() {
  close(fd_);
}

}  // namespace hmodule::nt
