// What all opens of one file share: who may open it too, which bytes are locked, whether it is to be deleted.
//
// Linux has none of this for a process's own handles, so it is kept here, one FileControl per inode that is open.
// Sharing violations are therefore true between the handles of this process and unknown outside it. Byte range locks
// are true here and, as far as Linux can say it (open file description locks), seen by other processes: two processes
// that use one database through a DLL exclude each other.
#pragma once

#include "base/result.h"
#include "nt/kernel_condition.h"
#include "win/ntioapi.h"

#include <atomic>
#include <compare>
#include <list>
#include <memory>
#include <vector>

#include <sys/types.h>

namespace hmodule::nt {

struct FileKey {
  dev_t device;
  ino_t inode;
  auto operator<=>(const FileKey&) const = default;
};

// One open: what it does and what it lets others do.
struct ShareClaim {
  ACCESS_MASK access;
  ULONG share;
};

// A byte range, half open; `end` may be 2^64 - 1 at most.
struct ByteRange {
  std::uint64_t begin, end;
  bool overlaps(const ByteRange& other) const { return begin < other.end && other.begin < end; }
  bool operator==(const ByteRange&) const = default;
};

class FileControl {
 public:
  using Opener = const void*;  // the file object; only its identity matters

  // The control of that inode, with one more open. SHARING_VIOLATION, DELETE_PENDING.
  static Result<std::shared_ptr<FileControl>> join(FileKey key, Opener opener, ShareClaim claim);
  // The opener's last handle is closed: its locks go too. True if it was the last open and the file is to be deleted.
  bool leave(Opener opener, int descriptor);
  // Could a further open with `claim` stand beside those that are there (other than `except`)?
  static bool would_share(FileKey key, ShareClaim claim, Opener except = nullptr);

  explicit FileControl(FileKey key) : key_(key) {}
  ~FileControl();

  void set_delete_pending(bool on);
  bool delete_pending() const;

  // NtLockFile. Waits for conflicting locks of others (CANCELLED), but not without a `wait` (LOCK_NOT_GRANTED).
  // `descriptor` is the opener's, for the lock that other processes see.
  Status lock(Opener opener, int descriptor, ByteRange range, bool exclusive, const IoWait* wait);
  // RANGE_NOT_LOCKED unless exactly this range was locked by `opener`.
  Status unlock(Opener opener, int descriptor, ByteRange range);
  // FILE_LOCK_CONFLICT if a lock forbids `opener` to read or write there.
  Status check_access(Opener opener, ByteRange range, bool writing) const;

  // Views of the file in memory: it must not shrink under them.
  void add_view() { ++views_; }
  void remove_view() { --views_; }
  bool has_views() const { return views_ != 0; }
  bool has_locks() const { return lock_count_.load(std::memory_order_relaxed) != 0; }

 private:
  struct Open {
    Opener opener;
    ShareClaim claim;
  };
  struct Lock {
    Opener opener;
    ByteRange range;
    bool exclusive;
  };
  static bool compatible(const std::vector<Open>& opens, ShareClaim claim, Opener except);
  bool conflicts(Opener opener, ByteRange range, bool exclusive) const;
  bool mirror(Opener opener, int descriptor, ByteRange range) const;

  const FileKey key_;
  mutable KernelMutex mutex_;  // guards the locks; the table's mutex guards the opens
  KernelCondition unlocked_;
  std::vector<Open> opens_;
  std::list<Lock> locks_;
  std::atomic<unsigned> lock_count_{0}, views_{0};
  bool delete_pending_ = false;
};

}  // namespace hmodule::nt
