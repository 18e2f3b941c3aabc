#include "nt/named_pipe.h"

#include "base/service_thread.h"
#include "base/utf.h"
#include "nt/io_buffer.h"
#include "nt/io_wait.h"
#include "nt/kernel_condition.h"
#include "nt/pending_io.h"
#include "nt/pipe_wire.h"
#include "nt/session.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

namespace hmodule::nt {
namespace {

class PipeEnd;

struct Message {
  std::vector<std::byte> data;
  std::size_t read = 0;
  std::optional<PendingIo> writer = {};  // over quota, overlapped
  std::shared_ptr<bool> consumed = {};   // over quota, blocking
  bool sent = false;                     // along the wire
  std::size_t rest() const { return data.size() - read; }
};

// One direction.
struct Channel {
  std::deque<Message> messages;
  std::deque<PendingIo> readers;
  ULONG quota = 0;
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Message& message : messages) sum += message.rest();
    return sum;
  }
};

enum Side : unsigned { kServer = 0, kClient = 1 };
Side other(Side side) {
  return side == kServer ? kClient : kServer;
}

class Pipe;

// What the two ends share.
struct Instance {
  std::shared_ptr<Pipe> pipe;
  KernelMutex mutex;
  KernelCondition changed;
  ULONG state = FILE_PIPE_LISTENING_STATE;
  bool message_type = false;
  Channel to[2];         // to[kServer] is what the server reads
  PipeEnd* end[2] = {};  // the living ends
  ULONG read_mode[2] = {};
  std::deque<PendingIo> listeners;
  std::shared_ptr<PipeWire> wire;  // to the process that has the end `remote`, which a PipeEnd here stands for
  Side remote = kClient;
  DWORD process[2] = {};  // of the ends

  bool goes_out(Side reader) const { return wire && reader == remote; }
};

// A name.
class Pipe {
 public:
  explicit Pipe(const PipeRequest& first) : name_(first.name), request_(first) { request_.name = name_; }
  const std::u16string name_;
  PipeRequest request_;
  std::vector<std::weak_ptr<Instance>> instances_;
  std::unique_ptr<PipeListener> listener_;  // none: other processes do not see the name
};

struct Registry {
  KernelMutex mutex;
  KernelCondition listening;
  std::map<std::u16string, std::weak_ptr<Pipe>> pipes;  // by upper-case name

  std::shared_ptr<Pipe> find(std::u16string_view name) {
    const auto found = pipes.find(upcase(name));
    return found == pipes.end() ? nullptr : found->second.lock();
  }
};
Registry& registry() {
  static auto* const instance = new Registry;
  return *instance;
}

std::vector<std::shared_ptr<Instance>> living_instances(Pipe& pipe) {
  std::vector<std::shared_ptr<Instance>> living;
  std::erase_if(pipe.instances_, [](const auto& each) { return each.expired(); });
  for (const auto& each : pipe.instances_)
    if (auto instance = each.lock()) living.push_back(std::move(instance));
  return living;
}

ULONG count_instances(Pipe& pipe) {
  const std::lock_guard guard(registry().mutex);
  return static_cast<ULONG>(living_instances(pipe).size());
}

class PipeEnd final : public NamedPipe {
 public:
  PipeEnd(std::shared_ptr<Instance> instance, Side side, ACCESS_MASK access, ULONG options, ULONG completion_mode)
      : NamedPipe(access, options), instance_(std::move(instance)), side_(side), completion_mode_(completion_mode) {}
  ~PipeEnd() override { close(); }
  void last_handle_closed() override { close(); }

