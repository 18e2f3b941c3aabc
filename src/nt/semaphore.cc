#include "nt/semaphore.h"

namespace hmodule::nt {

const ObjectType Semaphore::kType = {u"Semaphore", 0x20001, 0x20002, 0x120000, SEMAPHORE_ALL_ACCESS};

Status Semaphore::check_counts(LONG count, LONG maximum) {
  if (maximum <= 0 || count < 0 || count > maximum)
    return fail(STATUS_INVALID_PARAMETER, "a semaphore cannot begin at {} of {}", count, maximum);
  return ok;
}

bool Semaphore::take(const Dispatcher&, Thread*) {
  --count_;
  return false;
}

Status Semaphore::signal(const Dispatcher& lock, Thread&, ACCESS_MASK granted) {
  if ((granted & SEMAPHORE_MODIFY_STATE) == 0)
    return fail(STATUS_ACCESS_DENIED, "the handle may not release the semaphore");
  TRY(release_by(lock, 1));
  return ok;
}

Result<LONG> Semaphore::release_by(LONG by) {
  const Dispatcher lock;
  return release_by(lock, by);
}

Result<LONG> Semaphore::release_by(const Dispatcher& lock, LONG by) {
  if (by <= 0) return fail(STATUS_INVALID_PARAMETER, "a semaphore cannot be released by {}", by);
  if (by > maximum_ - count_)
    return fail(STATUS_SEMAPHORE_LIMIT_EXCEEDED, "a semaphore at {} of {} cannot be released by {}", count_, maximum_,
                by);
  const LONG previous = count_;
  count_ += by;
  satisfy_waiters(lock);
  return previous;
}

LONG Semaphore::count() const {
  const Dispatcher lock;
  return count_;
}

}  // namespace hmodule::nt
