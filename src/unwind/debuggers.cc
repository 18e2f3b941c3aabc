// gdb asks no unwinder of ours: it reads ELF. Its JIT interface ("JIT Compilation Interface" in its manual) takes ELF
// objects made in memory: we make one for a module, with symbols, and with all of its unwind data as .eh_frame.
//
//   .text      no bytes; the module's address range
//   .eh_frame  an entry per RUNTIME_FUNCTION
//   .symtab    "zlib1!crc32", with sizes
//
// gdb puts a breakpoint on __jit_debug_register_code and reads __jit_debug_descriptor when it is hit, or when it
// attaches. It finds both by name in every object file, so that a program may contain several; but a program that has
// LLVM in it has these names too, and ours must not be taken for theirs by the dynamic linker. So the code uses other
// names for them.
//
// perf reads either /tmp/perf-PID.map, in which names stay valid for good, or a jitdump file, which knows times and
// code bytes ("tools/perf/Documentation/jitdump-specification.txt" of the kernel).
#include "unwind/debuggers.h"

#include "base/trace.h"
#include "unwind/code_names.h"
#include "unwind/dwarf.h"
#include "unwind/function_table.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

// --- gdb's names, as its manual declares them ---

extern "C" {

struct hm_jit_code_entry {
  hm_jit_code_entry *next, *previous;
  const std::byte* object;
  std::uint64_t size;
};
struct hm_jit_descriptor {
  std::uint32_t version, action;
  hm_jit_code_entry *relevant, *first;
};

__attribute__((visibility("hidden"))) hm_jit_descriptor hm_jit = {1, 0, nullptr, nullptr};
extern __attribute__((visibility("default"), alias("hm_jit"))) hm_jit_descriptor __jit_debug_descriptor;

__attribute__((visibility("hidden"), noinline)) void hm_jit_changed() noexcept {
  asm volatile("" ::: "memory");
}
__attribute__((visibility("default"), alias("hm_jit_changed"))) void __jit_debug_register_code() noexcept;
}

