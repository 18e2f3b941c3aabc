// The compiler describes each prolog as a list of codes, last instruction first; undoing them from the top restores
// the caller's registers. Three places are special. Inside the prolog only the codes of instructions that have run
// count. Inside an epilog the frame is partly gone, which version 1 of the format does not describe: the instructions
// at pc are decoded, and an epilog is recognised by its strict form. And a function may be in several pieces, each
// chained to the one it continues.
#include "unwind/virtual_unwind.h"

#include "unwind/function_table.h"
#include "unwind/unwind_info.h"

#include <cstring>

namespace hmodule::unwind {
namespace {

constexpr int kMostChained = 64;  // a circle is damage; EH-10 asks for 32

template <typename T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Registers as the walk finds them, and where it found them.
class Registers {
 public:
  Registers(CONTEXT& context, KNONVOLATILE_CONTEXT_POINTERS* pointers) : context_(context), pointers_(pointers) {}

  std::uintptr_t rsp() const { return context_.Rsp; }
  void set_rsp(std::uintptr_t value) { context_.Rsp = value; }
  std::uintptr_t reg(unsigned number) { return context_.reg(number); }

  void restore(unsigned number, std::uintptr_t from) {
    auto* const place = reinterpret_cast<ULONGLONG*>(from);
    context_.reg(number) = *place;
    if (pointers_ != nullptr && number != kRsp) pointers_->IntegerContext[number] = place;
  }
  void restore_xmm(unsigned number, std::uintptr_t from) {
    auto* const place = reinterpret_cast<M128A*>(from);
    std::memcpy(&context_.xmm(number), place, sizeof *place);
    if (pointers_ != nullptr) pointers_->FloatingContext[number] = place;
  }
  void pop(unsigned number) {
    const std::uintptr_t from = rsp();
    context_.Rsp += 8;
    restore(number, from);
  }
  void pop_rip(unsigned also = 0) {
    context_.Rip = *reinterpret_cast<ULONGLONG*>(rsp());
    context_.Rsp += 8 + also;
  }
  void pop_machine_frame(bool error_code) {
    const auto* const frame = reinterpret_cast<ULONGLONG*>(rsp() + (error_code ? 8 : 0));
    context_.Rip = frame[0];
    context_.Rsp = frame[3];
  }

 private:
  CONTEXT& context_;
  KNONVOLATILE_CONTEXT_POINTERS* pointers_;
};

std::uintptr_t frame_base(const UnwindInfo& info, std::uintptr_t offset, Registers& registers) {
  if (!frame_register_in_effect(info, offset)) return registers.rsp();
  return registers.reg(info.FrameRegister) - info.FrameOffset * 16U;
}

// Undoes the codes at or before `offset`. True when one was a machine frame, which leaves no return address to pop.
bool undo(const UnwindInfo& info, std::uintptr_t offset, std::uintptr_t frame, Registers& registers) {
  const UnwindCode* const codes = info.codes();
  bool machine_frame = false;
  for (unsigned i = 0; i < info.CountOfCodes; i += slots(codes[i])) {
    const UnwindCode& code = codes[i];
    if (code.CodeOffset > offset && code.Operation != kEpilog) continue;
    const auto near = [&] { return load<std::uint16_t>(&codes[i + 1]); };
    const auto far = [&] { return load<std::uint32_t>(&codes[i + 1]); };
    switch (code.Operation) {
      case kPushNonvol:
        registers.pop(code.Info);
        break;
      case kAllocLarge:
        registers.set_rsp(registers.rsp() + (code.Info == 0 ? near() * 8U : far()));
        break;
      case kAllocSmall:
        registers.set_rsp(registers.rsp() + code.Info * 8U + 8U);
        break;
      case kSetFpreg:
        registers.set_rsp(registers.reg(info.FrameRegister) - info.FrameOffset * 16U);
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
      default:
        break;  // kEpilog, kSpare
    }
  }
  return machine_frame;
}

// The piece of the function that the others are chained to.
const RUNTIME_FUNCTION* root_of(std::uintptr_t base, const RUNTIME_FUNCTION* function) {
  for (int depth = 0; depth < kMostChained; ++depth) {
    const RUNTIME_FUNCTION* const parent = chained_from(info_of(base, *function));
    if (parent == nullptr) break;
    function = parent;
  }
  return function;
}

// EH-07: a jump to the function's own start is a call to itself at the end; any other inside it is just a jump.
bool leaves_function(std::uintptr_t target, std::uintptr_t base, const RUNTIME_FUNCTION& function) {
  if (target == base + function.BeginAddress) return true;
  if (target > base + function.BeginAddress && target < base + function.EndAddress) return false;
  const FunctionEntry other = find_function(target);
  if (other.function == nullptr || other.image_base != base) return true;
  const RUNTIME_FUNCTION* const root = root_of(base, &function);
  return root_of(base, other.function)->BeginAddress != root->BeginAddress || target == base + root->BeginAddress;
}

// What stands at pc, if it is an epilog or the rest of one.
class Epilog {
 public:
  Epilog(std::uintptr_t pc, std::uintptr_t base, const RUNTIME_FUNCTION& function, const UnwindInfo& info)
      : at_(reinterpret_cast<const BYTE*>(pc)), base_(base), function_(function), info_(info) {}

  // Does the code from pc on have the form of an epilog? `adjustments` says whether it may begin with a change of RSP.
  bool recognise(bool adjustments) const {
    const BYTE* at = at_;
    if (adjustments) at += adjustment_length(at);
    while (const unsigned length = pop_length(at)) at += length;
    return is_end(at);
  }

