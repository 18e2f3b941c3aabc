// Real unwind data: RtlVirtualUnwind from sampled instructions of real DLLs, with random registers and stacks (EH-01 to
// EH-12), beside an implementation of its own (support/reference_unwind.h), and beside what the code really does.
#include "support/reference_unwind.h"
#include "win/context.h"

#include <Zydis/Zydis.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace {

using namespace hmodule;
using test::ReferenceFrame;
using test::ReferenceImage;
using test::ReferenceRegisters;

constexpr std::size_t kStackSize = 8 << 20;

// Every word of the stack, and every register, points into its middle: whatever is taken for a frame can be read.
class RandomStack {
 public:
  RandomStack() : words_(std::make_unique<std::uint64_t[]>(kStackSize / 8)) {
    for (std::size_t i = 0; i < kStackSize / 8; ++i) words_[i] = somewhere();
  }
  std::uint64_t somewhere() {
    const std::uint64_t offset = kStackSize / 4 + random_() % (kStackSize / 4);
    return reinterpret_cast<std::uintptr_t>(words_.get()) + offset / 16 * 16;
  }
  ReferenceRegisters registers() {
    ReferenceRegisters all;
    for (std::uint64_t& each : all.general) each = somewhere();
    for (auto& each : all.vector) each = {random_(), random_()};
    return all;
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words_.get(), kStackSize / 8)); }
  std::uint64_t word(std::uint64_t at) const {
    std::uint64_t value;
    std::memcpy(&value, reinterpret_cast<const void*>(at), sizeof value);
    return value;
  }
  bool store(std::uint64_t at, const void* value, std::size_t size) {
    const auto bottom = reinterpret_cast<std::uintptr_t>(words_.get());
    if (at < bottom || at - bottom > kStackSize - size) return false;
    std::memcpy(reinterpret_cast<void*>(at), value, size);
    return true;
  }
  std::uint64_t number_below(std::uint64_t limit) { return random_() % limit; }

 private:
  std::unique_ptr<std::uint64_t[]> words_;
  std::mt19937_64 random_{20200401};
};

class RealDll {
 public:
  explicit RealDll(const std::filesystem::path& dll) : library_(dll) {
    const auto* const image = reinterpret_cast<const std::byte*>(library_.handle());
    std::uint32_t nt = 0, size = 0;
    std::memcpy(&nt, image + 0x3C, sizeof nt);
    std::memcpy(&size, image + nt + 4 + 20 + 56, sizeof size);  // SizeOfImage
    reference_ = std::make_unique<ReferenceImage>(std::span(image, size));
  }

  u64 base() const { return reinterpret_cast<u64>(library_.handle()); }
  const BYTE* code(std::uint32_t rva) const { return reinterpret_cast<const BYTE*>(library_.handle()) + rva; }
  const ReferenceImage& reference() const { return *reference_; }

  // Null when it is not the entry the image has for this place.
  void* lookup(std::uint32_t pc) const {
    u64 found_base = 0;
    void* const found = lookup_(base() + pc, &found_base, nullptr);
    const ReferenceImage::Entry* const expected = reference_->entry_at(pc);
    if (found == nullptr || found_base != base() || std::memcmp(found, expected, sizeof *expected) != 0) return nullptr;
    return found;
  }

  struct Outcome {
    CONTEXT context{};
    KNONVOLATILE_CONTEXT_POINTERS pointers{};
    const void* handler = nullptr;
    void* data = nullptr;
    u64 establisher = 0;
  };
  Outcome unwind(std::uint32_t pc, void* entry, const ReferenceRegisters& registers, unsigned handlers = 0) const {
    Outcome outcome;
    for (unsigned n = 0; n < 16; ++n) outcome.context.reg(n) = registers.general[n];
    std::memcpy(&outcome.context.xmm(0), registers.vector.data(), sizeof registers.vector);
    outcome.handler = unwind_(handlers, base(), base() + pc, entry, &outcome.context, &outcome.data,
                              &outcome.establisher, &outcome.pointers);
    return outcome;
  }

