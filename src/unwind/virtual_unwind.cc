// The compiler describes each prolog as a list of codes, last instruction first; undoing them from the top restores
// the caller's registers. Three places are special. Inside the prolog only the codes of instructions that have run
// count. Inside an epilog the frame is partly gone, which version 1 of the format does not describe: the instructions
// at pc are decoded, and an epilog is recognised by its strict form. And a function may be in several pieces, each
// chained to the one it continues.
#include "unwind/virtual_unwind.h"

#include "unwind/image_reader.h"

#include <cstring>
#include <optional>
#include <span>

namespace hmodule::unwind {
namespace {

constexpr int kMostChained = 64;  // a circle is damage; EH-10 asks for 32

template <typename T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// What a place in a frame is counted from.
enum class Base { entry_rsp, frame };

// Registers as the walk finds them, and where it found them. A read outside the stack gives 0, and breaks them.
class Registers {
 public:
  Registers(AddressRange stack, CONTEXT& context, KNONVOLATILE_CONTEXT_POINTERS* pointers)
      : stack_(stack), context_(context), pointers_(pointers) {}

  std::uintptr_t rsp() const { return context_.Rsp; }
  void add_to_rsp(std::uintptr_t distance) { context_.Rsp += distance; }
  // From here on the stack is found by the frame register.
  void set_rsp_from(unsigned frame_register, std::uintptr_t distance) {
    take_as_frame(frame_register);
    rsp_base_ = Base::frame;
    context_.Rsp = context_.reg(frame_register) + distance;
  }
  std::uintptr_t frame_from(unsigned frame_register, std::uintptr_t below) {
    take_as_frame(frame_register);
    return context_.reg(frame_register) - below;
  }

  void restore(unsigned number, std::uintptr_t from) { restore(number, from, frame_base()); }
  void restore_xmm(unsigned number, std::uintptr_t from) {
    note(frame_base());
    context_.xmm(number) = read<M128A>(from);
    if (pointers_ != nullptr) pointers_->FloatingContext[number] = reinterpret_cast<M128A*>(from);
  }
  void pop(unsigned number) {
    const std::uintptr_t from = rsp();
    context_.Rsp += 8;
    restore(number, from, rsp_base_);
  }
  void pop_rip(unsigned also = 0) {
    note(rsp_base_);
    plannable_ &= also == 0;
    context_.Rip = read<ULONGLONG>(rsp());
    context_.Rsp += 8 + also;
  }
  void pop_machine_frame(bool error_code) {
    plannable_ = false;
    struct MachineFrame {
      ULONGLONG Rip, SegCs, EFlags, Rsp;
    };
    const auto frame = read<MachineFrame>(rsp() + (error_code ? 8 : 0));
    context_.Rip = frame.Rip;
    context_.Rsp = frame.Rsp;
  }

  void break_off() { broken_ = true; }
  void stop() { context_.Rip = 0; }
  bool broken() const { return broken_; }

  // Something is counted from there.
  void note(Base base) { (base == Base::frame ? used_frame_ : used_entry_rsp_) = true; }

