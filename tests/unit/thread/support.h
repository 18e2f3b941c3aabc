// Machine code that stands for a DLL's, and host threads to run it in.
#pragma once

#include "thread/hooks.h"
#include "thread/teb.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <thread>

namespace hmodule::thread::testing {

inline std::atomic<int> attaches{0}, detaches{0};
inline std::atomic<std::uintptr_t> code_begin{0}, code_end{0};
inline std::function<void()> during_attach, during_detach;

// What the loader would say. Call it first in every test; the process starts once.
inline void start_with_test_hooks() {
  during_attach = during_detach = nullptr;
  set_loader_hooks({
      .attach =
          [] {
            ++attaches;
            if (during_attach) during_attach();
          },
      .detach =
          [] {
            ++detaches;
            if (during_detach) during_detach();
          },
      .is_dll_code = [](std::uintptr_t ip) { return ip >= code_begin && ip < code_end; },
  });
  start();
  attaches = detaches = 0;
}

// One page of executable bytes.
class Code {
 public:
  Code(std::initializer_list<unsigned> bytes) {
    page_ = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    auto* out = static_cast<std::uint8_t*>(page_);
    for (unsigned byte : bytes) *out++ = static_cast<std::uint8_t>(byte);
    code_begin = reinterpret_cast<std::uintptr_t>(page_);
    code_end = code_begin + 4096;
  }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() {
    code_begin = code_end = 0;
    munmap(page_, 4096);
  }

  template <typename Function>
  Function as() const {
    return reinterpret_cast<Function>(page_);
  }
  const std::byte* bytes() const { return static_cast<const std::byte*>(page_); }

 private:
  void* page_;
};

template <typename Work>
void in_new_thread(Work work) {
  std::thread(work).join();
}

}  // namespace hmodule::thread::testing
