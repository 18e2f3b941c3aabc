// A second opinion on unwinding, to compare the first with. It looks at a frame as DWARF does: the prolog, read in the
// order it runs, says how far the frame's top is from a register, and where below the top the others were put. Epilogs
// are found and executed with a disassembler. Written from the published format, and apart from src/unwind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hmodule::test {

struct ReferenceRegisters {
  std::array<std::uint64_t, 16> general{};
  std::array<std::array<std::uint64_t, 2>, 16> vector{};
  std::uint64_t rip = 0;
};

struct ReferenceFrame {
  ReferenceRegisters caller;
  std::array<std::uint64_t, 16> general_from{}, vector_from{};  // where in the stack; 0: not restored
  std::uint64_t establisher = 0;
  std::uint32_t handler = 0, handler_data = 0;  // RVAs; 0 without a handler
};

class ReferenceImage {
 public:
  struct Entry {
    std::uint32_t begin, end, unwind;
  };

  explicit ReferenceImage(std::span<const std::byte> mapped);

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* entry_at(std::uint32_t pc) const;
  bool is_chained(const Entry& entry) const;
  // Offsets into the function at which something changes for the unwinder: its codes, the end of its prolog.
  std::vector<std::uint32_t> prolog_points(const Entry& entry) const;
  // Of each instruction that is part of an epilog.
  std::vector<std::uint32_t> epilog_points(const Entry& entry) const;

  // Nothing when a place in the frame is outside `stack`, or for what it does not know (machine frames, two frame
  // registers). `handlers` is UNW_FLAG_EHANDLER or UNW_FLAG_UHANDLER.
  std::optional<ReferenceFrame> unwind(std::uint32_t pc, const ReferenceRegisters& registers,
                                       std::span<const std::byte> stack, unsigned handlers) const;

 private:
  enum class Step : std::uint8_t { push, allocate, set_frame, save, save_vector, epilog, nothing, machine_frame };
  struct Operation {
    Step step;
    unsigned at, number;
    std::uint64_t amount;
  };
  struct Unwind {
    unsigned version, flags, prolog, frame_register, frame_offset;
    std::vector<Operation> operations;  // as in the file: the last instruction first
    std::uint32_t tail;
  };
  struct Instruction;

  template <typename T>
  T read(std::uint64_t rva) const;
  Unwind parse(const Entry& entry) const;
  std::vector<Entry> pieces(const Entry& entry) const;
  std::optional<std::vector<Instruction>> epilog_from(std::uint32_t pc, const Entry& entry, const Unwind& info) const;
  bool leaves(std::uint64_t target, const Entry& entry) const;

  std::span<const std::byte> mapped_;
  std::vector<Entry> entries_;
};

}  // namespace hmodule::test
