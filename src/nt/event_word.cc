#include "nt/event_word.h"

#include "nt/kernel_section.h"

#include <cstddef>
#include <mutex>
#include <utility>

namespace hmodule::nt {
namespace {

constexpr EventWord::Ticket kFirstNumber = 8;  // above the flags

// Constant from the first instruction on, and never destroyed: events come and go until the very end.
constinit KernelMutex mutex;
constinit EventWord* first_free = nullptr;
constinit EventWord::Ticket next_number = kFirstNumber;

}  // namespace

EventWord& EventWord::take(bool automatic, bool set) {
  const std::lock_guard lock(mutex);
  if (first_free == nullptr) {
    constexpr std::size_t kAtOnce = 64;
    auto* const words = new EventWord[kAtOnce];
    for (std::size_t i = 0; i < kAtOnce; ++i) words[i].next_free_ = std::exchange(first_free, &words[i]);
  }
  EventWord& word = *std::exchange(first_free, first_free->next_free_);
  const Ticket number = std::exchange(next_number, next_number + kFirstNumber);
  word.state_.store(number | (automatic ? kAutomatic : 0) | (set ? kSet : 0), std::memory_order_release);
  return word;
}

void EventWord::give_back() {
  const std::lock_guard lock(mutex);
  state_.store(kGuarded, std::memory_order_relaxed);  // nobody's
  next_free_ = std::exchange(first_free, this);
}

void EventWord::hold_for_fork() {
  mutex.lock();
}
void EventWord::let_go_after_fork() {
  mutex.unlock();
}

}  // namespace hmodule::nt
