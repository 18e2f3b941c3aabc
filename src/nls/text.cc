#include "nls/text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace hmodule::nls {
namespace {

int digit_value(char16_t c) {
  if (c >= u'0' && c <= u'9') return c - u'0';
  if (c >= u'a' && c <= u'f') return c - u'a' + 10;
  if (c >= u'A' && c <= u'F') return c - u'A' + 10;
  return 36;
}

// Reads digits of `base` from `at` on, and moves `at` behind them.
ULONG read_digits(std::u16string_view text, std::size_t& at, ULONG base) {
  ULONG value = 0;
  for (; at < text.size() && digit_value(text[at]) < static_cast<int>(base); ++at)
    value = value * base + static_cast<ULONG>(digit_value(text[at]));
  return value;
}

// One number of an IPv4 address; at most 32 bits.
std::optional<std::uint64_t> read_part(std::u16string_view text, std::size_t& at, bool strict) {
  ULONG base = 10;
  if (!strict && at + 1 < text.size() && text[at] == u'0' && (text[at + 1] | 0x20) == u'x') {
    base = 16;
    at += 2;
  } else if (at + 1 < text.size() && text[at] == u'0' && digit_value(text[at + 1]) < 8) {
    if (strict) return std::nullopt;
    base = 8;
    ++at;
  }
  std::uint64_t value = 0;
  const std::size_t first = at;
  for (; at < text.size() && digit_value(text[at]) < static_cast<int>(base); ++at) {
    value = value * base + static_cast<std::uint64_t>(digit_value(text[at]));
    if (value > 0xFFFFFFFF) return std::nullopt;
  }
  return at == first ? std::nullopt : std::optional(value);
}

}  // namespace

std::size_t cut(std::string_view utf8, std::size_t limit) {
  if (utf8.size() <= limit) return utf8.size();
  while (limit > 0 && (static_cast<BYTE>(utf8[limit]) & 0xC0) == 0x80) --limit;
  return limit;
}

std::size_t cut(std::u16string_view text, std::size_t limit) {
  return std::min(text.size(), limit);  // Windows cuts surrogate pairs
}

std::optional<ULONG> parse_integer(std::u16string_view text, ULONG base) {
  std::size_t at = 0;
  while (at < text.size() && text[at] <= u' ') ++at;
  bool negative = false;
  if (at < text.size() && (text[at] == u'+' || text[at] == u'-')) negative = text[at++] == u'-';
  if (base == 0) {
    base = 10;
    const char16_t prefix = at + 1 < text.size() && text[at] == u'0' ? text[at + 1] : u'\0';
    if (prefix == u'x') base = 16;
    if (prefix == u'o') base = 8;
    if (prefix == u'b') base = 2;
    if (base != 10) at += 2;
  } else if (base != 2 && base != 8 && base != 10 && base != 16) {
    return std::nullopt;
  }
  const ULONG value = read_digits(text, at, base);
  return negative ? 0 - value : value;
}

std::optional<std::string> format_integer(ULONGLONG value, ULONG base) {
  switch (base) {
    case 0:
    case 10:
      return fmt::format("{}", value);
    case 2:
      return fmt::format("{:b}", value);
    case 8:
      return fmt::format("{:o}", value);
    case 16:
      return fmt::format("{:X}", value);
    default:
      return std::nullopt;
  }
}

std::optional<GUID> parse_guid(std::u16string_view text) {
  // {00000000-0000-0000-0000-000000000000}
  constexpr std::u16string_view kShape = u"{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
  if (text.size() < kShape.size()) return std::nullopt;
  BYTE nibbles[32]{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] != u'x' ? text[i] != kShape[i] : digit_value(text[i]) > 15) return std::nullopt;
    if (kShape[i] == u'x') nibbles[count++] = static_cast<BYTE>(digit_value(text[i]));
  }
  const auto number = [&](std::size_t from, std::size_t digits) {
    std::uint32_t value = 0;
    for (std::size_t i = from; i < from + digits; ++i) value = value << 4 | nibbles[i];
    return value;
  };
  GUID guid{number(0, 8), static_cast<std::uint16_t>(number(8, 4)), static_cast<std::uint16_t>(number(12, 4)), {}};
  for (std::size_t i = 0; i < 8; ++i) guid.Data4[i] = static_cast<std::uint8_t>(number(16 + 2 * i, 2));
  return guid;
}

