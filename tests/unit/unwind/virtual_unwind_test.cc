// Functions written here in machine code with the unwind data of a compiler, on a stack whose word at offset k holds k.
#include "unwind/virtual_unwind.h"

#include "unwind/context.h"
#include "unwind/function_table.h"
#include "unwind/unwind_info.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <initializer_list>
#include <map>
#include <vector>

namespace hmodule::unwind {
namespace {

constexpr unsigned kRbx = 3, kRbp = 5, kRsi = 6, kRdi = 7, kR12 = 12, kR15 = 15;
constexpr unsigned kFlagExceptionHandler = 1, kFlagUnwindHandler = 2;  // UNW_FLAG_*

using ByteList = std::vector<BYTE>;

ByteList code(unsigned offset, UnwindOperation operation, unsigned info) {
  return {static_cast<BYTE>(offset), static_cast<BYTE>(info << 4 | operation)};
}
ByteList with(ByteList code, std::uint16_t slot) {
  code.insert(code.end(), {static_cast<BYTE>(slot), static_cast<BYTE>(slot >> 8)});
  return code;
}
ByteList with_far(ByteList code, std::uint32_t value) {
  return with(with(std::move(code), static_cast<std::uint16_t>(value)), static_cast<std::uint16_t>(value >> 16));
}

struct Info {
  unsigned version = 1, flags = 0, prolog = 0;
  std::vector<ByteList> codes = {};
  unsigned frame_register = 0, frame_offset = 0;  // the offset in units of 16 bytes
  RUNTIME_FUNCTION parent = {};                   // with kChainInfo

  ByteList bytes() const {
    ByteList all;
    for (const ByteList& each : codes) all.insert(all.end(), each.begin(), each.end());
    const auto slots = static_cast<BYTE>(all.size() / 2);
    if (slots % 2 != 0) all.insert(all.end(), {0, 0});
    all.insert(all.begin(), {static_cast<BYTE>(flags << 3 | version), static_cast<BYTE>(prolog), slots,
                             static_cast<BYTE>(frame_offset << 4 | frame_register)});
    return all;
  }
};

class VirtualUnwind : public ::testing::Test {
 protected:
  static constexpr ULONG kImageSize = 0x2000, kHandler = 0x1F00, kLanguageData = 0x08070605;
  static constexpr std::size_t kStackSize = 0x20'0000;

  VirtualUnwind() : image_(kImageSize), stack_(kStackSize / 8) {
    for (std::size_t i = 0; i < stack_.size(); ++i) stack_[i] = 8 * i;
  }

  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(image_.data()); }
  std::uintptr_t stack() const { return reinterpret_cast<std::uintptr_t>(stack_.data()); }
  AddressRange whole_stack() const { return {stack(), stack() + kStackSize}; }

  void put(ULONG at, const ByteList& bytes) { std::memcpy(&image_.at(at), bytes.data(), bytes.size()); }
  void put_info(ULONG at, const Info& info) {
    put(at, info.bytes());
    at += static_cast<ULONG>(info.bytes().size());
    if ((info.flags & kChainInfo) != 0) std::memcpy(&image_.at(at), &info.parent, sizeof info.parent);
    const ULONG handler[] = {kHandler, kLanguageData};
    if ((info.flags & (kFlagExceptionHandler | kFlagUnwindHandler)) != 0)
      std::memcpy(&image_.at(at), handler, sizeof handler);
  }
  // An entry for `bytes` at `begin`, with its unwind data at 0x1000 + begin.
  RUNTIME_FUNCTION function(ULONG begin, const ByteList& bytes, const Info& info) {
    put(begin, bytes);
    put_info(0x1000 + begin, info);
    return {begin, begin + static_cast<ULONG>(bytes.size()), 0x1000 + begin};
  }

  struct Outcome {
    FrameHandler found;
    CONTEXT context;
    KNONVOLATILE_CONTEXT_POINTERS pointers;
    std::uintptr_t stack;

    ULONGLONG rip() const { return context.Rip; }
    ULONGLONG rsp() const { return context.Rsp - stack; }
    ULONGLONG establisher() const { return found.establisher_frame - stack; }
    bool handler() const { return found.routine != nullptr; }
    bool broken() const { return context.Rip == 0 && found.establisher_frame == 0; }
    ULONGLONG reg(unsigned number) { return context.reg(number); }
  };

  // From `pc`, an RVA, with RSP at offset `rsp` of the stack and other registers at the offsets given, or all bits set.
  Outcome unwind(const RUNTIME_FUNCTION* entry, ULONG pc, ULONG rsp = 0, std::map<unsigned, ULONG> registers = {},
                 ULONG handler_type = kExceptionHandler) {
    Outcome outcome{};
    outcome.stack = stack();
    for (unsigned number = 0; number < 16; ++number) outcome.context.reg(number) = ~0ULL;
    for (const auto& [number, offset] : registers) outcome.context.reg(number) = stack() + offset;
    outcome.context.Rsp = stack() + rsp;
    CONTEXT start = outcome.context;
    outcome.found =
        virtual_unwind(whole_stack(), handler_type, base(), base() + pc, entry, outcome.context, &outcome.pointers);
    plan_says_the_same(entry, pc, handler_type, start, outcome);
    return outcome;
  }
  Outcome unwind(const RUNTIME_FUNCTION& entry, ULONG pc, ULONG rsp = 0, std::map<unsigned, ULONG> registers = {},
                 ULONG handler_type = kExceptionHandler) {
    return unwind(&entry, pc, rsp, std::move(registers), handler_type);
  }

