// ws2tcpip.h: names of hosts and services, addresses as text, byte order.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/system_information.h"
#include "winapi/common/text.h"
#include "winapi/ws2_32/sockets.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace hmodule::winapi {
namespace {

// --- getaddrinfo ---

struct FlagPair {
  INT windows;
  int host;
};
constexpr FlagPair kHintFlags[] = {{0x1, AI_PASSIVE},     {0x2, AI_CANONNAME}, {0x4, AI_NUMERICHOST},
                                   {0x8, AI_NUMERICSERV}, {0x100, AI_ALL},     {0x400, AI_ADDRCONFIG},
                                   {0x800, AI_V4MAPPED}};
constexpr FlagPair kNameFlags[] = {
    {0x1, NI_NOFQDN}, {0x2, NI_NUMERICHOST}, {0x4, NI_NAMEREQD}, {0x8, NI_NUMERICSERV}, {0x10, NI_DGRAM}};

template <std::size_t N>
int host_flags(const FlagPair (&pairs)[N], INT flags) {
  int host = 0;
  for (const FlagPair& pair : pairs) host |= (flags & pair.windows) != 0 ? pair.host : 0;
  return host;
}

// Windows' EAI_ codes are Winsock's.
DWORD resolver_code(int error) {
  switch (error) {
    case 0:
      return 0;
    case EAI_AGAIN:
      return WSATRY_AGAIN;
    case EAI_BADFLAGS:
      return WSAEINVAL;
    case EAI_FAIL:
      return WSANO_RECOVERY;
    case EAI_FAMILY:
      return WSAEAFNOSUPPORT;
    case EAI_MEMORY:
      return ERROR_NOT_ENOUGH_MEMORY;
    case EAI_SERVICE:
      return WSATYPE_NOT_FOUND;
    case EAI_SOCKTYPE:
      return WSAESOCKTNOSUPPORT;
    case EAI_SYSTEM:
      return winsock_code(errno);
    default:
      return WSAHOST_NOT_FOUND;
  }
}

// One block per entry: the entry, its address, its canonical name.
template <typename Char>
ADDRINFO<Char>* make_entry(const addrinfo& from) {
  std::basic_string<Char> name;
  if (from.ai_canonname != nullptr) {
    if constexpr (sizeof(Char) == 1)
      name = from.ai_canonname;
    else
      name = utf16(from.ai_canonname);
  }
  const std::size_t address_room = (from.ai_addrlen + 7) & ~std::size_t{7};
  const std::size_t size = sizeof(ADDRINFO<Char>) + address_room + (name.size() + 1) * sizeof(Char);
  auto* memory = static_cast<char*>(nt::heap_allocate(size, HEAP_ZERO_MEMORY));
  if (memory == nullptr) return nullptr;
  auto* entry = reinterpret_cast<ADDRINFO<Char>*>(memory);
  entry->ai_flags = from.ai_flags;
  entry->ai_family = windows_family(from.ai_family);
  entry->ai_socktype = from.ai_socktype;
  entry->ai_protocol = from.ai_protocol;
  entry->ai_addrlen = from.ai_addrlen;
  entry->ai_addr = memory + sizeof *entry;
  std::memcpy(entry->ai_addr, from.ai_addr, from.ai_addrlen);
  const auto family = static_cast<USHORT>(entry->ai_family);
  std::memcpy(entry->ai_addr, &family, sizeof family);
  if (from.ai_canonname != nullptr) {
    entry->ai_canonname = reinterpret_cast<Char*>(memory + sizeof *entry + address_room);
    std::copy(name.begin(), name.end(), entry->ai_canonname);
  }
  return entry;
}

template <typename Char>
void free_entries(ADDRINFO<Char>* entry) {
  while (entry != nullptr) nt::heap_free(std::exchange(entry, entry->ai_next));
}

template <typename Char>
DWORD look_up(const char* node, const char* service, const ADDRINFO<Char>* hints, ADDRINFO<Char>** result) {
  if (Status started = require_startup(); !started) return started.error().code();
  if (result == nullptr) return WSAEFAULT;
  *result = nullptr;
  addrinfo wanted = {};
  if (hints != nullptr) {
    wanted.ai_flags = host_flags(kHintFlags, hints->ai_flags);
    wanted.ai_family = host_family(hints->ai_family);
    wanted.ai_socktype = hints->ai_socktype;
    wanted.ai_protocol = hints->ai_protocol;
  }
  // An empty name is this computer.
  const std::string own = node != nullptr && *node == 0 ? nt::host_name() : "";
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(own.empty() ? node : own.c_str(), service, &wanted, &found);
  if (error != 0) return resolver_code(error);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  ADDRINFO<Char>** next = result;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    *next = make_entry<Char>(*each);
    if (*next == nullptr) {
      free_entries(std::exchange(*result, nullptr));
      return ERROR_NOT_ENOUGH_MEMORY;
    }
    next = &(*next)->ai_next;
  }
  return *result == nullptr ? WSANO_DATA : 0;
}

