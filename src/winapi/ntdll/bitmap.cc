// RTL_BITMAP: bits in an array of 32-bit words, lowest first.
#include "module/builtin.h"
#include "win/teb.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace hmodule::winapi {
namespace {

constexpr ULONG kNotFound = 0xFFFFFFFF;

struct Run {
  ULONG StartingIndex, NumberOfBits;  // RTL_BITMAP_RUN
};

bool test(const RTL_BITMAP& map, ULONG bit) {
  return (map.Buffer[bit / 32] >> bit % 32 & 1U) != 0;
}

// Length of the run of `value` bits that begins at `from`, up to `limit` bits.
ULONG run_length(const RTL_BITMAP& map, ULONG from, ULONG limit, bool value) {
  const ULONG end = static_cast<ULONG>(std::min<std::uint64_t>(map.SizeOfBitMap, std::uint64_t{from} + limit));
  ULONG at = from;
  while (at < end) {
    // One word at a time: flipped, so that the run is zeros.
    const ULONG word = (value ? ~map.Buffer[at / 32] : map.Buffer[at / 32]) >> at % 32;
    if (word != 0) return std::min(at + static_cast<ULONG>(std::countr_zero(word)), end) - from;
    at += 32 - at % 32;
  }
  return end - from;
}

bool all(const RTL_BITMAP& map, ULONG from, ULONG count, bool value) {
  if (count == 0 || from >= map.SizeOfBitMap || map.SizeOfBitMap - from < count) return false;
  return run_length(map, from, count, value) == count;
}

void assign(RTL_BITMAP& map, ULONG from, ULONG count, bool value) {
  if (count == 0 || from >= map.SizeOfBitMap || map.SizeOfBitMap - from < count) return;
  const ULONG end = from + count;
  for (ULONG at = from; at < end;) {
    const ULONG width = std::min(32 - at % 32, end - at);
    const ULONG mask = (width == 32 ? ~ULONG{0} : (ULONG{1} << width) - 1) << at % 32;
    ULONG& word = map.Buffer[at / 32];
    word = value ? word | mask : word & ~mask;
    at += width;
  }
}

// The next run of `value` bits at or after `from`.
std::optional<Run> next_run(const RTL_BITMAP& map, ULONG from, bool value) {
  if (from >= map.SizeOfBitMap) return std::nullopt;
  const ULONG start = from + run_length(map, from, map.SizeOfBitMap, !value);
  if (start >= map.SizeOfBitMap) return std::nullopt;
  return Run{start, run_length(map, start, map.SizeOfBitMap, value)};
}

std::optional<ULONG> find_between(const RTL_BITMAP& map, ULONG from, ULONG end, ULONG count, bool value) {
  for (auto run = next_run(map, from, value); run && run->StartingIndex < end;
       run = next_run(map, run->StartingIndex + run->NumberOfBits, value)) {
    if (run->NumberOfBits >= count) return run->StartingIndex;
  }
  return std::nullopt;
}

// From the hint to the end, then from the start: `count` bits of `value`.
ULONG find(const RTL_BITMAP& map, ULONG count, ULONG hint, bool value) {
  if (hint >= map.SizeOfBitMap) hint = 0;
  if (count == 0) return hint & ~7U;
  if (count > map.SizeOfBitMap) return kNotFound;
  if (const auto found = find_between(map, hint, map.SizeOfBitMap, count, value)) return *found;
  return find_between(map, 0, hint, count, value).value_or(kNotFound);
}

ULONG count_bits(const RTL_BITMAP& map, bool value) {
  ULONG count = 0;
  for (auto run = next_run(map, 0, value); run; run = next_run(map, run->StartingIndex + run->NumberOfBits, value))
    count += run->NumberOfBits;
  return count;
}

HM_WINAPI void RtlInitializeBitMap(RTL_BITMAP* map, ULONG* buffer, ULONG size) noexcept {
  *map = {size, buffer};
}
HM_WINAPI void RtlSetAllBits(RTL_BITMAP* map) noexcept {
  std::fill_n(map->Buffer, (map->SizeOfBitMap + 31) / 32, ~ULONG{0});
}
HM_WINAPI void RtlClearAllBits(RTL_BITMAP* map) noexcept {
  std::fill_n(map->Buffer, (map->SizeOfBitMap + 31) / 32, ULONG{0});
}
HM_WINAPI void RtlSetBits(RTL_BITMAP* map, ULONG from, ULONG count) noexcept {
  assign(*map, from, count, true);
}
HM_WINAPI void RtlClearBits(RTL_BITMAP* map, ULONG from, ULONG count) noexcept {
  assign(*map, from, count, false);
}
HM_WINAPI void RtlSetBit(RTL_BITMAP* map, ULONG bit) noexcept {
  assign(*map, bit, 1, true);
}
HM_WINAPI void RtlClearBit(RTL_BITMAP* map, ULONG bit) noexcept {
  assign(*map, bit, 1, false);
}
HM_WINAPI BOOLEAN RtlTestBit(const RTL_BITMAP* map, ULONG bit) noexcept {
  return bit < map->SizeOfBitMap && test(*map, bit);
}
HM_WINAPI BOOLEAN RtlAreBitsSet(const RTL_BITMAP* map, ULONG from, ULONG count) noexcept {
  return all(*map, from, count, true);
}
HM_WINAPI BOOLEAN RtlAreBitsClear(const RTL_BITMAP* map, ULONG from, ULONG count) noexcept {
  return all(*map, from, count, false);
}
HM_WINAPI ULONG RtlFindSetBits(const RTL_BITMAP* map, ULONG count, ULONG hint) noexcept {
  return find(*map, count, hint, true);
}
HM_WINAPI ULONG RtlFindClearBits(const RTL_BITMAP* map, ULONG count, ULONG hint) noexcept {
  return find(*map, count, hint, false);
}
HM_WINAPI ULONG RtlFindSetBitsAndClear(RTL_BITMAP* map, ULONG count, ULONG hint) noexcept {
  const ULONG found = find(*map, count, hint, true);
  if (found != kNotFound) assign(*map, found, count, false);
  return found;
}
HM_WINAPI ULONG RtlFindClearBitsAndSet(RTL_BITMAP* map, ULONG count, ULONG hint) noexcept {
  const ULONG found = find(*map, count, hint, false);
  if (found != kNotFound) assign(*map, found, count, true);
  return found;
}
HM_WINAPI ULONG RtlNumberOfSetBits(const RTL_BITMAP* map) noexcept {
  return count_bits(*map, true);
}
HM_WINAPI ULONG RtlNumberOfClearBits(const RTL_BITMAP* map) noexcept {
  return count_bits(*map, false);
}

// These answer the length of the run and where it begins.
ULONG answer_run(const std::optional<Run>& run, ULONG fallback, ULONG* start) {
  *start = run ? run->StartingIndex : fallback;
  return run ? run->NumberOfBits : 0;
}
HM_WINAPI ULONG RtlFindNextForwardRunClear(const RTL_BITMAP* map, ULONG from, ULONG* start) noexcept {
  return answer_run(next_run(*map, from, false), from, start);
}
HM_WINAPI ULONG RtlFindNextForwardRunSet(const RTL_BITMAP* map, ULONG from, ULONG* start) noexcept {
  return answer_run(next_run(*map, from, true), from, start);
}

std::optional<Run> longest_run(const RTL_BITMAP& map, bool value) {
  std::optional<Run> longest;
  for (auto run = next_run(map, 0, value); run; run = next_run(map, run->StartingIndex + run->NumberOfBits, value))
    if (!longest || run->NumberOfBits > longest->NumberOfBits) longest = run;
  return longest;
}
HM_WINAPI ULONG RtlFindLongestRunClear(const RTL_BITMAP* map, ULONG* start) noexcept {
  return answer_run(longest_run(*map, false), 0, start);
}
HM_WINAPI ULONG RtlFindLongestRunSet(const RTL_BITMAP* map, ULONG* start) noexcept {
  return answer_run(longest_run(*map, true), 0, start);
}

HM_WINAPI ULONG RtlFindClearRuns(const RTL_BITMAP* map, Run* runs, ULONG room, BOOLEAN longest_first) noexcept {
  ULONG count = 0;
  const auto longer = [](const Run& a, const Run& b) { return a.NumberOfBits > b.NumberOfBits; };
  for (auto run = next_run(*map, 0, false); run; run = next_run(*map, run->StartingIndex + run->NumberOfBits, false)) {
    if (longest_first == 0) {
      if (count == room) break;
      runs[count++] = *run;
      continue;
    }
    if (count == room && (count == 0 || !longer(*run, runs[count - 1]))) continue;
    Run* const place = std::upper_bound(runs, runs + count, *run, longer);
    if (count < room) ++count;
    std::move_backward(place, runs + count - 1, runs + count);
    *place = *run;
  }
  return count;
}

HM_WINAPI signed char RtlFindMostSignificantBit(ULONGLONG value) noexcept {
  return static_cast<signed char>(value == 0 ? -1 : 63 - std::countl_zero(value));
}
HM_WINAPI signed char RtlFindLeastSignificantBit(ULONGLONG value) noexcept {
  return static_cast<signed char>(value == 0 ? -1 : std::countr_zero(value));
}
HM_WINAPI ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR value) noexcept {
  return static_cast<ULONG>(std::popcount(value));
}

