// A memory barrier in two halves: one that happens often and costs nothing, and one that happens seldom and does the
// work of both, by making every running thread of the process execute a barrier (membarrier(2), Linux 4.14). Where the
// system has no such call, both halves are ordinary fences.
#pragma once

#include <atomic>

namespace hmodule {

// The caller of either half has called this once.
void prepare_remote_barrier();

// The half that does the work. What this thread did before is seen by every thread after its half, or what that thread
// did before its half is seen by this thread now.
void remote_barrier();

extern std::atomic<bool> has_remote_barrier __attribute__((visibility("hidden")));

// The other half.
inline void barrier_before_remote_one() {
  if (has_remote_barrier.load(std::memory_order_relaxed)) [[likely]]
    std::atomic_signal_fence(std::memory_order_seq_cst);
  else
    __builtin_ia32_mfence();
}

}  // namespace hmodule
