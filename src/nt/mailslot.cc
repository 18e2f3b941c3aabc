#include "nt/mailslot.h"

#include "base/service_thread.h"
#include "base/utf.h"
#include "nt/clock.h"
#include "nt/io_buffer.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/pending_io.h"
#include "nt/session_socket.h"
#include "nt/unique_fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace hmodule::nt {
namespace {

// --- names ---

// Of the socket, but for the size at its end.
std::string socket_prefix(std::u16string_view name) {
  return session_socket_name("mailslot", utf8(upcase(name))) + '.';
}

struct Connection {
  UniqueFd socket;
  ULONG maximum_message = 0;
};
// To the server of that name; without a socket if there is none. The directory is locked.
Result<Connection> connect_to(const UniqueFd& directory, const std::string& prefix) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(
      ::fdopendir(::openat(directory.get(), ".", O_DIRECTORY | O_CLOEXEC)), ::closedir);
  if (!listing) return fail_errno("list the mailslots");
  while (const dirent* const entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    Connection connection = {TRY(connect_session_socket(directory, SOCK_DGRAM, name))};
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), connection.maximum_message);
    if (connection.socket) return connection;
  }
  return Connection{};
}

// --- the server's end ---

using Message = std::vector<std::byte>;

// What the file and its thread share.
struct Slot {
  UniqueFd socket, wake;
  std::string name;  // the socket's
  ULONG maximum_message;
  KernelMutex mutex;  // guards the rest
  LARGE_INTEGER read_timeout;
  bool closed = false;
  std::deque<Message> messages;
  struct Reader {
    PendingIo operation;
    std::int64_t due;  // interrupt time
  };
  std::deque<Reader> readers;

  void fetch();
  void serve(FinishedIo& finished);
  std::optional<Result<IoResult>> take(std::span<std::byte> buffer);
  int milliseconds_to_next() const;
};

void Slot::fetch() {
  while (!closed) {
    const ssize_t size = ::recv(socket.get(), nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0) return;
    Message message(static_cast<std::size_t>(size));
    if (::recv(socket.get(), message.data(), message.size(), MSG_DONTWAIT) != size) return;
    messages.push_back(std::move(message));
  }
}

std::optional<Result<IoResult>> Slot::take(std::span<std::byte> buffer) {
  if (messages.empty()) return std::nullopt;
  const Message& message = messages.front();
  if (message.size() > buffer.size())  // it stays
    return fail(STATUS_BUFFER_TOO_SMALL, "a buffer of {} bytes for a message of {}", buffer.size(), message.size());
  std::ranges::copy(message, buffer.begin());
  const IoResult result = {STATUS_SUCCESS, message.size()};
  messages.pop_front();
  return result;
}

void Slot::serve(FinishedIo& finished) {
  while (!readers.empty()) {
    const auto result = take(readers.front().operation.buffer);
    if (!result) break;
    finished.add(std::move(readers.front().operation), *result ? **result : IoResult{result->error().status, 0});
    readers.pop_front();
  }
  const std::int64_t now = interrupt_time();
  for (auto at = readers.begin(); at != readers.end();) {
    if (at->due > now) {
      ++at;
      continue;
    }
    finished.add(std::move(at->operation), {STATUS_IO_TIMEOUT, 0});
    at = readers.erase(at);
  }
}

// -1: nobody waits for a time to come.
int Slot::milliseconds_to_next() const {
  std::int64_t first = INT64_MAX;
  for (const Reader& reader : readers) first = std::min(first, reader.due);
  if (first == INT64_MAX) return -1;
  constexpr std::int64_t kPerMillisecond = kTicksPerSecond / 1000;
  return static_cast<int>(
      std::clamp<std::int64_t>((first - interrupt_time() + kPerMillisecond - 1) / kPerMillisecond, 0, INT32_MAX));
}

void fetch_for_ever(const std::shared_ptr<Slot>& slot) {
  for (int timeout = -1;;) {
    pollfd watched[] = {{slot->socket.get(), POLLIN, 0}, {slot->wake.get(), POLLIN, 0}};
    ::poll(watched, 2, timeout);
    FinishedIo finished;
    const std::lock_guard guard(slot->mutex);
    if (slot->closed) return;
    eventfd_t ignored;
    if ((watched[1].revents & POLLIN) != 0) ::eventfd_read(slot->wake.get(), &ignored);
    slot->fetch();
    slot->serve(finished);
    timeout = slot->milliseconds_to_next();
  }
}

class Mailslot final : public File {
 public:
  explicit Mailslot(std::shared_ptr<Slot> slot)
      : File(FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES, 0), slot_(std::move(slot)) {}
  ~Mailslot() override { close(); }
  void last_handle_closed() override { close(); }
  ULONG device_type() const override { return FILE_DEVICE_MAILSLOT; }

  Result<IoResult> read(std::span<std::byte> buffer, std::optional<std::uint64_t>, IoNotice& notice) override {
    const std::lock_guard guard(slot_->mutex);
    slot_->fetch();
    if (slot_->readers.empty())
      if (auto result = slot_->take(buffer)) return *std::move(result);
    if (slot_->read_timeout == 0) return fail(STATUS_IO_TIMEOUT, "the mailslot is empty");
    set_signalled(false);
    const std::int64_t due =
        slot_->read_timeout == kMailslotWaitForever ? INT64_MAX : interrupt_time() - slot_->read_timeout;
    slot_->readers.push_back({{Ref<File>::share(*this), notice, buffer}, due});
    ::eventfd_write(slot_->wake.get(), 1);
    return IoResult{STATUS_PENDING, 0};
  }

