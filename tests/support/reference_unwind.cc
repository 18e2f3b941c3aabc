#include "support/reference_unwind.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace hmodule::test {

namespace {

constexpr unsigned kRsp = 4, kChained = 4;

const ZydisDecoder& decoder() {
  static const ZydisDecoder only = [] {
    ZydisDecoder made;
    ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return made;
  }();
  return only;
}

std::optional<unsigned> general_register(ZydisRegister which) {
  if (which < ZYDIS_REGISTER_RAX || which > ZYDIS_REGISTER_R15) return std::nullopt;
  return static_cast<unsigned>(which - ZYDIS_REGISTER_RAX);
}

}  // namespace

struct ReferenceImage::Instruction {
  ZydisDecodedInstruction facts;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
  unsigned first_byte;

  std::optional<unsigned> register_operand() const {
    return operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER ? general_register(operands[0].reg.value) : std::nullopt;
  }
  bool has_rex() const { return (facts.attributes & ZYDIS_ATTRIB_HAS_REX) != 0 && facts.raw.prefix_count == 1; }
  bool moves_stack_pointer(unsigned frame_register) const {
    if (register_operand() != kRsp || !has_rex() || facts.raw.rex.R != 0 || facts.raw.rex.X != 0) return false;
    if (facts.mnemonic == ZYDIS_MNEMONIC_ADD)
      return operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && first_byte == 0x48;
    return facts.mnemonic == ZYDIS_MNEMONIC_LEA && (first_byte & 0xF0) == 0x40 && frame_register != 0 &&
           operands[1].mem.index == ZYDIS_REGISTER_NONE && facts.raw.disp.size != 0 &&
           general_register(operands[1].mem.base) == frame_register;
  }
  bool pops() const {
    return facts.mnemonic == ZYDIS_MNEMONIC_POP && register_operand() && (facts.opcode & 0xF8) == 0x58 &&
           facts.length == (has_rex() ? 2 : 1);
  }
  bool returns() const {
    const bool repeated = first_byte == 0xF3 && facts.opcode == 0xC3;
    return facts.mnemonic == ZYDIS_MNEMONIC_RET && (first_byte == 0xC3 || first_byte == 0xC2 || repeated);
  }
  bool jumps_directly() const {
    return facts.mnemonic == ZYDIS_MNEMONIC_JMP && (first_byte == 0xEB || first_byte == 0xE9);
  }
  // A tail call through a pointer: with REX.W, or through memory at [rip+disp32].
  bool jumps_away() const {
    if (facts.mnemonic != ZYDIS_MNEMONIC_JMP || facts.opcode != 0xFF || facts.raw.modrm.reg != 4) return false;
    if (first_byte == 0xFF) return facts.raw.modrm.mod == 0 && facts.raw.modrm.rm == 5;
    return (first_byte & 0xF8) == 0x48 && has_rex() && facts.raw.rex.W != 0;
  }
};

template <typename T>
T ReferenceImage::read(std::uint64_t rva) const {
  if (rva > mapped_.size() || mapped_.size() - rva < sizeof(T)) throw std::out_of_range("outside the image");
  T value;
  std::memcpy(&value, mapped_.data() + rva, sizeof value);
  return value;
}

ReferenceImage::ReferenceImage(std::span<const std::byte> mapped) : mapped_(mapped) {
  const auto nt = read<std::uint32_t>(0x3C);
  constexpr unsigned kExceptionDirectory = 4 + 20 + 112 + 3 * 8;
  const auto table = read<std::uint32_t>(nt + kExceptionDirectory);
  const auto size = read<std::uint32_t>(nt + kExceptionDirectory + 4);
  for (std::uint32_t at = 0; at + sizeof(Entry) <= size; at += sizeof(Entry))
    entries_.push_back(read<Entry>(table + at));
}

const ReferenceImage::Entry* ReferenceImage::entry_at(std::uint32_t pc) const {
  auto after = std::partition_point(entries_.begin(), entries_.end(), [pc](const Entry& e) { return e.begin <= pc; });
  if (after == entries_.begin() || pc >= (--after)->end) return nullptr;
  return &*after;
}

