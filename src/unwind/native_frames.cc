// The reader of DWARF's side (DWARF 5 §6.4, and what the System V ABI adds to it in .eh_frame). The tables come from
// compilers and are trusted, as libgcc trusts them; what is not known ends the walk.
#include "unwind/native_frames.h"

#include "base/leaf_code.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

// libgcc's own look-up: every table that it knows, ours included.
extern "C" {
struct dwarf_eh_bases {
  void *tbase, *dbase, *function;
};
const void* _Unwind_Find_FDE(void* pc, dwarf_eh_bases* bases);
}

namespace hmodule::unwind {
namespace {

struct Unreadable {};

class Reader {
 public:
  explicit Reader(const void* at) : at_(static_cast<const std::byte*>(at)) {}
  Reader(const std::byte* at, const std::byte* end) : at_(at), end_(end) {}

  bool done() const { return end_ != nullptr && at_ >= end_; }
  const std::byte* position() const { return at_; }
  void skip(std::size_t bytes) { at_ += bytes; }
  Reader block(std::size_t size) {
    const Reader inner(at_, at_ + size);
    at_ += size;
    return inner;
  }

  template <typename T>
  T take() {
    if (end_ != nullptr && static_cast<std::size_t>(end_ - at_) < sizeof(T)) throw Unreadable();
    T value;
    std::memcpy(&value, at_, sizeof value);  // NOLINT(clang-analyzer-core.NonNullParamChecker)
    at_ += sizeof value;
    return value;
  }
  std::uint64_t number() {  // ULEB128
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = take<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
  }
  std::int64_t signed_number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;;) {
      const auto byte = take<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7FU} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if ((byte & 0x40) != 0 && shift < 64) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
  }
  // DW_EH_PE_*: a form in the low four bits, what it counts from in the next three, and whether it is indirect.
  std::uintptr_t encoded(unsigned encoding, std::uintptr_t function) {
    if (encoding == 0xFF) return 0;
    const auto here = reinterpret_cast<std::uintptr_t>(at_);
    std::uintptr_t value = 0;
    switch (encoding & 0x0F) {
      case 0x00:
      case 0x04:
      case 0x0C:
        value = take<std::uint64_t>();
        break;
      case 0x01:
        value = number();
        break;
      case 0x02:
        value = take<std::uint16_t>();
        break;
      case 0x03:
        value = take<std::uint32_t>();
        break;
      case 0x09:
        value = static_cast<std::uintptr_t>(signed_number());
        break;
      case 0x0A:
        value = static_cast<std::uintptr_t>(std::intptr_t{take<std::int16_t>()});
        break;
      case 0x0B:
        value = static_cast<std::uintptr_t>(std::intptr_t{take<std::int32_t>()});
        break;
      default:
        throw Unreadable();
    }
    if (value == 0) return 0;
    switch (encoding & 0x70) {
      case 0x00:
        break;
      case 0x10:
        value += here;
        break;
      case 0x40:
        value += function;
        break;
      default:
        throw Unreadable();
    }
    if ((encoding & 0x80) != 0) std::memcpy(&value, reinterpret_cast<const void*>(value), sizeof value);
    return value;
  }

 private:
  const std::byte* at_;
  const std::byte* end_ = nullptr;
};

constexpr unsigned kReturnAddress = 16, kXmm0 = 17, kColumns = 33;

ULONGLONG* register_of(CONTEXT& context, unsigned column) {
  constexpr std::array<unsigned, 16> kNumbers = {0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};
  if (column == kReturnAddress) return &context.Rip;
  if (column >= kNumbers.size()) throw Unreadable();
  return &context.reg(kNumbers[column]);
}

struct Rule {
  enum class Kind : std::uint8_t {
    same,
    undefined,
    at_cfa,
    cfa_plus,
    other_register,
    at_expression,
    expression
  } kind = Kind::same;
  std::int64_t offset = 0;  // or the other register
  Reader block{nullptr};
};

struct Rules {
  std::optional<Reader> cfa_expression;
  unsigned cfa_register = 0;
  std::int64_t cfa_offset = 0;
  std::array<Rule, kColumns + 1> columns{};  // the last is for those nobody asks about
};

