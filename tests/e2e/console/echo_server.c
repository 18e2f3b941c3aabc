/* An echo server on select with several clients in threads; names and addresses; what sockets refuse. */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <string.h>

#include "support/say.h"

static unsigned short port;

static DWORD WINAPI client(void* argument) {
  const int number = (int)(ULONG_PTR)argument;
  const SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(s, (struct sockaddr*)&to, sizeof to) != 0) return 1000;
  DWORD bad = 0;
  for (int i = 0; i < 100; ++i) {
    char sent[64], back[64];
    const int size = snprintf(sent, sizeof sent, "client %d message %d", number, i);
    send(s, sent, size, 0);
    int got = 0;
    while (got < size) {
      const int more = recv(s, back + got, size - got, 0);
      if (more <= 0) return 2000;
      got += more;
    }
    bad += memcmp(sent, back, (size_t)size) != 0;
  }
  shutdown(s, SD_SEND);
  char rest[8];
  bad += recv(s, rest, sizeof rest, 0) != 0;
  closesocket(s);
  return bad;
}

int main(void) {
  const SOCKET early = socket(AF_INET, SOCK_STREAM, 0);
  say("before", "%d %d", early == INVALID_SOCKET, WSAGetLastError());
  WSADATA data;
  const int started = WSAStartup(MAKEWORD(2, 2), &data);
  say("WSAStartup", "%d %x", started, data.wVersion);
  const SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  say("bind", "%d", bind(listener, (struct sockaddr*)&here, sizeof here));
  int length = sizeof here;
  getsockname(listener, (struct sockaddr*)&here, &length);
  port = ntohs(here.sin_port);
  say("port", "%d %d", port != 0, length);
  say("listen", "%d", listen(listener, SOMAXCONN));
  u_long yes = 1;
  say("non-blocking", "%d", ioctlsocket(listener, FIONBIO, &yes));
  const SOCKET nobody = accept(listener, NULL, NULL);
  say("accept-nobody", "%d %d", nobody == INVALID_SOCKET, WSAGetLastError());

  HANDLE threads[5];
  for (int i = 0; i < 5; ++i) threads[i] = CreateThread(NULL, 0, client, (void*)(ULONG_PTR)i, 0, NULL);
  SOCKET clients[8];
  int count = 0, accepted = 0, finished = 0, echoed = 0;
  while (finished < 5) {
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(listener, &readable);
    for (int i = 0; i < count; ++i) FD_SET(clients[i], &readable);
    struct timeval limit = {10, 0};
    if (select(0, &readable, NULL, NULL, &limit) <= 0) break;
    if (FD_ISSET(listener, &readable)) {
      const SOCKET one = accept(listener, NULL, NULL);
      if (one != INVALID_SOCKET) {
        clients[count++] = one;
        ++accepted;
      }
    }
    for (int i = 0; i < count; ++i) {
      if (!FD_ISSET(clients[i], &readable)) continue;
      char text[256];
      const int size = recv(clients[i], text, sizeof text, 0);
      if (size > 0) {
        send(clients[i], text, size, 0);
        echoed += size;
      } else if (size == 0 || WSAGetLastError() != WSAEWOULDBLOCK) {
        closesocket(clients[i]);
        clients[i--] = clients[--count];
        ++finished;
      }
    }
  }
  DWORD bad = 0;
  WaitForMultipleObjects(5, threads, TRUE, 20000);
  for (int i = 0; i < 5; ++i) {
    DWORD code = 1;
    GetExitCodeThread(threads[i], &code);
    bad += code;
  }
  say("clients", "%d %d %d %lu", accepted, finished, echoed, bad);
  closesocket(listener);
  const SOCKET late = socket(AF_INET, SOCK_STREAM, 0);
  const int refused = connect(late, (struct sockaddr*)&here, sizeof here);
  say("refused", "%d %d", refused, WSAGetLastError());
  closesocket(late);

  struct addrinfo wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
  say("getaddrinfo", "%d", getaddrinfo("localhost", "80", &wanted, &found));
  char name[64] = "", service[16] = "";
  say("getnameinfo", "%d",
      getnameinfo(found->ai_addr, (socklen_t)found->ai_addrlen, name, sizeof name, service, sizeof service,
                  NI_NUMERICHOST | NI_NUMERICSERV));
  say("names", "%s %s", name, service);
  freeaddrinfo(found);
  wanted.ai_flags = AI_NUMERICHOST;
  say("numeric-only", "%d", getaddrinfo("no.such.name.invalid", NULL, &wanted, &found));
  struct in6_addr six;
  char text[64];
  say("inet_pton", "%d", inet_pton(AF_INET6, "2001:db8::8:800:200c:417a", &six));
  say("inet_ntop", "%s", inet_ntop(AF_INET6, &six, text, sizeof text));
  say("inet_pton-bad", "%d", inet_pton(AF_INET, "1.2.3", &six));
  say("inet_addr", "%lx %lx", inet_addr("1.2.3.4"), inet_addr("300.1.1.1"));
  struct sockaddr_in parsed;
  length = sizeof parsed;
  char address[] = "10.20.30.40:5060";
  say("WSAStringToAddress", "%d", WSAStringToAddressA(address, AF_INET, NULL, (struct sockaddr*)&parsed, &length));
  say("parsed", "%lx %d", ntohl(parsed.sin_addr.s_addr), ntohs(parsed.sin_port));
  DWORD room = sizeof text;
  say("WSAAddressToString", "%d", WSAAddressToStringA((struct sockaddr*)&parsed, sizeof parsed, NULL, text, &room));
  say("printed", "%s %lu", text, room);
  say("gethostname", "%d", gethostname(text, sizeof text));
  say("getprotobyname", "%d", getprotobyname("tcp")->p_proto);
  say("getservbyname", "%d", ntohs((u_short)getservbyname("http", "tcp")->s_port));
  say("WSACleanup", "%d", WSACleanup());
  return 0;
}
