// A new thread inherits its creator's GS base, and with it the creator's TEB: same last error, same static TLS, same
// thread id, and nothing faults (platform-facts §1.2, "the most dangerous fact"). So the library defines
// pthread_create, and every thread takes its first steps here, where GS becomes 0 and its place in the order of
// starts is noted.
//
// Three ways lead to this definition: the dynamic linker, when the program links the library or preloads it; the
// static linker, when the program contains it; and GOT entries, patched below, when the library came by dlopen().
#include "thread/pthread.h"

#include "base/trace.h"
#include "thread/gs.h"
#include "thread/registry.h"
#include "thread/teb.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>

// A sanitizer that is linked statically into the program has an interceptor of this name, which RTLD_NEXT skips.
extern "C" __attribute__((weak)) int __interceptor_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*),
                                                                  void*);
extern "C" __attribute__((visibility("hidden"))) int hm_pthread_create(pthread_t*, const pthread_attr_t*,
                                                                       void* (*)(void*), void*) noexcept;

namespace hmodule::thread {

__thread std::uint64_t seen_start_order __attribute__((tls_model("initial-exec"), visibility("hidden")));

namespace {

using PthreadCreate = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

std::atomic<std::uint64_t> starts{0};

struct FirstSteps {
  void* (*routine)(void*);
  void* argument;
  std::uint64_t order;
};

// Nothing here has a destructor: pthread_exit and cancellation leave through this frame. With ThreadSanitizer, what is
// called at the end may be its own first step, before which nothing can be recorded.
__attribute__((no_sanitize("thread"))) void* take_first_steps(void* parameter) {
  const FirstSteps steps = *static_cast<FirstSteps*>(parameter);
  std::free(parameter);
  if (gs_base() != 0) set_gs_base(0);
  seen_start_order = steps.order;
  return steps.routine(steps.argument);
}

int start_with_clean_gs(PthreadCreate create, pthread_t* thread, const pthread_attr_t* attributes,
                        void* (*routine)(void*), void* argument) {
  auto* const steps = static_cast<FirstSteps*>(std::malloc(sizeof(FirstSteps)));
  if (steps == nullptr) return EAGAIN;
  *steps = {routine, argument, starts.fetch_add(1, std::memory_order_acq_rel) + 1};
  const int error = create(thread, attributes, take_first_steps, steps);
  if (error != 0) std::free(steps);
  return error;
}

// The definition the program means, which GOT entries named before they were patched.
PthreadCreate programs_definition() {
  static const auto first = reinterpret_cast<PthreadCreate>(dlsym(RTLD_DEFAULT, "pthread_create"));
  return first;
}

// The definition behind ours in the order of linking: libc's, or that of a sanitizer. When another is the first, it has
// passed the call on to us, and a sanitizer's is no longer ahead.
PthreadCreate next_definition() {
  static const auto next = reinterpret_cast<PthreadCreate>(dlsym(RTLD_NEXT, "pthread_create"));
  const bool first = programs_definition() == &hm_pthread_create;
  return first && __interceptor_pthread_create != nullptr ? __interceptor_pthread_create : next;
}

int patched_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                           void* argument) {
  return start_with_clean_gs(programs_definition(), thread, attributes, routine, argument);
}

}  // namespace

// A thread that starts later has a larger number.
std::uint64_t current_start_order() {
  return starts.load(std::memory_order_acquire);
}

}  // namespace hmodule::thread

// Under a name of our own, too: `pthread_create` in this file would mean the program's first definition.
int hm_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                      void* argument) noexcept {
  using namespace hmodule::thread;
  return start_with_clean_gs(next_definition(), thread, attributes, routine, argument);
}
extern "C" __attribute__((visibility("default"), alias("hm_pthread_create"))) int pthread_create(
    pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*), void* argument) noexcept;

