// The export directory (EXP-01...EXP-03) and look-up in it (GPA-03...GPA-07, GPA-12, IMP-06). This is the hot path of
// GetProcAddress: nothing is allocated, nothing formatted, and the tables' bounds were checked once, in parse().
#pragma once

#include "pe/image.h"

#include <optional>
#include <string_view>

namespace hmodule::pe {

struct ExportTarget {
  Rva rva;
  std::string_view forwarder;  // "MODULE.Symbol", or empty: then `rva` is the target
  bool is_forwarder() const { return !forwarder.empty(); }
};

struct ExportEntry {
  std::string_view name;  // empty: by ordinal only
  std::uint32_t ordinal;
  ExportTarget target;
};

// Points into the image it was made from; valid as long as those bytes are.
class ExportTable {
 public:
  ExportTable() = default;  // of an image that exports nothing
  // An absent directory gives an empty table (GPA-12). A table outside the image is an error here; see parse_or_empty.
  static Result<ExportTable> parse(const Image& image);
  // What the loader wants: look-ups in a bad table miss (EXP-03).
  static ExportTable parse_or_empty(const Image& image);

  static constexpr std::uint32_t kNoHint = ~std::uint32_t{0};
  std::optional<ExportTarget> find(std::string_view name, std::uint32_t hint = kNoHint) const;
  std::optional<ExportTarget> find(std::uint32_t ordinal) const;

  bool empty() const { return function_count_ == 0; }
  std::string_view dll_name() const { return dll_name_; }  // informational (EXP-01)
  std::uint32_t ordinal_base() const { return ordinal_base_; }
  std::uint32_t function_count() const { return function_count_; }
  std::uint32_t name_count() const { return name_count_; }

  // Named entries in name order, then unnamed ones in ordinal order; holes are left out. f(const ExportEntry&).
  Result<std::vector<ExportEntry>> entries() const;
  // One row of the name table; nullopt when the row lies.
  std::optional<ExportEntry> named(std::uint32_t index) const;

 private:
  class Index;
  std::optional<std::uint32_t> row_of(std::string_view name) const;
  bool is_name(std::string_view name, std::uint32_t index) const;
  std::optional<ExportTarget> target_at(std::uint32_t index) const;
  std::span<const std::byte> name_bytes(std::uint32_t index) const;

  std::optional<Image> image_;
  // The section the directory is in, where almost every name is too.
  const std::byte* home_ = nullptr;
  std::uint32_t home_rva_ = 0, home_size_ = 0;
  const std::byte *functions_ = nullptr, *names_ = nullptr, *ordinals_ = nullptr;
  std::uint32_t ordinal_base_ = 0, function_count_ = 0, name_count_ = 0;
  DirectoryRange directory_;
  std::string_view dll_name_;
  std::shared_ptr<Index> index_;
};

// "MODULE.Symbol" or "MODULE.#123" (FWD-01...FWD-03).
struct Forwarder {
  std::string_view module;  // without ".dll" unless it was written (FWD-02 is the binder's)
  std::string_view name;    // empty when by ordinal
  std::uint32_t ordinal = 0;
  bool by_ordinal() const { return name.empty(); }
};
std::optional<Forwarder> parse_forwarder(std::string_view text);

}  // namespace hmodule::pe
