#include "nt/token.h"
#include "unit/winapi/process.h"
#include "winapi/advapi32/exports.h"

#include <unistd.h>

#include <string>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> adv(std::string_view name) {
  return function<R, Args...>(advapi32_dll, name);
}

class Tokens : public testing::Test {
 protected:
  void SetUp() override {
    const HANDLE self = reinterpret_cast<HANDLE>(std::intptr_t{-1});
    ASSERT_TRUE((adv<BOOL, HANDLE, DWORD, HANDLE*>("OpenProcessToken")(self, 0x28, &token_)));
  }
  BOOL query(LONG information_class, void* buffer, DWORD size, DWORD* needed) {
    return adv<BOOL, HANDLE, LONG, void*, DWORD, DWORD*>("GetTokenInformation")(token_, information_class, buffer, size,
                                                                                needed);
  }
  HANDLE token_ = nullptr;
};

TEST_F(Tokens, TheUserIsTheLinuxUser) {
  DWORD needed = 0;
  EXPECT_FALSE(query(1, nullptr, 0, &needed));
  EXPECT_EQ(thread::last_error(), ERROR_INSUFFICIENT_BUFFER);
  ASSERT_EQ(needed, 32u);
  alignas(8) char buffer[32];
  ASSERT_TRUE(query(1, buffer, sizeof buffer, &needed));
  const auto* sid = *reinterpret_cast<SID**>(buffer);
  EXPECT_TRUE((adv<BOOL, const void*>("IsValidSid")(sid)));
  WCHAR* text = nullptr;
  ASSERT_TRUE((adv<BOOL, const void*, WCHAR**>("ConvertSidToStringSidW")(sid, &text)));
  const std::string expected = "S-1-22-1-" + std::to_string(geteuid());
  EXPECT_EQ(std::u16string(text), std::u16string(expected.begin(), expected.end()));
  function<HANDLE, HANDLE>(kernel32_dll, "LocalFree")(text);
}

TEST_F(Tokens, WhatIsNotHeldCannotBeEnabled) {
  struct {
    DWORD count, low;
    LONG high;
    DWORD attributes;
  } wanted = {1, 0, 0, 2};
  ASSERT_TRUE(
      (adv<BOOL, const char*, const char*, void*>("LookupPrivilegeValueA")(nullptr, "SeTcbPrivilege", &wanted.low)));
  EXPECT_EQ(wanted.low, 7u);
  EXPECT_TRUE((adv<BOOL, HANDLE, BOOL, void*, DWORD, void*, DWORD*>("AdjustTokenPrivileges")(token_, FALSE, &wanted, 0,
                                                                                             nullptr, nullptr)));
  EXPECT_EQ(thread::last_error(), 1300u);  // ERROR_NOT_ALL_ASSIGNED
  EXPECT_FALSE((adv<BOOL, const char*, const char*, void*>("LookupPrivilegeValueA")(nullptr, "SeNone", &wanted.low)));
  EXPECT_EQ(thread::last_error(), 1313u);  // ERROR_NO_SUCH_PRIVILEGE
}

TEST_F(Tokens, OtherHandlesAreNoTokens) {
  DWORD needed = 0;
  token_ = reinterpret_cast<HANDLE>(0x7770);
  EXPECT_FALSE(query(1, nullptr, 0, &needed));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_HANDLE);
}

TEST_F(Tokens, IdentifiersAreCopiedAndCompared) {
  const BYTE authority[6] = {0, 0, 0, 0, 0, 5};
  SID* sid = nullptr;
  ASSERT_TRUE((adv<BOOL, const BYTE*, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, SID**>(
      "AllocateAndInitializeSid")(authority, 2, 32, 544, 0, 0, 0, 0, 0, 0, &sid)));
  EXPECT_EQ((adv<DWORD, const void*>("GetLengthSid")(sid)), 16u);
  SID copy = {};
  EXPECT_FALSE((adv<BOOL, DWORD, void*, const void*>("CopySid")(15, &copy, sid)));
  EXPECT_TRUE((adv<BOOL, DWORD, void*, const void*>("CopySid")(sizeof copy, &copy, sid)));
  EXPECT_TRUE((adv<BOOL, const void*, const void*>("EqualSid")(&copy, sid)));
  EXPECT_EQ((adv<void*, void*>("FreeSid")(sid)), nullptr);
}

}  // namespace
}  // namespace hmodule::winapi