std::uint64_t evaluate(Reader code, CONTEXT& context, std::optional<std::uint64_t> first) {
  std::vector<std::uint64_t> stack;
  if (first) stack.push_back(*first);
  const auto pop = [&] {
    if (stack.empty()) throw Unreadable();
    const std::uint64_t top = stack.back();
    stack.pop_back();
    return top;
  };
  const auto with_two = [&](auto operation) {
    const std::uint64_t right = pop(), left = pop();
    stack.push_back(operation(left, right));
  };
  while (!code.done()) {
    const unsigned op = code.take<std::uint8_t>();
    if (op >= 0x30 && op <= 0x4F) {  // DW_OP_lit0...
      stack.push_back(op - 0x30);
    } else if (op >= 0x70 && op <= 0x8F) {  // DW_OP_breg0...
      const std::uint64_t base = *register_of(context, op - 0x70);
      stack.push_back(base + static_cast<std::uint64_t>(code.signed_number()));
    } else {
      switch (op) {
        case 0x06: {  // DW_OP_deref
          const std::uint64_t from = pop();
          std::uint64_t value = 0;
          std::memcpy(&value, reinterpret_cast<const void*>(from), sizeof value);
          stack.push_back(value);
          break;
        }
        case 0x08:
          stack.push_back(code.take<std::uint8_t>());
          break;
        case 0x09:
          stack.push_back(static_cast<std::uint64_t>(std::int64_t{code.take<std::int8_t>()}));
          break;
        case 0x0A:
          stack.push_back(code.take<std::uint16_t>());
          break;
        case 0x0B:
          stack.push_back(static_cast<std::uint64_t>(std::int64_t{code.take<std::int16_t>()}));
          break;
        case 0x10:
          stack.push_back(code.number());
          break;
        case 0x11:
          stack.push_back(static_cast<std::uint64_t>(code.signed_number()));
          break;
        case 0x1A:
          with_two([](auto left, auto right) { return left & right; });
          break;
        case 0x1C:
          with_two([](auto left, auto right) { return left - right; });
          break;
        case 0x22:
          with_two([](auto left, auto right) { return left + right; });
          break;
        case 0x23:  // DW_OP_plus_uconst
          stack.push_back(pop() + code.number());
          break;
        case 0x24:
          with_two([](auto left, auto right) { return left << right; });
          break;
        case 0x2A:  // DW_OP_ge
          with_two([](auto left, auto right) {
            return std::uint64_t{static_cast<std::int64_t>(left) >= static_cast<std::int64_t>(right)};
          });
          break;
        default:
          throw Unreadable();
      }
    }
  }
  return pop();
}

