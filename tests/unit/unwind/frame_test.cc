// A walk's own memory: what it found at a pc counts as long as the tables that said so.
#include "unwind/frame.h"

#include "thread/teb.h"
#include "unwind/unwind_info.h"

#include <gtest/gtest.h>

#include <cstring>
#include <iterator>

namespace hmodule::unwind {
namespace {

class Frames : public ::testing::Test {
 protected:
  static constexpr ULONG kRbx = 3, kInfo = 0x100, kHandler = 0x80, kSize = 0x200;

  Frames() { thread::attach(); }
  ~Frames() override { remove_image(base()); }

  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(image_); }
  // A function that has saved `number` and allocated `slots` * 8 bytes, with a handler of the kinds in `flags`.
  void describe_function(BYTE slots, BYTE number, BYTE flags) {
    const BYTE info[] = {static_cast<BYTE>(flags << 3 | 1),
                         0,
                         2,
                         0,
                         0,
                         static_cast<BYTE>((slots - 1) << 4 | kAllocSmall),
                         0,
                         static_cast<BYTE>(number << 4 | kPushNonvol),
                         kHandler,
                         0,
                         0,
                         0};
    std::memcpy(image_ + kInfo, info, sizeof info);
  }
  Status add() { return add_image({base(), kSize, &function_, 1}); }

  // On this thread's stack, whose word at offset k holds k / 8. What comes out counts from there.
  Frame leave(ULONG handler_type = kExceptionHandler) {
    ULONGLONG stack[32];
    for (std::size_t i = 0; i < std::size(stack); ++i) stack[i] = i;
    context_ = {};
    context_.Rip = base() + 0x20;
    context_.Rsp = reinterpret_cast<std::uintptr_t>(stack);
    Frame frame = leave_frame(handler_type, context_);
    context_.Rsp -= reinterpret_cast<std::uintptr_t>(stack);
    frame.handler.establisher_frame -= reinterpret_cast<std::uintptr_t>(stack);
    return frame;
  }

  alignas(16) BYTE image_[kSize] = {};
  RUNTIME_FUNCTION function_ = {0x10, 0x40, kInfo};
  CONTEXT context_;
};

TEST_F(Frames, AreLeftAgainAsTheFirstTime) {  // EH-05, EH-11
  describe_function(4, kRbx, kUnwindHandler);
  ASSERT_TRUE(add());
  for (int again = 0; again < 3; ++again) {
    const Frame frame = leave(kUnwindHandler);
    EXPECT_EQ(frame.entry.function, &function_);
    EXPECT_EQ(frame.entry.image_base, base());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame.handler.routine), base() + kHandler);
    EXPECT_EQ(frame.handler.establisher_frame, 0U);
    EXPECT_EQ(context_.Rbx, 4U);
    EXPECT_EQ(context_.Rip, 5U);
    EXPECT_EQ(context_.Rsp, 6 * 8U);
    EXPECT_EQ(leave(kExceptionHandler).handler.routine, nullptr);
  }
}

TEST_F(Frames, AreForgottenWithTheirTables) {  // EH-03
  for (BYTE slots = 1; slots < 8; ++slots) {
    EXPECT_EQ(leave().entry.image_base, 0U);
    describe_function(slots, kRbx, 0);
    ASSERT_TRUE(add());
    for (int again = 0; again < 2; ++again) {
      leave();
      EXPECT_EQ(context_.Rbx, slots);
      EXPECT_EQ(context_.Rsp, (slots + 2U) * 8U);
    }
    remove_image(base());
  }
}

TEST_F(Frames, OutsideTheStackEndTheWalk) {  // EH-31
  describe_function(4, kRbx, 0);
  ASSERT_TRUE(add());
  leave();
  context_.Rip = base() + 0x20;
  context_.Rsp = reinterpret_cast<std::uintptr_t>(thread::teb().NtTib.StackBase) - 5 * sizeof(ULONGLONG);
  EXPECT_EQ(leave_frame(kExceptionHandler, context_).handler.establisher_frame, 0U) << "no room for the return address";
  EXPECT_EQ(context_.Rip, 0U);
}

}  // namespace
}  // namespace hmodule::unwind