  Result<IoResult> read(std::span<std::byte> buffer, std::optional<std::uint64_t>, IoNotice& notice) override {
    if (!synchronous()) return read(buffer, &notice, nullptr);
    const IoWait wait(notice.status_block);
    return read(buffer, nullptr, &wait);
  }
  Result<IoResult> write(std::span<const std::byte> data, std::optional<std::uint64_t>, IoNotice& notice) override {
    if (!synchronous()) return write(data, &notice, nullptr);
    const IoWait wait(notice.status_block);
    return write(data, nullptr, &wait);
  }
  Result<IoResult> receive(std::span<std::byte> buffer) override { return read(buffer, nullptr, nullptr); }
  Result<IoResult> send(std::span<const std::byte> data) override { return write(data, nullptr, nullptr); }
  DWORD server_process() const override { return process_of(kServer); }
  DWORD client_process() const override { return process_of(kClient); }
  // What the wire brings for an end that stands for one far away.
  void carry_message(std::vector<std::byte> data);
  void carry_consumed(std::size_t bytes, std::size_t messages);
  Status disconnect();
  Status flush() override;
  Result<IoResult> query(FILE_INFORMATION_CLASS what, std::span<std::byte> out) override;
  Status set(FILE_INFORMATION_CLASS what, std::span<const std::byte> in) override;
  Result<IoResult> control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                           IoNotice& notice) override;
  bool cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) override;
  ULONG device_type() const override { return FILE_DEVICE_NAMED_PIPE; }

 private:
  Channel& incoming() { return instance_->to[side_]; }
  Channel& outgoing() { return instance_->to[other(side_)]; }
  bool nonblocking() const { return completion_mode_ == FILE_PIPE_COMPLETE_OPERATION; }
  PendingIo pending(IoNotice& notice, std::span<std::byte> buffer = {});
  // Without a notice the caller waits; if it can be cancelled, there is a `wait`.
  Result<IoResult> read(std::span<std::byte> buffer, IoNotice* notice, const IoWait* wait);
  Result<IoResult> write(std::span<const std::byte> data, IoNotice* notice, const IoWait* wait);
  template <typename Predicate>
  Status wait_until(std::unique_lock<KernelMutex>& guard, const IoWait* wait, Predicate done);

  std::optional<IoResult> take_data(std::span<std::byte> buffer, FinishedIo& finished);
  Status why_no_data() const;
  Status may_write() const;
  static void pop(Channel& channel, FinishedIo& finished);
  static void take_back(Channel& channel, const std::shared_ptr<bool>& consumed);
  void feed_readers(Channel& channel, Side reader, FinishedIo& finished);
  Result<IoResult> listen(IoNotice& notice);
  DWORD process_of(Side side) const;
  void pump(std::size_t quota);
  Result<IoResult> peek(std::span<std::byte> out);
  Result<IoResult> transceive(std::span<const std::byte> in, std::span<std::byte> out, IoNotice& notice);
  IoResult local_information(std::span<std::byte> out);
  ULONG current_instances() const;
  void close();
  void close_wire();
  static void fail_all(std::deque<PendingIo>& operations, NTSTATUS status, FinishedIo& finished);
  static void drop(Channel& channel, NTSTATUS status, FinishedIo& finished);

  const std::shared_ptr<Instance> instance_;
  const Side side_;
  std::atomic<ULONG> completion_mode_;
  bool closed_ = false;  // guarded by the instance's mutex
};

PendingIo PipeEnd::pending(IoNotice& notice, std::span<std::byte> buffer) {
  set_signalled(false);
  return {Ref<File>::share(*this), notice, buffer};
}

// Under the instance's lock: what is there, or nothing.
std::optional<IoResult> PipeEnd::take_data(std::span<std::byte> buffer, FinishedIo& finished) {
  Channel& channel = incoming();
  if (channel.messages.empty() || instance_->end[side_] != this) return std::nullopt;
  const bool by_message = instance_->read_mode[side_] == FILE_PIPE_MESSAGE_MODE;
  std::size_t done = 0, whole = 0;
  bool cut = false;
  while (!channel.messages.empty()) {
    Message& message = channel.messages.front();
    const std::size_t count = std::min(message.rest(), buffer.size() - done);
    std::copy_n(message.data.begin() + static_cast<std::ptrdiff_t>(message.read), count,
                buffer.begin() + static_cast<std::ptrdiff_t>(done));
    message.read += count;
    done += count;
    cut = message.rest() != 0;
    if (cut) break;
    pop(channel, finished);
    ++whole;
    if (by_message || done == buffer.size()) break;
  }
  if (instance_->goes_out(other(side_))) instance_->wire->send_consumed(done, whole);
  if (whole != 0) instance_->changed.notify_all();
  return IoResult{cut && by_message ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, done};
}

void PipeEnd::pop(Channel& channel, FinishedIo& finished) {
  Message& message = channel.messages.front();
  if (message.writer) finished.add(*std::move(message.writer), {STATUS_SUCCESS, message.data.size()});
  if (message.consumed) *message.consumed = true;
  channel.messages.pop_front();
}

// Under the instance's lock: sends what the quota lets go, and the first in any case.
void PipeEnd::pump(std::size_t quota) {
  if (!instance_->goes_out(other(side_))) return;
  std::size_t on_the_way = 0;
  for (Message& message : outgoing().messages) {
    if (!message.sent) {
      if (on_the_way != 0 && on_the_way + message.rest() > quota) break;
      instance_->wire->send_message(message.data);
      message.sent = true;
    }
    on_the_way += message.rest();
  }
}

void PipeEnd::carry_message(std::vector<std::byte> data) {
  FinishedIo finished;
  const std::lock_guard guard(instance_->mutex);
  if (instance_->end[side_] != this) return;  // disconnected
  outgoing().messages.push_back({std::move(data)});
  feed_readers(outgoing(), other(side_), finished);
  instance_->changed.notify_all();
}

void PipeEnd::carry_consumed(std::size_t bytes, std::size_t messages) {
  FinishedIo finished;
  const std::lock_guard guard(instance_->mutex);
  if (instance_->end[side_] != this) return;
  Channel& channel = incoming();
  for (; messages != 0 && !channel.messages.empty(); --messages) {
    bytes -= std::min(bytes, channel.messages.front().rest());
    pop(channel, finished);
  }
  if (!channel.messages.empty()) {
    Message& first = channel.messages.front();
    first.read += std::min(bytes, first.rest());
  }
  if (PipeEnd* const writer = instance_->end[other(side_)]) writer->pump(channel.quota);
  instance_->changed.notify_all();
}

