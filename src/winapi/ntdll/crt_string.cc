// The C library that ntdll carries: memory, strings, characters. Case and classes of the narrow functions are ASCII.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nls/ctype.h"
#include "nls/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace hmodule::winapi {
namespace {

template <typename Char>
using Text = std::char_traits<Char>;

// --- Memory ---

HM_WINAPI SIZE_T RtlCompareMemoryUlong(const ULONG* from, SIZE_T size, ULONG pattern) noexcept {
  SIZE_T equal = 0;
  while (equal < size / sizeof(ULONG) && from[equal] == pattern) ++equal;
  return equal * sizeof(ULONG);
}
HM_WINAPI void RtlFillMemoryUlong(ULONG* to, SIZE_T size, ULONG pattern) noexcept {
  std::fill_n(to, size / sizeof(ULONG), pattern);
}

// --- Strings of either kind ---

template <typename Char>
Char lower_ascii(Char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<Char>(c + 0x20) : c;
}
template <typename Char>
Char upper_ascii(Char c) {
  return c >= 'a' && c <= 'z' ? static_cast<Char>(c - 0x20) : c;
}
int value_of(char c) {
  return static_cast<BYTE>(c);
}
int value_of(char16_t c) {
  return c;
}

template <typename Char>
SIZE_T bounded_length(const Char* text, SIZE_T limit) noexcept {
  SIZE_T length = 0;  // the limit may be any number, so no pointer is made from it
  while (length < limit && text[length] != 0) ++length;
  return length;
}
// strncpy: exactly `size` characters, filled up with zeros.
template <typename Char>
HM_WINAPI Char* copy_n(Char* to, const Char* from, SIZE_T size) noexcept {
  const SIZE_T count = bounded_length(from, size);
  std::copy_n(from, count, to);
  std::fill(to + count, to + size, Char{});
  return to;
}
template <typename Char>
HM_WINAPI Char* append_n(Char* to, const Char* from, SIZE_T size) noexcept {
  Char* const end = to + Text<Char>::length(to);
  const SIZE_T count = bounded_length(from, size);
  std::copy_n(from, count, end);
  end[count] = Char{};
  return to;
}

// _stricmp answers the difference of the lower-case characters.
template <typename Char>
HM_WINAPI int compare_ignoring_case_n(const Char* a, const Char* b, SIZE_T limit) noexcept {
  for (SIZE_T i = 0; i < limit; ++i) {
    const int x = value_of(lower_ascii(a[i])), y = value_of(lower_ascii(b[i]));
    if (x != y || x == 0) return x - y;
  }
  return 0;
}
template <typename Char>
HM_WINAPI int compare_ignoring_case(const Char* a, const Char* b) noexcept {
  return compare_ignoring_case_n(a, b, ~SIZE_T{0});
}
HM_WINAPI int crt_memicmp(const char* a, const char* b, SIZE_T size) noexcept {
  for (SIZE_T i = 0; i < size; ++i) {
    const int difference = value_of(lower_ascii(a[i])) - value_of(lower_ascii(b[i]));
    if (difference != 0) return difference;
  }
  return 0;
}

template <typename Char, typename Argument>
HM_WINAPI Char* find_last(const Char* text, Argument wanted) noexcept {
  for (const Char* at = text + Text<Char>::length(text);; --at) {
    if (*at == static_cast<Char>(wanted)) return const_cast<Char*>(at);
    if (at == text) return nullptr;
  }
}
template <typename Char>
HM_WINAPI Char* find_text(const Char* text, const Char* wanted) noexcept {
  const std::size_t at = std::basic_string_view<Char>(text).find(wanted);
  return at == std::string_view::npos ? nullptr : const_cast<Char*>(text + at);
}
template <typename Char>
HM_WINAPI SIZE_T span_of(const Char* text, const Char* set) noexcept {
  const std::basic_string_view<Char> view(text);
  return std::min(view.find_first_not_of(set), view.size());
}
template <typename Char>
HM_WINAPI SIZE_T span_without(const Char* text, const Char* set) noexcept {
  const std::basic_string_view<Char> view(text);
  return std::min(view.find_first_of(set), view.size());
}
template <typename Char>
HM_WINAPI Char* find_any(const Char* text, const Char* set) noexcept {
  const SIZE_T at = span_without(text, set);
  return text[at] == 0 ? nullptr : const_cast<Char*>(text + at);
}
template <typename Char>
HM_WINAPI Char* make_lower(Char* text) noexcept {
  for (Char* at = text; *at != 0; ++at) *at = lower_ascii(*at);
  return text;
}
template <typename Char>
HM_WINAPI Char* make_upper(Char* text) noexcept {
  for (Char* at = text; *at != 0; ++at) *at = upper_ascii(*at);
  return text;
}

template <typename Char>
HM_WINAPI Char* token(Char* text, const Char* separators, Char** context) noexcept {
  if (text == nullptr) text = *context;
  if (text == nullptr) return nullptr;
  text += span_of<Char>(text, separators);
  if (*text == 0) {
    *context = text;
    return nullptr;
  }
  Char* end = text + span_without<Char>(text, separators);
  if (*end != 0) *end++ = 0;
  *context = end;
  return text;
}

// --- The _s functions: refused rather than overrun ---

constexpr SIZE_T kTruncate = ~SIZE_T{0};
constexpr int kInvalid = 22, kRange = 34, kTruncated = 80;  // EINVAL, ERANGE, STRUNCATE of Windows' errno.h

HM_WINAPI int crt_memcpy_s(void* to, SIZE_T room, const void* from, SIZE_T size) noexcept {
  if (size == 0) return 0;
  if (to == nullptr) return kInvalid;
  if (from == nullptr || room < size) {
    std::memset(to, 0, room);
    return from == nullptr ? kInvalid : kRange;
  }
  std::memmove(to, from, size);
  return 0;
}
HM_WINAPI int crt_memmove_s(void* to, SIZE_T room, const void* from, SIZE_T size) noexcept {
  if (size == 0) return 0;
  if (to == nullptr || from == nullptr) return kInvalid;
  if (room < size) return kRange;
  std::memmove(to, from, size);
  return 0;
}

// Puts up to `limit` characters of `from` behind the first `used` ones of `to`.
template <typename Char>
int put_checked(Char* to, SIZE_T used, SIZE_T room, const Char* from, SIZE_T limit) {
  SIZE_T count = limit == kTruncate ? bounded_length(from, room) : bounded_length(from, limit);
  int result = 0;
  if (used + count + 1 > room) {
    if (limit != kTruncate) {
      *to = 0;
      return kRange;
    }
    count = room - used - 1;
    result = kTruncated;
  }
  std::copy_n(from, count, to + used);
  to[used + count] = 0;
  return result;
}
template <typename Char>
HM_WINAPI int copy_n_s(Char* to, SIZE_T room, const Char* from, SIZE_T limit) noexcept {
  if (to == nullptr && room == 0 && limit == 0) return 0;
  if (to == nullptr || room == 0) return kInvalid;
  if (from == nullptr) {
    *to = 0;
    return limit == 0 ? 0 : kInvalid;
  }
  return put_checked(to, 0, room, from, limit);
}
template <typename Char>
HM_WINAPI int append_n_s(Char* to, SIZE_T room, const Char* from, SIZE_T limit) noexcept {
  if (to == nullptr || room == 0) return kInvalid;
  const SIZE_T used = bounded_length(to, room);
  if (used == room || from == nullptr) {
    *to = 0;
    return kInvalid;
  }
  return put_checked(to, used, room, from, limit);
}
template <typename Char>
HM_WINAPI int copy_s(Char* to, SIZE_T room, const Char* from) noexcept {
  if (to == nullptr || room == 0) return kInvalid;
  if (from == nullptr) {
    *to = 0;
    return kInvalid;
  }
  return put_checked(to, 0, room, from, kTruncate - 1);
}
template <typename Char>
HM_WINAPI int append_s(Char* to, SIZE_T room, const Char* from) noexcept {
  return append_n_s(to, room, from, kTruncate - 1);
}

// --- Characters ---

template <WORD mask>
HM_WINAPI int is_ascii(int c) noexcept {
  return c >= 0 && c < 0x80 ? nls::ctype1(static_cast<char16_t>(c)) & mask : 0;
}
template <WORD mask>
HM_WINAPI int is_wide(char16_t c) noexcept {
  return nls::ctype1(c) & mask;
}
constexpr WORD kAlnum = C1_ALPHA | C1_DIGIT, kGraph = kAlnum | C1_PUNCT;
HM_WINAPI int crt_isprint(int c) noexcept {
  return c >= 0x20 && c < 0x7F;
}
HM_WINAPI int crt_isgraph(int c) noexcept {
  return c > 0x20 && c < 0x7F;
}
HM_WINAPI int crt_iswctype(char16_t c, USHORT mask) noexcept {
  return nls::ctype1(c) & mask;
}
HM_WINAPI int crt_isascii(int c) noexcept {
  return c >= 0 && c < 0x80;
}
HM_WINAPI int crt_toascii(int c) noexcept {
  return c & 0x7F;
}
HM_WINAPI int crt_iscsym(int c) noexcept {
  return c == '_' || is_ascii<kAlnum>(c);
}
HM_WINAPI int crt_iscsymf(int c) noexcept {
  return c == '_' || is_ascii<C1_ALPHA>(c);
}
HM_WINAPI int crt_tolower(int c) noexcept {
  return lower_ascii(c);
}
HM_WINAPI int crt_toupper(int c) noexcept {
  return upper_ascii(c);
}
HM_WINAPI char16_t crt_towlower(char16_t c) noexcept {
  return nls::downcase(c);
}
HM_WINAPI char16_t crt_towupper(char16_t c) noexcept {
  return upcase(c);
}

// --- Between the kinds ---

HM_WINAPI SIZE_T crt_mbstowcs(WCHAR* to, const char* from, SIZE_T room) noexcept {
  const std::u16string text = nls::from_ansi(from);
  if (to == nullptr) return text.size();
  const SIZE_T count = std::min<SIZE_T>(text.size(), room);
  std::copy_n(text.data(), count, to);
  if (count < room) to[count] = 0;
  return count;
}
HM_WINAPI SIZE_T crt_wcstombs(char* to, const WCHAR* from, SIZE_T room) noexcept {
  const std::string bytes = nls::to_ansi(from);
  if (to == nullptr) return bytes.size();
  const SIZE_T count = nls::cut(std::string_view(bytes), room);
  std::copy_n(bytes.data(), count, to);
  if (count < room) to[count] = '\0';
  return count;
}

const Export kRows[] = {
    {"RtlCompareMemoryUlong", proc(RtlCompareMemoryUlong)},
    {"RtlFillMemoryUlong", proc(RtlFillMemoryUlong)},
    {"__isascii", proc(crt_isascii)},
    {"__iscsym", proc(crt_iscsym)},
    {"__iscsymf", proc(crt_iscsymf)},
    {"__toascii", proc(crt_toascii)},
    {"_memicmp", proc(crt_memicmp)},
    {"_strcmpi", proc(compare_ignoring_case<char>)},
    {"_stricmp", proc(compare_ignoring_case<char>)},
    {"_strlwr", proc(make_lower<char>)},
    {"_strnicmp", proc(compare_ignoring_case_n<char>)},
    {"_strupr", proc(make_upper<char>)},
    {"_tolower", proc(crt_tolower)},
    {"_toupper", proc(crt_toupper)},
    {"_wcsicmp", proc(compare_ignoring_case<WCHAR>)},
    {"_wcslwr", proc(make_lower<WCHAR>)},
    {"_wcsnicmp", proc(compare_ignoring_case_n<WCHAR>)},
    {"_wcsupr", proc(make_upper<WCHAR>)},
    {"isalnum", proc(is_ascii<kAlnum>)},
    {"isalpha", proc(is_ascii<C1_ALPHA>)},
    {"iscntrl", proc(is_ascii<C1_CNTRL>)},
    {"isdigit", proc(is_ascii<C1_DIGIT>)},
    {"isgraph", proc(crt_isgraph)},
    {"islower", proc(is_ascii<C1_LOWER>)},
    {"isprint", proc(crt_isprint)},
    {"ispunct", proc(is_ascii<C1_PUNCT>)},
    {"isspace", proc(is_ascii<C1_SPACE>)},
    {"isupper", proc(is_ascii<C1_UPPER>)},
    {"iswalnum", proc(is_wide<kAlnum>)},
    {"iswalpha", proc(is_wide<C1_ALPHA>)},
    {"iswctype", proc(crt_iswctype)},
    {"iswdigit", proc(is_wide<C1_DIGIT>)},
    {"iswgraph", proc(is_wide<kGraph>)},
    {"iswlower", proc(is_wide<C1_LOWER>)},
    {"iswprint", proc(is_wide<kGraph | C1_BLANK>)},
    {"iswspace", proc(is_wide<C1_SPACE>)},
    {"iswxdigit", proc(is_wide<C1_XDIGIT>)},
    {"isxdigit", proc(is_ascii<C1_XDIGIT>)},
    {"mbstowcs", proc(crt_mbstowcs)},
    {"memcpy_s", proc(crt_memcpy_s)},
    {"memmove_s", proc(crt_memmove_s)},
    {"strcat_s", proc(append_s<char>)},
    {"strcpy_s", proc(copy_s<char>)},
    {"strcspn", proc(span_without<char>)},
    {"strncat", proc(append_n<char>)},
    {"strncat_s", proc(append_n_s<char>)},
    {"strncpy", proc(copy_n<char>)},
    {"strncpy_s", proc(copy_n_s<char>)},
    {"strpbrk", proc(find_any<char>)},
    {"strrchr", proc(find_last<char, int>)},
    {"strspn", proc(span_of<char>)},
    {"strstr", proc(find_text<char>)},
    {"strtok_s", proc(token<char>)},
    {"tolower", proc(crt_tolower)},
    {"toupper", proc(crt_toupper)},
    {"towlower", proc(crt_towlower)},
    {"towupper", proc(crt_towupper)},
    {"wcscat_s", proc(append_s<WCHAR>)},
    {"wcscpy_s", proc(copy_s<WCHAR>)},
    {"wcscspn", proc(span_without<WCHAR>)},
    {"wcsncat", proc(append_n<WCHAR>)},
    {"wcsncat_s", proc(append_n_s<WCHAR>)},
    {"wcsncpy", proc(copy_n<WCHAR>)},
    {"wcsncpy_s", proc(copy_n_s<WCHAR>)},
    {"wcspbrk", proc(find_any<WCHAR>)},
    {"wcsrchr", proc(find_last<WCHAR, WCHAR>)},
    {"wcsspn", proc(span_of<WCHAR>)},
    {"wcsstr", proc(find_text<WCHAR>)},
    {"wcstok_s", proc(token<WCHAR>)},
    {"wcstombs", proc(crt_wcstombs)},
};

}  // namespace

extern const ExportTable crt_string_exports = kRows;

}  // namespace hmodule::winapi
