#include "nt/semaphore.h"

namespace hmodule::nt {

const ObjectType Semaphore::kType = {u"Semaphore", 0x20001, 0x20002, 0x120000, SEMAPHORE_ALL_ACCESS};

Status Semaphore::check_counts(LONG count, LONG maximum) {
  if (maximum <= 0 || count < 0 || count > maximum)
    return fail(STATUS_INVALID_PARAMETER, "a semaphore cannot begin at {} of {}", count, maximum);
  return ok;
}

std::optional<SharedFacts> Semaphore::facts_to_share() {
  return SharedFacts{.kind = SharedKind::semaphore, .value = count_, .maximum = maximum_};
}

bool Semaphore::signalled(const Dispatcher&, const Thread* thread) const {
  return shared() == nullptr ? count_ > 0 : shared()->signalled(thread);
}

bool Semaphore::take(const Dispatcher&, Thread* thread) {
  if (shared() != nullptr) return shared()->take(thread);
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
  if (shared() != nullptr) return shared()->release_semaphore(by);
  if (by > maximum_ - count_)
    return fail(STATUS_SEMAPHORE_LIMIT_EXCEEDED, "a semaphore at {} of {} cannot be released by {}", count_, maximum_,
                by);
  const LONG previous = count_;
  count_ += by;
  satisfy_waiters(lock);
  return previous;
}

LONG Semaphore::count() const {
  if (shared() != nullptr) return shared()->value();
  const Dispatcher lock;
  return count_;
}

}  // namespace hmodule::nt
