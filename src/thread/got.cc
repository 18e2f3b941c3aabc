#include "thread/got.h"

#include "base/trace.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <span>

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
  dladdr(reinterpret_cast<const void*>(&patch_callers_of), &here);
  return reinterpret_cast<std::uintptr_t>(here.dli_fbase) == object.dlpi_addr;
}

struct Patch {
  const char* function;
  std::uintptr_t replacement;
  std::size_t done = 0;
};

void patch_object(const dl_phdr_info& object, Patch& patch) {
  if (is_this_library(object)) return;
  const Relocations relocations = relocations_of(object);
  if (relocations.symbols == nullptr || relocations.strings == nullptr) return;
  std::size_t patched = 0;
  for (const std::span<const ElfW(Rela)> table : relocations.tables) {
    for (const ElfW(Rela) & relocation : table) {
      if (!is_slot(ELF64_R_TYPE(relocation.r_info))) continue;
      const ElfW(Sym)& symbol = relocations.symbols[ELF64_R_SYM(relocation.r_info)];
      if (std::strcmp(relocations.strings + symbol.st_name, patch.function) != 0) continue;
      auto* const entry = reinterpret_cast<std::uintptr_t*>(object.dlpi_addr + relocation.r_offset);
      if (*entry != patch.replacement && write_entry(object, entry, patch.replacement)) ++patched;
    }
  }
  if (patched != 0) trace::line(trace::Channel::thread, "{}: {} patched", object.dlpi_name, patch.function);
  patch.done += patched;
}

}  // namespace

std::size_t patch_callers_of(const char* function, const void* replacement) {
  Patch patch{function, reinterpret_cast<std::uintptr_t>(replacement)};
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* argument) {
        patch_object(*object, *static_cast<Patch*>(argument));
        return 0;
      },
      &patch);
  return patch.done;
}

}  // namespace hmodule::thread
