// Processor contexts that may be longer than a CONTEXT: behind it comes a CONTEXT_EX, which says where the upper halves
// of the YMM registers are. The area has the layout of the processor's XSAVE, without its first 512 bytes, which the
// CONTEXT holds already: a header of 64 bytes, then 256 bytes for AVX, the one extended feature Windows' CONTEXT names
// that we pass on.
#include "win/context.h"
#include "module/builtin.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr ULONG kAvx = 2;  // XSTATE_AVX
constexpr ULONG64 kLegacyFeatures = 3, kAvxMask = ULONG64{1} << kAvx;
constexpr ULONG kAreaAlignment = 64;
// At most, as a CONTEXT and a CONTEXT_EX at a multiple of 16 end eight bytes behind one.
constexpr ULONG kAreaPadding = 56;
static_assert((sizeof(CONTEXT) + sizeof(CONTEXT_EX)) % 16 == 8);

struct XStateArea {
  ULONG64 Mask, CompactionMask, Reserved[6];
  M128A YmmHigh[16];
};
static_assert(sizeof(XStateArea) == 320 && offsetof(XStateArea, YmmHigh) == 64);

// The extended features that the processor and Linux have switched on.
ULONG64 available_features() {
  return __builtin_cpu_supports("avx") != 0 ? kAvxMask : 0;
}

Status check_flags(DWORD flags) {
  constexpr DWORD kKnown = CONTEXT_ALL | CONTEXT_XSTATE | 0xF8000000;  // the upper five: exception state and unwinding
  if ((flags & CONTEXT_AMD64) == 0 || (flags & ~kKnown) != 0)
    return fail(STATUS_INVALID_PARAMETER, "context flags {:#x}", flags);
  if ((flags & CONTEXT_XSTATE) == CONTEXT_XSTATE && available_features() == 0)
    return fail(STATUS_NOT_SUPPORTED, "the processor has no extended state");
  return ok;
}
bool has_xstate(DWORD flags) {
  return (flags & CONTEXT_XSTATE) == CONTEXT_XSTATE;
}

