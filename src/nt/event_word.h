// The state of an event, which a thread changes without a lock while nobody waits.
//
// SetEvent where nobody waits, and a wait for an event that is set, are one compare-and-swap each. Nothing keeps the
// event alive meanwhile, neither a count nor a read section: a word is never freed, and says whose it is. Each event
// gets a number that no other event of the process ever has; its word holds that number, and so does the entry of each
// of its handles (HandleTable). A swap succeeds only where both are the same, and thus on the event that the handle
// meant when its entry was read; a handle closed meanwhile was closed a moment later. A thread may be suspended or
// killed before or after any instruction here, and nobody need know of it.
//
// Whatever is more than that is the dispatcher's (waitable.h): it guards the word before it looks, and from then on
// every swap fails, so that the state changes under the dispatcher lock alone. An event with waiters is guarded; one
// that is set or reset under the lock, or found set by a wait there, is free again if nobody waits for it. An event
// that processes share stays guarded, and has its state elsewhere (shared_object.h).
#pragma once

#include <atomic>
#include <cstdint>

namespace hmodule::nt {

class alignas(64) EventWord {
 public:
  // An event's number and kind, in a word or in a handle's entry; the two low bits differ in meaning.
  using Ticket = std::uint64_t;
  static constexpr Ticket kSet = 1, kGuarded = 2;        // in a word
  static constexpr Ticket kMaySet = 1, kMayWait = 2;     // in an entry: what the handle may do
  static constexpr Ticket kRights = kMaySet | kMayWait;  // 0: no event's entry
  static constexpr Ticket kAutomatic = 4;                // a wait resets it

  // One for a new event. give_back() when the event is gone.
  static EventWord& take(bool automatic, bool set);
  void give_back();
  // Nobody takes or gives back in between (fork.h).
  static void hold_for_fork();
  static void let_go_after_fork();

  // What the event was; `unknown` leaves all to the dispatcher.
  enum class Before : std::uint8_t { reset, set, unknown };
  Before try_set(Ticket ticket) { return change(ticket, 0, kSet, kSet); }
  Before try_reset(Ticket ticket) { return change(ticket, kSet, 0, 0); }
  // The wait is over if the event was set.
  Before try_wait(Ticket ticket) { return change(ticket, kSet, 0, (ticket & kAutomatic) != 0 ? 0 : kSet); }

  // The owner's.
  Ticket ticket() const { return state_.load(std::memory_order_relaxed) & ~kRights; }
  bool is_set() const { return (state_.load(std::memory_order_acquire) & kSet) != 0; }
  // With the dispatcher lock; what lies between them is for its holder to do.
  void guard() {
    if ((state_.load(std::memory_order_relaxed) & kGuarded) == 0) state_.fetch_or(kGuarded, std::memory_order_acq_rel);
  }
  void put(bool set) {
    const Ticket state = state_.load(std::memory_order_relaxed);
    state_.store(set ? state | kSet : state & ~kSet, std::memory_order_relaxed);
  }
  void unguard() { state_.store(state_.load(std::memory_order_relaxed) & ~kGuarded, std::memory_order_release); }

 private:
  // To `from_reset` if it is reset, to `from_set` if it is set; `guess` is what it is most likely. A change to what it
  // was is a swap, too: who sets an event again has written before it what the one who waits reads afterwards.
  [[gnu::always_inline]] Before change(Ticket ticket, Ticket guess, Ticket from_reset, Ticket from_set) {
    const Ticket owner = ticket & ~kRights;
    for (Ticket seen = owner | guess;;) {
      const bool set = seen == (owner | kSet);
      if (!set && seen != owner) return Before::unknown;
      if (state_.compare_exchange_strong(seen, owner | (set ? from_set : from_reset), std::memory_order_seq_cst))
        return set ? Before::set : Before::reset;
    }
  }

  std::atomic<Ticket> state_{kGuarded};
  EventWord* next_free_ = nullptr;
};

}  // namespace hmodule::nt
