// ReadDirectoryChangesW by inotify.
//
// From its first request on a watch collects what happens and keeps it until it is asked again. One thread of the
// process reads all inotify descriptors; it runs no foreign code, it only completes requests.
#pragma once

#include "nt/file.h"
#include "nt/kernel_section.h"
#include "nt/unique_fd.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct inotify_event;

namespace hmodule::nt {

class DirectoryWatch : public std::enable_shared_from_this<DirectoryWatch> {
 public:
  // `owner` outlives the watch's requests: each holds a reference.
  static Result<std::shared_ptr<DirectoryWatch>> start(File& owner, const std::string& host_path, DWORD filter,
                                                       bool subtree);

  // Answers at once if something has happened since the last request. An empty buffer only wants to know that
  // something did; one that is too small gets STATUS_NOTIFY_ENUM_DIR.
  Result<IoResult> request(std::span<std::byte> out, IoNotice& notice);
  bool cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block);

  int descriptor() const { return inotify_.get(); }
  void read_events();  // by the thread

 private:
  struct Change {
    DWORD action;
    std::u16string name;  // relative to the directory
  };
  struct Request {
    Ref<File> file;
    IoNotice notice;
    std::span<std::byte> out;
  };

  DirectoryWatch(File& owner, UniqueFd inotify, DWORD filter, bool subtree)
      : owner_(owner), inotify_(std::move(inotify)), filter_(filter), subtree_(subtree) {}
  Status add(const std::string& host_path, const std::string& relative);
  void note(const inotify_event& event);
  static IoResult write_changes(std::span<std::byte> out, const std::vector<Change>& changes);

  File& owner_;
  const UniqueFd inotify_;
  const DWORD filter_;
  const bool subtree_;
  KernelMutex mutex_;
  struct Watched {
    std::string host_path, relative;
  };
  std::map<int, Watched> directories_;  // by watch descriptor
  std::vector<Change> changes_;
  bool overflowed_ = false;
  std::deque<Request> requests_;
};

}  // namespace hmodule::nt
