// Numbers, GUIDs and internet addresses in writing.
#include "nls/text.h"

#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nt/heap.h"
#include "win/status.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace hmodule::winapi {
namespace {

// --- Integers ---

HM_WINAPI NTSTATUS RtlCharToInteger(const CHAR* text, ULONG base, ULONG* value) noexcept {
  const auto parsed = nls::parse_integer(std::u16string(text, text + std::strlen(text)), base);
  if (!parsed) return STATUS_INVALID_PARAMETER;
  if (value == nullptr) return STATUS_ACCESS_VIOLATION;
  *value = *parsed;
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS RtlUnicodeStringToInteger(const UNICODE_STRING* text, ULONG base, ULONG* value) noexcept {
  const auto parsed = nls::parse_integer({text->Buffer, text->Length / sizeof(WCHAR)}, base);
  if (!parsed) return STATUS_INVALID_PARAMETER;
  if (value == nullptr) return STATUS_ACCESS_VIOLATION;
  *value = *parsed;
  return STATUS_SUCCESS;
}

NTSTATUS integer_to_char(ULONGLONG value, ULONG base, ULONG size, CHAR* text) {
  const auto digits = nls::format_integer(value, base);
  if (!digits) return STATUS_INVALID_PARAMETER;
  if (digits->size() > size) return STATUS_BUFFER_OVERFLOW;
  if (text == nullptr) return STATUS_ACCESS_VIOLATION;
  std::memcpy(text, digits->c_str(), digits->size() + (digits->size() < size ? 1 : 0));
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlIntegerToChar(ULONG value, ULONG base, ULONG size, CHAR* text) noexcept {
  return integer_to_char(value, base, size, text);
}
HM_WINAPI NTSTATUS RtlLargeIntegerToChar(const ULARGE_INTEGER* value, ULONG base, ULONG size, CHAR* text) noexcept {
  return integer_to_char(*value, base, size, text);
}

NTSTATUS integer_to_string(ULONGLONG value, ULONG base, UNICODE_STRING& text) {
  const auto digits = nls::format_integer(value, base);
  if (!digits) return STATUS_INVALID_PARAMETER;
  const std::size_t bytes = digits->size() * sizeof(WCHAR);
  text.Length = static_cast<USHORT>(bytes);
  if (bytes + sizeof(WCHAR) > text.MaximumLength) return STATUS_BUFFER_OVERFLOW;
  std::copy_n(digits->c_str(), digits->size() + 1, text.Buffer);
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, UNICODE_STRING* text) noexcept {
  return integer_to_string(value, base, *text);
}
HM_WINAPI NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, UNICODE_STRING* text) noexcept {
  return integer_to_string(value, base, *text);
}

// --- GUIDs ---

HM_WINAPI NTSTATUS RtlGUIDFromString(const UNICODE_STRING* text, GUID* guid) noexcept {
  const auto parsed = nls::parse_guid({text->Buffer, text->Length / sizeof(WCHAR)});
  if (!parsed) return STATUS_INVALID_PARAMETER;
  *guid = *parsed;
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS RtlStringFromGUIDEx(const GUID* guid, UNICODE_STRING* text, BOOLEAN fresh) noexcept {
  const std::u16string written = nls::format_guid(*guid);
  const std::size_t bytes = written.size() * sizeof(WCHAR);
  if (fresh != 0) {
    text->Buffer = static_cast<WCHAR*>(nt::heap_allocate(bytes + sizeof(WCHAR)));
    if (text->Buffer == nullptr) return STATUS_NO_MEMORY;
    text->MaximumLength = static_cast<USHORT>(bytes + sizeof(WCHAR));
  } else if (text->MaximumLength < bytes + sizeof(WCHAR)) {
    return STATUS_BUFFER_OVERFLOW;
  }
  std::copy_n(written.c_str(), written.size() + 1, text->Buffer);
  text->Length = static_cast<USHORT>(bytes);
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS RtlStringFromGUID(const GUID* guid, UNICODE_STRING* text) noexcept {
  return RtlStringFromGUIDEx(guid, text, TRUE);
}

// --- Internet addresses. One template serves the narrow (A) and the wide (W) function. ---

template <typename Char>
std::u16string widen(const Char* text) {
  return {text, text + std::char_traits<Char>::length(text)};
}

template <typename Char>
NTSTATUS HM_WINAPI ipv4_from_string(const Char* text, BOOLEAN strict, const Char** end, nls::Ipv4* address) noexcept {
  const std::u16string wide = widen(text);
  const auto parsed = nls::parse_ipv4(wide, strict != 0);
  if (!parsed) {
    const auto stop = std::u16string_view(wide).find_first_not_of(u"0123456789abcdefABCDEFxX.");
    *end = text + std::min(stop, wide.size());
    return STATUS_INVALID_PARAMETER;
  }
  *address = parsed->address;
  *end = text + parsed->end;
  return STATUS_SUCCESS;
}

template <typename Char>
NTSTATUS HM_WINAPI ipv6_from_string(const Char* text, const Char** end, nls::Ipv6* address) noexcept {
  const auto parsed = nls::parse_ipv6(widen(text));
  if (!parsed) return STATUS_INVALID_PARAMETER;
  *address = parsed->address;
  *end = text + parsed->end;
  return STATUS_SUCCESS;
}

// A decimal number that ends the text, or precedes `until`; nothing for anything else.
std::optional<ULONG> whole_number(std::u16string_view text, ULONG most) {
  if (text.empty() || text.size() > 10 || !std::ranges::all_of(text, [](char16_t c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  const std::uint64_t value = std::stoull(std::string(text.begin(), text.end()));
  return value <= most ? std::optional(static_cast<ULONG>(value)) : std::nullopt;
}

// "1.2.3.4" or "1.2.3.4:80"; the port in network order.
template <typename Char>
NTSTATUS HM_WINAPI ipv4_from_string_ex(const Char* text, BOOLEAN strict, nls::Ipv4* address, USHORT* port) noexcept {
  if (text == nullptr || address == nullptr || port == nullptr) return STATUS_INVALID_PARAMETER;
  const std::u16string wide = widen(text);
  const auto parsed = nls::parse_ipv4(wide, strict != 0);
  if (!parsed) return STATUS_INVALID_PARAMETER;
  std::u16string_view rest = std::u16string_view(wide).substr(parsed->end);
  std::optional<ULONG> number = 0;
  if (!rest.empty()) number = rest[0] == u':' ? whole_number(rest.substr(1), 0xFFFF) : std::nullopt;
  if (!number) return STATUS_INVALID_PARAMETER;
  *address = parsed->address;
  *port = htons(static_cast<USHORT>(*number));
  return STATUS_SUCCESS;
}

// "address", "address%scope", "[address%scope]:port".
template <typename Char>
NTSTATUS HM_WINAPI ipv6_from_string_ex(const Char* text, nls::Ipv6* address, ULONG* scope, USHORT* port) noexcept {
  if (text == nullptr || address == nullptr || scope == nullptr || port == nullptr) return STATUS_INVALID_PARAMETER;
  const std::u16string wide = widen(text);
  std::u16string_view rest = wide;
  const bool bracketed = rest.starts_with(u'[');
  if (bracketed) rest.remove_prefix(1);
  const auto parsed = nls::parse_ipv6(rest);
  if (!parsed) return STATUS_INVALID_PARAMETER;
  rest.remove_prefix(parsed->end);
  std::optional<ULONG> scope_number = 0, port_number = 0;
  if (rest.starts_with(u'%')) {
    const std::size_t end = std::min(rest.find(u']'), rest.size());
    scope_number = whole_number(rest.substr(1, end - 1), 0xFFFFFFFF);
    rest.remove_prefix(end);
  }
  if (bracketed) {
    if (!rest.starts_with(u']')) return STATUS_INVALID_PARAMETER;
    rest.remove_prefix(1);
    if (rest.starts_with(u':')) {
      port_number = whole_number(rest.substr(1), 0xFFFF);
      rest = {};
    }
  }
  if (!rest.empty() || !scope_number || !port_number) return STATUS_INVALID_PARAMETER;
  *address = parsed->address;
  *scope = *scope_number;
  *port = htons(static_cast<USHORT>(*port_number));
  return STATUS_SUCCESS;
}

// Answers the end of the text written.
template <typename Char>
Char* HM_WINAPI ipv4_to_string(const nls::Ipv4* address, Char* text) noexcept {
  const std::string written = nls::format_ipv4(*address);
  std::copy_n(written.c_str(), written.size() + 1, text);
  return text + written.size();
}
template <typename Char>
Char* HM_WINAPI ipv6_to_string(const nls::Ipv6* address, Char* text) noexcept {
  const std::string written = nls::format_ipv6(*address);
  std::copy_n(written.c_str(), written.size() + 1, text);
  return text + written.size();
}

// `size` counts characters, with the terminator, before and after.
template <typename Char>
NTSTATUS store_counted(const std::string& written, Char* text, ULONG* size) {
  const ULONG room = *size;
  *size = static_cast<ULONG>(written.size() + 1);
  if (room < *size) return STATUS_INVALID_PARAMETER;
  std::copy_n(written.c_str(), written.size() + 1, text);
  return STATUS_SUCCESS;
}
template <typename Char>
NTSTATUS HM_WINAPI ipv4_to_string_ex(const nls::Ipv4* address, USHORT port, Char* text, ULONG* size) noexcept {
  if (address == nullptr || text == nullptr || size == nullptr) return STATUS_INVALID_PARAMETER;
  std::string written = nls::format_ipv4(*address);
  if (port != 0) written += fmt::format(":{}", ntohs(port));
  return store_counted(written, text, size);
}
template <typename Char>
NTSTATUS HM_WINAPI ipv6_to_string_ex(const nls::Ipv6* address, ULONG scope, USHORT port, Char* text,
                                     ULONG* size) noexcept {
  if (address == nullptr || text == nullptr || size == nullptr) return STATUS_INVALID_PARAMETER;
  std::string written = nls::format_ipv6(*address);
  if (scope != 0) written += fmt::format("%{}", scope);
  if (port != 0) written = fmt::format("[{}]:{}", written, ntohs(port));
  return store_counted(written, text, size);
}

HM_WINAPI BOOLEAN RtlIsTextUnicode(const void* data, LONG size, LONG* tests) noexcept {
  return nls::is_text_unicode(data, size, tests);
}

const Export kRows[] = {
    {"RtlCharToInteger", proc(RtlCharToInteger)},
    {"RtlGUIDFromString", proc(RtlGUIDFromString)},
    {"RtlInt64ToUnicodeString", proc(RtlInt64ToUnicodeString)},
    {"RtlIntegerToChar", proc(RtlIntegerToChar)},
    {"RtlIntegerToUnicodeString", proc(RtlIntegerToUnicodeString)},
    {"RtlIpv4AddressToStringA", proc(ipv4_to_string<CHAR>)},
    {"RtlIpv4AddressToStringExA", proc(ipv4_to_string_ex<CHAR>)},
    {"RtlIpv4AddressToStringExW", proc(ipv4_to_string_ex<WCHAR>)},
    {"RtlIpv4AddressToStringW", proc(ipv4_to_string<WCHAR>)},
    {"RtlIpv4StringToAddressA", proc(ipv4_from_string<CHAR>)},
    {"RtlIpv4StringToAddressExA", proc(ipv4_from_string_ex<CHAR>)},
    {"RtlIpv4StringToAddressExW", proc(ipv4_from_string_ex<WCHAR>)},
    {"RtlIpv4StringToAddressW", proc(ipv4_from_string<WCHAR>)},
    {"RtlIpv6AddressToStringA", proc(ipv6_to_string<CHAR>)},
    {"RtlIpv6AddressToStringExA", proc(ipv6_to_string_ex<CHAR>)},
    {"RtlIpv6AddressToStringExW", proc(ipv6_to_string_ex<WCHAR>)},
    {"RtlIpv6AddressToStringW", proc(ipv6_to_string<WCHAR>)},
    {"RtlIpv6StringToAddressA", proc(ipv6_from_string<CHAR>)},
    {"RtlIpv6StringToAddressExA", proc(ipv6_from_string_ex<CHAR>)},
    {"RtlIpv6StringToAddressExW", proc(ipv6_from_string_ex<WCHAR>)},
    {"RtlIpv6StringToAddressW", proc(ipv6_from_string<WCHAR>)},
    {"RtlIsTextUnicode", proc(RtlIsTextUnicode)},
    {"RtlLargeIntegerToChar", proc(RtlLargeIntegerToChar)},
    {"RtlStringFromGUID", proc(RtlStringFromGUID)},
    {"RtlStringFromGUIDEx", proc(RtlStringFromGUIDEx)},
    {"RtlUnicodeStringToInteger", proc(RtlUnicodeStringToInteger)},
};

}  // namespace

extern const ExportTable text_exports = kRows;

}  // namespace hmodule::winapi