  // Needs pointers that were null, and the registers as they were.
  std::optional<UnwindPlan> plan(const FrameHandler& found, const CONTEXT& entry) const {
    if (broken_ || !plannable_ || (used_entry_rsp_ && used_frame_)) return std::nullopt;
    UnwindPlan plan{};
    plan.handler = {found.routine, found.data, found.kinds, 0};
    plan.frame_register = static_cast<BYTE>(frame_register_ != 0 ? frame_register_ : kRsp);
    plan.base_register = used_frame_ ? plan.frame_register : static_cast<BYTE>(kRsp);
    const std::uintptr_t base = entry.reg(plan.base_register);
    bool near = true;
    const auto distance = [&near](std::uintptr_t to, std::uintptr_t from) {
      const auto value = static_cast<std::int32_t>(to - from);
      near &= static_cast<std::uintptr_t>(std::intptr_t{value}) == to - from;
      return value;
    };
    const auto save = [&](const void* where, unsigned number) {
      if (where == nullptr) return;
      if (plan.count == UnwindPlan::kMostSaved)
        near = false;
      else
        plan.saved[plan.count++] = {distance(reinterpret_cast<std::uintptr_t>(where), base), number};
    };
    plan.frame_offset = distance(found.establisher_frame, entry.reg(plan.frame_register));
    plan.caller_rsp = distance(context_.Rsp, base);
    for (unsigned number = 0; number < 16; ++number) save(pointers_->IntegerContext[number], number);
    const std::uint32_t integers = plan.count;
    for (unsigned number = 0; number < 16; ++number)
      save(pointers_->FloatingContext[number], UnwindPlan::kXmm + number);
    plan.saves_xmm = plan.count != integers;
    return near ? std::optional(plan) : std::nullopt;
  }

 private:
  void restore(unsigned number, std::uintptr_t from, Base base) {
    note(base);
    plannable_ &= number != kRsp;
    context_.reg(number) = read<ULONGLONG>(from);
    if (pointers_ != nullptr && number != kRsp) pointers_->IntegerContext[number] = reinterpret_cast<ULONGLONG*>(from);
  }

  // A plan knows one frame register, as it is at pc.
  void take_as_frame(unsigned number) {
    if (frame_register_ == 0) frame_register_ = number;
    plannable_ &= frame_register_ == number && pointers_ != nullptr && pointers_->IntegerContext[number] == nullptr;
  }
  Base frame_base() const { return frame_register_ != 0 ? Base::frame : Base::entry_rsp; }

  template <typename T>
  T read(std::uintptr_t from) {
    if (stack_.holds(from, sizeof(T))) [[likely]]
      return load<T>(reinterpret_cast<const void*>(from));
    broken_ = true;
    return T{};
  }

  AddressRange stack_;
  CONTEXT& context_;
  KNONVOLATILE_CONTEXT_POINTERS* pointers_;
  unsigned frame_register_ = 0;
  Base rsp_base_ = Base::entry_rsp;
  bool broken_ = false, plannable_ = true, used_entry_rsp_ = false, used_frame_ = false;
};

// Undoes the codes at or before `offset`. True when one was a machine frame, which leaves no return address to pop.
bool undo(const UnwindInfo& info, std::uintptr_t offset, std::uintptr_t frame, Registers& registers) {
  const UnwindCode* const codes = info.codes();
  bool machine_frame = false;
  unsigned i = 0;
  for (; i < info.CountOfCodes; i += slots(codes[i])) {
    const UnwindCode& code = codes[i];
    if (i + slots(code) > info.CountOfCodes) break;
    if (code.CodeOffset > offset && code.Operation != kEpilog) continue;
    const auto near = [&] { return load<std::uint16_t>(&codes[i + 1]); };
    const auto far = [&] { return load<std::uint32_t>(&codes[i + 1]); };
    switch (code.Operation) {
      case kPushNonvol:
        registers.pop(code.Info);
        break;
      case kAllocLarge:
        registers.add_to_rsp(code.Info == 0 ? near() * 8U : far());
        break;
      case kAllocSmall:
        registers.add_to_rsp(code.Info * 8U + 8U);
        break;
      case kSetFpreg:
        registers.set_rsp_from(info.FrameRegister, -std::uintptr_t{info.FrameOffset * 16U});
        break;
      case kSaveNonvol:
        registers.restore(code.Info, frame + near() * 8U);
        break;
      case kSaveNonvolFar:
        registers.restore(code.Info, frame + far());
        break;
      case kSaveXmm128:
        registers.restore_xmm(code.Info, frame + near() * 16U);
        break;
      case kSaveXmm128Far:
        registers.restore_xmm(code.Info, frame + far());
        break;
      case kPushMachframe:
        registers.pop_machine_frame(code.Info != 0);
        machine_frame = true;
        break;
      case kEpilog:
      case kSpare:
        break;
      default:
        registers.break_off();
    }
  }
  if (i != info.CountOfCodes) registers.break_off();
  return machine_frame;
}

// One piece of a function: its entry and what that says. Pieces lead to the one they continue (EH-10).
struct Piece {
  RUNTIME_FUNCTION entry;
  const UnwindInfo* info;

