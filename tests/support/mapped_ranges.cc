#include "support/mapped_ranges.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

namespace hmodule::test {

namespace {

// Into room that is kept: nothing is mapped between two lines, nor between two calls.
const std::string& read_maps() {
  static std::string text;
  text.clear();
  text.reserve(1 << 20);
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  char buffer[4096];
  for (ssize_t n; (n = read(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  close(file);
  return text;
}

std::vector<MappedRange> all_ranges() {
  std::vector<MappedRange> ranges;
  const std::string& text = read_maps();
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    MappedRange range{};
    char rights[5] = {};
    int name = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %n", &range.begin, &range.end, rights,
                    &name) < 3)
      continue;
    range.rights = rights;
    if (name > 0) range.name = line.substr(static_cast<std::size_t>(name));
    ranges.push_back(std::move(range));
  }
  return ranges;
}

// Its shadow, its heap and its own data come and go. Of an image the pages that are not writable are left to see.
bool may_be_a_sanitizers([[maybe_unused]] const MappedRange& range) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return range.name.empty() && (range.rights == "rw-p" || range.rights == "---p");
#else
  return false;
#endif
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const MappedRange& range) {
  return out << std::hex << range.begin << '-' << range.end << std::dec << ' ' << range.rights << ' ' << range.name;
}

std::vector<MappedRange> mapped_ranges() {
  std::vector<MappedRange> merged;
  for (MappedRange& range : all_ranges()) {
    if (range.name == "[heap]" || range.name == "[stack]" || may_be_a_sanitizers(range)) continue;
    if (!merged.empty() && merged.back().end == range.begin && merged.back().rights == range.rights &&
        merged.back().name == range.name)
      merged.back().end = range.end;
    else
      merged.push_back(std::move(range));
  }
  return merged;
}

std::uint64_t free_address() {
  // The kernel fills a gap from its end, so the middle of a large one stays free.
  constexpr std::size_t kGap = std::size_t{8} << 30;
  void* gap = mmap(nullptr, kGap, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (gap == MAP_FAILED) return 0;
  munmap(gap, kGap);
  return (reinterpret_cast<std::uintptr_t>(gap) + kGap / 2) & ~std::uintptr_t{0xFFFF};
}

std::string rights_at(const void* address) {
  const auto where = reinterpret_cast<std::uintptr_t>(address);
  for (const MappedRange& range : all_ranges())
    if (range.begin <= where && where < range.end) return range.rights;
  return {};
}

}  // namespace hmodule::test