Status PipeEnd::why_no_data() const {
  // A client that was disconnected stays so, though the instance may serve the next one.
  if (instance_->end[side_] != this) return fail(STATUS_PIPE_DISCONNECTED, "this end was disconnected");
  switch (instance_->state) {
    case FILE_PIPE_CONNECTED_STATE:
      return ok;
    case FILE_PIPE_LISTENING_STATE:
      return fail(STATUS_PIPE_LISTENING, "no client is connected to the pipe yet");
    case FILE_PIPE_DISCONNECTED_STATE:
      return fail(STATUS_PIPE_DISCONNECTED, "the pipe is disconnected");
    default:
      return fail(STATUS_PIPE_BROKEN, "the other end of the pipe is closed");
  }
}

Status PipeEnd::may_write() const {
  if (instance_->end[side_] == this && instance_->state == FILE_PIPE_CLOSING_STATE)
    return fail(STATUS_PIPE_CLOSING, "nobody reads this pipe any more");
  return why_no_data();
}

// CANCELLED.
template <typename Predicate>
Status PipeEnd::wait_until(std::unique_lock<KernelMutex>& guard, const IoWait* wait, Predicate done) {
  while (!done()) {
    if (wait != nullptr && wait->cancelled()) return fail(STATUS_CANCELLED, "the operation was cancelled");
    instance_->changed.wait(guard, wait);
  }
  return ok;
}

Result<IoResult> PipeEnd::read(std::span<std::byte> buffer, IoNotice* notice, const IoWait* wait) {
  FinishedIo finished;
  std::unique_lock guard(instance_->mutex);
  for (;;) {
    if (incoming().readers.empty())
      if (const auto result = take_data(buffer, finished)) return *result;
    TRY(why_no_data());
    if (nonblocking()) return fail(STATUS_PIPE_EMPTY, "the pipe is empty");
    if (notice != nullptr) {
      incoming().readers.push_back(pending(*notice, buffer));
      return IoResult{STATUS_PENDING, 0};
    }
    if (wait != nullptr && wait->cancelled()) return fail(STATUS_CANCELLED, "the read was cancelled");
    instance_->changed.wait(guard, wait);
  }
}

// Hands queued data to readers who wait for it.
void PipeEnd::feed_readers(Channel& channel, Side reader, FinishedIo& finished) {
  PipeEnd* const end = instance_->end[reader];
  while (end != nullptr && !channel.readers.empty() && !channel.messages.empty()) {
    PendingIo operation = std::move(channel.readers.front());
    channel.readers.pop_front();
    const IoResult result = end->take_data(operation.buffer, finished).value_or(IoResult{});
    finished.add(std::move(operation), result);
  }
}

Result<IoResult> PipeEnd::write(std::span<const std::byte> data, IoNotice* notice, const IoWait* wait) {
  FinishedIo finished;
  std::unique_lock guard(instance_->mutex);
  TRY(may_write());
  if (data.empty() && !instance_->message_type) return IoResult{};
  Channel& channel = outgoing();
  const std::size_t queued = channel.bytes();
  const bool fits = queued == 0 || queued + data.size() <= channel.quota;
  if (!fits && nonblocking()) return IoResult{};  // nothing written
  channel.messages.push_back({{data.begin(), data.end()}});
  pump(channel.quota);
  feed_readers(channel, other(side_), finished);
  instance_->changed.notify_all();
  // A first message longer than the quota goes through at once: there is nobody to protect from it.
  if (fits || channel.messages.empty()) return IoResult{STATUS_SUCCESS, data.size()};
  Message& mine = channel.messages.back();
  if (notice != nullptr) {
    mine.writer = pending(*notice);
    return IoResult{STATUS_PENDING, 0};
  }
  const std::shared_ptr<bool> consumed = mine.consumed = std::make_shared<bool>(false);
  const Status waited =
      wait_until(guard, wait, [&] { return *consumed || instance_->state != FILE_PIPE_CONNECTED_STATE; });
  if (!waited) {
    take_back(channel, consumed);
    return waited.error();
  }
  if (!*consumed) TRY(may_write());
  return IoResult{STATUS_SUCCESS, data.size()};
}

// A blocking writer's message, if it is not on its way already.
void PipeEnd::take_back(Channel& channel, const std::shared_ptr<bool>& consumed) {
  std::erase_if(channel.messages,
                [&](const Message& message) { return message.consumed == consumed && !message.sent; });
}

Status PipeEnd::flush() {
  const IoWait wait(nullptr);
  std::unique_lock guard(instance_->mutex);
  TRY(wait_until(guard, &wait,
                 [&] { return outgoing().messages.empty() || instance_->state != FILE_PIPE_CONNECTED_STATE; }));
  if (!outgoing().messages.empty()) return fail(STATUS_PIPE_BROKEN, "the other end closed before it read everything");
  return ok;
}

