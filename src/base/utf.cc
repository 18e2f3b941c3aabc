#include "base/utf.h"

#include <algorithm>
#include <cwctype>

namespace hmodule {
namespace {

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_high(char16_t c) {
  return c >= 0xD800 && c < 0xDC00;
}
bool is_low(char16_t c) {
  return c >= 0xDC00 && c < 0xE000;
}

}  // namespace

std::string utf8(std::u16string_view text) {
  const auto beyond_ascii = std::ranges::find_if(text, [](char16_t c) { return c >= 0x80; });
  std::string out(text.begin(), beyond_ascii);
  for (std::size_t i = out.size(); i < text.size(); ++i) {
    char32_t c = text[i];
    if (is_high(text[i]) && i + 1 < text.size() && is_low(text[i + 1])) {
      c = 0x10000 + ((c - 0xD800) << 10) + (text[i + 1] - 0xDC00);
      ++i;
    }
    append_utf8(out, c);
  }
  return out;
}

std::u16string utf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    char32_t c = length < 2 ? lead : lead & (0xFFU >> (length + 1));
    std::size_t used = 1;
    while (used < length && i + used < text.size() && (static_cast<unsigned char>(text[i + used]) & 0xC0) == 0x80)
      c = (c << 6) | (static_cast<unsigned char>(text[i + used++]) & 0x3F);
    const bool complete = length != 0 && used == length;
    const bool shortest = length < 3 || (length == 3 ? c >= 0x800 : c >= 0x10000 && c <= 0x10FFFF);
    i += used;
    if (!complete || !shortest) {
      out += u'\xFFFD';
    } else if (c >= 0x10000) {
      out += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
      out += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
      out += static_cast<char16_t>(c);
    }
  }
  return out;
}

char16_t upcase(char16_t unit) {
  if (unit < 0x80) return unit >= u'a' && unit <= u'z' ? static_cast<char16_t>(unit - 0x20) : unit;
  // Windows maps by the Unicode simple upper case, inside the BMP, and only where the way back leads to the same
  // character: dotless i, long s, final sigma and the title-case digraphs stay as they are.
  static const locale_t c_utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (c_utf8 == nullptr) return unit;
  const wint_t upper = towupper_l(unit, c_utf8);
  return upper > 0xFFFF || towlower_l(upper, c_utf8) != unit ? unit : static_cast<char16_t>(upper);
}

std::u16string upcase(std::u16string_view text) {
  std::u16string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char16_t c) { return upcase(c); });
  return out;
}

bool equal_ignoring_case(std::u16string_view a, std::u16string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char16_t x, char16_t y) { return x == y || upcase(x) == upcase(y); });
}

}  // namespace hmodule
