// Events.
#pragma once

#include "nt/event_word.h"
#include "nt/waitable.h"

namespace hmodule::nt {

inline constexpr ACCESS_MASK EVENT_QUERY_STATE = 0x1, EVENT_MODIFY_STATE = 0x2, EVENT_ALL_ACCESS = 0x1F0003;

class Event final : public Waitable {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // EVENT_TYPE of ntdef.h: a notification event stays set until it is reset, a synchronization event lets one go.
  enum class Kind : std::uint8_t { notification, synchronization };
  Event(Kind kind, bool set) : kind_(kind), word_(EventWord::take(kind == Kind::synchronization, set)) {}

  bool signalled(const Dispatcher& lock, const Thread* thread) const override;
  bool take(const Dispatcher& lock, Thread* thread) override;
  Status signal(const Dispatcher& lock, Thread& by, ACCESS_MASK granted) override;
  void guard(const Dispatcher& lock) override;
  void unguard(const Dispatcher& lock) override;
  EventWord* event_word() override { return shared() == nullptr ? &word_ : nullptr; }

  // Each gives the previous state.
  LONG set();
  LONG set(const Dispatcher& lock);
  LONG reset();
  LONG pulse();  // releases who waits now, and is not set afterwards

  std::optional<SharedFacts> facts_to_share() override;
  void share(std::unique_ptr<SharedObject> shared) override;

  Kind kind() const { return kind_; }
  bool is_set() const;

 private:
  ~Event() override;
  LONG change(const Dispatcher& lock, bool on);

  const Kind kind_;
  EventWord& word_;
};

}  // namespace hmodule::nt
