// wincrypt.h: bytes as text, and back.
#include "winapi/crypt32/text.h"

#include "module/builtin.h"
#include "winapi/common/answer.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::winapi {
namespace {

enum : DWORD {
  CRYPT_STRING_BASE64HEADER = 0x0,
  CRYPT_STRING_BASE64 = 0x1,
  CRYPT_STRING_BINARY = 0x2,
  CRYPT_STRING_BASE64REQUESTHEADER = 0x3,
  CRYPT_STRING_HEX = 0x4,
  CRYPT_STRING_HEXASCII = 0x5,
  CRYPT_STRING_BASE64_ANY = 0x6,
  CRYPT_STRING_ANY = 0x7,
  CRYPT_STRING_HEX_ANY = 0x8,
  CRYPT_STRING_BASE64X509CRLHEADER = 0x9,
  CRYPT_STRING_HEXADDR = 0xA,
  CRYPT_STRING_HEXASCIIADDR = 0xB,
  CRYPT_STRING_HEXRAW = 0xC,
  CRYPT_STRING_BASE64URI = 0xD,
  CRYPT_STRING_NOCRLF = 0x40000000,
  CRYPT_STRING_NOCR = 0x80000000,
};
constexpr DWORD kFormat = 0x0FFFFFFF;

using Found = std::optional<std::vector<BYTE>>;

std::string_view label_of(DWORD format) {
  if (format == CRYPT_STRING_BASE64REQUESTHEADER) return "NEW CERTIFICATE REQUEST";
  if (format == CRYPT_STRING_BASE64X509CRLHEADER) return "X509 CRL";
  return "CERTIFICATE";
}

// ---- to text --------------------------------------------------------------------------------------------------------

std::string base64(const BYTE* bytes, std::size_t size, bool for_uri) {
  std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (for_uri) digits.replace(62, 2, "-_");
  std::string text;
  for (std::size_t i = 0; i < size; i += 3) {
    const std::size_t count = std::min<std::size_t>(3, size - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= count)
        text += digits[bits >> (18 - 6 * k) & 63];
      else if (!for_uri)
        text += '=';
    }
  }
  return text;
}

std::string in_lines(std::string_view text, std::string_view end_of_line) {
  std::string lines;
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(64, text.size())))
    lines.append(text.substr(0, 64)).append(end_of_line);
  return lines;
}

// 16 bytes a line, in two halves; with addresses before and characters after them, if wanted.
std::string dump(const BYTE* bytes, std::size_t size, bool addresses, bool characters, std::string_view end_of_line) {
  std::string text;
  for (std::size_t start = 0; start < size; start += 16) {
    const std::size_t count = std::min<std::size_t>(16, size - start);
    if (addresses) text += fmt::format("{:04x}\t", start);
    for (std::size_t i = 0; i < 16; ++i) {
      if (i >= count && !characters) break;
      if (i > 0) text += i == 8 && !end_of_line.empty() ? "  " : " ";
      text += i < count ? fmt::format("{:02x}", bytes[start + i]) : "  ";
    }
    if (characters) {
      text += "   ";
      for (std::size_t i = 0; i < count; ++i) {
        const BYTE each = bytes[start + i];
        text += each >= 0x20 && each < 0x7F ? static_cast<char>(each) : '.';
      }
    }
    text += start + 16 < size && end_of_line.empty() ? " " : end_of_line;
  }
  return text;
}

Result<std::string> text_of(const BYTE* bytes, std::size_t size, DWORD flags) {
  const DWORD format = flags & kFormat;
  const std::string_view end = (flags & CRYPT_STRING_NOCRLF) != 0 ? ""
                               : (flags & CRYPT_STRING_NOCR) != 0 ? "\n"
                                                                  : "\r\n";
  switch (format) {
    case CRYPT_STRING_BINARY:
      return std::string(reinterpret_cast<const char*>(bytes), size);
    case CRYPT_STRING_BASE64:
      return in_lines(base64(bytes, size, false), end);
    case CRYPT_STRING_BASE64URI:
      return in_lines(base64(bytes, size, true), end);
    case CRYPT_STRING_BASE64HEADER:
    case CRYPT_STRING_BASE64REQUESTHEADER:
    case CRYPT_STRING_BASE64X509CRLHEADER:
      return fmt::format("-----BEGIN {0}-----{1}{2}-----END {0}-----{1}", label_of(format), end,
                         in_lines(base64(bytes, size, false), end));
    case CRYPT_STRING_HEX:
      return dump(bytes, size, false, false, end);
    case CRYPT_STRING_HEXASCII:
      return dump(bytes, size, false, true, end);
    case CRYPT_STRING_HEXADDR:
      return dump(bytes, size, true, false, end);
    case CRYPT_STRING_HEXASCIIADDR:
      return dump(bytes, size, true, true, end);
    case CRYPT_STRING_HEXRAW: {
      std::string text;
      for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
      return text.append(end);
    }
    default:
      return fail(STATUS_INVALID_PARAMETER, "no text format {:#x}", format);
  }
}

