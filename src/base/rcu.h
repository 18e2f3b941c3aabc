// Readers that never wait, and a writer that waits for them.
//
// A reader marks its thread's slot, reads the published pointer, and takes the mark back: plain stores, no atomic
// read-modify-write and no fence. A processor may execute the read before others see the mark; so it is the writer, who
// comes seldom, that pays: having published, it makes every running thread pass a barrier (membarrier(2)), and then
// waits for each slot whose mark was set before. What it replaced may then be freed.
//
// A mark is a number that is new each time its thread begins to read, so a thread that reads again and again keeps
// nobody waiting. Its low bits count nested readers. Nothing here locks for reading, so a signal handler may read.
//
// Readers of all Rcu<T> of one T share the slots. A reader must not block, run foreign code, or publish to such an Rcu.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/remote_barrier.h"

namespace hmodule {

template <typename T>
class Rcu {
  struct Slot {
    std::atomic<std::uint64_t> mark{0};  // 0: not reading
    std::uint64_t last_number = 0;
    std::atomic<bool> taken{true};
    Slot* next = nullptr;
  };

 public:
  explicit Rcu(std::unique_ptr<const T> first) : current_(first.release()) { prepare_remote_barrier(); }
  Rcu(const Rcu&) = delete;
  Rcu& operator=(const Rcu&) = delete;
  ~Rcu() { delete current_.load(); }

  // Holds the object that was current when it was made.
  class Reader {
   public:
    explicit Reader(const Rcu& owner) : slot_(own_slot()) {
      const std::uint64_t mark = slot_.mark.load(std::memory_order_relaxed);
      slot_.mark.store(mark == 0 ? ++slot_.last_number << kNestingBits | 1 : mark + 1, std::memory_order_relaxed);
      barrier_before_remote_one();
      object_ = owner.current_.load(std::memory_order_acquire);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() {
      const std::uint64_t mark = slot_.mark.load(std::memory_order_relaxed);
      slot_.mark.store((mark & kNesting) == 1 ? 0 : mark - 1, std::memory_order_release);
    }
    const T* operator->() const { return object_; }
    const T& operator*() const { return *object_; }

   private:
    Slot& slot_;
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
  static constexpr int kNestingBits = 16;
  static constexpr std::uint64_t kNesting = (1U << kNestingBits) - 1;

  static Slot& own_slot() {
    if (own_slot_ == nullptr) [[unlikely]]
      take_slot();
    return *own_slot_;
  }

  // Slots are never freed; one that a thread leaves at its end is taken by a later thread. The key's destructor may run
  // before others that read once more: those take a slot again, and the system runs the destructor again.
  [[gnu::noinline]] static void take_slot() {
    static const pthread_key_t key = [] {
      pthread_key_t made;
      pthread_key_create(&made, [](void* slot) {
        own_slot_ = nullptr;
        static_cast<Slot*>(slot)->taken.store(false, std::memory_order_release);
      });
      pthread_atfork(nullptr, nullptr, forget_other_threads);
      return made;
    }();
    Slot* slot = slots_.load(std::memory_order_acquire);
    while (slot != nullptr && slot->taken.exchange(true, std::memory_order_acquire)) slot = slot->next;
    if (slot == nullptr) {
      slot = new Slot;
      slot->next = slots_.load(std::memory_order_relaxed);
      while (!slots_.compare_exchange_weak(slot->next, slot, std::memory_order_seq_cst)) {
      }
    }
    pthread_setspecific(key, slot);
    own_slot_ = slot;
  }

  // In a process made by fork(), whose only thread is the caller.
  static void forget_other_threads() {
    for (Slot* slot = slots_.load(std::memory_order_relaxed); slot != nullptr; slot = slot->next) {
      if (slot == own_slot_) continue;
      slot->mark.store(0, std::memory_order_relaxed);
      slot->taken.store(false, std::memory_order_relaxed);
    }
  }

  static void wait_for_readers() {
    remote_barrier();
    for (Slot* slot = slots_.load(std::memory_order_seq_cst); slot != nullptr; slot = slot->next) {
      const std::uint64_t seen = slot->mark.load(std::memory_order_acquire);
      const auto still_reads = [&] {
        const std::uint64_t now = slot->mark.load(std::memory_order_acquire);
        return now != 0 && now >> kNestingBits == seen >> kNestingBits;
      };
      while (still_reads()) sched_yield();
    }
  }

  static inline std::atomic<Slot*> slots_{nullptr};
  static inline __thread Slot* own_slot_ __attribute__((tls_model("initial-exec"))) = nullptr;

  std::atomic<const T*> current_;
  std::mutex writer_;
};

}  // namespace hmodule
