#include "thread/gs.h"

#include <asm/prctl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace hmodule::thread {
namespace {

enum class Access : int { undecided, instruction, system_call };
std::atomic<Access> access_{Access::undecided};

// Threads may decide at the same time: they come to the same answer.
Access decide() {
  constexpr unsigned long kFsgsbase = 1UL << 1;  // HWCAP2_FSGSBASE, asm/hwcap2.h
  const char* wish = std::getenv("HMODULE_GS");
  const bool allowed = (getauxval(AT_HWCAP2) & kFsgsbase) != 0;
  const bool refused = wish != nullptr && std::string_view(wish) == "arch_prctl";
  const Access answer = allowed && !refused ? Access::instruction : Access::system_call;
  access_.store(answer, std::memory_order_relaxed);
  return answer;
}

bool by_instruction() {
  Access access = access_.load(std::memory_order_relaxed);
  if (access == Access::undecided) [[unlikely]]
    access = decide();
  return access == Access::instruction;
}

}  // namespace

std::uintptr_t gs_base() {
  std::uintptr_t base = 0;
  if (by_instruction())
    __asm__ volatile("rdgsbase %0" : "=r"(base));
  else
    syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  return base;
}

void set_gs_base(std::uintptr_t base) {
  if (by_instruction())
    __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
  else
    syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

}  // namespace hmodule::thread
