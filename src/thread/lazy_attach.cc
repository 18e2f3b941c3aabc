// A thread that enters DLL code without passing one of our functions first has GS 0, so its first read of gs:[...]
// faults (platform-facts §1.3). The handler only redirects the thread to hm_interrupted, which attaches in ordinary
// context, where allocation and DLL_THREAD_ATTACH are possible, and restarts the instruction.
//
// A null pointer read by an unattached thread looks the same. It costs one attach, and faults again with GS set.
#include "thread/gs.h"
#include "thread/registry.h"
#include "thread/signals.h"
#include "thread/teb.h"

#include <cpuid.h>
#include <link.h>

#include <cstdlib>

namespace hmodule::thread {

extern "C" {
__attribute__((visibility("hidden"))) std::uint64_t hm_xsave_size;
}

namespace {

struct TextRange {
  std::uintptr_t begin = 0, end = 0;
} own_text;

// The executable segment this function is in: the library's, or the program's when it was linked in.
TextRange find_own_text() {
  TextRange found;
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* answer) {
        const auto here = reinterpret_cast<std::uintptr_t>(&find_own_text);
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = object->dlpi_phdr[i];
          const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
          if (segment.p_type != PT_LOAD || here < begin || here >= begin + segment.p_memsz) continue;
          *static_cast<TextRange*>(answer) = {begin, begin + segment.p_memsz};
          return 1;
        }
        return 0;
      },
      &found);
  return found;
}

// What xsave needs for all state the kernel has enabled (CPUID leaf 0Dh, EBX).
std::uint64_t xsave_size() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) std::abort();  // no x86-64 since 2008
  __get_cpuid_count(0xD, 0, &a, &b, &c, &d);
  return b;
}

void attach_calling_thread() {
  attach();
}

Claim explains_fault(int, siginfo_t& info, ucontext_t& context) {
  constexpr std::uintptr_t kTebSize = 0x2000;
  const bool unmapped = info.si_code == SEGV_MAPERR || info.si_code == SEGV_ACCERR;
  if (!unmapped || reinterpret_cast<std::uintptr_t>(info.si_addr) >= kTebSize) return Claim::no;
  if (try_teb() != nullptr || gs_base() != 0) return Claim::no;

  greg_t* const registers = context.uc_mcontext.gregs;
  const auto ip = static_cast<std::uintptr_t>(registers[REG_RIP]);
  const bool ours = ip >= own_text.begin && ip < own_text.end;
  if (!ours && !is_dll_code(ip)) return Claim::no;

  interrupt(context, attach_calling_thread);
  return Claim::resume;
}

}  // namespace

void install_lazy_attach() {
  own_text = find_own_text();
  hm_xsave_size = xsave_size();
  claim_faults(SIGSEGV, explains_fault);
}

}  // namespace hmodule::thread
