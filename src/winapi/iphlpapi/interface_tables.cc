// iphlpapi.h, netioapi.h: tables of interfaces and of their addresses.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
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

HM_WINAPI DWORD GetUnicastIpAddressTable(USHORT family, void** table) noexcept {
  constexpr USHORT kAny = 0, kInet = 2, kInet6 = 23;
  constexpr INT kPreferred = 4;
  if (table == nullptr || (family != kAny && family != kInet && family != kInet6)) return kInvalidParameter;
  std::vector<MIB_UNICASTIPADDRESS_ROW> rows;
  for (const Interface& interface : interfaces())
    for (const auto& each : interface.addresses) {
      if (family != kAny && (family == kInet) != (each.address.any.sa_family == AF_INET)) continue;
      MIB_UNICASTIPADDRESS_ROW& row = rows.emplace_back();
      to_windows(each.address, row.Address);
      row.InterfaceLuid = interface.luid();
      row.InterfaceIndex = interface.index;
      row.ValidLifetime = row.PreferredLifetime = 0xFFFF'FFFF;
      row.OnLinkPrefixLength = static_cast<BYTE>(each.prefix);
      row.DadState = kPreferred;
      row.ScopeId = each.address.any.sa_family == AF_INET6 ? each.address.v6.sin6_scope_id : 0;
    }
  if (rows.empty()) return kFileNotFound;
  return allocate_table<MIB_UNICASTIPADDRESS_ROW>(rows, table);
}

const Export kRows[] = {
    {"FreeMibTable", proc(FreeMibTable)},
    {"GetIfEntry", proc(GetIfEntry)},
    {"GetIfEntry2", proc(GetIfEntry2)},
    {"GetIfTable", proc(GetIfTable)},
    {"GetIfTable2", proc(GetIfTable2)},
    {"GetIpAddrTable", proc(GetIpAddrTable)},
    {"GetUnicastIpAddressTable", proc(GetUnicastIpAddressTable)},
};

}  // namespace

extern const ExportTable interface_tables_exports = kRows;

}  // namespace hmodule::winapi