 private:
  const library library_, ntdll_{"ntdll.dll"};
  const function_pointer<void*(u64, u64*, void*)> lookup_ =
      ntdll_.get<void*(u64, u64*, void*)>("RtlLookupFunctionEntry");
  const function_pointer<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)> unwind_ =
      ntdll_.get<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)>("RtlVirtualUnwind");
  std::unique_ptr<ReferenceImage> reference_;
};

class Comparison {
 public:
  explicit Comparison(const RealDll& dll) : dll_(dll) {}

  // Of each function: its prolog, its epilogs, and some places in its body.
  void run() {
    const auto& entries = dll_.reference().entries();
    for (std::size_t i = 0; i < entries.size() && failures_ < 10; ++i) {
      const ReferenceImage::Entry& entry = entries[i];
      const std::uint32_t size = entry.end - entry.begin;
      std::vector<std::uint32_t> points = dll_.reference().prolog_points(entry);
      const std::vector<std::uint32_t> epilogs = dll_.reference().epilog_points(entry);
      points.insert(points.end(), epilogs.begin(), epilogs.end());
      for (int n = 0; n < 4; ++n) points.push_back(static_cast<std::uint32_t>(stack_.number_below(size)));
      std::sort(points.begin(), points.end());
      points.erase(std::unique(points.begin(), points.end()), points.end());
      for (const std::uint32_t offset : points)
        if (offset < size) compare(entry.begin + offset);
      functions += 1;
      chained += dll_.reference().is_chained(entry) ? 1 : 0;
      in_epilogs += epilogs.size();
    }
  }

  std::size_t functions = 0, chained = 0, in_epilogs = 0, compared = 0, unknown = 0;

 private:
  void compare(std::uint32_t pc) {
    void* const entry = dll_.lookup(pc);
    if (entry == nullptr) return fail(pc, "RtlLookupFunctionEntry");
    const ReferenceRegisters before = stack_.registers();
    const unsigned handlers = 1 + compared % 2;
    const std::optional<ReferenceFrame> expected = dll_.reference().unwind(pc, before, stack_.bytes(), handlers);
    if (!expected) {
      unknown += 1;
      return;
    }
    RealDll::Outcome found = dll_.unwind(pc, entry, before, handlers);
    compared += 1;

    if (found.context.Rip != expected->caller.rip) fail(pc, "rip");
    if (found.establisher != expected->establisher) fail(pc, "the establisher frame");
    const auto address = [this](std::uint32_t rva) -> const void* { return rva != 0 ? dll_.code(rva) : nullptr; };
    if (found.handler != address(expected->handler)) fail(pc, "the handler");
    if (found.data != address(expected->handler_data)) fail(pc, "the handler's data");
    if (std::memcmp(&found.context.xmm(0), expected->caller.vector.data(), sizeof before.vector) != 0) fail(pc, "xmm");
    for (unsigned n = 0; n < 16; ++n) {
      if (found.context.reg(n) != expected->caller.general[n]) fail(pc, "a register");
      if (reinterpret_cast<std::uint64_t>(found.pointers.IntegerContext[n]) != expected->general_from[n] ||
          reinterpret_cast<std::uint64_t>(found.pointers.FloatingContext[n]) != expected->vector_from[n])
        fail(pc, "a register's place");
    }
  }

  void fail(std::uint32_t pc, const char* what) {
    ADD_FAILURE() << std::hex << "RVA 0x" << pc << ": " << what;
    failures_ += 1;
  }

  const RealDll& dll_;
  RandomStack stack_;
  int failures_ = 0;
};

// The truth both may have missed: prologs and epilogs are executed, one instruction after the other, and from each the
// way back must lead to the registers that the function was called with.
class Execution {
 public:
  explicit Execution(const RealDll& dll) : dll_(dll) {
    ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  }

  void run() {
    const auto& entries = dll_.reference().entries();
    for (std::size_t i = 0; i < entries.size() && failures_ < 10; ++i)
      if (!dll_.reference().is_chained(entries[i])) run(entries[i]);
  }

