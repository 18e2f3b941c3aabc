/* Readiness of sockets as event loops ask for it: IOCTL_AFD_POLL, sent to a file of \Device\Afd, told by a completion
 * port. */
#include <mswsock.h>
#include <windows.h>
#include <winsock2.h>
#include <winternl.h>

#include <stddef.h>
#include <string.h>

#include "support/say.h"

#define IOCTL_AFD_POLL 0x12024
enum {
  RECEIVE = 1,
  EXPEDITED = 2,
  SEND = 4,
  DISCONNECT = 8,
  ABORT = 0x10,
  LOCAL_CLOSE = 0x20,
  ACCEPT = 0x80,
  CONNECT_FAIL = 0x100
};
typedef struct {
  LONGLONG timeout;
  ULONG count, exclusive;
  struct {
    HANDLE handle;
    ULONG events;
    LONG status;
  } sockets[2];
} Poll;
typedef struct {
  IO_STATUS_BLOCK block;
  Poll poll;
} Request;

NTSTATUS NTAPI NtCancelIoFileEx(HANDLE, IO_STATUS_BLOCK*, IO_STATUS_BLOCK*);

static HANDLE port, afd;

static HANDLE open_afd(const WCHAR* name) {
  UNICODE_STRING text;
  RtlInitUnicodeString(&text, name);
  OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .ObjectName = &text};
  IO_STATUS_BLOCK block;
  HANDLE handle = NULL;
  const NTSTATUS status = NtCreateFile(&handle, SYNCHRONIZE, &attributes, &block, NULL, 0,
                                       FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
  return status == 0 ? handle : NULL;
}

static LONG ask(HANDLE file, Request* request, SOCKET one, ULONG events, LONGLONG timeout) {
  SOCKET base = one;
  DWORD size;
  WSAIoctl(one, 0x48000022 /* SIO_BASE_HANDLE */, NULL, 0, &base, sizeof base, &size, NULL, NULL);
  memset(request, 0, sizeof *request);
  request->block.Status = STATUS_PENDING;
  request->poll.timeout = timeout;
  request->poll.count = 1;
  request->poll.sockets[0].handle = (HANDLE)base;
  request->poll.sockets[0].events = events;
  const ULONG bytes = offsetof(Poll, sockets[1]);
  return NtDeviceIoControlFile(file, NULL, NULL, request, &request->block, IOCTL_AFD_POLL, &request->poll, bytes,
                               &request->poll, bytes);
}

static void told(const char* tag) {
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;
  if (!GetQueuedCompletionStatusEx(port, &entry, 1, &count, 2000, FALSE)) {
    say(tag, "nothing %lu", GetLastError());
    return;
  }
  const Request* request = (Request*)entry.lpOverlapped;
  say(tag, "%lx %d, %lu: %lx %lx", request->block.Status, (int)request->block.Information, request->poll.count,
      request->poll.count ? request->poll.sockets[0].events : 0,
      request->poll.count ? request->poll.sockets[0].status : 0);
}
static void quiet(const char* tag) {
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;
  say(tag, "%d", GetQueuedCompletionStatusEx(port, &entry, 1, &count, 50, FALSE));
}

static const LONGLONG for_ever = 0x7FFFFFFFFFFFFFFFLL;
static const ULONG reading = RECEIVE | DISCONNECT | ABORT | LOCAL_CLOSE;