ReferenceImage::Unwind ReferenceImage::parse(const Entry& entry) const {
  const auto byte = [&](unsigned at) -> unsigned { return read<std::uint8_t>(entry.unwind + at); };
  Unwind info{byte(0) & 7, byte(0) >> 3, byte(1), byte(3) & 15, (byte(3) >> 4) * 16, {}, 0};
  const unsigned count = byte(2);
  // What an operation is, how many slots follow it, and the unit of the number there; for information 0 and others.
  struct Form {
    Step step;
    unsigned slots, unit;
  };
  static constexpr Form kForms[][2] = {
      {{Step::push, 0, 0}, {Step::push, 0, 0}},
      {{Step::allocate, 1, 8}, {Step::allocate, 2, 1}},
      {{Step::allocate, 0, 0}, {Step::allocate, 0, 0}},
      {{Step::set_frame, 0, 0}, {Step::set_frame, 0, 0}},
      {{Step::save, 1, 8}, {Step::save, 1, 8}},
      {{Step::save, 2, 1}, {Step::save, 2, 1}},
      {{Step::epilog, 0, 0}, {Step::epilog, 0, 0}},
      {{Step::nothing, 2, 0}, {Step::nothing, 2, 0}},
      {{Step::save_vector, 1, 16}, {Step::save_vector, 1, 16}},
      {{Step::save_vector, 2, 1}, {Step::save_vector, 2, 1}},
      {{Step::machine_frame, 0, 0}, {Step::machine_frame, 0, 0}},
  };
  for (unsigned slot = 0; slot < count; ++slot) {
    const unsigned at = byte(4 + 2 * slot), operation = byte(5 + 2 * slot) & 15, number = byte(5 + 2 * slot) >> 4;
    const Form& form = kForms[operation][number != 0 ? 1 : 0];
    std::uint64_t amount = operation == 2 ? number * 8 + 8 : 0;
    const std::uint32_t operand = entry.unwind + 6 + 2 * slot;
    if (form.slots == 1) amount = std::uint64_t{read<std::uint16_t>(operand)} * form.unit;
    if (form.slots == 2) amount = std::uint64_t{read<std::uint32_t>(operand)} * form.unit;
    info.operations.push_back({form.step, at, number, amount});
    slot += form.slots;
  }
  info.tail = entry.unwind + 4 + 2 * (count + count % 2);
  return info;
}

bool ReferenceImage::is_chained(const Entry& entry) const {
  return (parse(entry).flags & kChained) != 0;
}

// The entry and those it continues, to the function's first.
std::vector<ReferenceImage::Entry> ReferenceImage::pieces(const Entry& entry) const {
  std::vector<Entry> all{entry};
  for (Unwind info = parse(entry); (info.flags & kChained) != 0; info = parse(all.back())) {
    all.push_back(read<Entry>(info.tail));
    if (all.size() > 32) throw std::runtime_error("a circle of unwind data");
  }
  return all;
}

bool ReferenceImage::leaves(std::uint64_t target, const Entry& entry) const {
  if (target >= entry.begin && target < entry.end) return target == entry.begin && !is_chained(entry);
  const Entry* const there = target < mapped_.size() ? entry_at(static_cast<std::uint32_t>(target)) : nullptr;
  const std::uint32_t first = pieces(entry).back().begin;
  return there == nullptr || pieces(*there).back().begin != first || target == first;
}

