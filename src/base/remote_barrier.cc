#include "base/remote_barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hmodule {
namespace {

bool membarrier(int command) {
  return syscall(SYS_membarrier, command, 0, 0) == 0;
}

}  // namespace

constinit std::atomic<bool> has_remote_barrier{false};

void prepare_remote_barrier() {
  if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)) has_remote_barrier.store(true, std::memory_order_seq_cst);
}

void remote_barrier() {
  __builtin_ia32_mfence();
  if (!has_remote_barrier.load(std::memory_order_relaxed)) return;
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  // A process made by fork() may have to register again; it has one thread still.
  has_remote_barrier.store(false, std::memory_order_seq_cst);
  prepare_remote_barrier();
}

}  // namespace hmodule
