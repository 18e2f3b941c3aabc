#include "unwind/virtual_unwind.h"

#include "unwind/context.h"
#include "unwind/exceptions.h"
#include "unwind/function_table.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <vector>

namespace hmodule::unwind {
namespace {

// The function of loader-semantics §14.2, its unwind data, and a stack whose word at offset k holds k.
class Vector : public ::testing::Test {
 protected:
  static constexpr std::array<BYTE, 0x34> kCode = {
      0x40, 0x55,                          // 00 push rbp
      0x48, 0x81, 0xEC, 0x10, 0x01, 0, 0,  // 02 sub rsp, 110h
      0x48, 0x8D, 0x6C, 0x24, 0x30,        // 09 lea rbp, [rsp+30h]
      0x48, 0x89, 0x9D, 0xF0, 0,    0, 0,  // 0E mov [rbp+F0h], rbx
      0x48, 0x89, 0xB5, 0xF8, 0,    0, 0,  // 15 mov [rbp+F8h], rsi
      0x90,                                // 1C nop
      0x48, 0x8B, 0x9D, 0xF0, 0,    0, 0,  // 1D mov rbx, [rbp+F0h]
      0x48, 0x8B, 0xB5, 0xF8, 0,    0, 0,  // 24 mov rsi, [rbp+F8h]
      0x48, 0x8D, 0xA5, 0xE0, 0,    0, 0,  // 2B lea rsp, [rbp+E0h]
      0x5D,                                // 32 pop rbp
      0xC3,                                // 33 ret
  };
  static constexpr ULONG kUnwindInfo = 0x100, kHandler = 0x200;

  Vector() {
    std::memcpy(image_.data(), kCode.data(), kCode.size());
    const BYTE info[] = {0x19,                    // version 1, both kinds of handler
                         0x1C, 8,    0x35,        // prolog 1Ch, 8 slots, rbp at 30h
                         0x1C, 0x64, 0x25, 0,     // rsi at 128h
                         0x15, 0x34, 0x24, 0,     // rbx at 120h
                         0x0E, 0x03, 0x09, 0x01,  // frame register; allocation ...
                         0x22, 0,    0x02, 0x50,  // ... of 110h; push rbp
                         0,    0x02, 0,    0};
    std::memcpy(&image_[kUnwindInfo], info, sizeof info);
    for (std::size_t i = 0; i < stack_.size(); ++i) stack_[i] = 8 * i;
  }

  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(image_.data()); }
  std::uintptr_t stack() const { return reinterpret_cast<std::uintptr_t>(stack_.data()); }

  alignas(16) std::array<BYTE, 0x300> image_{};
  alignas(16) std::array<ULONGLONG, 0x40> stack_{};
  RUNTIME_FUNCTION function_{0, kCode.size(), kUnwindInfo};
};

TEST_F(Vector, UnwindsAsWindowsDoesFromEveryPlace) {
  struct Row {
    ULONG pc;
    bool handler;
    ULONGLONG rip_from, establisher, new_rsp;
  };
  const Row rows[] = {
      {0x00, false, 0x000, 0x00, 0x008}, {0x02, false, 0x008, 0x00, 0x010}, {0x09, false, 0x118, 0x00, 0x120},
      {0x0E, false, 0x128, 0x10, 0x130}, {0x15, false, 0x128, 0x10, 0x130}, {0x1C, true, 0x128, 0x10, 0x130},
      {0x1D, true, 0x128, 0x10, 0x130},  {0x24, true, 0x128, 0x10, 0x130},  {0x2B, false, 0x128, 0x10, 0x130},
      {0x32, false, 0x008, 0x10, 0x010}, {0x33, false, 0x000, 0x10, 0x008},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.pc);
    CONTEXT context{};
    context.Rsp = stack();
    context.Rbp = stack() + 0x40;
    context.Rip = base() + row.pc;
    const FrameHandler found = virtual_unwind(kExceptionHandler, base(), context.Rip, &function_, context);
    EXPECT_EQ(found.routine != nullptr, row.handler);
    EXPECT_EQ(context.Rip, row.rip_from);
    EXPECT_EQ(found.establisher_frame - stack(), row.establisher);
    EXPECT_EQ(context.Rsp - stack(), row.new_rsp);
    if (row.handler) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found.routine), base() + kHandler);
      EXPECT_EQ(found.data, &image_[kUnwindInfo + 24]) << "EH-11";
    }
  }
}

