// winbase.h: mailslots.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/mailslot.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"
#include "winapi/kernel32/file_args.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD MAILSLOT_WAIT_FOREVER = 0xFFFF'FFFF;
constexpr LARGE_INTEGER kPerMillisecond = 10'000;

LARGE_INTEGER timeout_of(DWORD milliseconds) {
  return milliseconds == MAILSLOT_WAIT_FOREVER ? nt::kMailslotWaitForever
                                               : -LARGE_INTEGER{milliseconds} * kPerMillisecond;
}

// What follows \\.\mailslot\ in a name.
Result<std::u16string> mailslot_name(const WCHAR* name) {
  const std::u16string full(TRY(text(name)));
  constexpr std::u16string_view kPrefix = u"\\\\.\\MAILSLOT\\";
  if (full.size() <= kPrefix.size() ||
      !equal_ignoring_case(std::u16string_view(full).substr(0, kPrefix.size()), kPrefix))
    return fail(STATUS_OBJECT_NAME_INVALID, "{} is not a mailslot's name", utf8(full));
  return full.substr(kPrefix.size());
}

HANDLE create_mailslot(const WCHAR* name, DWORD maximum_message, DWORD timeout, const SECURITY_ATTRIBUTES* security,
                       const char* function) noexcept {
  return answer<HANDLE>(
      INVALID_HANDLE_VALUE,
      [&]() -> Result<HANDLE> {
        const std::u16string wanted = TRY(mailslot_name(name));
        auto mailslot = TRY(nt::create_mailslot(
            {.name = wanted, .maximum_message = maximum_message, .read_timeout = timeout_of(timeout)}));
        return nt::handle_for(std::move(mailslot), FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES | nt::SYNCHRONIZE,
                              handle_attributes(security));
      },
      function);
}
HM_WINAPI HANDLE CreateMailslotW(const WCHAR* name, DWORD maximum_message, DWORD timeout,
                                 const SECURITY_ATTRIBUTES* security) noexcept {
  return create_mailslot(name, maximum_message, timeout, security, "CreateMailslotW");
}
HM_WINAPI HANDLE CreateMailslotA(const CHAR* name, DWORD maximum_message, DWORD timeout,
                                 const SECURITY_ATTRIBUTES* security) noexcept {
  return create_mailslot(Wide(name).get(), maximum_message, timeout, security, "CreateMailslotA");
}

HM_WINAPI BOOL GetMailslotInfo(HANDLE handle, DWORD* maximum_message, DWORD* next, DWORD* count,
                               DWORD* timeout) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    const auto info = TRY(query_file<FILE_MAILSLOT_QUERY_INFORMATION>(*file, FileMailslotQueryInformation));
    if (maximum_message != nullptr) *maximum_message = info.MaximumMessageSize;
    if (next != nullptr) *next = info.NextMessageSize;
    if (count != nullptr) *count = info.MessagesAvailable;
    if (timeout != nullptr)
      *timeout = info.ReadTimeout == nt::kMailslotWaitForever ? MAILSLOT_WAIT_FOREVER
                                                              : static_cast<DWORD>(-info.ReadTimeout / kPerMillisecond);
    return ok;
  });
}
HM_WINAPI BOOL SetMailslotInfo(HANDLE handle, DWORD timeout) noexcept {
  return succeed([&]() -> Status {
    const auto file = TRY(nt::object_of<nt::File>(handle, 0));
    const LARGE_INTEGER ticks = timeout_of(timeout);
    return set_file(*file, FileMailslotSetInformation, FILE_MAILSLOT_SET_INFORMATION{&ticks});
  });
}

constexpr std::string_view kOneMachine = "of this user's processes; no domains";

const Export kRows[] = {
    {"CreateMailslotA", proc(CreateMailslotA), Support::partial, kOneMachine},
    {"CreateMailslotW", proc(CreateMailslotW), Support::partial, kOneMachine},
    {"GetMailslotInfo", proc(GetMailslotInfo)},
    {"SetMailslotInfo", proc(SetMailslotInfo)},
};

}  // namespace

extern const ExportTable winbase_mailslot_exports = kRows;

}  // namespace hmodule::winapi
