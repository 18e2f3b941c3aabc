// iphlpapi.h, netioapi.h: tables of interfaces and of their addresses.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/system_information.h"
#include "winapi/common/answer.h"
#include "winapi/iphlpapi/interfaces.h"
#include "winapi/iphlpapi/netioapi.h"
#include "winapi/iphlpapi/tables.h"

#include <net/if.h>

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace {

constexpr DWORD kFileNotFound = 2, kInvalidParameter = 87, kInvalidData = 13;
constexpr DWORD kUp = 1, kDown = 2, kOperational = 5, kNonOperational = 0;

struct MIB_IFROW {
  WCHAR wszName[256];
  DWORD dwIndex, dwType, dwMtu, dwSpeed, dwPhysAddrLen;
  BYTE bPhysAddr[8];
  DWORD dwAdminStatus, dwOperStatus, dwLastChange, dwInOctets, dwInUcastPkts, dwInNUcastPkts, dwInDiscards, dwInErrors,
      dwInUnknownProtos, dwOutOctets, dwOutUcastPkts, dwOutNUcastPkts, dwOutDiscards, dwOutErrors, dwOutQLen,
      dwDescrLen;
  BYTE bDescr[256];
};
static_assert(sizeof(MIB_IFROW) == 860);

struct MIB_IF_ROW2 {
  std::uint64_t InterfaceLuid;
  ULONG InterfaceIndex;
  GUID InterfaceGuid;
  WCHAR Alias[257], Description[257];
  ULONG PhysicalAddressLength;
  BYTE PhysicalAddress[32], PermanentPhysicalAddress[32];
  ULONG Mtu, Type, TunnelType, MediaType, PhysicalMediumType, AccessType, DirectionType;
  BYTE InterfaceAndOperStatusFlags;
  ULONG OperStatus, AdminStatus, MediaConnectState;
  GUID NetworkGuid;
  ULONG ConnectionType;
  std::uint64_t TransmitLinkSpeed, ReceiveLinkSpeed, InOctets, InUcastPkts, InNUcastPkts, InDiscards, InErrors,
      InUnknownProtos, InUcastOctets, InMulticastOctets, InBroadcastOctets, OutOctets, OutUcastPkts, OutNUcastPkts,
      OutDiscards, OutErrors, OutUcastOctets, OutMulticastOctets, OutBroadcastOctets, OutQLen;
};
static_assert(sizeof(MIB_IF_ROW2) == 1352 && offsetof(MIB_IF_ROW2, PhysicalAddressLength) == 1056);

DWORD low(std::uint64_t value) {
  return static_cast<DWORD>(value);
}

MIB_IFROW old_row(const Interface& interface) {
  MIB_IFROW row = {};
  const std::u16string device = u"\\DEVICE\\TCPIP_" + utf16(interface.guid_text());
  std::copy(device.begin(), device.end(), row.wszName);
  row.dwIndex = interface.index;
  row.dwType = interface.type();
  row.dwMtu = interface.mtu;
  row.dwSpeed = low(std::min<std::uint64_t>(interface.speed, 0xFFFF'FFFF));
  row.dwPhysAddrLen = low(std::min(interface.physical_address.size(), sizeof row.bPhysAddr));
  std::copy_n(interface.physical_address.begin(), row.dwPhysAddrLen, row.bPhysAddr);
  row.dwAdminStatus = (interface.flags & IFF_UP) != 0 ? kUp : kDown;
  row.dwOperStatus = interface.running ? kOperational : kNonOperational;
  const auto& counters = interface.counters;
  row.dwInOctets = low(counters.received_bytes);
  row.dwInUcastPkts = low(counters.received_packets - std::min(counters.received_packets, counters.received_multicast));
  row.dwInNUcastPkts = low(counters.received_multicast);
  row.dwInDiscards = low(counters.received_dropped);
  row.dwInErrors = low(counters.received_errors);
  row.dwOutOctets = low(counters.sent_bytes);
  row.dwOutUcastPkts = low(counters.sent_packets);
  row.dwOutDiscards = low(counters.sent_dropped);
  row.dwOutErrors = low(counters.sent_errors);
  row.dwDescrLen = low(interface.name.copy(reinterpret_cast<char*>(row.bDescr), sizeof row.bDescr - 1));
  return row;
}

void fill(const Interface& interface, MIB_IF_ROW2& row) {
  row = {};
  row.InterfaceLuid = interface.luid();
  row.InterfaceIndex = interface.index;
  row.InterfaceGuid = row.NetworkGuid = interface.guid();
  const std::u16string name = utf16(interface.name);
  std::copy(name.begin(), name.end(), row.Alias);
  std::copy(name.begin(), name.end(), row.Description);
  row.PhysicalAddressLength = low(std::min(interface.physical_address.size(), sizeof row.PhysicalAddress));
  std::copy_n(interface.physical_address.begin(), row.PhysicalAddressLength, row.PhysicalAddress);
  std::copy_n(interface.physical_address.begin(), row.PhysicalAddressLength, row.PermanentPhysicalAddress);
  row.Mtu = interface.mtu;
  row.Type = interface.type();
  constexpr ULONG kLoopbackAccess = 1, kBroadcastAccess = 2, kConnected = 1, kDisconnected = 2, kDedicated = 1;
  row.AccessType = interface.loopback() ? kLoopbackAccess : kBroadcastAccess;
  row.OperStatus = interface.running ? kUp : kDown;
  row.AdminStatus = (interface.flags & IFF_UP) != 0 ? kUp : kDown;
  row.MediaConnectState = interface.running ? kConnected : kDisconnected;
  row.ConnectionType = kDedicated;
  row.TransmitLinkSpeed = row.ReceiveLinkSpeed = interface.speed;
  const auto& counters = interface.counters;
  row.InOctets = row.InUcastOctets = counters.received_bytes;
  row.InUcastPkts = counters.received_packets - std::min(counters.received_packets, counters.received_multicast);
  row.InNUcastPkts = counters.received_multicast;
  row.InDiscards = counters.received_dropped;
  row.InErrors = counters.received_errors;
  row.OutOctets = row.OutUcastOctets = counters.sent_bytes;
  row.OutUcastPkts = counters.sent_packets;
  row.OutDiscards = counters.sent_dropped;
  row.OutErrors = counters.sent_errors;
}

HM_WINAPI DWORD GetIfTable(void* table, ULONG* size, BOOL /*sorted*/) noexcept {
  std::vector<MIB_IFROW> rows;
  for (const Interface& interface : interfaces()) rows.push_back(old_row(interface));
  return give_table<MIB_IFROW>(rows, table, size);
}
HM_WINAPI DWORD GetIfEntry(MIB_IFROW* row) noexcept {
  if (row == nullptr) return kInvalidParameter;
  const auto found = interface_at(row->dwIndex);
  if (!found) return kInvalidData;
  *row = old_row(*found);
  return 0;
}

HM_WINAPI DWORD GetIfEntry2(MIB_IF_ROW2* row) noexcept {
  if (row == nullptr || (row->InterfaceLuid == 0 && row->InterfaceIndex == 0)) return kInvalidParameter;
  for (const Interface& each : interfaces()) {
    if (row->InterfaceLuid != 0 ? each.luid() != row->InterfaceLuid : each.index != row->InterfaceIndex) continue;
    fill(each, *row);
    return 0;
  }
  return kFileNotFound;
}
HM_WINAPI DWORD GetIfTable2(void** table) noexcept {
  if (table == nullptr) return kInvalidParameter;
  std::vector<MIB_IF_ROW2> rows;
  for (const Interface& interface : interfaces()) fill(interface, rows.emplace_back());
  return allocate_table<MIB_IF_ROW2>(rows, table);
}
HM_WINAPI void FreeMibTable(void* table) noexcept {
  nt::heap_free(table);
}

// --- Addresses ---

struct MIB_IPADDRROW {
  DWORD dwAddr, dwIndex, dwMask, dwBCastAddr, dwReasmSize;
  USHORT unused1, wType;
};
static_assert(sizeof(MIB_IPADDRROW) == 24);

HM_WINAPI DWORD GetIpAddrTable(void* table, ULONG* size, BOOL /*sorted*/) noexcept {
  constexpr USHORT kPrimary = 1;
  std::vector<MIB_IPADDRROW> rows;
  for (const Interface& interface : interfaces())
    for (const auto& each : interface.addresses) {
      if (each.address.any.sa_family != AF_INET) continue;
      const DWORD mask = each.prefix == 0 ? 0 : htonl(~0U << (32 - each.prefix));
      rows.push_back(
          {each.address.v4.sin_addr.s_addr, interface.index, mask, each.broadcast ? 1U : 0U, 65535, 0, kPrimary});
    }
  return give_table<MIB_IPADDRROW>(rows, table, size);
}

constexpr USHORT kAny = 0, kInet = 2, kInet6 = 23;

int host_family(USHORT family) {
  return family == kInet ? AF_INET : AF_INET6;
}
bool is_family(USHORT family) {
  return family == kInet || family == kInet6;
}
// By its LUID or, where that is 0, by its number.
bool is_meant(const Interface& interface, std::uint64_t luid, ULONG index) {
  return luid != 0 ? interface.luid() == luid : interface.index == index;
}

MIB_UNICASTIPADDRESS_ROW row_of(const Interface& interface, const Interface::Address& of) {
  constexpr INT kPreferred = 4;
  MIB_UNICASTIPADDRESS_ROW row = {};
  to_windows(of.address, row.Address);
  row.InterfaceLuid = interface.luid();
  row.InterfaceIndex = interface.index;
  row.ValidLifetime = row.PreferredLifetime = 0xFFFF'FFFF;
  row.OnLinkPrefixLength = static_cast<BYTE>(of.prefix);
  row.DadState = kPreferred;
  row.ScopeId = of.address.any.sa_family == AF_INET6 ? of.address.v6.sin6_scope_id : 0;
  return row;
}

HM_WINAPI DWORD GetUnicastIpAddressTable(USHORT family, void** table) noexcept {
  if (table == nullptr || (family != kAny && !is_family(family))) return kInvalidParameter;
  std::vector<MIB_UNICASTIPADDRESS_ROW> rows;
  for (const Interface& interface : interfaces())
    for (const auto& each : interface.addresses)
      if (family == kAny || host_family(family) == each.address.any.sa_family) rows.push_back(row_of(interface, each));
  if (rows.empty()) return kFileNotFound;
  return allocate_table<MIB_UNICASTIPADDRESS_ROW>(rows, table);
}

HM_WINAPI void InitializeUnicastIpAddressEntry(MIB_UNICASTIPADDRESS_ROW* row) noexcept {
  *row = {};
  row->ValidLifetime = row->PreferredLifetime = 0xFFFF'FFFF;
  row->OnLinkPrefixLength = 0xFF;
  row->PrefixOrigin = row->SuffixOrigin = 0x10;  // unchanged
}
// The row says which address of which interface; callbacks get rows with no more.
HM_WINAPI DWORD GetUnicastIpAddressEntry(MIB_UNICASTIPADDRESS_ROW* row) noexcept {
  constexpr DWORD kNotFound = 1168;
  if (row == nullptr || (row->InterfaceLuid == 0 && row->InterfaceIndex == 0)) return kInvalidParameter;
  USHORT family;
  std::memcpy(&family, row->Address, sizeof family);
  if (!is_family(family)) return kInvalidParameter;
  // Where the address is in a SOCKADDR_IN, and in a SOCKADDR_IN6.
  const std::size_t at = family == kInet ? 4 : 8, size = family == kInet ? 4 : 16;
  bool known = false;
  for (const Interface& interface : interfaces()) {
    if (!is_meant(interface, row->InterfaceLuid, row->InterfaceIndex)) continue;
    known = true;
    for (const auto& each : interface.addresses) {
      if (each.address.any.sa_family != host_family(family)) continue;
      const MIB_UNICASTIPADDRESS_ROW found = row_of(interface, each);
      if (std::memcmp(found.Address + at, row->Address + at, size) != 0) continue;
      *row = found;
      return 0;
    }
  }
  return known ? kNotFound : kFileNotFound;
}

// --- Interfaces, as IPv4 and IPv6 see them ---

MIB_IPINTERFACE_ROW row_of(const Interface& interface, USHORT family) {
  constexpr INT kUnchanged = -1;
  MIB_IPINTERFACE_ROW row = {};
  row.Family = family;
  row.InterfaceLuid = interface.luid();
  row.InterfaceIndex = interface.index;
  row.UseAutomaticMetric = 1;
  row.UseNeighborUnreachabilityDetection = row.SupportsNeighborDiscovery = !interface.loopback();
  row.RouterDiscoveryBehavior = row.LinkLocalAddressBehavior = kUnchanged;
  const std::string settings =
      std::string("/proc/sys/net/") + (family == kInet ? "ipv4" : "ipv6") + "/conf/" + interface.name + "/";
  row.ForwardingEnabled = nt::read_small_file(settings + "forwarding") == "1";
  row.SitePrefixLength = family == kInet ? 32 : 64;
  row.NlMtu = interface.mtu;
  row.Connected = interface.running;
  return row;
}

HM_WINAPI void InitializeIpInterfaceEntry(MIB_IPINTERFACE_ROW* row) noexcept {
  *row = {};
  row->RouterDiscoveryBehavior = row->LinkLocalAddressBehavior = -1;  // unchanged, as the bytes below
  for (BYTE MIB_IPINTERFACE_ROW::*each :
       {&MIB_IPINTERFACE_ROW::AdvertisingEnabled, &MIB_IPINTERFACE_ROW::ForwardingEnabled,
        &MIB_IPINTERFACE_ROW::WeakHostSend, &MIB_IPINTERFACE_ROW::WeakHostReceive,
        &MIB_IPINTERFACE_ROW::UseAutomaticMetric, &MIB_IPINTERFACE_ROW::UseNeighborUnreachabilityDetection,
        &MIB_IPINTERFACE_ROW::ManagedAddressConfigurationSupported,
        &MIB_IPINTERFACE_ROW::OtherStatefulConfigurationSupported, &MIB_IPINTERFACE_ROW::AdvertiseDefaultRoute,
        &MIB_IPINTERFACE_ROW::DisableDefaultRoutes})
    row->*each = 0xFF;
}
HM_WINAPI DWORD GetIpInterfaceEntry(MIB_IPINTERFACE_ROW* row) noexcept {
  constexpr DWORD kNotFound = 1168;
  if (row == nullptr || !is_family(row->Family) || (row->InterfaceLuid == 0 && row->InterfaceIndex == 0))
    return kInvalidParameter;
  for (const Interface& each : interfaces()) {
    if (!is_meant(each, row->InterfaceLuid, row->InterfaceIndex)) continue;
    if (!each.speaks(host_family(row->Family))) return kNotFound;
    *row = row_of(each, row->Family);
    return 0;
  }
  return kFileNotFound;
}
HM_WINAPI DWORD GetIpInterfaceTable(USHORT family, void** table) noexcept {
  if (table == nullptr || (family != kAny && !is_family(family))) return kInvalidParameter;
  std::vector<MIB_IPINTERFACE_ROW> rows;
  for (const Interface& interface : interfaces())
    for (const USHORT each : {kInet, kInet6})
      if ((family == kAny || family == each) && interface.speaks(host_family(each)))
        rows.push_back(row_of(interface, each));
  return allocate_table<MIB_IPINTERFACE_ROW>(rows, table);
}

constexpr std::string_view kInterfaceFacts = "family, MTU, forwarding and whether it is connected";
const Export kRows[] = {
    {"FreeMibTable", proc(FreeMibTable)},
    {"GetIfEntry", proc(GetIfEntry)},
    {"GetIfEntry2", proc(GetIfEntry2)},
    {"GetIfTable", proc(GetIfTable)},
    {"GetIfTable2", proc(GetIfTable2)},
    {"GetIpAddrTable", proc(GetIpAddrTable)},
    {"GetIpInterfaceEntry", proc(GetIpInterfaceEntry), Support::partial, kInterfaceFacts},
    {"GetIpInterfaceTable", proc(GetIpInterfaceTable), Support::partial, kInterfaceFacts},
    {"GetUnicastIpAddressEntry", proc(GetUnicastIpAddressEntry)},
    {"GetUnicastIpAddressTable", proc(GetUnicastIpAddressTable)},
    {"InitializeIpInterfaceEntry", proc(InitializeIpInterfaceEntry)},
    {"InitializeUnicastIpAddressEntry", proc(InitializeUnicastIpAddressEntry)},
};

}  // namespace

extern const ExportTable interface_tables_exports = kRows;

}  // namespace hmodule::winapi
