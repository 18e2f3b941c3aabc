#include "nt/stop_place.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace hmodule::nt {
namespace {

struct Code {
  std::uintptr_t begin = 0, end = 0;
  bool contains(std::uintptr_t address) const { return begin <= address && address < end; }
};

// The executable segment around `of`; none if it is that of this library, too, which does not stand in the way then.
Code code_around(const void* of) {
  struct Search {
    std::uintptr_t address;
    Code found;
  } search{reinterpret_cast<std::uintptr_t>(of), {}};
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* parameter) {
        auto& wanted = *static_cast<Search*>(parameter);
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = object->dlpi_phdr[i];
          const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
          const Code code{begin, begin + segment.p_memsz};
          if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 && code.contains(wanted.address))
            wanted.found = code;
        }
        return wanted.found.end != 0 ? 1 : 0;
      },
      &search);
  return search.found.contains(reinterpret_cast<std::uintptr_t>(&code_around)) ? Code{} : search.found;
}

struct Places {
  Code allocator;                 // where it is not the C library's
  std::array<Code, 3> c_library;  // with its dynamic linker and the part of it that the kernel gives, the vDSO
};
Places places;

constexpr std::uint16_t kSyscallInstruction = 0x050F;

std::uint16_t instruction_at(std::uintptr_t address) {
  std::uint16_t bytes;
  std::memcpy(&bytes, reinterpret_cast<const void*>(address), sizeof bytes);
  return bytes;
}

// Those the C library makes with a lock held. A signal finds a thread before one of them, never inside.
bool changes_memory(greg_t number) {
  constexpr greg_t kNumbers[] = {SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk};
  return std::find(std::begin(kNumbers), std::end(kNumbers), number) != std::end(kNumbers);
}

// A call that waited was interrupted: it returned EINTR, or is about to be made again.
bool in_waiting_system_call(const ucontext_t& registers) {
  const auto ip = static_cast<std::uintptr_t>(registers.uc_mcontext.gregs[REG_RIP]);
  const greg_t rax = registers.uc_mcontext.gregs[REG_RAX];
  if (instruction_at(ip) == kSyscallInstruction) return !changes_memory(rax);
  return rax == -EINTR && instruction_at(ip - 2) == kSyscallInstruction;
}

}  // namespace

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer gives signals to a thread between calls only.
void find_stop_places() {}
#else
void find_stop_places() {
  places.c_library = {code_around(dlsym(RTLD_DEFAULT, "gnu_get_libc_version")),
                      code_around(dlsym(RTLD_DEFAULT, "__tls_get_addr")),
                      code_around(reinterpret_cast<const void*>(getauxval(AT_SYSINFO_EHDR)))};
  places.allocator = code_around(dlsym(RTLD_DEFAULT, "malloc"));
  if (places.allocator.begin == places.c_library[0].begin) places.allocator = {};
}
#endif

bool may_stop_at(const ucontext_t& registers) {
  const auto ip = static_cast<std::uintptr_t>(registers.uc_mcontext.gregs[REG_RIP]);
  if (places.allocator.contains(ip)) return false;
  const bool in_c_library = std::any_of(places.c_library.begin(), places.c_library.end(),
                                        [ip](const Code& code) { return code.contains(ip); });
  return !in_c_library || in_waiting_system_call(registers);
}

}  // namespace hmodule::nt