  static std::optional<Piece> of(const RUNTIME_FUNCTION* function, ImageReader& image) {
    function = image.direct(function);
    if (function == nullptr) return std::nullopt;
    const auto entry = load<RUNTIME_FUNCTION>(function);
    const UnwindInfo* const info = image.info(entry);
    if (info == nullptr) return std::nullopt;
    return Piece{entry, info};
  }
};

// The piece of the function that the others are chained to.
std::optional<Piece> root_of(Piece piece, ImageReader& image) {
  for (int depth = 0; depth < kMostChained; ++depth) {
    const RUNTIME_FUNCTION* const parent = chained_from(*piece.info);
    if (parent == nullptr) return piece;
    const std::optional<Piece> next = Piece::of(parent, image);
    if (!next) break;
    piece = *next;
  }
  return std::nullopt;
}

// EH-07: a jump to the function's own start is a call to itself at the end; any other inside it is just a jump.
bool leaves_function(std::uintptr_t target, std::uintptr_t base, const Piece& piece, ImageReader& image) {
  const std::uintptr_t begin = base + piece.entry.BeginAddress;
  if (target == begin && chained_from(*piece.info) == nullptr) return true;
  if (target >= begin && target < base + piece.entry.EndAddress) return false;
  const FunctionEntry other = find_function(target);
  if (other.function == nullptr || other.image_base != base) return true;
  const std::optional<Piece> there = Piece::of(other.function, image);
  const std::optional<Piece> root = root_of(piece, image);
  const std::optional<Piece> other_root = there ? root_of(*there, image) : std::nullopt;
  if (!root || !other_root || other_root->entry.BeginAddress != root->entry.BeginAddress) return true;
  return target == base + root->entry.BeginAddress;
}

// What stands at pc, if it is an epilog or the rest of one.
class Epilog {
 public:
  Epilog(std::uintptr_t pc, std::uintptr_t base, const Piece& piece, ImageReader& image)
      : code_(image.instructions(pc, base + piece.entry.EndAddress)),
        pc_(pc),
        base_(base),
        piece_(piece),
        image_(image) {}

  // Does the code from pc on have the form of an epilog? `adjustments` says whether it may begin with a change of RSP.
  bool recognise(bool adjustments) {
    std::size_t at = adjustments ? adjustment_length() : 0;
    for (unsigned pops = 0; const unsigned length = pop_length(at); at += length)
      if (++pops > kMostPops) return false;
    return is_end(at);
  }

  // Runs it. Only after recognise() said yes.
  void simulate(bool adjustments, Registers& registers) const {
    std::size_t at = adjustments ? adjustment_length() : 0;
    if (at != 0) adjust(registers);
    while (const unsigned length = pop_length(at)) {
      registers.pop((byte(at + length - 1) & 7U) | (length == 2 && (byte(at) & 1) != 0 ? 8U : 0U));
      at += length;
    }
    registers.pop_rip(byte(at) == 0xC2 ? load<std::uint16_t>(&code_[at + 1]) : 0);
  }

 private:
  static constexpr unsigned kMostPops = 16;  // there are no more registers
  static constexpr BYTE kNotInEpilog = 0xCC;

  BYTE byte(std::size_t at) const { return at < code_.size() ? code_[at] : kNotInEpilog; }
  bool has(std::size_t at, std::size_t size) const { return at <= code_.size() && code_.size() - at >= size; }

