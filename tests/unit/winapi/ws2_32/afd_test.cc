// IOCTL_AFD_POLL: what the console program (tests/e2e/console/polls.c) does not ask.
#include "win/afd.h"

#include "nt/clock.h"
#include "nt/file.h"
#include "nt/handle_table.h"
#include "unit/winapi/ws2_32/winsock.h"
#include "win/fileapi.h"

#include <gmock/gmock.h>

#include <thread>

namespace hmodule::winapi {
namespace {

HANDLE as_handle(SOCKET s) {
  return reinterpret_cast<HANDLE>(s);
}

struct Request {
  AFD_POLL_INFO info = {INT64_MAX, 1, FALSE};
  AFD_POLL_HANDLE_INFO handles[2] = {};
  IO_STATUS_BLOCK block = {.Status = STATUS_PENDING, .Information = 0};
  nt::Ref<nt::Event> event = nt::make_object<nt::Event>(nt::Event::Kind::notification, false);

  explicit Request(SOCKET s, ULONG events = ~ULONG{0}) { handles[0] = {as_handle(s), events, 0}; }
  NTSTATUS ask(HANDLE file) {
    const HANDLE handle = *nt::handle_for(event, nt::EVENT_ALL_ACCESS);
    const std::span buffer(reinterpret_cast<std::byte*>(&info),
                           sizeof info + info.NumberOfHandles * sizeof(AFD_POLL_HANDLE_INFO));
    const auto asked =
        nt::control_file(file, {.event = handle, .status_block = &block}, IOCTL_AFD_POLL, buffer, buffer);
    EXPECT_TRUE(nt::handles().close(handle));
    return asked ? *asked : asked.error().status;
  }
  bool over(std::int64_t timeout = -10 * nt::kTicksPerSecond) {
    return nt::wait_one(*event, false, timeout) == STATUS_SUCCESS;
  }
};

class Afd : public StartedWinsock {
 protected:
  void SetUp() override {
    StartedWinsock::SetUp();
    device_ = open(0);
    for (SOCKET& s : sockets_) s = ws2<SOCKET, INT, INT, INT>("socket")(2, 2, 0);
    Address address;
    EXPECT_EQ((ws2<INT, SOCKET, const void*, INT>("bind")(sockets_[0], &address, sizeof address)), 0);
    INT size = sizeof address;
    EXPECT_EQ((ws2<INT, SOCKET, void*, INT*>("getsockname")(sockets_[0], &address, &size)), 0);
    EXPECT_EQ((ws2<INT, SOCKET, const void*, INT>("connect")(sockets_[1], &address, size)), 0);
  }
  void TearDown() override {
    for (const SOCKET s : sockets_) close(s);
    EXPECT_TRUE(nt::handles().close(device_));
    StartedWinsock::TearDown();
  }
  static HANDLE open(ULONG options) {
    return nt::open_file_handle({.name = u"\\Device\\Afd\\Test", .access = nt::SYNCHRONIZE, .options = options}, 0)
        ->handle;
  }
  void send() const { ws2<INT, SOCKET, const char*, INT, INT>("send")(sockets_[1], "x", 1, 0); }

