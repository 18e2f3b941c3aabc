// Unwind data of loaded DLLs that are damaged, or cannot be read at all.
#include "dlls.h"
#include "win/context.h"

#include <gtest/gtest.h>

#include <array>
#include <hmodule/hmodule.hpp>
#include <random>

namespace hmodule::test {
namespace {

// `answer` with unwind data (a push) in a section of its own, which has the rights given.
PeBuilder unwindable_dll(std::uint32_t rights) {
  PeBuilder dll = answering_dll("unwindable.dll", 1);
  const std::uint32_t text = dll.section(".text").header.VirtualAddress;
  const std::uint32_t info =
      dll.add_section(".xdata", bytes_of({1, 0, 1, 0, 0, 0x50, 0, 0}), pe::kSectionInitializedData | rights);
  dll.add_exception_table({{text, text + 0x20, info}});
  return dll;
}

class UnwindData : public ::testing::Test {
 protected:
  // Where a frame in the DLL's first function leads; the stack's words are 1, 2, 3...
  ULONGLONG unwind_in(const library& dll) {
    const u64 pc = reinterpret_cast<u64>(dll.handle()) + 0x1002;
    u64 base = 0, establisher = 0;
    void* const function = lookup_(pc, &base, nullptr);
    std::array<ULONGLONG, 512> stack;
    for (std::size_t i = 0; i < stack.size(); ++i) stack[i] = i + 1;
    CONTEXT context{};
    for (unsigned number = 0; number < 16; ++number) context.reg(number) = reinterpret_cast<u64>(stack.data());
    void* data = nullptr;
    unwind_(1, base, pc, function, &context, &data, &establisher, nullptr);
    return context.Rip;
  }

  const library ntdll_{"ntdll.dll"};
  const function_pointer<void*(u64, u64*, void*)> lookup_ =
      ntdll_.get<void*(u64, u64*, void*)>("RtlLookupFunctionEntry");
  const function_pointer<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)> unwind_ =
      ntdll_.get<void*(std::uint32_t, u64, u64, void*, void*, void**, u64*, void*)>("RtlVirtualUnwind");
};

TEST_F(UnwindData, InASectionWithoutRightsIsNotRead) {  // MAP-06
  const ByteVector readable = unwindable_dll(pe::kSectionRead).build(), unreadable = unwindable_dll(0).build();
  EXPECT_EQ(unwind_in(library::from_memory(readable, "unwindable.dll")), 2U);
  EXPECT_EQ(unwind_in(library::from_memory(unreadable, "unwindable.dll")), 0U);
}

TEST_F(UnwindData, MayBeAnything) {  // EH-01, EH-02
  PeBuilder dll = unwindable_dll(pe::kSectionRead);
  const auto xdata = dll.section(".xdata").data_offset, pdata = dll.section(".pdata").data_offset;
  const ByteVector whole = dll.build();
  std::mt19937 random(20240607);
  for (int i = 0; i < 300; ++i) {
    ByteVector damaged = whole;
    for (int n = 0; n < 4; ++n) damaged[xdata + random() % 8] = std::byte(random());
    if (i % 2 == 0) damaged[pdata + 8 + random() % 4] = std::byte(random());
    unwind_in(library::from_memory(damaged, "unwindable.dll"));
  }
}

}  // namespace
}  // namespace hmodule::test