// The instructions from pc on, if they are an epilog or its end.
std::optional<std::vector<ReferenceImage::Instruction>> ReferenceImage::epilog_from(std::uint32_t pc,
                                                                                    const Entry& entry,
                                                                                    const Unwind& info) const {
  if (info.operations.empty()) return std::nullopt;
  if (info.version == 2) {
    const unsigned size = info.operations[0].at;
    bool listed = false;
    for (std::size_t i = 0; i < info.operations.size() && info.operations[i].step == Step::epilog; ++i) {
      const Operation& each = info.operations[i];
      const unsigned back = i != 0 ? each.number * 256 + each.at : each.number % 2 != 0 ? size : 0;
      listed |= back != 0 && pc >= entry.end - back && pc < entry.end - back + size;
    }
    if (!listed) return std::nullopt;
  }
  std::vector<Instruction> all;
  for (std::uint32_t at = pc; at < entry.end; at += all.back().facts.length) {
    Instruction one;
    if (!ZYAN_SUCCESS(
            ZydisDecoderDecodeFull(&decoder(), mapped_.data() + at, entry.end - at, &one.facts, one.operands.data())))
      return std::nullopt;
    one.first_byte = read<std::uint8_t>(at);
    all.push_back(one);
    if (one.returns() || one.jumps_away()) return all;
    if (one.jumps_directly()) {
      if (leaves(at + one.facts.length + static_cast<std::uint64_t>(one.operands[0].imm.value.s), entry)) return all;
      return std::nullopt;
    }
    const bool may_move = at == pc && info.version == 1;
    if (!one.pops() && !(may_move && one.moves_stack_pointer(info.frame_register))) return std::nullopt;
  }
  return std::nullopt;
}

std::vector<std::uint32_t> ReferenceImage::prolog_points(const Entry& entry) const {
  const Unwind info = parse(entry);
  std::vector<std::uint32_t> points{0, info.prolog};
  for (const Operation& each : info.operations)
    if (each.step != Step::epilog) points.push_back(each.at);
  return points;
}

std::vector<std::uint32_t> ReferenceImage::epilog_points(const Entry& entry) const {
  const Unwind info = parse(entry);
  std::vector<std::uint32_t> points;
  for (std::uint32_t at = entry.begin; at < entry.end;) {
    if (at - entry.begin >= info.prolog && epilog_from(at, entry, info)) points.push_back(at - entry.begin);
    ZydisDecodedInstruction one;
    const auto status = ZydisDecoderDecodeInstruction(&decoder(), nullptr, mapped_.data() + at, entry.end - at, &one);
    at += ZYAN_SUCCESS(status) ? one.length : 1U;
  }
  return points;
}