// One FDE and its CIE.
class Entry {
 public:
  Entry(const void* fde, std::uintptr_t function) : function_(function) {
    Reader entry(fde);
    const auto length = entry.take<std::uint32_t>();
    if (length == 0xFFFF'FFFF) throw Unreadable();
    entry = entry.block(length);
    const std::byte* const id_at = entry.position();
    read_cie(id_at - entry.take<std::int32_t>());
    entry.encoded(pointers_, function);
    entry.encoded(pointers_ & 0x0F, function);
    if (augmented_) {
      Reader data = entry.block(entry.number());
      language_data_ = reinterpret_cast<const std::byte*>(data.encoded(language_pointers_, function));
    }
    instructions_ = entry;
  }

  bool is_signal_frame() const { return signal_frame_; }
  const std::byte* language_data() const { return language_data_; }
  const void* personality() const { return personality_; }

  Rules rules_at(std::uintptr_t pc) const {
    Rules rules;
    execute(initial_, rules, nullptr, ~std::uintptr_t{0});
    const Rules initial = rules;
    execute(instructions_, rules, &initial, pc);
    return rules;
  }

 private:
  void read_cie(const std::byte* at) {
    Reader cie(at);
    const auto length = cie.take<std::uint32_t>();
    cie = cie.block(length);
    cie.skip(4);
    const auto version = cie.take<std::uint8_t>();
    const std::string_view augmentation(reinterpret_cast<const char*>(cie.position()));
    cie.skip(augmentation.size() + 1);
    code_alignment_ = cie.number();
    data_alignment_ = cie.signed_number();
    if ((version == 1 ? cie.take<std::uint8_t>() : cie.number()) != kReturnAddress) throw Unreadable();
    if (!augmentation.starts_with('z')) {
      if (!augmentation.empty()) throw Unreadable();
      initial_ = cie;
      return;
    }
    augmented_ = true;
    Reader data = cie.block(cie.number());
    for (const char letter : augmentation.substr(1)) {
      if (letter == 'R')
        pointers_ = data.take<std::uint8_t>();
      else if (letter == 'L')
        language_pointers_ = data.take<std::uint8_t>();
      else if (letter == 'P')
        personality_ = reinterpret_cast<const void*>(data.encoded(data.take<std::uint8_t>(), function_));
      else if (letter == 'S')
        signal_frame_ = true;
      else
        throw Unreadable();
    }
    initial_ = cie;
  }

  void execute(Reader code, Rules& rules, const Rules* initial, std::uintptr_t pc) const {
    std::uintptr_t location = function_;
    std::vector<Rules> remembered;
    const auto column = [&rules](std::uint64_t number) -> Rule& {
      return rules.columns[number < kColumns ? number : kColumns];
    };
    const auto factored = [this](std::int64_t value) { return value * data_alignment_; };
    const auto set = [&](std::uint64_t number, Rule::Kind kind, std::int64_t offset) {
      column(number) = {kind, offset, Reader(nullptr)};
    };
    const auto restore = [&](std::uint64_t number) {
      if (initial == nullptr) throw Unreadable();
      if (number < kColumns) rules.columns[number] = initial->columns[number];
    };
    while (!code.done()) {
      const unsigned op = code.take<std::uint8_t>(), low = op & 0x3F;
      switch (op >> 6) {
        case 1:
          location += low * code_alignment_;
          break;
        case 2:
          set(low, Rule::Kind::at_cfa, factored(static_cast<std::int64_t>(code.number())));
          break;
        case 3:
          restore(low);
          break;
        default:
          execute_extended(op, code, rules, location, remembered, set, restore, factored, column);
      }
      if (location > pc) return;
    }
  }

  template <typename Set, typename Restore, typename Factored, typename Column>
  void execute_extended(unsigned op, Reader& code, Rules& rules, std::uintptr_t& location,
                        std::vector<Rules>& remembered, const Set& set, const Restore& restore,
                        const Factored& factored, const Column& column) const {
    const auto set_expression = [&](Rule::Kind kind) {
      const std::uint64_t number = code.number();
      column(number) = {kind, 0, code.block(code.number())};
    };
    std::uint64_t number = 0;
    switch (op) {
      case 0x00:  // DW_CFA_nop
        break;
      case 0x01:  // DW_CFA_set_loc
        location = code.encoded(pointers_, function_);
        break;
      case 0x02:  // DW_CFA_advance_loc1, 2, 4
        location += code.take<std::uint8_t>() * code_alignment_;
        break;
      case 0x03:
        location += code.take<std::uint16_t>() * code_alignment_;
        break;
      case 0x04:
        location += code.take<std::uint32_t>() * code_alignment_;
        break;
      case 0x05:  // DW_CFA_offset_extended
        number = code.number();
        set(number, Rule::Kind::at_cfa, factored(static_cast<std::int64_t>(code.number())));
        break;
      case 0x06:  // DW_CFA_restore_extended
        restore(code.number());
        break;
      case 0x07:  // DW_CFA_undefined
        set(code.number(), Rule::Kind::undefined, 0);
        break;
      case 0x08:  // DW_CFA_same_value
        set(code.number(), Rule::Kind::same, 0);
        break;
      case 0x09:  // DW_CFA_register
        number = code.number();
        set(number, Rule::Kind::other_register, static_cast<std::int64_t>(code.number()));
        break;
      case 0x0A:  // DW_CFA_remember_state, restore_state
        remembered.push_back(rules);
        break;
      case 0x0B:
        if (remembered.empty()) throw Unreadable();
        rules = remembered.back();
        remembered.pop_back();
        break;
      case 0x0C:  // DW_CFA_def_cfa
        rules.cfa_register = static_cast<unsigned>(code.number());
        rules.cfa_offset = static_cast<std::int64_t>(code.number());
        rules.cfa_expression.reset();
        break;
      case 0x0D:  // DW_CFA_def_cfa_register
        rules.cfa_register = static_cast<unsigned>(code.number());
        rules.cfa_expression.reset();
        break;
      case 0x0E:  // DW_CFA_def_cfa_offset
        rules.cfa_offset = static_cast<std::int64_t>(code.number());
        break;
      case 0x0F:  // DW_CFA_def_cfa_expression
        rules.cfa_expression = code.block(code.number());
        break;
      case 0x10:  // DW_CFA_expression
        set_expression(Rule::Kind::at_expression);
        break;
      case 0x11:  // DW_CFA_offset_extended_sf
        number = code.number();
        set(number, Rule::Kind::at_cfa, factored(code.signed_number()));
        break;
      case 0x12:  // DW_CFA_def_cfa_sf
        rules.cfa_register = static_cast<unsigned>(code.number());
        rules.cfa_offset = factored(code.signed_number());
        rules.cfa_expression.reset();
        break;
      case 0x13:  // DW_CFA_def_cfa_offset_sf
        rules.cfa_offset = factored(code.signed_number());
        break;
      case 0x14:  // DW_CFA_val_offset
        number = code.number();
        set(number, Rule::Kind::cfa_plus, factored(static_cast<std::int64_t>(code.number())));
        break;
      case 0x16:  // DW_CFA_val_expression
        set_expression(Rule::Kind::expression);
        break;
      case 0x2E:  // DW_CFA_GNU_args_size
        code.number();
        break;
      default:
        throw Unreadable();
    }
  }

  std::uintptr_t function_;
  std::uint64_t code_alignment_ = 1;
  std::int64_t data_alignment_ = 1;
  unsigned pointers_ = 0, language_pointers_ = 0xFF;
  bool augmented_ = false, signal_frame_ = false;
  const std::byte* language_data_ = nullptr;
  const void* personality_ = nullptr;
  Reader initial_{nullptr}, instructions_{nullptr};
};

void apply(const Rules& rules, const CONTEXT& at, CONTEXT& caller) {
  CONTEXT before = at;
  const std::uint64_t cfa =
      rules.cfa_expression ? evaluate(*rules.cfa_expression, before, std::nullopt)
                           : *register_of(before, rules.cfa_register) + static_cast<std::uint64_t>(rules.cfa_offset);
  caller = at;
  caller.Rsp = cfa;
  for (unsigned column = 0; column < kColumns; ++column) {
    const Rule& rule = rules.columns[column];
    std::uint64_t place = 0;
    switch (rule.kind) {
      case Rule::Kind::same:
        continue;
      case Rule::Kind::undefined:
        if (column == kReturnAddress) caller.Rip = 0;  // the outermost frame
        continue;
      case Rule::Kind::cfa_plus:
        *register_of(caller, column) = cfa + static_cast<std::uint64_t>(rule.offset);
        continue;
      case Rule::Kind::other_register:
        *register_of(caller, column) = *register_of(before, static_cast<unsigned>(rule.offset));
        continue;
      case Rule::Kind::expression:
        *register_of(caller, column) = evaluate(rule.block, before, cfa);
        continue;
      case Rule::Kind::at_cfa:
        place = cfa + static_cast<std::uint64_t>(rule.offset);
        break;
      case Rule::Kind::at_expression:
        place = evaluate(rule.block, before, cfa);
        break;
    }
    if (column >= kXmm0)
      std::memcpy(&caller.xmm(column - kXmm0), reinterpret_cast<const void*>(place), sizeof(M128A));
    else
      std::memcpy(register_of(caller, column), reinterpret_cast<const void*>(place), sizeof(ULONGLONG));
  }
}

}  // namespace