  HANDLE device_ = nullptr;
  SOCKET sockets_[2];
};

TEST_F(Afd, ATimeMayBeAbsolute) {
  Request request(sockets_[0], AFD_POLL_RECEIVE);
  request.info.Timeout = nt::system_time();
  EXPECT_EQ(request.ask(device_), STATUS_PENDING);
  ASSERT_TRUE(request.over());
  EXPECT_EQ(request.block.Status, STATUS_TIMEOUT);
  EXPECT_EQ(request.block.Information, sizeof(AFD_POLL_INFO));
  EXPECT_EQ(request.info.NumberOfHandles, 0u);
}

TEST_F(Afd, AnExclusiveRequestEndsTheOneBefore) {
  Request first(sockets_[0], AFD_POLL_RECEIVE), second = first, third = first;
  for (Request* request : {&first, &second, &third}) {
    request->event = nt::make_object<nt::Event>(nt::Event::Kind::notification, false);
    request->info.Exclusive = TRUE;
  }
  third.info.Exclusive = FALSE;
  EXPECT_EQ(first.ask(device_), STATUS_PENDING);
  EXPECT_EQ(second.ask(device_), STATUS_PENDING);
  ASSERT_TRUE(first.over(0));
  EXPECT_EQ(first.block.Status, STATUS_SUCCESS);
  EXPECT_EQ(first.info.NumberOfHandles, 0u);
  EXPECT_EQ(third.ask(device_), STATUS_PENDING);
  EXPECT_FALSE(second.over(0));
  send();
  EXPECT_TRUE(second.over());
  EXPECT_TRUE(third.over());
}

TEST_F(Afd, ASocketTakesRequestsToo) {
  Request request(sockets_[0]);
  EXPECT_EQ(request.ask(as_handle(sockets_[1])), STATUS_SUCCESS);
  EXPECT_EQ(request.handles[0].Events, AFD_POLL_SEND);
  EXPECT_EQ(request.handles[0].Handle, as_handle(sockets_[0]));
}

TEST_F(Afd, TheSameSocketMayBeNamedTwice) {
  Request request(sockets_[1], AFD_POLL_SEND);
  request.info.NumberOfHandles = 2;
  request.handles[1] = {as_handle(sockets_[1]), AFD_POLL_CONNECT | AFD_POLL_RECEIVE, 0};
  EXPECT_EQ(request.ask(device_), STATUS_SUCCESS);
  ASSERT_EQ(request.info.NumberOfHandles, 2u);
  EXPECT_EQ(request.handles[0].Events, AFD_POLL_SEND);
  EXPECT_EQ(request.handles[1].Events, AFD_POLL_CONNECT);
}

TEST_F(Afd, TheEndOfASocketIsToldWithoutBeingAskedFor) {
  Request request(sockets_[0], 0);
  EXPECT_EQ(request.ask(device_), STATUS_PENDING);
  close(sockets_[0]);
  ASSERT_TRUE(request.over(0));
  EXPECT_EQ(request.handles[0].Events, AFD_POLL_LOCAL_CLOSE);
  sockets_[0] = ws2<SOCKET, INT, INT, INT>("socket")(2, 2, 0);
}

TEST_F(Afd, ARequestOutlivesTheFileItWasSentTo) {
  const HANDLE other = open(0);
  Request request(sockets_[0], AFD_POLL_RECEIVE);
  EXPECT_EQ(request.ask(other), STATUS_PENDING);
  EXPECT_TRUE(nt::handles().close(other));
  EXPECT_FALSE(request.over(0));
  send();
  ASSERT_TRUE(request.over());
  EXPECT_EQ(request.handles[0].Events, AFD_POLL_RECEIVE);
}

TEST_F(Afd, ASynchronousFileWaits) {
  const HANDLE waits = open(FILE_SYNCHRONOUS_IO_NONALERT);
  Request request(sockets_[0], AFD_POLL_RECEIVE);
  std::thread sender([&] { send(); });
  EXPECT_EQ(request.ask(waits), STATUS_SUCCESS);
  sender.join();
  EXPECT_EQ(request.handles[0].Events, AFD_POLL_RECEIVE);
  request.handles[0].Events = AFD_POLL_CONNECT;
  request.info.Timeout = -1;
  EXPECT_EQ(request.ask(waits), STATUS_TIMEOUT);
  EXPECT_TRUE(nt::handles().close(waits));
}

// What libuv does to receive datagrams.
TEST_F(Afd, ASocketReceivesByRequest) {
  char text[4] = {};
  WSABUF buffer = {sizeof text, text};
  Address from;
  INT length = sizeof from;
  AFD_RECV_DATAGRAM_INFO info = {{&buffer, 1, 0, TDI_RECEIVE_PEEK}, &from, &length};
  Request request(sockets_[0]);
  const auto ask = [&](ULONG code, std::size_t size) {
    const HANDLE event = *nt::handle_for(request.event, nt::EVENT_ALL_ACCESS);
    const auto asked = nt::control_file(as_handle(sockets_[0]), {.event = event, .status_block = &request.block}, code,
                                        {reinterpret_cast<const std::byte*>(&info), size}, {});
    EXPECT_TRUE(nt::handles().close(event));
    return asked ? *asked : asked.error().status;
  };
  EXPECT_EQ(ask(IOCTL_AFD_RECEIVE_DATAGRAM, sizeof info), STATUS_PENDING);
  send();
  ASSERT_TRUE(request.over());
  EXPECT_EQ(request.block.Status, STATUS_SUCCESS);
  EXPECT_EQ(text[0], 'x');
  EXPECT_EQ(length, 16);
  EXPECT_EQ(from.address, htonl(INADDR_LOOPBACK));
  info.Receive.TdiFlags = 0;  // what was seen is still there
  EXPECT_EQ(ask(IOCTL_AFD_RECEIVE, sizeof info.Receive), STATUS_SUCCESS);
  EXPECT_EQ(request.block.Information, 1u);
  EXPECT_EQ(ask(IOCTL_AFD_RECEIVE, sizeof info.Receive - 8), STATUS_INVALID_PARAMETER);
}

TEST_F(Afd, NamesWithoutABoundaryAreOthers) {
  const auto opened = nt::open_file({.name = u"\\Device\\Afdx"});
  EXPECT_FALSE(opened);
  EXPECT_TRUE(nt::open_file({.name = u"\\device\\AFD"}));
}

}  // namespace
}  // namespace hmodule::winapi
