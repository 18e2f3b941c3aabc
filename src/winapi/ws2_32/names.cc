// ws2tcpip.h: getaddrinfo and its kin.
#include "winapi/ws2_32/names.h"
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/heap.h"
#include "nt/system_information.h"
#include "nt/thread_pool.h"
#include "thread/call.h"
#include "win/fileapi.h"
#include "winapi/common/text.h"

#include <netdb.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

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

}  // namespace

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
      return nt::winsock_code(errno);
    default:
      return WSAHOST_NOT_FOUND;
  }
}

namespace {

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

// Without WSAStartup, too, which Windows insists on: Wine's winhttp and wininet call it only after this.
template <typename Char>
DWORD look_up(const char* node, const char* service, const ADDRINFO<Char>* hints, ADDRINFO<Char>** result) {
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

// --- GetAddrInfoEx ---

// Its results are those of getaddrinfo with two more fields.
ADDRINFOEX<WCHAR>* extended(const ADDRINFO<WCHAR>& from) {
  const std::size_t name_bytes =
      from.ai_canonname != nullptr ? (std::u16string_view(from.ai_canonname).size() + 1) * sizeof(WCHAR) : 0;
  auto* memory = static_cast<char*>(nt::heap_allocate(
      sizeof(ADDRINFOEX<WCHAR>) + ((from.ai_addrlen + 7) & ~SIZE_T{7}) + name_bytes, HEAP_ZERO_MEMORY));
  if (memory == nullptr) return nullptr;
  auto* entry = reinterpret_cast<ADDRINFOEX<WCHAR>*>(memory);
  entry->ai_flags = from.ai_flags;
  entry->ai_family = from.ai_family;
  entry->ai_socktype = from.ai_socktype;
  entry->ai_protocol = from.ai_protocol;
  entry->ai_addrlen = from.ai_addrlen;
  entry->ai_addr = memory + sizeof *entry;
  std::memcpy(entry->ai_addr, from.ai_addr, from.ai_addrlen);
  if (name_bytes != 0) {
    entry->ai_canonname = reinterpret_cast<WCHAR*>(memory + sizeof *entry + ((from.ai_addrlen + 7) & ~SIZE_T{7}));
    std::memcpy(entry->ai_canonname, from.ai_canonname, name_bytes);
  }
  return entry;
}

void free_extended(ADDRINFOEX<WCHAR>* entry) {
  while (entry != nullptr) nt::heap_free(std::exchange(entry, entry->ai_next));
}

struct Question {
  std::optional<std::string> node, service;
  std::optional<ADDRINFO<WCHAR>> hints;

  DWORD ask(ADDRINFOEX<WCHAR>** result) const {
    ADDRINFO<WCHAR>* found = nullptr;
    const DWORD error = look_up(node ? node->c_str() : nullptr, service ? service->c_str() : nullptr,
                                hints ? &*hints : nullptr, &found);
    if (error != 0) return error;
    *result = nullptr;
    ADDRINFOEX<WCHAR>** next = result;
    for (const auto* each = found; each != nullptr; each = each->ai_next) {
      *next = extended(*each);
      if (*next == nullptr) break;
      next = &(*next)->ai_next;
    }
    free_entries(found);
    return 0;
  }
};

// (error, bytes, OVERLAPPED*)
using LookupRoutine = HM_WINAPI void (*)(DWORD, DWORD, OVERLAPPED*);

// An overlapped question is asked by a thread of the pool, where its completion routine runs too. It cannot be
// cancelled: the host's resolver does not know how.
Status ask_later(Question question, ADDRINFOEX<WCHAR>** result, OVERLAPPED* overlapped, LookupRoutine routine) {
  overlapped->Internal = STATUS_PENDING;
  nt::Ref<nt::Event> event;
  if (overlapped->hEvent != nullptr)
    if (auto found = nt::object_of<nt::Event>(overlapped->hEvent, nt::EVENT_MODIFY_STATE)) event = *std::move(found);
  if (event) event->reset();
  const auto work = [=, question = std::move(question)](nt::PoolInstance&, nt::PoolItem&, const nt::PoolResult&) {
    const DWORD error = question.ask(result);
    overlapped->InternalHigh = error;
    __atomic_store_n(&overlapped->Internal, static_cast<std::uint32_t>(error == 0 ? 0 : status_from_win32(error)),
                     __ATOMIC_RELEASE);
    if (event) event->set();
    if (routine != nullptr) thread::call(routine, error, 0, overlapped);
  };
  return nt::make_object<nt::PoolItem>(work, nt::PoolOptions{.once = true})->submit();
}

HM_WINAPI INT GetAddrInfoExW(const WCHAR* node, const WCHAR* service, DWORD /*name_space*/, GUID* /*provider*/,
                             const ADDRINFOEX<WCHAR>* hints, ADDRINFOEX<WCHAR>** result, const TIMEVAL*,
                             OVERLAPPED* overlapped, LookupRoutine routine, HANDLE* handle) noexcept {
  if (handle != nullptr) *handle = nullptr;
  if (result == nullptr) return remember(WSAEFAULT);
  *result = nullptr;
  if (overlapped == nullptr && routine != nullptr) return remember(WSAEINVAL);
  Question question;
  if (node != nullptr) question.node = utf8(node);
  if (service != nullptr) question.service = utf8(service);
  if (hints != nullptr)
    question.hints = ADDRINFO<WCHAR>{
        hints->ai_flags, hints->ai_family, hints->ai_socktype, hints->ai_protocol, 0, nullptr, nullptr, nullptr};
  if (overlapped == nullptr) return remember(question.ask(result));
  const Status asked = ask_later(std::move(question), result, overlapped, routine);
  return remember(asked ? WSA_IO_PENDING : asked.error().code());
}
HM_WINAPI void FreeAddrInfoExW(ADDRINFOEX<WCHAR>* entries) noexcept {
  free_extended(entries);
}
HM_WINAPI INT GetAddrInfoExOverlappedResult(OVERLAPPED* overlapped) noexcept {
  if (overlapped == nullptr) return WSAEINVAL;
  if (__atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE) == STATUS_PENDING) return WSAEINPROGRESS;
  return static_cast<INT>(overlapped->InternalHigh);
}

const Export kRows[] = {
    {"FreeAddrInfoEx", proc(FreeAddrInfoExW)},
    {"FreeAddrInfoExW", proc(FreeAddrInfoExW)},
    {"FreeAddrInfoW", proc(FreeAddrInfoW)},
    {"GetAddrInfoExOverlappedResult", proc(GetAddrInfoExOverlappedResult)},
    {"GetAddrInfoExW", proc(GetAddrInfoExW), Support::partial,
     "DNS and the host's files, whatever the name space; no time limit, and an overlapped question cannot be "
     "cancelled"},
    {"GetAddrInfoW", proc(GetAddrInfoW)},
    {"GetNameInfoW", proc(GetNameInfoW)},
    {"freeaddrinfo", proc(freeaddrinfo)},
    {"getaddrinfo", proc(getaddrinfo)},
    {"getnameinfo", proc(getnameinfo)},
};

}  // namespace

extern const ExportTable names_exports = kRows;

}  // namespace hmodule::winapi
