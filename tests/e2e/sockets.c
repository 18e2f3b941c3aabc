/* Winsock: streams, datagrams, waiting in every way, overlapped operations, names, error codes. Everything goes over
 * the loopback interface. The functions are looked up, so that the program needs no header that one of the systems
 * lacks. */
#include "support/check.h"

typedef uintptr_t Socket;
#define NO_SOCKET (~(Socket)0)
enum { INET = 2, INET6 = 23, STREAM = 1, DATAGRAM = 2, SOL = 0xFFFF };
enum {
  EINTR_ = 10004,
  EFAULT_ = 10014,
  EINVAL_ = 10022,
  EWOULDBLOCK_ = 10035,
  ENOTSOCK_ = 10038,
  EMSGSIZE_ = 10040,
  ENOPROTOOPT_ = 10042,
  EAFNOSUPPORT_ = 10047,
  EADDRINUSE_ = 10048,
  EADDRNOTAVAIL_ = 10049,
  ECONNABORTED_ = 10053,
  ECONNRESET_ = 10054,
  EISCONN_ = 10056,
  ENOTCONN_ = 10057,
  ESHUTDOWN_ = 10058,
  ETIMEDOUT_ = 10060,
  ECONNREFUSED_ = 10061,
  NOTINITIALISED_ = 10093,
  IO_PENDING_ = 997,
  ABORTED_ = 995
};
#define FIONBIO_ ((LONG)0x8004667E)
#define FIONREAD_ ((LONG)0x4004667F)

typedef struct {
  USHORT family, port;
  BYTE address[4];
  char zero[8];
} Address;
typedef struct {
  UINT count;
  Socket sockets[128]; /* twice FD_SETSIZE */
} Set;
typedef struct {
  LONG seconds, microseconds;
} Time;
typedef struct {
  ULONG length;
  char* data;
} Buffer;
typedef struct {
  ULONG_PTR status, information;
  DWORD offset, offset_high;
  HANDLE event;
} Overlapped;
typedef struct AddressInfo {
  int flags, family, type, protocol;
  size_t length;
  char* name;
  Address* address;
  struct AddressInfo* next;
} AddressInfo;
typedef void(WINAPI* Routine)(DWORD, DWORD, Overlapped*, DWORD);

#define FUNCTIONS(X)                                                                          \
  X(int, WSAStartup, (WORD, void*))                                                           \
  X(int, WSACleanup, (void))                                                                  \
  X(int, WSAGetLastError, (void))                                                             \
  X(void, WSASetLastError, (int))                                                             \
  X(Socket, socket, (int, int, int))                                                          \
  X(int, closesocket, (Socket))                                                               \
  X(int, bind, (Socket, const void*, int))                                                    \
  X(int, listen, (Socket, int))                                                               \
  X(Socket, accept, (Socket, void*, int*))                                                    \
  X(int, connect, (Socket, const void*, int))                                                 \
  X(int, send, (Socket, const char*, int, int))                                               \
  X(int, recv, (Socket, char*, int, int))                                                     \
  X(int, sendto, (Socket, const char*, int, int, const void*, int))                           \
  X(int, recvfrom, (Socket, char*, int, int, void*, int*))                                    \
  X(int, shutdown, (Socket, int))                                                             \
  X(int, select, (int, Set*, Set*, Set*, const Time*))                                        \
  X(int, ioctlsocket, (Socket, LONG, ULONG*))                                                 \
  X(int, getsockopt, (Socket, int, int, void*, int*))                                         \
  X(int, setsockopt, (Socket, int, int, const void*, int))                                    \
  X(int, getsockname, (Socket, void*, int*))                                                  \
  X(int, getpeername, (Socket, void*, int*))                                                  \
  X(Socket, WSASocketW, (int, int, int, void*, UINT, DWORD))                                  \
  X(int, WSASend, (Socket, Buffer*, DWORD, DWORD*, DWORD, Overlapped*, Routine))              \
  X(int, WSARecv, (Socket, Buffer*, DWORD, DWORD*, DWORD*, Overlapped*, Routine))             \
  X(BOOL, WSAGetOverlappedResult, (Socket, Overlapped*, DWORD*, BOOL, DWORD*))                \
  X(int, WSAIoctl, (Socket, DWORD, void*, DWORD, void*, DWORD, DWORD*, Overlapped*, Routine)) \
  X(HANDLE, WSACreateEvent, (void))                                                           \
  X(BOOL, WSACloseEvent, (HANDLE))                                                            \
  X(DWORD, WSAWaitForMultipleEvents, (DWORD, const HANDLE*, BOOL, DWORD, BOOL))               \
  X(int, WSAEventSelect, (Socket, HANDLE, LONG))                                              \
  X(int, WSAEnumNetworkEvents, (Socket, HANDLE, void*))                                       \
  X(int, getaddrinfo, (const char*, const char*, const AddressInfo*, AddressInfo**))          \
  X(void, freeaddrinfo, (AddressInfo*))                                                       \
  X(int, WSAAddressToStringA, (const void*, DWORD, void*, char*, DWORD*))                     \
  X(int, WSAStringToAddressA, (const char*, int, void*, void*, int*))                         \
  X(int, WSAEnumProtocolsW, (const int*, void*, DWORD*))

