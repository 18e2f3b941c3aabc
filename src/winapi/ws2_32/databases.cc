// winsock2.h: the older database functions. Each thread has one answer of each kind, overwritten by the next.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/system_information.h"
#include "winapi/common/text.h"
#include "winapi/ws2_32/names.h"
#include "winapi/ws2_32/winsock.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

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

}  // namespace

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

namespace {

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

}  // namespace

HM_WINAPI SERVENT* getservbyname(const char* name, const char* protocol) noexcept {
  return answer<SERVENT*>(
      nullptr, [&] { return find_service([&](auto... out) { return ::getservbyname_r(name, protocol, out...); }); });
}
HM_WINAPI SERVENT* getservbyport(INT port, const char* protocol) noexcept {
  return answer<SERVENT*>(
      nullptr, [&] { return find_service([&](auto... out) { return ::getservbyport_r(port, protocol, out...); }); });
}

namespace {

PROTOENT* protocol_answer(const protoent& found) {
  struct Answer {
    PROTOENT entry = {};
    std::string name;
    std::vector<std::string> aliases;
    std::vector<char*> list;
  };
  thread_local const auto kept = std::make_unique<Answer>();
  Answer& answer = *kept;
  answer.name = found.p_name;
  answer.aliases.clear();
  for (char** alias = found.p_aliases; alias != nullptr && *alias != nullptr; ++alias)
    answer.aliases.emplace_back(*alias);
  answer.list.clear();
  for (std::string& alias : answer.aliases) answer.list.push_back(alias.data());
  answer.list.push_back(nullptr);
  answer.entry = {answer.name.data(), answer.list.data(), static_cast<SHORT>(found.p_proto)};
  return &answer.entry;
}

template <typename Ask>
Result<PROTOENT*> find_protocol(Ask ask) {
  TRY(require_startup());
  protoent entry = {}, *found = nullptr;
  char buffer[1024];
  if (ask(&entry, buffer, sizeof buffer, &found) != 0 || found == nullptr)
    return refused(WSANO_DATA, "there is no such protocol");
  return protocol_answer(*found);
}

}  // namespace

HM_WINAPI PROTOENT* getprotobyname(const char* name) noexcept {
  return answer<PROTOENT*>(nullptr, [&]() -> Result<PROTOENT*> {
    if (name == nullptr) return refused(WSANO_DATA, "a protocol without a name");
    return find_protocol([&](auto... out) { return ::getprotobyname_r(name, out...); });
  });
}
HM_WINAPI PROTOENT* getprotobynumber(INT number) noexcept {
  return answer<PROTOENT*>(
      nullptr, [&] { return find_protocol([&](auto... out) { return ::getprotobynumber_r(number, out...); }); });
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

namespace {

HM_WINAPI INT GetHostNameW(WCHAR* name, INT size) noexcept {
  return zero_or_error([&]() -> Status {
    TRY(require_startup());
    const std::u16string own = utf16(nt::host_name());
    if (name == nullptr || size <= static_cast<INT>(own.size())) return refused(WSAEFAULT, "too little room");
    give<WCHAR>(own, name, static_cast<DWORD>(size));
    return ok;
  });
}

const Export kRows[] = {
    {"GetHostNameW", proc(GetHostNameW)},
    {"gethostbyaddr", proc(gethostbyaddr), Support::full, {}, 51},
    {"gethostbyname", proc(gethostbyname), Support::full, {}, 52},
    {"gethostname", proc(gethostname), Support::full, {}, 57},
    {"getprotobyname", proc(getprotobyname), Support::full, {}, 53},
    {"getprotobynumber", proc(getprotobynumber), Support::full, {}, 54},
    {"getservbyname", proc(getservbyname), Support::full, {}, 55},
    {"getservbyport", proc(getservbyport), Support::full, {}, 56},
};

}  // namespace

extern const ExportTable databases_exports = kRows;

}  // namespace hmodule::winapi
