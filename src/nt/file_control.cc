#include "nt/file_control.h"

#include "nt/io_error.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>

namespace hmodule::nt {
namespace {

struct Table {
  std::recursive_mutex mutex;  // a control that dies while it is held takes itself out
  std::map<FileKey, std::weak_ptr<FileControl>> files;
};
Table& table() {
  static auto* const instance = new Table;  // used until the very end of the process
  return *instance;
}

bool reads(ACCESS_MASK access) {
  return (access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
}
bool writes(ACCESS_MASK access) {
  return (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
}
bool deletes(ACCESS_MASK access) {
  return (access & 0x10000) != 0;  // DELETE
}
// Opens that only look at attributes neither claim nor deny anything.
bool counts(ACCESS_MASK access) {
  return reads(access) || writes(access) || deletes(access);
}

bool allows(ULONG share, ACCESS_MASK access) {
  return (!reads(access) || (share & FILE_SHARE_READ) != 0) && (!writes(access) || (share & FILE_SHARE_WRITE) != 0) &&
         (!deletes(access) || (share & FILE_SHARE_DELETE) != 0);
}

// Linux counts lock ranges in signed 64 bits; what lies above exists in our own list only.
struct flock host_lock(ByteRange range, short kind) {
  constexpr std::uint64_t kLimit = INT64_MAX;
  struct flock lock = {};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(std::min(range.begin, kLimit - 1));
  const std::uint64_t end = std::min(range.end, kLimit);
  lock.l_len = end > range.begin ? static_cast<off_t>(end - range.begin) : 1;
  return lock;
}

// F_RDLCK, F_WRLCK or F_UNLCK, in place of what the descriptor has there. False if another process holds a conflicting
// lock. A descriptor that Linux cannot lock this way counts as locked.
bool set_host_lock(int descriptor, ByteRange range, short kind) {
  struct flock lock = host_lock(range, kind);
  return fcntl(descriptor, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

}  // namespace

Result<std::shared_ptr<FileControl>> FileControl::join(FileKey key, Opener opener, ShareClaim claim) {
  Table& all = table();
  const std::lock_guard guard(all.mutex);
  auto& place = all.files[key];
  std::shared_ptr<FileControl> control = place.lock();
  if (!control) place = control = std::make_shared<FileControl>(key);
  if (control->delete_pending_) return fail(STATUS_DELETE_PENDING, "the file is about to be deleted");
  if (!compatible(control->opens_, claim, nullptr))
    return fail(STATUS_SHARING_VIOLATION, "open with access {:#x}, sharing {:#x} conflicts with an open handle",
                claim.access, claim.share);
  control->opens_.push_back({opener, claim});
  return control;
}

bool FileControl::leave(Opener opener, int descriptor) {
  {
    const std::lock_guard guard(mutex_);
    if (locks_.remove_if([&](const Lock& lock) { return lock.opener == opener; }) != 0)
      mirror(opener, descriptor, {0, UINT64_MAX});  // a section may keep the description open
    lock_count_ = static_cast<unsigned>(locks_.size());
  }
  unlocked_.notify_all();
  const std::lock_guard guard(table().mutex);
  std::erase_if(opens_, [&](const Open& open) { return open.opener == opener; });
  return opens_.empty() && delete_pending_;
}

bool FileControl::would_share(FileKey key, ShareClaim claim, Opener except) {
  Table& all = table();
  const std::lock_guard guard(all.mutex);
  const auto place = all.files.find(key);
  if (place == all.files.end()) return true;
  const std::shared_ptr<FileControl> control = place->second.lock();
  return !control || compatible(control->opens_, claim, except);
}

FileControl::~FileControl() {
  Table& all = table();
  const std::lock_guard guard(all.mutex);
  const auto place = all.files.find(key_);
  if (place != all.files.end() && place->second.expired()) all.files.erase(place);
}

bool FileControl::compatible(const std::vector<Open>& opens, ShareClaim claim, Opener except) {
  if (!counts(claim.access)) return true;
  return std::all_of(opens.begin(), opens.end(), [&](const Open& open) {
    return open.opener == except || !counts(open.claim.access) ||
           (allows(open.claim.share, claim.access) && allows(claim.share, open.claim.access));
  });
}

void FileControl::set_delete_pending(bool on) {
  const std::lock_guard guard(table().mutex);
  delete_pending_ = on;
}

bool FileControl::delete_pending() const {
  const std::lock_guard guard(table().mutex);
  return delete_pending_;
}

// Shared locks stand beside each other, and on an exclusive one of the same opener: so it passes from the one to the
// other without letting go. An exclusive one can be put on nothing, not even by its owner (LockFileEx).
bool FileControl::conflicts(Opener opener, ByteRange range, bool exclusive) const {
  return std::ranges::any_of(locks_, [&](const Lock& lock) {
    return lock.range.overlaps(range) && (exclusive || (lock.exclusive && lock.opener != opener));
  });
}

// Linux has one lock at most for a byte and a descriptor: the strongest of ours. False, and a part may be changed, if
// another process holds a conflicting lock.
bool FileControl::mirror(Opener opener, int descriptor, ByteRange range) const {
  std::vector<std::uint64_t> ends = {range.begin, range.end};
  for (const Lock& lock : locks_)
    if (lock.opener == opener)
      for (const std::uint64_t end : {lock.range.begin, lock.range.end})
        if (end > range.begin && end < range.end) ends.push_back(end);
  std::ranges::sort(ends);
  for (std::size_t i = 1; i < ends.size(); ++i) {
    const ByteRange part = {ends[i - 1], ends[i]};
    if (part.begin == part.end) continue;
    short kind = F_UNLCK;
    for (const Lock& lock : locks_)
      if (lock.opener == opener && lock.range.overlaps(part) && kind != F_WRLCK)
        kind = lock.exclusive ? F_WRLCK : F_RDLCK;
    if (!set_host_lock(descriptor, part, kind)) return false;
  }
  return true;
}

Status FileControl::lock(Opener opener, int descriptor, ByteRange range, bool exclusive, const IoWait* wait) {
  std::unique_lock guard(mutex_);
  for (;;) {
    const bool free_here = !conflicts(opener, range, exclusive);
    if (free_here) {
      locks_.push_back({opener, range, exclusive});
      if (mirror(opener, descriptor, range)) break;
      locks_.pop_back();
      mirror(opener, descriptor, range);
    }
    if (wait == nullptr)
      return fail(STATUS_LOCK_NOT_GRANTED, "bytes {:#x} to {:#x} are locked", range.begin, range.end);
    if (wait->cancelled())
      return fail(STATUS_CANCELLED, "the wait for bytes {:#x} to {:#x} was cancelled", range.begin, range.end);
    if (free_here)  // another process has it, and does not tell us when it lets go
      unlocked_.wait_for(guard, std::chrono::milliseconds(10));
    else
      unlocked_.wait(guard, wait);
  }
  lock_count_ = static_cast<unsigned>(locks_.size());
  return ok;
}

Status FileControl::unlock(Opener opener, int descriptor, ByteRange range) {
  {
    const std::lock_guard guard(mutex_);
    auto found = locks_.end();
    for (auto lock = locks_.begin(); lock != locks_.end(); ++lock)  // the exclusive one goes first
      if (lock->opener == opener && lock->range == range && (found == locks_.end() || lock->exclusive)) found = lock;
    if (found == locks_.end())
      return fail(STATUS_RANGE_NOT_LOCKED, "bytes {:#x} to {:#x} were not locked as one range", range.begin, range.end);
    locks_.erase(found);
    lock_count_ = static_cast<unsigned>(locks_.size());
    mirror(opener, descriptor, range);
  }
  unlocked_.notify_all();
  return ok;
}

Status FileControl::check_access(Opener opener, ByteRange range, bool writing) const {
  if (lock_count_.load(std::memory_order_relaxed) == 0) return ok;
  const std::lock_guard guard(mutex_);
  for (const Lock& lock : locks_) {
    const bool forbids = lock.exclusive ? lock.opener != opener : writing;
    if (forbids && lock.range.overlaps(range))
      return fail(STATUS_FILE_LOCK_CONFLICT, "bytes {:#x} to {:#x} are locked", lock.range.begin, lock.range.end);
  }
  return ok;
}

}  // namespace hmodule::nt
