#include "unit/winapi/ws2_32/winsock.h"

#include <netinet/in.h>

#include <cstring>
#include <map>
#include <string>

namespace hmodule::winapi {
namespace {

class Winsock : public StartedWinsock {
 protected:
  SOCKET socket(INT type) { return ws2<SOCKET, INT, INT, INT>("socket")(2, type, 0); }

  SOCKET listener(Address& bound) {
    const SOCKET s = socket(1);
    EXPECT_EQ((ws2<INT, SOCKET, const void*, INT>("bind")(s, &bound, sizeof bound)), 0);
    EXPECT_EQ((ws2<INT, SOCKET, INT>("listen")(s, 4)), 0);
    INT length = sizeof bound;
    EXPECT_EQ((ws2<INT, SOCKET, void*, INT*>("getsockname")(s, &bound, &length)), 0);
    EXPECT_EQ(length, 16);
    return s;
  }
};

TEST(WinsockStart, EverythingNeedsIt) {
  const auto last_error = ws2<INT>("WSAGetLastError");
  EXPECT_EQ((ws2<SOCKET, INT, INT, INT>("socket")(2, 1, 0)), INVALID_SOCKET);
  EXPECT_EQ(last_error(), 10093);
  EXPECT_EQ(ws2<INT>("WSACleanup")(), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSANOTINITIALISED);
  EXPECT_EQ((ws2<INT, WORD, WSADATA*>("WSAStartup")(0x0202, nullptr)), static_cast<INT>(WSAEFAULT));
}

TEST_F(Winsock, OrdinalsAreThoseOfWindows) {
  const std::map<std::string_view, std::uint16_t> expected = {
      {"WSAStartup", 115}, {"accept", 1}, {"__WSAFDIsSet", 151}, {"gethostname", 57}};
  for (const ExportTable* table : ws2_32_dll.tables)
    for (const Export& row : *table) {
      const auto known = expected.find(row.name);
      if (known != expected.end()) {
        EXPECT_EQ(row.ordinal, known->second) << row.name;
      }
    }
}

TEST_F(Winsock, AStreamGoesBothWays) {
  Address address;
  const SOCKET server = listener(address), client = socket(1);
  ASSERT_EQ((ws2<INT, SOCKET, const void*, INT>("connect")(client, &address, sizeof address)), 0);
  Address peer;
  INT length = sizeof peer;
  const SOCKET accepted = ws2<SOCKET, SOCKET, void*, INT*>("accept")(server, &peer, &length);
  ASSERT_NE(accepted, INVALID_SOCKET);
  EXPECT_EQ(peer.family, 2);
  EXPECT_EQ((ws2<INT, SOCKET, const char*, INT, INT>("send")(client, "hello", 5, 0)), 5);

  FD_SET set = {1, {accepted}};
  TIMEVAL timeout = {5, 0};
  EXPECT_EQ((ws2<INT, INT, FD_SET*, FD_SET*, FD_SET*, const TIMEVAL*>("select")(0, &set, nullptr, nullptr, &timeout)),
            1);
  EXPECT_TRUE((ws2<INT, SOCKET, FD_SET*>("__WSAFDIsSet")(accepted, &set)));
  WSAPOLLFD polled = {accepted, 0x0300, 0};
  EXPECT_EQ((ws2<INT, WSAPOLLFD*, ULONG, INT>("WSAPoll")(&polled, 1, 5000)), 1);
  EXPECT_NE(polled.revents & 0x0100, 0);

  char buffer[16] = {};
  EXPECT_EQ((ws2<INT, SOCKET, char*, INT, INT>("recv")(accepted, buffer, 16, 0)), 5);
  EXPECT_STREQ(buffer, "hello");
  EXPECT_EQ((ws2<INT, SOCKET, INT>("shutdown")(client, 1)), 0);
  EXPECT_EQ((ws2<INT, SOCKET, char*, INT, INT>("recv")(accepted, buffer, 16, 0)), 0);
  for (const SOCKET each : {server, client, accepted}) EXPECT_EQ(close(each), 0);
  EXPECT_EQ(close(client), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSAENOTSOCK);
}

TEST_F(Winsock, ErrorsHaveWinsockCodes) {
  const SOCKET s = socket(1);
  char byte;
  ULONG on = 1;
  EXPECT_EQ((ws2<INT, SOCKET, char*, INT, INT>("recv")(s, &byte, 1, 0)), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSAENOTCONN);
  Address address;
  const SOCKET server = listener(address);
  EXPECT_EQ((ws2<INT, SOCKET, LONG, ULONG*>("ioctlsocket")(server, static_cast<LONG>(0x8004667E), &on)), 0);
  EXPECT_EQ((ws2<SOCKET, SOCKET, void*, INT*>("accept")(server, nullptr, nullptr)), INVALID_SOCKET);
  EXPECT_EQ(thread::last_error(), WSAEWOULDBLOCK);
  EXPECT_EQ((ws2<INT, SOCKET, const void*, INT>("bind")(s, &address, sizeof address)), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSAEADDRINUSE);
  EXPECT_EQ((ws2<INT, SOCKET, const void*, INT>("bind")(s, &address, 4)), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSAEFAULT);
  EXPECT_EQ((ws2<SOCKET, INT, INT, INT>("socket")(77, 1, 0)), INVALID_SOCKET);
  EXPECT_EQ(thread::last_error(), WSAEAFNOSUPPORT);
  close(s);
  close(server);
}

TEST_F(Winsock, OptionsAreTranslated) {
  const SOCKET s = socket(1);
  const auto set = ws2<INT, SOCKET, INT, INT, const void*, INT>("setsockopt");
  const auto get = ws2<INT, SOCKET, INT, INT, void*, INT*>("getsockopt");
  DWORD milliseconds = 1500;
  INT length = sizeof milliseconds;
  EXPECT_EQ(set(s, 0xFFFF, 0x1006, &milliseconds, sizeof milliseconds), 0);
  milliseconds = 0;
  EXPECT_EQ(get(s, 0xFFFF, 0x1006, &milliseconds, &length), 0);
  EXPECT_EQ(milliseconds, 1500u);
  USHORT linger[2] = {1, 7};
  EXPECT_EQ(set(s, 0xFFFF, 0x80, linger, sizeof linger), 0);
  linger[0] = linger[1] = 0;
  length = sizeof linger;
  EXPECT_EQ(get(s, 0xFFFF, 0x80, linger, &length), 0);
  EXPECT_EQ(linger[0], 1);
  EXPECT_EQ(linger[1], 7);
  const char one = 1;
  EXPECT_EQ(set(s, 6, 1, &one, 1), 0);
  EXPECT_EQ(set(s, 6, 999, &one, 1), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSAENOPROTOOPT);
  close(s);
}

TEST_F(Winsock, DatagramsThatDoNotFitAreErrors) {
  Address address;
  const SOCKET receiver = socket(2), sender = socket(2);
  ws2<INT, SOCKET, const void*, INT>("bind")(receiver, &address, sizeof address);
  INT length = sizeof address;
  ws2<INT, SOCKET, void*, INT*>("getsockname")(receiver, &address, &length);
  EXPECT_EQ((ws2<INT, SOCKET, const char*, INT, INT, const void*, INT>("sendto")(sender, "12345", 5, 0, &address, 16)),
            5);
  char buffer[3] = {};
  EXPECT_EQ((ws2<INT, SOCKET, char*, INT, INT>("recv")(receiver, buffer, 2, 0)), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSAEMSGSIZE);
  EXPECT_STREQ(buffer, "12");
  close(receiver);
  close(sender);
}

TEST_F(Winsock, NamesAndText) {
  ADDRINFO<char>* found = nullptr;
  ADDRINFO<char> hints = {};
  hints.ai_flags = 4;
  hints.ai_family = WIN_AF_INET6;
  ASSERT_EQ((ws2<INT, const char*, const char*, ADDRINFO<char>*, ADDRINFO<char>**>("getaddrinfo")("::1", "80", &hints,
                                                                                                  &found)),
            0);
  EXPECT_EQ(found->ai_family, WIN_AF_INET6);
  EXPECT_EQ(found->ai_addrlen, 28u);
  EXPECT_EQ(*static_cast<USHORT*>(found->ai_addr), WIN_AF_INET6);
  ws2<int, ADDRINFO<char>*>("freeaddrinfo")(found);
  EXPECT_EQ((ws2<INT, const char*, const char*, ADDRINFO<char>*, ADDRINFO<char>**>("getaddrinfo")(
                "not an address", nullptr, &hints, &found)),
            static_cast<INT>(WSAHOST_NOT_FOUND));
  BYTE bytes[16] = {};
  char text[46] = {};
  EXPECT_EQ((ws2<INT, INT, const char*, void*>("inet_pton")(23, "fe80::1", bytes)), 1);
  EXPECT_EQ(bytes[0], 0xFE);
  EXPECT_EQ((ws2<INT, INT, const char*, void*>("inet_pton")(2, "1.2.3", bytes)), 0);
  EXPECT_EQ((ws2<INT, INT, const char*, void*>("inet_pton")(99, "x", bytes)), SOCKET_ERROR);
  constexpr BYTE kLoopback[] = {127, 0, 0, 1};
  EXPECT_NE((ws2<const char*, INT, const void*, char*, SIZE_T>("inet_ntop")(2, kLoopback, text, sizeof text)), nullptr);
  EXPECT_STREQ(text, "127.0.0.1");
  EXPECT_EQ((ws2<USHORT, USHORT>("htons")(0x1234)), 0x3412);
  EXPECT_EQ((ws2<ULONG, const char*>("inet_addr")("1.2.3.4")), 0x04030201u);
  EXPECT_EQ((ws2<ULONG, const char*>("inet_addr")("x")), 0xFFFFFFFFu);
}

}  // namespace
}  // namespace hmodule::winapi