template <typename Char>
BOOL bytes_to_text(const BYTE* bytes, DWORD size, DWORD flags, Char* buffer, DWORD* length) {
  return succeed([&]() -> Status {
    if (bytes == nullptr || length == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    const std::string text = TRY(text_of(bytes, size, flags));
    // Binary is no text, and not terminated.
    const DWORD terminator = (flags & kFormat) == CRYPT_STRING_BINARY ? 0 : 1;
    const auto needed = static_cast<DWORD>(text.size()) + terminator;
    if (buffer == nullptr) {
      *length = needed;
      return ok;
    }
    if (*length < needed) {
      *length = needed;
      return fail_win32(ERROR_MORE_DATA, "the text has {} characters", needed);
    }
    std::transform(text.begin(), text.end(), buffer,
                   [](char c) { return static_cast<Char>(static_cast<unsigned char>(c)); });
    if (terminator != 0) buffer[text.size()] = 0;
    *length = static_cast<DWORD>(text.size());
    return ok;
  });
}

HM_WINAPI BOOL CryptBinaryToStringA(const BYTE* bytes, DWORD size, DWORD flags, char* text, DWORD* length) noexcept {
  return bytes_to_text(bytes, size, flags, text, length);
}
HM_WINAPI BOOL CryptBinaryToStringW(const BYTE* bytes, DWORD size, DWORD flags, WCHAR* text, DWORD* length) noexcept {
  return bytes_to_text(bytes, size, flags, text, length);
}

// ---- from text ------------------------------------------------------------------------------------------------------

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

int digit64(char c, bool for_uri) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (for_uri ? '-' : '+')) return 62;
  if (c == (for_uri ? '_' : '/')) return 63;
  return -1;
}

// Spaces do not count; the padding may be left out only in a URI.
Found from_base64(std::string_view text, bool for_uri) {
  std::vector<BYTE> bytes;
  std::uint32_t bits = 0;
  int digits = 0, padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    if (c == '=') {
      if (++padding > 2) return {};
      continue;
    }
    const int digit = digit64(c, for_uri);
    if (digit < 0 || padding > 0) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (++digits % 4 == 0)
      bytes.insert(bytes.end(), {static_cast<BYTE>(bits >> 16), static_cast<BYTE>(bits >> 8), static_cast<BYTE>(bits)});
  }
  const int rest = digits % 4;
  if (rest == 1 || (rest == 0 ? padding != 0 : padding != 4 - rest && !(for_uri && padding == 0))) return {};
  if (rest == 2) bytes.push_back(static_cast<BYTE>(bits >> 4));
  if (rest == 3) bytes.insert(bytes.end(), {static_cast<BYTE>(bits >> 10), static_cast<BYTE>(bits >> 2)});
  return bytes;
}

struct Framed {
  std::size_t start;  // of the first line's dashes
  std::vector<BYTE> bytes;
};

std::optional<Framed> from_framed(std::string_view text, std::string_view wanted_label = {}) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  const std::size_t start = text.find(kBegin);
  if (start == text.npos) return {};
  const std::size_t dashes = text.find(kDashes, start + kBegin.size());
  if (dashes == text.npos) return {};
  const std::string_view label = text.substr(start + kBegin.size(), dashes - start - kBegin.size());
  if (!wanted_label.empty() && label != wanted_label) return {};
  const std::size_t body = dashes + kDashes.size(), end = text.find(kEnd, body);
  if (end == text.npos || text.find(kDashes, end + kEnd.size()) == text.npos) return {};
  Found bytes = from_base64(text.substr(body, end - body), false);
  if (!bytes) return {};
  return Framed{start, std::move(*bytes)};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Found from_hex(std::string_view text) {
  std::vector<BYTE> bytes;
  int high = -1;
  for (const char c : text) {
    if (is_space(c)) {
      if (high >= 0) return {};
      continue;
    }
    const int digit = hex_digit(c);
    if (digit < 0) return {};
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<BYTE>(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) return {};
  return bytes;
}

// The lines of dump(): up to 16 bytes each; characters begin three spaces after the last.
Found from_dump(std::string_view text, bool addresses, bool characters) {
  std::vector<BYTE> bytes;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (std::ranges::all_of(line, is_space)) continue;
    if (addresses) {
      std::size_t digits = 0;
      while (digits < line.size() && hex_digit(line[digits]) >= 0) ++digits;
      if (digits < 4 || digits == line.size() || !is_space(line[digits])) return {};
      line.remove_prefix(digits);
      while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    }
    if (characters) line = line.substr(0, 48);
    const Found part = from_hex(line);
    if (!part) return {};
    bytes.insert(bytes.end(), part->begin(), part->end());
  }
  return bytes;
}

struct Read {
  std::vector<BYTE> bytes;
  std::size_t skipped = 0;
  DWORD format;
};