  // If there is a plan for the place, it must come to the same, from wherever it was made.
  void plan_says_the_same(const RUNTIME_FUNCTION* entry, ULONG pc, ULONG handler_type, CONTEXT from,
                          const Outcome& outcome) {
    CONTEXT other = from;
    for (unsigned number = 0; number < 16; ++number) {
      const std::uintptr_t at = from.reg(number) - stack(), distance = 0x800 + number * 0x100;
      if (at < kStackSize) other.reg(number) += at < kStackSize / 2 ? distance : -distance;
    }
    std::optional<UnwindPlan> plan;
    virtual_unwind(whole_stack(), base(), base() + pc, entry, other, plan);
    if (!plan) return;
    ++planned_;
    FrameHandler found = handler_of(*plan, handler_type, from);
    const std::uintptr_t rsp = caller_rsp(*plan, from);
    if (!follow(*plan, whole_stack(), from)) found = {};
    EXPECT_EQ(rsp, from.Rsp);
    EXPECT_EQ(found.routine, outcome.found.routine);
    EXPECT_EQ(found.establisher_frame, outcome.found.establisher_frame);
    EXPECT_EQ(found.data, outcome.found.data);
    EXPECT_EQ(from.Rip, outcome.context.Rip);
    if (from.Rip == 0) return;
    for (unsigned number = 0; number < 16; ++number) {
      EXPECT_EQ(from.reg(number), outcome.context.reg(number)) << number;
      EXPECT_EQ(std::memcmp(&from.xmm(number), &outcome.context.FltSave.XmmRegisters[number], sizeof(M128A)), 0);
    }
  }

  std::vector<BYTE> image_;
  std::vector<ULONGLONG> stack_;
  int planned_ = 0;
};

// The function of loader-semantics §14.2.
class Vector : public VirtualUnwind {
 protected:
  const RUNTIME_FUNCTION function_ = function(
      0,
      {
          0x40, 0x55,                          // 00 push rbp
          0x48, 0x81, 0xEC, 0x10, 0x01, 0, 0,  // 02 sub rsp, 110h
          0x48, 0x8D, 0x6C, 0x24, 0x30,        // 09 lea rbp, [rsp+30h]
          0x48, 0x89, 0x9D, 0xF0, 0,    0, 0,  // 0E mov [rbp+F0h], rbx
          0x48, 0x89, 0xB5, 0xF8, 0,    0, 0,  // 15 mov [rbp+F8h], rsi
          0x90,                                // 1C nop
          0x48, 0x8B, 0x9D, 0xF0, 0,    0, 0,  // 1D mov rbx, [rbp+F0h]
          0x48, 0x8B, 0xB5, 0xF8, 0,    0, 0,  // 24 mov rsi, [rbp+F8h]
          0x48, 0x8D, 0xA5, 0xE0, 0,    0, 0,  // 2B lea rsp, [rbp+E0h]
          0x5D,                                // 32 pop rbp
          0xC3,                                // 33 ret
      },
      {.flags = kFlagExceptionHandler | kFlagUnwindHandler,
       .prolog = 0x1C,
       .codes = {with(code(0x1C, kSaveNonvol, kRsi), 0x25), with(code(0x15, kSaveNonvol, kRbx), 0x24),
                 code(0x0E, kSetFpreg, 0), with(code(0x09, kAllocLarge, 0), 0x22), code(0x02, kPushNonvol, kRbp)},
       .frame_register = kRbp,
       .frame_offset = 3});
};

TEST_F(Vector, UnwindsAsWindowsDoesFromEveryPlace) {  // EH-05, EH-06, EH-07, EH-11
  struct Row {
    ULONG pc;
    bool handler;
    ULONGLONG rip_from, establisher, new_rsp;
  };
  const Row rows[] = {
      {0x00, false, 0x000, 0x00, 0x008}, {0x02, false, 0x008, 0x00, 0x010}, {0x09, false, 0x118, 0x00, 0x120},
      {0x0E, false, 0x128, 0x10, 0x130}, {0x15, false, 0x128, 0x10, 0x130}, {0x1C, true, 0x128, 0x10, 0x130},
      {0x1D, true, 0x128, 0x10, 0x130},  {0x24, true, 0x128, 0x10, 0x130},  {0x2B, false, 0x128, 0x10, 0x130},
      {0x32, false, 0x008, 0x10, 0x010}, {0x33, false, 0x000, 0x10, 0x008},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.pc);
    Outcome outcome = unwind(function_, row.pc, 0, {{kRbp, 0x40}});
    EXPECT_EQ(outcome.handler(), row.handler);
    EXPECT_EQ(outcome.rip(), row.rip_from);
    EXPECT_EQ(outcome.establisher(), row.establisher);
    EXPECT_EQ(outcome.rsp(), row.new_rsp);
    if (row.handler) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(outcome.found.routine), base() + kHandler);
      EXPECT_EQ(*static_cast<const ULONG*>(outcome.found.data), kLanguageData) << "EH-11";
    }
  }
  EXPECT_EQ(planned_, static_cast<int>(std::size(rows)));
}

