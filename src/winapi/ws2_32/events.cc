// winsock2.h: events, which are those of kernel32 under other names, and what happens on sockets told by events.
#include "module/builtin.h"
#include "nt/event.h"
#include "nt/handle_table.h"
#include "winapi/ws2_32/sockets.h"

#include <algorithm>

namespace hmodule::winapi {
namespace {

using nt::Event;

HM_WINAPI HANDLE WSACreateEvent() noexcept {
  return answer<HANDLE>(nullptr, []() -> Result<HANDLE> {
    return nt::handle_for(nt::make_object<Event>(Event::Kind::notification, false), nt::EVENT_ALL_ACCESS);
  });
}
HM_WINAPI BOOL WSACloseEvent(HANDLE event) noexcept {
  return succeed([&] { return nt::handles().close(event); });
}
HM_WINAPI BOOL WSASetEvent(HANDLE event) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<Event>(event, nt::EVENT_MODIFY_STATE))->set();
    return ok;
  });
}
HM_WINAPI BOOL WSAResetEvent(HANDLE event) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::object_of<Event>(event, nt::EVENT_MODIFY_STATE))->reset();
    return ok;
  });
}

HM_WINAPI DWORD WSAWaitForMultipleEvents(DWORD count, const HANDLE* events, BOOL all, DWORD milliseconds,
                                         BOOL alertable) noexcept {
  constexpr DWORD kFailed = 0xFFFFFFFF, kInfinite = 0xFFFFFFFF, kTimeout = 258;
  return answer<DWORD>(kFailed, [&]() -> Result<DWORD> {
    nt::Timeout timeout;
    if (milliseconds != kInfinite) timeout = -std::int64_t{milliseconds} * 10'000;
    const NTSTATUS status = TRY(nt::wait_for_handles({events, count}, all != FALSE, alertable != FALSE, timeout));
    return status == STATUS_TIMEOUT ? kTimeout : static_cast<DWORD>(status);
  });
}

HM_WINAPI INT WSAEventSelect(SOCKET socket, HANDLE event, LONG mask) noexcept {
  return zero_or_error([&]() -> Status {
    constexpr LONG kAll = (LONG{1} << FD_MAX_EVENTS) - 1;
    const auto object = TRY(socket_of(socket));
    if ((mask & ~kAll) != 0) return refused(WSAEINVAL, "unknown network events");
    nt::Ref<Event> target;
    if (mask != 0) {
      auto found = nt::object_of<Event>(event, nt::EVENT_MODIFY_STATE);
      if (!found) return fail_win32(WSAEINVAL, "{}", found.error().reason);
      target = *std::move(found);
    }
    if (const Status selected = object->select(std::move(target), mask); !selected) return failed(selected.error());
    return ok;
  });
}

HM_WINAPI INT WSAEnumNetworkEvents(SOCKET socket, HANDLE event, WSANETWORKEVENTS* events) noexcept {
  return zero_or_error([&]() -> Status {
    const auto object = TRY(socket_of(socket));
    if (events == nullptr) return refused(WSAEFAULT, "nowhere to put the events");
    if (event != nullptr) {
      auto found = nt::object_of<Event>(event, nt::EVENT_MODIFY_STATE);
      if (!found) return fail_win32(WSAENOTSOCK, "{}", found.error().reason);
      (*found)->reset();
    }
    const auto taken = object->take_events();
    *events = {taken.events, {}};
    std::copy(std::begin(taken.errors), std::end(taken.errors), events->iErrorCode);
    return ok;
  });
}

const Export kRows[] = {
    {"WSACloseEvent", proc(WSACloseEvent)},
    {"WSACreateEvent", proc(WSACreateEvent)},
    {"WSAEnumNetworkEvents", proc(WSAEnumNetworkEvents)},
    {"WSAEventSelect", proc(WSAEventSelect)},
    {"WSAResetEvent", proc(WSAResetEvent)},
    {"WSASetEvent", proc(WSASetEvent)},
    {"WSAWaitForMultipleEvents", proc(WSAWaitForMultipleEvents)},
};

}  // namespace

extern const ExportTable winsock_events_exports = kRows;

}  // namespace hmodule::winapi
