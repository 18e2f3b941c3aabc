#include "thread/call.h"

#include "support.h"

#include <gtest/gtest.h>
#include <xmmintrin.h>

namespace hmodule::thread {
namespace {

using testing::Code;

HM_WINAPI std::uint64_t digits(int a, unsigned char b, long long c, void* d, int e, short f, int g) {
  return static_cast<std::uint64_t>(a) + b * 10ULL + static_cast<std::uint64_t>(c) * 100 +
         reinterpret_cast<std::uint64_t>(d) * 1000 + static_cast<std::uint64_t>(e) * 10'000 +
         static_cast<std::uint64_t>(f) * 100'000 + static_cast<std::uint64_t>(g) * 1'000'000;
}
TEST(Call, PassesArgumentsInRegistersAndOnTheStack) {
  EXPECT_EQ(call(digits, 1, 2, 3, reinterpret_cast<void*>(4), 5, 6, 7), 7'654'321U);
}

HM_WINAPI double mix(double a, int b, double c, int d, double e) {
  return a + b * 10 + c * 100 + d * 1000 + e * 10'000;
}
TEST(Call, PassesFloatingPointByPosition) {
  EXPECT_EQ(call(mix, 1, 2, 3, 4, 5), 54'321.0);
}

HM_WINAPI std::int32_t negative(std::int32_t value) {
  return -value;
}
TEST(Call, ExtendsAndTruncatesAsTheTypesSay) {
  EXPECT_EQ(call(negative, 5), -5);
}

// DM-12: an entry point that clobbers everything a callee is supposed to keep.
TEST(Call, SurvivesAnEntryPointThatKeepsNothing) {
  const Code rude{0x31, 0xDB,                          // xor ebx, ebx
                  0x31, 0xED,                          // xor ebp, ebp
                  0x4D, 0x31, 0xE4, 0x4D, 0x31, 0xED,  // xor r12, r12; xor r13, r13
                  0x4D, 0x31, 0xF6, 0x4D, 0x31, 0xFF,  // xor r14, r14; xor r15, r15
                  0x31, 0xF6, 0x31, 0xFF,              // xor esi, esi; xor edi, edi
                  0x66, 0x0F, 0xEF, 0xFF,              // pxor xmm7, xmm7
                  0xFD,                                // std
                  0xB8, 1,    0,    0,    0,           // mov eax, 1
                  0xC3};
  std::uint64_t kept[6] = {};
  std::uint64_t flags = 0;
  const auto entry = rude.as<DllEntryPoint>();
  __asm__ volatile("" ::: "rbx", "r12", "r13", "r14", "r15");
  for (std::uint64_t& value : kept) value = reinterpret_cast<std::uint64_t>(&value);
  EXPECT_EQ(call_entry_point(entry, kept, DLL_PROCESS_ATTACH, nullptr), TRUE);
  __asm__ volatile("pushfq; popq %0" : "=r"(flags));
  EXPECT_EQ(flags & 0x400, 0U) << "direction flag";
  for (std::uint64_t& value : kept) EXPECT_EQ(value, reinterpret_cast<std::uint64_t>(&value));
}

TEST(Call, PutsFloatingPointModesBack) {
  const Code change{0xC7, 0x44, 0x24, 0x08, 0x80, 0xFF, 0, 0,  // mov dword [rsp+8], FF80h: round to zero, flush
                    0x0F, 0xAE, 0x54, 0x24, 0x08,              // ldmxcsr [rsp+8]
                    0xC7, 0x44, 0x24, 0x08, 0x7F, 0,    0, 0,  // mov dword [rsp+8], 7Fh: 24-bit precision
                    0xD9, 0x6C, 0x24, 0x08,                    // fldcw [rsp+8]
                    0xC3};
  std::uint16_t control_before = 0, control_after = 0;
  const unsigned before = _mm_getcsr();
  __asm__ volatile("fnstcw %0" : "=m"(control_before));
  call_entry_point(change.as<DllEntryPoint>(), nullptr, DLL_THREAD_ATTACH, nullptr);
  __asm__ volatile("fnstcw %0" : "=m"(control_after));
  EXPECT_EQ(_mm_getcsr() & 0xFFC0, before & 0xFFC0);
  EXPECT_EQ(control_after, control_before);
}

TEST(Call, StackIsAlignedWithShadowSpace) {
  const Code stack{0x48, 0x89, 0x4C, 0x24, 0x08,  // mov [rsp+8], rcx: the four home slots
                   0x48, 0x89, 0x54, 0x24, 0x10,  // mov [rsp+10h], rdx
                   0x4C, 0x89, 0x44, 0x24, 0x18,  // mov [rsp+18h], r8
                   0x4C, 0x89, 0x4C, 0x24, 0x20,  // mov [rsp+20h], r9
                   0x48, 0x89, 0xE0,              // mov rax, rsp
                   0xC3};
  const auto rsp = call(stack.as<HM_WINAPI std::uint64_t (*)(int, int, int, int)>(), 1, 2, 3, 4);
  EXPECT_EQ(rsp % 16, 8U);
}

}  // namespace
}  // namespace hmodule::thread
