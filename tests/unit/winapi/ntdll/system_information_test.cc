// NtSetSystemInformation: what it refuses, and why.
#include "nt/token.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

#include <vector>

namespace hmodule::winapi {
namespace {

NTSTATUS set(ULONG information_class, ULONG size) {
  std::vector<std::byte> zeros(size);
  return function<NTSTATUS, ULONG, void*, ULONG>(ntdll_dll, "NtSetSystemInformation")(information_class, zeros.data(),
                                                                                      size);
}
NTSTATUS without(ULONG privilege) {
  process();
  return nt::holds_enabled(nt::effective_token()->facts(), privilege) ? STATUS_NOT_SUPPORTED
                                                                      : STATUS_PRIVILEGE_NOT_HELD;
}

TEST(SetSystemInformation, NeedsAPrivilege) {
  EXPECT_EQ(set(28, 8), without(12)) << "SystemTimeAdjustmentInformation";
  EXPECT_EQ(set(44, 172), without(34)) << "SystemCurrentTimeZoneInformation";
  EXPECT_EQ(set(102, 432), without(34)) << "SystemDynamicTimeZoneInformation";
  EXPECT_EQ(set(21, 0x40), without(5)) << "SystemFileCacheInformation";
  EXPECT_EQ(set(80, 4), STATUS_PRIVILEGE_NOT_HELD) << "SystemMemoryListInformation: nobody has it here";
  EXPECT_EQ(set(26, 100), without(10)) << "SystemLoadGdiDriverInformation, of any size";
}

TEST(SetSystemInformation, ChecksTheSizeFirst) {
  EXPECT_EQ(set(28, 4), STATUS_INFO_LENGTH_MISMATCH);
  EXPECT_EQ(set(44, 171), STATUS_INFO_LENGTH_MISMATCH);
  const auto set_at = function<NTSTATUS, ULONG, void*, ULONG>(ntdll_dll, "NtSetSystemInformation");
  EXPECT_EQ(set_at(28, nullptr, 8), STATUS_ACCESS_VIOLATION);
}

TEST(SetSystemInformation, ClassesToAskForOnlyCannotBeSet) {
  EXPECT_EQ(set(0, 0x40), STATUS_INVALID_INFO_CLASS) << "SystemBasicInformation";
  EXPECT_EQ(set(9999, 4), STATUS_INVALID_INFO_CLASS);
}

}  // namespace
}  // namespace hmodule::winapi
