// What a debug object says, as WaitForDebugEvent tells it. Both structures are written down by their offsets.
#include "nt/handle_table.h"
#include "nt/thread.h"
#include "unit/winapi/process.h"
#include "win/context.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace hmodule::winapi {
namespace {

template <std::size_t size>
struct Bytes {
  alignas(16) std::array<std::byte, size> bytes = {};
  template <typename T>
  Bytes& put(std::size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return *this;
  }
  template <typename T>
  T at(std::size_t offset) const {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  }
  std::uint32_t number(std::size_t offset) const { return at<std::uint32_t>(offset); }
  std::uint64_t word(std::size_t offset) const { return at<std::uint64_t>(offset); }
};
using Change = Bytes<0xB8>;
struct Event : Bytes<0xB0> {
  Event() { bytes.fill(std::byte{0xCC}); }
};

constexpr std::uint64_t kHandle1 = 0x104, kHandle2 = 0x108, kHandle3 = 0x10C, kAddress1 = 0x180001000,
                        kAddress2 = 0x180002000;

Change change(std::uint32_t state) {
  Change made;
  made.put(0, state).put(8, std::uint64_t{0x1234}).put(0x10, std::uint64_t{0x5678});
  return made;
}
NTSTATUS convert(const Change& change, Event& event) {
  return function<NTSTATUS, const void*, void*>(ntdll_dll, "DbgUiConvertStateChangeStructure")(change.bytes.data(),
                                                                                               event.bytes.data());
}
Event converted(const Change& change, std::uint32_t code) {
  Event event;
  EXPECT_EQ(convert(change, event), STATUS_SUCCESS);
  EXPECT_EQ(event.number(0), code);
  EXPECT_EQ(event.number(4), 0x1234U);
  EXPECT_EQ(event.number(8), 0x5678U);
  return event;
}

TEST(DebugStates, ANewThread) {
  process();
  const HANDLE self = *nt::handle_for(nt::Ref<nt::Thread>::share(nt::current_thread()), nt::THREAD_ALL_ACCESS);
  Event event = converted(change(2).put(0x18, self).put(0x28, kAddress1), 2);
  EXPECT_EQ(event.at<HANDLE>(0x10), self);
  EXPECT_EQ(event.at<TEB*>(0x18), &thread::teb());
  EXPECT_EQ(event.word(0x20), kAddress1);
  static_cast<void>(nt::handles().close(self));

  event = converted(change(2).put(0x18, self).put(0x28, kAddress1), 2);
  EXPECT_EQ(event.word(0x18), 0U) << "nobody to ask";
}

TEST(DebugStates, ANewProcess) {
  const Event event = converted(change(3)
                                    .put(0x18, kHandle1)
                                    .put(0x20, kHandle2)
                                    .put(0x30, kHandle3)
                                    .put(0x38, kAddress1)
                                    .put(0x40, 11U)
                                    .put(0x44, 22U)
                                    .put(0x50, kAddress2),
                                3);
  EXPECT_EQ(event.word(0x10), kHandle3);   // hFile
  EXPECT_EQ(event.word(0x18), kHandle1);   // hProcess
  EXPECT_EQ(event.word(0x20), kHandle2);   // hThread
  EXPECT_EQ(event.word(0x28), kAddress1);  // lpBaseOfImage
  EXPECT_EQ(event.number(0x30), 11U);
  EXPECT_EQ(event.number(0x34), 22U);
  EXPECT_EQ(event.word(0x38), 0U);         // lpThreadLocalBase
  EXPECT_EQ(event.word(0x40), kAddress2);  // lpStartAddress
  EXPECT_EQ(event.word(0x48), 0U);         // lpImageName
  EXPECT_EQ(event.at<WORD>(0x50), 1U);
}

TEST(DebugStates, TheEndOfAThreadAndOfAProcess) {
  EXPECT_EQ(converted(change(4).put(0x18, 77U), 4).number(0x10), 77U);
  EXPECT_EQ(converted(change(5).put(0x18, 0xC0000005U), 5).number(0x10), 0xC0000005U);
}

EXCEPTION_RECORD exception(std::uint32_t code) {
  EXCEPTION_RECORD record = {};
  record.ExceptionCode = static_cast<NTSTATUS>(code);
  record.NumberParameters = 2;
  record.ExceptionInformation[0] = 6;
  record.ExceptionInformation[1] = kAddress1;
  return record;
}

TEST(DebugStates, ExceptionsBreakpointsAndSteps) {
  for (const auto& [state, code] :
       {std::pair{6U, 0xC0000005U}, std::pair{7U, 0x80000003U}, std::pair{8U, 0x80000004U}}) {
    const EXCEPTION_RECORD record = exception(code);
    const Event event = converted(change(state).put(0x18, record).put(0xB0, 1U), 1);
    const auto told = event.at<EXCEPTION_RECORD>(0x10);
    EXPECT_EQ(told.ExceptionCode, record.ExceptionCode);
    EXPECT_EQ(told.NumberParameters, 2U);
    EXPECT_EQ(told.ExceptionInformation[1], kAddress1);
    EXPECT_EQ(event.number(0xA8), 1U) << "first chance";
  }
}

TEST(DebugStates, ExceptionsThatAreMessages) {
  Event event = converted(change(6).put(0x18, exception(0x40010006)), 8);
  EXPECT_EQ(event.word(0x10), kAddress1);
  EXPECT_EQ(event.at<WORD>(0x18), 0U) << "not Unicode";
  EXPECT_EQ(event.at<WORD>(0x1A), 6U);
  event = converted(change(6).put(0x18, exception(0x40010007)), 9);
  EXPECT_EQ(event.number(0x10), 6U);
  EXPECT_EQ(event.number(0x14), static_cast<std::uint32_t>(kAddress1));
}

TEST(DebugStates, ALibraryComesAndGoes) {
  const Event event = converted(
      change(9).put(0x18, kHandle1).put(0x20, kAddress1).put(0x28, 11U).put(0x2C, 22U).put(0x30, kAddress2), 6);
  EXPECT_EQ(event.word(0x10), kHandle1);
  EXPECT_EQ(event.word(0x18), kAddress1);
  EXPECT_EQ(event.number(0x20), 11U);
  EXPECT_EQ(event.number(0x24), 22U);
  EXPECT_EQ(event.word(0x28), kAddress2);
  EXPECT_EQ(event.at<WORD>(0x30), 1U);
  EXPECT_EQ(converted(change(10).put(0x18, kAddress1), 7).word(0x10), kAddress1);
}

TEST(DebugStates, WhatIsNoEvent) {
  for (const std::uint32_t state : {0U, 1U, 11U}) {
    Event event;
    EXPECT_EQ(convert(change(state), event), STATUS_UNSUCCESSFUL);
  }
}

}  // namespace
}  // namespace hmodule::winapi