// ConnectNamedPipe.
Result<IoResult> PipeEnd::listen(IoNotice& notice) {
  if (side_ != kServer) return fail(STATUS_ILLEGAL_FUNCTION, "only the server's end listens");
  {
    std::unique_lock guard(instance_->mutex);
    if (instance_->state == FILE_PIPE_CONNECTED_STATE)
      return fail(STATUS_PIPE_CONNECTED, "a client is connected already");
    if (instance_->state == FILE_PIPE_CLOSING_STATE)
      return fail(STATUS_PIPE_CLOSING, "the client has gone; disconnect first");
    instance_->state = FILE_PIPE_LISTENING_STATE;
  }
  {
    const std::lock_guard guard(registry().mutex);  // so that wait_for_pipe() does not miss it
    registry().listening.notify_all();
  }
  std::unique_lock guard(instance_->mutex);
  if (instance_->state == FILE_PIPE_LISTENING_STATE) {
    if (nonblocking()) return fail(STATUS_PIPE_LISTENING, "no client yet");
    if (!synchronous()) {
      instance_->listeners.push_back(pending(notice));
      return IoResult{STATUS_PENDING, 0};
    }
    const IoWait wait(notice.status_block);
    TRY(wait_until(guard, &wait, [&] { return instance_->state != FILE_PIPE_LISTENING_STATE; }));
  }
  if (instance_->state == FILE_PIPE_DISCONNECTED_STATE) return fail(STATUS_PIPE_DISCONNECTED, "disconnected meanwhile");
  return IoResult{};
}

Status PipeEnd::disconnect() {
  if (side_ != kServer) return fail(STATUS_ILLEGAL_FUNCTION, "only the server's end disconnects");
  FinishedIo finished;
  const std::lock_guard guard(instance_->mutex);
  if (instance_->state == FILE_PIPE_DISCONNECTED_STATE) return fail(STATUS_PIPE_DISCONNECTED, "disconnected already");
  instance_->state = FILE_PIPE_DISCONNECTED_STATE;
  fail_all(instance_->listeners, STATUS_PIPE_DISCONNECTED, finished);
  for (Channel& channel : instance_->to) {
    fail_all(channel.readers, STATUS_PIPE_DISCONNECTED, finished);
    drop(channel, STATUS_PIPE_DISCONNECTED, finished);
  }
  instance_->end[kClient] = nullptr;
  instance_->process[kClient] = 0;
  if (instance_->goes_out(kClient)) instance_->wire->send_disconnected();
  close_wire();
  instance_->changed.notify_all();
  return ok;
}

void PipeEnd::close_wire() {
  if (!instance_->wire) return;
  instance_->wire->finish();
  instance_->wire.reset();
}

DWORD PipeEnd::process_of(Side side) const {
  const std::lock_guard guard(instance_->mutex);
  return instance_->process[side];
}

void PipeEnd::fail_all(std::deque<PendingIo>& operations, NTSTATUS status, FinishedIo& finished) {
  for (PendingIo& operation : operations) finished.add(std::move(operation), {status, 0});
  operations.clear();
}

void PipeEnd::drop(Channel& channel, NTSTATUS status, FinishedIo& finished) {
  for (Message& message : channel.messages)
    if (message.writer) finished.add(*std::move(message.writer), {status, 0});
  channel.messages.clear();
}

void PipeEnd::close() {
  FinishedIo finished;
  const std::lock_guard guard(instance_->mutex);
  if (std::exchange(closed_, true)) return;
  if (instance_->end[side_] == this) {
    instance_->end[side_] = nullptr;
    fail_all(incoming().readers, STATUS_CANCELLED, finished);
    drop(incoming(), STATUS_PIPE_BROKEN, finished);
    if (instance_->state == FILE_PIPE_CONNECTED_STATE) {
      instance_->state = FILE_PIPE_CLOSING_STATE;
      fail_all(outgoing().readers, STATUS_PIPE_BROKEN, finished);
    }
    if (side_ == kServer) {
      fail_all(instance_->listeners, STATUS_CANCELLED, finished);
      if (instance_->state == FILE_PIPE_LISTENING_STATE) instance_->state = FILE_PIPE_DISCONNECTED_STATE;
    }
    if (instance_->goes_out(other(side_))) {  // what is far away may still read, and say so
      pump(SIZE_MAX);
      instance_->wire->finish();
    } else {
      close_wire();
    }
  }
  instance_->changed.notify_all();
}

bool PipeEnd::cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) {
  FinishedIo finished;
  const std::lock_guard guard(instance_->mutex);
  const auto wanted = [&](const PendingIo& operation) {
    return operation.file.get() == this && (thread == nullptr || operation.notice.thread.get() == thread) &&
           (status_block == nullptr || operation.notice.status_block == status_block);
  };
  bool any = false;
  for (std::deque<PendingIo>* operations : {&incoming().readers, &instance_->listeners}) {
    for (auto at = operations->begin(); at != operations->end();) {
      if (!wanted(*at)) {
        ++at;
        continue;
      }
      finished.add(std::move(*at), {STATUS_CANCELLED, 0});
      at = operations->erase(at);
      any = true;
    }
  }
  auto& messages = outgoing().messages;
  for (auto at = messages.begin(); at != messages.end();) {
    if (!at->writer || !wanted(*at->writer)) {
      ++at;
      continue;
    }
    finished.add(*std::move(at->writer), {STATUS_CANCELLED, 0});
    at->writer.reset();
    at = at->sent ? at + 1 : messages.erase(at);  // what is on its way arrives
    any = true;
  }
  return any;
}

