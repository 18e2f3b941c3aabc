// winsock2.h: the protocols there are, and sockets given away by description.
#include "winapi/ws2_32/protocols.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "nt/process.h"
#include "nt/socket_offer.h"

#include <netinet/in.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

namespace hmodule::winapi {
namespace {

// XP1_ bits.
constexpr DWORD kConnectionless = 0x1, kGuaranteedDelivery = 0x2, kGuaranteedOrder = 0x4, kMessageOriented = 0x8,
                kGracefulClose = 0x20, kExpeditedData = 0x40, kSupportBroadcast = 0x200, kSupportMultipoint = 0x400,
                kIfsHandles = 0x20000;
constexpr DWORD kStream = kIfsHandles | kExpeditedData | kGracefulClose | kGuaranteedOrder | kGuaranteedDelivery,
                kDatagram = kIfsHandles | kSupportMultipoint | kSupportBroadcast | kMessageOriented | kConnectionless,
                kUnix = kIfsHandles | kGracefulClose | kGuaranteedOrder | kGuaranteedDelivery;
constexpr DWORD kMatchesProtocolZero = 0x8, kHidden = 0x4;

constexpr GUID kIpv4Provider = {0xE70F1AA0, 0xAB8B, 0x11CF, {0x8C, 0xA3, 0x00, 0x80, 0x5F, 0x48, 0xA1, 0x92}},
               kIpv6Provider = {0xF9EAB0C0, 0x26D4, 0x11D0, {0xBB, 0xBF, 0x00, 0xAA, 0x00, 0x6C, 0x34, 0xE4}},
               kUnixProvider = {0xA00943D9, 0x9C2E, 0x4633, {0x9B, 0x59, 0x00, 0x57, 0xA3, 0x16, 0x09, 0x94}};

struct Protocol {
  DWORD services, provider_flags;
  GUID provider;
  int family, address_size, type, protocol;
  DWORD message_size;
  std::string_view name;
};
constexpr Protocol kProtocols[] = {
    {kStream, kMatchesProtocolZero, kIpv4Provider, AF_INET, 16, SOCK_STREAM, IPPROTO_TCP, 0, "MSAFD Tcpip [TCP/IP]"},
    {kDatagram, kMatchesProtocolZero, kIpv4Provider, AF_INET, 16, SOCK_DGRAM, IPPROTO_UDP, 65527,
     "MSAFD Tcpip [UDP/IP]"},
    {kDatagram, kMatchesProtocolZero | kHidden, kIpv4Provider, AF_INET, 16, SOCK_RAW, 0, 32768, "MSAFD Tcpip [RAW/IP]"},
    {kStream, kMatchesProtocolZero, kIpv6Provider, WIN_AF_INET6, 28, SOCK_STREAM, IPPROTO_TCP, 0,
     "MSAFD Tcpip [TCP/IPv6]"},
    {kDatagram, kMatchesProtocolZero, kIpv6Provider, WIN_AF_INET6, 28, SOCK_DGRAM, IPPROTO_UDP, 65527,
     "MSAFD Tcpip [UDP/IPv6]"},
    {kDatagram, kMatchesProtocolZero | kHidden, kIpv6Provider, WIN_AF_INET6, 28, SOCK_RAW, 0, 32768,
     "MSAFD Tcpip [RAW/IPv6]"},
    {kUnix, 0, kUnixProvider, AF_UNIX, 110, SOCK_STREAM, 0, 0, "AF_UNIX"},
};

template <typename Char>
WSAPROTOCOL_INFO<Char> description(const Protocol& protocol) {
  constexpr DWORD kFirstEntry = 1001;
  WSAPROTOCOL_INFO<Char> info = {};
  info.dwServiceFlags1 = protocol.services;
  info.dwProviderFlags = protocol.provider_flags;
  info.ProviderId = protocol.provider;
  info.dwCatalogEntryId = kFirstEntry + static_cast<DWORD>(&protocol - kProtocols);
  info.ChainLen = 1;
  info.iVersion = 2;
  info.iAddressFamily = protocol.family;
  info.iMaxSockAddr = protocol.address_size;
  info.iMinSockAddr = protocol.family == AF_UNIX ? 2 : protocol.address_size;
  info.iSocketType = protocol.type;
  info.iProtocol = protocol.protocol;
  info.iProtocolMaxOffset = protocol.type == SOCK_RAW ? 255 : 0;
  info.dwMessageSize = protocol.message_size;
  std::copy(protocol.name.begin(), protocol.name.end(), info.szProtocol);
  return info;
}

template <typename Char>
INT enumerate(const INT* wanted, WSAPROTOCOL_INFO<Char>* buffer, DWORD* size) noexcept {
  return answer<INT>(
      SOCKET_ERROR,
      [&]() -> Result<INT> {
        TRY(require_startup());
        if (size == nullptr) return refused(WSAEFAULT, "no size of the buffer");
        std::vector<WSAPROTOCOL_INFO<Char>> found;
        for (const Protocol& protocol : kProtocols) {
          bool asked = wanted == nullptr;
          for (const INT* each = wanted; each != nullptr && *each != 0; ++each) asked |= *each == protocol.protocol;
          if (asked) found.push_back(description<Char>(protocol));
        }
        const auto needed = static_cast<DWORD>(found.size() * sizeof found[0]);
        if (buffer == nullptr || *size < needed) {
          *size = needed;
          return refused(WSAENOBUFS, "too little room for the protocols");
        }
        std::copy(found.begin(), found.end(), buffer);
        return static_cast<INT>(found.size());
      },
      "WSAEnumProtocols");
}

HM_WINAPI INT WSAEnumProtocolsA(const INT* wanted, WSAPROTOCOL_INFO<char>* buffer, DWORD* size) noexcept {
  return enumerate(wanted, buffer, size);
}
HM_WINAPI INT WSAEnumProtocolsW(const INT* wanted, WSAPROTOCOL_INFO<WCHAR>* buffer, DWORD* size) noexcept {
  return enumerate(wanted, buffer, size);
}
// The catalogue as service providers see it: this one shows what the others do.
HM_WINAPI INT WSCEnumProtocols(const INT* wanted, WSAPROTOCOL_INFO<WCHAR>* buffer, DWORD* size, INT* error) noexcept {
  const INT count = enumerate(wanted, buffer, size);
  if (count == SOCKET_ERROR && error != nullptr) *error = static_cast<INT>(thread::last_error());
  return count;
}

// --- Duplicates: handles that wait for WSASocket in this process; what others wait for, nt/socket_offer.h keeps ---

struct Duplicates {
  std::mutex mutex;
  std::set<DWORD> waiting;
};
Duplicates& duplicates() {
  static auto* const instance = new Duplicates;
  return *instance;
}

template <typename Char>
INT duplicate(SOCKET socket, DWORD process, WSAPROTOCOL_INFO<Char>* info) noexcept {
  return zero_or_error(
      [&]() -> Status {
        const auto object = TRY(socket_of(socket));
        if (info == nullptr) return refused(WSAEFAULT, "nowhere to describe the socket");
        *info = protocol_of<Char>(*object);
        if (process != nt::Process::current()->id()) {
          const auto number = nt::offer_socket(*object, process);
          if (!number && number.error().status == STATUS_INVALID_CID) return refused(WSAEINVAL, "no such process");
          if (!number) return failed(number.error());
          info->dwProviderReserved = *number;
          return ok;
        }
        info->dwProviderReserved = static_cast<DWORD>(TRY(socket_handle(object)));
        const std::lock_guard guard(duplicates().mutex);
        duplicates().waiting.insert(info->dwProviderReserved);
        return ok;
      },
      "WSADuplicateSocket");
}
HM_WINAPI INT WSADuplicateSocketA(SOCKET socket, DWORD process, WSAPROTOCOL_INFO<char>* info) noexcept {
  return duplicate(socket, process, info);
}
HM_WINAPI INT WSADuplicateSocketW(SOCKET socket, DWORD process, WSAPROTOCOL_INFO<WCHAR>* info) noexcept {
  return duplicate(socket, process, info);
}

const Export kRows[] = {
    {"WSADuplicateSocketA", proc(WSADuplicateSocketA)}, {"WSADuplicateSocketW", proc(WSADuplicateSocketW)},
    {"WSAEnumProtocolsA", proc(WSAEnumProtocolsA)},     {"WSAEnumProtocolsW", proc(WSAEnumProtocolsW)},
    {"WSCEnumProtocols", proc(WSCEnumProtocols)},
};

}  // namespace

template <typename Char>
WSAPROTOCOL_INFO<Char> protocol_of(const nt::Socket& socket) {
  const auto& kind = socket.kind();
  const auto* const found = std::find_if(std::begin(kProtocols), std::end(kProtocols), [&](const Protocol& each) {
    return each.family == windows_family(kind.family) && each.type == kind.type;
  });
  auto info = description<Char>(found != std::end(kProtocols) ? *found : kProtocols[0]);
  info.iProtocol = kind.protocol;
  return info;
}
template WSAPROTOCOL_INFO<char> protocol_of(const nt::Socket&);
template WSAPROTOCOL_INFO<WCHAR> protocol_of(const nt::Socket&);

Result<SOCKET> take_duplicate(DWORD reserved, DWORD flags) {
  {
    const std::lock_guard guard(duplicates().mutex);
    if (duplicates().waiting.erase(reserved) != 0) return SOCKET{reserved};
  }
  auto socket =
      nt::take_offered_socket(reserved, (flags & WSA_FLAG_OVERLAPPED) != 0 ? 0 : FILE_SYNCHRONOUS_IO_NONALERT);
  if (!socket) return refused(WSAEINVAL, "no socket of WSADuplicateSocket, or taken already");
  return socket_handle(*std::move(socket), (flags & WSA_FLAG_NO_HANDLE_INHERIT) != 0 ? 0 : nt::OBJ_INHERIT);
}

extern const ExportTable protocols_exports = kRows;

}  // namespace hmodule::winapi
