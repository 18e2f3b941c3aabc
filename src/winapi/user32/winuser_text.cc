// winuser.h: characters. Of the "A" functions a byte is a character, as for Windows when its code page is UTF-8.
#include "module/builtin.h"
#include "nls/ctype.h"
#include "winapi/common/answer.h"
#include "winapi/user32/args.h"

#include <cstring>

namespace hmodule::winapi {
namespace {

enum class Case : std::uint8_t { upper, lower };

template <Case to>
void map(WCHAR* text, std::size_t length) {
  std::transform(text, text + length, text, [](WCHAR c) { return to == Case::upper ? upcase(c) : nls::downcase(c); });
}
// Characters whose other form has another length in UTF-8 stay as they are.
template <Case to>
void map(CHAR* text, std::size_t length) {
  std::size_t end;
  for (std::size_t at = 0; at < length; at = end) {
    end = at + 1;
    while (end < length && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    std::u16string wide = nls::from_ansi({text + at, end - at});
    map<to>(wide.data(), wide.size());
    const std::string mapped = nls::to_ansi(wide);
    if (mapped.size() == end - at) std::memcpy(text + at, mapped.data(), mapped.size());
  }
}

// A text in its place, or one character in the place of a pointer.
template <typename Char, Case to>
HM_WINAPI Char* map_text(Char* text) noexcept {
  if (!is_number(text)) {
    map<to>(text, std::char_traits<Char>::length(text));
    return text;
  }
  auto one = static_cast<Char>(number(text));
  map<to>(&one, 1);
  return reinterpret_cast<Char*>(
      std::uintptr_t{static_cast<std::make_unsigned_t<std::conditional_t<kIsWide<Char>, std::uint16_t, Char>>>(one)});
}
template <typename Char, Case to>
HM_WINAPI DWORD map_buffer(Char* text, DWORD length) noexcept {
  if (text == nullptr) return 0;
  map<to>(text, length);
  return length;
}

// --- walking ---

template <typename Char>
HM_WINAPI Char* CharNext(const Char* text) noexcept {
  return const_cast<Char*>(*text == 0 ? text : text + 1);
}
template <typename Char>
HM_WINAPI Char* CharPrev(const Char* start, const Char* text) noexcept {
  return const_cast<Char*>(text > start ? text - 1 : start);
}
std::size_t length_at(WORD code_page, const CHAR* text) {
  const nls::CodePage* page = nls::find_code_page(code_page);
  const bool is_pair = page != nullptr && nls::is_lead_byte(*page, static_cast<BYTE>(*text)) && text[1] != 0;
  return is_pair ? 2 : 1;
}
HM_WINAPI CHAR* CharNextExA(WORD code_page, const CHAR* text, DWORD) noexcept {
  return const_cast<CHAR*>(*text == 0 ? text : text + length_at(code_page, text));
}
HM_WINAPI CHAR* CharPrevExA(WORD code_page, const CHAR* start, const CHAR* text, DWORD) noexcept {
  const CHAR* before = start;
  for (const CHAR* at = start; at < text && *at != 0; at += length_at(code_page, at)) before = at;
  return const_cast<CHAR*>(before);
}

// --- kinds ---

constexpr WORD C1_UPPER = 1, C1_LOWER = 2, C1_DIGIT = 4, C1_ALPHA = 0x100;

WORD kinds_of(WCHAR c) {
  return nls::ctype1(c);
}
WORD kinds_of(CHAR c) {
  return static_cast<unsigned char>(c) < 0x80 ? nls::ctype1(static_cast<unsigned char>(c)) : 0;
}
template <typename Char, WORD kinds>
HM_WINAPI BOOL is_char(Char c) noexcept {
  return (kinds_of(c) & kinds) != 0;
}

// --- the OEM code page, which is UTF-8 as the ANSI one is ---

HM_WINAPI BOOL copy_narrow(const CHAR* from, CHAR* to) noexcept {
  if (from == nullptr || to == nullptr) return FALSE;
  std::memmove(to, from, std::strlen(from) + 1);
  return TRUE;
}
HM_WINAPI BOOL copy_narrow_buffer(const CHAR* from, CHAR* to, DWORD length) noexcept {
  if (from == nullptr || to == nullptr) return FALSE;
  std::memmove(to, from, length);
  return TRUE;
}
HM_WINAPI BOOL CharToOemW(const WCHAR* from, CHAR* to) noexcept {
  if (from == nullptr || to == nullptr) return FALSE;
  const std::string text = nls::to_ansi(from);
  std::memcpy(to, text.c_str(), text.size() + 1);
  return TRUE;
}
HM_WINAPI BOOL CharToOemBuffW(const WCHAR* from, CHAR* to, DWORD length) noexcept {
  if (from == nullptr || to == nullptr) return FALSE;
  const std::string text = nls::to_ansi({from, length});
  std::memcpy(to, text.data(), std::min<std::size_t>(text.size(), length));
  return TRUE;
}
HM_WINAPI BOOL OemToCharW(const CHAR* from, WCHAR* to) noexcept {
  if (from == nullptr || to == nullptr) return FALSE;
  const std::u16string text = nls::from_ansi(from);
  std::copy_n(text.c_str(), text.size() + 1, to);
  return TRUE;
}
HM_WINAPI BOOL OemToCharBuffW(const CHAR* from, WCHAR* to, DWORD length) noexcept {
  if (from == nullptr || to == nullptr) return FALSE;
  const std::u16string text = nls::from_ansi({from, length});
  std::copy_n(text.data(), std::min<std::size_t>(text.size(), length), to);
  return TRUE;
}

const Export kRows[] = {
    {"CharLowerA", proc(map_text<CHAR, Case::lower>)},
    {"CharLowerBuffA", proc(map_buffer<CHAR, Case::lower>)},
    {"CharLowerBuffW", proc(map_buffer<WCHAR, Case::lower>)},
    {"CharLowerW", proc(map_text<WCHAR, Case::lower>)},
    {"CharNextA", proc(CharNext<CHAR>)},
    {"CharNextExA", proc(CharNextExA)},
    {"CharNextW", proc(CharNext<WCHAR>)},
    {"CharPrevA", proc(CharPrev<CHAR>)},
    {"CharPrevExA", proc(CharPrevExA)},
    {"CharPrevW", proc(CharPrev<WCHAR>)},
    {"CharToOemA", proc(copy_narrow)},
    {"CharToOemBuffA", proc(copy_narrow_buffer)},
    {"CharToOemBuffW", proc(CharToOemBuffW)},
    {"CharToOemW", proc(CharToOemW)},
    {"CharUpperA", proc(map_text<CHAR, Case::upper>)},
    {"CharUpperBuffA", proc(map_buffer<CHAR, Case::upper>)},
    {"CharUpperBuffW", proc(map_buffer<WCHAR, Case::upper>)},
    {"CharUpperW", proc(map_text<WCHAR, Case::upper>)},
    {"IsCharAlphaA", proc(is_char<CHAR, C1_ALPHA>)},
    {"IsCharAlphaNumericA", proc(is_char<CHAR, C1_ALPHA | C1_DIGIT>)},
    {"IsCharAlphaNumericW", proc(is_char<WCHAR, C1_ALPHA | C1_DIGIT>)},
    {"IsCharAlphaW", proc(is_char<WCHAR, C1_ALPHA>)},
    {"IsCharLowerA", proc(is_char<CHAR, C1_LOWER>)},
    {"IsCharLowerW", proc(is_char<WCHAR, C1_LOWER>)},
    {"IsCharUpperA", proc(is_char<CHAR, C1_UPPER>)},
    {"IsCharUpperW", proc(is_char<WCHAR, C1_UPPER>)},
    {"OemToCharA", proc(copy_narrow)},
    {"OemToCharBuffA", proc(copy_narrow_buffer)},
    {"OemToCharBuffW", proc(OemToCharBuffW)},
    {"OemToCharW", proc(OemToCharW)},
};

}  // namespace

extern const ExportTable winuser_text_exports = kRows;

}  // namespace hmodule::winapi
