#include "nt/directory_watch.h"

#include "base/service_thread.h"
#include "base/utf.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "path/volumes.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace hmodule::nt {
namespace {

std::uint32_t inotify_mask(DWORD filter) {
  std::uint32_t mask = 0;
  if ((filter & (FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME)) != 0)
    mask |= IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
  if ((filter & (FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE)) != 0) mask |= IN_MODIFY;
  if ((filter & (FILE_NOTIFY_CHANGE_ATTRIBUTES | FILE_NOTIFY_CHANGE_SECURITY | FILE_NOTIFY_CHANGE_LAST_WRITE)) != 0)
    mask |= IN_ATTRIB;
  if ((filter & FILE_NOTIFY_CHANGE_LAST_ACCESS) != 0) mask |= IN_ACCESS;
  if ((filter & FILE_NOTIFY_CHANGE_CREATION) != 0) mask |= IN_CREATE;
  return mask;
}

// The thread that reads all watches.
class Reader {
 public:
  void add(const std::shared_ptr<DirectoryWatch>& watch) {
    const std::lock_guard guard(mutex_);
    watches_.push_back(watch);
    if (!wake_) {
      wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      static_cast<void>(start_service_thread("hmodule-watches", [this] { run(); }));
    } else {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
    }
  }

 private:
  [[noreturn]] void run() {
    for (;;) {
      std::vector<pollfd> waited = {{wake_.get(), POLLIN, 0}};
      std::vector<std::weak_ptr<DirectoryWatch>> watches;
      {
        const std::lock_guard guard(mutex_);
        std::erase_if(watches_, [](const auto& watch) { return watch.expired(); });
        watches = watches_;
      }
      for (const auto& each : watches) {
        const auto watch = each.lock();
        waited.push_back({watch ? watch->descriptor() : -1, POLLIN, 0});
      }
      if (::poll(waited.data(), waited.size(), -1) < 0) continue;
      std::uint64_t ignored;
      [[maybe_unused]] const ssize_t count = ::read(wake_.get(), &ignored, sizeof ignored);
      for (std::size_t i = 0; i < watches.size(); ++i)
        if (waited[i + 1].revents != 0)
          if (const auto watch = watches[i].lock()) watch->read_events();
    }
  }

  KernelMutex mutex_;
  UniqueFd wake_;
  std::vector<std::weak_ptr<DirectoryWatch>> watches_;
};

Reader& reader() {
  static auto* const instance = new Reader;
  return *instance;
}

}  // namespace

Result<std::shared_ptr<DirectoryWatch>> DirectoryWatch::start(File& owner, const std::string& host_path, DWORD filter,
                                                              bool subtree) {
  if (inotify_mask(filter) == 0) return fail(STATUS_INVALID_PARAMETER, "filter {:#x} asks for nothing", filter);
  UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return fail_errno("inotify");
  std::shared_ptr<DirectoryWatch> watch(new DirectoryWatch(owner, std::move(inotify), filter, subtree));
  TRY(watch->add(host_path, ""));
  reader().add(watch);
  return watch;
}

Status DirectoryWatch::add(const std::string& host_path, const std::string& relative) {
  const std::uint32_t for_subtree = subtree_ ? IN_CREATE | IN_MOVED_TO : 0;
  const int descriptor = inotify_add_watch(inotify_.get(), host_path.c_str(),
                                           inotify_mask(filter_) | for_subtree | IN_ONLYDIR | IN_DONT_FOLLOW);
  if (descriptor < 0) return fail_errno("watch", host_path);
  directories_[descriptor] = {host_path, relative};
  if (!subtree_) return ok;
  DIR* const directory = ::opendir(host_path.c_str());
  if (directory == nullptr) return ok;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    static_cast<void>(add(fmt::format("{}/{}", host_path, name), fmt::format("{}{}/", relative, name)));
  }
  ::closedir(directory);
  return ok;
}

