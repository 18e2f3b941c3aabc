// Contexts with extended state, and what WOW64 is to a 64-bit process.
#include "win/context.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
R call(std::string_view name, Args... args) {
  return function<R, Args...>(ntdll_dll, name)(args...);
}

constexpr ULONG64 kAll = ~ULONG64{0};

// A context of `flags` in memory of exactly the length asked for, at an odd address.
struct Extended {
  explicit Extended(DWORD flags) {
    ULONG length = 0;
    EXPECT_EQ(call<NTSTATUS>("RtlGetExtendedContextLength2", flags, &length, kAll), STATUS_SUCCESS);
    memory.resize(length + 1);
    EXPECT_EQ(call<NTSTATUS>("RtlInitializeExtendedContext2", memory.data() + 1, flags, &ex, kAll), STATUS_SUCCESS);
    context = call<CONTEXT*>("RtlLocateLegacyContext", ex, static_cast<ULONG*>(nullptr));
  }
  std::vector<std::byte> memory;
  CONTEXT_EX* ex = nullptr;
  CONTEXT* context = nullptr;
};

TEST(ExtendedContexts, LieAlignedWithinTheirLength) {
  const Extended plain(CONTEXT_FULL);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(plain.context) % 16, 0u);
  EXPECT_EQ(plain.context->ContextFlags, CONTEXT_FULL);
  EXPECT_EQ(reinterpret_cast<void*>(plain.ex), plain.context + 1);
  EXPECT_EQ(call<void*>("RtlLocateExtendedFeature", plain.ex, 2u, static_cast<ULONG*>(nullptr)), nullptr);
  EXPECT_EQ(call<ULONG64>("RtlGetExtendedFeaturesMask", plain.ex), 0u);
}

TEST(ExtendedContexts, OfOtherProcessorsAreRefused) {
  ULONG length = 0;
  EXPECT_EQ(call<NTSTATUS>("RtlGetExtendedContextLength2", CONTEXT_FULL, &length, kAll), STATUS_SUCCESS);
  EXPECT_EQ(length, 0x4F7u);  // as Wine's
  EXPECT_EQ(call<NTSTATUS>("RtlGetExtendedContextLength2", 0x10007u, &length, kAll), STATUS_INVALID_PARAMETER);  // x86
  EXPECT_EQ(call<NTSTATUS>("RtlGetExtendedContextLength2", CONTEXT_AMD64 | 0x100, &length, kAll),
            STATUS_INVALID_PARAMETER);
}

TEST(ExtendedContexts, CarryTheUpperHalvesOfYmm) {
  if (__builtin_cpu_supports("avx") == 0) GTEST_SKIP() << "no AVX";
  const Extended from(CONTEXT_ALL | CONTEXT_XSTATE), to(CONTEXT_FULL | CONTEXT_XSTATE), plain(CONTEXT_FULL);
  ULONG length = 0;
  auto* const halves = static_cast<M128A*>(call<void*>("RtlLocateExtendedFeature", from.ex, 2u, &length));
  ASSERT_NE(halves, nullptr);
  EXPECT_EQ(length, 256u);
  EXPECT_LE(reinterpret_cast<std::byte*>(halves) + length, from.memory.data() + from.memory.size());
  EXPECT_EQ((reinterpret_cast<std::uintptr_t>(halves) - 64) % 64, 0u);
  call<void>("RtlSetExtendedFeaturesMask", from.ex, kAll);
  EXPECT_EQ(call<ULONG64>("RtlGetExtendedFeaturesMask", from.ex), 4u);
  halves[15].Low = 0x1234;
  from.context->Rip = 7;
  EXPECT_EQ(call<NTSTATUS>("RtlCopyContext", to.context, CONTEXT_XSTATE, from.context), STATUS_SUCCESS);
  EXPECT_EQ(static_cast<M128A*>(call<void*>("RtlLocateExtendedFeature", to.ex, 2u, &length))[15].Low, 0x1234u);
  EXPECT_EQ(to.context->Rip, 0u);
  EXPECT_EQ(call<NTSTATUS>("RtlCopyContext", plain.context, CONTEXT_XSTATE, from.context), STATUS_BUFFER_OVERFLOW);
}

TEST(Contexts, AreCopiedInParts) {
  CONTEXT from = {}, to = {};
  from.ContextFlags = CONTEXT_ALL;
  to.ContextFlags = CONTEXT_AMD64;
  from.Rip = 1;
  from.Rsp = 2;
  from.Rax = 3;
  from.R15 = 4;
  from.Dr7 = 5;
  from.MxCsr = 6;
  EXPECT_EQ(call<NTSTATUS>("RtlCopyContext", &to, CONTEXT_INTEGER, &from), STATUS_SUCCESS);
  EXPECT_EQ(to.Rax, 3u);
  EXPECT_EQ(to.R15, 4u);
  EXPECT_EQ(to.Rsp, 0u);
  EXPECT_EQ(to.Rip, 0u);
  EXPECT_EQ(to.ContextFlags, CONTEXT_INTEGER);
  EXPECT_EQ(call<NTSTATUS>("RtlCopyContext", &to, CONTEXT_CONTROL | CONTEXT_DEBUG_REGISTERS, &from), STATUS_SUCCESS);
  EXPECT_EQ(to.Rsp, 2u);
  EXPECT_EQ(to.Dr7, 5u);
  EXPECT_EQ(to.MxCsr, 0u);
  to.ContextFlags = 0x10000;
  EXPECT_EQ(call<NTSTATUS>("RtlCopyContext", &to, CONTEXT_CONTROL, &from), STATUS_INVALID_PARAMETER);
}

TEST(Wow64, IsAbsent) {
  const auto process = reinterpret_cast<HANDLE>(std::intptr_t{-1}),
             thread = reinterpret_cast<HANDLE>(std::intptr_t{-2});
  USHORT machine = 9, native = 9;
  EXPECT_EQ(call<NTSTATUS>("RtlWow64GetProcessMachines", process, &machine, &native), STATUS_SUCCESS);
  EXPECT_EQ(machine, 0);
  EXPECT_EQ(native, 0x8664);
  EXPECT_EQ(call<NTSTATUS>("RtlWow64GetProcessMachines", thread, &machine, &native), STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(call<NTSTATUS>("RtlWow64EnableFsRedirection", 1u), STATUS_NOT_IMPLEMENTED);
  ULONG old = 0;
  EXPECT_EQ(call<NTSTATUS>("RtlWow64EnableFsRedirectionEx", 1u, &old), STATUS_NOT_IMPLEMENTED);
  char context[716];
  EXPECT_EQ(call<NTSTATUS>("RtlWow64GetThreadContext", thread, context), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(call<NTSTATUS>("RtlWow64SetThreadContext", thread, context), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(call<NTSTATUS>("RtlWow64GetThreadContext", nullptr, context), STATUS_INVALID_HANDLE);
}

}  // namespace
}  // namespace hmodule::winapi
