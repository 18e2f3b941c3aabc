// What ntdll tells of power.
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
R call(std::string_view name, Args... args) {
  return function<R, Args...>(ntdll_dll, name)(args...);
}

TEST(Power, IsToldOfBatteryAndProcessors) {
  const auto ask = [](LONG level, void* out, ULONG size) {
    return call<NTSTATUS>("NtPowerInformation", level, static_cast<void*>(nullptr), 0u, out, size);
  };
  ULONG battery[8] = {};
  EXPECT_EQ(ask(5, battery, sizeof battery), STATUS_SUCCESS);
  EXPECT_EQ(ask(5, battery, sizeof battery - 1), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(ask(5, nullptr, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(ask(9999, battery, sizeof battery), STATUS_NOT_IMPLEMENTED);
  std::vector<ULONG> processors(6 * 1024);
  EXPECT_EQ(ask(11, processors.data(), static_cast<ULONG>(processors.size() * sizeof(ULONG))), STATUS_SUCCESS);
  EXPECT_EQ(processors[0], 0u);
  EXPECT_GE(processors[1], processors[3]);
}

TEST(Power, ExecutionStatesReplaceTheOneBefore) {
  ULONG before = 0;
  EXPECT_EQ(call<NTSTATUS>("NtSetThreadExecutionState", 0x80000001u, &before), STATUS_SUCCESS);
  EXPECT_EQ(before, 0x80000000u);
  EXPECT_EQ(call<NTSTATUS>("NtSetThreadExecutionState", 0x80000000u, &before), STATUS_SUCCESS);
  EXPECT_EQ(before, 0x80000001u);
  EXPECT_EQ(call<NTSTATUS>("NtSetThreadExecutionState", 0x100u, &before), STATUS_INVALID_PARAMETER);
}

}  // namespace
}  // namespace hmodule::winapi