  // Runs it. Only after recognise() said yes.
  void simulate(bool adjustments, Registers& registers) const {
    const BYTE* at = at_;
    if (adjustments && adjustment_length(at) != 0) {
      adjust(at, registers);
      at += adjustment_length(at);
    }
    while (const unsigned length = pop_length(at)) {
      registers.pop((at[length - 1] & 7U) | (length == 2 && (at[0] & 1) != 0 ? 8U : 0U));
      at += length;
    }
    registers.pop_rip(at[0] == 0xC2 ? load<std::uint16_t>(at + 1) : 0);
  }

 private:
  // add rsp, imm8 | add rsp, imm32 | lea rsp, [frame register + displacement]
  unsigned adjustment_length(const BYTE* at) const {
    if ((at[0] & 0xF8) != 0x48) return 0;
    if (at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xC4) return 4;
    if (at[0] == 0x48 && at[1] == 0x81 && at[2] == 0xC4) return 7;
    if (at[1] != 0x8D || info_.FrameRegister == 0 || (at[2] & 0x38) != 0x20) return 0;
    const unsigned rm = (at[2] & 7U) | (at[0] & 1U) << 3;
    if (rm != info_.FrameRegister) return 0;
    const unsigned sib = (at[2] & 7) == 4 ? 1 : 0;  // r12 needs one
    switch (at[2] >> 6) {
      case 0:
        return 3 + sib;
      case 1:
        return 4 + sib;
      case 2:
        return 7 + sib;
      default:
        return 0;
    }
  }

  void adjust(const BYTE* at, Registers& registers) const {
    if (at[1] == 0x83) return registers.set_rsp(registers.rsp() + load<std::int8_t>(at + 3));
    if (at[1] == 0x81) return registers.set_rsp(registers.rsp() + load<std::int32_t>(at + 3));
    const BYTE* const displacement = at + 3 + ((at[2] & 7) == 4 ? 1 : 0);
    std::int64_t distance = 0;
    if (at[2] >> 6 == 1) distance = load<std::int8_t>(displacement);
    if (at[2] >> 6 == 2) distance = load<std::int32_t>(displacement);
    registers.set_rsp(registers.reg(info_.FrameRegister) + distance);
  }

  static unsigned pop_length(const BYTE* at) {
    if ((at[0] & 0xF8) == 0x58) return 1;
    return (at[0] & 0xF0) == 0x40 && (at[1] & 0xF8) == 0x58 ? 2 : 0;
  }

  bool is_end(const BYTE* at) const {
    switch (at[0]) {
      case 0xC3:
      case 0xC2:
        return true;
      case 0xF3:
        return at[1] == 0xC3;
      case 0xEB:
        return leaves_function(target(at + 2, load<std::int8_t>(at + 1)), base_, function_);
      case 0xE9:
        return leaves_function(target(at + 5, load<std::int32_t>(at + 1)), base_, function_);
      default:
        break;
    }
    if ((at[0] & 0xF0) == 0x40) ++at;
    return at[0] == 0xFF && (at[1] & 0x38) == 0x20;
  }

  static std::uintptr_t target(const BYTE* next, std::int64_t distance) {
    return reinterpret_cast<std::uintptr_t>(next) + static_cast<std::uintptr_t>(distance);
  }

  const BYTE* at_;
  std::uintptr_t base_;
  const RUNTIME_FUNCTION& function_;
  const UnwindInfo& info_;
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
bool leave_by_epilog(std::uintptr_t pc, std::uintptr_t base, const RUNTIME_FUNCTION& function, const UnwindInfo& info,
                     Registers& registers) {
  if (info.CountOfCodes == 0) return false;
  const Epilog epilog(pc, base, function, info);
  const bool version_1 = info.Version == 1;
  if (!version_1 && !in_listed_epilog(info, pc - base, function)) return false;
  if (!epilog.recognise(version_1)) return false;
  epilog.simulate(version_1, registers);
  return true;
}

}  // namespace

FrameHandler virtual_unwind(ULONG handler_type, std::uintptr_t image_base, std::uintptr_t pc,
                            const RUNTIME_FUNCTION* function, CONTEXT& context,
                            KNONVOLATILE_CONTEXT_POINTERS* pointers) {
  Registers registers(context, pointers);
  FrameHandler result;
  result.establisher_frame = registers.rsp();
  if (function == nullptr) {  // EH-04
    registers.pop_rip();
    return result;
  }

  const UnwindInfo* info = &info_of(image_base, *function);
  std::uintptr_t offset = pc - image_base - function->BeginAddress;
  const bool in_prolog = offset < info->SizeOfProlog;
  result.establisher_frame = frame_base(*info, offset, registers);
  if (!in_prolog && leave_by_epilog(pc, image_base, *function, *info, registers)) return result;

  bool machine_frame = undo(*info, offset, result.establisher_frame, registers);
  for (int depth = 0; depth < kMostChained; ++depth) {  // EH-10
    const RUNTIME_FUNCTION* const parent = chained_from(*info);
    if (parent == nullptr) break;
    info = &info_of(image_base, *parent);
    offset = ~std::uintptr_t{0};  // its prolog has run
    machine_frame |= undo(*info, offset, frame_base(*info, offset, registers), registers);
  }
  if (!machine_frame) registers.pop_rip();

  if (!in_prolog && (info->Flags & handler_type) != 0 && chained_from(*info) == nullptr) {  // EH-11
    const BYTE* const tail = info->tail();
    result.routine = reinterpret_cast<EXCEPTION_ROUTINE*>(image_base + load<std::uint32_t>(tail));
    result.data = const_cast<BYTE*>(tail) + sizeof(std::uint32_t);
  }
  return result;
}

}  // namespace hmodule::unwind
