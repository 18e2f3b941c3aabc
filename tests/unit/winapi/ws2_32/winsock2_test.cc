// Winsock 2: what the portable program (tests/e2e/sockets.c) does not ask.
#include "nt/event.h"
#include "nt/handle_table.h"
#include "unit/winapi/ws2_32/winsock.h"
#include "win/fileapi.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}

class Winsock2 : public StartedWinsock {
 protected:
  static SOCKET make(INT type, INT family = 2) { return ws2<SOCKET, INT, INT, INT>("socket")(family, type, 0); }
  static INT bind(SOCKET s, const void* address, INT size) {
    return ws2<INT, SOCKET, const void*, INT>("bind")(s, address, size);
  }
  static INT name_of(SOCKET s, void* address, INT size) {
    return ws2<INT, SOCKET, void*, INT*>("getsockname")(s, address, &size);
  }
  static INT set(SOCKET s, INT level, INT name, const void* value, INT size) {
    return ws2<INT, SOCKET, INT, INT, const void*, INT>("setsockopt")(s, level, name, value, size);
  }
  static INT send(SOCKET s, std::string_view text) {
    return ws2<INT, SOCKET, const char*, INT, INT>("send")(s, text.data(), static_cast<INT>(text.size()), 0);
  }
  static std::string receive(SOCKET s, std::size_t most = 64) {
    std::string text(most, 0);
    const INT count = ws2<INT, SOCKET, char*, INT, INT>("recv")(s, text.data(), static_cast<INT>(most), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }
  template <typename T>
  static T extension(SOCKET s, GUID id) {
    T function = nullptr;
    DWORD size = 0;
    EXPECT_EQ((ws2<INT, SOCKET, DWORD, void*, DWORD, void*, DWORD, DWORD*, void*, void*>("WSAIoctl")(
                  s, 0xC8000006, &id, sizeof id, &function, sizeof function, &size, nullptr, nullptr)),
              0);
    EXPECT_EQ(size, sizeof function);
    return function;
  }

  struct Pair {
    SOCKET client, server;
  };
  static Pair connected() {
    Address address;
    const SOCKET listener = make(1), client = make(1);
    EXPECT_EQ(bind(listener, &address, sizeof address), 0);
    EXPECT_EQ((ws2<INT, SOCKET, INT>("listen")(listener, 4)), 0);
    EXPECT_EQ(name_of(listener, &address, sizeof address), 0);
    EXPECT_EQ((ws2<INT, SOCKET, const void*, INT>("connect")(client, &address, sizeof address)), 0);
    const SOCKET server = ws2<SOCKET, SOCKET, void*, INT*>("accept")(listener, nullptr, nullptr);
    close(listener);
    return {client, server};
  }
  static void close_pair(const Pair& pair) {
    close(pair.client);
    close(pair.server);
  }
};

TEST_F(Winsock2, OrdinalsAreThoseOfWindows) {
  const std::pair<std::string_view, unsigned> expected[] = {{"accept", 1},
                                                            {"bind", 2},
                                                            {"closesocket", 3},
                                                            {"connect", 4},
                                                            {"getpeername", 5},
                                                            {"getsockname", 6},
                                                            {"getsockopt", 7},
                                                            {"htonl", 8},
                                                            {"htons", 9},
                                                            {"ioctlsocket", 10},
                                                            {"inet_addr", 11},
                                                            {"inet_ntoa", 12},
                                                            {"listen", 13},
                                                            {"ntohl", 14},
                                                            {"ntohs", 15},
                                                            {"recv", 16},
                                                            {"recvfrom", 17},
                                                            {"select", 18},
                                                            {"send", 19},
                                                            {"sendto", 20},
                                                            {"setsockopt", 21},
                                                            {"shutdown", 22},
                                                            {"socket", 23},
                                                            {"gethostbyaddr", 51},
                                                            {"gethostbyname", 52},
                                                            {"getprotobyname", 53},
                                                            {"getprotobynumber", 54},
                                                            {"getservbyname", 55},
                                                            {"getservbyport", 56},
                                                            {"gethostname", 57},
                                                            {"WSAGetLastError", 111},
                                                            {"WSASetLastError", 112},
                                                            {"WSAStartup", 115},
                                                            {"WSACleanup", 116},
                                                            {"__WSAFDIsSet", 151}};
  for (const auto& [name, ordinal] : expected) {
    bool found = false;
    for (const ExportTable* table : ws2_32_dll.tables)
      for (const Export& row : *table)
        if (row.name == name) found = row.ordinal == ordinal;
    EXPECT_TRUE(found) << name;
  }
}

TEST_F(Winsock2, DuplicatesAreTakenOnce) {
  const Pair pair = connected();
  WSAPROTOCOL_INFO<WCHAR> info = {};
  const auto duplicate = ws2<INT, SOCKET, DWORD, WSAPROTOCOL_INFO<WCHAR>*>("WSADuplicateSocketW");
  EXPECT_EQ(duplicate(pair.client, static_cast<DWORD>(getpid()), &info), 0);
  EXPECT_EQ(info.iSocketType, 1);
  EXPECT_EQ(info.iProtocol, 6);
  close(pair.client);
  const auto from_info = ws2<SOCKET, INT, INT, INT, void*, UINT, DWORD>("WSASocketW");
  const SOCKET again = from_info(-1, -1, -1, &info, 0, 1);
  ASSERT_NE(again, INVALID_SOCKET);
  EXPECT_EQ(send(again, "still"), 5);
  EXPECT_EQ(receive(pair.server), "still");
  EXPECT_EQ(from_info(-1, -1, -1, &info, 0, 1), INVALID_SOCKET);
  EXPECT_EQ(thread::last_error(), WSAEINVAL);
  EXPECT_EQ(duplicate(again, 0x7FFF'FFFC, &info), SOCKET_ERROR);  // no such process
  EXPECT_EQ(thread::last_error(), WSAEINVAL);
  close(again);
  close(pair.server);
}

TEST_F(Winsock2, OptionsOfGroupsBuffersAndFragments) {
  const SOCKET s = make(2);
  const auto get = ws2<INT, SOCKET, INT, INT, void*, INT*>("getsockopt");
  INT value = 20000, length = sizeof value;
  EXPECT_EQ(set(s, 0xFFFF, 0x1002, &value, sizeof value), 0);
  EXPECT_EQ(get(s, 0xFFFF, 0x1002, &value, &length), 0);
  EXPECT_EQ(value, 20000);
  value = 1;
  EXPECT_EQ(set(s, 0, 14, &value, sizeof value), 0);
  value = 0;
  EXPECT_EQ(get(s, 0, 14, &value, &length), 0);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(get(s, 0, 71, &value, &length), 0);
  EXPECT_EQ(value, 1);  // IP_PMTUDISC_DO
  const ULONG group[2] = {htonl(0xEF010203), htonl(INADDR_LOOPBACK)};
  EXPECT_EQ(set(s, 0, 12, group, sizeof group), 0);
  EXPECT_EQ(set(s, 0, 13, group, sizeof group), 0);
  EXPECT_EQ(set(s, 0, 13, group, sizeof group), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSAEADDRNOTAVAIL);
  WSAPROTOCOL_INFO<char> info = {};
  length = sizeof info;
  EXPECT_EQ(get(s, 0xFFFF, 0x2004, &info, &length), 0);
  EXPECT_EQ(info.iProtocol, 17);
  close(s);
}

TEST_F(Winsock2, MessagesCarryTheirDestination) {
  Address address;
  const SOCKET receiver = make(2), sender = make(2);
  const INT on = 1;
  EXPECT_EQ(bind(receiver, &address, sizeof address), 0);
  EXPECT_EQ(name_of(receiver, &address, sizeof address), 0);
  EXPECT_EQ(set(receiver, 0, 19, &on, sizeof on), 0);
  char text[] = "datagram", buffer[32] = {}, control[64] = {};
  WSABUF out = {8, text}, in = {sizeof buffer, buffer};
  WSAMSG message = {&address, sizeof address, &out, 1, {}, 0};
  DWORD count = 0;
  EXPECT_EQ((ws2<INT, SOCKET, WSAMSG*, DWORD, DWORD*, void*, void*>("WSASendMsg")(sender, &message, 0, &count, nullptr,
                                                                                  nullptr)),
            0);
  EXPECT_EQ(count, 8u);
  using ReceiveMessage = HM_WINAPI INT (*)(SOCKET, WSAMSG*, DWORD*, void*, void*);
  const auto receive_message = extension<ReceiveMessage>(
      receiver, {0xF689D7C8, 0x6F1F, 0x436B, {0x8A, 0x53, 0xE5, 0x4F, 0xE3, 0x51, 0xC3, 0x22}});
  Address from;
  WSAMSG received = {&from, sizeof from, &in, 1, {sizeof control, control}, 0};
  ASSERT_EQ(thread::call(receive_message, receiver, &received, &count, nullptr, nullptr), 0);
  EXPECT_STREQ(buffer, "datagram");
  EXPECT_EQ(received.dwFlags, 0u);
  ASSERT_GE(received.Control.len, sizeof(WSACMSGHDR) + 8);
  WSACMSGHDR header;
  std::memcpy(&header, control, sizeof header);
  EXPECT_EQ(header.cmsg_len, sizeof header + 8);
  EXPECT_EQ(header.cmsg_level, 0);
  EXPECT_EQ(header.cmsg_type, 19);
  ULONG destination;
  std::memcpy(&destination, control + sizeof header, sizeof destination);
  EXPECT_EQ(destination, htonl(INADDR_LOOPBACK));
  close(receiver);
  close(sender);
}

TEST_F(Winsock2, AFileGoesBetweenHeadAndTail) {
  const Pair pair = connected();
  const std::u16string path = u"C:\\Windows\\Temp\\hmodule-transmit-" + std::u16string(1, u'0' + getpid() % 10);
  const HANDLE file = k32<HANDLE, const WCHAR*, DWORD, DWORD, void*, DWORD, DWORD, HANDLE>("CreateFileW")(
      path.c_str(), 0xC0000000, 0, nullptr, 2, 0x04000000, nullptr);  // deleted on close
  ASSERT_NE(file, INVALID_HANDLE_VALUE);
  DWORD written = 0;
  EXPECT_TRUE(
      (k32<BOOL, HANDLE, const void*, DWORD, DWORD*, void*>("WriteFile")(file, "0123456789", 10, &written, nullptr)));
  k32<DWORD, HANDLE, LONG, LONG*, DWORD>("SetFilePointer")(file, 2, nullptr, 0);
  char head[] = "<", tail[] = ">";
  TRANSMIT_FILE_BUFFERS buffers = {head, 1, tail, 1};
  using Transmit = HM_WINAPI BOOL (*)(SOCKET, HANDLE, DWORD, DWORD, void*, TRANSMIT_FILE_BUFFERS*, DWORD);
  const auto transmit =
      extension<Transmit>(pair.client, {0xB5367DF0, 0xCBAC, 0x11CF, {0x95, 0xCA, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92}});
  EXPECT_TRUE(thread::call(transmit, pair.client, file, 5, 0, nullptr, &buffers, 1));  // TF_DISCONNECT
  std::string all;
  for (std::string part; !(part = receive(pair.server)).empty();) all += part;
  EXPECT_EQ(all, "<23456>");
  k32<BOOL, HANDLE>("CloseHandle")(file);
  close_pair(pair);
}

TEST_F(Winsock2, UnixSocketsHaveWindowsPaths) {
  struct {
    USHORT family = 1;
    char path[108] = {};
  } address, name;
  const std::string path = "Z:\\tmp\\hmodule-unix-" + std::to_string(getpid());
  path.copy(address.path, sizeof address.path - 1);
  const SOCKET listener = make(1, 1), client = make(1, 1);
  ASSERT_EQ(bind(listener, &address, sizeof address), 0);
  EXPECT_EQ((ws2<INT, SOCKET, INT>("listen")(listener, 1)), 0);
  INT length = sizeof name;
  EXPECT_EQ((ws2<INT, SOCKET, void*, INT*>("getsockname")(listener, &name, &length)), 0);
  EXPECT_EQ(name.family, 1);
  EXPECT_THAT(name.path, testing::HasSubstr("hmodule-unix-"));
  ASSERT_EQ((ws2<INT, SOCKET, const void*, INT>("connect")(client, &address, sizeof address)), 0);
  const SOCKET server = ws2<SOCKET, SOCKET, void*, INT*>("accept")(listener, nullptr, nullptr);
  EXPECT_EQ(send(client, "local"), 5);
  EXPECT_EQ(receive(server), "local");
  for (const SOCKET each : {listener, client, server}) close(each);
  ::unlink(("/tmp/hmodule-unix-" + std::to_string(getpid())).c_str());
}

TEST_F(Winsock2, ZeroBytesWaitForData) {
  const Pair pair = connected();
  OVERLAPPED overlapped = {};
  overlapped.hEvent = ws2<HANDLE>("WSACreateEvent")();
  WSABUF nothing = {0, nullptr};
  DWORD count = 7, flags = 0;
  const auto receive_overlapped = ws2<INT, SOCKET, WSABUF*, DWORD, DWORD*, DWORD*, OVERLAPPED*, void*>("WSARecv");
  EXPECT_EQ(receive_overlapped(pair.server, &nothing, 1, &count, &flags, &overlapped, nullptr), SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSA_IO_PENDING);
  EXPECT_EQ(send(pair.client, "x"), 1);
  EXPECT_TRUE((ws2<BOOL, SOCKET, OVERLAPPED*, DWORD*, BOOL, DWORD*>("WSAGetOverlappedResult")(pair.server, &overlapped,
                                                                                              &count, TRUE, &flags)));
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(receive(pair.server), "x");
  ws2<BOOL, HANDLE>("WSACloseEvent")(overlapped.hEvent);
  close_pair(pair);
}

TEST_F(Winsock2, ALargeOverlappedSendEndsWhenAllIsTaken) {
  const Pair pair = connected();
  std::string large(8 << 20, 'l');
  OVERLAPPED overlapped = {};
  overlapped.hEvent = ws2<HANDLE>("WSACreateEvent")();
  WSABUF part = {static_cast<ULONG>(large.size()), large.data()};
  DWORD count = 0, flags = 0;
  EXPECT_EQ((ws2<INT, SOCKET, WSABUF*, DWORD, DWORD*, DWORD, OVERLAPPED*, void*>("WSASend")(
                pair.client, &part, 1, &count, 0, &overlapped, nullptr)),
            SOCKET_ERROR);
  EXPECT_EQ(thread::last_error(), WSA_IO_PENDING);
  std::size_t received = 0;
  while (received < large.size()) {
    const std::size_t got = receive(pair.server, 1 << 20).size();
    ASSERT_NE(got, 0u);
    received += got;
  }
  EXPECT_TRUE((ws2<BOOL, SOCKET, OVERLAPPED*, DWORD*, BOOL, DWORD*>("WSAGetOverlappedResult")(pair.client, &overlapped,
                                                                                              &count, TRUE, &flags)));
  EXPECT_EQ(count, large.size());
  ws2<BOOL, HANDLE>("WSACloseEvent")(overlapped.hEvent);
  close_pair(pair);
}

TEST_F(Winsock2, NamesLater) {
  ADDRINFOEX<WCHAR>*found = nullptr, hints = {};
  hints.ai_flags = 4;
  OVERLAPPED overlapped = {};
  overlapped.hEvent = ws2<HANDLE>("WSACreateEvent")();
  const auto look_up = ws2<INT, const WCHAR*, const WCHAR*, DWORD, GUID*, const ADDRINFOEX<WCHAR>*, ADDRINFOEX<WCHAR>**,
                           const TIMEVAL*, OVERLAPPED*, void*, HANDLE*>("GetAddrInfoExW");
  EXPECT_EQ(look_up(u"127.0.0.1", u"80", 0, nullptr, &hints, &found, nullptr, &overlapped, nullptr, nullptr),
            static_cast<INT>(WSA_IO_PENDING));
  EXPECT_EQ((ws2<DWORD, DWORD, const HANDLE*, BOOL, DWORD, BOOL>("WSAWaitForMultipleEvents")(1, &overlapped.hEvent,
                                                                                             FALSE, 20000, FALSE)),
            0u);
  EXPECT_EQ((ws2<INT, OVERLAPPED*>("GetAddrInfoExOverlappedResult")(&overlapped)), 0);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->ai_family, 2);
  ws2<INT, ADDRINFOEX<WCHAR>*>("FreeAddrInfoExW")(found);
  ws2<BOOL, HANDLE>("WSACloseEvent")(overlapped.hEvent);
  EXPECT_EQ((ws2<PROTOENT*, const char*>("getprotobyname")("tcp"))->p_proto, 6);
  usleep(20'000);  // a worker that the end kills with the question in its hands looks like a leak to LeakSanitizer
}

}  // namespace
}  // namespace hmodule::winapi
