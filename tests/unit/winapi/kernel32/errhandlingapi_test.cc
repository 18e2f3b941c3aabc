// Error modes: kept and reported, and nothing else.
#include "unit/winapi/process.h"
#include "win/status.h"

#include <thread>

namespace hmodule::winapi {
namespace {

UINT get_mode() {
  return function<UINT>(kernel32_dll, "GetErrorMode")();
}
UINT set_mode(UINT mode) {
  return function<UINT, UINT>(kernel32_dll, "SetErrorMode")(mode);
}
DWORD get_thread_mode() {
  return function<DWORD>(kernel32_dll, "GetThreadErrorMode")();
}
BOOL set_thread_mode(DWORD mode, DWORD* old) {
  return function<BOOL, DWORD, DWORD*>(kernel32_dll, "SetThreadErrorMode")(mode, old);
}

TEST(ErrorMode, OfTheProcessIsKept) {  // ERR-04
  EXPECT_EQ(get_mode(), 0U);
  EXPECT_EQ(set_mode(0x8001), 0U);
  EXPECT_EQ(get_mode(), 0x8001U);
  EXPECT_EQ(set_mode(4), 0x8001U);
  EXPECT_EQ(set_mode(0), 4U);
  EXPECT_EQ(get_mode(), 4U) << "the alignment bit stays";
}

// ProcessDefaultHardErrorMode is the same mode with its lowest bit the other way round.
TEST(ErrorMode, OfTheProcessIsThatOfNtdll) {  // ERR-04
  const auto query = function<NTSTATUS, HANDLE, LONG, void*, ULONG, ULONG*>(ntdll_dll, "NtQueryInformationProcess");
  const auto set = function<NTSTATUS, HANDLE, LONG, const void*, ULONG>(ntdll_dll, "NtSetInformationProcess");
  const auto self = reinterpret_cast<HANDLE>(-1L);
  const UINT before = set_mode(0x8001);
  ULONG mode = 99, size = 0;
  EXPECT_EQ(query(self, 12, &mode, sizeof mode, &size), STATUS_SUCCESS);
  EXPECT_EQ(mode & ~4U, 0x8000U) << "the alignment bit may stand since another test";
  EXPECT_EQ(size, 4U);
  mode = 3;
  EXPECT_EQ(set(self, 12, &mode, sizeof mode), STATUS_SUCCESS);
  EXPECT_EQ(get_mode() & ~4U, 2U);
  EXPECT_EQ(set(self, 12, &mode, 2), STATUS_INFO_LENGTH_MISMATCH);
  EXPECT_EQ(query(self, 12, &mode, 8, &size), STATUS_INFO_LENGTH_MISMATCH);
  set_mode(before);
}

TEST(ErrorMode, OfAThreadStandsInItsTeb) {  // ERR-04
  DWORD old = 99;
  EXPECT_TRUE(set_thread_mode(0x8003, &old));
  EXPECT_EQ(old, 0U);
  EXPECT_EQ(get_thread_mode(), 0x8003U);
  EXPECT_EQ(thread::teb().HardErrorMode, 0x70U);
  EXPECT_EQ(function<ULONG>(ntdll_dll, "RtlGetThreadErrorMode")(), 0x70U);
  std::thread([] {
    process();
    EXPECT_EQ(get_thread_mode(), 0U);
  }).join();
  EXPECT_TRUE(set_thread_mode(0, nullptr));
  EXPECT_FALSE(set_thread_mode(4, &old));
  EXPECT_EQ(thread::last_error(), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  ULONG rtl_old = 99;
  const auto rtl_set = function<NTSTATUS, ULONG, ULONG*>(ntdll_dll, "RtlSetThreadErrorMode");
  EXPECT_EQ(rtl_set(0x10, &rtl_old), STATUS_SUCCESS);
  EXPECT_EQ(rtl_old, 0U);
  EXPECT_EQ(get_thread_mode(), 1U);
  EXPECT_EQ(rtl_set(1, &rtl_old), STATUS_INVALID_PARAMETER_1);
  EXPECT_EQ(rtl_set(0, nullptr), STATUS_SUCCESS);
}

TEST(ThreadLanguage, IsKeptPerThread) {
  const auto get = function<LANGID>(kernel32_dll, "GetThreadUILanguage");
  const auto set = function<LANGID, LANGID>(kernel32_dll, "SetThreadUILanguage");
  const LANGID user = get();
  EXPECT_EQ(user, function<LANGID>(kernel32_dll, "GetUserDefaultUILanguage")());
  EXPECT_EQ(set(0x407), 0x407);
  EXPECT_EQ(get(), 0x407);
  std::thread([&] {
    process();
    EXPECT_EQ(get(), user);
  }).join();
  EXPECT_EQ(set(0xEEEE), 0x407) << "an unknown language changes nothing";
  EXPECT_EQ(set(0), user);
  EXPECT_EQ(get(), user);
}

}  // namespace
}  // namespace hmodule::winapi
