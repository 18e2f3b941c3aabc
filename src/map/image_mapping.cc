#include "map/image_mapping.h"

#include "pe/load_config.h"
#include "pe/relocations.h"

#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hmodule::map {

namespace {

constexpr std::size_t kHugePage = 0x200000;
constexpr int kReadWrite = PROT_READ | PROT_WRITE;

// The image in memory is ours to write; pe::Image only lends its bytes for reading.
std::byte* writable(const pe::Image& mapped, pe::Rva rva) {
  return const_cast<std::byte*>(mapped.bytes().data()) + rva.value;
}

Status set_rights(std::byte* begin, std::size_t size, int rights, const pe::Image& image) {
  if (size == 0 || mprotect(begin, size, rights) == 0) return ok;
  return fail(STATUS_NO_MEMORY, "{}: page rights cannot be changed: {}", image.name(), std::strerror(errno));
}

// What of the image is not a gap, with its final rights, in order; neighbours of equal rights are one piece, so that
// each costs one system call and one kernel mapping.
template <typename RightsOf>
std::vector<PageRun> pieces(const pe::Image& image, int header_rights, RightsOf rights_of) {
  std::vector<PageRun> all{{0, image.header_extent(), header_rights}};
  for (const pe::Section& section : image.sections()) {
    const int rights = rights_of(section);
    if (all.back().end == section.rva.value && all.back().rights == rights)
      all.back().end = section.end();
    else
      all.push_back({section.rva.value, section.end(), rights});
  }
  return all;
}

// The pages are fresh, so what the file does not fill is already zero (MAP-05).
void copy_in(std::byte* base, const pe::Image& file) {
  const std::byte* source = file.bytes().data();
  std::memcpy(base, source, std::min(file.size_of_headers(), file.header_extent()));
  for (const pe::Section& section : file.sections())
    std::memcpy(base + section.rva.value, source + section.file_offset, section.file_size);
}

Status fill(const Mapping& mapping, const pe::Image& file) {
  if (file.low_alignment()) {
    TRY(set_rights(mapping.base(), mapping.size(), kReadWrite, file));
    std::memcpy(mapping.base(), file.bytes().data(), std::min(file.bytes().size(), mapping.size()));
    return ok;
  }
  // Page faults, not copying, are the price of a large image: fewer and larger ones (where the system has them).
  if (mapping.size() >= kHugePage) madvise(mapping.base(), mapping.size(), MADV_HUGEPAGE);
  for (const PageRun& piece : pieces(file, kReadWrite, [](const pe::Section&) { return kReadWrite; }))
    TRY(set_rights(mapping.base() + piece.begin, piece.end - piece.begin, kReadWrite, file));
  if (mapping.size() < kHugePage)  // one call instead of a fault for each page (Linux 5.14; without effect before)
    madvise(mapping.base(), mapping.size(), MADV_POPULATE_WRITE);
  copy_in(mapping.base(), file);
  return ok;
}

// The file holds the image as it is to lie (image_cache.h).
bool fill_from_cache(const Mapping& mapping, const pe::Image& file, int entry) {
  const auto runs = pieces(file, kReadWrite, [](const pe::Section&) { return kReadWrite; });
  return std::all_of(runs.begin(), runs.end(), [&](const PageRun& run) {
    return mmap(mapping.base() + run.begin, run.end - run.begin, kReadWrite, MAP_PRIVATE | MAP_FIXED, entry,
                run.begin) != MAP_FAILED;
  });
}

template <typename T>
void add(std::byte* target, std::uint64_t delta) {
  T value;
  std::memcpy(&value, target, sizeof value);
  value = static_cast<T>(value + delta);
  std::memcpy(target, &value, sizeof value);
}

// REL-06.
bool apply(std::byte* target, std::uint16_t type, std::uint64_t delta) {
  switch (type) {
    case pe::kRelocHigh:
      add<std::uint16_t>(target, delta >> 16);
      return true;
    case pe::kRelocLow:
      add<std::uint16_t>(target, delta);
      return true;
    case pe::kRelocHighLow:
      add<std::uint32_t>(target, delta);
      return true;
    case pe::kRelocDir64:
      add<std::uint64_t>(target, delta);
      return true;
    default:
      return false;
  }
}

constexpr std::uint32_t kWidestFixup = 8;

// A fix-up may straddle two sections (REL-07), but not a gap.
bool can_write(const pe::Image& mapped, pe::Rva rva) {
  const std::uint32_t here = mapped.extent(rva);
  return here >= kWidestFixup || (here != 0 && mapped.extent(pe::Rva{rva.value + here}) >= kWidestFixup - here);
}

Status apply_block(const pe::Image& mapped, const pe::RelocationBlock& block, std::uint64_t delta) {
  const bool whole_page = mapped.extent(block.page) >= 0xFFF + kWidestFixup;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::uint16_t entry = block[i];
    const std::uint16_t type = entry >> 12;
    const pe::Rva rva{block.page.value + (entry & 0xFFFU)};
    if (type == pe::kRelocAbsolute) continue;
    if (!whole_page && !can_write(mapped, rva))
      return fail(STATUS_ACCESS_VIOLATION, "{}: a relocation at RVA {:#x} is outside the sections", mapped.name(),
                  rva.value);
    if (!apply(writable(mapped, rva), type, delta)) return pe::unknown_relocation(mapped, rva, type);
  }
  return ok;
}

void store_image_base(const pe::Image& mapped, std::uint64_t base) {
  const pe::Rva field{mapped.nt_headers_offset() +
                      static_cast<std::uint32_t>(sizeof(pe::kPeSignature) + sizeof(pe::FileHeader) +
                                                 offsetof(pe::OptionalHeader64, ImageBase))};
  if (mapped.extent(field) >= sizeof base) std::memcpy(writable(mapped, field), &base, sizeof base);
}

