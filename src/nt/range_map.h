// Values over ranges of addresses; neighbours of equal value are one range.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>

namespace hmodule::nt {

template <typename T>
class RangeMap {
 public:
  struct Range {
    std::uintptr_t start, end;
    T value;
  };

  bool empty() const { return ranges_.empty(); }

  // The range that contains `address`.
  std::optional<Range> find(std::uintptr_t address) const {
    auto after = ranges_.upper_bound(address);
    if (after == ranges_.begin()) return std::nullopt;
    const auto& [start, rest] = *std::prev(after);
    if (address >= rest.end) return std::nullopt;
    return Range{start, rest.end, rest.value};
  }

  // Where the first range above `address` starts, or `limit`.
  std::uintptr_t next_start(std::uintptr_t address, std::uintptr_t limit) const {
    const auto after = ranges_.upper_bound(address);
    return after == ranges_.end() || after->first > limit ? limit : after->first;
  }

  // Has every address of the range a value?
  bool covers(std::uintptr_t start, std::uintptr_t end) const {
    while (start < end) {
      const auto range = find(start);
      if (!range) return false;
      start = range->end;
    }
    return true;
  }

  void assign(std::uintptr_t start, std::uintptr_t end, T value) {
    erase(start, end);
    if (start >= end) return;
    auto placed = ranges_.insert_or_assign(start, Rest{end, std::move(value)}).first;
    if (auto next = std::next(placed); next != ranges_.end() && joins(placed, next)) {
      placed->second.end = next->second.end;
      ranges_.erase(next);
    }
    if (placed == ranges_.begin()) return;
    if (auto previous = std::prev(placed); joins(previous, placed)) {
      previous->second.end = placed->second.end;
      ranges_.erase(placed);
    }
  }

  void erase(std::uintptr_t start, std::uintptr_t end) {
    split(start);
    split(end);
    ranges_.erase(ranges_.lower_bound(start), ranges_.lower_bound(end));
  }

 private:
  struct Rest {
    std::uintptr_t end;
    T value;
  };
  using Map = std::map<std::uintptr_t, Rest>;

  static bool joins(typename Map::iterator left, typename Map::iterator right) {
    return left->second.end == right->first && left->second.value == right->second.value;
  }

  void split(std::uintptr_t at) {
    const auto range = find(at);
    if (!range || range->start == at) return;
    ranges_[range->start].end = at;
    ranges_[at] = {range->end, range->value};
  }

  Map ranges_;
};

}  // namespace hmodule::nt