TEST_F(Vector, SaysWhereRegistersWere) {  // EH-12
  CONTEXT context{};
  context.Rsp = stack();
  context.Rbp = stack() + 0x40;
  KNONVOLATILE_CONTEXT_POINTERS pointers{};
  virtual_unwind(kUnwindHandler, base(), base() + 0x1C, &function_, context, &pointers);
  EXPECT_EQ(context.Rbx, 0x130U);
  EXPECT_EQ(context.Rsi, 0x138U);
  EXPECT_EQ(context.Rbp, 0x120U);
  EXPECT_EQ(pointers.IntegerContext[3], &stack_[0x130 / 8]);
  EXPECT_EQ(pointers.IntegerContext[5], &stack_[0x120 / 8]);
  EXPECT_EQ(pointers.IntegerContext[4], nullptr) << "rsp has none";
}

TEST_F(Vector, WithoutAnEntryItIsALeaf) {  // EH-04
  CONTEXT context{};
  context.Rsp = stack() + 0x40;
  const FrameHandler found = virtual_unwind(kExceptionHandler, 0, 0, nullptr, context);
  EXPECT_EQ(found.routine, nullptr);
  EXPECT_EQ(found.establisher_frame, stack() + 0x40);
  EXPECT_EQ(context.Rip, 0x40U);
  EXPECT_EQ(context.Rsp, stack() + 0x48);
}

TEST_F(Vector,
       ChainedPiecesAreUndoneToTheEnd) {      // EH-10: the piece saves rbx, its parent pushed rbp and owns the handler
  const BYTE piece[] = {0x21, 0x00, 2,    0,  // version 1, chained; 2 slots
                        0x00, 0x34, 0x00, 0x00,  // rbx at 0
                        0,    0,    0,    0,     // RUNTIME_FUNCTION of the parent
                        0x34, 0,    0,    0,    0, 1, 0, 0};
  std::memcpy(&image_[0x180], piece, sizeof piece);
  image_[0x60] = 0x90;
  const RUNTIME_FUNCTION function{0x60, 0x70, 0x180};
  CONTEXT context{};
  context.Rsp = stack();
  context.Rbp = stack() + 0x40;
  const FrameHandler found = virtual_unwind(kExceptionHandler, base(), base() + 0x60, &function, context);
  EXPECT_EQ(context.Rip, 0x128U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found.routine), base() + kHandler);
}

// EH-20...EH-22 and EH-03.
class FunctionTables : public ::testing::Test {
 protected:
  static constexpr std::uintptr_t kBase = 0x7000'0000'0000;
  RUNTIME_FUNCTION table_[3] = {{0x100, 0x200, 0x10}, {0x200, 0x280, 0x20}, {0x300, 0x310, 0x30}};
};

TEST_F(FunctionTables, ImageHidesNothingButItself) {
  ASSERT_TRUE(add_image({kBase, 0x1000, table_, 3}));
  EXPECT_EQ(find_function(kBase + 0x100).function, &table_[0]);
  EXPECT_EQ(find_function(kBase + 0x1FF).function, &table_[0]);
  EXPECT_EQ(find_function(kBase + 0x200).function, &table_[1]);
  EXPECT_EQ(find_function(kBase + 0x2FF).function, nullptr);
  EXPECT_EQ(find_function(kBase + 0x2FF).image_base, kBase) << "known code, a leaf";
  EXPECT_EQ(find_function(kBase + 0x1000).image_base, 0U);
  remove_image(kBase);
  EXPECT_EQ(find_function(kBase + 0x100).image_base, 0U);
}