#define DECLARE(type, name, parameters) static type(WINAPI* ws_##name) parameters;
FUNCTIONS(DECLARE)

static HANDLE(WINAPI* create_port)(HANDLE, HANDLE, ULONG_PTR, DWORD);
static BOOL(WINAPI* wait_port)(HANDLE, DWORD*, ULONG_PTR*, Overlapped**, DWORD);
static BOOL(WINAPI* cancel)(HANDLE, Overlapped*);
static DWORD(WINAPI* sleep_ex)(DWORD, BOOL);
static BOOL(WINAPI* get_handle_information)(HANDLE, DWORD*);

static int find_functions(void) {
  const HMODULE winsock = LoadLibraryA("ws2_32.dll"), kernel32 = GetModuleHandleA("kernel32.dll");
  int missing = 0;
#define FIND(type, name, parameters) missing += !(ws_##name = PROC(type, winsock, #name, parameters));
  FUNCTIONS(FIND)
  create_port = PROC(HANDLE, kernel32, "CreateIoCompletionPort", (HANDLE, HANDLE, ULONG_PTR, DWORD));
  wait_port = PROC(BOOL, kernel32, "GetQueuedCompletionStatus", (HANDLE, DWORD*, ULONG_PTR*, Overlapped**, DWORD));
  cancel = PROC(BOOL, kernel32, "CancelIoEx", (HANDLE, Overlapped*));
  sleep_ex = PROC(DWORD, kernel32, "SleepEx", (DWORD, BOOL));
  get_handle_information = PROC(BOOL, kernel32, "GetHandleInformation", (HANDLE, DWORD*));
  return missing == 0 && create_port && wait_port && cancel && sleep_ex && get_handle_information;
}

/* A Winsock call that fails with this code. */
#define CHECK_WSA(call, code) (ws_WSASetLastError(0), CHECK_EQ(call, -1), CHECK_EQ(ws_WSAGetLastError(), code))

static Address loopback(USHORT port) {
  const Address address = {INET, port, {127, 0, 0, 1}, {0}};
  return address;
}
static Socket bound_socket(int type, Address* address) {
  int length = sizeof *address;
  const Socket s = ws_socket(INET, type, 0);
  *address = loopback(0);
  if (ws_bind(s, address, sizeof *address) != 0 || ws_getsockname(s, address, &length) != 0) return NO_SOCKET;
  return s;
}
static Socket listening(Address* address) {
  const Socket s = bound_socket(STREAM, address);
  return ws_listen(s, 8) == 0 ? s : NO_SOCKET;
}
typedef struct {
  Socket client, server;
} Pair;
static Pair connected(void) {
  Address address;
  Pair pair = {ws_socket(INET, STREAM, 0), NO_SOCKET};
  const Socket listener = listening(&address);
  if (ws_connect(pair.client, &address, sizeof address) == 0) pair.server = ws_accept(listener, NULL, NULL);
  ws_closesocket(listener);
  return pair;
}
static void close_pair(Pair pair) {
  ws_closesocket(pair.client);
  ws_closesocket(pair.server);
}
static int nonblocking(Socket s, ULONG on) {
  return ws_ioctlsocket(s, FIONBIO_, &on) == 0;
}

/* --- threads --- */

static DWORD WINAPI echo(void* listener) {
  const Socket s = ws_accept((Socket)listener, NULL, NULL);
  char data[4096];
  int size, total = 0;
  while ((size = ws_recv(s, data, sizeof data, 0)) > 0) {
    total += size;
    if (ws_send(s, data, size, 0) != size) break;
  }
  ws_shutdown(s, 1);
  ws_closesocket(s);
  return (DWORD)total;
}
static DWORD WINAPI receive_one(void* s) {
  char byte;
  const int result = ws_recv((Socket)s, &byte, 1, 0);
  return result >= 0 ? (DWORD)result : (DWORD)ws_WSAGetLastError();
}

static int routine_calls;
static DWORD routine_error, routine_bytes;
static void WINAPI note_end(DWORD error, DWORD bytes, Overlapped* overlapped, DWORD flags) {
  (void)overlapped;
  (void)flags;
  ++routine_calls;
  routine_error = error;
  routine_bytes = bytes;
}