namespace hmodule::thread {
namespace {

// The tables of one loaded object that tell where it keeps addresses of other objects' functions.
struct Relocations {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  std::span<const ElfW(Rela)> tables[2];  // .rela.plt, .rela.dyn
};

// glibc has turned the addresses in a dynamic section into absolute ones, except in objects whose section is
// read-only: the vDSO, which imports nothing.
Relocations relocations_of(const dl_phdr_info& object) {
  Relocations found;
  std::size_t sizes[2] = {};
  const ElfW(Rela) * starts_of[2] = {};
  for (const ElfW(Phdr) & segment : std::span(object.dlpi_phdr, object.dlpi_phnum)) {
    if (segment.p_type != PT_DYNAMIC) continue;
    if ((segment.p_flags & PF_W) == 0) return {};
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + segment.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      const ElfW(Addr) value = entry->d_un.d_ptr;
      switch (entry->d_tag) {
        case DT_SYMTAB:
          found.symbols = reinterpret_cast<const ElfW(Sym)*>(value);
          break;
        case DT_STRTAB:
          found.strings = reinterpret_cast<const char*>(value);
          break;
        case DT_JMPREL:
          starts_of[0] = reinterpret_cast<const ElfW(Rela)*>(value);
          break;
        case DT_PLTRELSZ:
          sizes[0] = value;
          break;
        case DT_RELA:
          starts_of[1] = reinterpret_cast<const ElfW(Rela)*>(value);
          break;
        case DT_RELASZ:
          sizes[1] = value;
          break;
        default:
          break;
      }
    }
  }
  if (found.symbols == nullptr || found.strings == nullptr) return {};
  for (int i = 0; i < 2; ++i)
    if (starts_of[i] != nullptr) found.tables[i] = {starts_of[i], sizes[i] / sizeof(ElfW(Rela))};
  return found;
}

// Writes a GOT entry, which RELRO may have made read-only. The page is left as RELRO wanted it if it is in that range.
bool write_entry(const dl_phdr_info& object, std::uintptr_t* entry, std::uintptr_t value) {
  const auto page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(entry), page = address / page_size * page_size;
  bool read_only = false;
  for (const ElfW(Phdr) & segment : std::span(object.dlpi_phdr, object.dlpi_phnum))
    if (segment.p_type == PT_GNU_RELRO && address >= object.dlpi_addr + segment.p_vaddr &&
        address < object.dlpi_addr + segment.p_vaddr + segment.p_memsz)
      read_only = true;
  auto* const start_of_page = reinterpret_cast<void*>(page);
  if (read_only && mprotect(start_of_page, page_size, PROT_READ | PROT_WRITE) != 0) return false;
  __atomic_store_n(entry, value, __ATOMIC_RELEASE);
  if (read_only) mprotect(start_of_page, page_size, PROT_READ);
  return true;
}

bool is_slot(std::uint64_t type) {
  return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64;
}

bool is_this_library(const dl_phdr_info& object) {
  Dl_info here{};
  dladdr(reinterpret_cast<const void*>(&patched_pthread_create), &here);
  return reinterpret_cast<std::uintptr_t>(here.dli_fbase) == object.dlpi_addr;
}

std::size_t patch_object(const dl_phdr_info& object) {
  if (is_this_library(object)) return 0;
  const Relocations relocations = relocations_of(object);
  const auto ours = reinterpret_cast<std::uintptr_t>(&patched_pthread_create);
  std::size_t patched = 0;
  for (const std::span<const ElfW(Rela)> table : relocations.tables) {
    for (const ElfW(Rela) & relocation : table) {
      if (!is_slot(ELF64_R_TYPE(relocation.r_info))) continue;
      const ElfW(Sym)& symbol = relocations.symbols[ELF64_R_SYM(relocation.r_info)];
      if (std::strcmp(relocations.strings + symbol.st_name, "pthread_create") != 0) continue;
      auto* const entry = reinterpret_cast<std::uintptr_t*>(object.dlpi_addr + relocation.r_offset);
      if (*entry != ours && write_entry(object, entry, ours)) ++patched;
    }
  }
  if (patched != 0) trace::line(trace::Channel::thread, "{}: pthread_create patched", object.dlpi_name);
  return patched;
}

}  // namespace

std::size_t patch_pthread_create() {
  if (programs_definition() == &hm_pthread_create) return 0;  // linked or preloaded: all calls come to us anyway
  std::size_t patched = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* count) {
        *static_cast<std::size_t*>(count) += patch_object(*object);
        return 0;
      },
      &patched);
  return patched;
}

}  // namespace hmodule::thread
