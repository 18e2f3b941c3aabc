#include "win/sysinfoapi.h"
#include "unit/winapi/process.h"
#include "win/memoryapi.h"

#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}

TEST(SysInfo, DescribesAnX64Machine) {
  SYSTEM_INFO info = {};
  k32<int, SYSTEM_INFO*>("GetSystemInfo")(&info);
  EXPECT_EQ(info.wProcessorArchitecture, 9);
  EXPECT_EQ(info.dwPageSize, 4096u);
  EXPECT_EQ(info.dwAllocationGranularity, 65536u);
  EXPECT_EQ(info.lpMaximumApplicationAddress, reinterpret_cast<void*>(0x7FFFFFFEFFFF));
  EXPECT_EQ(static_cast<unsigned>(__builtin_popcountll(info.dwActiveProcessorMask)), info.dwNumberOfProcessors);
  EXPECT_GE((k32<DWORD, WORD>("GetActiveProcessorCount")(0xFFFF)), info.dwNumberOfProcessors);
  EXPECT_EQ((k32<DWORD, WORD>("GetActiveProcessorCount")(999)), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST(SysInfo, ProcessorRecordsFormAChain) {
  const auto call = k32<BOOL, DWORD, void*, DWORD*>("GetLogicalProcessorInformationEx");
  DWORD size = 0;
  EXPECT_FALSE(call(RelationAll, nullptr, &size));
  EXPECT_EQ(thread::last_error(), ERROR_INSUFFICIENT_BUFFER);
  std::vector<char> buffer(size);
  ASSERT_TRUE(call(RelationAll, buffer.data(), &size));
  unsigned cores = 0, groups = 0;
  DWORD at = 0;
  while (at < size) {
    const auto* record = reinterpret_cast<const SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(buffer.data() + at);
    ASSERT_GT(record->Size, 8u);
    if (record->Relationship == RelationProcessorCore) {
      ++cores;
      EXPECT_EQ(record->Size, 48u);
      EXPECT_EQ(record->Processor.GroupCount, 1);
      EXPECT_NE(record->Processor.GroupMask[0].Mask, 0u);
    }
    if (record->Relationship == RelationGroup) ++groups;
    at += record->Size;
  }
  EXPECT_EQ(at, size);
  EXPECT_GE(cores, 1u);
  EXPECT_EQ(groups, 1u);
  EXPECT_FALSE(call(17, buffer.data(), &size));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST(SysInfo, MemoryStatusChecksItsLength) {
  const auto call = k32<BOOL, MEMORYSTATUSEX*>("GlobalMemoryStatusEx");
  MEMORYSTATUSEX status = {};
  EXPECT_FALSE(call(&status));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  status.dwLength = sizeof status;
  EXPECT_TRUE(call(&status));
  EXPECT_LE(status.dwMemoryLoad, 100u);
  EXPECT_GT(status.ullTotalPhys, status.ullAvailPhys);
  ULONGLONG installed = 0;
  EXPECT_TRUE((k32<BOOL, ULONGLONG*>("GetPhysicallyInstalledSystemMemory")(&installed)));
  EXPECT_GE(installed * 1024, status.ullTotalPhys);
}

TEST(SysInfo, ProcessMemoryFillsTheLengthGiven) {
  const auto call = k32<BOOL, HANDLE, PROCESS_MEMORY_COUNTERS_EX*, DWORD>("K32GetProcessMemoryInfo");
  const HANDLE self = reinterpret_cast<HANDLE>(std::intptr_t{-1});
  PROCESS_MEMORY_COUNTERS_EX counters = {};
  counters.PrivateUsage = 7;
  EXPECT_TRUE(call(self, &counters, 72));
  EXPECT_EQ(counters.cb, 72u);
  EXPECT_EQ(counters.PrivateUsage, 7u);
  EXPECT_GT(counters.WorkingSetSize, 0u);
  EXPECT_TRUE(call(self, &counters, sizeof counters));
  EXPECT_GT(counters.PrivateUsage, 7u);
  EXPECT_FALSE(call(self, &counters, 71));
  EXPECT_EQ(thread::last_error(), ERROR_INSUFFICIENT_BUFFER);
}

TEST(SysInfo, TheVersionIsThatOfThePeb) {
  EXPECT_EQ(k32<DWORD>("GetVersion")(), 10u | 19045u << 16);
  OSVERSIONINFOEXW info = {};
  const auto call = k32<BOOL, OSVERSIONINFOEXW*>("GetVersionExW");
  EXPECT_FALSE(call(&info));
  EXPECT_EQ(thread::last_error(), ERROR_INSUFFICIENT_BUFFER);
  info.dwOSVersionInfoSize = 276;
  info.wProductType = 77;
  EXPECT_TRUE(call(&info));
  EXPECT_EQ(info.dwMajorVersion, 10u);
  EXPECT_EQ(info.wProductType, 77);
  info.dwOSVersionInfoSize = sizeof info;
  EXPECT_TRUE(call(&info));
  EXPECT_EQ(info.wProductType, 1);
}

TEST(SysInfo, NamesSayTheRoomTheyNeed) {
  const auto call = k32<BOOL, WCHAR*, DWORD*>("GetComputerNameW");
  WCHAR buffer[256];
  DWORD size = 0;
  EXPECT_FALSE(call(buffer, &size));
  EXPECT_EQ(thread::last_error(), ERROR_BUFFER_OVERFLOW);
  const DWORD needed = size;
  EXPECT_TRUE(call(buffer, &size));
  EXPECT_EQ(size, needed - 1);
  EXPECT_FALSE((k32<BOOL, DWORD, WCHAR*, DWORD*>("GetComputerNameExW")(99, buffer, &size)));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST(SysInfo, EncodedPointersComeBack) {
  int target = 0;
  void* encoded = k32<void*, void*>("EncodePointer")(&target);
  EXPECT_NE(encoded, &target);
  EXPECT_EQ((k32<void*, void*>("DecodePointer")(encoded)), &target);
  EXPECT_EQ((k32<void*, void*>("DecodePointer")(k32<void*, void*>("EncodePointer")(nullptr))), nullptr);
}

TEST(SysInfo, MulDivRoundsAndSaysWhenItCannot) {
  const auto call = k32<INT, INT, INT, INT>("MulDiv");
  EXPECT_EQ(call(7, 1, 2), 4);
  EXPECT_EQ(call(-7, 1, 2), -4);
  EXPECT_EQ(call(7, -1, -2), 4);
  EXPECT_EQ(call(1, 1, 0), -1);
  EXPECT_EQ(call(0x7FFFFFFF, 2, 1), -1);
  EXPECT_EQ(call(0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF), 0x7FFFFFFF);
}

TEST(SysInfo, PolicyLengthsAreExact) {
  const auto call = k32<BOOL, HANDLE, DWORD, void*, SIZE_T>("GetProcessMitigationPolicy");
  const HANDLE self = reinterpret_cast<HANDLE>(std::intptr_t{-1});
  DWORD flags[2] = {};
  EXPECT_TRUE(call(self, 0, flags, 8));
  EXPECT_EQ(flags[0], 1u);
  EXPECT_TRUE(call(self, 7, flags, 4));
  EXPECT_EQ(flags[0], 0u);
  EXPECT_FALSE(call(self, 7, flags, 8));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

}  // namespace
}  // namespace hmodule::winapi
