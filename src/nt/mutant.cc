#include "nt/mutant.h"

#include "nt/thread.h"

#include <climits>

namespace hmodule::nt {

const ObjectType Mutant::kType = {u"Mutant", 0x20001, 0x20000, 0x120000, MUTANT_ALL_ACCESS};

Mutant::Mutant(Thread* initial_owner) {
  if (initial_owner == nullptr) return;
  const Dispatcher lock;
  own(*initial_owner);
}

Mutant::~Mutant() {
  const Dispatcher lock;
  if (owner_ != nullptr) disown();
}

void Mutant::own(Thread& thread) {
  owner_ = &thread;
  recursion_ = 1;
  next_owned_ = thread.owned_mutants;
  link_ = &thread.owned_mutants;
  if (next_owned_ != nullptr) next_owned_->link_ = &next_owned_;
  thread.owned_mutants = this;
}

void Mutant::disown() {
  *link_ = next_owned_;
  if (next_owned_ != nullptr) next_owned_->link_ = link_;
  owner_ = nullptr;
  recursion_ = 0;
}

std::optional<SharedFacts> Mutant::facts_to_share() {
  const Dispatcher lock;
  return SharedFacts{.kind = SharedKind::mutant, .value = recursion_, .owner = owner_ == nullptr ? 0 : owner_->id()};
}

void Mutant::share(std::unique_ptr<SharedObject> shared) {
  {
    const Dispatcher lock;
    if (owner_ != nullptr) disown();
  }
  Waitable::share(std::move(shared));
}

bool Mutant::signalled(const Dispatcher&, const Thread* thread) const {
  if (shared() != nullptr) return shared()->signalled(thread);
  return owner_ == nullptr || owner_ == thread;
}

bool Mutant::take(const Dispatcher&, Thread* thread) {
  if (shared() != nullptr) return shared()->take(thread);
  if (thread == nullptr) return abandoned_;  // a thread pool's wait sees it free, but cannot own it
  if (owner_ == thread) {
    if (recursion_ != INT_MAX) ++recursion_;
    return false;
  }
  own(*thread);
  return std::exchange(abandoned_, false);
}

Result<LONG> Mutant::release_by(const Dispatcher& lock, Thread& thread) {
  if (shared() != nullptr) return shared()->release_mutant(thread.id());
  if (owner_ != &thread) return fail(STATUS_MUTANT_NOT_OWNED, "the mutex is not owned by thread {}", thread.id());
  const LONG previous = 1 - recursion_;
  if (--recursion_ == 0) {
    disown();
    satisfy_waiters(lock);
  }
  return previous;
}

Result<LONG> Mutant::release_owned() {
  Thread& self = current_thread();
  const Dispatcher lock;
  return release_by(lock, self);
}

Status Mutant::signal(const Dispatcher& lock, Thread& by, ACCESS_MASK) {
  TRY(release_by(lock, by));
  return ok;
}

void Mutant::abandon(const Dispatcher& lock) {
  disown();
  abandoned_ = true;
  satisfy_waiters(lock);
}

Mutant::State Mutant::state() const {
  Thread& self = current_thread();
  if (shared() != nullptr) {
    const SharedObject::Mutant state = shared()->mutant();
    return {1 - state.owned, state.owner_is_here && state.owner == self.id(), state.abandoned, state.owner};
  }
  const Dispatcher lock;
  return {1 - recursion_, owner_ == &self, abandoned_, owner_ == nullptr ? 0 : owner_->id()};
}

}  // namespace hmodule::nt