  std::size_t functions = 0, whole_prologs = 0, epilogs = 0, no_epilogs = 0, places = 0;

 private:
  static constexpr unsigned kRax = 0, kRsp = 4;
  static constexpr bool is_volatile(unsigned number) { return number <= 2 || (number >= 8 && number <= 11); }

  void run(const ReferenceImage::Entry& entry) {
    called_with_ = now_ = stack_.registers();
    called_with_.rip = stack_.word(called_with_.general[kRsp]);
    const std::vector<std::uint32_t> points = dll_.reference().prolog_points(entry);
    const std::uint32_t prolog = *std::max_element(points.begin(), points.end());
    if (prolog == 0 && points.size() > 2) return;  // a piece that begins inside the frame: GCC's cold parts
    functions += 1;
    for (std::uint32_t offset = 0;; offset += instruction_.length) {
      check(entry, offset);
      if (offset >= prolog) break;
      if (!execute(entry.begin + offset, entry.end)) return;
    }
    whole_prologs += 1;
    after_prolog_ = now_;

    const std::vector<std::uint32_t> all = dll_.reference().epilog_points(entry);
    for (auto first = all.begin(); first != all.end();) {
      auto after = first + 1;
      for (std::uint32_t at = *first; decode(entry.begin + at, entry.end) && !ends() && after != all.end(); ++after) {
        at += instruction_.length;
        if (at != *after) break;
      }
      const std::vector<std::uint32_t> epilog(first, after);
      first = after;
      // Data between the code, such as the tables of switches, may look like an epilog, but leads nowhere.
      begin_epilog(entry, epilog);
      for (const std::uint32_t offset : epilog) execute(entry.begin + offset, entry.end);
      if (!has_returned()) {
        no_epilogs += 1;
        continue;
      }
      epilogs += 1;
      begin_epilog(entry, epilog);
      for (const std::uint32_t offset : epilog) {
        check(entry, offset);
        execute(entry.begin + offset, entry.end);
      }
    }
  }

  // By then the body has put back what the epilog does not pop.
  void begin_epilog(const ReferenceImage::Entry& entry, const std::vector<std::uint32_t>& epilog) {
    now_ = called_with_;
    unsigned pops = 0;
    for (const std::uint32_t offset : epilog)
      if (decode(entry.begin + offset, entry.end) && instruction_.mnemonic == ZYDIS_MNEMONIC_POP) pops += 1;
    decode(entry.begin + epilog.front(), entry.end);
    std::uint64_t& rsp = now_.general[kRsp];
    if (instruction_.mnemonic == ZYDIS_MNEMONIC_ADD) rsp = after_prolog_.general[kRsp];
    if (instruction_.mnemonic == ZYDIS_MNEMONIC_LEA) now_ = after_prolog_;
    if (instruction_.mnemonic == ZYDIS_MNEMONIC_POP) rsp -= 8 * pops;  // adjusted in some other way
  }

  bool has_returned() const {
    constexpr unsigned kReturnAndPop = 0xC2;  // no function of this convention pops its arguments
    if (instruction_.opcode == kReturnAndPop) return false;
    if (now_.general[kRsp] != called_with_.general[kRsp]) return false;
    for (unsigned n = 0; n < 16; ++n)
      if (!is_volatile(n) && now_.general[n] != called_with_.general[n]) return false;
    return true;
  }

