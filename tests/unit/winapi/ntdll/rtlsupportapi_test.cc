// The unwinder as a DLL calls it: through the exports, from generated code.
#include "../process.h"
#include "unwind/frames.h"
#include "win/context.h"

#include <sys/mman.h>

#include <cstring>
#include <initializer_list>

namespace hmodule::winapi {
namespace {

// One page of generated code with a function table: functions at 0x000 and 0x100, their unwind data at 0x800 and 0x880.
class GeneratedCode : public ::testing::Test {
 protected:
  static constexpr std::size_t kSize = 0x1000;

  GeneratedCode() {
    process();
    page_ = static_cast<BYTE*>(
        mmap(nullptr, kSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  ~GeneratedCode() override { munmap(page_, kSize); }

  DWORD64 base() const { return reinterpret_cast<DWORD64>(page_); }
  void put(std::size_t at, std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) page_[at++] = static_cast<BYTE>(byte);
  }
  void put_address(std::size_t at, const void* address) { std::memcpy(page_ + at, &address, sizeof address); }

  const Function<RUNTIME_FUNCTION*, DWORD64, DWORD64*, void*> lookup_ =
      function<RUNTIME_FUNCTION*, DWORD64, DWORD64*, void*>(ntdll_dll, "RtlLookupFunctionEntry");
  const Function<BOOLEAN, RUNTIME_FUNCTION*, DWORD, DWORD64> add_ =
      function<BOOLEAN, RUNTIME_FUNCTION*, DWORD, DWORD64>(ntdll_dll, "RtlAddFunctionTable");
  const Function<BOOLEAN, void*> delete_ = function<BOOLEAN, void*>(ntdll_dll, "RtlDeleteFunctionTable");
  const Function<void*, ULONG, DWORD64, DWORD64, RUNTIME_FUNCTION*, CONTEXT*, void**, DWORD64*, void*> unwind_ =
      function<void*, ULONG, DWORD64, DWORD64, RUNTIME_FUNCTION*, CONTEXT*, void**, DWORD64*, void*>(
          ntdll_dll, "RtlVirtualUnwind");
  BYTE* page_;
  RUNTIME_FUNCTION functions_[2] = {{0x000, 0x080, 0x800}, {0x100, 0x180, 0x880}};
};

TEST_F(GeneratedCode, IsFoundByItsTable) {  // EH-20
  DWORD64 found = 1;
  EXPECT_TRUE(add_(functions_, 2, base()));
  EXPECT_EQ(lookup_(base() + 0x110, &found, nullptr), &functions_[1]);
  EXPECT_EQ(found, base());
  EXPECT_EQ(lookup_(base() + 0x180, &found, nullptr), nullptr);
  EXPECT_EQ(found, 0U) << "EH-03";
  EXPECT_TRUE(delete_(functions_));
  EXPECT_FALSE(delete_(functions_));
  EXPECT_EQ(lookup_(base() + 0x110, &found, nullptr), nullptr);
}

TEST_F(GeneratedCode, IsFoundByItsCallback) {  // EH-21
  static int calls;
  static RUNTIME_FUNCTION answer;
  calls = 0;
  answer = {0x10, 0x20, 0};
  using Callback = HM_WINAPI RUNTIME_FUNCTION* (*)(DWORD64, void*);
  const Callback callback = [](DWORD64, void* context) HM_WINAPI {
    ++calls;
    return static_cast<RUNTIME_FUNCTION*>(context);
  };
  const auto install = function<BOOLEAN, DWORD64, DWORD64, DWORD, Callback, void*, const WCHAR*>(
      ntdll_dll, "RtlInstallFunctionTableCallback");
  DWORD64 found = 1;
  EXPECT_FALSE(install(base(), base(), 0x100, callback, &answer, nullptr));
  EXPECT_TRUE(install(base() | 3, base(), 0x100, callback, &answer, nullptr));
  EXPECT_EQ(lookup_(base() + 0x100, &found, nullptr), nullptr);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(lookup_(base() + 0x18, &found, nullptr), &answer);
  EXPECT_EQ(found, base());
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(delete_(reinterpret_cast<void*>(base() | 3)));
  EXPECT_FALSE(delete_(reinterpret_cast<void*>(base() | 3)));
}

TEST_F(GeneratedCode, MayGrow) {  // EH-22
  const auto add = function<DWORD, void**, RUNTIME_FUNCTION*, DWORD, DWORD, ULONG_PTR, ULONG_PTR>(
      ntdll_dll, "RtlAddGrowableFunctionTable");
  const auto grow = function<int, void*, DWORD>(ntdll_dll, "RtlGrowFunctionTable");
  const auto remove = function<int, void*>(ntdll_dll, "RtlDeleteGrowableFunctionTable");
  void* table = nullptr;
  DWORD64 found = 1;
  EXPECT_EQ(add(&table, functions_, 1, 2, base(), base() + kSize), 0U);
  EXPECT_NE(table, nullptr);
  EXPECT_EQ(lookup_(base() + 0x10, &found, nullptr), &functions_[0]);
  EXPECT_EQ(lookup_(base() + 0x110, &found, nullptr), nullptr);
  grow(table, 2);
  EXPECT_EQ(lookup_(base() + 0x110, &found, nullptr), &functions_[1]);
  EXPECT_EQ(found, base());
  remove(table);
  EXPECT_EQ(lookup_(base() + 0x110, &found, nullptr), nullptr);
}

TEST_F(GeneratedCode, HandlerDataIsLeftAloneWithoutAHandler) {  // EH-11
  put(0x000, {0x90, 0xC3});
  put(0x800, {0x09, 0, 0, 0, 0x10, 0, 0, 0, 0x44, 0x33, 0x22, 0x11});  // for exceptions, at 0x10
  ULONGLONG stack[4] = {0x1111, 0x2222};
  CONTEXT context{};
  DWORD64 establisher = 0;
  const auto data_after = [&](ULONG type, RUNTIME_FUNCTION* entry, void* expected) {
    context.Rsp = reinterpret_cast<DWORD64>(stack);
    auto* data = reinterpret_cast<void*>(0xDEADBEEF);
    EXPECT_EQ(unwind_(type, base(), base(), entry, &context, &data, &establisher, nullptr), expected);
    EXPECT_EQ(context.Rip, 0x1111U);
    EXPECT_EQ(establisher, reinterpret_cast<DWORD64>(stack));
    return data;
  };
  EXPECT_EQ(data_after(1, functions_, page_ + 0x10), page_ + 0x808);
  EXPECT_EQ(data_after(2, functions_, nullptr), reinterpret_cast<void*>(0xDEADBEEF));
  EXPECT_EQ(data_after(1, nullptr, nullptr), nullptr) << "EH-04: a leaf";
}

TEST_F(GeneratedCode, OtherStacksCanBeUnwound) {
  const auto elsewhere = std::make_unique<ULONGLONG>(0x1111);
  CONTEXT context{};
  context.Rsp = reinterpret_cast<DWORD64>(elsewhere.get());
  void* data = nullptr;
  DWORD64 establisher = 0;
  unwind_(0, 0, 0, nullptr, &context, &data, &establisher, nullptr);
  EXPECT_EQ(context.Rip, 0x1111U);
  context.Rsp = reinterpret_cast<DWORD64>(thread::teb().NtTib.StackBase) - 8;
  unwind_(0, 0, 0, nullptr, &context, &data, &establisher, nullptr);
  EXPECT_EQ(context.Rsp, reinterpret_cast<DWORD64>(thread::teb().NtTib.StackBase));
}

// The outer function calls the inner one, which saves rbx, changes it and calls RtlCaptureStackBackTrace.
TEST_F(GeneratedCode, TracesItsCallers) {
  put(0x000, {0x48, 0x83, 0xEC, 0x28,                // 00 sub rsp, 28h
              0xE8, 0xF7, 0x00, 0x00, 0x00,          // 04 call 100h
              0x48, 0x83, 0xC4, 0x28, 0xC3});        // 09 add rsp, 28h; ret
  put(0x100, {0x53,                                  // 00 push rbx
              0x48, 0x83, 0xEC, 0x20,                // 01 sub rsp, 20h
              0xBB, 0x78, 0x56, 0x34, 0x12,          // 05 mov ebx, 12345678h
              0xFF, 0x15, 0x60, 0x00, 0x00, 0x00,    // 0A call [170h]
              0x48, 0x83, 0xC4, 0x20, 0x5B, 0xC3});  // 10 add rsp, 20h; pop rbx; ret
  put(0x800, {1, 4, 1, 0, 4, 0x42});
  put(0x880, {1, 5, 2, 0, 5, 0x32, 1, 0x30});
  put_address(0x170, find(kernel32_dll, "RtlCaptureStackBackTrace"));
  ASSERT_TRUE(add_(functions_, 2, base()));
  const Function<WORD, ULONG, ULONG, void**, ULONG*> outer{page_};

  void* frames[8] = {};
  ULONG hash = 0;
  ASSERT_EQ(outer(0, 8, frames, &hash), 3);
  EXPECT_EQ(frames[0], page_ + 0x110);
  EXPECT_EQ(frames[1], page_ + 0x009);
  EXPECT_EQ(frames[2], static_cast<const void*>(unwind::hm_call_windows_return)) << "the host, where it ends";
  EXPECT_EQ(frames[3], nullptr);
  EXPECT_EQ(hash, static_cast<ULONG>(reinterpret_cast<ULONG_PTR>(frames[0]) + reinterpret_cast<ULONG_PTR>(frames[1]) +
                                     reinterpret_cast<ULONG_PTR>(frames[2])));
  EXPECT_EQ(outer(1, 1, frames, nullptr), 1);
  EXPECT_EQ(frames[0], page_ + 0x009);
  EXPECT_EQ(outer(3, 8, frames, nullptr), 0);
  EXPECT_EQ(outer(0, 0, frames, nullptr), 0);
  EXPECT_TRUE(delete_(functions_));
}

TEST_F(GeneratedCode, HasNoFileHeader) {  // LDR-11
  const auto header = function<void*, void*, void**>(ntdll_dll, "RtlPcToFileHeader");
  void* base = page_;
  EXPECT_EQ(header(page_, &base), nullptr);
  EXPECT_EQ(base, nullptr);
}

}  // namespace
}  // namespace hmodule::winapi