std::optional<ReferenceFrame> ReferenceImage::unwind(std::uint32_t pc, const ReferenceRegisters& registers,
                                                     std::span<const std::byte> stack, unsigned handlers) const {
  const auto bottom = reinterpret_cast<std::uintptr_t>(stack.data());
  const auto on_stack = [&](std::uint64_t at, std::size_t size) {
    return at >= bottom && at - bottom <= stack.size() - size;
  };
  const auto word = [&](std::uint64_t at) {
    std::uint64_t value;
    std::memcpy(&value, stack.data() + (at - bottom), sizeof value);
    return value;
  };
  ReferenceFrame frame{.caller = registers, .establisher = registers.general[kRsp]};
  std::uint64_t top = registers.general[kRsp] + 8;  // of the frame; the return address is the word below

  if (const Entry* const entry = entry_at(pc)) {
    const Unwind info = parse(*entry);
    const std::uint32_t offset = pc - entry->begin;
    const auto frame_of = [&](const Unwind& piece) {
      return registers.general[piece.frame_register] - piece.frame_offset;
    };
    const bool framed = info.frame_register != 0 &&
                        (offset >= info.prolog || (info.flags & kChained) != 0 ||
                         std::any_of(info.operations.begin(), info.operations.end(), [&](const Operation& each) {
                           return each.step == Step::set_frame && each.at <= offset;
                         }));
    if (framed) frame.establisher = frame_of(info);

    if (offset >= info.prolog) {
      if (const auto epilog = epilog_from(pc, *entry, info)) {
        auto& general = frame.caller.general;
        for (const Instruction& each : *epilog) {
          if (each.pops()) {
            const std::uint64_t from = general[kRsp];
            if (!on_stack(from, 8) || each.register_operand() == kRsp) return std::nullopt;
            general[*each.register_operand()] = word(from);
            frame.general_from[*each.register_operand()] = from;
            general[kRsp] += 8;
          } else if (each.facts.mnemonic == ZYDIS_MNEMONIC_ADD) {
            general[kRsp] += static_cast<std::uint64_t>(each.operands[1].imm.value.s);
          } else if (each.facts.mnemonic == ZYDIS_MNEMONIC_LEA) {
            general[kRsp] = general[info.frame_register] + static_cast<std::uint64_t>(each.operands[1].mem.disp.value);
          }
        }
        if (!on_stack(general[kRsp], 8)) return std::nullopt;
        frame.caller.rip = word(general[kRsp]);
        general[kRsp] += 8;
        if (epilog->back().first_byte == 0xC2) general[kRsp] += epilog->back().operands[0].imm.value.u;
        return frame;
      }
    }

    // The prologs of all pieces in the order they ran.
    struct Done {
      Operation operation;
      std::uint64_t saves_from;
    };
    std::vector<Done> done;
    const std::vector<Entry> chain = pieces(*entry);
    for (auto piece = chain.rbegin(); piece != chain.rend(); ++piece) {
      const bool left_here = piece + 1 == chain.rend();
      const Unwind its = parse(*piece);
      const std::uint64_t saves_from = !left_here && its.frame_register != 0 ? frame_of(its) : frame.establisher;
      for (auto each = its.operations.rbegin(); each != its.operations.rend(); ++each)
        if (!left_here || each->at <= offset) done.push_back({*each, saves_from});
    }

    std::uint64_t depth = 8, top_by_frame = 0;
    std::array<std::uint64_t, 16> pushed_at{};  // as depths
    unsigned frames = 0;
    for (const auto& [operation, saves_from] : done) {
      switch (operation.step) {
        case Step::push:
          depth += 8;
          if (operation.number == kRsp) return std::nullopt;
          if (pushed_at[operation.number] == 0 && frame.general_from[operation.number] == 0)
            pushed_at[operation.number] = depth;
          break;
        case Step::allocate:
          depth += operation.amount;
          break;
        case Step::set_frame: {
          const Unwind owner = parse(chain.back());
          const Unwind& its = owner.frame_register != 0 ? owner : info;
          if (++frames > 1) return std::nullopt;
          top_by_frame = frame_of(its) + depth;
          break;
        }
        case Step::save:
          if (pushed_at[operation.number] == 0 && frame.general_from[operation.number] == 0)
            frame.general_from[operation.number] = saves_from + operation.amount;
          break;
        case Step::save_vector:
          if (frame.vector_from[operation.number] == 0)
            frame.vector_from[operation.number] = saves_from + operation.amount;
          break;
        case Step::machine_frame:
          return std::nullopt;
        case Step::epilog:
        case Step::nothing:
          break;
      }
    }
    top = frames != 0 ? top_by_frame : registers.general[kRsp] + depth;
    for (unsigned number = 0; number < 16; ++number) {
      if (pushed_at[number] != 0) frame.general_from[number] = top - pushed_at[number];
      if (const std::uint64_t from = frame.general_from[number]) {
        if (!on_stack(from, 8)) return std::nullopt;
        frame.caller.general[number] = word(from);
      }
      if (const std::uint64_t from = frame.vector_from[number]) {
        if (!on_stack(from, 16)) return std::nullopt;
        frame.caller.vector[number] = {word(from), word(from + 8)};
      }
    }
    const Unwind first = parse(chain.back());
    if ((first.flags & handlers) != 0 && (chain.size() > 1 || offset >= info.prolog)) {
      frame.handler = read<std::uint32_t>(first.tail);
      frame.handler_data = first.tail + 4;
    }
  }
  if (!on_stack(top - 8, 8)) return std::nullopt;
  frame.caller.rip = word(top - 8);
  frame.caller.general[kRsp] = top;
  return frame;
}

}  // namespace hmodule::test