namespace hmodule::unwind {
namespace {

constexpr std::uint32_t kRegister = 1, kUnregister = 2;

// --- the ELF object ---

class ObjectFile {
 public:
  explicit ObjectFile(const Module& module) : base_(reinterpret_cast<std::uint64_t>(module.base())) {
    put(Elf64_Ehdr{});
    begin(".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR);
    sections_.back().sh_addr = base_;
    sections_.back().sh_size = module.size();

    begin(".eh_frame", SHT_PROGBITS, SHF_ALLOC);
    put_bytes(unwind_data(module));
    end();

    std::string strings(1, '\0');
    begin(".symtab", SHT_SYMTAB, 0);
    sections_.back().sh_entsize = sizeof(Elf64_Sym);
    sections_.back().sh_info = 1;                                             // the first global symbol
    sections_.back().sh_link = static_cast<std::uint32_t>(sections_.size());  // .strtab is next
    put(Elf64_Sym{});
    for (const NamedCode& code : named_code(module)) {
      put(symbol(code, strings.size()));
      strings.append(code.name).push_back('\0');
    }
    end();
    begin(".strtab", SHT_STRTAB, 0);
    put_bytes(std::as_bytes(std::span(strings)));
    end();
    finish();
  }

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  static std::vector<std::byte> unwind_data(const Module& module) {
    const auto base = reinterpret_cast<std::uintptr_t>(module.base());
    EhFrame frames;
    for (const RUNTIME_FUNCTION& function : functions_of(module)) {
      if ((function.UnwindData & 1) != 0 || function.EndAddress > module.size()) continue;
      if (const auto rows = unwind_rows(base, function))
        frames.add(base + function.BeginAddress, base + function.EndAddress, *rows);
    }
    return frames.finish();
  }

  Elf64_Sym symbol(const NamedCode& code, std::size_t name) const {
    constexpr std::uint16_t kText = 1;
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<Elf64_Word>(name);
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = kText;
    symbol.st_value = base_ + code.begin;
    symbol.st_size = code.end - code.begin;
    return symbol;
  }

  template <typename T>
  void put(const T& value) {
    put_bytes(std::as_bytes(std::span(&value, 1)));
  }
  void put_bytes(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

  void begin(const char* name, Elf64_Word type, Elf64_Xword flags) {
    while (bytes_.size() % 16 != 0) bytes_.push_back(std::byte{0});
    Elf64_Shdr section{};
    section.sh_name = static_cast<Elf64_Word>(names_.size());
    section.sh_type = type;
    section.sh_flags = flags;
    section.sh_offset = bytes_.size();
    section.sh_addralign = 16;
    names_.append(name).push_back('\0');
    sections_.push_back(section);
  }
  void end() { sections_.back().sh_size = bytes_.size() - sections_.back().sh_offset; }

  void finish() {
    begin(".shstrtab", SHT_STRTAB, 0);
    put_bytes(std::as_bytes(std::span(names_)));
    end();
    while (bytes_.size() % 16 != 0) bytes_.push_back(std::byte{0});
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_shoff = bytes_.size();
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(sections_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(sections_.size() - 1);
    std::memcpy(bytes_.data(), &header, sizeof header);
    for (const Elf64_Shdr& section : sections_) put(section);
  }

  std::uint64_t base_;
  std::vector<std::byte> bytes_;
  std::vector<Elf64_Shdr> sections_ = {Elf64_Shdr{}};
  std::string names_ = std::string(1, '\0');
};

// --- what has been shown ---

struct Shown {
  std::vector<std::byte> object;
  hm_jit_code_entry entry{};
};

struct ShownModules {
  std::mutex mutex;  // nothing foreign runs under it; gdb only stops the process
  std::map<const void*, std::unique_ptr<Shown>> by_base;
};
ShownModules& shown_modules() {
  static auto* const modules = new ShownModules;
  return *modules;
}

void tell(std::uint32_t action, hm_jit_code_entry& entry) {
  hm_jit.action = action;
  hm_jit.relevant = &entry;
  hm_jit_changed();
  hm_jit.action = 0;
}

std::int64_t now_in_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

bool asked_for_by_environment() {
  static const bool asked = [] {
    const char* const wish = std::getenv("HMODULE_DEBUGGER");
    return wish != nullptr && std::string_view(wish) == "1";
  }();
  return asked;
}

// --- perf ---

class Perf {
 public:
  static Perf* wanted() {
    static Perf* const perf = start();
    return perf;
  }

  void show(const Module& module) {
    const std::lock_guard lock(mutex_);
    const auto* const base = static_cast<const std::byte*>(static_cast<const void*>(module.base()));
    for (const NamedCode& code : named_code(module)) {
      if (dump_)
        write_record(base + code.begin, code);
      else
        std::fprintf(file_, "%lx %x %s\n", reinterpret_cast<unsigned long>(base + code.begin), code.end - code.begin,
                     code.name.c_str());
    }
    std::fflush(file_);
  }

 private:
  Perf(std::FILE* file, bool dump) : file_(file), dump_(dump) {
    if (!dump) return;
    const struct {
      std::uint32_t magic = 0x4A69'5444, version = 1, size = 40, machine = EM_X86_64, reserved = 0,
                    process = static_cast<std::uint32_t>(getpid());
      std::uint64_t time = now(), flags = 0;
    } header;
    std::fwrite(&header, sizeof header, 1, file_);
    std::fflush(file_);
    // perf finds the file by an executable mapping of it.
    static_cast<void>(mmap(nullptr, 0x1000, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(file_), 0));
  }

  static std::uint64_t now() { return static_cast<std::uint64_t>(now_in_ns(CLOCK_MONOTONIC)); }

  static Perf* start() {
    const char* const wish = std::getenv("HMODULE_PERF");
    if (wish == nullptr || *wish == 0) return nullptr;
    const bool dump = std::string_view(wish) == "jitdump";
    if (!dump && std::string_view(wish) != "map") {
      trace::warn("HMODULE_PERF={}: 'map' and 'jitdump' are possible", wish);
      return nullptr;
    }
    const std::string path = dump ? fmt::format("jit-{}.dump", getpid()) : fmt::format("/tmp/perf-{}.map", getpid());
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    std::FILE* const file = fd < 0 ? nullptr : fdopen(fd, "w+");
    if (file == nullptr) {
      trace::warn("HMODULE_PERF={}: {} cannot be written", wish, path);
      return nullptr;
    }
    return new Perf(file, dump);
  }

  void write_record(const std::byte* code, const NamedCode& what) {
    struct {
      std::uint32_t id = 0, size = 0;  // JIT_CODE_LOAD
      std::uint64_t time = now();
      std::uint32_t process = static_cast<std::uint32_t>(getpid()), thread = static_cast<std::uint32_t>(gettid());
      std::uint64_t virtual_address, address, code_size, index;
    } record;
    static_assert(sizeof record == 56);
    record.virtual_address = record.address = reinterpret_cast<std::uint64_t>(code);
    record.code_size = what.end - what.begin;
    record.index = ++index_;
    record.size = static_cast<std::uint32_t>(sizeof record + what.name.size() + 1 + record.code_size);
    std::fwrite(&record, sizeof record, 1, file_);
    std::fwrite(what.name.c_str(), what.name.size() + 1, 1, file_);
    std::fwrite(code, record.code_size, 1, file_);
  }

  std::mutex mutex_;
  std::FILE* const file_;
  const bool dump_;
  std::uint64_t index_ = 0;
};

}  // namespace

bool is_traced() {
  char text[4096];
  const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t size = ::read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return false;
  text[size] = 0;
  const char* const line = std::strstr(text, "TracerPid:");
  return line != nullptr && std::strtol(line + std::strlen("TracerPid:"), nullptr, 10) != 0;
}

bool debugger_listens() {
  if (asked_for_by_environment()) return true;
  constexpr std::int64_t kInterval = 100'000'000;
  static std::atomic<std::int64_t> next_look{0};
  static std::atomic<bool> traced{false};
  const std::int64_t now = now_in_ns(CLOCK_MONOTONIC_COARSE);
  if (now < next_look.load(std::memory_order_relaxed)) return traced;
  next_look = now + kInterval;
  traced = is_traced();
  return traced;
}

void show_to_debugger(const Module& module) {
  ShownModules& modules = shown_modules();
  const std::lock_guard lock(modules.mutex);
  std::unique_ptr<Shown>& shown = modules.by_base[module.base()];
  if (shown != nullptr) return;
  shown = std::make_unique<Shown>();
  shown->object = ObjectFile(module).take();
  shown->entry = {hm_jit.first, nullptr, shown->object.data(), shown->object.size()};
  if (hm_jit.first != nullptr) hm_jit.first->previous = &shown->entry;
  hm_jit.first = &shown->entry;
  tell(kRegister, shown->entry);
}

void show_to_perf(const Module& module) {
  if (Perf* const perf = Perf::wanted()) perf->show(module);
}

void hide_from_debugger(const Module& module) {
  ShownModules& modules = shown_modules();
  const std::lock_guard lock(modules.mutex);
  const auto found = modules.by_base.find(module.base());
  if (found == modules.by_base.end()) return;
  hm_jit_code_entry& entry = found->second->entry;
  (entry.previous != nullptr ? entry.previous->next : hm_jit.first) = entry.next;
  if (entry.next != nullptr) entry.next->previous = entry.previous;
  tell(kUnregister, entry);
  modules.by_base.erase(found);
}

}  // namespace hmodule::unwind
