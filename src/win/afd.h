// What the driver below Winsock is asked by those who do without select(): libuv, wepoll and mio declare it like this;
// no header of Windows does.
#pragma once

#include "win/winsock2.h"

namespace hmodule {

inline constexpr ULONG IOCTL_AFD_RECEIVE = 0x12017, IOCTL_AFD_RECEIVE_DATAGRAM = 0x1201B, IOCTL_AFD_POLL = 0x12024;

inline constexpr ULONG AFD_POLL_RECEIVE = 0x1, AFD_POLL_RECEIVE_EXPEDITED = 0x2, AFD_POLL_SEND = 0x4,
                       AFD_POLL_DISCONNECT = 0x8, AFD_POLL_ABORT = 0x10, AFD_POLL_LOCAL_CLOSE = 0x20,
                       AFD_POLL_CONNECT = 0x40, AFD_POLL_ACCEPT = 0x80, AFD_POLL_CONNECT_FAIL = 0x100;

struct AFD_POLL_HANDLE_INFO {
  HANDLE Handle;
  ULONG Events;
  NTSTATUS Status;
};
static_assert(sizeof(AFD_POLL_HANDLE_INFO) == 16);

// Handles[NumberOfHandles] follow.
struct AFD_POLL_INFO {
  LARGE_INTEGER Timeout;
  ULONG NumberOfHandles;
  ULONG Exclusive;
};
static_assert(sizeof(AFD_POLL_INFO) == 16);

// Receiving: libuv sends these itself, as WSARecvFrom hides from it whether a completion packet follows.
inline constexpr ULONG TDI_RECEIVE_EXPEDITED = 0x40, TDI_RECEIVE_PEEK = 0x80;

struct AFD_RECV_INFO {
  const WSABUF* BufferArray;
  ULONG BufferCount, AfdFlags, TdiFlags;
};
static_assert(sizeof(AFD_RECV_INFO) == 24);

struct AFD_RECV_DATAGRAM_INFO {
  AFD_RECV_INFO Receive;
  void* Address;
  INT* AddressLength;
};
static_assert(sizeof(AFD_RECV_DATAGRAM_INFO) == 40);

}  // namespace hmodule
