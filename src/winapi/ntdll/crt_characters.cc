// Characters, of the C library that ntdll carries, and between their two kinds. Case and classes of the narrow
// functions are ASCII.
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nls/ctype.h"
#include "nls/text.h"
#include "winapi/crt/callers_text.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace hmodule::winapi {
namespace {

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
  return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
}
HM_WINAPI int crt_toupper(int c) noexcept {
  return c >= 'a' && c <= 'z' ? c - 0x20 : c;
}
HM_WINAPI char16_t crt_towlower(char16_t c) noexcept {
  return nls::downcase(c);
}
HM_WINAPI char16_t crt_towupper(char16_t c) noexcept {
  return upcase(c);
}

// --- Between the kinds ---

// Converted twice: what has been converted would be lost in the fault of a bad `to`.
HM_WINAPI SIZE_T crt_mbstowcs(WCHAR* to, const char* from, SIZE_T room) noexcept {
  const std::string_view source = callers::text(from);
  const SIZE_T length = nls::from_ansi(source).size(), count = std::min(length, room);
  if (to == nullptr) return length;
  callers::probe(to, count + (count < room ? 1 : 0));
  const std::u16string text = nls::from_ansi(source);
  std::copy_n(text.begin(), count, to);
  if (count < room) to[count] = 0;
  return count;
}
HM_WINAPI SIZE_T crt_wcstombs(char* to, const WCHAR* from, SIZE_T room) noexcept {
  const std::u16string_view source = callers::text(from);
  const auto [length, count] = [&] {
    const std::string bytes = nls::to_ansi(source);
    return std::pair(bytes.size(), nls::cut(std::string_view(bytes), room));
  }();
  if (to == nullptr) return length;
  callers::probe(to, count + (count < room ? 1 : 0));
  const std::string bytes = nls::to_ansi(source);
  std::copy_n(bytes.begin(), count, to);
  if (count < room) to[count] = 0;
  return count;
}

const Export kRows[] = {
    {"__isascii", proc(crt_isascii)},
    {"__iscsym", proc(crt_iscsym)},
    {"__iscsymf", proc(crt_iscsymf)},
    {"__toascii", proc(crt_toascii)},
    {"_tolower", proc(crt_tolower)},
    {"_toupper", proc(crt_toupper)},
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
    {"tolower", proc(crt_tolower)},
    {"toupper", proc(crt_toupper)},
    {"towlower", proc(crt_towlower)},
    {"towupper", proc(crt_towupper)},
    {"wcstombs", proc(crt_wcstombs)},
};

}  // namespace

extern const ExportTable crt_characters_exports = kRows;

}  // namespace hmodule::winapi