bool unwind_native_frame(const CONTEXT& at, NativeFrame& frame) try {
  // A call that does not return may be a function's last instruction, so the one before is asked about. Not of leaves,
  // whose calls return, and which fault: before its first instruction a function is not in the tables.
  const std::uintptr_t pc = is_leaf_code(at.Rip) ? at.Rip : at.Rip - 1;
  dwarf_eh_bases bases{};
  const void* const fde = _Unwind_Find_FDE(reinterpret_cast<void*>(pc), &bases);
  if (fde == nullptr) return false;
  frame.function = reinterpret_cast<std::uintptr_t>(bases.function);
  const Entry entry(fde, frame.function);
  if (entry.is_signal_frame()) return false;
  frame.language_data = entry.language_data();
  frame.personality = entry.personality();
  apply(entry.rules_at(pc), at, frame.caller);
  return frame.caller.Rip != 0 && frame.caller.Rsp > at.Rsp;
} catch (const Unreadable&) {
  return false;
}

// The language's data is a list of call sites, in order: where they are, and where to go when an exception passes. A
// call that is in none of them must not throw.
CleanUp clean_up_of(const NativeFrame& frame, std::uintptr_t return_address) try {
  if (frame.language_data == nullptr) return {};
  Reader data(frame.language_data);
  const auto start_encoding = data.take<std::uint8_t>();
  const std::uintptr_t start = start_encoding == 0xFF ? frame.function : data.encoded(start_encoding, frame.function);
  if (data.take<std::uint8_t>() != 0xFF) data.number();  // where the table of types is
  const auto encoding = data.take<std::uint8_t>();
  Reader sites = data.block(data.number());
  const std::uintptr_t wanted = return_address - 1 - frame.function;
  while (!sites.done()) {
    const std::uintptr_t begin = sites.encoded(encoding, 0), size = sites.encoded(encoding, 0),
                         pad = sites.encoded(encoding, 0);
    const bool clauses = sites.number() != 0;  // a list of them
    if (wanted < begin) break;
    if (wanted - begin >= size) continue;
    if (pad == 0) return {};
    return {clauses ? CleanUp::Kind::clauses : CleanUp::Kind::code, start + pad};
  }
  return {CleanUp::Kind::forbidden};
} catch (const Unreadable&) {
  return {};
}

}  // namespace hmodule::unwind