  Result<IoResult> query(FILE_INFORMATION_CLASS what, std::span<std::byte> out) override {
    if (what != FileMailslotQueryInformation) return File::query(what, out);
    const std::lock_guard guard(slot_->mutex);
    slot_->fetch();
    const bool none = slot_->messages.empty();
    return put(out,
               FILE_MAILSLOT_QUERY_INFORMATION{
                   .MaximumMessageSize = slot_->maximum_message,
                   .MailslotQuota = 0,
                   .NextMessageSize = none ? MAILSLOT_NO_MESSAGE : static_cast<ULONG>(slot_->messages.front().size()),
                   .MessagesAvailable = static_cast<ULONG>(slot_->messages.size()),
                   .ReadTimeout = slot_->read_timeout});
  }

  // Of reads that begin after it.
  Status set(FILE_INFORMATION_CLASS what, std::span<const std::byte> in) override {
    if (what != FileMailslotSetInformation) return File::set(what, in);
    const auto info = TRY(structure_from<FILE_MAILSLOT_SET_INFORMATION>(in));
    if (info.ReadTimeout == nullptr) return fail(STATUS_INVALID_PARAMETER, "no timeout");
    const std::lock_guard guard(slot_->mutex);
    slot_->read_timeout = *info.ReadTimeout;
    return ok;
  }

  bool cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) override {
    FinishedIo finished;
    const std::lock_guard guard(slot_->mutex);
    return std::erase_if(slot_->readers, [&](Slot::Reader& reader) {
             const IoNotice& notice = reader.operation.notice;
             if ((thread != nullptr && notice.thread.get() != thread) ||
                 (status_block != nullptr && notice.status_block != status_block))
               return false;
             finished.add(std::move(reader.operation), {STATUS_CANCELLED, 0});
             return true;
           }) != 0;
  }

 private:
  void close() {
    FinishedIo finished;
    const std::lock_guard guard(slot_->mutex);
    if (std::exchange(slot_->closed, true)) return;
    remove_session_socket(slot_->name);
    ::shutdown(slot_->socket.get(), SHUT_RDWR);
    for (Slot::Reader& reader : slot_->readers) finished.add(std::move(reader.operation), {STATUS_CANCELLED, 0});
    slot_->readers.clear();
    ::eventfd_write(slot_->wake.get(), 1);
  }

  const std::shared_ptr<Slot> slot_;
};

// --- a writer's end ---

class MailslotWriter final : public File {
 public:
  MailslotWriter(Connection connection, ACCESS_MASK access, ULONG options)
      : File(access, options), connection_(std::move(connection)) {}
  ULONG device_type() const override { return FILE_DEVICE_MAILSLOT; }

  Result<IoResult> write(std::span<const std::byte> data, std::optional<std::uint64_t>, IoNotice&) override {
    if (connection_.maximum_message != 0 && data.size() > connection_.maximum_message)
      return fail(STATUS_INVALID_PARAMETER, "a message of {} bytes for a mailslot that takes {}", data.size(),
                  connection_.maximum_message);
    if (::send(connection_.socket.get(), data.data(), data.size(), MSG_NOSIGNAL) < 0) {
      if (errno == ECONNREFUSED || errno == EPIPE || errno == ENOTCONN)
        return fail(STATUS_FILE_FORCED_CLOSED, "the mailslot is closed");
      if (errno == EMSGSIZE) return fail(STATUS_INVALID_PARAMETER, "a message of {} bytes is too long", data.size());
      return fail_errno("write to the mailslot");
    }
    return IoResult{STATUS_SUCCESS, data.size()};
  }

 private:
  const Connection connection_;
};

}  // namespace

Result<Ref<File>> create_mailslot(const MailslotRequest& request) {
  const std::string prefix = socket_prefix(request.name);
  const UniqueFd directory = TRY(lock_session_directory());
  if (TRY(connect_to(directory, prefix)).socket)
    return fail(STATUS_OBJECT_NAME_COLLISION, "there is a mailslot {}", utf8(request.name));
  auto slot = std::make_shared<Slot>();
  slot->wake = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!slot->wake) return fail_errno("make an event");
  slot->name = prefix + std::to_string(request.maximum_message);
  slot->maximum_message = request.maximum_message;
  slot->read_timeout = request.read_timeout;
  slot->socket = TRY(bind_session_socket(directory, SOCK_DGRAM, slot->name));
  Ref<File> file(make_object<Mailslot>(slot));  // which removes the name
  TRY(start_service_thread("hmodule-mail", [slot] { fetch_for_ever(slot); }));
  return file;
}

Result<OpenedFile> open_mailslot(std::u16string_view name, const FileRequest& request) {
  if ((request.share & FILE_SHARE_READ) == 0)
    return fail(STATUS_SHARING_VIOLATION, "the mailslot {} is open for reading", utf8(name));
  const UniqueFd directory = TRY(lock_session_directory());
  Connection connection = TRY(connect_to(directory, socket_prefix(name)));
  if (!connection.socket) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "no mailslot is named {}", utf8(name));
  return OpenedFile{make_object<MailslotWriter>(std::move(connection), request.access, request.options), FILE_OPENED};
}

}  // namespace hmodule::nt
