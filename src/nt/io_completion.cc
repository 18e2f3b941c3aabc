#include "nt/io_completion.h"

#include "nt/clock.h"

namespace hmodule::nt {

const ObjectType IoCompletion::kType = {u"IoCompletion", 0x20001, 0x20002, 0x120000, IO_COMPLETION_ALL_ACCESS};

void IoCompletion::last_handle_closed() {
  const Dispatcher lock;
  abandoned_ = true;
  satisfy_waiters(lock);
}

void IoCompletion::post(const CompletionPacket& packet) {
  const Dispatcher lock;
  packets_.push_back(packet);
  satisfy_waiters(lock);
}

NTSTATUS IoCompletion::remove(std::vector<CompletionPacket>& packets, std::size_t most, bool alertable,
                              Timeout timeout) {
  // A relative time becomes an absolute one, as a packet may be gone again when this thread comes for it.
  const std::int64_t until = timeout && *timeout < 0 ? interrupt_time() - *timeout : 0;
  for (;;) {
    {
      const Dispatcher lock;
      while (!packets_.empty() && packets.size() < most) {
        packets.push_back(packets_.front());
        packets_.pop_front();
      }
      if (!packets.empty()) return STATUS_SUCCESS;
      if (abandoned_) return STATUS_ABANDONED_WAIT_0;
    }
    if (const NTSTATUS status = wait_one(*this, alertable, timeout); status != STATUS_SUCCESS) return status;
    if (until != 0) timeout = std::min<std::int64_t>(interrupt_time() - until, 0);
  }
}

LONG IoCompletion::depth() const {
  const Dispatcher lock;
  return static_cast<LONG>(packets_.size());
}

}  // namespace hmodule::nt