int main(void) {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  afd = open_afd(L"\\Device\\Afd\\Loop");
  say("open", "%d %d", afd != NULL, open_afd(L"\\Device\\Afd") != NULL);
  say("port", "%d", CreateIoCompletionPort(afd, port, 7, 0) == port);
  say("modes", "%d", ERROR_OF(SetFileCompletionNotificationModes(afd, FILE_SKIP_SET_EVENT_ON_HANDLE)));

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int size = sizeof address;
  const SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
  bind(listener, (struct sockaddr*)&address, sizeof address);
  getsockname(listener, (struct sockaddr*)&address, &size);
  listen(listener, 4);

  static Request first, second;
  say("look", "%lx", ask(afd, &first, listener, ACCEPT, 0));
  told("looked");
  say("accept", "%lx", ask(afd, &first, listener, ACCEPT, for_ever));
  quiet("nobody");
  const SOCKET client = socket(AF_INET, SOCK_STREAM, 0);
  u_long on = 1;
  ioctlsocket(client, FIONBIO, &on);
  connect(client, (struct sockaddr*)&address, sizeof address);
  told("accepted");
  say("connected", "%d", ask(afd, &second, client, SEND | CONNECT_FAIL | LOCAL_CLOSE, for_ever) >= 0);
  told("connected-told");
  SOCKET server = accept(listener, NULL, NULL);

  say("read", "%lx", ask(afd, &first, client, reading, for_ever));
  quiet("no-data");
  send(server, "hello", 5, 0);
  told("data");
  say("level", "%lx", ask(afd, &first, client, reading, for_ever));
  told("level-told");
  char text[64];
  say("recv", "%d", recv(client, text, sizeof text, 0));
  say("once", "%lx", ask(afd, &first, client, reading, for_ever));
  quiet("read-empty");
  say("other", "%lx", ask(afd, &second, server, SEND, for_ever));
  told("other-told");

  IO_STATUS_BLOCK cancel;
  say("cancel", "%lx", NtCancelIoFileEx(afd, &first.block, &cancel));
  told("cancelled");
  say("cancel-none", "%lx", NtCancelIoFileEx(afd, &first.block, &cancel));

  say("timeout", "%lx", ask(afd, &first, client, reading, -300000));
  told("timed-out");

  static char block[1 << 16];
  ioctlsocket(server, FIONBIO, &on);
  while (send(server, block, sizeof block, 0) > 0) {
  }
  say("full", "%lx", ask(afd, &first, server, SEND, for_ever));
  quiet("still-full");
  int got, sum = 0;
  while ((got = recv(client, block, sizeof block, 0)) > 0 || sum == 0) sum += got;
  told("room");
  while (recv(client, block, sizeof block, 0) > 0) {
  }

  say("urgent", "%lx", ask(afd, &first, client, EXPEDITED, for_ever));
  send(server, "!", 1, MSG_OOB);
  told("urgent-told");
  recv(client, text, 1, MSG_OOB);

  say("end", "%lx", ask(afd, &first, client, reading, for_ever));
  shutdown(server, SD_SEND);
  told("ended");

  say("close", "%lx", ask(afd, &first, server, RECEIVE, for_ever));
  closesocket(server);
  told("closed");
  say("gone", "%lx", ask(afd, &first, server, RECEIVE, for_ever));
  say("no-file", "%lx", ask(afd, &first, (SOCKET)port, RECEIVE, for_ever));
  const HANDLE file = CreateFileA("polls.txt", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  say("no-socket", "%lx", ask(afd, &first, (SOCKET)file, RECEIVE, for_ever));
  CloseHandle(file);
  say("unknown", "%lx", NtDeviceIoControlFile(afd, NULL, NULL, NULL, &first.block, 0x12FFC, NULL, 0, NULL, 0));
  closesocket(client);

  const SOCKET other = socket(AF_INET, SOCK_STREAM, 0);
  connect(other, (struct sockaddr*)&address, sizeof address);
  server = accept(listener, NULL, NULL);
  say("reset", "%lx", ask(afd, &first, other, reading, for_ever));
  const struct linger hard = {1, 0};
  setsockopt(server, SOL_SOCKET, SO_LINGER, (const char*)&hard, sizeof hard);
  closesocket(server);
  told("was-reset");
  closesocket(other);

  /* nobody listens there any more */
  closesocket(listener);
  const SOCKET lonely = socket(AF_INET, SOCK_STREAM, 0);
  ioctlsocket(lonely, FIONBIO, &on);
  connect(lonely, (struct sockaddr*)&address, sizeof address);
  say("refused", "%d", ask(afd, &first, lonely, SEND | CONNECT_FAIL, for_ever) >= 0);
  told("refused-told");
  int error = 0;
  size = sizeof error;
  getsockopt(lonely, SOL_SOCKET, SO_ERROR, (char*)&error, &size);
  say("refused-error", "%d", error);
  closesocket(lonely);

  const SOCKET datagrams = socket(AF_INET, SOCK_DGRAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0);
  address.sin_port = 0;
  bind(datagrams, (struct sockaddr*)&address, sizeof address);
  size = sizeof address;
  getsockname(datagrams, (struct sockaddr*)&address, &size);
  say("datagram", "%lx", ask(afd, &first, datagrams, RECEIVE, for_ever));
  sendto(sender, "x", 1, 0, (struct sockaddr*)&address, sizeof address);
  told("datagram-told");

  /* libuv sends its requests to a socket of its own */
  const SOCKET peer = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
  say("peer", "%d", CreateIoCompletionPort((HANDLE)peer, port, 9, 0) == port);
  say("by-peer", "%lx", ask((HANDLE)peer, &first, datagrams, RECEIVE, for_ever));
  told("by-peer-told");
  recv(datagrams, text, sizeof text, 0);

  /* two sockets in one request, an event instead of the port */
  const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  Poll both = {-20000000, 2, 0, {{(HANDLE)datagrams, RECEIVE, 0}, {(HANDLE)sender, RECEIVE, 0}}};
  say("both", "%lx",
      NtDeviceIoControlFile(afd, event, NULL, NULL, &first.block, IOCTL_AFD_POLL, &both, sizeof both, &both,
                            sizeof both));
  say("both-wait", "%lu", WaitForSingleObject(event, 20));
  sendto(sender, "x", 1, 0, (struct sockaddr*)&address, sizeof address);
  const DWORD waited = WaitForSingleObject(event, 2000);
  say("both-told", "%lu %d %lu %lx", waited, (int)first.block.Information, both.count, both.sockets[0].events);
  say("which", "%d", both.sockets[0].handle == (HANDLE)datagrams);
  quiet("not-the-port");
  both.count = 2;
  say("short", "%lx",
      NtDeviceIoControlFile(afd, event, NULL, NULL, &first.block, IOCTL_AFD_POLL, &both, 32, &both, 32));
  say("small", "%lx",
      NtDeviceIoControlFile(afd, event, NULL, NULL, &first.block, IOCTL_AFD_POLL, &both, sizeof both, &both, 32));
  closesocket(peer);
  closesocket(datagrams);
  closesocket(sender);
  CloseHandle(afd);
  WSACleanup();
  return 0;
}
