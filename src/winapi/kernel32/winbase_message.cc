// winbase.h: FormatMessage.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nt/heap.h"
#include "winapi/common/answer.h"
#include "winapi/common/message.h"
#include "winapi/common/resources.h"

#include <algorithm>
#include <type_traits>

namespace hmodule::winapi {
namespace {

constexpr DWORD kAllocateBuffer = 0x100, kIgnoreInserts = 0x200, kFromString = 0x400, kFromModule = 0x800,
                kFromSystem = 0x1000, kArgumentArray = 0x2000, kWidthMask = 0xFF;

struct Request {
  DWORD flags;
  const void* source;
  DWORD id;
  LANGID language;
};

// The system's texts are English; a program may ask for that, or for whatever there is.
Status check_system_language(LANGID language) {
  constexpr LANGID kPrimaryMask = 0x3FF, kEnglish = 0x09;
  const LANGID primary = language & kPrimaryMask;
  if (primary != 0 && primary != kEnglish)
    return fail(STATUS_RESOURCE_LANG_NOT_FOUND, "the system's messages do not exist in language {:#06x}", language);
  return ok;
}

Result<std::u16string> from_system(const Request& request) {
  auto text = system_message(request.id);
  if (!text) return fail_win32(ERROR_MR_MID_NOT_FOUND, "the system has no message {:#x}", request.id);
  TRY(check_system_language(request.language));
  return *std::move(text);
}

Result<std::u16string> from_module(const Request& request) {
  const pe::Image image = TRY(image_of(static_cast<HMODULE>(const_cast<void*>(request.source))));
  const auto* entry = TRY(find_message(image, kTypeMessageTable, 1, request.id, request.language));
  return text_of(*entry);
}

template <typename Char>
Result<std::u16string> source_text(const Request& request) {
  if ((request.flags & kFromString) != 0) {
    if ((request.flags & (kFromModule | kFromSystem)) != 0 || request.source == nullptr)
      return fail(STATUS_INVALID_PARAMETER, "FormatMessage: flags {:#x} with source {}", request.flags, request.source);
    const auto* text = static_cast<const Char*>(request.source);
    if constexpr (std::is_same_v<Char, WCHAR>)
      return std::u16string(text);
    else
      return nls::from_ansi(text);
  }
  if ((request.flags & (kFromModule | kFromSystem)) == 0)
    return fail(STATUS_INVALID_PARAMETER, "FormatMessage: flags {:#x} name no source", request.flags);
  if ((request.flags & kFromModule) != 0) {
    auto found = from_module(request);
    if (found || (request.flags & kFromSystem) == 0) return found;
  }
  return from_system(request);
}

// With ALLOCATE_BUFFER, the buffer argument is really the address of a pointer.
void store_address(void* place, void* address) {
  std::memcpy(place, &address, sizeof address);
}

template <typename Char>
Result<DWORD> give_message(std::basic_string_view<Char> message, DWORD flags, Char* buffer, DWORD size) {
  const std::size_t needed = message.size() + 1;
  if ((flags & kAllocateBuffer) != 0) {
    const std::size_t units = std::max<std::size_t>(needed, size);
    auto* block = static_cast<Char*>(nt::heap_allocate(units * sizeof(Char)));
    if (block == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a message of {} units", units);
    store_address(buffer, block);
    buffer = block;
  } else if (size < needed) {
    return fail(STATUS_BUFFER_TOO_SMALL, "a message of {} units does not fit in {}", needed, size);
  }
  std::copy(message.begin(), message.end(), buffer);
  buffer[message.size()] = 0;
  return static_cast<DWORD>(message.size());
}

// `arguments` is an array of slots, or the address of a va_list, which on Windows points at such slots.
template <typename Char>
Result<DWORD> format_message(const Request& request, Char* buffer, DWORD size, const void* arguments) {
  constexpr bool kAnsi = std::is_same_v<Char, CHAR>;
  if (buffer == nullptr) {
    if ((request.flags & kAllocateBuffer) != 0)
      return fail(STATUS_NO_MEMORY, "FormatMessage: no place for the address of the buffer");
    return fail(STATUS_INVALID_PARAMETER, "FormatMessage: no buffer");
  }
  if ((request.flags & kAllocateBuffer) != 0) store_address(buffer, nullptr);
  const std::u16string text = TRY(source_text<Char>(request));
  const auto* slots = static_cast<const ULONG_PTR*>(arguments);
  if (slots != nullptr && (request.flags & kArgumentArray) == 0)
    slots = *static_cast<const ULONG_PTR* const*>(arguments);
  const std::u16string message =
      TRY(expand_message(text, {slots, (request.flags & kIgnoreInserts) != 0, kAnsi, request.flags & kWidthMask}));
  if constexpr (kAnsi)
    return give_message<CHAR>(nls::to_ansi(message), request.flags, buffer, size);
  else
    return give_message<WCHAR>(message, request.flags, buffer, size);
}

HM_WINAPI DWORD FormatMessageW(DWORD flags, const void* source, DWORD id, DWORD language, WCHAR* buffer, DWORD size,
                               const void* arguments) noexcept {
  return answer<DWORD>(0, [&] {
    return format_message({flags, source, id, static_cast<LANGID>(language)}, buffer, size, arguments);
  });
}
HM_WINAPI DWORD FormatMessageA(DWORD flags, const void* source, DWORD id, DWORD language, CHAR* buffer, DWORD size,
                               const void* arguments) noexcept {
  return answer<DWORD>(0, [&] {
    return format_message({flags, source, id, static_cast<LANGID>(language)}, buffer, size, arguments);
  });
}

const Export kRows[] = {
    {"FormatMessageA", proc(FormatMessageA)},
    {"FormatMessageW", proc(FormatMessageW)},
};

}  // namespace

extern const ExportTable winbase_message_exports = kRows;

}  // namespace hmodule::winapi