// Room for any alignment of the buffer.
HM_WINAPI NTSTATUS RtlGetExtendedContextLength2(ULONG flags, ULONG* length, ULONG64 compaction_mask) noexcept {
  return status_of([&]() -> Status {
    TRY(check_flags(flags));
    *length = sizeof(CONTEXT) + sizeof(CONTEXT_EX) + alignof(CONTEXT) - 1;
    if (has_xstate(flags))
      *length +=
          kAreaPadding + ((compaction_mask & kAvxMask) != 0 ? sizeof(XStateArea) : offsetof(XStateArea, YmmHigh));
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlGetExtendedContextLength(ULONG flags, ULONG* length) noexcept {
  return RtlGetExtendedContextLength2(flags, length, ~ULONG64{0});
}

HM_WINAPI NTSTATUS RtlInitializeExtendedContext2(void* buffer, ULONG flags, CONTEXT_EX** result,
                                                 ULONG64 compaction_mask) noexcept {
  return status_of([&]() -> Status {
    TRY(check_flags(flags));
    const auto aligned = [](std::uintptr_t address, std::uintptr_t to) { return (address + to - 1) & ~(to - 1); };
    const auto start = aligned(reinterpret_cast<std::uintptr_t>(buffer), alignof(CONTEXT));
    auto* const context = reinterpret_cast<CONTEXT*>(start);
    auto* const extended = reinterpret_cast<CONTEXT_EX*>(context + 1);
    context->ContextFlags = flags;
    constexpr auto kToLegacy = -static_cast<LONG>(sizeof(CONTEXT));
    extended->Legacy = {kToLegacy, sizeof(CONTEXT)};
    extended->All = {kToLegacy, sizeof(CONTEXT) + sizeof(CONTEXT_EX)};
    extended->XState = {static_cast<LONG>(sizeof(CONTEXT_EX)) + 1, 0};  // none
    if (has_xstate(flags)) {
      const ULONG64 features = compaction_mask & available_features();
      const auto base = reinterpret_cast<std::uintptr_t>(extended);
      const auto area = aligned(base + sizeof(CONTEXT_EX), kAreaAlignment);
      const ULONG size = features != 0 ? sizeof(XStateArea) : offsetof(XStateArea, YmmHigh);
      std::memset(reinterpret_cast<void*>(area), 0, offsetof(XStateArea, YmmHigh));
      extended->XState = {static_cast<LONG>(area - base), size};
      extended->All.Length = static_cast<DWORD>(area + size - start);
    }
    *result = extended;
    return ok;
  });
}
HM_WINAPI NTSTATUS RtlInitializeExtendedContext(void* buffer, ULONG flags, CONTEXT_EX** result) noexcept {
  return RtlInitializeExtendedContext2(buffer, flags, result, ~ULONG64{0});
}

XStateArea* area_of(CONTEXT_EX* extended) {
  if (extended->XState.Length == 0) return nullptr;
  return reinterpret_cast<XStateArea*>(reinterpret_cast<std::byte*>(extended) + extended->XState.Offset);
}
CONTEXT_EX* extension_of(CONTEXT* context) {
  return reinterpret_cast<CONTEXT_EX*>(context + 1);
}

HM_WINAPI void* RtlLocateExtendedFeature(CONTEXT_EX* extended, ULONG feature, ULONG* length) noexcept {
  XStateArea* const area = area_of(extended);
  if (feature != kAvx || area == nullptr || extended->XState.Length < sizeof(XStateArea)) return nullptr;
  store_if(length, static_cast<ULONG>(sizeof area->YmmHigh));
  return area->YmmHigh;
}
HM_WINAPI CONTEXT* RtlLocateLegacyContext(CONTEXT_EX* extended, ULONG* length) noexcept {
  if (extended->Legacy.Length < sizeof(CONTEXT)) return nullptr;
  store_if(length, extended->Legacy.Length);
  return reinterpret_cast<CONTEXT*>(reinterpret_cast<std::byte*>(extended) + extended->Legacy.Offset);
}
HM_WINAPI ULONG64 RtlGetExtendedFeaturesMask(CONTEXT_EX* extended) noexcept {
  const XStateArea* const area = area_of(extended);
  return area == nullptr ? 0 : area->Mask & ~kLegacyFeatures;
}
HM_WINAPI void RtlSetExtendedFeaturesMask(CONTEXT_EX* extended, ULONG64 mask) noexcept {
  if (XStateArea* const area = area_of(extended)) area->Mask = mask & available_features();
}

// The parts that both `flags` and the source have.
HM_WINAPI NTSTATUS RtlCopyContext(CONTEXT* to, DWORD flags, CONTEXT* from) noexcept {
  return status_of([&]() -> Status {
    TRY(check_flags(flags));
    if ((to->ContextFlags & CONTEXT_AMD64) == 0 || (from->ContextFlags & CONTEXT_AMD64) == 0)
      return fail(STATUS_INVALID_PARAMETER, "a context of another processor");
    if (has_xstate(flags) && !has_xstate(to->ContextFlags))
      return fail(STATUS_BUFFER_OVERFLOW, "the target has no room for extended state");
    const DWORD copied = flags & from->ContextFlags;
    to->ContextFlags |= copied;
    const auto wants = [copied](DWORD part) { return (copied & part & ~CONTEXT_AMD64) != 0; };
    if (wants(CONTEXT_CONTROL)) {
      to->SegCs = from->SegCs;
      to->SegSs = from->SegSs;
      to->EFlags = from->EFlags;
      to->Rsp = from->Rsp;
      to->Rip = from->Rip;
    }
    if (wants(CONTEXT_INTEGER)) {
      for (unsigned number = 0; number < 16; ++number)
        if (constexpr unsigned kRsp = 4; number != kRsp) to->reg(number) = from->reg(number);
    }
    if (wants(CONTEXT_SEGMENTS)) {
      to->SegDs = from->SegDs;
      to->SegEs = from->SegEs;
      to->SegFs = from->SegFs;
      to->SegGs = from->SegGs;
    }
    if (wants(CONTEXT_FLOATING_POINT)) {
      to->MxCsr = from->MxCsr;
      to->FltSave = from->FltSave;
    }
    if (wants(CONTEXT_DEBUG_REGISTERS))
      std::memcpy(&to->Dr0, &from->Dr0, offsetof(CONTEXT, Rax) - offsetof(CONTEXT, Dr0));
    if (wants(CONTEXT_XSTATE)) {
      const XStateArea* const source = area_of(extension_of(from));
      XStateArea* const target = area_of(extension_of(to));
      if (source == nullptr || target == nullptr) return fail(STATUS_INVALID_PARAMETER, "extended state without room");
      target->Mask = source->Mask & available_features();
      if ((target->Mask & kAvxMask) != 0 && extension_of(to)->XState.Length >= sizeof(XStateArea) &&
          extension_of(from)->XState.Length >= sizeof(XStateArea))
        std::memcpy(target->YmmHigh, source->YmmHigh, sizeof target->YmmHigh);
    }
    return ok;
  });
}

constexpr std::string_view kAvxOnly = "AVX is the one extended feature";
const Export kRows[] = {
    {"RtlCopyContext", proc(RtlCopyContext), Support::partial, kAvxOnly},
    {"RtlGetExtendedContextLength", proc(RtlGetExtendedContextLength), Support::partial, kAvxOnly},
    {"RtlGetExtendedContextLength2", proc(RtlGetExtendedContextLength2), Support::partial, kAvxOnly},
    {"RtlGetExtendedFeaturesMask", proc(RtlGetExtendedFeaturesMask), Support::partial, kAvxOnly},
    {"RtlInitializeExtendedContext", proc(RtlInitializeExtendedContext), Support::partial, kAvxOnly},
    {"RtlInitializeExtendedContext2", proc(RtlInitializeExtendedContext2), Support::partial, kAvxOnly},
    {"RtlLocateExtendedFeature", proc(RtlLocateExtendedFeature), Support::partial, kAvxOnly},
    {"RtlLocateLegacyContext", proc(RtlLocateLegacyContext)},
    {"RtlSetExtendedFeaturesMask", proc(RtlSetExtendedFeaturesMask), Support::partial, kAvxOnly},
};

}  // namespace

extern const ExportTable context_exports = kRows;

}  // namespace hmodule::winapi