  bool decode(std::uint32_t pc, std::uint32_t end) {
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder_, dll_.code(pc), end - pc, &instruction_, operands_.data()));
  }
  bool ends() const {
    return instruction_.mnemonic == ZYDIS_MNEMONIC_RET || instruction_.mnemonic == ZYDIS_MNEMONIC_JMP;
  }

  std::uint64_t* general(ZydisRegister which) {
    if (which < ZYDIS_REGISTER_RAX || which > ZYDIS_REGISTER_R15) return nullptr;
    return &now_.general[static_cast<unsigned>(which - ZYDIS_REGISTER_RAX)];
  }
  std::optional<std::uint64_t> address(const ZydisDecodedOperandMem& memory) {
    const std::uint64_t* const base = general(memory.base);
    if (base == nullptr || memory.index != ZYDIS_REGISTER_NONE) return std::nullopt;
    return *base + static_cast<std::uint64_t>(memory.disp.value);
  }

  // False for an instruction that is not of a prolog or epilog. The one that ends an epilog is left to the caller.
  bool execute(std::uint32_t pc, std::uint32_t end) {
    if (!decode(pc, end)) return false;
    ZydisDecodedOperand &to = operands_[0], &from = operands_[1];
    std::uint64_t& rsp = now_.general[kRsp];
    std::uint64_t* const target = to.type == ZYDIS_OPERAND_TYPE_REGISTER ? general(to.reg.value) : nullptr;
    const std::uint64_t* const source = from.type == ZYDIS_OPERAND_TYPE_REGISTER ? general(from.reg.value) : nullptr;
    switch (instruction_.mnemonic) {
      case ZYDIS_MNEMONIC_PUSH:
        if (target == nullptr) return false;
        rsp -= 8;
        return stack_.store(rsp, target, 8);
      case ZYDIS_MNEMONIC_POP:
        if (target == nullptr) return false;
        *target = stack_.word(rsp);
        rsp += 8;
        return true;
      case ZYDIS_MNEMONIC_RET:
        return true;
      case ZYDIS_MNEMONIC_CALL:  // to __chkstk, which changes nothing that matters
        return true;
      case ZYDIS_MNEMONIC_LEA:
        if (const auto value = address(from.mem); value && target != nullptr) {
          *target = *value;
          return true;
        }
        break;
      case ZYDIS_MNEMONIC_ADD:
      case ZYDIS_MNEMONIC_SUB:
        if (target == nullptr) break;
        if (source != nullptr || from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
          const std::uint64_t change = source != nullptr ? *source : static_cast<std::uint64_t>(from.imm.value.s);
          *target += instruction_.mnemonic == ZYDIS_MNEMONIC_ADD ? change : 0 - change;
          return true;
        }
        break;
      case ZYDIS_MNEMONIC_MOV:
        if (to.type == ZYDIS_OPERAND_TYPE_MEMORY && source != nullptr) {
          const auto where = address(to.mem);
          return where && stack_.store(*where, source, 8);
        }
        if (target != nullptr && source != nullptr) {
          *target = *source;
          return true;
        }
        if (to.type == ZYDIS_OPERAND_TYPE_REGISTER && to.reg.value == ZYDIS_REGISTER_EAX &&
            from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
          now_.general[kRax] = from.imm.value.u;
          return true;
        }
        break;
      case ZYDIS_MNEMONIC_MOVAPS:
      case ZYDIS_MNEMONIC_MOVUPS:
      case ZYDIS_MNEMONIC_MOVDQA:
      case ZYDIS_MNEMONIC_VMOVAPS:
      case ZYDIS_MNEMONIC_VMOVUPS:
        if (to.type == ZYDIS_OPERAND_TYPE_MEMORY && to.size == 128 && from.type == ZYDIS_OPERAND_TYPE_REGISTER) {
          const auto where = address(to.mem);
          const auto& value = now_.vector[static_cast<unsigned>(from.reg.value - ZYDIS_REGISTER_XMM0)];
          return where && stack_.store(*where, &value, 16);
        }
        break;
      default:
        break;
    }
    return has_no_effect_on_frame();
  }

  // Arguments are moved about and tested between the instructions of a prolog.
  bool has_no_effect_on_frame() const {
    if (instruction_.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE) return false;
    for (unsigned i = 0; i < instruction_.operand_count; ++i) {
      const ZydisDecodedOperand& each = operands_[i];
      if ((each.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0 || each.type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
      const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, each.reg.value);
      if (whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15 &&
          !is_volatile(static_cast<unsigned>(whole - ZYDIS_REGISTER_RAX)))
        return false;
    }
    return true;
  }

  void check(const ReferenceImage::Entry& entry, std::uint32_t offset) {
    const std::uint32_t pc = entry.begin + offset;
    if (pc >= entry.end) return;
    void* const found = dll_.lookup(pc);
    if (found == nullptr) return fail(pc, "RtlLookupFunctionEntry");
    RealDll::Outcome outcome = dll_.unwind(pc, found, now_);
    places += 1;
    if (outcome.context.Rip != called_with_.rip) return fail(pc, "rip");
    if (outcome.context.Rsp != called_with_.general[kRsp] + 8) return fail(pc, "rsp");
    for (unsigned n = 0; n < 16; ++n)
      if (!is_volatile(n) && n != kRsp && outcome.context.reg(n) != called_with_.general[n]) fail(pc, "a register");
    for (unsigned n = 6; n < 16; ++n)
      if (std::memcmp(&outcome.context.xmm(n), &called_with_.vector[n], 16) != 0) fail(pc, "a vector register");
  }

  void fail(std::uint32_t pc, const char* what) {
    ADD_FAILURE() << std::hex << "RVA 0x" << pc << ": " << what;
    failures_ += 1;
  }

  const RealDll& dll_;
  ZydisDecoder decoder_{};
  ZydisDecodedInstruction instruction_{};
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands_{};
  RandomStack stack_;
  ReferenceRegisters called_with_, after_prolog_, now_;
  int failures_ = 0;
};

