// Small things about text: where it may be cut, numbers and addresses in writing, and what bytes look like text.
#pragma once

#include "win/types.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace hmodule::nls {

// The longest prefix of at most `limit` units that ends between characters.
std::size_t cut(std::string_view utf8, std::size_t limit);
std::size_t cut(std::u16string_view text, std::size_t limit);

// --- Integers, as RtlCharToInteger and RtlIntegerToChar have them ---
// Leading blanks, a sign, and with base 0 a prefix (0x, 0o, 0b). Bases 0, 2, 8, 10, 16; nothing for another. Stops at
// the first character that is no digit; 32 bits, wrapping.
std::optional<ULONG> parse_integer(std::u16string_view text, ULONG base);
// Base 0 means 10. Upper-case digits. Nothing for a base that is not 2, 8, 10 or 16.
std::optional<std::string> format_integer(ULONGLONG value, ULONG base);

// --- GUIDs, with braces ---
std::optional<GUID> parse_guid(std::u16string_view text);
std::u16string format_guid(const GUID& guid);

// --- Internet addresses, bytes in network order ---
using Ipv4 = std::array<BYTE, 4>;
using Ipv6 = std::array<WORD, 8>;
struct ParsedIpv4 {
  Ipv4 address;
  std::size_t end;  // where reading stopped
};
// `strict`: four decimal numbers. Otherwise one to four, each decimal, octal (0) or hexadecimal (0x).
std::optional<ParsedIpv4> parse_ipv4(std::u16string_view text, bool strict);
std::string format_ipv4(const Ipv4& address);
struct ParsedIpv6 {
  Ipv6 address;
  std::size_t end;
};
std::optional<ParsedIpv6> parse_ipv6(std::u16string_view text);
std::string format_ipv6(const Ipv6& address);

// IsTextUnicode: which of the tests asked for in `tests` (all when nullptr) came out true; the answer is theirs.
bool is_text_unicode(const void* data, int size, int* tests);

}  // namespace hmodule::nls
