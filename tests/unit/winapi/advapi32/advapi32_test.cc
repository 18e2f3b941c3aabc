#include "unit/winapi/process.h"
#include "winapi/advapi32/exports.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> adv(std::string_view name) {
  return function<R, Args...>(advapi32_dll, name);
}

TEST(Advapi32, RandomNumbersDiffer) {
  BYTE a[32] = {}, b[32] = {};
  EXPECT_TRUE((adv<BOOLEAN, void*, ULONG>("SystemFunction036")(a, sizeof a)));
  EXPECT_TRUE((adv<BOOLEAN, void*, ULONG>("SystemFunction036")(b, sizeof b)));
  EXPECT_FALSE(std::equal(a, a + sizeof a, b));
}

TEST(Advapi32, NoSessionListensToEvents) {
  const GUID provider = {1, 2, 3, {}};
  ULONGLONG handle = 0;
  EXPECT_EQ((adv<ULONG, const GUID*, void*, void*, ULONGLONG*>("EventRegister")(&provider, nullptr, nullptr, &handle)),
            0u);
  EXPECT_NE(handle, 0u);
  EXPECT_EQ((adv<ULONG, ULONGLONG, LONG, void*, ULONG>("EventSetInformation")(handle, 2, nullptr, 0)), 0u);
  EXPECT_EQ((adv<ULONG, ULONGLONG, void*, ULONG, void*>("EventWrite")(handle, nullptr, 0, nullptr)), 0u);
  EXPECT_FALSE((adv<BOOLEAN, ULONGLONG, void*>("EventEnabled")(handle, nullptr)));
  EXPECT_EQ((adv<ULONG, ULONGLONG>("EventUnregister")(handle)), 0u);
  EXPECT_EQ((adv<ULONG, ULONGLONG>("EventUnregister")(0)), DWORD{ERROR_INVALID_HANDLE});
}

TEST(Advapi32, TheUserHasAName) {
  const auto call = adv<BOOL, WCHAR*, DWORD*>("GetUserNameW");
  WCHAR buffer[256] = {};
  DWORD size = 1;
  EXPECT_FALSE(call(buffer, &size));
  EXPECT_EQ(thread::last_error(), ERROR_INSUFFICIENT_BUFFER);
  const DWORD needed = size;
  EXPECT_TRUE(call(buffer, &size));
  EXPECT_EQ(size, needed);
  EXPECT_EQ(std::u16string_view(buffer).size() + 1, needed);
}

TEST(Advapi32, ThereAreNoServices) {
  EXPECT_EQ((adv<HANDLE, const WCHAR*, const WCHAR*, DWORD>("OpenSCManagerW")(nullptr, nullptr, 1)), nullptr);
  EXPECT_EQ(thread::last_error(), RPC_S_SERVER_UNAVAILABLE);
  struct Service {
    const WCHAR* name;
    Proc main;
  } const table[2] = {{u"test", find(advapi32_dll, "RegCloseKey")}, {nullptr, nullptr}};
  EXPECT_FALSE((adv<BOOL, const Service*>("StartServiceCtrlDispatcherW")(table)));
  EXPECT_EQ(thread::last_error(), 1063u) << "ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: no service manager started us";
}

}  // namespace
}  // namespace hmodule::winapi
