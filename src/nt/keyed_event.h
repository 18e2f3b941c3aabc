// Keyed events: a rendezvous by key. Whoever waits for a key and whoever releases it each block until the other is
// there.
#pragma once

#include "nt/waitable.h"

#include <list>

namespace hmodule::nt {

inline constexpr ACCESS_MASK KEYEDEVENT_WAIT = 0x1, KEYEDEVENT_WAKE = 0x2, KEYEDEVENT_ALL_ACCESS = 0xF0003;

class KeyedEvent final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // STATUS_SUCCESS, STATUS_TIMEOUT or, alertable, STATUS_USER_APC. An odd key is STATUS_INVALID_PARAMETER_1.
  Result<NTSTATUS> wait(const void* key, bool alertable, Timeout timeout) {
    return meet(waiting_, releasing_, key, alertable, timeout);
  }
  Result<NTSTATUS> release_key(const void* key, bool alertable, Timeout timeout) {
    return meet(releasing_, waiting_, key, alertable, timeout);
  }

  // The one that a NULL handle means.
  static KeyedEvent& process_wide();

 private:
  class Party;
  using Parties = std::list<Party*>;
  static Result<NTSTATUS> meet(Parties& mine, Parties& others, const void* key, bool alertable, Timeout timeout);

  Parties waiting_, releasing_;  // guarded by the dispatcher lock
};

}  // namespace hmodule::nt