// Both the answer and the last error.
INT remember(DWORD code) {
  if (code != 0) thread::set_last_error(code);
  return static_cast<INT>(code);
}

HM_WINAPI INT getaddrinfo(const char* node, const char* service, const ADDRINFO<char>* hints,
                          ADDRINFO<char>** result) noexcept {
  return remember(look_up(node, service, hints, result));
}
HM_WINAPI INT GetAddrInfoW(const WCHAR* node, const WCHAR* service, const ADDRINFO<WCHAR>* hints,
                           ADDRINFO<WCHAR>** result) noexcept {
  const std::string host_node = utf8(node == nullptr ? u"" : node),
                    host_service = utf8(service == nullptr ? u"" : service);
  return remember(look_up(node == nullptr ? nullptr : host_node.c_str(),
                          service == nullptr ? nullptr : host_service.c_str(), hints, result));
}
HM_WINAPI void freeaddrinfo(ADDRINFO<char>* entries) noexcept {
  free_entries(entries);
}
HM_WINAPI void FreeAddrInfoW(ADDRINFO<WCHAR>* entries) noexcept {
  free_entries(entries);
}

struct Names {
  char host[NI_MAXHOST] = {}, service[NI_MAXSERV] = {};
};
DWORD names_of(const void* address, INT length, INT flags, Names& names) {
  auto host = to_host(address, length);
  if (!host) return host.error().code();
  return resolver_code(::getnameinfo(host->get(), host->length, names.host, sizeof names.host, names.service,
                                     sizeof names.service, host_flags(kNameFlags, flags)));
}
template <typename Char>
bool give_whole(std::basic_string_view<Char> text, Char* buffer, DWORD size) {
  return buffer == nullptr || size == 0 || give<Char>(text, buffer, size) == text.size();
}

HM_WINAPI INT getnameinfo(const void* address, INT length, char* host, DWORD host_size, char* service,
                          DWORD service_size, INT flags) noexcept {
  Names names;
  if (const DWORD error = names_of(address, length, flags, names); error != 0) return remember(error);
  const bool given =
      give_whole<char>(names.host, host, host_size) && give_whole<char>(names.service, service, service_size);
  return given ? 0 : remember(ERROR_INSUFFICIENT_BUFFER);
}
HM_WINAPI INT GetNameInfoW(const void* address, INT length, WCHAR* host, DWORD host_size, WCHAR* service,
                           DWORD service_size, INT flags) noexcept {
  Names names;
  if (const DWORD error = names_of(address, length, flags, names); error != 0) return remember(error);
  const bool given = give_whole<WCHAR>(utf16(names.host), host, host_size) &&
                     give_whole<WCHAR>(utf16(names.service), service, service_size);
  return given ? 0 : remember(ERROR_INSUFFICIENT_BUFFER);
}

