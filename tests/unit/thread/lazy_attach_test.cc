#include "support.h"
#include "support/death.h"
#include "thread/gs.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace hmodule::thread {
namespace {

using testing::attaches, testing::Code, testing::in_new_thread;

class LazyAttach : public ::testing::Test {
 protected:
  void SetUp() override { testing::start_with_test_hooks(); }
};

TEST_F(LazyAttach, FirstReadOfGsInDllCodeAttaches) {
  const Code read_self{0x65, 0x48, 0x8B, 0x04, 0x25, 0x30, 0, 0, 0,  // mov rax, gs:[30h]
                       0xC3};
  in_new_thread([&] {
    ASSERT_EQ(gs_base(), 0U);
    TEB* const seen = read_self.as<HM_WINAPI TEB* (*)()>()();
    EXPECT_EQ(seen, try_teb());
    EXPECT_NE(seen, nullptr);
  });
  EXPECT_EQ(attaches, 1);
}

// TLS-05: the sequence compilers emit for a __declspec(thread) variable.
TEST_F(LazyAttach, StaticTlsPointerIsThereForTheFirstInstruction) {
  const Code read_vector{0x65, 0x48, 0x8B, 0x04, 0x25, 0x58, 0, 0, 0,  // mov rax, gs:[58h]
                         0xC3};
  in_new_thread([&] {
    void* const vector = read_vector.as<HM_WINAPI void* (*)()>()();
    EXPECT_EQ(vector, attach().ThreadLocalStoragePointer);
  });
}

TEST_F(LazyAttach, WorksForWritesAndForRegisterOffsets) {
  const Code write_error{0x65, 0x89, 0x0C, 0x25, 0x68, 0, 0, 0,  // mov gs:[68h], ecx
                         0xC3};
  in_new_thread([&] {
    write_error.as<HM_WINAPI void (*)(DWORD)>()(77);
    EXPECT_EQ(last_error(), 77U);
  });
  const Code read_at{0x65, 0x48, 0x8B, 0x01,  // mov rax, gs:[rcx]
                     0xC3};
  in_new_thread([&] {
    TEB* const seen = read_at.as<HM_WINAPI TEB* (*)(std::uintptr_t)>()(0x30);
    EXPECT_EQ(seen, try_teb());
  });
}

TEST_F(LazyAttach, OurOwnFunctionsMayReadGsFirst) {
  in_new_thread([] {
    set_last_error(5);
    EXPECT_EQ(last_error(), 5U);
  });
}

// The instruction before and the one after must see the same registers, whatever DLL_THREAD_ATTACH does to them.
TEST_F(LazyAttach, EveryRegisterSurvives) {
  testing::during_attach = [] {
    __asm__ volatile("pxor %%xmm0, %%xmm0\n\t pxor %%xmm7, %%xmm7\n\t vpxor %%ymm15, %%ymm15, %%ymm15" ::
                         : "xmm0", "xmm7", "xmm15");
    errno = 99;
  };
  in_new_thread([] {
    errno = 3;
    std::uint64_t in[4] = {1, 2, 3, 4}, out[4] = {}, red_zone = 0, flags = 0, sum = 0;
    TEB* self = nullptr;
    __asm__ volatile(
        "movq $0x5EED, -120(%%rsp)\n\t"
        "vmovdqu %[in], %%ymm15\n\t"
        "movq $11, %%rcx\n\t movq $22, %%rdx\n\t movq $33, %%r8\n\t movq $44, %%r11\n\t movq $55, %%rdi\n\t"
        "stc\n\t"
        "movq %%gs:0x30, %[self]\n\t"
        "sbbq %%rax, %%rax\n\t"  // all ones: the carry is still set
        "movq %%rax, %[flags]\n\t"
        "leaq (%%rcx,%%rdx), %%rax\n\t addq %%r8, %%rax\n\t addq %%r11, %%rax\n\t addq %%rdi, %%rax\n\t"
        "movq %%rax, %[sum]\n\t"
        "movq -120(%%rsp), %%rax\n\t movq %%rax, %[red_zone]\n\t"
        "vmovdqu %%ymm15, %[out]\n\t"
        "vzeroupper"
        : [self] "=&b"(self), [out] "=m"(out), [flags] "=m"(flags), [sum] "=m"(sum), [red_zone] "=m"(red_zone)
        : [in] "m"(in)
        : "rax", "rcx", "rdx", "rdi", "r8", "r11", "xmm15", "cc", "memory");
    EXPECT_EQ(self, try_teb());
    EXPECT_EQ(flags, ~0ULL);
    EXPECT_EQ(sum, 165U);
    EXPECT_EQ(red_zone, 0x5EEDU);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(out[i], in[i]);
    EXPECT_EQ(errno, 3);
  });
}

using LazyAttachDeathTest = LazyAttach;

TEST_F(LazyAttachDeathTest, ANullPointerIsStillANullPointer) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto read_null_in_new_thread = [] {
    testing::start_with_test_hooks();
    const Code read{0x48, 0x8B, 0x04, 0x25, 0x10, 0, 0, 0, 0xC3};  // mov rax, [10h]
    in_new_thread([&] { read.as<HM_WINAPI void* (*)()>()(); });
  };
  EXPECT_EXIT(read_null_in_new_thread(), test::KilledByFault(SIGSEGV), "");
}

}  // namespace
}  // namespace hmodule::thread
