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

// False if another process holds a conflicting lock. A descriptor that Linux cannot lock this way counts as locked.
bool take_host_lock(int descriptor, ByteRange range, bool exclusive) {
  struct flock lock = host_lock(range, exclusive ? F_WRLCK : F_RDLCK);
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
      restore_host_locks(opener, descriptor, {0, UINT64_MAX});  // a section may keep the description open
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

// Shared locks stand beside each other. An exclusive one stands alone: even its owner cannot lock the bytes twice.
const FileControl::Lock* FileControl::conflict(ByteRange range, bool exclusive) const {
  for (const Lock& lock : locks_) {
    if (!lock.range.overlaps(range)) continue;
    if (exclusive || lock.exclusive) return &lock;
  }
  return nullptr;
}

Status FileControl::lock(Opener opener, int descriptor, ByteRange range, bool exclusive, const IoWait* wait) {
  std::unique_lock guard(mutex_);
  for (;;) {
    const bool free_here = conflict(range, exclusive) == nullptr;
    if (free_here && take_host_lock(descriptor, range, exclusive)) break;
    if (wait == nullptr)
      return fail(STATUS_LOCK_NOT_GRANTED, "bytes {:#x} to {:#x} are locked", range.begin, range.end);
    if (wait->cancelled())
      return fail(STATUS_CANCELLED, "the wait for bytes {:#x} to {:#x} was cancelled", range.begin, range.end);
    if (free_here)  // another process has it, and does not tell us when it lets go
      unlocked_.wait_for(guard, std::chrono::milliseconds(10));
    else
      unlocked_.wait(guard, wait);
  }
  locks_.push_back({opener, range, exclusive});
  lock_count_ = static_cast<unsigned>(locks_.size());
  return ok;
}

Status FileControl::unlock(Opener opener, int descriptor, ByteRange range) {
  {
    const std::lock_guard guard(mutex_);
    const auto found = std::find_if(locks_.begin(), locks_.end(),
                                    [&](const Lock& lock) { return lock.opener == opener && lock.range == range; });
    if (found == locks_.end())
      return fail(STATUS_RANGE_NOT_LOCKED, "bytes {:#x} to {:#x} were not locked as one range", range.begin, range.end);
    locks_.erase(found);
    lock_count_ = static_cast<unsigned>(locks_.size());
    restore_host_locks(opener, descriptor, range);
  }
  unlocked_.notify_all();
  return ok;
}

// Linux merges the ranges of one descriptor: after freeing one, those that overlapped it are taken again.
void FileControl::restore_host_locks(Opener opener, int descriptor, ByteRange released) const {
  struct flock free = host_lock(released, F_UNLCK);
  fcntl(descriptor, F_OFD_SETLK, &free);
  for (const Lock& lock : locks_)
    if (lock.opener == opener && lock.range.overlaps(released)) take_host_lock(descriptor, lock.range, lock.exclusive);
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
