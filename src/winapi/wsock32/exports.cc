// wsock32.dll: Winsock 1.1. Its functions are ws2_32's but for the multicast options, which had other numbers then;
// three of its ordinals differ from ws2_32's.
#include "winapi/wsock32/exports.h"

#include "winapi/ws2_32/winsock.h"

#include <netinet/in.h>

// Macros of the host's headers; here they are functions.
#undef htonl
#undef htons
#undef ntohl
#undef ntohs

namespace hmodule::winapi {
namespace {

// IP_MULTICAST_IF to IP_DONTFRAGMENT were 2 to 9 in Winsock 1.1; Winsock 2 has them at 9 to 14, TTL and TOS below.
INT renumbered(INT level, INT name) {
  constexpr INT kNames[] = {9, 10, 11, 12, 13, 4, 3, 14};
  return level == IPPROTO_IP && name >= 2 && name <= 9 ? kNames[name - 2] : name;
}

HM_WINAPI INT getsockopt_1(SOCKET socket, INT level, INT name, char* value, INT* length) noexcept {
  return getsockopt(socket, level, renumbered(level, name), value, length);
}
HM_WINAPI INT setsockopt_1(SOCKET socket, INT level, INT name, const char* value, INT length) noexcept {
  return setsockopt(socket, level, renumbered(level, name), value, length);
}

const Export kRows[] = {
    {"AcceptEx", proc(AcceptEx), Support::full, {}, 1141},
    {"GetAcceptExSockaddrs", proc(GetAcceptExSockaddrs), Support::full, {}, 1142},
    {"TransmitFile", proc(TransmitFile), Support::partial, "no TF_REUSE_SOCKET for overlapped ones", 1140},
    {"WSACleanup", proc(WSACleanup), Support::full, {}, 116},
    {"WSAGetLastError", proc(WSAGetLastError), Support::full, {}, 111},
    {"WSARecvEx", proc(WSARecvEx), Support::full, {}, 1107},
    {"WSASetLastError", proc(WSASetLastError), Support::full, {}, 112},
    {"WSAStartup", proc(WSAStartup), Support::full, {}, 115},
    {"__WSAFDIsSet", proc(__WSAFDIsSet), Support::full, {}, 151},
    {"accept", proc(accept), Support::full, {}, 1},
    {"bind", proc(bind), Support::full, {}, 2},
    {"closesocket", proc(closesocket), Support::full, {}, 3},
    {"connect", proc(connect), Support::full, {}, 4},
    {"gethostbyaddr", proc(gethostbyaddr), Support::full, {}, 51},
    {"gethostbyname", proc(gethostbyname), Support::full, {}, 52},
    {"gethostname", proc(gethostname), Support::full, {}, 57},
    {"getpeername", proc(getpeername), Support::full, {}, 5},
    {"getprotobyname", proc(getprotobyname), Support::full, {}, 53},
    {"getprotobynumber", proc(getprotobynumber), Support::full, {}, 54},
    {"getservbyname", proc(getservbyname), Support::full, {}, 55},
    {"getservbyport", proc(getservbyport), Support::full, {}, 56},
    {"getsockname", proc(getsockname), Support::full, {}, 6},
    {"getsockopt", proc(getsockopt_1), Support::full, {}, 7},
    {"htonl", proc(htonl), Support::full, {}, 8},
    {"htons", proc(htons), Support::full, {}, 9},
    {"inet_addr", proc(inet_addr), Support::full, {}, 10},
    {"inet_network", proc(inet_network), Support::full, {}, 1100},
    {"inet_ntoa", proc(inet_ntoa), Support::full, {}, 11},
    {"ioctlsocket", proc(ioctlsocket), Support::full, {}, 12},
    {"listen", proc(listen), Support::full, {}, 13},
    {"ntohl", proc(ntohl), Support::full, {}, 14},
    {"ntohs", proc(ntohs), Support::full, {}, 15},
    {"recv", proc(recv), Support::full, {}, 16},
    {"recvfrom", proc(recvfrom), Support::full, {}, 17},
    {"select", proc(select), Support::full, {}, 18},
    {"send", proc(send), Support::full, {}, 19},
    {"sendto", proc(sendto), Support::full, {}, 20},
    {"setsockopt", proc(setsockopt_1), Support::full, {}, 21},
    {"shutdown", proc(shutdown), Support::full, {}, 22},
    {"socket", proc(socket), Support::full, {}, 23},
};
const ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll wsock32_dll = {"wsock32.dll", kTables};

}  // namespace hmodule::winapi