  // add rsp, imm8 | add rsp, imm32 | lea rsp, [frame register + displacement]
  unsigned adjustment_length() const {
    const BYTE rex = byte(0), opcode = byte(1), operand = byte(2);
    unsigned length = 0;
    if (rex == 0x48 && opcode == 0x83 && operand == 0xC4) length = 4;
    if (rex == 0x48 && opcode == 0x81 && operand == 0xC4) length = 7;
    const unsigned base = (operand & 7U) | (rex & 1U) << 3;
    if ((rex & 0xFE) == 0x48 && opcode == 0x8D && (operand & 0x38) == 0x20 && base == piece_.info->FrameRegister &&
        base != 0) {
      const unsigned sib = (operand & 7) == 4 ? 1 : 0;  // r12 needs one
      if (operand >> 6 == 1) length = 4 + sib;
      if (operand >> 6 == 2) length = 7 + sib;
    }
    return has(0, length) ? length : 0;
  }

  void adjust(Registers& registers) const {
    const auto constant = [this](std::size_t at, bool wide) -> std::uintptr_t {
      const std::int64_t value = wide ? load<std::int32_t>(&code_[at]) : load<std::int8_t>(&code_[at]);
      return static_cast<std::uintptr_t>(value);
    };
    if (byte(1) != 0x8D) return registers.add_to_rsp(constant(3, byte(1) == 0x81));
    const std::size_t displacement = (byte(2) & 7) == 4 ? 4 : 3;
    registers.set_rsp_from(piece_.info->FrameRegister, constant(displacement, byte(2) >> 6 == 2));
  }

  unsigned pop_length(std::size_t at) const {
    if ((byte(at) & 0xF8) == 0x58) return 1;
    return (byte(at) & 0xF0) == 0x40 && (byte(at + 1) & 0xF8) == 0x58 ? 2 : 0;
  }

  // ret | ret imm16 | rep ret | jmp out of the function | jmp [rip + displacement] | jmp r/m64 with REX.W: one without
  // is how a switch goes to its cases.
  bool is_end(std::size_t at) {
    switch (byte(at)) {
      case 0xC3:
        return true;
      case 0xC2:
        return has(at, 3);
      case 0xF3:
        return byte(at + 1) == 0xC3;
      case 0xEB:
        return has(at, 2) && leaves(at + 2, load<std::int8_t>(&code_[at + 1]));
      case 0xE9:
        return has(at, 5) && leaves(at + 5, load<std::int32_t>(&code_[at + 1]));
      case 0xFF:
        return byte(at + 1) == 0x25;
      default:
        return (byte(at) & 0xF8) == 0x48 && byte(at + 1) == 0xFF && (byte(at + 2) & 0x38) == 0x20;
    }
  }

  bool leaves(std::size_t next, std::int64_t distance) {
    return leaves_function(pc_ + next + static_cast<std::uintptr_t>(distance), base_, piece_, image_);
  }

