/* UDP: datagrams and their limits, peeking, connected sockets, WSAPoll, events, and broadcast options. */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <string.h>

#include "support/say.h"

static SOCKET bound(struct sockaddr_in* at) {
  const SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
  memset(at, 0, sizeof *at);
  at->sin_family = AF_INET;
  at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(s, (struct sockaddr*)at, sizeof *at);
  int length = sizeof *at;
  getsockname(s, (struct sockaddr*)at, &length);
  return s;
}
static int error(int result) {
  return result == SOCKET_ERROR ? WSAGetLastError() : result;
}

int main(void) {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  struct sockaddr_in a_at, b_at, from;
  const SOCKET a = bound(&a_at), b = bound(&b_at);
  char text[64] = "";
  int length = sizeof from;
  say("sendto", "%d", error(sendto(a, "hello", 5, 0, (struct sockaddr*)&b_at, sizeof b_at)));
  say("peek", "%d", error(recv(b, text, sizeof text, MSG_PEEK)));
  say("recvfrom", "%d", error(recvfrom(b, text, sizeof text, 0, (struct sockaddr*)&from, &length)));
  say("from", "%d %d %.5s", from.sin_port == a_at.sin_port, length, text);
  sendto(a, "0123456789", 10, 0, (struct sockaddr*)&b_at, sizeof b_at);
  say("truncated", "%d %.4s", error(recv(b, text, 4, 0)), text);
  sendto(a, "", 0, 0, (struct sockaddr*)&b_at, sizeof b_at);
  say("empty", "%d", error(recv(b, text, sizeof text, 0)));
  u_long yes = 1, waiting = 0;
  ioctlsocket(b, FIONBIO, &yes);
  say("nothing", "%d", error(recv(b, text, sizeof text, 0)));
  sendto(a, "abc", 3, 0, (struct sockaddr*)&b_at, sizeof b_at);
  sendto(a, "defgh", 5, 0, (struct sockaddr*)&b_at, sizeof b_at);
  Sleep(20);
  ioctlsocket(b, FIONREAD, &waiting);
  say("FIONREAD", "%d", waiting == 3 || waiting == 8);
  WSABUF pieces[2] = {{2, text}, {10, text + 10}};
  DWORD got = 0, flags = 0;
  say("scattered", "%d %lu %.2s%.1s", error(WSARecv(b, pieces, 2, &got, &flags, NULL, NULL)), got, text, text + 10);
  say("second", "%d", error(recv(b, text, sizeof text, 0)));
  WSABUF gathered[2] = {{3, (char*)"one"}, {3, (char*)"two"}};
  DWORD sent = 0;
  say("WSASendTo", "%d %lu",
      error(WSASendTo(a, gathered, 2, &sent, 0, (struct sockaddr*)&b_at, sizeof b_at, NULL, NULL)), sent);
  WSAPOLLFD polled[2] = {{b, POLLRDNORM, 0}, {a, POLLWRNORM, 0}};
  say("WSAPoll", "%d", error(WSAPoll(polled, 2, 5000)));
  say("revents", "%x %x", polled[0].revents, polled[1].revents);
  say("gathered", "%d %.6s", error(recv(b, text, sizeof text, 0)), text);
  polled[0].revents = 0;
  say("poll-timeout", "%d %x", error(WSAPoll(polled, 1, 10)), polled[0].revents);
  say("poll-nothing", "%d", error(WSAPoll(NULL, 0, 10)));

  say("connect", "%d", error(connect(a, (struct sockaddr*)&b_at, sizeof b_at)));
  say("send", "%d", error(send(a, "direct", 6, 0)));
  length = sizeof from;
  say("peer", "%d %d", error(getpeername(a, (struct sockaddr*)&from, &length)), from.sin_port == b_at.sin_port);
  const WSAEVENT event = WSACreateEvent();
  say("WSAEventSelect", "%d", error(WSAEventSelect(b, event, FD_READ)));
  say("signalled", "%lu", WSAWaitForMultipleEvents(1, &event, FALSE, 5000, FALSE) - WSA_WAIT_EVENT_0);
  WSANETWORKEVENTS what;
  say("WSAEnumNetworkEvents", "%d", error(WSAEnumNetworkEvents(b, event, &what)));
  say("events", "%lx %d", what.lNetworkEvents, what.iErrorCode[FD_READ_BIT]);
  recv(b, text, sizeof text, 0);
  static char large[70000];
  say("too-large", "%d", error(send(a, large, sizeof large, 0)));
  int value = 0, size = sizeof value;
  getsockopt(a, SOL_SOCKET, SO_TYPE, (char*)&value, &size);
  say("SO_TYPE", "%d", value);
  struct sockaddr_in everyone = b_at;
  everyone.sin_addr.s_addr = INADDR_BROADCAST;
  const SOCKET c = socket(AF_INET, SOCK_DGRAM, 0);
  say("broadcast-refused", "%d", error(sendto(c, "x", 1, 0, (struct sockaddr*)&everyone, sizeof everyone)));
  BOOL on = TRUE;
  say("SO_BROADCAST", "%d", error(setsockopt(c, SOL_SOCKET, SO_BROADCAST, (char*)&on, sizeof on)));
  DWORD limit = 50;
  const SOCKET d = bound(&from);
  say("SO_RCVTIMEO", "%d", error(setsockopt(d, SOL_SOCKET, SO_RCVTIMEO, (char*)&limit, sizeof limit)));
  say("timed-out", "%d", error(recv(d, text, sizeof text, 0)));
  say("not-a-socket", "%d", error(send(0x1230, "x", 1, 0)));
  say("same-port", "%d", error(bind(c, (struct sockaddr*)&b_at, sizeof b_at)));
  closesocket(b);
  say("closed", "%d", error(recv(b, text, 1, 0)));
  WSACleanup();
  return 0;
}
