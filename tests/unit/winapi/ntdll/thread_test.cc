// Stacks, and the registers of threads that have not begun.
#include "nt/thread.h"
#include "nt/handle_table.h"
#include "nt/virtual_memory.h"
#include "pe/format.h"
#include "thread/peb.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
R call(std::string_view name, Args... args) {
  return function<R, Args...>(ntdll_dll, name)(args...);
}
std::uintptr_t number(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

// --- RtlCreateUserStack ---

struct InitialTeb {
  void *old_base, *old_limit, *base, *limit, *bottom;
};

NTSTATUS create_stack(SIZE_T commit, SIZE_T reserve, SIZE_T commit_alignment, SIZE_T reserve_alignment,
                      InitialTeb& stack, ULONG_PTR zero_bits = 0) {
  return call<NTSTATUS>("RtlCreateUserStack", commit, reserve, zero_bits, commit_alignment, reserve_alignment, &stack);
}
void free_stack(const InitialTeb& stack) {
  call<NTSTATUS>("RtlFreeUserStack", stack.bottom);
}

struct StackSizes {
  SIZE_T commit, reserve, commit_alignment, reserve_alignment, committed, reserved;
};
class UserStacks : public testing::TestWithParam<StackSizes> {};

// What Windows answers, but for the sizes of a program without headers.
INSTANTIATE_TEST_SUITE_P(, UserStacks,
                         testing::Values(StackSizes{0, 0, 1, 1, 0x1000, 0x100000},
                                         StackSizes{0x2000, 0, 1, 1, 0x2000, 0x100000},
                                         StackSizes{0, 0x200000, 1, 1, 0x1000, 0x200000},
                                         StackSizes{0x4000, 0x200000, 1, 1, 0x4000, 0x200000},
                                         StackSizes{0x100000, 0x100000, 1, 1, 0x100000, 0x100000},
                                         StackSizes{0x20000, 0x20000, 1, 1, 0x20000, 0x100000},
                                         StackSizes{0, 0x110000, 1, 1, 0x1000, 0x110000},
                                         StackSizes{0, 0x110000, 1, 0x40000, 0x1000, 0x140000},
                                         StackSizes{0x11000, 0x140000, 1, 0x40000, 0x11000, 0x140000},
                                         StackSizes{0x11000, 0x140000, 0x4000, 0x40000, 0x14000, 0x140000}));

TEST_P(UserStacks, HaveTheSizesAskedForAndAGuardPage) {
  const StackSizes& sizes = GetParam();
  InitialTeb stack = {&stack, &stack, &stack, &stack, &stack};
  ASSERT_EQ(create_stack(sizes.commit, sizes.reserve, sizes.commit_alignment, sizes.reserve_alignment, stack),
            STATUS_SUCCESS);
  EXPECT_EQ(stack.old_base, nullptr);
  EXPECT_EQ(stack.old_limit, nullptr);
  EXPECT_EQ(number(stack.base) - number(stack.limit), sizes.committed);
  EXPECT_EQ(number(stack.base) - number(stack.bottom), sizes.reserved);
  static_cast<char*>(stack.base)[-1] = *static_cast<char*>(stack.limit) = 1;

  const auto below = nt::virtual_memory().query(number(stack.limit) - 1);
  if (sizes.committed < sizes.reserved) {
    ASSERT_TRUE(below);
    EXPECT_EQ(below->Protect, PAGE_READWRITE | PAGE_GUARD);
    EXPECT_EQ(below->RegionSize, kPageSize);
    EXPECT_EQ(below->AllocationBase, stack.bottom);
    EXPECT_EQ(nt::virtual_memory().query(number(stack.bottom))->State, DWORD{MEM_RESERVE});
  }
  free_stack(stack);
  EXPECT_EQ(nt::virtual_memory().query(number(stack.limit))->State, DWORD{MEM_FREE});
}

TEST(UserStack, TakesItsUsualSizesFromTheProgramsHeaders) {
  process();
  struct Program {
    pe::DosHeader dos = {};
    DWORD signature = 0x4550;
    pe::FileHeader file = {};
    pe::OptionalHeader64 optional = {};
  } program;
  program.dos.e_lfanew = offsetof(Program, signature);
  program.optional.SizeOfStackReserve = 0x230000;
  program.optional.SizeOfStackCommit = 0x5000;
  void* const before = std::exchange(thread::peb().ImageBaseAddress, &program);
  InitialTeb stack;
  EXPECT_EQ(create_stack(0, 0, 1, 1, stack), STATUS_SUCCESS);
  thread::peb().ImageBaseAddress = before;
  EXPECT_EQ(number(stack.base) - number(stack.limit), 0x5000U);
  EXPECT_EQ(number(stack.base) - number(stack.bottom), 0x230000U);
  free_stack(stack);
}

TEST(UserStack, IsRefusedWithoutAlignmentAndKeptBelowALimit) {
  InitialTeb stack;
  EXPECT_EQ(create_stack(0x11000, 0x110000, 1, 0, stack), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(create_stack(0x11000, 0x110000, 0, 1, stack), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(create_stack(0x11000, 0x110000, 1, 1, stack, 22), STATUS_INVALID_PARAMETER_3);
  EXPECT_LT(create_stack(SIZE_T{1} << 60, SIZE_T{1} << 60, 1, 1, stack), 0) << "so much there is not";
  ASSERT_EQ(create_stack(0x11000, 0x110000, 1, 1, stack, 1), STATUS_SUCCESS);
  EXPECT_LE(number(stack.base), 0x80000000U);
  free_stack(stack);
}

// --- Contexts ---

HM_WINAPI DWORD give_back(void* parameter) {
  return static_cast<DWORD>(number(parameter));
}
HM_WINAPI DWORD add_one(void* parameter) {
  return static_cast<DWORD>(number(parameter)) + 1;
}
HM_WINAPI DWORD sum(ULONGLONG a, ULONGLONG b, ULONGLONG c, ULONGLONG d) {
  return static_cast<DWORD>(a + b + c + d);
}

class NewThread : public testing::Test {
 protected:
  NewThread() {
    process();
    thread_ = *nt::create_thread({.routine = give_back, .parameter = reinterpret_cast<void*>(40), .suspended = true});
    handle_ = *nt::handle_for(thread_, nt::THREAD_ALL_ACCESS);
    context_.ContextFlags = CONTEXT_FULL;
    EXPECT_EQ(call<NTSTATUS>("NtGetContextThread", handle_, &context_), STATUS_SUCCESS);
  }
  ~NewThread() override { call<NTSTATUS>("NtClose", handle_); }
  void set_context() { EXPECT_EQ(call<NTSTATUS>("NtSetContextThread", handle_, &context_), STATUS_SUCCESS); }
  DWORD answer() {
    EXPECT_EQ(call<NTSTATUS>("NtResumeThread", handle_, static_cast<ULONG*>(nullptr)), STATUS_SUCCESS);
    nt::wait_one(*thread_, false, std::nullopt);
    return thread_->exit_code();
  }
  nt::Ref<nt::Thread> thread_;
  HANDLE handle_;
  CONTEXT context_ = {};
};

TEST_F(NewThread, ShowsWhereItWillBegin) {
  EXPECT_EQ(context_.Rip, number(find(ntdll_dll, "RtlUserThreadStart")));
  EXPECT_EQ(context_.Rcx, number(reinterpret_cast<void*>(give_back)));
  EXPECT_EQ(context_.Rdx, 40U);
  EXPECT_EQ(context_.Rsp % 16, 8U) << "as in a function that was called";
  EXPECT_LT(context_.Rsp, number(thread_->teb()->NtTib.StackBase));
  EXPECT_GE(context_.Rsp, number(thread_->teb()->NtTib.StackLimit));
  EXPECT_EQ(context_.MxCsr, 0x1F80U);
  EXPECT_EQ(answer(), 40U);
}

TEST_F(NewThread, BeginsWithAnotherRoutineAndArgument) {
  context_.Rcx = number(reinterpret_cast<void*>(add_one));
  context_.Rdx = 50;
  set_context();
  CONTEXT read = {};
  read.ContextFlags = CONTEXT_INTEGER;
  EXPECT_EQ(call<NTSTATUS>("NtGetContextThread", handle_, &read), STATUS_SUCCESS);
  EXPECT_EQ(read.Rdx, 50U);
  EXPECT_EQ(read.Rip, 0U) << "not asked for";
  EXPECT_EQ(answer(), 51U);
}

TEST_F(NewThread, BeginsElsewhereWithFourArguments) {
  context_.Rip = number(reinterpret_cast<void*>(sum));
  context_.Rcx = 1, context_.Rdx = 2, context_.R8 = 3, context_.R9 = 4;
  set_context();
  EXPECT_EQ(answer(), 10U);
}

TEST_F(NewThread, WhatIsNotNamedStays) {
  CONTEXT control = {};
  control.ContextFlags = CONTEXT_CONTROL;
  control.Rip = context_.Rip;
  control.Rsp = context_.Rsp;
  EXPECT_EQ(call<NTSTATUS>("NtSetContextThread", handle_, &control), STATUS_SUCCESS);
  EXPECT_EQ(answer(), 40U);
}

TEST_F(NewThread, StartsWithRtlUserThreadStart) {
  context_.Rip = number(reinterpret_cast<void*>(find(ntdll_dll, "RtlUserThreadStart")));
  context_.Rcx = number(reinterpret_cast<void*>(add_one));
  set_context();
  EXPECT_EQ(answer(), 41U);
  EXPECT_EQ(call<NTSTATUS>("NtGetContextThread", handle_, &context_), STATUS_UNSUCCESSFUL) << "it has ended";
}

HM_WINAPI DWORD suspend_itself(void*) {
  ULONG previous = 9;
  EXPECT_EQ(call<NTSTATUS>("NtSuspendThread", nt::current_thread_handle(), &previous), STATUS_SUCCESS);
  return previous;
}

TEST(SuspendedThread, ThatSuspendedItselfShowsItsRegistersToo) {
  process();
  const auto thread = *nt::create_thread({.routine = suspend_itself});
  const HANDLE handle = *nt::handle_for(thread, nt::THREAD_ALL_ACCESS);
  while (thread->suspend_count() == 0) ::usleep(1000);
  CONTEXT context = {};
  context.ContextFlags = CONTEXT_FULL;
  EXPECT_EQ(call<NTSTATUS>("NtGetContextThread", handle, &context), STATUS_SUCCESS);
  EXPECT_LT(context.Rsp, number(thread->teb()->NtTib.StackBase));
  EXPECT_GE(context.Rsp, number(thread->teb()->NtTib.StackLimit));
  EXPECT_NE(context.Rip, 0U);
  EXPECT_EQ(call<NTSTATUS>("NtSetContextThread", handle, &context), STATUS_SUCCESS);
  EXPECT_EQ(call<NTSTATUS>("NtResumeThread", handle, static_cast<ULONG*>(nullptr)), STATUS_SUCCESS);
  nt::wait_one(*thread, false, std::nullopt);
  EXPECT_EQ(thread->exit_code(), 0U);
  call<NTSTATUS>("NtClose", handle);
}

}  // namespace
}  // namespace hmodule::winapi
