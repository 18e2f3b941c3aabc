#include "unit/winapi/process.h"
#include "win/fileapi.h"
#include "winapi/iphlpapi/exports.h"

#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr DWORD kParameter = 0, kAdd = 1, kDelete = 2, kInitial = 3;
constexpr std::size_t kLuid = 8, kUnicastLuid = 32, kUnicastAddress = 4;

template <typename R, typename... Args>
Function<R, Args...> ip(std::string_view name) {
  return function<R, Args...>(iphlpapi_dll, name);
}

struct Told {
  DWORD kind;
  std::vector<BYTE> row;
};
struct Listener {
  std::mutex mutex;
  std::vector<Told> told;
  std::size_t row_size;
  HANDLE handle = nullptr;
  std::atomic<DWORD> cancelled_inside{~0U};
  std::atomic<bool> slow = false, left = false;

  explicit Listener(std::size_t size) : row_size(size) {}
  std::vector<Told> now() {
    const std::lock_guard guard(mutex);
    return told;
  }
  bool hears(
      DWORD kind, const std::function<bool(const BYTE*)>& what = [](const BYTE*) { return true; }) {
    for (int i = 0; i < 1000; ++i) {
      for (const Told& each : now())
        if (each.kind == kind && what(each.row.data())) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};
HM_WINAPI void listen(void* context, const void* row, DWORD kind) {
  auto& listener = *static_cast<Listener*>(context);
  Told told = {kind, {}};
  if (row != nullptr) told.row.assign(static_cast<const BYTE*>(row), static_cast<const BYTE*>(row) + listener.row_size);
  {
    const std::lock_guard guard(listener.mutex);
    listener.told.push_back(told);
  }
  if (!listener.slow) return;
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  listener.left = true;
}

using Notify = Function<DWORD, USHORT, decltype(&listen), void*, BOOLEAN, HANDLE*>;
Notify notify(std::string_view name) {
  return ip<DWORD, USHORT, decltype(&listen), void*, BOOLEAN, HANDLE*>(name);
}
DWORD cancel(HANDLE handle) {
  return ip<DWORD, HANDLE>("CancelMibChangeNotify2")(handle);
}

constexpr std::pair<const char*, std::size_t> kFunctions[] = {
    {"NotifyIpInterfaceChange", 168}, {"NotifyUnicastIpAddressChange", 80}, {"NotifyRouteChange2", 104}};

TEST(Notifications, BeginWithACallThatHasNoRow) {
  for (const auto& [name, size] : kFunctions) {
    Listener listener(size);
    ASSERT_EQ(notify(name)(0, listen, &listener, 1, &listener.handle), 0u) << name;
    EXPECT_NE(listener.handle, nullptr);
    EXPECT_TRUE(listener.hears(kInitial)) << name;
    EXPECT_TRUE(listener.now().front().row.empty());
    EXPECT_EQ(cancel(listener.handle), 0u);
    EXPECT_EQ(cancel(listener.handle), 87u) << "it is gone";
  }
}

TEST(Notifications, RefuseWhatTheyCannotDo) {
  Listener listener(0);
  for (const auto& [name, size] : kFunctions) {
    EXPECT_EQ(notify(name)(99, listen, &listener, 0, &listener.handle), 87u) << name;
    EXPECT_EQ(notify(name)(0, nullptr, &listener, 0, &listener.handle), 87u) << name;
    EXPECT_EQ(notify(name)(0, listen, &listener, 0, nullptr), 87u) << name;
  }
  EXPECT_EQ(cancel(nullptr), 87u);
  EXPECT_EQ(cancel(&listener), 87u);
}

TEST(Notifications, CancellingWaitsForTheCallbackUnderWay) {
  Listener listener(80);
  listener.slow = true;
  ASSERT_EQ(notify("NotifyUnicastIpAddressChange")(0, listen, &listener, 1, &listener.handle), 0u);
  EXPECT_TRUE(listener.hears(kInitial));
  EXPECT_FALSE(listener.left);
  EXPECT_EQ(cancel(listener.handle), 0u);
  EXPECT_TRUE(listener.left);
}

HM_WINAPI void cancel_itself(void* context, const void*, DWORD) {
  auto& listener = *static_cast<Listener*>(context);
  while (listener.handle == nullptr) std::this_thread::yield();
  listener.cancelled_inside = cancel(listener.handle);
}
TEST(Notifications, ACallbackMayCancelItself) {
  Listener listener(80);
  ASSERT_EQ((ip<DWORD, USHORT, decltype(&cancel_itself), void*, BOOLEAN, HANDLE*>("NotifyUnicastIpAddressChange")(
                0, cancel_itself, &listener, 1, &listener.handle)),
            0u);
  for (int i = 0; i < 1000 && listener.cancelled_inside == ~0U; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(listener.cancelled_inside, 0u);
}

// A network of the test's own, which has a loop and nothing else.
class OwnNetwork : public testing::Test {
 protected:
  void SetUp() override {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWNET) != 0)
      GTEST_SKIP() << "a network namespace cannot be made here";
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    std::strcpy(request_.ifr_name, "lo");
    process();
  }
  void TearDown() override {
    if (socket_ >= 0) ::close(socket_);
  }

  void set_up(bool up) {
    ASSERT_EQ(::ioctl(socket_, SIOCGIFFLAGS, &request_), 0);
    request_.ifr_flags = static_cast<short>(up ? request_.ifr_flags | IFF_UP : request_.ifr_flags & ~IFF_UP);
    ASSERT_EQ(::ioctl(socket_, SIOCSIFFLAGS, &request_), 0);
  }
  // Another one, as a second name of the interface; 0.0.0.0 takes it away.
  void set_address(const char* label, in_addr_t address) {
    ifreq request = {};
    std::strcpy(request.ifr_name, label);
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(address);
    std::memcpy(&request.ifr_addr, &in, sizeof in);
    ASSERT_EQ(::ioctl(socket_, SIOCSIFADDR, &request), 0);
  }

  // To 10.99/16 by the loop. The kernel makes none for a loop's own addresses, but in its own table.
  void route(unsigned long what) {
    rtentry entry = {};
    char device[] = "lo";
    const auto put = [](sockaddr& out, in_addr_t address) {
      sockaddr_in in = {};
      in.sin_family = AF_INET;
      in.sin_addr.s_addr = htonl(address);
      std::memcpy(&out, &in, sizeof in);
    };
    put(entry.rt_dst, 0x0A630000);
    put(entry.rt_genmask, 0xFFFF0000);
    entry.rt_flags = RTF_UP;
    entry.rt_dev = device;
    ASSERT_EQ(::ioctl(socket_, what, &entry), 0);
  }

  int socket_ = -1;
  ifreq request_ = {};
};

TEST_F(OwnNetwork, InterfacesTellOfTheirFlags) {
  Listener listener(168);
  ASSERT_EQ(notify("NotifyIpInterfaceChange")(2, listen, &listener, 0, &listener.handle), 0u);
  set_up(true);
  EXPECT_TRUE(listener.hears(kParameter, [](const BYTE* row) { return row[0] == 2 && row[kLuid + 6] == 24; }));
  EXPECT_EQ(cancel(listener.handle), 0u);
  const std::size_t heard = listener.now().size();
  set_up(false);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(listener.now().size(), heard);
}

TEST_F(OwnNetwork, AddressesAndRoutesComeAndGo) {
  Listener addresses(80), of_ipv6(80), routes(104);
  ASSERT_EQ(notify("NotifyUnicastIpAddressChange")(2, listen, &addresses, 0, &addresses.handle), 0u);
  ASSERT_EQ(notify("NotifyUnicastIpAddressChange")(23, listen, &of_ipv6, 0, &of_ipv6.handle), 0u);
  ASSERT_EQ(notify("NotifyRouteChange2")(2, listen, &routes, 0, &routes.handle), 0u);
  OVERLAPPED overlapped = {};
  overlapped.hEvent =
      function<HANDLE, void*, BOOL, BOOL, const WCHAR*>(kernel32_dll, "CreateEventW")(nullptr, 1, 0, nullptr);
  HANDLE handle = nullptr;
  EXPECT_EQ((ip<DWORD, HANDLE*, OVERLAPPED*>("NotifyAddrChange")(&handle, &overlapped)), 997u);
  OVERLAPPED of_route = {};
  EXPECT_EQ((ip<DWORD, HANDLE*, OVERLAPPED*>("NotifyRouteChange")(&handle, &of_route)), 997u);

  const auto is_ours = [](const BYTE* row) {
    constexpr BYTE kOurs[] = {10, 77, 0, 1};
    return row[0] == 2 && std::memcmp(row + kUnicastAddress, kOurs, 4) == 0 && row[kUnicastLuid + 6] == 24;
  };
  set_up(true);
  set_address("lo:1", 0x0A4D0001);  // 10.77.0.1, in 10/8
  EXPECT_TRUE(addresses.hears(kAdd, is_ours));
  route(SIOCADDRT);
  DWORD done = 0;
  EXPECT_TRUE((function<BOOL, HANDLE, OVERLAPPED*, DWORD*, BOOL>(kernel32_dll, "GetOverlappedResult")(
      handle, &overlapped, &done, 1)));
  EXPECT_TRUE((function<BOOL, HANDLE, OVERLAPPED*, DWORD*, BOOL>(kernel32_dll, "GetOverlappedResult")(handle, &of_route,
                                                                                                      &done, 1)));
  const auto leads_there = [](const BYTE* row) {
    return row[12] == 2 && row[16] == 10 && row[17] == 99 && row[40] == 16;
  };
  EXPECT_TRUE(routes.hears(kAdd, leads_there));
  route(SIOCDELRT);
  EXPECT_TRUE(routes.hears(kDelete, leads_there));
  set_address("lo:1", 0);
  EXPECT_TRUE(addresses.hears(kDelete, is_ours));
  for (const Told& each : of_ipv6.now()) EXPECT_EQ(each.row[0], 23);
  for (Listener* each : {&addresses, &of_ipv6, &routes}) EXPECT_EQ(cancel(each->handle), 0u);
}

TEST_F(OwnNetwork, AThreadWaitsForAnAddress) {
  std::atomic<DWORD> answer{~0U};
  std::thread waiter([&] {
    thread::attach();
    answer = ip<DWORD, HANDLE*, OVERLAPPED*>("NotifyAddrChange")(nullptr, nullptr);
  });
  set_up(true);
  for (in_addr_t i = 0; i < 200 && answer == ~0U; ++i) {  // until one comes after it has begun
    set_address("lo:1", i % 2 == 0 ? 0x0A4D0001 : 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  waiter.join();
  EXPECT_EQ(answer, 0u);
}

TEST(Notifications, TheOlderOnesAreOverlappedOperations) {
  const auto address_change = ip<DWORD, HANDLE*, OVERLAPPED*>("NotifyAddrChange");
  const auto cancel_it = ip<BOOL, OVERLAPPED*>("CancelIPChangeNotify");
  const auto result = function<BOOL, HANDLE, OVERLAPPED*, DWORD*, BOOL>(kernel32_dll, "GetOverlappedResult");
  HANDLE handle = nullptr;
  OVERLAPPED overlapped = {};
  DWORD done = 0;
  EXPECT_EQ(address_change(&handle, &overlapped), 997u);
  EXPECT_EQ(thread::last_error(), 997u);
  EXPECT_FALSE(result(handle, &overlapped, &done, 0));
  EXPECT_EQ(thread::last_error(), 996u);
  EXPECT_TRUE(cancel_it(&overlapped));
  EXPECT_FALSE(result(handle, &overlapped, &done, 1));
  EXPECT_EQ(thread::last_error(), 995u);
  EXPECT_FALSE(cancel_it(&overlapped)) << "it is over";
  EXPECT_EQ(thread::last_error(), 1168u);
  EXPECT_FALSE(cancel_it(nullptr));
  EXPECT_EQ(address_change(nullptr, &overlapped), 87u);
}

}  // namespace
}  // namespace hmodule::winapi