std::u16string format_guid(const GUID& guid) {
  const auto& d = guid.Data4;
  const std::string text =
      fmt::format("{{{:08X}-{:04X}-{:04X}-{:02X}{:02X}-{:02X}{:02X}{:02X}{:02X}{:02X}{:02X}}}", guid.Data1, guid.Data2,
                  guid.Data3, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
  return {text.begin(), text.end()};
}

std::optional<ParsedIpv4> parse_ipv4(std::u16string_view text, bool strict) {
  std::uint64_t parts[4] = {};
  std::size_t count = 0, at = 0;
  while (true) {
    const auto part = read_part(text, at, strict);
    if (!part) return std::nullopt;
    parts[count++] = *part;
    if (count == 4 || at >= text.size() || text[at] != u'.') break;
    ++at;
  }
  if (strict && count != 4) return std::nullopt;
  // All but the last are bytes; the last fills what is left.
  std::uint64_t address = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (parts[i] > 0xFF) return std::nullopt;
    address |= parts[i] << (24 - 8 * i);
  }
  if (parts[count - 1] >> (8 * (5 - count)) != 0) return std::nullopt;
  address |= parts[count - 1];
  ParsedIpv4 parsed{{}, at};
  for (std::size_t i = 0; i < 4; ++i) parsed.address[i] = static_cast<BYTE>(address >> (24 - 8 * i));
  return parsed;
}

std::string format_ipv4(const Ipv4& address) {
  return fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
}

std::optional<ParsedIpv6> parse_ipv6(std::u16string_view text) {
  const auto is_part = [](char16_t c) { return digit_value(c) < 16 || c == u':' || c == u'.'; };
  const std::size_t end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_part) - text.begin());
  const std::string written(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end));
  ParsedIpv6 parsed{{}, end};
  if (inet_pton(AF_INET6, written.c_str(), parsed.address.data()) != 1) return std::nullopt;
  return parsed;
}

std::string format_ipv6(const Ipv6& address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, address.data(), text, sizeof text) == nullptr ? "" : text;
}

// --- IsTextUnicode ---

namespace {

constexpr int kAscii16 = 1, kStatistics = 2, kControls = 4, kSignature = 8, kReverse = 4 /* bits to shift by */,
              kIllegal = 0x100, kOddLength = 0x200, kNullBytes = 0x1000, kUnicodeMask = 0xF, kNotUnicodeMask = 0xF00;

// The four tests on the data read in one byte order.
int judge(std::u16string_view text) {
  int found = 0;
  if (!text.empty() && text[0] == 0xFEFF) found |= kSignature;
  if (std::ranges::all_of(text, [](char16_t c) { return c < 0x100; })) found |= kAscii16;
  if (std::ranges::any_of(
          text, [](char16_t c) { return c == u'\r' || c == u'\n' || c == u' ' || c == u'\t' || c == 0x3000; }))
    found |= kControls;
  // In text of one script the high bytes vary far less than the low ones.
  unsigned high = 0, low = 0;
  for (std::size_t i = 1; i < std::min<std::size_t>(text.size(), 256); ++i) {
    high += static_cast<unsigned>(std::abs((text[i] >> 8) - (text[i - 1] >> 8)));
    low += static_cast<unsigned>(std::abs((text[i] & 0xFF) - (text[i - 1] & 0xFF)));
  }
  if (low > 3 * high || (text.size() == 1 && text[0] < 0x100)) found |= kStatistics;
  return found;
}

}  // namespace

bool is_text_unicode(const void* data, int size, int* tests) {
  int found = 0;
  if (size < 2) {
    if (tests != nullptr) *tests = 0;
    return false;
  }
  if (size % 2 != 0) found |= kOddLength;
  std::u16string text(static_cast<std::size_t>(size) / 2, u'\0'), swapped;
  std::memcpy(text.data(), data, text.size() * sizeof(char16_t));
  std::ranges::transform(text, std::back_inserter(swapped),
                         [](char16_t c) { return static_cast<char16_t>(c << 8 | c >> 8); });
  found |= judge(text) | judge(swapped) << kReverse;
  const auto illegal = [](char16_t c) { return c == 0xFFFE || c == 0xFFFF || c == 0; };
  if (std::ranges::any_of(text, illegal) && text[0] != 0xFFFE) found |= kIllegal;
  if (std::ranges::any_of(text, [](char16_t c) { return (c & 0xFF) == 0 || c >> 8 == 0; })) found |= kNullBytes;
  if (tests != nullptr) {
    found &= *tests;
    *tests = found;
  }
  if ((found & kNotUnicodeMask) != 0) return false;
  return (found & kUnicodeMask) != 0;
}

}  // namespace hmodule::nls
