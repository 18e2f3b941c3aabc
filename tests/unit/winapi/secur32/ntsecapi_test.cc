#include "nt/accounts.h"
#include "unit/winapi/process.h"
#include "winapi/secur32/exports.h"

#include <unistd.h>

#include <string>

namespace hmodule::winapi {
namespace {

struct SessionData {  // the beginning of SECURITY_LOGON_SESSION_DATA
  ULONG size;
  LUID id;
  UNICODE_STRING user, domain, package;
  ULONG kind, session;
  SID* sid;
};
std::u16string text(const UNICODE_STRING& string) {
  return {string.Buffer, string.Length / sizeof(WCHAR)};
}

TEST(LogonSessions, ThereIsThisOne) {
  ULONG count = 0;
  LUID* sessions = nullptr;
  const auto enumerate = function<NTSTATUS, ULONG*, LUID**>(secur32_dll, "LsaEnumerateLogonSessions");
  const auto free_buffer = function<NTSTATUS, void*>(secur32_dll, "LsaFreeReturnBuffer");
  ASSERT_EQ(enumerate(&count, &sessions), 0);
  ASSERT_EQ(count, 1U);
  const auto look = function<NTSTATUS, const LUID*, SessionData**>(secur32_dll, "LsaGetLogonSessionData");
  SessionData* data = nullptr;
  ASSERT_EQ(look(sessions, &data), 0);
  EXPECT_EQ(data->size, 272U);
  EXPECT_EQ(data->id.LowPart, sessions->LowPart);
  const auto account = nt::account_of(nt::unix_user_sid(::geteuid()));
  ASSERT_TRUE(account);
  EXPECT_EQ(text(data->user), account->name);
  EXPECT_EQ(text(data->domain), account->domain);
  EXPECT_EQ(text(data->package), u"");
  EXPECT_EQ(data->kind, 5U);  // Service
  EXPECT_EQ(nt::sid_text(*data->sid), nt::sid_text(account->sid));
  EXPECT_EQ(free_buffer(data), 0);
  sessions->LowPart = 1;
  EXPECT_EQ(look(sessions, &data), static_cast<NTSTATUS>(0xC000005F));  // STATUS_NO_SUCH_LOGON_SESSION
  EXPECT_EQ(data, nullptr);
  EXPECT_EQ(look(nullptr, &data), static_cast<NTSTATUS>(0xC000000D));
  EXPECT_EQ(enumerate(nullptr, &sessions), static_cast<NTSTATUS>(0xC000000D));
  EXPECT_EQ(free_buffer(sessions), 0);
}

}  // namespace
}  // namespace hmodule::winapi
