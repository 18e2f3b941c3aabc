// winsock2.h and ws2tcpip.h.
#pragma once

#include "win/types.h"

namespace hmodule {

using SOCKET = UINT_PTR;
inline constexpr SOCKET INVALID_SOCKET = ~SOCKET{0};
inline constexpr int SOCKET_ERROR = -1;

// Error codes that are not errno + 10000 in disguise.
inline constexpr DWORD WSAEINTR = 10004, WSAEBADF = 10009, WSAEACCES = 10013, WSAEFAULT = 10014, WSAEINVAL = 10022,
                       WSAEMFILE = 10024, WSAEWOULDBLOCK = 10035, WSAEINPROGRESS = 10036, WSAEALREADY = 10037,
                       WSAENOTSOCK = 10038, WSAEDESTADDRREQ = 10039, WSAEMSGSIZE = 10040, WSAEPROTOTYPE = 10041,
                       WSAENOPROTOOPT = 10042, WSAEPROTONOSUPPORT = 10043, WSAESOCKTNOSUPPORT = 10044,
                       WSAEOPNOTSUPP = 10045, WSAEPFNOSUPPORT = 10046, WSAEAFNOSUPPORT = 10047, WSAEADDRINUSE = 10048,
                       WSAEADDRNOTAVAIL = 10049, WSAENETDOWN = 10050, WSAENETUNREACH = 10051, WSAENETRESET = 10052,
                       WSAECONNABORTED = 10053, WSAECONNRESET = 10054, WSAENOBUFS = 10055, WSAEISCONN = 10056,
                       WSAENOTCONN = 10057, WSAESHUTDOWN = 10058, WSAETIMEDOUT = 10060, WSAECONNREFUSED = 10061,
                       WSAELOOP = 10062, WSAENAMETOOLONG = 10063, WSAEHOSTDOWN = 10064, WSAEHOSTUNREACH = 10065,
                       WSAVERNOTSUPPORTED = 10092, WSANOTINITIALISED = 10093, WSATYPE_NOT_FOUND = 10109,
                       WSAHOST_NOT_FOUND = 11001, WSATRY_AGAIN = 11002, WSANO_RECOVERY = 11003, WSANO_DATA = 11004;

// Families whose number differs from Linux's.
inline constexpr int WIN_AF_INET6 = 23;

struct WSADATA {
  WORD wVersion, wHighVersion;
  USHORT iMaxSockets, iMaxUdpDg;
  char* lpVendorInfo;
  char szDescription[257], szSystemStatus[129];
};
static_assert(sizeof(WSADATA) == 408);

struct WSABUF {
  ULONG len;
  char* buf;
};

struct WSAPOLLFD {
  SOCKET fd;
  SHORT events, revents;
};

struct FD_SET {
  UINT fd_count;
  SOCKET fd_array[64];
};
struct TIMEVAL {
  LONG tv_sec, tv_usec;
};

template <typename Char>
struct ADDRINFO {
  INT ai_flags, ai_family, ai_socktype, ai_protocol;
  SIZE_T ai_addrlen;
  Char* ai_canonname;
  void* ai_addr;
  ADDRINFO* ai_next;
};
static_assert(sizeof(ADDRINFO<char>) == 48);

struct HOSTENT {
  char *h_name, **h_aliases;
  SHORT h_addrtype, h_length;
  char** h_addr_list;
};
// The 64-bit form has the protocol before the port.
struct SERVENT {
  char *s_name, **s_aliases, *s_proto;
  SHORT s_port;
};

}  // namespace hmodule
