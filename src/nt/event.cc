#include "nt/event.h"

namespace hmodule::nt {

const ObjectType Event::kType = {u"Event", 0x20001, 0x20002, 0x120000, EVENT_ALL_ACCESS};

Event::~Event() {
  word_.give_back();
}

std::optional<SharedFacts> Event::facts_to_share() {
  return SharedFacts{.kind = SharedKind::event, .variant = kind_ == Kind::synchronization, .value = word_.is_set()};
}

void Event::share(std::unique_ptr<SharedObject> shared) {
  const Dispatcher lock;
  guard(lock);
  Waitable::share(std::move(shared));
}

void Event::guard(const Dispatcher&) {
  word_.guard();
}

void Event::unguard(const Dispatcher&) {
  if (!has_waiters() && shared() == nullptr) word_.unguard();
}

bool Event::signalled(const Dispatcher&, const Thread* thread) const {
  if (shared() != nullptr) return shared()->signalled(thread);
  word_.guard();
  return word_.is_set();
}

bool Event::take(const Dispatcher&, Thread* thread) {
  if (shared() != nullptr) return shared()->take(thread);
  if (kind_ == Kind::synchronization) word_.put(false);
  return false;
}

Status Event::signal(const Dispatcher& lock, Thread&, ACCESS_MASK granted) {
  if ((granted & EVENT_MODIFY_STATE) == 0) return fail(STATUS_ACCESS_DENIED, "the handle may not set the event");
  set(lock);
  return ok;
}

LONG Event::set() {
  if (const auto before = word_.try_set(word_.ticket()); before != EventWord::Before::unknown)
    return before == EventWord::Before::set;
  const Dispatcher lock;
  return set(lock);
}

LONG Event::set(const Dispatcher& lock) {
  if (shared() != nullptr) return shared()->set_event(true);
  return change(lock, true);
}

LONG Event::reset() {
  if (const auto before = word_.try_reset(word_.ticket()); before != EventWord::Before::unknown)
    return before == EventWord::Before::set;
  if (shared() != nullptr) return shared()->set_event(false);
  const Dispatcher lock;
  return change(lock, false);
}

LONG Event::change(const Dispatcher& lock, bool on) {
  guard(lock);
  const bool previous = word_.is_set();
  word_.put(on);
  if (on && !previous) satisfy_waiters(lock);
  unguard(lock);
  return previous;
}

LONG Event::pulse() {
  if (shared() != nullptr) return shared()->pulse_event();
  const Dispatcher lock;
  guard(lock);
  const bool previous = word_.is_set();
  word_.put(true);
  satisfy_waiters(lock);
  word_.put(false);
  unguard(lock);
  return previous;
}

bool Event::is_set() const {
  return shared() != nullptr ? shared()->value() != 0 : word_.is_set();
}

}  // namespace hmodule::nt
