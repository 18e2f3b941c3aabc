#include "nt/socket_poll.h"

#include "base/scope_guard.h"
#include "base/utf.h"
#include "nt/alarm.h"
#include "nt/clock.h"
#include "nt/handle_table.h"
#include "nt/socket_watcher.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <typeinfo>

namespace hmodule::nt {
namespace {

Result<Ref<Socket>> socket_behind(HANDLE handle) {
  Ref<File> file = TRY(object_of<File>(handle, 0));
  const File& object = *file;
  if (typeid(object) != typeid(Socket)) return fail(STATUS_INVALID_HANDLE, "{} is no socket", handle);
  return Ref<Socket>::adopt(static_cast<Socket*>(file.detach()));
}

constexpr std::size_t size_of(std::size_t handles) {
  return sizeof(AFD_POLL_INFO) + handles * sizeof(AFD_POLL_HANDLE_INFO);
}

}  // namespace

SocketPoll::SocketPoll(const AFD_POLL_INFO& asked, std::vector<Entry> entries, SocketPolls& list)
    : asked_(asked), entries_(std::move(entries)), list_(list) {
  if (asked.Timeout != INT64_MAX && asked.Timeout != 0) due_ = due_time(asked.Timeout);
}

std::vector<AFD_POLL_HANDLE_INFO> SocketPoll::ready() const {
  std::vector<AFD_POLL_HANDLE_INFO> found;
  for (const Entry& entry : entries_) {
    const Socket::Readiness is = entry.socket->readiness();
    // That the socket is gone is told whether asked for or not.
    const ULONG told = is.events & (entry.wanted | AFD_POLL_LOCAL_CLOSE);
    const bool failed = (told & AFD_POLL_CONNECT_FAIL) != 0;
    if (told != 0) found.push_back({entry.handle, told, failed ? is.connect_status : STATUS_SUCCESS});
  }
  return found;
}

IoResult SocketPoll::answer(NTSTATUS status, std::span<const AFD_POLL_HANDLE_INFO> ready) const {
  AFD_POLL_INFO header = asked_;
  header.NumberOfHandles = static_cast<ULONG>(ready.size());
  const std::span<std::byte> out = operation_.buffer;
  std::memcpy(out.data(), &header, sizeof header);
  if (!ready.empty()) std::memcpy(out.data() + sizeof header, ready.data(), ready.size_bytes());
  return {status, size_of(ready.size())};
}

Result<IoResult> SocketPoll::start(PendingIo operation) {
  std::vector<std::shared_ptr<SocketPoll>> displaced;
  const ScopeGuard end_them([&] {
    for (const auto& poll : displaced) poll->end(STATUS_SUCCESS);
  });
  const std::lock_guard guard(mutex_);  // nobody ends it before it has begun
  operation_ = std::move(operation);
  ScopeGuard leave_them([&] {
    ended_ = true;
    leave();
  });
  for (const Entry& entry : entries_)
    if (auto other = TRY(entry.socket->add_poll(shared_from_this()))) displaced.push_back(std::move(other));
  const auto found = ready();
  if (found.empty() && asked_.Timeout != 0) {
    leave_them.dismiss();
    operation_.file->set_signalled(false);
    list_.add(shared_from_this());
    if (due_ != INT64_MAX) watch_time(due_, shared_from_this());
    return IoResult{STATUS_PENDING, 0};
  }
  return answer(STATUS_SUCCESS, found);
}

void SocketPoll::leave() {
  for (const Entry& entry : entries_) entry.socket->remove_poll(*this);
}

void SocketPoll::look() {
  std::vector<AFD_POLL_HANDLE_INFO> found;
  {
    const std::lock_guard guard(mutex_);
    if (ended_ || (found = ready()).empty()) return;
    ended_ = true;
  }
  finish(STATUS_SUCCESS, found);
}

bool SocketPoll::end(NTSTATUS status) {
  {
    const std::lock_guard guard(mutex_);
    if (std::exchange(ended_, true)) return false;
  }
  finish(status, {});
  return true;
}

// Called once, by who set ended_: the rest is its own from then on.
void SocketPoll::finish(NTSTATUS status, std::span<const AFD_POLL_HANDLE_INFO> ready) {
  const auto self = shared_from_this();
  leave();
  list_.remove(*this);
  if (due_ != INT64_MAX) forget_time(due_, *this);
  const IoResult result = status < 0 ? IoResult{status, 0} : answer(status, ready);
  const Ref<File> file = std::move(operation_.file);  // which list_ is a part of
  file->complete(operation_.notice, result, true);
}

// --- those of one file ---

Result<IoResult> SocketPolls::start(File& file, std::span<const std::byte> in, std::span<std::byte> out,
                                    IoNotice& notice) {
  AFD_POLL_INFO asked;
  if (in.size() < sizeof asked || out.size() < in.size())
    return fail(STATUS_INVALID_PARAMETER, "{} bytes to ask, {} for the answer", in.size(), out.size());
  std::memcpy(&asked, in.data(), sizeof asked);
  if (asked.NumberOfHandles == 0 || in.size() < size_of(asked.NumberOfHandles))
    return fail(STATUS_INVALID_PARAMETER, "{} handles in {} bytes", asked.NumberOfHandles, in.size());
  std::vector<SocketPoll::Entry> entries(asked.NumberOfHandles);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    AFD_POLL_HANDLE_INFO info;
    std::memcpy(&info, in.data() + size_of(i), sizeof info);
    entries[i] = {info.Handle, TRY(socket_behind(info.Handle)), info.Events};
  }
  const auto poll = std::make_shared<SocketPoll>(asked, std::move(entries), *this);
  if (!file.synchronous()) return poll->start({Ref<File>::share(file), notice, out});
  IO_STATUS_BLOCK block = {};
  const Ref<Event> end = make_object<Event>(Event::Kind::notification, false);
  const IoResult begun = TRY(poll->start({Ref<File>::share(file), {.status_block = &block, .event = end}, out}));
  if (begun.status != STATUS_PENDING) return begun;
  wait_one(*end, false, std::nullopt);
  if (block.Status < 0) return fail(block.Status, "the poll was cancelled");
  return IoResult{block.Status, block.Information};
}

