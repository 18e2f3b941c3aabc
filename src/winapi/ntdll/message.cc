// RtlFindMessage and RtlFormatMessage.
#include "winapi/common/message.h"
#include "module/builtin.h"
#include "win/status.h"
#include "winapi/common/answer.h"
#include "winapi/common/resources.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI NTSTATUS RtlFindMessage(HMODULE module, ULONG type, ULONG language, ULONG id,
                                  const MESSAGE_RESOURCE_ENTRY** entry) noexcept {
  return status_of([&]() -> Status {
    const pe::Image image = TRY(image_of(module));
    const auto found = find_message(image, static_cast<std::uint16_t>(type), 1, id, static_cast<LANGID>(language));
    if (!found && found.error().code() == ERROR_MR_MID_NOT_FOUND)
      return fail(STATUS_MESSAGE_NOT_FOUND, "{}", found.error().reason);
    *entry = TRY(Result(found));
    return ok;
  });
}

// A va_list of Windows points at slots of eight bytes; so does an array of arguments.
HM_WINAPI NTSTATUS RtlFormatMessage(const WCHAR* text, ULONG width, BOOLEAN ignore_inserts, BOOLEAN ansi,
                                    BOOLEAN is_array, void* arguments, WCHAR* buffer, ULONG size,
                                    ULONG* written) noexcept {
  return status_of([&]() -> Status {
    const std::u16string_view source = TRY(winapi::text(text));
    const auto* slots = static_cast<const ULONG_PTR*>(arguments);
    if (slots != nullptr && !is_array) slots = *static_cast<const ULONG_PTR* const*>(arguments);
    const std::u16string message =
        TRY(expand_message(source, {slots, ignore_inserts != FALSE, ansi != FALSE, width & 0xFF}));
    const std::size_t bytes = (message.size() + 1) * sizeof(WCHAR);
    if (written != nullptr) *written = static_cast<ULONG>(bytes);
    if (bytes > size) return fail(STATUS_BUFFER_OVERFLOW, "a message of {} bytes does not fit in {}", bytes, size);
    std::memcpy(buffer, message.c_str(), bytes);
    return ok;
  });
}

const Export kRows[] = {
    {"RtlFindMessage", proc(RtlFindMessage)},
    {"RtlFormatMessage", proc(RtlFormatMessage)},
};

}  // namespace

extern const ExportTable message_exports = kRows;

}  // namespace hmodule::winapi
