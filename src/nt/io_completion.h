// I/O completion ports: a queue of packets that threads wait for.
#pragma once

#include "nt/waitable.h"

#include <deque>
#include <vector>

namespace hmodule::nt {

inline constexpr ACCESS_MASK IO_COMPLETION_QUERY_STATE = 0x1, IO_COMPLETION_MODIFY_STATE = 0x2,
                             IO_COMPLETION_ALL_ACCESS = 0x1F0003;

struct CompletionPacket {
  ULONG_PTR key, value;  // the value is the OVERLAPPED's address by custom
  NTSTATUS status;
  ULONG_PTR information;
};

class IoCompletion : public Waitable {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  bool signalled(const Dispatcher&, const Thread*) const override { return !packets_.empty() || abandoned_; }
  void last_handle_closed() override;

  virtual void post(const CompletionPacket& packet);
  // Waits for at least one packet and takes up to `most`. STATUS_TIMEOUT, STATUS_USER_APC, and STATUS_ABANDONED_WAIT_0
  // when the last handle is closed meanwhile, come without any.
  NTSTATUS remove(std::vector<CompletionPacket>& packets, std::size_t most, bool alertable, Timeout timeout);
  LONG depth() const;

 private:
  std::deque<CompletionPacket> packets_;
  bool abandoned_ = false;
};

}  // namespace hmodule::nt