void DirectoryWatch::note(const inotify_event& event) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) overflowed_ = true;
  const auto watched = directories_.find(event.wd);
  if (watched == directories_.end()) return;
  if ((event.mask & IN_IGNORED) != 0) {
    directories_.erase(watched);
    return;
  }
  if (event.len == 0) return;
  const Watched place = watched->second;
  const std::string_view name = event.name;
  const bool is_directory = (event.mask & IN_ISDIR) != 0;
  if (subtree_ && is_directory && (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0)
    static_cast<void>(add(fmt::format("{}/{}", place.host_path, name), fmt::format("{}{}/", place.relative, name)));

  const DWORD name_filter = is_directory ? FILE_NOTIFY_CHANGE_DIR_NAME : FILE_NOTIFY_CHANGE_FILE_NAME;
  const bool about_name = (event.mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)) != 0;
  if (about_name && (filter_ & (name_filter | FILE_NOTIFY_CHANGE_CREATION)) == 0) return;
  const DWORD action = (event.mask & IN_CREATE) != 0       ? FILE_ACTION_ADDED
                       : (event.mask & IN_DELETE) != 0     ? FILE_ACTION_REMOVED
                       : (event.mask & IN_MOVED_FROM) != 0 ? FILE_ACTION_RENAMED_OLD_NAME
                       : (event.mask & IN_MOVED_TO) != 0   ? FILE_ACTION_RENAMED_NEW_NAME
                                                           : FILE_ACTION_MODIFIED;
  std::u16string shown;
  std::string_view rest = place.relative;
  for (std::size_t slash; (slash = rest.find('/')) != std::string_view::npos; rest.remove_prefix(slash + 1))
    shown += path::windows_name(rest.substr(0, slash)) + u'\\';
  shown += path::windows_name(name);
  if (action == FILE_ACTION_MODIFIED && !changes_.empty() && changes_.back().action == action &&
      changes_.back().name == shown)
    return;  // one write after the other
  changes_.push_back({action, std::move(shown)});
}

void DirectoryWatch::read_events() {
  std::vector<std::pair<Request, IoResult>> answered;
  {
    const std::lock_guard guard(mutex_);
    alignas(inotify_event) std::array<char, 16384> buffer;
    ssize_t count;
    while ((count = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0) {
      for (const char* at = buffer.data(); at < buffer.data() + count;) {
        const auto& event = *reinterpret_cast<const inotify_event*>(at);
        note(event);
        at += sizeof(inotify_event) + event.len;
      }
    }
    if (!requests_.empty() && (!changes_.empty() || overflowed_)) {
      const IoResult result =
          overflowed_ ? IoResult{STATUS_NOTIFY_ENUM_DIR, 0} : write_changes(requests_.front().out, changes_);
      answered.emplace_back(std::move(requests_.front()), result);
      requests_.pop_front();
      changes_.clear();
      overflowed_ = false;
    }
  }
  for (auto& [request, result] : answered) request.file->complete(request.notice, result, true);
}

Result<IoResult> DirectoryWatch::request(std::span<std::byte> out, IoNotice& notice) {
  std::unique_lock guard(mutex_);
  if (!changes_.empty() || overflowed_) {
    const IoResult result = overflowed_ ? IoResult{STATUS_NOTIFY_ENUM_DIR, 0} : write_changes(out, changes_);
    changes_.clear();
    overflowed_ = false;
    return result;
  }
  owner_.set_signalled(false);
  requests_.push_back({Ref<File>::share(owner_), notice, out});
  return IoResult{STATUS_PENDING, 0};
}

bool DirectoryWatch::cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) {
  std::vector<Request> cancelled;
  {
    const std::lock_guard guard(mutex_);
    for (auto at = requests_.begin(); at != requests_.end();) {
      const bool wanted = (thread == nullptr || at->notice.thread.get() == thread) &&
                          (status_block == nullptr || at->notice.status_block == status_block);
      if (!wanted) {
        ++at;
        continue;
      }
      cancelled.push_back(std::move(*at));
      at = requests_.erase(at);
    }
  }
  for (Request& request : cancelled) request.file->complete(request.notice, {STATUS_CANCELLED, 0}, true);
  return !cancelled.empty();
}

IoResult DirectoryWatch::write_changes(std::span<std::byte> out, const std::vector<Change>& changes) {
  constexpr std::size_t kHeader = offsetof(FILE_NOTIFY_INFORMATION, FileName);
  std::size_t used = 0, last = 0;
  for (const Change& change : changes) {
    const std::size_t begin = (used + 3) & ~std::size_t{3}, bytes = change.name.size() * 2;
    if (begin + kHeader + bytes > out.size()) return {STATUS_NOTIFY_ENUM_DIR, 0};
    const FILE_NOTIFY_INFORMATION header = {0, change.action, static_cast<DWORD>(bytes), {}};
    std::memcpy(out.data() + begin, &header, kHeader);
    std::memcpy(out.data() + begin + kHeader, change.name.data(), bytes);
    if (begin != 0) {
      const auto distance = static_cast<DWORD>(begin - last);
      std::memcpy(out.data() + last, &distance, sizeof distance);
    }
    last = begin;
    used = begin + kHeader + bytes;
  }
  return {STATUS_SUCCESS, used};
}

}  // namespace hmodule::nt
