// iphlpapi.h: the computer's TCP connections and UDP sockets.
#include "module/builtin.h"
#include "winapi/common/answer.h"
#include "winapi/iphlpapi/tables.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

namespace hmodule::winapi {
namespace {

struct Connection {
  DWORD local_address, local_port, remote_address, remote_port, state;
};

DWORD network_port(unsigned port) {
  return __builtin_bswap16(static_cast<USHORT>(port));
}

// /proc/net/tcp and udp: "0: 0100007F:1F90 00000000:0000 0A ...", addresses in network order.
std::vector<Connection> connections(const char* path) {
  std::vector<Connection> found;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // the headings
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string number;
    char colon;
    unsigned local_port = 0, remote_port = 0;
    Connection each = {};
    fields >> number >> std::hex >> each.local_address >> colon >> local_port >> each.remote_address >> colon >>
        remote_port >> each.state;
    if (!fields) continue;
    each.local_port = network_port(local_port);
    each.remote_port = network_port(remote_port);
    found.push_back(each);
  }
  return found;
}

// MIB_TCP_STATE, by the host's numbers from TCP_ESTABLISHED.
DWORD windows_state(DWORD state) {
  constexpr DWORD kStates[] = {1, 5, 3, 4, 6, 7, 11, 1, 8, 10, 2, 9};
  return state < std::size(kStates) ? kStates[state] : 1;
}

struct MIB_TCPROW {
  DWORD dwState, dwLocalAddr, dwLocalPort, dwRemoteAddr, dwRemotePort;
};
struct MIB_UDPROW {
  DWORD dwLocalAddr, dwLocalPort;
};

HM_WINAPI DWORD GetTcpTable(void* table, ULONG* size, BOOL sorted) noexcept {
  std::vector<MIB_TCPROW> rows;
  for (const Connection& each : connections("/proc/net/tcp"))
    rows.push_back(
        {windows_state(each.state), each.local_address, each.local_port, each.remote_address, each.remote_port});
  if (sorted != FALSE)
    std::sort(rows.begin(), rows.end(), [](const MIB_TCPROW& a, const MIB_TCPROW& b) {
      return std::tie(a.dwLocalAddr, a.dwLocalPort, a.dwRemoteAddr, a.dwRemotePort) <
             std::tie(b.dwLocalAddr, b.dwLocalPort, b.dwRemoteAddr, b.dwRemotePort);
    });
  return give_table(rows, table, size);
}
HM_WINAPI DWORD GetUdpTable(void* table, ULONG* size, BOOL sorted) noexcept {
  std::vector<MIB_UDPROW> rows;
  for (const Connection& each : connections("/proc/net/udp")) rows.push_back({each.local_address, each.local_port});
  if (sorted != FALSE)
    std::sort(rows.begin(), rows.end(), [](const MIB_UDPROW& a, const MIB_UDPROW& b) {
      return std::tie(a.dwLocalAddr, a.dwLocalPort) < std::tie(b.dwLocalAddr, b.dwLocalPort);
    });
  return give_table(rows, table, size);
}

const Export kRows[] = {
    {"GetTcpTable", proc(GetTcpTable)},
    {"GetUdpTable", proc(GetUdpTable)},
};

}  // namespace

extern const ExportTable connections_exports = kRows;

}  // namespace hmodule::winapi