Result<IoResult> PipeEnd::peek(std::span<std::byte> out) {
  constexpr std::size_t kHeader = offsetof(FILE_PIPE_PEEK_BUFFER, Data);
  if (out.size() < kHeader) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for a peek", out.size());
  const std::lock_guard guard(instance_->mutex);
  const Channel& channel = incoming();
  if (channel.messages.empty()) TRY(why_no_data());
  FILE_PIPE_PEEK_BUFFER header = {instance_->state, static_cast<ULONG>(channel.bytes()), 0, 0, {}};
  if (instance_->message_type) {
    header.NumberOfMessages = static_cast<ULONG>(channel.messages.size());
    if (!channel.messages.empty()) header.MessageLength = static_cast<ULONG>(channel.messages.front().rest());
  }
  std::memcpy(out.data(), &header, kHeader);
  std::size_t done = kHeader;
  for (const Message& message : channel.messages) {
    const std::size_t count = std::min(message.rest(), out.size() - done);
    std::memcpy(out.data() + done, message.data.data() + message.read, count);
    done += count;
    if (instance_->read_mode[side_] == FILE_PIPE_MESSAGE_MODE) break;
  }
  const bool more = header.ReadDataAvailable > done - kHeader;
  return IoResult{more ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, done};
}

Result<IoResult> PipeEnd::transceive(std::span<const std::byte> in, std::span<std::byte> out, IoNotice& notice) {
  {
    const std::lock_guard guard(instance_->mutex);
    if (instance_->read_mode[side_] != FILE_PIPE_MESSAGE_MODE)
      return fail(STATUS_INVALID_READ_MODE, "a transaction needs message mode");
    if (!incoming().messages.empty()) return fail(STATUS_PIPE_BUSY, "the pipe holds an unread message");
  }
  IoNotice nobody;
  TRY(write(in, std::nullopt, nobody));
  return read(out, std::nullopt, notice);
}

Result<IoResult> PipeEnd::control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                                  IoNotice& notice) {
  switch (code) {
    case FSCTL_PIPE_LISTEN:
      return listen(notice);
    case FSCTL_PIPE_DISCONNECT:
      TRY(disconnect());
      return IoResult{};
    case FSCTL_PIPE_PEEK:
      return peek(out);
    case FSCTL_PIPE_TRANSCEIVE:
      return transceive(in, out, notice);
    default:
      return File::control(code, in, out, notice);
  }
}

// A far server that answers no more has left this end alone.
ULONG PipeEnd::current_instances() const {
  if (instance_->remote == kClient) return count_instances(*instance_->pipe);
  const auto answer =
      ask_pipe_server(instance_->pipe->name_, {.purpose = PipeHello::Purpose::count, .access = 0, .milliseconds = 0});
  return answer && answer->welcome.status >= 0 ? std::max(answer->welcome.current_instances, 1U) : 1U;
}

IoResult PipeEnd::local_information(std::span<std::byte> out) {
  const ULONG current = current_instances();
  const PipeRequest& request = instance_->pipe->request_;
  const std::lock_guard guard(instance_->mutex);
  const bool reads = (request.share & FILE_SHARE_READ) != 0, writes = (request.share & FILE_SHARE_WRITE) != 0;
  const std::size_t used = outgoing().bytes();
  const FILE_PIPE_LOCAL_INFORMATION info = {
      .NamedPipeType = request.type,
      .NamedPipeConfiguration = reads && writes ? FILE_PIPE_FULL_DUPLEX
                                : reads         ? FILE_PIPE_OUTBOUND
                                                : FILE_PIPE_INBOUND,
      .MaximumInstances = request.maximum_instances,
      .CurrentInstances = current,
      .InboundQuota = instance_->to[kServer].quota,
      .ReadDataAvailable = static_cast<ULONG>(incoming().bytes()),
      .OutboundQuota = instance_->to[kClient].quota,
      .WriteQuotaAvailable = used < outgoing().quota ? static_cast<ULONG>(outgoing().quota - used) : 0,
      .NamedPipeState = instance_->state,
      .NamedPipeEnd = side_ == kServer ? FILE_PIPE_SERVER_END : FILE_PIPE_CLIENT_END};
  std::memcpy(out.data(), &info, sizeof info);
  return {STATUS_SUCCESS, sizeof info};
}

Result<IoResult> PipeEnd::query(FILE_INFORMATION_CLASS what, std::span<std::byte> out) {
  switch (what) {
    case FilePipeInformation: {
      const std::lock_guard guard(instance_->mutex);
      return put(out, FILE_PIPE_INFORMATION{instance_->read_mode[side_], completion_mode_});
    }
    case FilePipeLocalInformation:
      if (out.size() < sizeof(FILE_PIPE_LOCAL_INFORMATION))
        return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for FilePipeLocalInformation", out.size());
      return local_information(out);
    case FileStandardInformation: {
      const std::lock_guard guard(instance_->mutex);
      return put(out, FILE_STANDARD_INFORMATION{outgoing().quota, static_cast<LARGE_INTEGER>(incoming().bytes()), 1,
                                                TRUE, FALSE});
    }
    case FileNameInformation:
      return put_named(out, FILE_NAME_INFORMATION{}, &FILE_NAME_INFORMATION::FileNameLength,
                       offsetof(FILE_NAME_INFORMATION, FileName), u"\\" + instance_->pipe->name_);
    default:
      return File::query(what, out);
  }
}