TEST_F(Vector, SaysWhereRegistersWere) {  // EH-12
  Outcome outcome = unwind(function_, 0x1C, 0, {{kRbp, 0x40}}, kUnwindHandler);
  EXPECT_EQ(outcome.reg(kRbx), 0x130U);
  EXPECT_EQ(outcome.reg(kRsi), 0x138U);
  EXPECT_EQ(outcome.reg(kRbp), 0x120U);
  EXPECT_EQ(outcome.pointers.IntegerContext[kRbx], &stack_[0x130 / 8]);
  EXPECT_EQ(outcome.pointers.IntegerContext[kRbp], &stack_[0x120 / 8]);
  EXPECT_EQ(outcome.pointers.IntegerContext[kRsp], nullptr) << "rsp has none";
  EXPECT_EQ(outcome.pointers.IntegerContext[kRdi], nullptr) << "not restored";
}

TEST_F(Vector, PopsOfAnEpilogHavePointersToo) {  // EH-12
  Outcome outcome = unwind(function_, 0x32, 0x48, {{kRbp, 0x40}});
  EXPECT_EQ(outcome.reg(kRbp), 0x48U);
  EXPECT_EQ(outcome.pointers.IntegerContext[kRbp], &stack_[0x48 / 8]);
}

TEST_F(VirtualUnwind, WithoutAnEntryItIsALeaf) {  // EH-04
  const Outcome outcome = unwind(nullptr, 0, 0x40);
  EXPECT_FALSE(outcome.handler());
  EXPECT_EQ(outcome.establisher(), 0x40U);
  EXPECT_EQ(outcome.rip(), 0x40U);
  EXPECT_EQ(outcome.rsp(), 0x48U);
}

