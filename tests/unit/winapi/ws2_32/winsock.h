// ws2_32's functions by name, for tests that have Winsock started.
#pragma once

#include "unit/winapi/process.h"
#include "win/winsock2.h"
#include "winapi/ws2_32/exports.h"

#include <netinet/in.h>

#include <string_view>

namespace hmodule::winapi {

template <typename R, typename... Args>
Function<R, Args...> ws2(std::string_view name) {
  return function<R, Args...>(ws2_32_dll, name);
}

struct Address {
  USHORT family = 2, port = 0;
  ULONG address = htonl(INADDR_LOOPBACK);
  char zero[8] = {};
};

class StartedWinsock : public testing::Test {
 protected:
  void SetUp() override {
    WSADATA data;
    ASSERT_EQ((ws2<INT, WORD, WSADATA*>("WSAStartup")(0x0202, &data)), 0);
    EXPECT_EQ(data.wVersion, 0x0202);
  }
  void TearDown() override { EXPECT_EQ(ws2<INT>("WSACleanup")(), 0); }

  static INT close(SOCKET s) { return ws2<INT, SOCKET>("closesocket")(s); }
};

}  // namespace hmodule::winapi