void SocketPolls::add(std::shared_ptr<SocketPoll> poll) {
  const std::lock_guard guard(mutex_);
  list_.push_back(std::move(poll));
}

void SocketPolls::remove(const SocketPoll& poll) {
  const std::lock_guard guard(mutex_);
  std::erase_if(list_, [&](const auto& each) { return each.get() == &poll; });
}

bool SocketPolls::cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) {
  std::vector<std::shared_ptr<SocketPoll>> chosen;
  {
    const std::lock_guard guard(mutex_);
    chosen = list_;
  }
  bool any = false;
  for (const auto& poll : chosen) {
    const IoNotice& notice = poll->operation_.notice;
    if ((thread == nullptr || notice.thread.get() == thread) &&
        (status_block == nullptr || notice.status_block == status_block))
      any |= poll->end(STATUS_CANCELLED);
  }
  return any;
}

// --- the device ---

namespace {

// It has polls alone: what else its requests do, ws2_32 does without it.
class AfdDevice final : public File {
 public:
  AfdDevice(ACCESS_MASK access, ULONG options) : File(access, options) {}
  ULONG device_type() const override { return FILE_DEVICE_NAMED_PIPE; }  // as sockets have it

  Result<IoResult> control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                           IoNotice& notice) override {
    return code == IOCTL_AFD_POLL ? polls_.start(*this, in, out, notice) : File::control(code, in, out, notice);
  }
  bool cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) override {
    return polls_.cancel(thread, status_block);
  }

 private:
  SocketPolls polls_;
};

constexpr std::u16string_view kName = u"\\DEVICE\\AFD";

}  // namespace

bool is_afd_name(std::u16string_view name) {
  return upcase(name.substr(0, kName.size())) == kName && (name.size() == kName.size() || name[kName.size()] == u'\\');
}

Result<OpenedFile> open_afd(const FileRequest& request) {
  return OpenedFile{make_object<AfdDevice>(request.access, request.options), FILE_OPENED};
}

}  // namespace hmodule::nt