static void* extension(Socket s, DWORD first, USHORT second, USHORT third, const BYTE* rest) {
  struct {
    DWORD a;
    USHORT b, c;
    BYTE d[8];
  } id = {first, second, third, {0}};
  memcpy(id.d, rest, 8);
  void* function = NULL;
  DWORD size;
  ws_WSAIoctl(s, 0xC8000006, &id, sizeof id, &function, sizeof function, &size, NULL, NULL);
  return function;
}

int main(void) {
  if (!find_functions()) {
    printf("FAIL LoadLibrary: a function is missing\n");
    return 1;
  }
  char data[512];
  BYTE wsa_data[512];

  TEST("WSAStartup", "everything needs WSAStartup") {
    CHECK_EQ(ws_socket(INET, STREAM, 0), NO_SOCKET);
    CHECK_EQ(ws_WSAGetLastError(), NOTINITIALISED_);
    CHECK_WSA(ws_WSACleanup(), NOTINITIALISED_);
    CHECK_EQ(ws_WSAStartup(0x0202, NULL), EFAULT_);
    CHECK_EQ(ws_WSAStartup(0x0202, wsa_data), 0);
    CHECK_EQ(*(WORD*)wsa_data, 0x0202);
  }

  TEST("send-recv", "an echo server in a thread returns 1 MiB") {
    Address address;
    const Socket listener = listening(&address), client = ws_socket(INET, STREAM, 0);
    const HANDLE thread = CreateThread(NULL, 0, echo, (void*)listener, 0, NULL);
    REQUIRE(ws_connect(client, &address, sizeof address) == 0);
    int wrong = 0;
    for (int round = 0; round < 256; ++round) {
      char block[4096];
      memset(block, round, sizeof block);
      CHECK_EQ(ws_send(client, block, sizeof block, 0), sizeof block);
      for (int got = 0, n; got < (int)sizeof block; got += n) {
        char back[4096];
        n = ws_recv(client, back, (int)sizeof block - got, 0);
        if (n <= 0) {
          wrong = 1;
          break;
        }
        for (int i = 0; i < n; ++i) wrong |= back[i] != (char)round;
      }
      if (wrong) break;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(ws_shutdown(client, 1), 0);
    CHECK_EQ(ws_recv(client, data, sizeof data, 0), 0);
    CHECK_EQ(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    DWORD total;
    CHECK(GetExitCodeThread(thread, &total));
    CHECK_EQ(total, 256 * 4096);
    CloseHandle(thread);
    ws_closesocket(client);
    ws_closesocket(listener);
  }

  TEST("errors", "what a socket cannot do has its code") {
    const Socket s = ws_socket(INET, STREAM, 0);
    Address address = loopback(0x0100);
    int length = sizeof address;
    CHECK_WSA(ws_recv(s, data, 1, 0), ENOTCONN_);
    CHECK_WSA(ws_send(s, data, 1, 0), ENOTCONN_);
    CHECK_WSA(ws_getsockname(s, &address, &length), EINVAL_);
    CHECK_WSA(ws_getpeername(s, &address, &length), ENOTCONN_);
    CHECK_WSA(ws_listen(s, 1), EINVAL_);
    CHECK_WSA(ws_shutdown(s, 7), EINVAL_);
    CHECK_WSA(ws_bind(s, &address, 4), EFAULT_);
    address = loopback(0);
    CHECK_WSA(ws_connect(s, &address, sizeof address), EADDRNOTAVAIL_);
    address.address[0] = 192; /* TEST-NET-1 */
    address.address[2] = 2;
    CHECK_WSA(ws_bind(s, &address, sizeof address), EADDRNOTAVAIL_);
    CHECK_WSA(ws_setsockopt(s, 6, 999, data, 4), ENOPROTOOPT_);
    CHECK_EQ(ws_closesocket(s), 0);
    CHECK_WSA(ws_closesocket(s), ENOTSOCK_);
    CHECK_WSA(ws_recv(s, data, 1, 0), ENOTSOCK_);
    CHECK_EQ(ws_socket(77, STREAM, 0), NO_SOCKET);
    CHECK_EQ(ws_WSAGetLastError(), EAFNOSUPPORT_);
  }

  TEST("bind", "a port has one owner; who refuses says so") {
    Address address;
    const Socket listener = listening(&address), other = ws_socket(INET, STREAM, 0),
                 client = ws_socket(INET, STREAM, 0);
    CHECK_WSA(ws_bind(other, &address, sizeof address), EADDRINUSE_);
    ws_closesocket(listener);
    CHECK_WSA(ws_connect(client, &address, sizeof address), ECONNREFUSED_);
    ws_closesocket(other);
    ws_closesocket(client);
  }

  TEST("bind-again", "a listener's port is free again though its connections linger") {
    Address address;
    const Socket listener = listening(&address), client = ws_socket(INET, STREAM, 0),
                 again = ws_socket(INET, STREAM, 0);
    REQUIRE(ws_connect(client, &address, sizeof address) == 0);
    const Socket server = ws_accept(listener, NULL, NULL);
    ws_closesocket(server); /* first: TIME_WAIT is on this side */
    CHECK_EQ(ws_recv(client, data, 1, 0), 0);
    ws_closesocket(client);
    ws_closesocket(listener);
    CHECK_EQ(ws_bind(again, &address, sizeof address), 0);
    CHECK_EQ(ws_listen(again, 1), 0);
    ws_closesocket(again);
  }

  TEST("shutdown", "after an end of it a direction is closed") {
    const Pair pair = connected();
    REQUIRE(pair.server != NO_SOCKET);
    CHECK_EQ(ws_shutdown(pair.client, 1), 0);
    CHECK_WSA(ws_send(pair.client, "x", 1, 0), ESHUTDOWN_);
    CHECK_EQ(ws_recv(pair.server, data, 1, 0), 0);
    CHECK_EQ(ws_shutdown(pair.client, 0), 0);
    CHECK_WSA(ws_recv(pair.client, data, 1, 0), ESHUTDOWN_);
    close_pair(pair);
  }

  TEST("SO_LINGER", "an abortive close resets the connection") {
    const Pair pair = connected();
    REQUIRE(pair.server != NO_SOCKET);
    const USHORT linger[2] = {1, 0};
    CHECK_EQ(ws_setsockopt(pair.client, SOL, 0x80, linger, sizeof linger), 0);
    ws_closesocket(pair.client);
    CHECK_WSA(ws_recv(pair.server, data, 1, 0), ECONNRESET_);
    ws_closesocket(pair.server);
  }

  TEST("recvfrom", "datagrams keep their limits and their senders") {
    Address address, sender_address, from;
    int length = sizeof from;
    const Socket receiver = bound_socket(DATAGRAM, &address), sender = bound_socket(DATAGRAM, &sender_address);
    CHECK_EQ(ws_sendto(sender, "12345", 5, 0, &address, sizeof address), 5);
    CHECK_EQ(ws_sendto(sender, "678", 3, 0, &address, sizeof address), 3);
    CHECK_WSA(ws_recvfrom(receiver, data, 2, 0, &from, &length), EMSGSIZE_);
    CHECK_EQ(memcmp(data, "12", 2), 0);
    CHECK_EQ(ws_recvfrom(receiver, data, sizeof data, 0, &from, &length), 3);
    CHECK_EQ(length, 16);
    CHECK_EQ(from.port, sender_address.port);
    CHECK_EQ(from.family, INET);
    const Socket unbound = ws_socket(INET, DATAGRAM, 0);
    if (!on_wine()) CHECK_WSA(ws_recv(unbound, data, 1, 0), EINVAL_); /* Wine 8 waits for ever */
    CHECK_WSA(ws_send(unbound, data, 1, 0), ENOTCONN_);
    ws_closesocket(unbound);
    ws_closesocket(receiver);
    ws_closesocket(sender);
  }

  TEST("FIONBIO", "non-blocking sockets say that they would block") {
    Address address;
    const Socket listener = listening(&address), client = ws_socket(INET, STREAM, 0);
    REQUIRE(nonblocking(listener, 1) && nonblocking(client, 1));
    CHECK_EQ(ws_accept(listener, NULL, NULL), NO_SOCKET);
    CHECK_EQ(ws_WSAGetLastError(), EWOULDBLOCK_);
    CHECK_WSA(ws_connect(client, &address, sizeof address), EWOULDBLOCK_);
    Set write = {1, {client}}, except = {1, {client}};
    const Time wait = {10, 0};
    CHECK_EQ(ws_select(0, NULL, &write, &except, &wait), 1);
    CHECK_EQ(write.count, 1);
    CHECK_EQ(except.count, 0);
    CHECK_WSA(ws_connect(client, &address, sizeof address), EISCONN_);
    CHECK_WSA(ws_recv(client, data, 1, 0), EWOULDBLOCK_);
    Set read = {1, {listener}};
    CHECK_EQ(ws_select(0, &read, NULL, NULL, &wait), 1);
    const Socket server = ws_accept(listener, NULL, NULL);
    CHECK(server != NO_SOCKET);
    CHECK_EQ(ws_send(server, "abc", 3, 0), 3);
    read.count = 1;
    read.sockets[0] = client;
    CHECK_EQ(ws_select(0, &read, NULL, NULL, &wait), 1);
    ULONG available = 0;
    CHECK_EQ(ws_ioctlsocket(client, FIONREAD_, &available), 0);
    CHECK_EQ(available, 3);
    ws_closesocket(server);
    ws_closesocket(client);
    ws_closesocket(listener);
  }

  TEST("select-refused", "a connection refused shows in the exception set") {
    Address address;
    const Socket gone = bound_socket(STREAM, &address), client = ws_socket(INET, STREAM, 0);
    ws_closesocket(gone);
    REQUIRE(nonblocking(client, 1));
    CHECK_WSA(ws_connect(client, &address, sizeof address), EWOULDBLOCK_);
    Set write = {1, {client}}, except = {1, {client}};
    const Time wait = {10, 0};
    CHECK_EQ(ws_select(0, NULL, &write, &except, &wait), 1);
    CHECK_EQ(write.count, 0);
    CHECK_EQ(except.count, 1);
    int error = 0, length = sizeof error;
    CHECK_EQ(ws_getsockopt(client, SOL, 0x1007, &error, &length), 0);
    CHECK_EQ(error, ECONNREFUSED_);
    ws_closesocket(client);
  }

  /* libcurl sends nothing, to learn whether it could. */
  TEST("send-refused", "what is sent meanwhile leaves the connect its error") {
    Address address;
    const Socket gone = bound_socket(STREAM, &address), client = ws_socket(INET, STREAM, 0);
    ws_closesocket(gone);
    REQUIRE(nonblocking(client, 1));
    CHECK_WSA(ws_connect(client, &address, sizeof address), EWOULDBLOCK_);
    CHECK_WSA(ws_send(client, NULL, 0, 0), ENOTCONN_);
    const HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    CHECK_EQ(ws_WSAEventSelect(client, event, 0x30), 0); /* connect, close */
    CHECK_EQ(WaitForSingleObject(event, 10000), 0);
    struct {
      LONG events;
      int errors[10];
    } network = {0, {0}};
    CHECK_EQ(ws_WSAEnumNetworkEvents(client, event, &network), 0);
    CHECK_EQ(network.events & 0x10, 0x10);
    CHECK_EQ(network.errors[4], ECONNREFUSED_);
    int error = 0, length = sizeof error;
    CHECK_EQ(ws_getsockopt(client, SOL, 0x1007, &error, &length), 0);
    CHECK_EQ(error, ECONNREFUSED_);
    for (int i = 0; i < 2; ++i) { /* until the next connect */
      Set read = {1, {client}}, write = read, except = read;
      const Time wait = {1, 0};
      CHECK_EQ(ws_select(0, &read, &write, &except, &wait), 1);
      CHECK_EQ(except.count, 1);
    }
    CHECK_WSA(ws_send(client, "x", 1, 0), ENOTCONN_);
    CloseHandle(event);
    ws_closesocket(client);
  }

  TEST("select-many", "a set is as long as it says") {
    Set read = {0, {0}};
    Address address;
    for (; read.count < 100; ++read.count) read.sockets[read.count] = bound_socket(DATAGRAM, &address);
    Set all = read;
    CHECK_EQ(ws_sendto(all.sockets[0], "x", 1, 0, &address, sizeof address), 1); /* to the last one */
    const Time wait = {10, 0};
    CHECK_EQ(ws_select(0, &read, NULL, NULL, &wait), 1);
    CHECK_EQ(read.count, 1);
    CHECK_EQ(read.sockets[0], all.sockets[99]);
    for (UINT i = 0; i < all.count; ++i) ws_closesocket(all.sockets[i]);
    CHECK_WSA(ws_select(0, NULL, NULL, NULL, &wait), EINVAL_);
    CHECK_WSA(ws_select(0, &all, NULL, NULL, &wait), ENOTSOCK_);
  }

  TEST("SO_RCVTIMEO", "a time limit for receiving") {
    const Pair pair = connected();
    REQUIRE(pair.server != NO_SOCKET);
    DWORD limit = 600;
    int length = sizeof limit;
    CHECK_EQ(ws_setsockopt(pair.client, SOL, 0x1006, &limit, sizeof limit), 0);
    limit = 0;
    CHECK_EQ(ws_getsockopt(pair.client, SOL, 0x1006, &limit, &length), 0);
    CHECK_EQ(limit, 600);
    CHECK_WSA(ws_recv(pair.client, data, 1, 0), ETIMEDOUT_);
    close_pair(pair);
  }

  TEST("IPV6_V6ONLY", "IPv6 sockets begin with IPV6_V6ONLY; an address is shared or exclusive") {
    const Socket s = ws_socket(INET6, STREAM, 0);
    if (s != NO_SOCKET) {
      DWORD only = 0;
      int length = sizeof only;
      CHECK_EQ(ws_getsockopt(s, 41, 27, &only, &length), 0);
      CHECK_EQ(only, 1);
      ws_closesocket(s);
    }
    const Socket t = ws_socket(INET, STREAM, 0);
    const DWORD on = 1;
    CHECK_EQ(ws_setsockopt(t, SOL, ~4, &on, sizeof on), 0);
    CHECK_WSA(ws_setsockopt(t, SOL, 4, &on, sizeof on), EINVAL_);
    ws_closesocket(t);
  }

  TEST("WSAEventSelect", "network events are told once, until the call that lets them come again") {
    struct {
      LONG events;
      int errors[10];
    } network;
    Address address;
    const Socket listener = listening(&address), client = ws_socket(INET, STREAM, 0);
    const HANDLE event = ws_WSACreateEvent();
    REQUIRE(event);
    CHECK_EQ(ws_WSAEventSelect(client, event, 0x33), 0); /* read, write, connect, close */
    ULONG off = 0;
    CHECK_WSA(ws_ioctlsocket(client, FIONBIO_, &off), EINVAL_);
    CHECK_WSA(ws_connect(client, &address, sizeof address), EWOULDBLOCK_);
    const Socket server = ws_accept(listener, NULL, NULL);
    LONG seen = 0;
    while ((seen & 0x12) != 0x12 && ws_WSAWaitForMultipleEvents(1, &event, FALSE, 10000, FALSE) == 0) {
      CHECK_EQ(ws_WSAEnumNetworkEvents(client, event, &network), 0);
      CHECK_EQ(network.errors[4], 0);
      seen |= network.events;
    }
    CHECK_EQ(seen, 0x12);
    CHECK_EQ(ws_WSAWaitForMultipleEvents(1, &event, FALSE, 0, FALSE), WAIT_TIMEOUT);
    CHECK_EQ(ws_send(server, "ab", 2, 0), 2);
    CHECK_EQ(ws_WSAWaitForMultipleEvents(1, &event, FALSE, 10000, FALSE), 0);
    CHECK_EQ(ws_WSAEnumNetworkEvents(client, event, &network), 0);
    CHECK_EQ(network.events, 1);
    CHECK_EQ(ws_recv(client, data, 1, 0), 1); /* there is more: again */
    CHECK_EQ(ws_WSAWaitForMultipleEvents(1, &event, FALSE, 10000, FALSE), 0);
    CHECK_EQ(ws_WSAEnumNetworkEvents(client, event, &network), 0);
    CHECK_EQ(network.events, 1);
    CHECK_EQ(ws_recv(client, data, 1, 0), 1);
    CHECK_EQ(ws_WSAWaitForMultipleEvents(1, &event, FALSE, 100, FALSE), WAIT_TIMEOUT);
    ws_closesocket(server);
    CHECK_EQ(ws_WSAWaitForMultipleEvents(1, &event, FALSE, 10000, FALSE), 0);
    CHECK_EQ(ws_WSAEnumNetworkEvents(client, event, &network), 0);
    CHECK_EQ(network.events, 0x20);
    ws_closesocket(client);
    ws_closesocket(listener);
    ws_WSACloseEvent(event);
  }

  TEST("WSAGetOverlappedResult", "overlapped operations end by their event") {
    const Pair pair = connected();
    REQUIRE(pair.server != NO_SOCKET);
    Overlapped overlapped = {.event = ws_WSACreateEvent()};
    Buffer buffer = {sizeof data, data};
    DWORD count = 0, flags = 0;
    CHECK_WSA(ws_WSARecv(pair.client, &buffer, 1, NULL, &flags, &overlapped, NULL), IO_PENDING_);
    CHECK_FALSE(ws_WSAGetOverlappedResult(pair.client, &overlapped, &count, FALSE, &flags));
    CHECK_EQ(ws_WSAGetLastError(), 996);
    CHECK_EQ(ws_send(pair.server, "hello", 5, 0), 5);
    CHECK(ws_WSAGetOverlappedResult(pair.client, &overlapped, &count, TRUE, &flags));
    CHECK_EQ(count, 5);
    CHECK_EQ(memcmp(data, "hello", 5), 0);
    CHECK_EQ(WaitForSingleObject(overlapped.event, 0), WAIT_OBJECT_0);

    CHECK_WSA(ws_WSARecv(pair.client, &buffer, 1, NULL, &flags, &overlapped, NULL), IO_PENDING_);
    CHECK(cancel((HANDLE)pair.client, &overlapped));
    CHECK_FALSE(ws_WSAGetOverlappedResult(pair.client, &overlapped, &count, TRUE, &flags));
    CHECK_EQ(ws_WSAGetLastError(), ABORTED_);
    CHECK_FAILS(cancel((HANDLE)pair.client, &overlapped), 1168);
    ws_WSACloseEvent(overlapped.event);
    close_pair(pair);
  }

  TEST("completion-routine", "completion routines run in an alertable wait of their thread") {
    const Pair pair = connected();
    REQUIRE(pair.server != NO_SOCKET);
    Overlapped overlapped = {0};
    Buffer buffer = {sizeof data, data};
    DWORD flags = 0;
    CHECK_WSA(ws_WSARecv(pair.client, &buffer, 1, NULL, &flags, &overlapped, note_end), IO_PENDING_);
    CHECK_EQ(ws_send(pair.server, "xyz", 3, 0), 3);
    CHECK_EQ(sleep_ex(10000, TRUE), 0xC0);
    CHECK_EQ(routine_calls, 1);
    CHECK_EQ(routine_error, 0);
    CHECK_EQ(routine_bytes, 3);
    close_pair(pair);
  }

  TEST("completion-port", "a completion port has a packet for each end, failed ones too") {
    const Pair pair = connected();
    REQUIRE(pair.server != NO_SOCKET);
    const HANDLE port = create_port((HANDLE)pair.client, NULL, 42, 0);
    REQUIRE(port);
    Overlapped first = {0}, second = {0}, *ended = NULL;
    Buffer buffer = {sizeof data, data}, outgoing = {4, "ping"};
    DWORD count = 0, flags = 0;
    ULONG_PTR key = 0;
    CHECK_WSA(ws_WSARecv(pair.client, &buffer, 1, NULL, &flags, &first, NULL), IO_PENDING_);
    CHECK_EQ(ws_WSASend(pair.client, &outgoing, 1, &count, 0, &second, NULL), 0);
    CHECK_EQ(count, 4);
    CHECK(wait_port(port, &count, &key, &ended, 10000));
    CHECK_EQ(count, 4);
    CHECK_EQ(key, 42);
    CHECK(ended == &second);
    CHECK_EQ(ws_send(pair.server, "pong!", 5, 0), 5);
    CHECK(wait_port(port, &count, &key, &ended, 10000));
    CHECK_EQ(count, 5);
    CHECK(ended == &first);
    CHECK_WSA(ws_WSARecv(pair.client, &buffer, 1, NULL, &flags, &first, NULL), IO_PENDING_);
    ws_closesocket(pair.client);
    SetLastError(0);
    CHECK_FALSE(wait_port(port, &count, &key, &ended, 10000));
    CHECK_EQ(GetLastError(), ABORTED_);
    CHECK(ended == &first);
    ws_closesocket(pair.server);
    CloseHandle(port);
  }

  TEST("AcceptEx", "AcceptEx and ConnectEx meet at a port") {
    static const BYTE accept_rest[8] = {0x95, 0xCA, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92},
                      connect_rest[8] = {0x8E, 0xE9, 0x76, 0xE5, 0x8C, 0x74, 0x06, 0x3E};
    Address address, any = {INET, 0, {0}, {0}}, peer;
    const Socket listener = listening(&address), client = ws_socket(INET, STREAM, 0),
                 server = ws_socket(INET, STREAM, 0);
    BOOL(WINAPI * accept_ex)
    (Socket, Socket, void*, DWORD, DWORD, DWORD, DWORD*, Overlapped*) =
        (void*)extension(listener, 0xB5367DF1, 0xCBAC, 0x11CF, accept_rest);
    void(WINAPI * addresses)(void*, DWORD, DWORD, DWORD, void**, int*, void**, int*) =
        (void*)extension(listener, 0xB5367DF2, 0xCBAC, 0x11CF, accept_rest);
    BOOL(WINAPI * connect_ex)
    (Socket, const void*, int, void*, DWORD, DWORD*, Overlapped*) =
        (void*)extension(client, 0x25A207B9, 0xDDF3, 0x4660, connect_rest);
    REQUIRE(accept_ex && addresses && connect_ex);
    const HANDLE port = create_port((HANDLE)listener, NULL, 1, 0);
    REQUIRE(port && create_port((HANDLE)client, port, 2, 0) == port);
    Overlapped accepting = {0}, connecting = {0}, *ended = NULL;
    char buffer[64 + 2 * 32];
    DWORD count = 0;
    ULONG_PTR key = 0;
    CHECK_FALSE(connect_ex(client, &address, sizeof address, NULL, 0, NULL, &connecting));
    CHECK_EQ(ws_WSAGetLastError(), EINVAL_); /* not bound */
    CHECK_FALSE(accept_ex(listener, server, buffer, 64, 32, 32, &count, &accepting));
    CHECK_EQ(ws_WSAGetLastError(), IO_PENDING_);
    CHECK_EQ(ws_bind(client, &any, sizeof any), 0);
    const BOOL at_once = connect_ex(client, &address, sizeof address, "first", 5, &count, &connecting);
    CHECK(at_once || ws_WSAGetLastError() == IO_PENDING_);
    int keys = 0;
    for (int i = 0; i < 2 && CHECK(wait_port(port, &count, &key, &ended, 10000)); ++i) {
      keys |= (int)key;
      CHECK_EQ(count, 5);
      CHECK(ended == (key == 1 ? &accepting : &connecting));
    }
    CHECK_EQ(keys, 3);
    CHECK_EQ(memcmp(buffer, "first", 5), 0);
    CHECK_EQ(ws_setsockopt(server, SOL, 0x700B, &listener, sizeof listener), 0);
    CHECK_EQ(ws_setsockopt(client, SOL, 0x7010, NULL, 0), 0);
    Address *local = NULL, *remote = NULL;
    int local_size = 0, remote_size = 0, length = sizeof peer;
    addresses(buffer, 64, 32, 32, (void**)&local, &local_size, (void**)&remote, &remote_size);
    CHECK_EQ(local_size, 16);
    CHECK_EQ(remote_size, 16);
    CHECK_EQ(local->port, address.port);
    CHECK_EQ(ws_getpeername(server, &peer, &length), 0);
    CHECK_EQ(remote->port, peer.port);
    CHECK_EQ(ws_send(server, "back", 4, 0), 4);
    CHECK_EQ(ws_recv(client, data, sizeof data, 0), 4);
    ws_closesocket(server);
    ws_closesocket(client);
    ws_closesocket(listener);
    CloseHandle(port);
  }

  TEST("handles", "a socket is a handle") {
    const Pair pair = connected();
    REQUIRE(pair.server != NO_SOCKET);
    DWORD flags = 0, count = 0;
    CHECK(get_handle_information((HANDLE)pair.client, &flags));
    CHECK(WriteFile((HANDLE)pair.client, "file", 4, &count, NULL));
    CHECK_EQ(count, 4);
    CHECK(ReadFile((HANDLE)pair.server, data, sizeof data, &count, NULL));
    CHECK_EQ(count, 4);
    CHECK(CloseHandle((HANDLE)pair.client));
    CHECK_EQ(ws_recv(pair.server, data, 1, 0), 0);
    ws_closesocket(pair.server);
  }

  TEST("closesocket", "who waits for a socket hears of its end") {
    Address address;
    const Socket s = bound_socket(DATAGRAM, &address);
    const HANDLE thread = CreateThread(NULL, 0, receive_one, (void*)s, 0, NULL);
    CHECK_EQ(WaitForSingleObject(thread, 200), WAIT_TIMEOUT);
    ws_closesocket(s);
    CHECK_EQ(WaitForSingleObject(thread, 10000), WAIT_OBJECT_0);
    DWORD error = 0;
    GetExitCodeThread(thread, &error);
    CHECK(error == EINTR_ || error == ECONNABORTED_ || error == ENOTSOCK_);
    CloseHandle(thread);
  }

  TEST("getaddrinfo", "names and texts") {
    AddressInfo hints = {0}, *found = NULL;
    hints.family = INET;
    hints.type = STREAM;
    REQUIRE(ws_getaddrinfo("localhost", "80", &hints, &found) == 0);
    CHECK_EQ(found->family, INET);
    CHECK_EQ(found->address->address[0], 127);
    CHECK_EQ(found->address->port, 0x5000);
    ws_freeaddrinfo(found);
    hints.flags = 4; /* AI_NUMERICHOST */
    CHECK_EQ(ws_getaddrinfo("localhost", NULL, &hints, &found), 11001);
    Address address = loopback(0x5000);
    DWORD size = sizeof data;
    CHECK_EQ(ws_WSAAddressToStringA(&address, sizeof address, NULL, data, &size), 0);
    CHECK_STR(data, "127.0.0.1:80");
    CHECK_EQ(size, 13);
    int length = sizeof address;
    CHECK_EQ(ws_WSAStringToAddressA("10.1.2.3:8080", INET, NULL, &address, &length), 0);
    CHECK_EQ(address.address[0], 10);
    CHECK_EQ(address.port, 0x901F);
    CHECK_WSA(ws_WSAStringToAddressA("10.1.2.3:port", INET, NULL, &address, &length), EINVAL_);
  }

  TEST("WSAEnumProtocols", "there are TCP and UDP") {
    const int wanted[] = {6, 17, 0};
    static char buffer[16384];
    DWORD size = 0;
    CHECK_WSA(ws_WSAEnumProtocolsW(wanted, buffer, &size), 10055);
    CHECK(size >= 2 * 628 && size <= sizeof buffer);
    CHECK_EQ(ws_WSAEnumProtocolsW(wanted, buffer, &size), size / 628);
  }

  TEST("WSACleanup", "the last WSACleanup ends it") {
    CHECK_EQ(ws_WSACleanup(), 0);
    CHECK_EQ(ws_socket(INET, STREAM, 0), NO_SOCKET);
    CHECK_EQ(ws_WSAGetLastError(), NOTINITIALISED_);
  }
  return finish();
}