// EH-02: each code alone, in a function of nops that is past its prolog.
TEST_F(VirtualUnwind, EachCodeIsUndone) {
  struct Row {
    const char* what;
    ByteList code;
    ULONGLONG rip, rsp;
    int restored = -1;
    ULONGLONG value = 0;
  };
  const Row rows[] = {
      {"PUSH_NONVOL", code(4, kPushNonvol, kR15), 0x108, 0x110, kR15, 0x100},
      {"ALLOC_LARGE in units of 8", with(code(4, kAllocLarge, 0), 0xFFFF), 0x100 + 0x7FFF8, 0x108 + 0x7FFF8},
      {"ALLOC_LARGE in bytes", with_far(code(4, kAllocLarge, 1), 0x10'0010), 0x100 + 0x10'0010, 0x108 + 0x10'0010},
      {"ALLOC_SMALL, smallest", code(4, kAllocSmall, 0), 0x108, 0x110},
      {"ALLOC_SMALL, largest", code(4, kAllocSmall, 15), 0x180, 0x188},
      {"SET_FPREG", code(4, kSetFpreg, 0), 0x310, 0x318},
      {"SAVE_NONVOL", with(code(4, kSaveNonvol, kRsi), 2), 0x100, 0x108, kRsi, 0x320},
      {"SAVE_NONVOL_FAR", with_far(code(4, kSaveNonvolFar, kR12), 0x8'0008), 0x100, 0x108, kR12, 0x310 + 0x8'0008},
      {"SPARE", with_far(code(4, kSpare, 0), 0xFFFF'FFFF), 0x100, 0x108},
      {"PUSH_MACHFRAME", code(4, kPushMachframe, 0), 0x100, 0x118},
      {"PUSH_MACHFRAME with an error code", code(4, kPushMachframe, 1), 0x108, 0x120},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const bool framed = (row.code[1] & 0xF) >= kSetFpreg && (row.code[1] & 0xF) <= kSaveNonvolFar;
    const RUNTIME_FUNCTION entry = function(
        0, ByteList(0x10, 0x90),
        {.prolog = 4, .codes = {row.code}, .frame_register = framed ? kRbp : 0, .frame_offset = framed ? 2U : 0});
    Outcome outcome = unwind(entry, 8, 0x100, {{kRbp, 0x330}});
    EXPECT_EQ(outcome.rip(), row.rip);
    // A machine frame brings its own stack pointer: the value there, not an offset of ours.
    EXPECT_EQ((row.code[1] & 0xF) == kPushMachframe ? outcome.context.Rsp : outcome.rsp(), row.rsp);
    for (unsigned number = 0; number < 16; ++number) {
      if (number == kRsp || (number == kRbp && row.restored != int{kRbp})) continue;
      EXPECT_EQ(outcome.reg(number), static_cast<int>(number) == row.restored ? row.value : ~0ULL) << number;
    }
  }
}

TEST_F(VirtualUnwind, VectorRegistersAreRestored) {  // EH-02, EH-12
  const RUNTIME_FUNCTION entry = function(
      0, ByteList(0x10, 0x90),
      {.prolog = 4, .codes = {with(code(4, kSaveXmm128, 6), 3), with_far(code(4, kSaveXmm128Far, 15), 0x10'0010)}});
  Outcome outcome = unwind(entry, 8, 0x100);
  EXPECT_EQ(outcome.context.xmm(6).Low, 0x130U);
  EXPECT_EQ(outcome.context.xmm(6).High, 0x138);
  EXPECT_EQ(outcome.context.xmm(15).Low, 0x10'0110U);
  EXPECT_EQ(outcome.context.xmm(7).Low, 0U);
  EXPECT_EQ(outcome.pointers.FloatingContext[6], reinterpret_cast<M128A*>(stack() + 0x130));
  EXPECT_EQ(outcome.pointers.FloatingContext[15], reinterpret_cast<M128A*>(stack() + 0x10'0110));
  EXPECT_EQ(outcome.pointers.FloatingContext[7], nullptr);
}

// EH-05: pushes one by one; the codes of instructions that have not run do not count.
TEST_F(VirtualUnwind, InAPrologOnlyWhatHasRunIsUndone) {
  const RUNTIME_FUNCTION entry = function(0, {0x53, 0x56, 0x41, 0x54, 0x48, 0x83, 0xEC, 0x20, 0x90, 0x90},
                                          {.flags = kFlagExceptionHandler,
                                           .prolog = 8,
                                           .codes = {code(8, kAllocSmall, 3), code(4, kPushNonvol, kR12),
                                                     code(2, kPushNonvol, kRsi), code(1, kPushNonvol, kRbx)}});
  const struct {
    ULONG pc;
    ULONGLONG rip;
    bool handler;
  } rows[] = {{0, 0, false}, {1, 8, false}, {2, 0x10, false}, {4, 0x18, false}, {8, 0x38, true}, {9, 0x38, true}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.pc);
    Outcome outcome = unwind(entry, row.pc);
    EXPECT_EQ(outcome.rip(), row.rip);
    EXPECT_EQ(outcome.rsp(), row.rip + 8);
    EXPECT_EQ(outcome.handler(), row.handler) << "EH-11";
    EXPECT_EQ(outcome.establisher(), 0U) << "EH-06: no frame register, so RSP at pc";
    EXPECT_EQ(outcome.reg(kRbx), row.rip == 0 ? ~0ULL : row.rip - 8);
  }
}

// EH-06: the stack pointer may be anywhere below the frame once the frame register holds it.
TEST_F(VirtualUnwind, TheFrameRegisterOverridesTheStackPointer) {
  const RUNTIME_FUNCTION entry =
      function(0, ByteList(0x20, 0x90),
               {.prolog = 0x10,
                .codes = {code(0x10, kPushNonvol, kRbx), code(8, kSetFpreg, 0), code(4, kAllocSmall, 3)},
                .frame_register = kRdi,
                .frame_offset = 1});
  EXPECT_EQ(unwind(entry, 4, 0x100, {{kRdi, 0x310}}).establisher(), 0x100U) << "not set yet";
  EXPECT_EQ(unwind(entry, 8, 0x100, {{kRdi, 0x310}}).establisher(), 0x300U);
  const Outcome body = unwind(entry, 0x18, 0x100, {{kRdi, 0x310}});
  EXPECT_EQ(body.establisher(), 0x300U);
  EXPECT_EQ(body.rip(), 0x320U);
}

// EH-07: what follows the pop of a function that pushed rbp. An epilog finds the return address at RSP, the body at
// RSP + 8. The function ends after the bytes given.
class EpilogForms : public VirtualUnwind {
 protected:
  static constexpr ULONG kFunction = 0x100;
  RUNTIME_FUNCTION with_end(ByteList end, const Info& info = {.prolog = 1, .codes = {code(1, kPushNonvol, kRbp)}}) {
    end.insert(end.begin(), {0x55, 0x90});  // push rbp; nop
    return function(kFunction, end, info);
  }
  bool is_epilog(const ByteList& end) {
    const Outcome outcome = unwind(with_end(end), kFunction + 2, 0x40);
    EXPECT_EQ(outcome.rsp(), outcome.rip() + 8);
    return outcome.rip() == 0x40;
  }
};

TEST_F(EpilogForms, ReturnsAndPopsAreRecognised) {  // EH-07
  EXPECT_TRUE(is_epilog({0xC3}));
  EXPECT_TRUE(is_epilog({0xF3, 0xC3})) << "rep ret";
  EXPECT_FALSE(is_epilog({0xF3, 0x90})) << "pause";
  EXPECT_FALSE(is_epilog({0x90, 0xC3})) << "a nop is not part of it";
  EXPECT_FALSE(is_epilog({0xCC}));
  EXPECT_EQ(unwind(with_end({0xC2, 0x10, 0x00}), kFunction + 2, 0x40).rsp(), 0x58U) << "ret 10h";
  EXPECT_FALSE(is_epilog({0xC2, 0x10})) << "an instruction cut off by the function's end";
  Outcome pops = unwind(with_end({0x5B, 0x40, 0x5E, 0x41, 0x5C, 0xC3}), kFunction + 2, 0x40);
  EXPECT_EQ(pops.rip(), 0x58U);
  EXPECT_EQ(pops.reg(kRbx), 0x40U);
  EXPECT_EQ(pops.reg(kRsi), 0x48U);
  EXPECT_EQ(pops.reg(kR12), 0x50U);
}

TEST_F(EpilogForms, BeginWithOneAdjustment) {  // EH-07
  EXPECT_EQ(unwind(with_end({0x48, 0x83, 0xC4, 0x20, 0x5D, 0xC3}), kFunction + 2, 0x40).rip(), 0x68U);
  EXPECT_EQ(unwind(with_end({0x48, 0x81, 0xC4, 0x00, 0x10, 0, 0, 0xC3}), kFunction + 2, 0x40).rip(), 0x1040U);
  const Info framed{.prolog = 1,
                    .codes = {code(1, kSetFpreg, 0), code(1, kPushNonvol, kRbp)},
                    .frame_register = kRbp,
                    .frame_offset = 0};
  const auto by_frame = [&](const ByteList& end, unsigned frame_register = kRbp) {
    Info info = framed;
    info.frame_register = frame_register;
    return unwind(with_end(end, info), kFunction + 2, 0x40, {{frame_register, 0x200}}).rip();
  };
  EXPECT_EQ(by_frame({0x48, 0x8D, 0x65, 0x10, 0xC3}), 0x210U) << "lea rsp, [rbp+10h]";
  EXPECT_EQ(by_frame({0x48, 0x8D, 0x65, 0xF0, 0xC3}), 0x1F0U) << "lea rsp, [rbp-10h]";
  EXPECT_EQ(by_frame({0x48, 0x8D, 0xA5, 0x00, 0x01, 0, 0, 0xC3}), 0x300U) << "lea rsp, [rbp+100h]";
  EXPECT_EQ(by_frame({0x49, 0x8D, 0x65, 0x10, 0xC3}, 13), 0x210U) << "lea rsp, [r13+10h]";
  EXPECT_EQ(by_frame({0x49, 0x8D, 0x64, 0x24, 0x10, 0xC3}, 12), 0x210U) << "lea rsp, [r12+10h]";
  EXPECT_EQ(by_frame({0x48, 0x8D, 0x63, 0x10, 0xC3}), 0x208U) << "lea rsp, [rbx+10h] is of the body: not the frame";
  EXPECT_EQ(by_frame({0x48, 0x8D, 0x25, 0, 0, 0, 0, 0xC3}), 0x208U) << "lea rsp, [rip]";
  EXPECT_EQ(by_frame({0x48, 0x8D, 0x6D, 0x10, 0xC3}), 0x208U) << "lea rbp, [rbp+10h]";
  EXPECT_FALSE(is_epilog({0x48, 0x83, 0xC4, 0x08, 0x48, 0x83, 0xC4, 0x08, 0xC3})) << "two adjustments";
  EXPECT_FALSE(is_epilog({0x48, 0x83, 0xEC, 0x08, 0xC3})) << "sub rsp, 8";
  EXPECT_FALSE(is_epilog({0x5B, 0x48, 0x83, 0xC4, 0x08, 0xC3})) << "an adjustment after a pop";
}

TEST_F(EpilogForms, JumpsOutOfTheFunctionEndIt) {  // EH-07
  EXPECT_TRUE(is_epilog({0xEB, 0x01, 0x90})) << "to the function's end, which is outside";
  EXPECT_FALSE(is_epilog({0xEB, 0x00, 0x90})) << "one byte before";
  EXPECT_TRUE(is_epilog({0xEB, 0xFC})) << "to its own start: a call to itself";
  EXPECT_FALSE(is_epilog({0xEB, 0xFD})) << "to the instruction after";
  EXPECT_TRUE(is_epilog({0xE9, 0x55, 0x55, 0x55, 0x55}));
  EXPECT_FALSE(is_epilog({0xE9, 0, 0, 0, 0, 0x90}));
}

TEST_F(EpilogForms, IndirectJumpsAreTellTale) {  // EH-07: those of a switch have no REX.W
  for (unsigned rex = 0; rex < 16; ++rex) {
    for (unsigned operand = 0; operand < 256; ++operand) {
      ByteList end{0xFF, static_cast<BYTE>(operand), 0, 0, 0, 0, 0};
      if (rex != 0) end.insert(end.begin(), static_cast<BYTE>(0x40 | rex));
      const bool expected = (rex & 8) != 0 ? (operand >> 3 & 7) == 4 : rex == 0 && operand == 0x25;
      EXPECT_EQ(is_epilog(end), expected) << rex << " " << operand;
    }
  }
}

TEST_F(EpilogForms, PiecesOfOneFunctionAreInside) {  // EH-07, EH-10
  const RUNTIME_FUNCTION root = function(0x200, ByteList(0x20, 0x90), {.prolog = 0, .codes = {}});
  const Info chained{.flags = kChainInfo, .codes = {code(0, kPushNonvol, kRbp)}, .parent = root};
  // From 0x102: jmp rel32 to 0x210, 0x200, 0x100, and 0x180, where nothing is.
  const auto jump_to = [&](ULONG target) {
    const ULONG distance = target - (kFunction + 7);
    ByteList end{0xE9};
    for (unsigned shift = 0; shift < 32; shift += 8) end.push_back(static_cast<BYTE>(distance >> shift));
    return with_end(end, chained);
  };
  RUNTIME_FUNCTION table[] = {jump_to(0), root};
  ASSERT_TRUE(add_table(table, 2, base()));
  const auto is_end = [&](ULONG target) { return unwind(jump_to(target), kFunction + 2, 0x40).rip() == 0x40; };
  EXPECT_FALSE(is_end(0x210)) << "into the piece this one continues";
  EXPECT_TRUE(is_end(0x200)) << "to the function's own start";
  EXPECT_FALSE(is_end(0x100)) << "to the start of a piece that is not the first";
  EXPECT_TRUE(is_end(0x180));
  EXPECT_TRUE(remove_table(reinterpret_cast<std::uintptr_t>(table)));
  EXPECT_TRUE(is_end(0x210)) << "another function, for all we know";
}

TEST_F(EpilogForms, WithoutCodesThereIsNoEpilog) {  // EH-08
  const RUNTIME_FUNCTION entry = with_end({0x5D, 0xC3}, {.flags = kFlagExceptionHandler});
  Outcome outcome = unwind(entry, kFunction + 2, 0x40);
  EXPECT_EQ(outcome.rip(), 0x40U);
  EXPECT_EQ(outcome.reg(kRbp), ~0ULL);
  EXPECT_TRUE(outcome.handler());
}

// EH-09: the epilogs of version 2 are listed, from the first pop on.
class Version2 : public VirtualUnwind {
 protected:
  static constexpr ULONG kEnd = 0x40;
  // push rbx; push rsi; sub rsp, 20h; ... with epilogs `add rsp, 20h; pop rsi; pop rbx; ret` at 0x10 and at the end.
  RUNTIME_FUNCTION two_epilogs(const std::vector<ByteList>& epilogs) {
    ByteList bytes(kEnd, 0x90);
    const ByteList start{0x53, 0x56, 0x48, 0x83, 0xEC, 0x20}, end{0x48, 0x83, 0xC4, 0x20, 0x5E, 0x5B, 0xC3};
    std::copy(start.begin(), start.end(), bytes.begin());
    std::copy(end.begin(), end.end(), bytes.begin() + 0x10);
    std::copy(end.begin(), end.end(), bytes.end() - 7);
    std::vector<ByteList> codes = epilogs;
    codes.insert(codes.end(), {code(6, kAllocSmall, 3), code(2, kPushNonvol, kRsi), code(1, kPushNonvol, kRbx)});
    return function(0, bytes, {.version = 2, .flags = kFlagExceptionHandler, .prolog = 6, .codes = codes});
  }
  void expect_body(const RUNTIME_FUNCTION& entry, ULONG pc) {
    SCOPED_TRACE(pc);
    Outcome outcome = unwind(entry, pc);
    EXPECT_EQ(outcome.rip(), 0x30U);
    EXPECT_EQ(outcome.reg(kRbx), 0x28U);
    EXPECT_TRUE(outcome.handler());
  }
  void expect_epilog(const RUNTIME_FUNCTION& entry, ULONG pc, ULONGLONG rip) {
    SCOPED_TRACE(pc);
    const Outcome outcome = unwind(entry, pc);
    EXPECT_EQ(outcome.rip(), rip);
    EXPECT_EQ(outcome.rsp(), rip + 8);
    EXPECT_FALSE(outcome.handler());
  }
};

TEST_F(Version2, EpilogsAreWhereTheListSays) {  // EH-09
  const RUNTIME_FUNCTION entry = two_epilogs({code(3, kEpilog, 1), code(kEnd - 0x14, kEpilog, 0)});
  expect_body(entry, 0x10);  // the adjustment is not part of what is listed, and has not run
  expect_epilog(entry, 0x14, 0x10);
  expect_epilog(entry, 0x15, 8);
  expect_epilog(entry, 0x16, 0);
  expect_body(entry, 0x17);
  expect_body(entry, kEnd - 7);
  expect_epilog(entry, kEnd - 3, 0x10);
  expect_epilog(entry, kEnd - 1, 0);
}

TEST_F(Version2, NothingElseIsAnEpilog) {  // EH-09
  const RUNTIME_FUNCTION only_the_end = two_epilogs({code(3, kEpilog, 1), code(0, kEpilog, 0)});
  expect_body(only_the_end, 0x14);
  expect_epilog(only_the_end, kEnd - 3, 0x10);
  const RUNTIME_FUNCTION not_the_end = two_epilogs({code(3, kEpilog, 0), code(kEnd - 0x14, kEpilog, 0)});
  expect_epilog(not_the_end, 0x14, 0x10);
  expect_body(not_the_end, kEnd - 3);
  expect_body(two_epilogs({}), 0x14);
}

TEST_F(Version2, DistancesHaveTwelveBits) {  // EH-09
  ByteList bytes(0x800, 0x90);
  bytes[0x10] = 0x5B;
  bytes[0x11] = 0xC3;
  const unsigned distance = 0x800 - 0x10;
  const RUNTIME_FUNCTION entry = function(
      0, bytes,
      {.version = 2,
       .prolog = 1,
       .codes = {code(2, kEpilog, 0), code(distance & 0xFF, kEpilog, distance >> 8), code(1, kPushNonvol, kRbx)}});
  expect_epilog(entry, 0x11, 0);
  EXPECT_EQ(unwind(entry, 0x12).rip(), 8U);
}

// EH-10: the piece saves rbx and allocates; its parent pushed rbp and owns the handler.
TEST_F(VirtualUnwind, ChainedPiecesAreUndoneToTheEnd) {
  const RUNTIME_FUNCTION parent = function(
      0, ByteList(0x40, 0x90),
      {.flags = kFlagExceptionHandler,
       .prolog = 0x20,
       .codes = {with(code(0x20, kSaveNonvol, kRsi), 1), code(0x10, kAllocSmall, 1), code(0x10, kPushNonvol, kRbp)}});
  const RUNTIME_FUNCTION piece = function(0x100, ByteList(0x40, 0x90),
                                          {.flags = kChainInfo,
                                           .prolog = 8,
                                           .codes = {code(8, kAllocSmall, 3), code(4, kPushNonvol, kRbx)},
                                           .parent = parent});
  Outcome body = unwind(piece, 0x110);
  EXPECT_EQ(body.reg(kRbx), 0x20U);
  EXPECT_EQ(body.reg(kRsi), 8U) << "saves count from the frame of the piece that was left";
  EXPECT_EQ(body.reg(kRbp), 0x38U);
  EXPECT_EQ(body.rip(), 0x40U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(body.found.routine), base() + kHandler);
  EXPECT_EQ(*static_cast<const ULONG*>(body.found.data), kLanguageData);

  Outcome prolog = unwind(piece, 0x104);
  EXPECT_EQ(prolog.reg(kRbx), 0U);
  EXPECT_EQ(prolog.rip(), 0x20U);
  EXPECT_TRUE(prolog.handler()) << "EH-11: the function's own prolog is over";
}

TEST_F(VirtualUnwind, LongChainsEndAndCirclesBreak) {  // EH-10
  RUNTIME_FUNCTION last = function(0, ByteList(0x10, 0x90), {.codes = {code(0, kPushNonvol, kRbp)}});
  for (ULONG i = 1; i <= 33; ++i)
    last = function(0x20 * i, ByteList(0x10, 0x90), {.flags = kChainInfo, .codes = {}, .parent = last});
  Outcome outcome = unwind(last, last.BeginAddress);
  EXPECT_EQ(outcome.reg(kRbp), 0U);
  EXPECT_EQ(outcome.rip(), 8U);

  const RUNTIME_FUNCTION circle{0, 0x10, 0x1000};
  put_info(0x1000, {.flags = kChainInfo, .parent = circle});
  EXPECT_TRUE(unwind(circle, 8).broken());
}

TEST_F(VirtualUnwind, HandlersAreOfTheKindAskedFor) {  // EH-11
  const ByteList nops(0x10, 0x90);
  const RUNTIME_FUNCTION searches = function(0, nops, {.flags = kFlagExceptionHandler});
  const RUNTIME_FUNCTION unwinds = function(0x100, nops, {.flags = kFlagUnwindHandler});
  EXPECT_TRUE(unwind(searches, 0, 0, {}, kExceptionHandler).handler());
  EXPECT_FALSE(unwind(searches, 0, 0, {}, kUnwindHandler).handler());
  EXPECT_FALSE(unwind(unwinds, 0x100, 0, {}, kExceptionHandler).handler());
  EXPECT_TRUE(unwind(unwinds, 0x100, 0, {}, kUnwindHandler).handler());
  EXPECT_FALSE(unwind(unwinds, 0x100, 0, {}, kNoHandler).handler());
}

TEST_F(VirtualUnwind, IndirectEntriesAreFollowed) {  // EH-01
  const RUNTIME_FUNCTION real = function(0, ByteList(0x10, 0x90), {.codes = {code(0, kPushNonvol, kRbp)}});
  std::memcpy(&image_[0x800], &real, sizeof real);
  const RUNTIME_FUNCTION indirect{0, 0x10, 0x801};
  EXPECT_EQ(unwind(indirect, 8).rip(), 8U);
  put_info(0x1400, {.flags = kChainInfo, .codes = {code(0, kAllocSmall, 0)}, .parent = indirect});
  EXPECT_EQ(unwind(RUNTIME_FUNCTION{0x20, 0x30, 0x1400}, 0x28).rip(), 0x10U) << "in a chain too";
}

// What a damaged image or a damaged stack must not do: make us read elsewhere.
class Damaged : public VirtualUnwind {
 protected:
  Damaged() { EXPECT_TRUE(add_image({base(), kImageSize, nullptr, 0})); }
  ~Damaged() override { remove_image(base()); }
  bool breaks(const Info& info) { return unwind(function(0, ByteList(0x10, 0x90), info), 8).broken(); }
};

TEST_F(Damaged, UnwindDataMustBeInTheImage) {  // EH-01, EH-02
  EXPECT_FALSE(breaks({}));
  for (const ULONG data : {kImageSize, kImageSize - 2, 0x7FFF'FFF0U, 0xFFFF'FFFEU, kImageSize | 1, 0xFFFF'FFFFU})
    EXPECT_TRUE(unwind(RUNTIME_FUNCTION{0, 0x10, data}, 8).broken()) << data;
  put(kImageSize - 4, {1, 0, 0, 0});
  EXPECT_FALSE(unwind(RUNTIME_FUNCTION{0, 0x10, kImageSize - 4}, 8).broken());
  put(kImageSize - 4, {1, 0, 1, 0});
  EXPECT_TRUE(unwind(RUNTIME_FUNCTION{0, 0x10, kImageSize - 4}, 8).broken()) << "codes outside";
  put(kImageSize - 4, {1 | kFlagExceptionHandler << 3, 0, 0, 0});
  EXPECT_TRUE(unwind(RUNTIME_FUNCTION{0, 0x10, kImageSize - 4}, 8).broken()) << "handler outside";
  put(kImageSize - 4, {1 | kChainInfo << 3, 0, 0, 0});
  EXPECT_TRUE(unwind(RUNTIME_FUNCTION{0, 0x10, kImageSize - 4}, 8).broken()) << "parent outside";
}

// Found by fuzzing: what an indirect entry leads to may claim to begin anywhere, as if it were generated code.
TEST_F(Damaged, EntriesAreNotBelievedWhereTheyBegin) {  // EH-01
  for (const ULONG begin : {kImageSize, 0x7000'0000U})
    EXPECT_TRUE(unwind(RUNTIME_FUNCTION{begin, begin + 0x10, 0x7FFF'FFF0}, 8).broken());
}

TEST_F(Damaged, UnwindDataMustMakeSense) {  // EH-02
  EXPECT_TRUE(breaks({.version = 0}));
  EXPECT_TRUE(breaks({.version = 3}));
  EXPECT_TRUE(breaks({.codes = {code(0, static_cast<UnwindOperation>(11), 0)}})) << "an operation nobody knows";
  EXPECT_TRUE(breaks({.codes = {code(0, kAllocLarge, 0)}})) << "its second slot is missing";
  EXPECT_TRUE(breaks({.codes = {with(code(0, kAllocLarge, 1), 0)}})) << "its third slot is missing";
  const RUNTIME_FUNCTION far_handler = function(0, ByteList(0x10, 0x90), {.flags = kFlagExceptionHandler});
  put(far_handler.UnwindData + 4, {0, 0, 0, 0x7F});
  EXPECT_TRUE(unwind(far_handler, 8).broken()) << "a handler outside the image";
}

TEST_F(Damaged, CodeEndsWithTheFunctionAndTheImage) {  // EH-07
  const Info pushed{.codes = {code(0, kPushNonvol, kRbp)}};
  put_info(0x1000, pushed);
  put(kImageSize - 2, {0x5D, 0x5D});
  const RUNTIME_FUNCTION last{kImageSize - 2, 0xFFFF'FFFF, 0x1000};
  EXPECT_EQ(unwind(last, kImageSize - 2).rip(), 8U) << "a body, as far as can be seen";
  put(0x100, ByteList(0x800, 0x5D));
  EXPECT_EQ(unwind(RUNTIME_FUNCTION{0x100, 0x900, 0x1000}, 0x100).rip(), 8U) << "more pops than registers";
}

TEST_F(Damaged, FramesMustBeOnTheStack) {
  const Info framed{.codes = {code(0, kSetFpreg, 0), code(0, kPushNonvol, kRbx)}, .frame_register = kRbp};
  const RUNTIME_FUNCTION entry = function(0, ByteList(0x10, 0x90), framed);
  EXPECT_FALSE(unwind(entry, 8, 0, {{kRbp, 0x100}}).broken());
  EXPECT_TRUE(unwind(entry, 8).broken()) << "rbp is all ones";
  EXPECT_FALSE(unwind(entry, 8, 0, {{kRbp, kStackSize - 16}}).broken());
  EXPECT_TRUE(unwind(entry, 8, 0, {{kRbp, kStackSize - 8}}).broken()) << "no room for the return address";
  EXPECT_TRUE(unwind(nullptr, 8, kStackSize).broken()) << "EH-04";
  EXPECT_TRUE(breaks({.codes = {with_far(code(0, kAllocLarge, 1), 0xFFFF'FFF8)}}));
  EXPECT_TRUE(breaks({.codes = {with_far(code(0, kSaveNonvolFar, kRbx), 0xFFFF'FFF8)}}));
  EXPECT_TRUE(breaks({.codes = {with_far(code(0, kSaveXmm128Far, 6), kStackSize - 8)}}));
}

// A patch, say: code beside the image whose entries count from the image's base.
TEST_F(Damaged, GeneratedCodeMayHaveAnImagesBase) {  // EH-20
  std::vector<BYTE> both(2 * kImageSize);
  const auto base = reinterpret_cast<std::uintptr_t>(both.data());
  const ByteList info = Info{.codes = {code(0, kPushNonvol, kRbp)}}.bytes();
  std::memcpy(&both[kImageSize + 0x100], info.data(), info.size());
  ASSERT_TRUE(add_image({base, kImageSize, nullptr, 0}));
  const RUNTIME_FUNCTION entry{kImageSize, kImageSize + 0x10, kImageSize + 0x100};
  CONTEXT context{};
  context.Rsp = stack();
  virtual_unwind(whole_stack(), kNoHandler, base, base + kImageSize + 8, &entry, context);
  EXPECT_EQ(context.Rip, 8U);
  remove_image(base);
}

TEST_F(Damaged, UnreadablePartsOfAnImageAreNotRead) {
  remove_image(base());
  RUNTIME_FUNCTION in_a_hole = function(0, ByteList(0x10, 0x90), {}), beside_it{0x10, 0x20, 0x1800};
  put_info(0x1800, {});
  ASSERT_TRUE(
      add_image({base(), kImageSize, nullptr, 0, {{base(), base() + 0x1000}, {base() + 0x1800, base() + kImageSize}}}));
  EXPECT_TRUE(unwind(in_a_hole, 8).broken());
  EXPECT_FALSE(unwind(beside_it, 0x18).broken());
  beside_it.UnwindData = 0x17FE;
  EXPECT_TRUE(unwind(beside_it, 0x18).broken());
}

TEST(Context, IsCapturedAsAfterTheCallAndRestored) {  // EH-41
  static CONTEXT context;
  static volatile int visits;
  visits = 0;
  const auto own_frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  hm_capture_context(&context);
  visits = visits + 1;
  if (visits < 3) hm_restore_context(&context);
  EXPECT_EQ(visits, 3);
  EXPECT_LT(context.Rsp, own_frame);
  EXPECT_EQ(context.ContextFlags, 0x10000FU);
  EXPECT_EQ(context.SegCs, 0x33);
  EXPECT_NE(context.SegFs, context.SegDs) << "EH-53";
}

}  // namespace
}  // namespace hmodule::unwind
