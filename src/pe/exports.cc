#include "pe/exports.h"

#include <atomic>
#include <bit>
#include <charconv>

namespace hmodule::pe {

namespace {

template <typename T>
T load(const std::byte* table, std::uint32_t index) {
  T value;
  std::memcpy(&value, table + std::size_t{index} * sizeof value, sizeof value);
  return value;
}

// How `name` sorts against the NUL-terminated string at the start of `bytes`, as strcmp would say it.
int compare(std::string_view name, std::span<const std::byte> bytes) {
  if (bytes.empty()) return 1;
  const int order = std::memcmp(name.data(), bytes.data(), std::min(name.size(), bytes.size()));
  if (order != 0) return order;
  if (bytes.size() <= name.size()) return 1;  // it runs out of the section: nothing equals it
  return bytes[name.size()] == std::byte{0} ? 0 : -1;
}

std::string_view c_string(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  const void* end = bytes.empty() ? nullptr : std::memchr(begin, 0, bytes.size());
  return end == nullptr ? std::string_view{}
                        : std::string_view(begin, static_cast<std::size_t>(static_cast<const char*>(end) - begin));
}

std::uint64_t hash_of(std::string_view name) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
  std::uint64_t hash = name.size() * kOdd;
  const auto mix = [&](std::uint64_t word) { hash = std::rotl((hash ^ word) * kOdd, 29); };
  for (; name.size() >= 8; name.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, name.data(), sizeof word);
    mix(word);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, name.data(), name.size());
  mix(rest);
  return hash * kOdd;
}

}  // namespace

// A binary search of a few thousand names mispredicts a dozen branches. So a table that is asked often gets a hash
// table of its rows, once, by whichever thread asks at that moment; the others go on searching meanwhile. It answers
// exactly as the search would, which holds only for a table that is in order: another one never gets it (GPA-04).
class ExportTable::Index {
 public:
  Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  ~Index() { delete ready_.load(std::memory_order_relaxed); }

  // Whether find() can answer now.
  bool is_ready(const ExportTable& table) {
    if (ready_.load(std::memory_order_acquire) != nullptr) [[likely]]
      return true;
    if (asked_.fetch_add(1, std::memory_order_relaxed) != kOften) return false;
    if (Slots* slots = build(table)) ready_.store(slots, std::memory_order_release);
    return false;
  }

  std::optional<std::uint32_t> find(const ExportTable& table, std::string_view name) const {
    const Slots& slots = *ready_.load(std::memory_order_acquire);
    const std::uint64_t hash = hash_of(name);
    const std::size_t mask = slots.size() - 1;
    for (std::size_t at = hash >> 32 & mask;; at = (at + 1) & mask) {
      const Slot slot = slots[at];
      if (slot.row_and_one == 0) return std::nullopt;
      if (slot.tag != static_cast<std::uint32_t>(hash) || slot.length != name.size()) continue;
      const auto bytes = table.name_bytes(slot.row_and_one - 1);  // as they are now: the DLL may have changed them
      if (bytes.size() >= name.size() && std::memcmp(name.data(), bytes.data(), name.size()) == 0)
        return slot.row_and_one - 1;
    }
  }

 private:
  static constexpr std::uint32_t kOften = 32;
  struct Slot {
    std::uint32_t tag, length, row_and_one;  // 0: free
  };
  using Slots = std::vector<Slot>;

  static Slots* build(const ExportTable& table) {
    auto slots = std::make_unique<Slots>(std::bit_ceil(std::size_t{table.name_count_} * 2 + 1));
    const std::size_t mask = slots->size() - 1;
    WorkBudget budget(*table.image_);
    std::string_view previous;
    for (std::uint32_t row = 0; row < table.name_count_; ++row) {
      const std::string_view name = c_string(table.name_bytes(row));
      if (name <= previous || !budget.spend(name.size())) return nullptr;
      const std::uint64_t hash = hash_of(name);
      std::size_t at = hash >> 32 & mask;
      while ((*slots)[at].row_and_one != 0) at = (at + 1) & mask;
      (*slots)[at] = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(name.size()), row + 1};
      previous = name;
    }
    return slots.release();
  }

  std::atomic<std::uint32_t> asked_{0};
  std::atomic<Slots*> ready_{nullptr};
};

