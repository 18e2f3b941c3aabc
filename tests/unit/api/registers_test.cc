// What a call leaves in registers, where callers count on more than the calling convention says.
#include <gtest/gtest.h>

#include <array>
#include <hmodule/hmodule.hpp>

#include "unit/api/dlls.h"
#include "unit/api/windows_names.h"

namespace hmodule::test {
namespace {

using Vectors = std::array<std::array<std::uint64_t, 2>, 4>;

// XMM0 to XMM3 are `vectors` before the call and what it left there after it.
__attribute__((noinline)) void* call_with(Vectors& vectors, void* function, HMODULE module, const char* name) {
  void* answer;
  register Vectors* kept asm("r12") = &vectors;
  asm volatile(
      "movups   (%[kept]), %%xmm0\n\t"
      "movups 16(%[kept]), %%xmm1\n\t"
      "movups 32(%[kept]), %%xmm2\n\t"
      "movups 48(%[kept]), %%xmm3\n\t"
      "movq   %%rsp, %%rbx\n\t"
      "subq   $160, %%rsp\n\t"  // below the red zone; 32 bytes shadow space
      "andq   $-16, %%rsp\n\t"
      "call   *%%rax\n\t"
      "movq   %%rbx, %%rsp\n\t"
      "movups %%xmm0,   (%[kept])\n\t"
      "movups %%xmm1, 16(%[kept])\n\t"
      "movups %%xmm2, 32(%[kept])\n\t"
      "movups %%xmm3, 48(%[kept])"
      : "=a"(answer), "+c"(module), "+d"(name)
      : "a"(function), [kept] "r"(kept)
      : "rbx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "memory", "cc");
  return answer;
}

TEST(Registers, Gpa11ALookUpLeavesTheVectorArguments) {
  const TemporaryDirectory directory;
  answering_dll("basic.dll", 5).write(directory / "basic.dll");
  const library dll(directory / "basic.dll");
  const HMODULE kernel = GetModuleHandleA("kernel32.dll");
  const char* const no_such = "no_such_function";
  const auto ordinal = reinterpret_cast<const char*>(std::uintptr_t{7});
  for (void* function : {reinterpret_cast<void*>(&GetProcAddress), GetProcAddress(kernel, "GetProcAddress")})
    for (const char* name : {"answer", ordinal, no_such}) {
      const Vectors wanted{{{1, 2}, {3, 4}, {5, 6}, {7, 8}}};
      Vectors vectors = wanted;
      void* const found = call_with(vectors, function, dll.handle(), name);
      EXPECT_EQ(found != nullptr, name != no_such);
      EXPECT_EQ(vectors, wanted);
    }
}

}  // namespace
}  // namespace hmodule::test