  std::span<const BYTE> code_;
  std::uintptr_t pc_, base_;
  const Piece& piece_;
  ImageReader& image_;
};

// EH-09: version 2 lists the epilogs, from the first pop on.
bool in_listed_epilog(const UnwindInfo& info, std::uintptr_t rva, const RUNTIME_FUNCTION& function) {
  const UnwindCode* const codes = info.codes();
  const auto inside = [&](unsigned distance, unsigned size) {
    const std::uintptr_t start = function.EndAddress - distance;
    return distance != 0 && rva >= start && rva < start + size;
  };
  const unsigned size = codes[0].CodeOffset;
  for (unsigned i = 0; i < info.CountOfCodes && codes[i].Operation == kEpilog; ++i) {
    const unsigned distance = i == 0 ? ((codes[0].Info & 1) != 0 ? size : 0) : codes[i].Info << 8 | codes[i].CodeOffset;
    if (inside(distance, size)) return true;
  }
  return false;
}

// EH-07...EH-09: the rest of an epilog, run, if pc is in one.
bool leave_by_epilog(std::uintptr_t pc, std::uintptr_t base, const Piece& piece, ImageReader& image,
                     Registers& registers) {
  if (piece.info->CountOfCodes == 0) return false;
  const bool version_1 = piece.info->Version == 1;
  if (!version_1 && !in_listed_epilog(*piece.info, pc - base, piece.entry)) return false;
  Epilog epilog(pc, base, piece, image);
  if (!epilog.recognise(version_1)) return false;
  epilog.simulate(version_1, registers);
  return true;
}

// EH-05...EH-11, for a function with an entry. Breaks `registers` off where the data ends making sense.
FrameHandler leave_function(ULONG handler_type, std::uintptr_t base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, Registers& registers) {
  ImageReader image(base, pc);
  FrameHandler result;
  result.establisher_frame = registers.rsp();
  bool machine_frame = false;
  for (int depth = 0; depth < kMostChained; ++depth) {
    const std::optional<Piece> piece = Piece::of(function, image);
    if (!piece) break;
    const UnwindInfo& info = *piece->info;
    // A piece is left at pc; what it continues has run its prolog, and has the same frame (EH-10).
    const std::uintptr_t offset = depth == 0 ? pc - base - piece->entry.BeginAddress : ~std::uintptr_t{0};
    const bool in_prolog = offset < info.SizeOfProlog;
    std::uintptr_t frame = result.establisher_frame;
    if (frame_register_in_effect(info, offset))
      frame = registers.frame_from(info.FrameRegister, info.FrameOffset * 16U);
    else if (depth == 0)
      registers.note(Base::entry_rsp);
    if (depth == 0) {
      result.establisher_frame = frame;  // EH-06
      if (!in_prolog && leave_by_epilog(pc, base, *piece, image, registers)) return result;
    }
    machine_frame |= undo(info, offset, frame, registers);
    function = chained_from(info);
    if (function != nullptr) continue;

    if (!machine_frame) registers.pop_rip();
    if (!in_prolog && (info.Flags & handler_type) != 0) {  // EH-11
      const BYTE* const tail = info.tail();
      const std::uintptr_t routine = base + load<std::uint32_t>(tail);
      if (!image.can_read(routine, 1)) break;
      result.routine = reinterpret_cast<EXCEPTION_ROUTINE*>(routine);
      result.data = const_cast<BYTE*>(tail) + sizeof(std::uint32_t);
      result.kinds = info.Flags & (kExceptionHandler | kUnwindHandler);
    }
    return result;
  }
  registers.break_off();
  return result;
}

FrameHandler leave(ULONG handler_type, std::uintptr_t image_base, std::uintptr_t pc, const RUNTIME_FUNCTION* function,
                   Registers& registers) {
  FrameHandler result;
  if (function != nullptr) {
    result = leave_function(handler_type, image_base, pc, function, registers);
  } else {  // EH-04
    result.establisher_frame = registers.rsp();
    registers.pop_rip();
  }
  if (!registers.broken()) [[likely]]
    return result;
  registers.stop();
  return {};
}

}  // namespace

FrameHandler virtual_unwind(AddressRange stack, ULONG handler_type, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context,
                            KNONVOLATILE_CONTEXT_POINTERS* pointers) {
  Registers registers(stack, context, pointers);
  return leave(handler_type, image_base, pc, function, registers);
}

FrameHandler virtual_unwind(ULONG handler_type, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context,
                            KNONVOLATILE_CONTEXT_POINTERS* pointers) {
  return virtual_unwind(stack_above(context.Rsp), handler_type, image_base, pc, function, context, pointers);
}

FrameHandler virtual_unwind(AddressRange stack, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context, std::optional<UnwindPlan>& plan) {
  const CONTEXT entry = context;
  KNONVOLATILE_CONTEXT_POINTERS pointers{};
  Registers registers(stack, context, &pointers);
  const FrameHandler found = leave(kExceptionHandler | kUnwindHandler, image_base, pc, function, registers);
  plan = registers.plan(found, entry);
  return found;
}

}  // namespace hmodule::unwind
