#include "unwind/instruction.h"

#include "thread/teb.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace hmodule::unwind {
namespace {

struct Instruction {
  ZydisDecodedInstruction facts;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

// What follows the instruction may be on a page that cannot be read: those bytes are only looked at when it goes on
// there.
bool decode(const void* at, Instruction& instruction) {
  constexpr std::size_t kPage = 4096;
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  const std::size_t on_this_page = kPage - reinterpret_cast<std::uintptr_t>(at) % kPage;
  const auto decode_first = [&](std::size_t length) {
    return ZydisDecoderDecodeFull(&decoder, at, length, &instruction.facts, instruction.operands);
  };
  const ZyanStatus status = decode_first(std::min<std::size_t>(on_this_page, ZYDIS_MAX_INSTRUCTION_LENGTH));
  if (status == ZYDIS_STATUS_NO_MORE_DATA) return ZYAN_SUCCESS(decode_first(ZYDIS_MAX_INSTRUCTION_LENGTH));
  return ZYAN_SUCCESS(status);
}

std::uint64_t register_value(const CONTEXT& context, ZydisRegister which) {
  switch (which) {
    case ZYDIS_REGISTER_AH:
    case ZYDIS_REGISTER_CH:
    case ZYDIS_REGISTER_DH:
    case ZYDIS_REGISTER_BH:
      return context.reg(static_cast<unsigned>(which - ZYDIS_REGISTER_AH)) >> 8;
    case ZYDIS_REGISTER_NONE:
      return 0;
    default:
      return context.reg(static_cast<unsigned>(ZydisRegisterGetId(which)));
  }
}

std::uintptr_t address_of(const CONTEXT& context, const Instruction& instruction, const ZydisDecodedOperand& operand) {
  const auto& memory = operand.mem;
  auto address = static_cast<std::uintptr_t>(memory.disp.value);
  if (memory.base == ZYDIS_REGISTER_RIP || memory.base == ZYDIS_REGISTER_EIP)
    address += context.Rip + instruction.facts.length;
  else
    address += register_value(context, memory.base);
  address += register_value(context, memory.index) * memory.scale;
  if (instruction.facts.address_width == 32) address = static_cast<std::uint32_t>(address);
  if (memory.segment == ZYDIS_REGISTER_GS) address += reinterpret_cast<std::uintptr_t>(thread::try_teb());
  return address;
}

}  // namespace

bool is_privileged(const void* at) {
  Instruction instruction;
  if (!decode(at, instruction)) return false;
  switch (instruction.facts.mnemonic) {
    case ZYDIS_MNEMONIC_CLI:
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
      return true;
    default:
      return (instruction.facts.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0;
  }
}

bool divides_by_zero(const CONTEXT& context) {
  Instruction instruction;
  if (!decode(reinterpret_cast<const void*>(context.Rip), instruction)) return true;
  const ZydisMnemonic mnemonic = instruction.facts.mnemonic;
  if (mnemonic != ZYDIS_MNEMONIC_DIV && mnemonic != ZYDIS_MNEMONIC_IDIV) return true;
  const ZydisDecodedOperand& divisor = instruction.operands[0];
  std::uint64_t value = 0;
  if (divisor.type == ZYDIS_OPERAND_TYPE_REGISTER)
    value = register_value(context, divisor.reg.value);
  else  // readable: the instruction has read it
    std::memcpy(&value, reinterpret_cast<const void*>(address_of(context, instruction, divisor)), divisor.size / 8);
  return value << (64 - divisor.size) == 0;
}

}  // namespace hmodule::unwind
