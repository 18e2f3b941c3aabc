#include "nt/event.h"

namespace hmodule::nt {

const ObjectType Event::kType = {u"Event", 0x20001, 0x20002, 0x120000, EVENT_ALL_ACCESS};

std::optional<SharedFacts> Event::facts_to_share() {
  return SharedFacts{.kind = SharedKind::event, .variant = kind_ == Kind::synchronization, .value = set_};
}

bool Event::signalled(const Dispatcher&, const Thread* thread) const {
  return shared() == nullptr ? set_ : shared()->signalled(thread);
}

bool Event::take(const Dispatcher&, Thread* thread) {
  if (shared() != nullptr) return shared()->take(thread);
  if (kind_ == Kind::synchronization) set_ = false;
  return false;
}

Status Event::signal(const Dispatcher& lock, Thread&, ACCESS_MASK granted) {
  if ((granted & EVENT_MODIFY_STATE) == 0) return fail(STATUS_ACCESS_DENIED, "the handle may not set the event");
  set(lock);
  return ok;
}

LONG Event::set() {
  const Dispatcher lock;
  return set(lock);
}

LONG Event::set(const Dispatcher& lock) {
  if (shared() != nullptr) return shared()->set_event(true);
  const bool previous = std::exchange(set_, true);
  if (!previous) satisfy_waiters(lock);
  return previous;
}

LONG Event::reset() {
  if (shared() != nullptr) return shared()->set_event(false);
  const Dispatcher lock;
  return std::exchange(set_, false);
}

LONG Event::pulse() {
  if (shared() != nullptr) return shared()->pulse_event();
  const Dispatcher lock;
  const bool previous = std::exchange(set_, true);
  satisfy_waiters(lock);
  set_ = false;
  return previous;
}

bool Event::is_set() const {
  if (shared() != nullptr) return shared()->value() != 0;
  const Dispatcher lock;
  return set_;
}

}  // namespace hmodule::nt
