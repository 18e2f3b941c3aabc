// winsock2.h: events, which are those of kernel32 under other names.
#include "module/builtin.h"
#include "nt/event.h"
#include "nt/handle_table.h"
#include "winapi/common/answer.h"

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

const Export kRows[] = {
    {"WSACloseEvent", proc(WSACloseEvent)},
    {"WSACreateEvent", proc(WSACreateEvent)},
    {"WSAResetEvent", proc(WSAResetEvent)},
    {"WSASetEvent", proc(WSASetEvent)},
};

}  // namespace

extern const ExportTable winsock_events_exports = kRows;

}  // namespace hmodule::winapi