TEST_F(FunctionTables, AreRemovedOncePerAddition) {
  const auto id = reinterpret_cast<std::uintptr_t>(table_);
  ASSERT_TRUE(add_table(table_, 3, kBase));
  ASSERT_TRUE(add_table(table_, 3, kBase));
  ASSERT_TRUE(add_table(table_ + 1, 0, kBase)) << "an empty one is allowed";
  EXPECT_EQ(find_function(kBase + 0x305).function, &table_[2]);
  EXPECT_TRUE(remove_table(id));
  EXPECT_EQ(find_function(kBase + 0x305).function, &table_[2]);
  EXPECT_TRUE(remove_table(id));
  EXPECT_FALSE(remove_table(id));
  EXPECT_TRUE(remove_table(reinterpret_cast<std::uintptr_t>(table_ + 1)));
  EXPECT_EQ(find_function(kBase + 0x305).function, nullptr);
}

TEST_F(FunctionTables, CallbackIsAskedInItsRange) {
  const TableCallback callback = [](std::uintptr_t pc, void* context) HM_WINAPI {
    return pc == kBase + 5 ? static_cast<RUNTIME_FUNCTION*>(context) : nullptr;
  };
  EXPECT_FALSE(add_table_callback(kBase, kBase, 0x100, callback, table_)) << "the low two bits must be set";
  ASSERT_TRUE(add_table_callback(kBase | 3, kBase, 0x100, callback, table_));
  EXPECT_EQ(find_function(kBase + 5).function, table_);
  EXPECT_EQ(find_function(kBase + 6).function, nullptr);
  EXPECT_EQ(find_function(kBase + 6).image_base, kBase);
  EXPECT_EQ(find_function(kBase + 0x100).image_base, 0U);
  EXPECT_TRUE(remove_table(kBase | 3));
}

TEST_F(FunctionTables, GrowInPlace) {
  const Result<void*> handle = add_growable_table(table_, 1, 3, kBase, kBase + 0x1000);
  ASSERT_TRUE(handle);
  EXPECT_EQ(find_function(kBase + 0x250).function, nullptr);
  grow_table(*handle, 3);
  EXPECT_EQ(find_function(kBase + 0x250).function, &table_[1]);
  remove_growable_table(*handle);
  EXPECT_EQ(find_function(kBase + 0x250).function, nullptr);
  EXPECT_FALSE(add_growable_table(table_, 4, 3, kBase, kBase + 0x1000));
}

TEST_F(FunctionTables, IndirectEntriesAreFollowed) {  // EH-01
  struct {
    RUNTIME_FUNCTION entry, real;
  } image{{0x100, 0x200, sizeof(RUNTIME_FUNCTION) | 1}, {0x100, 0x200, 0x40}};
  const auto base = reinterpret_cast<std::uintptr_t>(&image);
  ASSERT_TRUE(add_image({base, 0x1000, &image.entry, 1}));
  EXPECT_EQ(find_function(base + 0x150).function, &image.real);
  remove_image(base);
}

TEST(Context, IsCapturedAsAfterTheCallAndRestored) {  // EH-41
  static CONTEXT context;
  static volatile int visits;
  visits = 0;
  const auto own_frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  hm_capture_context(&context);
  visits = visits + 1;
  if (visits < 3) hm_restore_context(&context);
  EXPECT_EQ(visits, 3);
  EXPECT_LT(context.Rsp, own_frame);
  EXPECT_EQ(context.ContextFlags, 0x10000FU);
  EXPECT_EQ(context.SegCs, 0x33);
  EXPECT_NE(context.SegFs, context.SegDs) << "EH-53";
}

}  // namespace
}  // namespace hmodule::unwind
