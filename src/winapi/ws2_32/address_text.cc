// ws2tcpip.h: addresses as text, and the order of their bytes.
#include "base/utf.h"
#include "module/builtin.h"
#include "winapi/common/text.h"
#include "winapi/ws2_32/sockets.h"
#include "winapi/ws2_32/winsock.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

// Macros of the host's headers; here they are functions.
#undef htonl
#undef htons
#undef ntohl
#undef ntohs

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

namespace hmodule::winapi {
namespace {

HM_WINAPI const char* inet_ntop(INT family, const void* address, char* buffer, SIZE_T size) noexcept {
  return answer<const char*>(nullptr, [&]() -> Result<const char*> {
    const char* text = ::inet_ntop(host_family(family), address, buffer, static_cast<socklen_t>(size));
    if (text != nullptr) return text;
    return refused(errno == ENOSPC ? WSAEINVAL : WSAEAFNOSUPPORT, "no room, or an unknown family");
  });
}
HM_WINAPI const WCHAR* InetNtopW(INT family, const void* address, WCHAR* buffer, SIZE_T size) noexcept {
  return answer<const WCHAR*>(nullptr, [&]() -> Result<const WCHAR*> {
    char text[INET6_ADDRSTRLEN];
    if (::inet_ntop(host_family(family), address, text, sizeof text) == nullptr)
      return refused(WSAEAFNOSUPPORT, "an unknown family");
    const std::u16string wide = utf16(text);
    if (give<WCHAR>(wide, buffer, static_cast<DWORD>(size)) != wide.size())
      return refused(WSAEINVAL, "too little room for the address");
    return buffer;
  });
}

INT refuse(DWORD code) {
  thread::set_last_error(code);
  return SOCKET_ERROR;
}

// 1: done; 0: no such address; -1: the family is unknown.
INT parse(INT family, const char* text, void* address) {
  if (text == nullptr || address == nullptr) return refuse(WSAEFAULT);
  const int result = ::inet_pton(host_family(family), text, address);
  return result < 0 ? refuse(WSAEAFNOSUPPORT) : result;
}
HM_WINAPI INT inet_pton(INT family, const char* text, void* address) noexcept {
  return parse(family, text, address);
}
HM_WINAPI INT InetPtonW(INT family, const WCHAR* text, void* address) noexcept {
  return parse(family, text == nullptr ? nullptr : utf8(text).c_str(), address);
}

// --- Whole addresses: "1.2.3.4:80", "[fe80::1%2]:80" ---

Result<std::string> address_text(const void* address, DWORD length) {
  const HostAddress host = TRY(to_host(address, static_cast<INT>(length)));
  char text[INET6_ADDRSTRLEN];
  if (host.storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(host.storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return v4.sin_port == 0 ? std::string(text) : fmt::format("{}:{}", text, ::ntohs(v4.sin_port));
  }
  if (host.storage.ss_family != AF_INET6) return refused(WSAEINVAL, "an address without a text");
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(host.storage);
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  std::string whole = text;
  if (v6.sin6_scope_id != 0) whole += fmt::format("%{}", v6.sin6_scope_id);
  return v6.sin6_port == 0 ? whole : fmt::format("[{}]:{}", whole, ::ntohs(v6.sin6_port));
}

// A number that takes all of the text.
std::optional<unsigned long> number_in(const std::string& text, unsigned long most) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const unsigned long value = std::strtoul(text.c_str(), nullptr, 10);
  return value <= most ? std::optional(value) : std::nullopt;
}

Result<HostAddress> parse_v4(std::string text) {
  HostAddress host;
  auto& v4 = reinterpret_cast<sockaddr_in&>(host.storage);
  host.length = sizeof v4;
  v4.sin_family = AF_INET;
  if (const std::size_t colon = text.find(':'); colon != std::string::npos) {
    const auto port = number_in(text.substr(colon + 1), 65535);
    if (!port) return refused(WSAEINVAL, "no port after the colon");
    v4.sin_port = ::htons(static_cast<USHORT>(*port));
    text.resize(colon);
  }
  if (::inet_aton(text.c_str(), &v4.sin_addr) == 0) return fail_win32(WSAEINVAL, "{} is no IPv4 address", text);
  return host;
}

Result<HostAddress> parse_v6(std::string text) {
  HostAddress host;
  auto& v6 = reinterpret_cast<sockaddr_in6&>(host.storage);
  host.length = sizeof v6;
  v6.sin6_family = AF_INET6;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string::npos) return refused(WSAEINVAL, "a bracket is not closed");
    if (end + 1 < text.size()) {
      const auto port = text[end + 1] == ':' ? number_in(text.substr(end + 2), 65535) : std::nullopt;
      if (!port) return refused(WSAEINVAL, "no port after the bracket");
      v6.sin6_port = ::htons(static_cast<USHORT>(*port));
    }
    text = text.substr(1, end - 1);
  }
  if (const std::size_t percent = text.find('%'); percent != std::string::npos) {
    const auto scope = number_in(text.substr(percent + 1), 0xFFFF'FFFF);
    v6.sin6_scope_id = scope ? static_cast<std::uint32_t>(*scope) : if_nametoindex(text.c_str() + percent + 1);
    text.resize(percent);
  }
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1)
    return fail_win32(WSAEINVAL, "{} is no IPv6 address", text);
  return host;
}