Result<ExportTable> ExportTable::parse(const Image& image) {
  ExportTable table;
  const DirectoryRange range = image.directory(kDirectoryExport);
  if (!range.rva) return table;
  const auto directory = TRY(image.read<ExportDirectory>(range.rva));
  const auto functions =
      TRY(image.at(Rva{directory.AddressOfFunctions}, directory.NumberOfFunctions * std::uint64_t{4}));
  if (directory.NumberOfNames != 0) {
    table.names_ = TRY(image.at(Rva{directory.AddressOfNames}, directory.NumberOfNames * std::uint64_t{4})).data();
    table.ordinals_ =
        TRY(image.at(Rva{directory.AddressOfNameOrdinals}, directory.NumberOfNames * std::uint64_t{2})).data();
  }
  table.functions_ = functions.data();
  table.ordinal_base_ = directory.Base;
  table.function_count_ = directory.NumberOfFunctions;
  table.name_count_ = directory.NumberOfNames;
  table.directory_ = range;
  table.dll_name_ = c_string(image.view(Rva{directory.Name}));

  const Section* home = image.section_at(range.rva);
  table.home_rva_ = home != nullptr ? home->rva.value : 0;
  const auto home_bytes = image.view(Rva{table.home_rva_});
  table.home_ = home_bytes.data();
  table.home_size_ = static_cast<std::uint32_t>(home_bytes.size());
  table.image_ = image;
  if (table.name_count_ != 0) table.index_ = std::make_shared<Index>();
  return table;
}

ExportTable ExportTable::parse_or_empty(const Image& image) {
  auto table = parse(image);
  return table ? *std::move(table) : ExportTable();
}

std::span<const std::byte> ExportTable::name_bytes(std::uint32_t index) const {
  const auto rva = load<std::uint32_t>(names_, index);
  const std::uint32_t offset = rva - home_rva_;
  if (offset < home_size_) [[likely]]
    return {home_ + offset, home_size_ - offset};
  return image_->view(Rva{rva});
}

std::optional<ExportTarget> ExportTable::target_at(std::uint32_t index) const {
  if (index >= function_count_) return std::nullopt;
  const auto rva = load<std::uint32_t>(functions_, index);
  if (rva == 0) return std::nullopt;  // EXP-02: a hole
  if (rva - directory_.rva.value >= directory_.size) [[likely]]
    return ExportTarget{Rva{rva}, {}};
  const std::string_view forwarder = c_string(image_->view(Rva{rva}));  // GPA-07
  if (forwarder.empty()) return std::nullopt;
  return ExportTarget{Rva{rva}, forwarder};
}

std::optional<ExportTarget> ExportTable::find(std::uint32_t ordinal) const {
  return target_at(ordinal - ordinal_base_);  // below the base it wraps to an index past the end
}

std::optional<ExportTarget> ExportTable::find(std::string_view name, std::uint32_t hint) const {
  if (name.empty()) return std::nullopt;
  const bool hinted = hint < name_count_ && is_name(name, hint);  // IMP-06
  const auto row = hinted ? std::optional(hint) : row_of(name);
  return row ? target_at(load<std::uint16_t>(ordinals_, *row)) : std::nullopt;  // GPA-06
}

// A name with a NUL inside is nobody's, even where the table's strings stand as it reads.
bool ExportTable::is_name(std::string_view name, std::uint32_t index) const {
  return compare(name, name_bytes(index)) == 0 && name.find('\0') == std::string_view::npos;
}

std::optional<std::uint32_t> ExportTable::row_of(std::string_view name) const {
  if (index_ != nullptr && index_->is_ready(*this)) return index_->find(*this, name);
  std::uint32_t low = 0, high = name_count_;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const int order = compare(name, name_bytes(middle));
    if (order == 0) return is_name(name, middle) ? std::optional(middle) : std::nullopt;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return std::nullopt;
}

std::optional<ExportEntry> ExportTable::named(std::uint32_t index) const {
  if (index >= name_count_) return std::nullopt;
  const auto slot = load<std::uint16_t>(ordinals_, index);
  const auto target = target_at(slot);
  const std::string_view name = c_string(name_bytes(index));
  if (!target || name.empty()) return std::nullopt;
  return ExportEntry{name, slot + ordinal_base_, *target};
}

Result<std::vector<ExportEntry>> ExportTable::entries() const {
  std::vector<ExportEntry> all;
  if (!image_) return all;
  WorkBudget budget(*image_);
  std::vector<bool> has_name(function_count_);
  for (std::uint32_t i = 0; i < name_count_; ++i) {
    TRY(budget.spend(6));
    const auto entry = named(i);
    if (!entry) continue;
    TRY(budget.spend(entry->name.size() + entry->target.forwarder.size()));
    has_name[entry->ordinal - ordinal_base_] = true;
    all.push_back(*entry);
  }
  for (std::uint32_t i = 0; i < function_count_; ++i) {
    if (has_name[i]) continue;
    const auto target = target_at(i);
    if (!target) continue;
    TRY(budget.spend(target->forwarder.size()));
    all.push_back({{}, i + ordinal_base_, *target});
  }
  return all;
}

std::optional<Forwarder> parse_forwarder(std::string_view text) {
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return std::nullopt;
  Forwarder forwarder{.module = text.substr(0, dot), .name = text.substr(dot + 1)};
  if (forwarder.name.front() != '#') return forwarder;
  const std::string_view digits = forwarder.name.substr(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), forwarder.ordinal);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  forwarder.name = {};
  return forwarder;
}

}  // namespace hmodule::pe
