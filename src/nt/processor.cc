#include "nt/processor.h"

#include "nt/thread.h"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace hmodule::nt {
namespace {

constexpr int kGroupSize = 64;

cpu_set_t set_of(ULONG_PTR mask) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < kGroupSize; ++i)
    if ((mask >> i & 1) != 0) CPU_SET(i, &set);
  return set;
}

ULONG_PTR mask_of(const cpu_set_t& set) {
  ULONG_PTR mask = 0;
  for (int i = 0; i < kGroupSize; ++i)
    if (CPU_ISSET(i, &set)) mask |= ULONG_PTR{1} << i;
  return mask;
}

ULONG_PTR system_mask() {
  const long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count >= kGroupSize ? ~ULONG_PTR{0} : (ULONG_PTR{1} << count) - 1;
}

// What the process was started with, until SetProcessAffinityMask.
std::atomic<ULONG_PTR>& process_mask() {
  static std::atomic<ULONG_PTR> mask = [] {
    cpu_set_t set;
    return sched_getaffinity(getpid(), sizeof set, &set) == 0 ? mask_of(set) : system_mask();
  }();
  return mask;
}

Status apply(DWORD thread_id, ULONG_PTR mask) {
  const cpu_set_t set = set_of(mask);
  if (sched_setaffinity(static_cast<pid_t>(thread_id), sizeof set, &set) == 0) return ok;
  return fail(errno == ESRCH ? STATUS_THREAD_IS_TERMINATING : STATUS_INVALID_PARAMETER,
              "thread {} cannot be bound to the processors {:#x}", thread_id, mask);
}

}  // namespace

Affinity process_affinity() {
  const ULONG_PTR process = process_mask();
  return {process, system_mask() | process};
}

Status set_process_affinity(ULONG_PTR mask) {
  const Affinity now = process_affinity();
  if (mask == 0 || (mask & ~now.system) != 0)
    return fail(STATUS_INVALID_PARAMETER, "processors {:#x} of {:#x}", mask, now.system);
  for (const auto& thread : all_threads()) TRY(apply(thread->id(), mask));
  process_mask() = mask;
  return ok;
}

Result<ULONG_PTR> thread_affinity(DWORD thread_id) {
  cpu_set_t set;
  if (sched_getaffinity(static_cast<pid_t>(thread_id), sizeof set, &set) != 0)
    return fail(STATUS_THREAD_IS_TERMINATING, "thread {} has ended", thread_id);
  return mask_of(set);
}

Result<ULONG_PTR> set_thread_affinity(DWORD thread_id, ULONG_PTR mask) {
  const ULONG_PTR allowed = process_mask();
  if (mask == 0 || (mask & ~allowed) != 0)
    return fail(STATUS_INVALID_PARAMETER, "processors {:#x} of {:#x}", mask, allowed);
  const ULONG_PTR previous = TRY(thread_affinity(thread_id));
  TRY(apply(thread_id, mask));
  return previous;
}

DWORD current_processor() {
  const int processor = sched_getcpu();
  return processor < 0 ? 0 : static_cast<DWORD>(processor) % kGroupSize;
}

}  // namespace hmodule::nt