template <typename Char>
INT to_text(const void* address, DWORD length, Char* text, DWORD* size) noexcept {
  return zero_or_error(
      [&]() -> Status {
        TRY(require_startup());
        if (address == nullptr || text == nullptr || size == nullptr) return refused(WSAEFAULT, "an argument is NULL");
        const std::string narrow = TRY(address_text(address, length));
        const auto needed = static_cast<DWORD>(narrow.size() + 1);
        const bool fits = *size >= needed;
        *size = needed;
        if (!fits) return refused(WSAEFAULT, "too little room for the text");
        std::copy(narrow.begin(), narrow.end(), text);
        text[narrow.size()] = 0;
        return ok;
      },
      "WSAAddressToString");
}
INT from_text(const std::string& text, INT family, void* address, INT* length) noexcept {
  return zero_or_error(
      [&]() -> Status {
        TRY(require_startup());
        if (address == nullptr || length == nullptr) return refused(WSAEFAULT, "an argument is NULL");
        if (family != AF_INET && family != WIN_AF_INET6) return refused(WSAEINVAL, "neither IPv4 nor IPv6");
        return to_windows(TRY(family == AF_INET ? parse_v4(text) : parse_v6(text)), address, length);
      },
      "WSAStringToAddress");
}

HM_WINAPI INT WSAAddressToStringA(const void* address, DWORD length, void*, char* text, DWORD* size) noexcept {
  return to_text(address, length, text, size);
}
HM_WINAPI INT WSAAddressToStringW(const void* address, DWORD length, void*, WCHAR* text, DWORD* size) noexcept {
  return to_text(address, length, text, size);
}
HM_WINAPI INT WSAStringToAddressA(const char* text, INT family, void*, void* address, INT* length) noexcept {
  return from_text(text == nullptr ? "" : text, family, address, length);
}
HM_WINAPI INT WSAStringToAddressW(const WCHAR* text, INT family, void*, void* address, INT* length) noexcept {
  return from_text(text == nullptr ? "" : utf8(text), family, address, length);
}

}  // namespace

HM_WINAPI ULONG inet_addr(const char* text) noexcept {
  if (text == nullptr) return INADDR_NONE;
  return *text == 0 ? INADDR_ANY : ::inet_addr(text);  // as Windows reads an empty string
}
HM_WINAPI char* inet_ntoa(ULONG address) noexcept {
  thread_local char text[INET_ADDRSTRLEN];
  ::inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}
// The network's part of "10.1", in the host's order.
HM_WINAPI ULONG inet_network(const char* text) noexcept {
  return text == nullptr ? INADDR_NONE : ::inet_network(text);
}

// --- Byte order ---

HM_WINAPI USHORT htons(USHORT value) noexcept {
  return __builtin_bswap16(value);
}
HM_WINAPI ULONG htonl(ULONG value) noexcept {
  return __builtin_bswap32(value);
}
HM_WINAPI USHORT ntohs(USHORT value) noexcept {
  return __builtin_bswap16(value);
}
HM_WINAPI ULONG ntohl(ULONG value) noexcept {
  return __builtin_bswap32(value);
}

namespace {

// For a socket whose protocol might have another order; none has.
template <typename T>
INT convert(SOCKET socket, T value, T* result, T (*swap)(T)) noexcept {
  return zero_or_error([&]() -> Status {
    TRY(socket_of(socket));
    if (result == nullptr) return refused(WSAEFAULT, "nowhere to put the number");
    *result = swap(value);
    return ok;
  });
}
HM_WINAPI INT WSAHtons(SOCKET socket, USHORT value, USHORT* result) noexcept {
  return convert<USHORT>(socket, value, result, [](USHORT v) { return __builtin_bswap16(v); });
}
HM_WINAPI INT WSAHtonl(SOCKET socket, ULONG value, ULONG* result) noexcept {
  return convert<ULONG>(socket, value, result, [](ULONG v) { return __builtin_bswap32(v); });
}

const Export kRows[] = {
    {"InetNtopW", proc(InetNtopW)},
    {"InetPtonW", proc(InetPtonW)},
    {"WSAAddressToStringA", proc(WSAAddressToStringA)},
    {"WSAAddressToStringW", proc(WSAAddressToStringW)},
    {"WSAHtonl", proc(WSAHtonl)},
    {"WSAHtons", proc(WSAHtons)},
    {"WSANtohl", proc(WSAHtonl)},
    {"WSANtohs", proc(WSAHtons)},
    {"WSAStringToAddressA", proc(WSAStringToAddressA)},
    {"WSAStringToAddressW", proc(WSAStringToAddressW)},
    {"htonl", proc(htonl), Support::full, {}, 8},
    {"htons", proc(htons), Support::full, {}, 9},
    {"inet_addr", proc(inet_addr), Support::full, {}, 11},
    {"inet_ntoa", proc(inet_ntoa), Support::full, {}, 12},
    {"inet_ntop", proc(inet_ntop)},
    {"inet_pton", proc(inet_pton)},
    {"ntohl", proc(ntohl), Support::full, {}, 14},
    {"ntohs", proc(ntohs), Support::full, {}, 15},
};

}  // namespace

extern const ExportTable address_text_exports = kRows;

}  // namespace hmodule::winapi
