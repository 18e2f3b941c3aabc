// A function with the Windows convention and unwind data, in a page of its own, that calls what it is given:
//   std::uint64_t caller(std::uint64_t (HM_WINAPI* function)(void*), void* argument)
// It keeps RBX, RSI and XMM6 for its caller, and changes them.
#pragma once

#include "unwind/function_table.h"

#include <sys/mman.h>

#include <cstring>
#include <stdexcept>

namespace hmodule::testing {

class PeFunction {
 public:
  using Callee = HM_WINAPI std::uint64_t (*)(void* argument);
  using Function = HM_WINAPI std::uint64_t (*)(Callee function, void* argument);
  static constexpr std::size_t kSize = 0x1000;

  PeFunction() {
    static constexpr BYTE kCode[] = {
        0x53,                          // 00 push rbx
        0x56,                          // 01 push rsi
        0x48, 0x83, 0xEC, 0x38,        // 02 sub rsp, 38h
        0x0F, 0x29, 0x74, 0x24, 0x20,  // 06 movaps [rsp+20h], xmm6
        0x31, 0xDB,                    // 0B xor ebx, ebx
        0x31, 0xF6,                    // 0D xor esi, esi
        0x0F, 0x57, 0xF6,              // 0F xorps xmm6, xmm6
        0x48, 0x89, 0xC8,              // 12 mov rax, rcx
        0x48, 0x89, 0xD1,              // 15 mov rcx, rdx
        0xFF, 0xD0,                    // 18 call rax
        0x0F, 0x28, 0x74, 0x24, 0x20,  // 1A movaps xmm6, [rsp+20h]
        0x48, 0x83, 0xC4, 0x38,        // 1F add rsp, 38h
        0x5E, 0x5B, 0xC3,              // 23 pop rsi; pop rbx; ret
    };
    static constexpr BYTE kInfo[] = {1, 0x0B, 5, 0, 0x0B, 0x68, 2, 0, 0x06, 0x62, 0x02, 0x60, 0x01, 0x30, 0, 0};
    void* const page = mmap(nullptr, kSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::runtime_error("mmap");
    page_ = static_cast<BYTE*>(page);
    std::memcpy(page_, kCode, sizeof kCode);
    std::memcpy(page_ + kInfoAt, kInfo, sizeof kInfo);
    functions_[0] = {0, sizeof kCode, kInfoAt};
    if (!unwind::add_image({base(), kSize, functions_, 1})) throw std::runtime_error("add_image");
  }
  PeFunction(const PeFunction&) = delete;
  PeFunction& operator=(const PeFunction&) = delete;
  ~PeFunction() {
    unwind::remove_image(base());
    munmap(page_, kSize);
  }

  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(page_); }
  bool contains(std::uintptr_t pc) const { return pc - base() < kSize; }
  Function get() const { return reinterpret_cast<Function>(page_); }

 private:
  static constexpr ULONG kInfoAt = 0x800;
  BYTE* page_;
  RUNTIME_FUNCTION functions_[1];
};

}  // namespace hmodule::testing