HM_WINAPI INT gethostname(char* name, INT size) noexcept {
  return zero_or_error([&]() -> Status {
    TRY(require_startup());
    const std::string own = nt::host_name();
    if (name == nullptr || size <= static_cast<INT>(own.size())) return refused(WSAEFAULT, "too little room");
    std::strcpy(name, own.c_str());
    return ok;
  });
}

// --- The older database functions: each thread has one answer, overwritten by the next ---

struct HostAnswer {
  HOSTENT entry = {};
  std::string name;
  std::vector<std::array<char, 16>> addresses;
  std::vector<char*> list;
  char* no_aliases = nullptr;
};

HOSTENT* host_answer(const addrinfo* found, std::string name) {
  thread_local const auto kept = std::make_unique<HostAnswer>();
  HostAnswer& answer = *kept;
  answer.name = std::move(name);
  answer.addresses.clear();
  const int family = found->ai_family;
  for (; found != nullptr; found = found->ai_next) {
    if (found->ai_family != family) continue;
    const auto* address = family == AF_INET
                              ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr)
                              : &reinterpret_cast<sockaddr_in6*>(found->ai_addr)->sin6_addr;
    std::memcpy(answer.addresses.emplace_back().data(), address, family == AF_INET ? 4 : 16);
  }
  answer.list.clear();
  for (auto& address : answer.addresses) answer.list.push_back(address.data());
  answer.list.push_back(nullptr);
  answer.entry = {answer.name.data(), &answer.no_aliases, static_cast<SHORT>(windows_family(family)),
                  static_cast<SHORT>(family == AF_INET ? 4 : 16), answer.list.data()};
  return &answer.entry;
}

Result<HOSTENT*> resolve(const char* name, int family, int flags, std::string shown) {
  TRY(require_startup());
  addrinfo wanted = {}, *found = nullptr;
  wanted.ai_family = family;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags;
  if (const int error = ::getaddrinfo(name, nullptr, &wanted, &found); error != 0)
    return fail_win32(resolver_code(error), "{}: {}", name, gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  return host_answer(found, std::move(shown));
}

HM_WINAPI HOSTENT* gethostbyname(const char* name) noexcept {
  return answer<HOSTENT*>(nullptr, [&] {
    const std::string wanted = name == nullptr || *name == 0 ? nt::host_name() : name;
    return resolve(wanted.c_str(), AF_INET, 0, wanted);
  });
}

HM_WINAPI HOSTENT* gethostbyaddr(const char* address, INT length, INT type) noexcept {
  return answer<HOSTENT*>(nullptr, [&]() -> Result<HOSTENT*> {
    const int family = host_family(type);
    char text[INET6_ADDRSTRLEN], name[NI_MAXHOST];
    sockaddr_storage storage = {};
    storage.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET && length >= 4)
      std::memcpy(&reinterpret_cast<sockaddr_in&>(storage).sin_addr, address, 4);
    else if (family == AF_INET6 && length >= 16)
      std::memcpy(&reinterpret_cast<sockaddr_in6&>(storage).sin6_addr, address, 16);
    else
      return refused(WSAEFAULT, "no IPv4 or IPv6 address");
    const int error = ::getnameinfo(reinterpret_cast<sockaddr*>(&storage), sizeof storage, name, sizeof name, nullptr,
                                    0, NI_NAMEREQD);
    if (error != 0) return fail_win32(resolver_code(error), "{}", gai_strerror(error));
    ::inet_ntop(family, address, text, sizeof text);
    return resolve(text, family, AI_NUMERICHOST, name);
  });
}

SERVENT* service_answer(const servent& found) {
  struct Answer {
    SERVENT entry = {};
    std::string name, protocol;
    char* no_aliases = nullptr;
  };
  thread_local const auto kept = std::make_unique<Answer>();
  Answer& answer = *kept;
  answer.name = found.s_name;
  answer.protocol = found.s_proto;
  answer.entry = {answer.name.data(), &answer.no_aliases, answer.protocol.data(), static_cast<SHORT>(found.s_port)};
  return &answer.entry;
}

