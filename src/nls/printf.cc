#include "nls/printf.h"

#include "nls/codepage.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hmodule::nls {
namespace {

enum class Size { normal, byte, narrow, wide, quad };  // none, hh, h, l or w, 64 bits

struct Spec {
  bool left = false, plus = false, space = false, alternate = false, zero = false;
  int width = 0, precision = -1;
  Size size = Size::normal;
};

void append(std::string& out, std::string_view text) {
  out += text;
}
void append(std::string& out, std::u16string_view text) {
  out += to_ansi(text);
}
void append(std::u16string& out, std::string_view text) {
  out += from_ansi(text);
}
void append(std::u16string& out, std::u16string_view text) {
  out += text;
}

template <typename Char>
class Formatter {
  using String = std::basic_string<Char>;
  using View = std::basic_string_view<Char>;
  static constexpr bool kWide = sizeof(Char) > 1;

 public:
  Formatter(View text, Arguments arguments) : text_(text), arguments_(arguments) {}

  String run() {
    while (at_ < text_.size()) {
      if (text_[at_] != '%') {
        const std::size_t end = std::min(text_.find(Char('%'), at_), text_.size());
        out_ += text_.substr(at_, end - at_);
        at_ = end;
        continue;
      }
      ++at_;
      conversion();
    }
    return std::move(out_);
  }

 private:
  Char peek() const { return at_ < text_.size() ? text_[at_] : Char{}; }
  bool accept(std::string_view prefix) {
    if (text_.size() - at_ < prefix.size()) return false;
    if (!std::equal(prefix.begin(), prefix.end(), text_.begin() + static_cast<std::ptrdiff_t>(at_))) return false;
    at_ += prefix.size();
    return true;
  }

  void conversion() {
    const Spec spec = read_spec();
    const Char type = peek();
    if (type != 0) ++at_;
    switch (type) {
      case 'd':
      case 'i':
        return put_signed(spec);
      case 'u':
      case 'o':
      case 'x':
      case 'X':
        return put_unsigned(spec, static_cast<char>(type));
      case 'p':
        return put_pointer(spec);
      case 'c':
      case 'C':
        return put_character(spec, is_wide(spec, type == 'C'));
      case 's':
      case 'S':
        return put_string(spec, is_wide(spec, type == 'S'));
      case 'Z':
        return put_counted(spec);
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
      case 'a':
      case 'A':
        return put_double(spec, static_cast<char>(type));
      case 'n':
        arguments_.take<void*>();  // refused on Windows as well, since it was never used for good
        return;
      default:
        if (type != 0) out_ += type;  // "%%", and what is no conversion stands for itself
        return;
    }
  }

  Spec read_spec() {
    Spec spec;
    for (bool more = true; more;) {
      switch (peek()) {
        case '-':
          spec.left = true;
          break;
        case '+':
          spec.plus = true;
          break;
        case ' ':
          spec.space = true;
          break;
        case '#':
          spec.alternate = true;
          break;
        case '0':
          spec.zero = true;
          break;
        default:
          more = false;
          continue;
      }
      ++at_;
    }
    spec.width = read_number();
    if (spec.width < 0) {
      spec.left = true;
      spec.width = -spec.width;
    }
    if (accept(".")) spec.precision = std::max(read_number(), -1);
    read_size(spec);
    return spec;
  }

  int read_number() {
    constexpr int kMost = 1 << 20;  // a format is not trusted with all memory
    if (accept("*")) return std::clamp(arguments_.take<int>(), -kMost, kMost);
    int value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) value = std::min(value * 10 + (peek() - '0'), kMost);
    return value;
  }

  void read_size(Spec& spec) {
    if (accept("I64") || accept("ll") || accept("j") || accept("z") || accept("t") || accept("L")) {
      spec.size = Size::quad;
    } else if (accept("I32")) {
      spec.size = Size::normal;
    } else if (accept("I")) {
      spec.size = Size::quad;
    } else if (accept("hh")) {
      spec.size = Size::byte;
    } else if (accept("h")) {
      spec.size = Size::narrow;
    } else if (accept("l") || accept("w")) {
      spec.size = Size::wide;
    }
  }

  // %s is of the format's own kind, %S of the other, unless a size settles it.
  static bool is_wide(const Spec& spec, bool other_kind) {
    if (spec.size == Size::narrow) return false;
    if (spec.size == Size::wide || spec.size == Size::quad) return true;
    return other_kind ? !kWide : kWide;
  }

  void put_signed(const Spec& spec) {
    const auto raw = arguments_.take<std::int64_t>();
    std::int64_t value = raw;
    if (spec.size == Size::byte) value = static_cast<std::int8_t>(raw);  // NOLINT(bugprone-signed-char-misuse)
    if (spec.size == Size::narrow) value = static_cast<std::int16_t>(raw);
    if (spec.size == Size::normal || spec.size == Size::wide) value = static_cast<std::int32_t>(raw);
    const auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    put_integer(spec, magnitude, 'u', value < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "");
  }

  void put_unsigned(const Spec& spec, char type) {
    auto value = arguments_.take<std::uint64_t>();
    if (spec.size == Size::byte) value = static_cast<std::uint8_t>(value);
    if (spec.size == Size::narrow) value = static_cast<std::uint16_t>(value);
    if (spec.size == Size::normal || spec.size == Size::wide) value = static_cast<std::uint32_t>(value);
    std::string prefix;
    if (spec.alternate && value != 0 && type != 'u') prefix = type == 'o' ? "0" : std::string("0") + type;
    put_integer(spec, value, type, prefix);
  }

