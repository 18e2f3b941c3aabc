// Semaphores.
#pragma once

#include "nt/waitable.h"

namespace hmodule::nt {

inline constexpr ACCESS_MASK SEMAPHORE_QUERY_STATE = 0x1, SEMAPHORE_MODIFY_STATE = 0x2, SEMAPHORE_ALL_ACCESS = 0x1F0003;

class Semaphore final : public Waitable {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // 0 <= count <= maximum, and the maximum is positive: check_counts().
  Semaphore(LONG count, LONG maximum) : count_(count), maximum_(maximum) {}
  static Status check_counts(LONG count, LONG maximum);

  bool signalled(const Dispatcher& lock, const Thread* thread) const override;
  bool take(const Dispatcher& lock, Thread* thread) override;
  Status signal(const Dispatcher& lock, Thread& by, ACCESS_MASK granted) override;

  // The previous count. STATUS_SEMAPHORE_LIMIT_EXCEEDED changes nothing; a `by` below 1 is refused.
  Result<LONG> release_by(LONG by);

  std::optional<SharedFacts> facts_to_share() override;

  LONG count() const;
  LONG maximum() const { return maximum_; }

 private:
  Result<LONG> release_by(const Dispatcher& lock, LONG by);
  LONG count_;
  const LONG maximum_;
};

}  // namespace hmodule::nt