Status PipeEnd::set(FILE_INFORMATION_CLASS what, std::span<const std::byte> in) {
  if (what != FilePipeInformation) return File::set(what, in);
  const auto info = TRY(structure_from<FILE_PIPE_INFORMATION>(in));
  if (info.ReadMode > 1 || info.CompletionMode > 1) return fail(STATUS_INVALID_PARAMETER, "no such pipe mode");
  const std::lock_guard guard(instance_->mutex);
  if (info.ReadMode == FILE_PIPE_MESSAGE_MODE && !instance_->message_type)
    return fail(STATUS_INVALID_PARAMETER, "a byte pipe cannot be read by messages");
  instance_->read_mode[side_] = info.ReadMode;
  completion_mode_ = info.CompletionMode;
  return ok;
}

// \Device\NamedPipe itself: what WaitNamedPipe talks to.
class PipeDevice final : public File {
 public:
  PipeDevice(ACCESS_MASK access, ULONG options) : File(access, options) {}
  ULONG device_type() const override { return FILE_DEVICE_NAMED_PIPE; }
  Result<IoResult> control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                           IoNotice& notice) override {
    if (code != FSCTL_PIPE_WAIT) return File::control(code, in, out, notice);
    constexpr std::size_t kHeader = offsetof(FILE_PIPE_WAIT_FOR_BUFFER, Name);
    const auto header = TRY(header_from<FILE_PIPE_WAIT_FOR_BUFFER>(in, kHeader));
    if (header.NameLength > in.size() - kHeader) return fail(STATUS_INVALID_PARAMETER, "the name is cut off");
    std::u16string name(header.NameLength / 2, u'\0');
    std::memcpy(name.data(), in.data() + kHeader, name.size() * 2);
    std::optional<std::chrono::milliseconds> timeout;
    if (header.TimeoutSpecified)
      timeout = header.Timeout == INT64_MIN ? kWaitForever : std::chrono::milliseconds(-header.Timeout / 10'000);
    TRY(wait_for_pipe(name, timeout));
    return IoResult{};
  }
};

Status check_agreement(const Pipe& pipe, const PipeRequest& request) {
  if (request.disposition == FILE_CREATE)
    return fail(STATUS_ACCESS_DENIED, "the pipe {} has an instance already", utf8(pipe.name_));
  if (pipe.request_.share != request.share || pipe.request_.type != request.type)
    return fail(STATUS_ACCESS_DENIED, "the pipe {} exists with another type or direction", utf8(pipe.name_));
  return ok;
}

ULONG quota_or_default(ULONG wanted) {
  return wanted == 0 ? 4096 : wanted;
}

DWORD own_process() {
  return static_cast<DWORD>(::getpid());
}

PipeWelcome welcome_of(const Instance& instance) {
  const PipeRequest& request = instance.pipe->request_;
  return {.status = STATUS_SUCCESS,
          .type = request.type,
          .share = request.share,
          .maximum_instances = request.maximum_instances,
          .current_instances = 0,  // for who asks only
          .inbound_quota = instance.to[kServer].quota,
          .outbound_quota = instance.to[kClient].quota,
          .default_timeout = request.default_timeout};
}

bool is_own_name(std::u16string_view name) {
  const std::lock_guard guard(registry().mutex);
  return registry().find(name) != nullptr;
}

// The client's end of an instance that listens. `remote`: it stands for one far away.
struct RemoteClient {
  std::shared_ptr<PipeWire> wire;
  DWORD process;
};
Result<Ref<PipeEnd>> take_instance(std::u16string_view name, const FileRequest& request,
                                   const RemoteClient* remote = nullptr) {
  std::vector<std::shared_ptr<Instance>> instances;
  ULONG share = 0;
  {
    const std::lock_guard guard(registry().mutex);
    const std::shared_ptr<Pipe> pipe = registry().find(name);
    if (!pipe) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no pipe is named {}", utf8(name));
    instances = living_instances(*pipe);
    share = pipe->request_.share;
  }
  if (((request.access & FILE_READ_DATA) != 0 && (share & FILE_SHARE_READ) == 0) ||
      ((request.access & FILE_WRITE_DATA) != 0 && (share & FILE_SHARE_WRITE) == 0))
    return fail(STATUS_ACCESS_DENIED, "the pipe {} does not go in that direction", utf8(name));
  for (const std::shared_ptr<Instance>& instance : instances) {
    FinishedIo finished;
    const std::lock_guard guard(instance->mutex);
    if (instance->state != FILE_PIPE_LISTENING_STATE) continue;
    Ref<PipeEnd> end =
        make_object<PipeEnd>(instance, kClient, request.access, request.options, FILE_PIPE_QUEUE_OPERATION);
    instance->end[kClient] = end.get();
    instance->read_mode[kClient] = FILE_PIPE_BYTE_STREAM_MODE;
    instance->state = FILE_PIPE_CONNECTED_STATE;
    instance->process[kClient] = remote != nullptr ? remote->process : own_process();
    if (remote != nullptr) {
      instance->wire = remote->wire;
      instance->remote = kClient;
      const PipeWelcome welcome = welcome_of(*instance);
      instance->wire->send(std::as_bytes(std::span(&welcome, 1)));
    }
    for (PendingIo& listener : instance->listeners) finished.add(std::move(listener), {});
    instance->listeners.clear();
    instance->changed.notify_all();
    return end;
  }
  return fail(STATUS_PIPE_NOT_AVAILABLE, "no instance of the pipe {} listens", utf8(name));
}