  void put_pointer(Spec spec) {
    spec.precision = 16;
    put_integer(spec, arguments_.take<std::uint64_t>(), 'X', spec.alternate ? "0X" : "");
  }

  void put_integer(const Spec& spec, std::uint64_t value, char type, const std::string& prefix) {
    const std::uint64_t base = type == 'u' ? 10 : type == 'o' ? 8 : 16;
    const char* const symbols = type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string digits;
    for (std::uint64_t rest = value; rest != 0; rest /= base) digits += symbols[rest % base];
    const auto least = static_cast<std::size_t>(spec.precision < 0 ? 1 : spec.precision);
    while (digits.size() < least) digits += '0';
    // Zeros fill up to the width only where no precision says how many digits there are.
    if (spec.zero && !spec.left && spec.precision < 0) {
      while (digits.size() + prefix.size() < static_cast<std::size_t>(spec.width)) digits += '0';
    }
    std::ranges::reverse(digits);
    put(spec, std::string_view(prefix + digits));
  }

  void put_character(const Spec& spec, bool wide) {
    const auto value = arguments_.take<std::uint16_t>();
    const auto unit = static_cast<char16_t>(value);
    const auto byte = static_cast<char>(value);
    if (wide) {
      put(spec, std::u16string_view(&unit, 1));
    } else {
      put(spec, std::string_view(&byte, 1));
    }
  }

  void put_string(const Spec& spec, bool wide) {
    if (wide) {
      put_limited(spec, arguments_.take<const char16_t*>(), u"(null)");
    } else {
      put_limited(spec, arguments_.take<const char*>(), "(null)");
    }
  }
  // A string with a precision need not be terminated.
  template <typename Unit>
  void put_limited(const Spec& spec, const Unit* text, const Unit* null_text) {
    if (text == nullptr) text = null_text;
    std::size_t length = 0;
    while ((spec.precision < 0 || length < static_cast<std::size_t>(spec.precision)) && text[length] != 0) ++length;
    put(spec, std::basic_string_view<Unit>(text, length));
  }

  void put_counted(const Spec& spec) {
    const void* string = arguments_.take<const void*>();
    if (string == nullptr) return put(spec, std::string_view("(null)"));
    if (spec.size == Size::wide) {
      const auto& text = *static_cast<const UNICODE_STRING*>(string);
      put(spec, std::u16string_view(text.Buffer, text.Length / sizeof(WCHAR)));
    } else {
      const auto& text = *static_cast<const ANSI_STRING*>(string);
      put(spec, std::string_view(text.Buffer, text.Length));
    }
  }

  void put_double(const Spec& spec, char type) {
    const auto value = arguments_.take<double>();
    const int precision = spec.precision < 0 ? 6 : spec.precision;
    std::string digits = std::isfinite(value) ? finite(spec, type, precision, std::fabs(value))
                                              : not_finite(value, type == 'g' || type == 'G' ? -1 : precision);
    const char* sign = std::signbit(value) ? "-" : spec.plus ? "+" : spec.space ? " " : "";
    if (spec.zero && !spec.left) {
      const std::size_t taken = digits.size() + std::strlen(sign);
      if (taken < static_cast<std::size_t>(spec.width))
        digits.insert(0, static_cast<std::size_t>(spec.width) - taken, '0');
    }
    put(spec, std::string_view(sign + digits));
  }

  static std::string finite(const Spec& spec, char type, int precision, double value) {
    const char pattern[] = {'%', spec.alternate ? '#' : '-', '.', '*', type, '\0'};
    const int length = std::snprintf(nullptr, 0, pattern, precision, value);
    std::string text(static_cast<std::size_t>(length) + 1, '\0');
    std::snprintf(text.data(), text.size(), pattern, precision, value);
    text.pop_back();
    const std::size_t exponent = type == 'a' || type == 'A' ? text.npos : text.find_first_of("eE");
    if (exponent != text.npos && text.size() - exponent == 4) text.insert(exponent + 2, 1, '0');
    return text;
  }

  // "1.#INF", with as many digits after the point as were asked for.
  static std::string not_finite(double value, int precision) {
    std::string text = std::isinf(value) ? "1.#INF" : std::signbit(value) ? "1.#IND" : "1.#QNAN";
    if (precision >= 0) text.resize(2 + static_cast<std::size_t>(precision), '0');
    return text;
  }

  template <typename Unit>
  void put(const Spec& spec, std::basic_string_view<Unit> text) {
    String converted;
    append(converted, text);
    const auto width = static_cast<std::size_t>(spec.width);
    const std::size_t fill = converted.size() < width ? width - converted.size() : 0;
    if (!spec.left) out_.append(fill, Char(' '));
    out_ += converted;
    if (spec.left) out_.append(fill, Char(' '));
  }

  View text_;
  Arguments arguments_;
  std::size_t at_ = 0;
  String out_;
};

}  // namespace

std::string format(std::string_view text, Arguments arguments) {
  return Formatter<char>(text, arguments).run();
}
std::u16string format(std::u16string_view text, Arguments arguments) {
  return Formatter<char16_t>(text, arguments).run();
}

}  // namespace hmodule::nls