template <typename Ask>
Result<SERVENT*> find_service(Ask ask) {
  TRY(require_startup());
  servent entry = {}, *found = nullptr;
  char buffer[1024];
  if (ask(&entry, buffer, sizeof buffer, &found) != 0 || found == nullptr)
    return refused(WSANO_DATA, "there is no such service");
  return service_answer(*found);
}
HM_WINAPI SERVENT* getservbyname(const char* name, const char* protocol) noexcept {
  return answer<SERVENT*>(
      nullptr, [&] { return find_service([&](auto... out) { return ::getservbyname_r(name, protocol, out...); }); });
}
HM_WINAPI SERVENT* getservbyport(INT port, const char* protocol) noexcept {
  return answer<SERVENT*>(
      nullptr, [&] { return find_service([&](auto... out) { return ::getservbyport_r(port, protocol, out...); }); });
}

// --- Addresses as text ---

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
    if (!give_whole<WCHAR>(utf16(text), buffer, static_cast<DWORD>(size)) || buffer == nullptr || size == 0)
      return refused(WSAEINVAL, "too little room for the address");
    return buffer;
  });
}

// 1: done; 0: no such address; -1: the family is unknown.
INT parse(INT family, const char* text, void* address) {
  if (text == nullptr || address == nullptr) return remember(WSAEFAULT), SOCKET_ERROR;
  const int result = ::inet_pton(host_family(family), text, address);
  return result < 0 ? (remember(WSAEAFNOSUPPORT), SOCKET_ERROR) : result;
}
HM_WINAPI INT inet_pton(INT family, const char* text, void* address) noexcept {
  return parse(family, text, address);
}
HM_WINAPI INT InetPtonW(INT family, const WCHAR* text, void* address) noexcept {
  return parse(family, text == nullptr ? nullptr : utf8(text).c_str(), address);
}

HM_WINAPI ULONG inet_addr(const char* text) noexcept {
  if (text == nullptr) return INADDR_NONE;
  return *text == 0 ? INADDR_ANY : ::inet_addr(text);  // as Windows reads an empty string
}
HM_WINAPI char* inet_ntoa(ULONG address) noexcept {
  thread_local char text[INET_ADDRSTRLEN];
  ::inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

// --- Byte order ---

HM_WINAPI USHORT swap_short(USHORT value) noexcept {
  return __builtin_bswap16(value);
}
HM_WINAPI ULONG swap_long(ULONG value) noexcept {
  return __builtin_bswap32(value);
}

const Export kRows[] = {
    {"FreeAddrInfoW", proc(FreeAddrInfoW)},
    {"GetAddrInfoW", proc(GetAddrInfoW)},
    {"GetNameInfoW", proc(GetNameInfoW)},
    {"InetNtopW", proc(InetNtopW)},
    {"InetPtonW", proc(InetPtonW)},
    {"freeaddrinfo", proc(freeaddrinfo)},
    {"getaddrinfo", proc(getaddrinfo)},
    {"gethostbyaddr", proc(gethostbyaddr), Support::full, {}, 51},
    {"gethostbyname", proc(gethostbyname), Support::full, {}, 52},
    {"gethostname", proc(gethostname), Support::full, {}, 57},
    {"getnameinfo", proc(getnameinfo)},
    {"getservbyname", proc(getservbyname), Support::full, {}, 55},
    {"getservbyport", proc(getservbyport), Support::full, {}, 56},
    {"htonl", proc(swap_long), Support::full, {}, 8},
    {"htons", proc(swap_short), Support::full, {}, 9},
    {"inet_addr", proc(inet_addr), Support::full, {}, 11},
    {"inet_ntoa", proc(inet_ntoa), Support::full, {}, 12},
    {"inet_ntop", proc(inet_ntop)},
    {"inet_pton", proc(inet_pton)},
    {"ntohl", proc(swap_long), Support::full, {}, 14},
    {"ntohs", proc(swap_short), Support::full, {}, 15},
};

}  // namespace

extern const ExportTable names_exports = kRows;

}  // namespace hmodule::winapi
