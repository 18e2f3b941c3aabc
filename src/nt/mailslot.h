// Mailslots, between the processes of one user.
//
// A mailslot is a datagram socket of Linux in the session's directory; its name there ends with the largest message
// that it takes, which writers must know. A thread of the server's fetches what comes, so that no writer ever waits.
// The socket of a server that was killed refuses connections, and is removed by whoever finds it.
#pragma once

#include "nt/file.h"

namespace hmodule::nt {

struct MailslotRequest {
  std::u16string_view name = {};   // below \Device\Mailslot\, as in \\.\mailslot\name
  ULONG maximum_message = 0;       // 0: any size
  LARGE_INTEGER read_timeout = 0;  // 100 ns, negative; 0: reads do not wait
};
inline constexpr LARGE_INTEGER kMailslotWaitForever = -1;

// OBJECT_NAME_COLLISION: there is one.
Result<Ref<File>> create_mailslot(const MailslotRequest& request);
// A writer's open: OBJECT_NAME_NOT_FOUND, SHARING_VIOLATION.
Result<OpenedFile> open_mailslot(std::u16string_view name, const FileRequest& request);

}  // namespace hmodule::nt
