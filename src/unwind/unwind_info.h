// UNWIND_INFO (EH-02): what RUNTIME_FUNCTION::UnwindData leads to.
#pragma once

#include "win/context.h"

#include <cstdint>

namespace hmodule::unwind {

inline constexpr unsigned kRsp = 4;  // register numbers are those of instruction encodings

enum UnwindOperation : unsigned {  // UWOP_*
  kPushNonvol,
  kAllocLarge,
  kAllocSmall,
  kSetFpreg,
  kSaveNonvol,
  kSaveNonvolFar,
  kEpilog,
  kSpare,
  kSaveXmm128,
  kSaveXmm128Far,
  kPushMachframe,
};
inline constexpr unsigned kChainInfo = 4;  // UNW_FLAG_CHAININFO

struct UnwindCode {
  BYTE CodeOffset;
  BYTE Operation : 4, Info : 4;
};
static_assert(sizeof(UnwindCode) == 2);

struct UnwindInfo {
  BYTE Version : 3, Flags : 5;
  BYTE SizeOfProlog, CountOfCodes;
  BYTE FrameRegister : 4, FrameOffset : 4;

  const UnwindCode* codes() const { return reinterpret_cast<const UnwindCode*>(this + 1); }
  // What follows the codes, whose number is rounded up to an even one.
  const BYTE* tail() const { return reinterpret_cast<const BYTE*>(codes() + (CountOfCodes + 1) / 2 * 2); }
};
static_assert(sizeof(UnwindInfo) == 4);

inline const UnwindInfo& info_of(std::uintptr_t base, const RUNTIME_FUNCTION& function) {
  return *reinterpret_cast<const UnwindInfo*>(base + (function.UnwindData & ~1U));
}

// The entry this piece of a function continues, or null.
inline const RUNTIME_FUNCTION* chained_from(const UnwindInfo& info) {
  return (info.Flags & kChainInfo) != 0 ? reinterpret_cast<const RUNTIME_FUNCTION*>(info.tail()) : nullptr;
}

inline unsigned slots(const UnwindCode& code) {
  switch (code.Operation) {
    case kAllocLarge:
      return code.Info == 0 ? 2 : 3;
    case kSaveNonvol:
    case kSaveXmm128:
      return 2;
    case kSaveNonvolFar:
    case kSpare:
    case kSaveXmm128Far:
      return 3;
    default:
      return 1;
  }
}

// EH-06. The frame register is in effect once its code has been passed; in a chained piece it always is.
inline bool frame_register_in_effect(const UnwindInfo& info, std::uintptr_t offset) {
  if (info.FrameRegister == 0) return false;
  if (offset >= info.SizeOfProlog || (info.Flags & kChainInfo) != 0) return true;
  const UnwindCode* const codes = info.codes();
  for (unsigned i = 0; i < info.CountOfCodes; i += slots(codes[i]))
    if (codes[i].Operation == kSetFpreg) return codes[i].CodeOffset <= offset;
  return false;
}

}  // namespace hmodule::unwind
