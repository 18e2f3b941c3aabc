// Mutants: what kernel32 calls mutexes.
#pragma once

#include "nt/waitable.h"

namespace hmodule::nt {

inline constexpr ACCESS_MASK MUTANT_QUERY_STATE = 0x1, MUTANT_ALL_ACCESS = 0x1F0001;

class Mutant final : public Waitable {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  explicit Mutant(Thread* initial_owner);

  bool signalled(const Dispatcher& lock, const Thread* thread) const override;
  bool take(const Dispatcher& lock, Thread* thread) override;
  Status signal(const Dispatcher& lock, Thread& by, ACCESS_MASK granted) override;

  std::optional<SharedFacts> facts_to_share() override;
  void share(std::unique_ptr<SharedObject> shared) override;

  // NtReleaseMutant: the previous count, which is 1 minus how often it was owned.
  Result<LONG> release_owned();
  // Its owner is gone.
  void abandon(const Dispatcher& lock);

  struct State {
    LONG count;  // 1: free
    bool owned_by_caller, abandoned;
    DWORD owner;  // thread id, 0 for none
  };
  State state() const;

 private:
  ~Mutant() override;
  Result<LONG> release_by(const Dispatcher& lock, Thread& thread);
  void own(Thread& thread);
  void disown();

  Thread* owner_ = nullptr;
  LONG recursion_ = 0;
  bool abandoned_ = false;
  Mutant *next_owned_ = nullptr, **link_ = nullptr;  // the owner's list
};

}  // namespace hmodule::nt
