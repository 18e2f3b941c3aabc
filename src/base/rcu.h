// Readers that never wait, and a writer that waits for them.
//
// A reader announces itself in one of two counters (the current phase's), reads the published pointer, and leaves. A
// writer publishes a new object, then flips the phase twice, each time waiting until the counter of the phase it left
// is zero; whoever could still hold the old object has gone by then, and it may be freed. Counters are striped over
// cache lines by thread, so readers do not slow each other down. A reader must not block or run foreign code.
#pragma once

#include <sched.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace hmodule {

template <typename T>
class Rcu {
 public:
  explicit Rcu(std::unique_ptr<const T> first) : current_(first.release()) {}
  Rcu(const Rcu&) = delete;
  Rcu& operator=(const Rcu&) = delete;
  ~Rcu() { delete current_.load(); }

  // Holds the object that was current when it was made.
  class Reader {
   public:
    explicit Reader(const Rcu& owner) : count_(owner.stripe().count[owner.phase_.load(std::memory_order_seq_cst)]) {
      count_.fetch_add(1, std::memory_order_seq_cst);
      object_ = owner.current_.load(std::memory_order_seq_cst);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { count_.fetch_sub(1, std::memory_order_release); }
    const T* operator->() const { return object_; }
    const T& operator*() const { return *object_; }

   private:
    std::atomic<std::uint64_t>& count_;
    const T* object_;
  };
  Reader read() const { return Reader(*this); }

  // Publishes `next` and returns when no reader can see what it replaces.
  void publish(std::unique_ptr<const T> next) {
    const std::lock_guard<std::mutex> lock(writer_);
    const std::unique_ptr<const T> previous(current_.exchange(next.release(), std::memory_order_seq_cst));
    wait_for_readers();
  }

 private:
  struct alignas(64) Stripe {
    std::atomic<std::uint64_t> count[2] = {};
  };

  Stripe& stripe() const {
    const auto thread = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
    return stripes_[(thread >> 12 ^ thread >> 20) % stripes_.size()];
  }

  void wait_for_readers() {
    for (int flip = 0; flip < 2; ++flip) {
      const unsigned left = phase_.load(std::memory_order_relaxed);
      phase_.store(left ^ 1, std::memory_order_seq_cst);
      for (Stripe& stripe : stripes_)
        while (stripe.count[left].load(std::memory_order_seq_cst) != 0) sched_yield();
    }
  }

  std::atomic<const T*> current_;
  std::atomic<unsigned> phase_{0};
  mutable std::array<Stripe, 32> stripes_;
  std::mutex writer_;
};

}  // namespace hmodule
