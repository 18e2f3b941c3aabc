// /proc/self/maps in two ways: by its query ioctl, which kernels have since 6.11 and which costs a microsecond, or by
// reading its text.
#include "nt/host_memory.h"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace hmodule::nt {
namespace {

// linux/fs.h of Linux 6.11: struct procmap_query
struct ProcmapQuery {
  std::uint64_t size, query_flags, query_addr;
  std::uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  std::uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
  std::uint64_t vma_name_addr, build_id_addr;
};
constexpr auto kProcmapQuery = _IOWR('f', 17, ProcmapQuery);
constexpr std::uint64_t kReadable = 1, kWritable = 2, kExecutable = 4, kShared = 8, kCoveringOrNext = 0x10;

class File {
 public:
  explicit File(const char* path) : descriptor_(open(path, O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  operator int() const { return descriptor_; }

 private:
  int descriptor_;
};

std::atomic<bool> has_query = true;

enum class Answer { found, none, unsupported };

Answer ask(std::uintptr_t address, HostRange& range) {
  const File maps("/proc/self/maps");
  ProcmapQuery query = {};
  query.size = sizeof query;
  query.query_flags = kCoveringOrNext;
  query.query_addr = address;
  if (maps < 0) return Answer::none;
  if (ioctl(maps, kProcmapQuery, &query) != 0) return errno == ENOENT ? Answer::none : Answer::unsupported;
  range = {query.vma_start, query.vma_end, 0, (query.vma_flags & kShared) != 0, query.inode != 0};
  if ((query.vma_flags & kReadable) != 0) range.rights |= PROT_READ;
  if ((query.vma_flags & kWritable) != 0) range.rights |= PROT_WRITE;
  if ((query.vma_flags & kExecutable) != 0) range.rights |= PROT_EXEC;
  return Answer::found;
}

std::optional<HostRange> read_text(std::uintptr_t address) {
  const std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen("/proc/self/maps", "re"), std::fclose);
  if (!maps) return std::nullopt;
  char line[512];
  bool at_start = true;
  while (std::fgets(line, sizeof line, maps.get()) != nullptr) {
    const bool starts_here = std::exchange(at_start, std::strchr(line, '\n') != nullptr);
    std::uintptr_t start = 0, end = 0;
    char rights[5] = {};
    unsigned long inode = 0;
    if (!starts_here ||
        std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*x:%*x %lu", &start, &end, rights, &inode) != 4)
      continue;
    if (end <= address) continue;
    return HostRange{
        start, end,
        (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0) | (rights[2] == 'x' ? PROT_EXEC : 0),
        rights[3] == 's', inode != 0};
  }
  return std::nullopt;
}

constexpr std::uintptr_t kPage = 0x1000;

}  // namespace

std::optional<HostRange> host_range_at_or_above(std::uintptr_t address) {
  if (has_query.load(std::memory_order_relaxed)) {
    HostRange range;
    switch (ask(address, range)) {
      case Answer::found:
        return range;
      case Answer::none:
        return std::nullopt;
      case Answer::unsupported:
        has_query.store(false, std::memory_order_relaxed);
    }
  }
  return read_text(address);
}

std::size_t copy_safely(void* to, const void* from, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    // The kernel stops at the first page it cannot reach, but may refuse a whole vector; so page by page of the source.
    const auto source = reinterpret_cast<std::uintptr_t>(from) + done;
    const std::size_t part = std::min<std::size_t>(size - done, 16 * kPage - source % kPage);
    const iovec local = {static_cast<char*>(to) + done, part}, remote = {reinterpret_cast<void*>(source), part};
    const ssize_t copied = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (copied > 0) done += static_cast<std::size_t>(copied);
    if (copied != static_cast<ssize_t>(part)) break;
  }
  return done;
}

bool is_readable(const void* address, std::size_t size) {
  if (size == 0) return true;
  const auto first = reinterpret_cast<std::uintptr_t>(address), last = first + size - 1;
  if (last < first) return false;
  for (std::uintptr_t at = first;; at = (at & ~(kPage - 1)) + kPage) {
    char byte;
    if (copy_safely(&byte, reinterpret_cast<const void*>(at), 1) != 1) return false;
    if ((at & ~(kPage - 1)) == (last & ~(kPage - 1))) return true;
  }
}

}  // namespace hmodule::nt
