// From Windows' unwind data to DWARF: the same facts about a function, in the form that libgcc, gdb and perf read
// (platform-facts §6).
#pragma once

#include "win/context.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace hmodule::unwind {

// What a register holds, plus an offset. Registers have their numbers of instruction encodings.
struct Place {
  unsigned reg = 0;
  std::int64_t offset = 0;
  bool operator==(const Place&) const = default;
};

// From `begin` (counted from the function's start) to the next row: the RSP of the caller, whose return address is
// below it, and where its registers are; the others still hold their values.
struct UnwindRow {
  std::uintptr_t begin = 0;
  Place caller_rsp;
  std::array<std::optional<Place>, 16> integer, xmm;
};

// The rows of a function, which have no equal neighbours. None if DWARF as we write it cannot say what is needed: for
// machine frames, and for a frame register that is restored before it is used. Epilogs are not described: unwind data
// of version 1 does not tell where they are. So the last row is wrong between an epilog's first change of RSP and its
// end, where nothing is called or thrown.
std::optional<std::vector<UnwindRow>> unwind_rows(std::uintptr_t base, const RUNTIME_FUNCTION& function);

// A .eh_frame section in the making. Addresses in it are absolute, references relative: it may be moved.
class EhFrame {
 public:
  // All functions share one personality, which may be null.
  explicit EhFrame(const void* personality = nullptr);
  void add(std::uintptr_t begin, std::uintptr_t end, const std::vector<UnwindRow>& rows);
  // Code without an entry: a leaf function (EH-04).
  void add_leaf(std::uintptr_t begin, std::uintptr_t end) { add(begin, end, {}); }
  // Appends the terminator.
  std::vector<std::byte> finish();

 private:
  void put_row(const UnwindRow& row, const UnwindRow& before);
  void put_saved(unsigned dwarf_register, const std::optional<Place>& place, const Place& cfa);
  void put_bytes(std::initializer_list<unsigned> bytes);
  template <typename T>
  void put(T value);
  void put_unsigned(std::uint64_t value);
  void put_signed(std::int64_t value);
  // The length of the entry that began at `start`, once it is padded.
  void close(std::size_t start);

  std::vector<std::byte> bytes_;
};

}  // namespace hmodule::unwind