Status wait_for_instance(std::u16string_view name, std::optional<std::chrono::milliseconds> timeout) {
  Registry& all = registry();
  std::unique_lock guard(all.mutex);
  std::shared_ptr<Pipe> pipe = all.find(name);
  if (!pipe) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no pipe is named {}", utf8(name));
  const LARGE_INTEGER ticks = pipe->request_.default_timeout;
  const auto limit = timeout.value_or(std::chrono::milliseconds(ticks != 0 ? -ticks / 10'000 : 50));
  const auto listens = [&] {
    for (const auto& instance : living_instances(*pipe)) {
      const std::lock_guard inner(instance->mutex);
      if (instance->state == FILE_PIPE_LISTENING_STATE) return true;
    }
    return false;
  };
  if (limit == kWaitForever) {
    all.listening.wait(guard, listens);
    return ok;
  }
  if (!all.listening.wait_for(guard, limit, listens))
    return fail(STATUS_IO_TIMEOUT, "no instance of the pipe {} listened in time", utf8(name));
  return ok;
}

// --- with other processes ---

// An end that stands for one far away, and its wire. Belongs to the wire's thread.
class FarEnd final : public PipeWire::Receiver {
 public:
  explicit FarEnd(Ref<PipeEnd> end) : end_(std::move(end)) {}
  void message(std::vector<std::byte> data) override { end_->carry_message(std::move(data)); }
  void consumed(std::size_t bytes, std::size_t messages) override { end_->carry_consumed(bytes, messages); }
  void disconnected() override { static_cast<void>(end_->disconnect()); }
  void closed() override { end_->last_handle_closed(); }

 private:
  const Ref<PipeEnd> end_;
};

// Until an instance listens, the time has passed, or the client that waits is gone.
Status wait_for_client(std::u16string_view name, std::int64_t milliseconds, const UniqueFd& client) {
  if (milliseconds < 0) return wait_for_instance(name, std::nullopt);
  for (;;) {
    constexpr std::int64_t kSlice = 200;
    const std::int64_t slice = std::min(milliseconds, kSlice);
    const Status waited = wait_for_instance(name, std::chrono::milliseconds(slice));
    if (milliseconds != INT64_MAX) milliseconds -= slice;
    if (waited || waited.error().status != STATUS_IO_TIMEOUT || milliseconds == 0) return waited;
    pollfd there = {client.get(), POLLRDHUP, 0};
    if (::poll(&there, 1, 0) != 0) return waited;
  }
}

ULONG instances_of(std::u16string_view name) {
  std::shared_ptr<Pipe> pipe;
  {
    const std::lock_guard guard(registry().mutex);
    pipe = registry().find(name);
  }
  return pipe ? count_instances(*pipe) : 0;
}

// One client, from his first word to his last.
void serve_client(std::u16string_view name, UniqueFd socket) {
  PipeHello hello;
  if (!receive_hello(socket, hello)) return;
  const DWORD process = process_behind(socket);
  PipeWelcome answer = {};
  if (hello.purpose == PipeHello::Purpose::wait) {
    if (const Status waited = wait_for_client(name, hello.milliseconds, socket); !waited)
      answer.status = waited.error().status;
    return send_welcome(socket, answer);
  }
  if (hello.purpose == PipeHello::Purpose::count) {
    answer.current_instances = instances_of(name);
    return send_welcome(socket, answer);
  }
  UniqueFd for_refusal(::dup(socket.get()));
  const auto wire = PipeWire::make(std::move(socket));
  if (!wire) return;
  const RemoteClient client = {*wire, process};
  auto end = take_instance(name, {.access = hello.access}, &client);
  if (!end) {
    answer.status = end.error().status;
    return send_welcome(for_refusal, answer);
  }
  for_refusal = {};
  FarEnd far(*std::move(end));
  (*wire)->run(far);
}

// A pipe of a private process has no name for others, and neither has one where the session's directory is not safe.
Status publish(Pipe& pipe) {
  if (session::is_private()) return ok;
  auto listener =
      PipeListener::make(pipe.name_, [name = pipe.name_](UniqueFd socket) { serve_client(name, std::move(socket)); });
  if (listener)
    pipe.listener_ = *std::move(listener);
  else if (listener.error().status == STATUS_OBJECT_NAME_COLLISION)
    return fail(STATUS_ACCESS_DENIED, "{}", listener.error().reason);
  return ok;
}

Status refusal(std::u16string_view name, const PipeWelcome& welcome) {
  if (welcome.status >= 0) return ok;
  return fail(welcome.status, "the server of the pipe {} says {:#x}", utf8(name), static_cast<ULONG>(welcome.status));
}

Result<PipeAnswer> ask(std::u16string_view name, const PipeHello& hello) {
  if (session::is_private()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no pipe is named {}", utf8(name));
  PipeAnswer answer = TRY(ask_pipe_server(name, hello));
  TRY(refusal(name, answer.welcome));
  return answer;
}

Status wait_for_remote(std::u16string_view name, std::optional<std::chrono::milliseconds> timeout) {
  std::int64_t milliseconds = -1;
  if (timeout) milliseconds = *timeout == kWaitForever ? INT64_MAX : timeout->count();
  TRY(ask(name, {.purpose = PipeHello::Purpose::wait, .access = 0, .milliseconds = milliseconds}));
  return ok;
}

Result<Ref<PipeEnd>> open_remote(std::u16string_view name, const FileRequest& request) {
  PipeAnswer answer =
      TRY(ask(name, {.purpose = PipeHello::Purpose::open, .access = request.access, .milliseconds = 0}));
  auto instance = std::make_shared<Instance>();
  instance->pipe = std::make_shared<Pipe>(PipeRequest{.name = name,
                                                      .share = answer.welcome.share,
                                                      .type = answer.welcome.type,
                                                      .maximum_instances = answer.welcome.maximum_instances,
                                                      .default_timeout = answer.welcome.default_timeout});
  instance->pipe->instances_.push_back(instance);
  instance->state = FILE_PIPE_CONNECTED_STATE;
  instance->message_type = answer.welcome.type == FILE_PIPE_MESSAGE_TYPE;
  instance->to[kServer].quota = answer.welcome.inbound_quota;
  instance->to[kClient].quota = answer.welcome.outbound_quota;
  instance->process[kServer] = process_behind(answer.socket);
  instance->process[kClient] = own_process();
  const auto wire = instance->wire = TRY(PipeWire::make(std::move(answer.socket)));
  instance->remote = kServer;
  Ref<PipeEnd> server = make_object<PipeEnd>(instance, kServer, FILE_ALL_ACCESS, 0, FILE_PIPE_QUEUE_OPERATION);
  Ref<PipeEnd> client =
      make_object<PipeEnd>(instance, kClient, request.access, request.options, FILE_PIPE_QUEUE_OPERATION);
  instance->end[kServer] = server.get();
  instance->end[kClient] = client.get();
  TRY(start_service_thread("hmodule-pipe", [wire, server = std::move(server)]() mutable {
    FarEnd far(std::move(server));
    wire->run(far);
  }));
  return client;
}

}  // namespace

Result<Ref<File>> create_pipe(const PipeRequest& wanted) {
  PipeRequest request = wanted;
  if (request.name.empty()) return fail(STATUS_OBJECT_NAME_INVALID, "a pipe needs a name");
  if (request.maximum_instances == 0 || (request.share & 3) == 0 ||
      (request.read_mode == FILE_PIPE_MESSAGE_MODE && request.type != FILE_PIPE_MESSAGE_TYPE))
    return fail(STATUS_INVALID_PARAMETER, "no instances, no direction, or messages from a byte pipe");
  // Who serves may do to his end what clients may do to theirs, the other way round.
  request.access = file_access(request.access);
  const bool lets_write = (request.share & FILE_SHARE_WRITE) != 0, lets_read = (request.share & FILE_SHARE_READ) != 0;

  Registry& all = registry();
  const std::lock_guard guard(all.mutex);
  std::shared_ptr<Pipe> pipe = all.find(request.name);
  if (pipe) {
    TRY(check_agreement(*pipe, request));
    if (living_instances(*pipe).size() >= pipe->request_.maximum_instances)
      return fail(STATUS_INSTANCE_NOT_AVAILABLE, "all {} instances of the pipe are in use",
                  pipe->request_.maximum_instances);
  } else {
    if (request.disposition == FILE_OPEN)
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no pipe is named {}", utf8(request.name));
    pipe = std::make_shared<Pipe>(request);
    TRY(publish(*pipe));
    std::erase_if(all.pipes, [](const auto& each) { return each.second.expired(); });
    all.pipes[upcase(request.name)] = pipe;
  }
  auto instance = std::make_shared<Instance>();
  instance->pipe = pipe;
  instance->message_type = pipe->request_.type == FILE_PIPE_MESSAGE_TYPE;
  instance->read_mode[kServer] = request.read_mode;
  instance->to[kServer].quota = quota_or_default(request.inbound_quota);
  instance->to[kClient].quota = quota_or_default(request.outbound_quota);
  const ACCESS_MASK access =
      request.access & ~((lets_write ? 0 : FILE_READ_DATA) | (lets_read ? 0 : FILE_WRITE_DATA | FILE_APPEND_DATA));
  Ref<PipeEnd> end = make_object<PipeEnd>(instance, kServer, access, request.options, request.completion_mode);
  instance->end[kServer] = end.get();
  instance->process[kServer] = own_process();
  pipe->instances_.push_back(instance);
  all.listening.notify_all();
  return Ref<File>(std::move(end));
}

Result<OpenedFile> open_pipe(std::u16string_view name, const FileRequest& request) {
  if (name.empty()) return OpenedFile{make_object<PipeDevice>(request.access, request.options), FILE_OPENED};
  Ref<PipeEnd> end = TRY(is_own_name(name) ? take_instance(name, request) : open_remote(name, request));
  return OpenedFile{std::move(end), FILE_OPENED};
}

Status wait_for_pipe(std::u16string_view name, std::optional<std::chrono::milliseconds> timeout) {
  return is_own_name(name) ? wait_for_instance(name, timeout) : wait_for_remote(name, timeout);
}

}  // namespace hmodule::nt
