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
                       WSAVERNOTSUPPORTED = 10092, WSANOTINITIALISED = 10093, WSAEDISCON = 10101,
                       WSASERVICE_NOT_FOUND = 10108, WSATYPE_NOT_FOUND = 10109, WSA_E_NO_MORE = 10110,
                       WSAHOST_NOT_FOUND = 11001, WSATRY_AGAIN = 11002, WSANO_RECOVERY = 11003, WSANO_DATA = 11004;
inline constexpr DWORD WSA_IO_PENDING = 997, WSA_IO_INCOMPLETE = 996, WSA_OPERATION_ABORTED = 995,
                       WSA_INVALID_HANDLE = 6, WSA_INVALID_PARAMETER = 87;

// Families whose number differs from Linux's.
inline constexpr int WIN_AF_INET6 = 23;

// WSASocket's flags.
inline constexpr DWORD WSA_FLAG_OVERLAPPED = 0x1, WSA_FLAG_NO_HANDLE_INHERIT = 0x80;

// MSG_PARTIAL of WSASend and MSG_TRUNC and MSG_CTRUNC of WSARecvMsg.
inline constexpr DWORD WIN_MSG_OOB = 0x1, WIN_MSG_PEEK = 0x2, WIN_MSG_DONTROUTE = 0x4, WIN_MSG_WAITALL = 0x8,
                       WIN_MSG_PUSH_IMMEDIATE = 0x20, WIN_MSG_TRUNC = 0x100, WIN_MSG_CTRUNC = 0x200,
                       WIN_MSG_PARTIAL = 0x8000;

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

// FD_READ and its kin, in the order of their bits.
inline constexpr int FD_MAX_EVENTS = 10;
struct WSANETWORKEVENTS {
  LONG lNetworkEvents;
  int iErrorCode[FD_MAX_EVENTS];
};

struct WSAMSG {
  void* name;
  INT namelen;
  WSABUF* lpBuffers;
  ULONG dwBufferCount;
  WSABUF Control;
  ULONG dwFlags;
};
static_assert(sizeof(WSAMSG) == 56);
struct WSACMSGHDR {
  SIZE_T cmsg_len;
  INT cmsg_level, cmsg_type;
};

inline constexpr int MAX_PROTOCOL_CHAIN = 7, WSAPROTOCOL_LEN = 255;
template <typename Char>
struct WSAPROTOCOL_INFO {
  DWORD dwServiceFlags1, dwServiceFlags2, dwServiceFlags3, dwServiceFlags4, dwProviderFlags;
  GUID ProviderId;
  DWORD dwCatalogEntryId;
  int ChainLen;
  DWORD ChainEntries[MAX_PROTOCOL_CHAIN];
  int iVersion, iAddressFamily, iMaxSockAddr, iMinSockAddr, iSocketType, iProtocol, iProtocolMaxOffset,
      iNetworkByteOrder, iSecurityScheme;
  DWORD dwMessageSize, dwProviderReserved;
  Char szProtocol[WSAPROTOCOL_LEN + 1];
};
static_assert(sizeof(WSAPROTOCOL_INFO<char>) == 372 && sizeof(WSAPROTOCOL_INFO<WCHAR>) == 628);

struct TRANSMIT_FILE_BUFFERS {
  void* Head;
  DWORD HeadLength;
  void* Tail;
  DWORD TailLength;
};
struct TRANSMIT_PACKETS_ELEMENT {
  ULONG dwElFlags, cLength;
  union {
    struct {
      LARGE_INTEGER nFileOffset;
      HANDLE hFile;
    };
    void* pBuffer;
  };
};
static_assert(sizeof(TRANSMIT_PACKETS_ELEMENT) == 24);

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

struct PROTOENT {
  char *p_name, **p_aliases;
  SHORT p_proto;
};

// ADDRINFOEXW: the fields of ADDRINFO, with two more before the link.
template <typename Char>
struct ADDRINFOEX {
  INT ai_flags, ai_family, ai_socktype, ai_protocol;
  SIZE_T ai_addrlen;
  Char* ai_canonname;
  void* ai_addr;
  void* ai_blob;
  SIZE_T ai_bloblen;
  GUID* ai_provider;
  ADDRINFOEX* ai_next;
};
static_assert(sizeof(ADDRINFOEX<WCHAR>) == 72);

}  // namespace hmodule
