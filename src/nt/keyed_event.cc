#include "nt/keyed_event.h"

namespace hmodule::nt {

const ObjectType KeyedEvent::kType = {u"KeyedEvent", 0x20001, 0x20002, 0x20000, KEYEDEVENT_ALL_ACCESS};

// One that came first, and is woken by the other. It lives on the stack of its thread; the wait holds no reference
// beyond that.
class KeyedEvent::Party final : public Waitable {
 public:
  explicit Party(const void* party_key) : key(party_key) {}
  ~Party() override = default;
  const ObjectType& type() const override { return kType; }
  bool signalled(const Dispatcher&, const Thread*) const override { return met_; }
  void meet(const Dispatcher& lock) {
    met_ = true;
    satisfy_waiters(lock);
  }
  bool met(const Dispatcher&) const { return met_; }
  const void* const key;

 private:
  bool met_ = false;
};

KeyedEvent& KeyedEvent::process_wide() {
  static KeyedEvent* const event = make_object<KeyedEvent>().detach();
  return *event;
}

Result<NTSTATUS> KeyedEvent::meet(Parties& mine, Parties& others, const void* key, bool alertable, Timeout timeout) {
  if ((reinterpret_cast<std::uintptr_t>(key) & 1) != 0)
    return fail(STATUS_INVALID_PARAMETER_1, "the key {} is odd", key);
  Party self(key);
  {
    const Dispatcher lock;
    for (auto other = others.begin(); other != others.end(); ++other) {
      if ((*other)->key != key) continue;
      Party& partner = **other;
      others.erase(other);
      partner.meet(lock);
      return STATUS_SUCCESS;
    }
    mine.push_back(&self);
  }
  const NTSTATUS status = wait_one(self, alertable, timeout);
  const Dispatcher lock;
  if (self.met(lock)) return STATUS_SUCCESS;
  mine.remove(&self);
  return status;
}

}  // namespace hmodule::nt