const Export kRows[] = {
    {"RtlAreBitsClear", proc(RtlAreBitsClear)},
    {"RtlAreBitsSet", proc(RtlAreBitsSet)},
    {"RtlClearAllBits", proc(RtlClearAllBits)},
    {"RtlClearBit", proc(RtlClearBit)},
    {"RtlClearBits", proc(RtlClearBits)},
    {"RtlFindClearBits", proc(RtlFindClearBits)},
    {"RtlFindClearBitsAndSet", proc(RtlFindClearBitsAndSet)},
    {"RtlFindClearRuns", proc(RtlFindClearRuns)},
    {"RtlFindLeastSignificantBit", proc(RtlFindLeastSignificantBit)},
    {"RtlFindLongestRunClear", proc(RtlFindLongestRunClear)},
    {"RtlFindLongestRunSet", proc(RtlFindLongestRunSet)},
    {"RtlFindMostSignificantBit", proc(RtlFindMostSignificantBit)},
    {"RtlFindNextForwardRunClear", proc(RtlFindNextForwardRunClear)},
    {"RtlFindNextForwardRunSet", proc(RtlFindNextForwardRunSet)},
    {"RtlFindSetBits", proc(RtlFindSetBits)},
    {"RtlFindSetBitsAndClear", proc(RtlFindSetBitsAndClear)},
    {"RtlInitializeBitMap", proc(RtlInitializeBitMap)},
    {"RtlNumberOfClearBits", proc(RtlNumberOfClearBits)},
    {"RtlNumberOfSetBits", proc(RtlNumberOfSetBits)},
    {"RtlNumberOfSetBitsUlongPtr", proc(RtlNumberOfSetBitsUlongPtr)},
    {"RtlSetAllBits", proc(RtlSetAllBits)},
    {"RtlSetBit", proc(RtlSetBit)},
    {"RtlSetBits", proc(RtlSetBits)},
    {"RtlTestBit", proc(RtlTestBit)},
};

}  // namespace

extern const ExportTable bitmap_exports = kRows;

}  // namespace hmodule::winapi
