// libgcc's unwinder in DLL code.
#include "unwind/native_unwinders.h"

#include "support/pe_function.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <gtest/gtest.h>
#include <unwind.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace hmodule::unwind {
namespace {

using testing::PeFunction;

HM_WINAPI std::uint64_t throws(void* text) {
  throw std::runtime_error(static_cast<const char*>(text));
}

std::string thrown_through(const PeFunction& dll) try {
  char text[] = "from a callback";
  dll.get()(throws, text);
  return "nothing";
} catch (const std::exception& caught) {
  return caught.what();
}

TEST(NativeUnwinders, CarryAnExceptionThroughDllFrames) {
  const PeFunction dll;
  EXPECT_EQ(thrown_through(dll), "from a callback");
  EXPECT_EQ(thrown_through(dll), "from a callback") << "with what the first time left";
}

// DLL, host, DLL, host.
HM_WINAPI std::uint64_t throws_deeper(void* dll) {
  char text[] = "from two frames down";
  return static_cast<PeFunction*>(dll)->get()(throws, text);
}
TEST(NativeUnwinders, CrossSeveralLayers) {
  PeFunction outer, inner;
  try {
    outer.get()(throws_deeper, &inner);
    FAIL();
  } catch (const std::exception& caught) {
    EXPECT_STREQ(caught.what(), "from two frames down");
  }
}

// What a native function keeps in registers of its own convention survives the landing.
__attribute__((noinline)) std::uint64_t keeps_registers(const PeFunction& dll, std::uint64_t seed) {
  std::uint64_t a = seed * 3, b = seed * 5, c = seed * 7, d = seed * 11, e = seed * 13, f = seed * 17, g = seed * 19;
  asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g));
  char text[] = "";
  try {
    dll.get()(throws, text);
  } catch (const std::exception&) {
    asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g));
  }
  return a + b + c + d + e + f + g;
}
TEST(NativeUnwinders, GiveTheCatcherItsRegisters) {
  const PeFunction dll;
  EXPECT_EQ(keeps_registers(dll, 1000), 75000U);
}

HM_WINAPI std::uint64_t walks(void* frames) {
  auto& into = *static_cast<std::vector<std::uintptr_t>*>(frames);
  _Unwind_Backtrace(
      [](_Unwind_Context* frame, void* all) {
        static_cast<std::vector<std::uintptr_t>*>(all)->push_back(_Unwind_GetIP(frame));
        return _URC_NO_REASON;
      },
      frames);
  return into.size();
}

std::string function_of(std::uintptr_t address) {
  Dl_info info{};
  dladdr(reinterpret_cast<void*>(address), &info);
  return info.dli_sname == nullptr ? "" : info.dli_sname;
}

TEST(NativeUnwinders, WalkThroughDllFrames) {
  const PeFunction dll;
  std::vector<std::uintptr_t> frames;
  dll.get()(walks, &frames);
  const auto in_dll = std::find_if(frames.begin(), frames.end(), [&](std::uintptr_t pc) { return dll.contains(pc); });
  ASSERT_NE(in_dll, frames.end());
  EXPECT_TRUE(std::any_of(in_dll, frames.end(), [](std::uintptr_t pc) {
    return function_of(pc).find("libc_start") != std::string::npos;
  })) << "as far as the program's start";
}

HM_WINAPI std::uint64_t asks_glibc(void* size) {
  void* frames[64];
  return *static_cast<int*>(size) = backtrace(frames, 64);
}
TEST(NativeUnwinders, GlibcsBacktraceGoesOnToo) {
  const PeFunction dll;
  int deep = 0, flat = 0;
  dll.get()(asks_glibc, &deep);
  asks_glibc(&flat);
  EXPECT_GT(deep, flat);
}

TEST(NativeUnwinders, ManyThreadsMayBeTheFirst) {
  const PeFunction dll;
  std::vector<std::thread> threads;
  std::atomic<int> caught = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) caught += thrown_through(dll) == "from a callback" ? 1 : 0;
    });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(caught, 800);
}

bool is_known(std::uintptr_t pc) {
  dl_find_object found;
  return _dl_find_object(reinterpret_cast<void*>(pc), &found) == 0;
}

TEST(NativeUnwinders, KnowDllCodeWhileItIsThere) {
  std::uintptr_t base = 0;
  {
    const PeFunction dll;
    base = dll.base();
    EXPECT_TRUE(is_known(base + 0x1A));
    EXPECT_TRUE(is_known(base + 0x200)) << "without an entry it is a leaf (EH-04)";
    EXPECT_FALSE(is_known(base - 1));
    EXPECT_FALSE(is_known(base + PeFunction::kSize));
  }
  EXPECT_FALSE(is_known(base + 0x1A));
  EXPECT_TRUE(is_known(reinterpret_cast<std::uintptr_t>(&is_known)));
}

TEST(NativeUnwinders, KnowGeneratedCode) {  // EH-20
  const PeFunction dll;
  remove_image(dll.base());
  RUNTIME_FUNCTION table[] = {{0, 0x26, 0x800}};
  EXPECT_FALSE(is_known(dll.base() + 0x1A));
  ASSERT_TRUE(add_table(table, 1, dll.base()));
  EXPECT_EQ(thrown_through(dll), "from a callback");
  EXPECT_TRUE(remove_table(reinterpret_cast<std::uintptr_t>(table)));
  EXPECT_FALSE(is_known(dll.base() + 0x1A));
}

}  // namespace
}  // namespace hmodule::unwind