std::optional<Read> read_as(std::string_view text, DWORD format) {
  const auto plain = [&](Found bytes) -> std::optional<Read> {
    if (!bytes) return {};
    return Read{std::move(*bytes), 0, format};
  };
  const auto first_of = [&](std::initializer_list<DWORD> formats) -> std::optional<Read> {
    for (const DWORD each : formats)
      if (auto read = read_as(text, each)) return read;
    return {};
  };
  switch (format) {
    case CRYPT_STRING_BASE64HEADER:
    case CRYPT_STRING_BASE64REQUESTHEADER:
    case CRYPT_STRING_BASE64X509CRLHEADER: {
      // A certificate's format takes any frame.
      auto framed = from_framed(text, format == CRYPT_STRING_BASE64HEADER ? "" : label_of(format));
      if (!framed) return {};
      return Read{std::move(framed->bytes), framed->start, format};
    }
    case CRYPT_STRING_BASE64:
      return plain(from_base64(text, false));
    case CRYPT_STRING_BASE64URI:
      return plain(from_base64(text, true));
    case CRYPT_STRING_BINARY:
      return plain(std::vector<BYTE>(text.begin(), text.end()));
    case CRYPT_STRING_HEX:
    case CRYPT_STRING_HEXRAW:
      return plain(from_hex(text));
    case CRYPT_STRING_HEXASCII:
      return plain(from_dump(text, false, true));
    case CRYPT_STRING_HEXADDR:
      return plain(from_dump(text, true, false));
    case CRYPT_STRING_HEXASCIIADDR:
      return plain(from_dump(text, true, true));
    case CRYPT_STRING_BASE64_ANY:
      return first_of({CRYPT_STRING_BASE64HEADER, CRYPT_STRING_BASE64});
    case CRYPT_STRING_ANY:
      return first_of({CRYPT_STRING_BASE64HEADER, CRYPT_STRING_BASE64, CRYPT_STRING_BINARY});
    case CRYPT_STRING_HEX_ANY:
      return first_of({CRYPT_STRING_HEXADDR, CRYPT_STRING_HEXASCIIADDR, CRYPT_STRING_HEX, CRYPT_STRING_HEXRAW,
                       CRYPT_STRING_HEXASCII});
    default:
      return {};
  }
}

}  // namespace

std::optional<std::vector<BYTE>> crypt32::bytes_of_base64(std::string_view text) {
  auto read = read_as(text, CRYPT_STRING_BASE64_ANY);
  if (!read) return {};
  return std::move(read->bytes);
}

namespace {

template <typename Char>
BOOL text_to_bytes(const Char* text, DWORD length, DWORD flags, BYTE* buffer, DWORD* size, DWORD* skipped,
                   DWORD* format) {
  return succeed([&]() -> Status {
    if (text == nullptr || size == nullptr || (flags & kFormat) > CRYPT_STRING_BASE64URI)
      return fail(STATUS_INVALID_PARAMETER, "a NULL, or flags {:#x}", flags);
    const std::basic_string_view<Char> given =
        length == 0 ? std::basic_string_view<Char>(text) : std::basic_string_view<Char>(text, length);
    std::string narrow;  // what is not ASCII is in no format
    for (const Char c : given.substr(0, given.find(Char{0})))
      narrow += static_cast<unsigned>(c) < 0x100 ? static_cast<char>(c) : '\x80';
    const std::optional<Read> read = read_as(narrow, flags & kFormat);
    if (!read) return fail_win32(ERROR_INVALID_DATA, "the text is not in format {:#x}", flags & kFormat);
    if (skipped != nullptr) *skipped = static_cast<DWORD>(read->skipped);
    if (format != nullptr) *format = read->format;
    const DWORD room = std::exchange(*size, static_cast<DWORD>(read->bytes.size()));
    if (buffer == nullptr) return ok;
    if (room < *size) return fail_win32(ERROR_MORE_DATA, "room for {} of {} bytes", room, *size);
    std::ranges::copy(read->bytes, buffer);
    return ok;
  });
}

HM_WINAPI BOOL CryptStringToBinaryA(const char* text, DWORD length, DWORD flags, BYTE* bytes, DWORD* size,
                                    DWORD* skipped, DWORD* format) noexcept {
  return text_to_bytes(text, length, flags, bytes, size, skipped, format);
}
HM_WINAPI BOOL CryptStringToBinaryW(const WCHAR* text, DWORD length, DWORD flags, BYTE* bytes, DWORD* size,
                                    DWORD* skipped, DWORD* format) noexcept {
  return text_to_bytes(text, length, flags, bytes, size, skipped, format);
}

const Export kRows[] = {
    {"CryptBinaryToStringA", proc(CryptBinaryToStringA)},
    {"CryptBinaryToStringW", proc(CryptBinaryToStringW)},
    {"CryptStringToBinaryA", proc(CryptStringToBinaryA)},
    {"CryptStringToBinaryW", proc(CryptStringToBinaryW)},
};

}  // namespace

extern const ExportTable crypt32_text_exports = kRows;

}  // namespace hmodule::winapi
