// A second opinion on .eh_frame: one frame back by DWARF's rules (DWARF 5 §6.4), written from the standard and not from
// what the library writes.
#pragma once

#include "win/context.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace hmodule::testing {

class DwarfReader {
 public:
  DwarfReader(const std::byte* at, const std::byte* end) : at_(at), end_(end) {}
  bool done() const { return at_ >= end_; }
  const std::byte* position() const { return at_; }
  template <typename T>
  T take() {
    T value;
    if (static_cast<std::size_t>(end_ - at_) < sizeof value) throw std::out_of_range("DWARF ends too early");
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = take<std::uint8_t>();
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) == 0) return value;
    }
  }
  std::int64_t sleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;;) {
      const auto byte = take<std::uint8_t>();
      value |= std::uint64_t{byte & 0x7FU} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if ((byte & 0x40) != 0 && shift < 64) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
  }
  DwarfReader block(std::size_t size) {
    DwarfReader inner(at_, at_ + size);
    at_ += size;
    return inner;
  }

 private:
  const std::byte *at_, *end_;
};

// The rules in force at one address.
struct DwarfRules {
  struct Saved {
    std::optional<std::int64_t> at_cfa;  // or:
    unsigned base = 0;                   // DW_OP_breg, the only expression we know
    std::int64_t offset = 0;
  };
  unsigned cfa_register = 0;
  std::int64_t cfa_offset = 0;
  std::map<unsigned, Saved> saved;
};

class DwarfSection {
 public:
  explicit DwarfSection(std::span<const std::byte> eh_frame) : section_(eh_frame) {}

  // Takes `context` to the caller. False: no entry covers its Rip.
  bool unwind(CONTEXT& context) const {
    const std::optional<DwarfRules> rules = rules_at(context.Rip);
    if (!rules) return false;
    const CONTEXT before = context;
    const std::uint64_t cfa = value(before, rules->cfa_register) + static_cast<std::uint64_t>(rules->cfa_offset);
    context.Rsp = cfa;
    for (const auto& [number, where] : rules->saved) {
      const std::uint64_t address = where.at_cfa ? cfa + static_cast<std::uint64_t>(*where.at_cfa)
                                                 : value(before, where.base) + static_cast<std::uint64_t>(where.offset);
      if (number >= 17)
        std::memcpy(&context.xmm(number - 17), reinterpret_cast<const void*>(address), 16);
      else
        std::memcpy(number == 16 ? &context.Rip : &reg(context, number), reinterpret_cast<const void*>(address), 8);
    }
    return true;
  }

 private:
  static ULONGLONG& reg(CONTEXT& context, unsigned number) {
    ULONGLONG* const order[] = {&context.Rax, &context.Rdx, &context.Rcx, &context.Rbx, &context.Rsi, &context.Rdi,
                                &context.Rbp, &context.Rsp, &context.R8,  &context.R9,  &context.R10, &context.R11,
                                &context.R12, &context.R13, &context.R14, &context.R15};
    if (number >= 16) throw std::out_of_range("no such register");
    return *order[number];
  }
  static std::uint64_t value(CONTEXT context, unsigned number) { return reg(context, number); }

  std::optional<DwarfRules> rules_at(std::uint64_t pc) const {
    DwarfReader all(section_.data(), section_.data() + section_.size());
    while (!all.done()) {
      const auto length = all.take<std::uint32_t>();
      if (length == 0) break;
      DwarfReader entry = all.block(length);
      const std::byte* const id_at = entry.position();
      const auto id = entry.take<std::uint32_t>();
      if (id == 0) continue;
      const auto begin = entry.take<std::uint64_t>(), size = entry.take<std::uint64_t>();
      if (pc - begin >= size) continue;
      entry.block(entry.uleb());
      DwarfReader cie(id_at - id, section_.data() + section_.size());
      const auto cie_length = cie.take<std::uint32_t>();
      DwarfReader initial = cie.block(cie_length);
      DwarfRules rules;
      execute(initial_instructions(initial), rules, ~std::uint64_t{0});
      execute(entry, rules, pc - begin);
      return rules;
    }
    return std::nullopt;
  }

  static DwarfReader initial_instructions(DwarfReader cie) {
    if (cie.take<std::uint32_t>() != 0 || cie.take<std::uint8_t>() != 1) throw std::runtime_error("no CIE");
    std::string augmentation;
    while (const auto letter = cie.take<char>()) augmentation += letter;
    if (augmentation != "zR" && augmentation != "zPR") throw std::runtime_error("unknown augmentation");
    if (cie.uleb() != 1 || cie.sleb() != -8 || cie.take<std::uint8_t>() != 16) throw std::runtime_error("odd CIE");
    cie.block(cie.uleb());
    return cie;
  }

  static void execute(DwarfReader code, DwarfRules& rules, std::uint64_t until) {
    std::uint64_t location = 0;
    while (!code.done()) {
      const auto op = code.take<std::uint8_t>();
      switch (op >> 6) {
        case 1:
          location += op & 0x3F;
          break;
        case 2:
          rules.saved[op & 0x3FU] = {static_cast<std::int64_t>(code.uleb()) * -8};
          break;
        case 3:
          throw std::runtime_error("DW_CFA_restore");
        default:
          switch (op) {
            case 0x00:
              break;
            case 0x02:
              location += code.take<std::uint8_t>();
              break;
            case 0x03:
              location += code.take<std::uint16_t>();
              break;
            case 0x08:
              rules.saved.erase(static_cast<unsigned>(code.uleb()));
              break;
            case 0x0C:
              rules.cfa_register = static_cast<unsigned>(code.uleb());
              rules.cfa_offset = static_cast<std::int64_t>(code.uleb());
              break;
            case 0x12:
              rules.cfa_register = static_cast<unsigned>(code.uleb());
              rules.cfa_offset = code.sleb() * -8;
              break;
            case 0x11: {
              const auto number = static_cast<unsigned>(code.uleb());
              rules.saved[number] = {code.sleb() * -8};
              break;
            }
            case 0x10: {
              const auto number = static_cast<unsigned>(code.uleb());
              DwarfReader expression = code.block(code.uleb());
              const unsigned base = expression.take<std::uint8_t>() - 0x70U;
              rules.saved[number] = {std::nullopt, base, expression.sleb()};
              break;
            }
            default:
              throw std::runtime_error("unknown instruction");
          }
      }
      if (location > until) return;
    }
  }

  std::span<const std::byte> section_;
};

}  // namespace hmodule::testing
