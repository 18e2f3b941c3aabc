#include "nls/scanf.h"

#include "nls/codepage.h"

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <optional>

namespace hmodule::nls {
namespace {

enum class Size { normal, byte, narrow, wide, quad };  // none, hh, h, l or w, 64 bits

bool is_blank(char16_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
int digit_value(char16_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return (c | 0x20) - 'a' + 10;
  return 99;
}

template <typename Char>
class Scanner {
  using View = std::basic_string_view<Char>;
  static constexpr bool kWide = sizeof(Char) > 1;

 public:
  Scanner(View text, View format, Arguments arguments, ScanRules rules)
      : text_(text), format_(format), arguments_(arguments), rules_(rules) {}

  int run() {
    while (f_ < format_.size()) {
      if (is_blank(unit(format_[f_]))) {
        skip_blanks();
        ++f_;
      } else if (format_[f_] != '%') {
        if (!literal(format_[f_++])) break;
      } else {
        ++f_;
        if (!conversion()) break;
      }
    }
    return stored_ == 0 && ran_out_ ? -1 : stored_;
  }

 private:
  static char16_t unit(Char c) { return kWide ? static_cast<char16_t>(c) : static_cast<unsigned char>(c); }
  bool at_end() const { return t_ == text_.size(); }
  char16_t peek(std::size_t ahead = 0) const { return t_ + ahead < text_.size() ? unit(text_[t_ + ahead]) : u'\0'; }
  void skip_blanks() {
    while (!at_end() && is_blank(peek())) ++t_;
  }
  // Whether there is something to convert.
  bool something_left() {
    ran_out_ = ran_out_ || (at_end() && stored_ == 0);
    return !at_end();
  }
  bool literal(Char wanted) {
    if (!something_left() || text_[t_] != wanted) return false;
    ++t_;
    return true;
  }
  bool accept(std::string_view prefix) {
    if (format_.size() - f_ < prefix.size()) return false;
    if (!std::equal(prefix.begin(), prefix.end(), format_.begin() + static_cast<std::ptrdiff_t>(f_))) return false;
    f_ += prefix.size();
    return true;
  }

  Size size() {
    if (accept("I64") || accept("ll") || accept("L")) return Size::quad;
    if (accept("I32")) return Size::normal;
    if (accept("I")) return Size::quad;  // a pointer's size
    if (accept("hh")) return Size::byte;
    if (accept("h")) return Size::narrow;
    if (accept("l") || accept("w")) return Size::wide;
    return Size::normal;
  }

  // False ends the scan.
  bool conversion() {
    skip_ = accept("*");
    width_ = 0;
    while (f_ < format_.size() && digit_value(unit(format_[f_])) < 10)
      width_ = width_ * 10 + static_cast<std::size_t>(digit_value(unit(format_[f_++])));
    const bool any_width = width_ == 0;
    if (any_width) width_ = SIZE_MAX;
    const Size size = this->size();
    if (f_ == format_.size()) return false;
    const char16_t kind = unit(format_[f_++]);
    switch (kind) {
      case '%':
        skip_blanks();
        return literal(Char('%'));
      case 'n':
        if (!skip_) store_integer(t_, size);
        return true;
      case 'd':
      case 'u':
        return integer(10, size);
      case 'i':
        return integer(0, size);
      case 'o':
        return integer(8, size);
      case 'x':
      case 'X':
        return integer(16, size);
      case 'p':
        return integer(16, Size::quad);
      case 'e':
      case 'E':
      case 'f':
      case 'g':
      case 'G':
      case 'a':
      case 'A':
        return real(size);
      case 'c':
      case 'C':
        if (any_width) width_ = 1;
        return characters(wide_text(kind == 'C', size));
      case 's':
      case 'S':
        skip_blanks();
        return string(wide_text(kind == 'S', size), [](char16_t c) { return !is_blank(c); });
      case '[':
        return set(wide_text(false, size));
      default:
        return false;
    }
  }
  static bool wide_text(bool other_kind, Size size) {
    if (size == Size::narrow) return false;
    if (size == Size::wide) return true;
    return kWide != other_kind;
  }

  void store_integer(std::uint64_t value, Size size) {
    void* const to = arguments_.take<void*>();
    const std::size_t bytes = size == Size::quad ? 8 : size == Size::narrow ? 2 : size == Size::byte ? 1 : 4;
    std::memcpy(to, &value, bytes);
  }

  bool integer(int base, Size size) {
    skip_blanks();
    if (!something_left()) return false;
    const std::size_t end = width_ < text_.size() - t_ ? t_ + width_ : text_.size();
    const bool negative = peek() == '-';
    if (peek() == '-' || peek() == '+') ++t_;
    const bool prefix = t_ + 1 < end && peek() == '0' && (peek(1) | 0x20) == 'x';
    if (base == 0) base = prefix ? 16 : t_ < end && peek() == '0' ? 8 : 10;
    bool digits = false;
    if (base == 16 && prefix) {
      t_ += 2;
      digits = true;  // "0x" alone is a zero
    }
    std::uint64_t value = 0;
    for (int digit; t_ < end && (digit = digit_value(peek())) < base; ++t_, digits = true)
      value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    if (!digits) return false;
    if (skip_) return true;
    store_integer(negative ? 0 - value : value, size);
    ++stored_;
    return true;
  }

  bool real(Size size) {
    skip_blanks();
    if (!something_left()) return false;
    std::string number;
    for (std::size_t i = 0; i < std::min<std::size_t>(width_, text_.size() - t_); ++i) {
      const char16_t c = peek(i);
      if (digit_value(c) > 35 && c != '.' && c != '+' && c != '-') break;
      number += static_cast<char>(c);
    }
    static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
    char* end = nullptr;
    const double value = strtod_l(number.c_str(), &end, c_locale);
    if (end == number.c_str()) return false;
    t_ += static_cast<std::size_t>(end - number.c_str());
    if (skip_) return true;
    void* const to = arguments_.take<void*>();
    if (size == Size::wide || size == Size::quad) {
      std::memcpy(to, &value, sizeof value);
    } else {
      const auto single = static_cast<float>(value);
      std::memcpy(to, &single, sizeof single);
    }
    ++stored_;
    return true;
  }

  // `text` to the argument, with a NUL if it is a string. False when it does not fit.
  bool store_text(View text, bool wide, bool terminated) {
    const auto put = [&](auto converted) {
      using Out = typename decltype(converted)::value_type;
      auto* const to = arguments_.take<Out*>();
      const std::size_t room = rules_ == ScanRules::checked ? arguments_.take<unsigned>() : SIZE_MAX;
      if (converted.size() + terminated > room) {
        if (room != 0) to[0] = 0;
        return false;
      }
      std::copy(converted.begin(), converted.end(), to);
      if (terminated) to[converted.size()] = 0;
      ++stored_;
      return true;
    };
    if constexpr (kWide)
      return wide ? put(std::u16string(text)) : put(to_ansi(text));
    else
      return wide ? put(from_ansi(text)) : put(std::string(text));
  }

  bool characters(bool wide) {
    if (!something_left()) return false;
    const View text = text_.substr(t_, width_);
    if (text.size() < width_) return false;
    t_ += text.size();
    return skip_ || store_text(text, wide, false);
  }

  template <typename Belongs>
  bool string(bool wide, Belongs belongs) {
    if (!something_left()) return false;
    std::size_t length = 0;
    while (length < width_ && t_ + length < text_.size() && belongs(peek(length))) ++length;
    if (length == 0) return false;
    const View text = text_.substr(t_, length);
    t_ += length;
    return skip_ || store_text(text, wide, true);
  }

  // %[...]: a set of characters, with ranges; "]" may come first.
  bool set(bool wide) {
    const bool other = accept("^");
    const std::size_t begin = f_;
    while (f_ < format_.size() && (format_[f_] != ']' || f_ == begin)) ++f_;
    if (f_ == format_.size()) return false;
    const View members = format_.substr(begin, f_ - begin);
    ++f_;
    const auto listed = [&](char16_t c) {
      for (std::size_t i = 0; i < members.size(); ++i) {
        char16_t low = unit(members[i]), high = low;
        if (i + 2 < members.size() && members[i + 1] == '-') {
          high = unit(members[i + 2]);
          if (high < low) std::swap(low, high);
          i += 2;
        }
        if (c >= low && c <= high) return true;
      }
      return false;
    };
    return string(wide, [&](char16_t c) { return listed(c) != other; });
  }

  const View text_, format_;
  Arguments arguments_;
  const ScanRules rules_;
  std::size_t t_ = 0, f_ = 0, width_ = 0;
  int stored_ = 0;
  bool skip_ = false, ran_out_ = false;
};

}  // namespace

int scan(std::string_view text, std::string_view format, Arguments arguments, ScanRules rules) {
  return Scanner<char>(text, format, arguments, rules).run();
}
int scan(std::u16string_view text, std::u16string_view format, Arguments arguments, ScanRules rules) {
  return Scanner<char16_t>(text, format, arguments, rules).run();
}

}  // namespace hmodule::nls
