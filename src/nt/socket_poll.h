// Which of these sockets are ready, now or as soon as one is? The driver of sockets (\Device\Afd) answers that once per
// request, for whatever is true then, as poll() does. Event loops live on it: wepoll and mio ask a file of the device
// itself, libuv asks some socket.
//
// A request that has to wait is in the list of the file it was sent to, which cancels it, and in those of its sockets,
// which look at it after every change. A socket's state is read under its own lock with the request's held; the
// request is ended with neither.
#pragma once

#include "nt/pending_io.h"
#include "nt/socket.h"
#include "win/afd.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hmodule::nt {

class SocketPoll : public std::enable_shared_from_this<SocketPoll> {
 public:
  struct Entry {
    HANDLE handle;
    Ref<Socket> socket;
    ULONG wanted;
  };
  SocketPoll(const AFD_POLL_INFO& asked, std::vector<Entry> entries, SocketPolls& list);

  // The answer at once, or STATUS_PENDING.
  Result<IoResult> start(PendingIo operation);
  // Ends it if one of its sockets is ready.
  void look();
  // False: it has ended already.
  bool end(NTSTATUS status);
  bool exclusive() const { return asked_.Exclusive != 0; }

 private:
  friend class SocketPolls;
  std::vector<AFD_POLL_HANDLE_INFO> ready() const;
  IoResult answer(NTSTATUS status, std::span<const AFD_POLL_HANDLE_INFO> ready) const;
  void finish(NTSTATUS status, std::span<const AFD_POLL_HANDLE_INFO> ready);
  void leave();

  const AFD_POLL_INFO asked_;
  const std::vector<Entry> entries_;
  SocketPolls& list_;  // a part of the file in operation_
  std::int64_t due_ = INT64_MAX;
  KernelMutex mutex_;  // guards the rest
  bool ended_ = false;
  PendingIo operation_;
};

// The device, by any name below \Device\Afd; nothing if it is another name.
bool is_afd_name(std::u16string_view name);
Result<OpenedFile> open_afd(const FileRequest& request);

}  // namespace hmodule::nt