bool is_default_cookie(std::uint64_t cookie) {
  return cookie == 0x00002B992DDFA232 || cookie == 0xBB40E64E || cookie == 0xBB40;
}

std::uint64_t random_cookie() {
  std::uint64_t cookie = 0;
  do {
    if (getrandom(&cookie, sizeof cookie, 0) != sizeof cookie)
      cookie = reinterpret_cast<std::uintptr_t>(&cookie) * 0x9E3779B97F4A7C15;
    cookie &= 0x0000FFFFFFFFFFFF;
  } while (cookie == 0 || is_default_cookie(cookie));
  return cookie;
}

std::mutex writable_scope_mutex;

}  // namespace

int page_rights(std::uint32_t characteristics) {
  int rights = PROT_NONE;
  // x86-64 Windows has neither write-only nor execute-only memory.
  if ((characteristics & (pe::kSectionRead | pe::kSectionWrite | pe::kSectionExecute)) != 0) rights |= PROT_READ;
  if ((characteristics & pe::kSectionWrite) != 0) rights |= PROT_WRITE;
  if ((characteristics & pe::kSectionExecute) != 0) rights |= PROT_EXEC;
  return rights;
}

Result<Mapping> lay_out(const pe::Image& file, int cache_entry) {
  auto mapping = file.low_alignment() ? TRY(Mapping::reserve_exactly(file.image_base(), file.size_of_image()))
                                      : TRY(Mapping::reserve(file.image_base(), file.size_of_image()));
  if (cache_entry < 0 || !fill_from_cache(mapping, file, cache_entry)) TRY(fill(mapping, file));
  return mapping;
}

Result<Mapping> lay_out_resources(const pe::Image& file) {
  auto mapping = TRY(Mapping::reserve(0, file.size_of_image()));
  TRY(fill(mapping, file));
  if (file.low_alignment()) {
    TRY(set_rights(mapping.base(), mapping.size(), PROT_READ, file));
    return mapping;
  }
  for (const PageRun& piece : pieces(file, PROT_READ, [](const pe::Section&) { return PROT_READ; }))
    TRY(set_rights(mapping.base() + piece.begin, piece.end - piece.begin, PROT_READ, file));
  return mapping;
}

Status relocate(const pe::Image& mapped) {
  const std::uint64_t base = reinterpret_cast<std::uintptr_t>(mapped.bytes().data());
  const std::uint64_t delta = base - mapped.image_base();
  if (delta == 0) return ok;  // REL-01
  if (mapped.low_alignment() || (mapped.relocations_stripped() && mapped.is_dll()))
    return fail(STATUS_CONFLICTING_ADDRESSES, "{}: must be at {:#x}, which is taken, as it has no relocations",
                mapped.name(), mapped.image_base());
  if (!mapped.relocations_stripped())  // an executable without relocations stays as it is (REL-02)
    for (const pe::RelocationBlock& block : TRY(pe::relocation_blocks(mapped))) TRY(apply_block(mapped, block, delta));
  store_image_base(mapped, base);
  return ok;
}

std::vector<PageRun> page_runs(const pe::Image& mapped) {
  if (mapped.low_alignment()) return {{0, mapped.size_of_image(), kReadWrite | PROT_EXEC}};
  return pieces(mapped, PROT_READ, [](const pe::Section& section) { return page_rights(section.characteristics); });
}

Status protect(const pe::Image& mapped) {
  for (const PageRun& run : page_runs(mapped))
    if (run.rights != kReadWrite)  // which is what they have
      TRY(set_rights(writable(mapped, {}) + run.begin, run.end - run.begin, run.rights, mapped));
  return ok;
}

void set_security_cookie(const pe::Image& mapped) {
  const auto config = pe::load_config(mapped);
  if (!config || !config->has_value() || (*config)->security_cookie == 0) return;
  const auto rva = mapped.rva_of_va((*config)->security_cookie, sizeof(std::uint64_t));
  if (!rva) return;
  const auto current = mapped.read<std::uint64_t>(*rva);
  if (!current || !is_default_cookie(*current)) return;
  const std::uint64_t cookie = random_cookie();
  std::memcpy(writable(mapped, *rva), &cookie, sizeof cookie);
}

Result<WritableScope> WritableScope::open(const pe::Image& mapped, pe::Rva rva, std::size_t size) {
  if (mapped.extent(rva) < size)
    return fail(STATUS_ACCESS_VIOLATION, "{}: RVA {:#x} is not inside a section", mapped.name(), rva.value);
  const pe::Section* section = mapped.section_at(rva);
  const int rights = mapped.low_alignment() ? kReadWrite | PROT_EXEC
                     : section != nullptr   ? page_rights(section->characteristics)
                                            : PROT_READ;
  const std::size_t begin = rva.value & ~std::size_t{pe::kPageSize - 1};
  const std::size_t end = (rva.value + size + pe::kPageSize - 1) & ~std::size_t{pe::kPageSize - 1};
  const std::span<std::byte> pages(writable(mapped, {}) + begin, end - begin);
  std::unique_lock<std::mutex> lock(writable_scope_mutex);
  TRY(set_rights(pages.data(), pages.size(), kReadWrite | (rights & PROT_EXEC), mapped));
  return WritableScope(std::move(lock), pages, rights);
}

WritableScope::~WritableScope() {
  if (lock_.owns_lock()) mprotect(pages_.data(), pages_.size(), rights_);
}

}  // namespace hmodule::map