struct RealUnwindData {
  const char* directory;
  const char* dll;
};
class UnwindData : public ::testing::TestWithParam<RealUnwindData> {};

std::optional<RealDll> open(const RealUnwindData& which) {
  const auto dll = std::filesystem::path(which.directory) / which.dll;
  if (!std::filesystem::exists(dll)) return std::nullopt;
  return std::optional<RealDll>(std::in_place, dll);
}

TEST_P(UnwindData, MeansTheSameToTwoImplementations) {
  const std::optional<RealDll> dll = open(GetParam());
  if (!dll) GTEST_SKIP() << GetParam().dll << " is not there: run scripts/fetch-dlls";
  Comparison comparison(*dll);
  comparison.run();
  EXPECT_GT(comparison.compared, 3 * comparison.functions);
  EXPECT_GT(comparison.in_epilogs, 0U);
  EXPECT_LT(comparison.unknown, comparison.compared / 100) << "left out by the reference";
  std::printf("%s: %zu functions (%zu chained), %zu places compared, %zu in epilogs, %zu left out\n", GetParam().dll,
              comparison.functions, comparison.chained, comparison.compared, comparison.in_epilogs, comparison.unknown);
}

TEST_P(UnwindData, LeadsBackFromWhatWasExecuted) {
  const std::optional<RealDll> dll = open(GetParam());
  if (!dll) GTEST_SKIP() << GetParam().dll << " is not there: run scripts/fetch-dlls";
  Execution execution(*dll);
  execution.run();
  EXPECT_GT(execution.whole_prologs, execution.functions * 9 / 10);
  EXPECT_LT(execution.no_epilogs, execution.epilogs / 20);
  std::printf("%s: %zu functions, %zu whole prologs, %zu epilogs (%zu not), %zu places\n", GetParam().dll,
              execution.functions, execution.whole_prologs, execution.epilogs, execution.no_epilogs, execution.places);
}

INSTANTIATE_TEST_SUITE_P(
    Real, UnwindData,
    ::testing::Values(RealUnwindData{REAL_DLLS, "duckdb.dll"}, RealUnwindData{REAL_DLLS, "libstdc++-6.dll"},
                      RealUnwindData{REAL_DLLS, "libgcrypt-20.dll"}, RealUnwindData{REAL_DLLS, "vec0.dll"},
                      RealUnwindData{SYSTEM32, "ucrtbase.dll"}, RealUnwindData{SYSTEM32, "msvcp140.dll"}),
    [](const auto& instance) {
      std::string name(instance.param.dll);
      std::replace_if(
          name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

}  // namespace
