#include "winapi/common/message_insert.h"

#include "base/utf.h"
#include "nls/codepage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace hmodule::winapi {
namespace {

constexpr std::size_t kMostWidth = 64 * 1024;

enum class Size : std::uint8_t { normal, half, half_half, wide, wide_wide };

struct Specification {
  bool left = false, plus = false, space = false, alternate = false, zero = false;
  std::size_t width = 0;
  std::size_t precision = std::u16string_view::npos;
  Size size = Size::normal;
  char16_t conversion = u's';

  bool has_precision() const { return precision != std::u16string_view::npos; }
};

class Parser {
 public:
  Parser(std::u16string_view text, const ULONG_PTR* arguments, unsigned next)
      : text_(text), arguments_(arguments), next_(next) {}

  Result<Specification> parse();
  ULONG_PTR argument() { return arguments_[next_++]; }

 private:
  bool take(char16_t c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take(std::u16string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  void flags(Specification& out);
  std::size_t number(bool* negative = nullptr);
  void size(Specification& out);

  std::u16string_view text_;
  const ULONG_PTR* arguments_;
  unsigned next_;
};

void Parser::flags(Specification& out) {
  for (;;) {
    if (take(u'-')) {
      out.left = true;
    } else if (take(u'+')) {
      out.plus = true;
    } else if (take(u' ')) {
      out.space = true;
    } else if (take(u'#')) {
      out.alternate = true;
    } else if (take(u'0')) {
      out.zero = true;
    } else {
      return;
    }
  }
}

std::size_t Parser::number(bool* negative) {
  if (take(u'*')) {
    const auto value = static_cast<std::int32_t>(argument());
    if (value < 0 && negative != nullptr) *negative = true;
    return std::min<std::size_t>(static_cast<std::size_t>(value < 0 ? -std::int64_t{value} : value), kMostWidth);
  }
  std::size_t value = 0;
  while (!text_.empty() && text_[0] >= u'0' && text_[0] <= u'9') {
    value = std::min<std::size_t>(value * 10 + (text_[0] - u'0'), kMostWidth);
    text_.remove_prefix(1);
  }
  return value;
}

void Parser::size(Specification& out) {
  if (take(u"I64") || take(u"ll") || take(u'I')) {
    out.size = Size::wide_wide;
    if (take(u"32")) out.size = Size::normal;
  } else if (take(u"hh")) {
    out.size = Size::half_half;
  } else if (take(u'h')) {
    out.size = Size::half;
  } else if (take(u'l') || take(u'w')) {
    out.size = Size::wide;
  }
}

Result<Specification> Parser::parse() {
  const std::u16string_view whole = text_;
  Specification out;
  flags(out);
  bool negative = false;
  out.width = number(&negative);
  out.left |= negative;
  if (take(u'.')) out.precision = number();
  size(out);
  constexpr std::u16string_view kConversions = u"sScCdiuxXop";
  if (text_.size() != 1 || kConversions.find(text_[0]) == kConversions.npos)
    return fail(STATUS_INVALID_PARAMETER, "a message has an insert of the form '{}'", utf8(whole));
  out.conversion = text_[0];
  return out;
}

// Whether the text of an 's' or 'c' is CHAR: 'S' means the other kind, 'h' and 'l' say it outright.
bool is_narrow(const Specification& spec, bool ansi) {
  if (spec.size == Size::half) return true;
  if (spec.size == Size::wide) return false;
  const bool other = spec.conversion == u'S' || spec.conversion == u'C';
  return ansi != other;
}

std::u16string string_of(const Specification& spec, ULONG_PTR value, bool ansi) {
  if (spec.conversion == u'c' || spec.conversion == u'C') {
    if (!is_narrow(spec, ansi)) return std::u16string(1, static_cast<char16_t>(value));
    return nls::from_ansi(std::string(1, static_cast<char>(value)));
  }
  if (value == 0) return u"(null)";
  std::u16string text;
  if (is_narrow(spec, ansi)) {
    const auto* narrow = reinterpret_cast<const char*>(value);
    const std::size_t length = spec.has_precision() ? ::strnlen(narrow, spec.precision) : std::strlen(narrow);
    text = nls::from_ansi({narrow, length});
  } else {
    const auto* wide = reinterpret_cast<const char16_t*>(value);
    while (text.size() < spec.precision && wide[text.size()] != 0) text += wide[text.size()];
  }
  return text.substr(0, spec.precision);
}

std::int64_t signed_value(const Specification& spec, ULONG_PTR value) {
  switch (spec.size) {
    case Size::half_half:
      return static_cast<std::int8_t>(value);
    case Size::half:
      return static_cast<std::int16_t>(value);
    case Size::wide_wide:
      return static_cast<std::int64_t>(value);
    default:
      return static_cast<std::int32_t>(value);
  }
}

std::uint64_t unsigned_value(const Specification& spec, ULONG_PTR value) {
  switch (spec.size) {
    case Size::half_half:
      return static_cast<std::uint8_t>(value);
    case Size::half:
      return static_cast<std::uint16_t>(value);
    case Size::wide_wide:
      return value;
    default:
      return static_cast<std::uint32_t>(value);
  }
}

struct Digits {
  std::string sign, digits;
};
Digits digits_of(const Specification& spec, ULONG_PTR value) {
  const std::uint64_t bits = unsigned_value(spec, value);
  switch (spec.conversion) {
    case u'd':
    case u'i': {
      const std::int64_t number = signed_value(spec, value);
      const std::uint64_t size =
          number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
      return {number < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "", fmt::format("{}", size)};
    }
    case u'x':
      return {spec.alternate && bits != 0 ? "0x" : "", fmt::format("{:x}", bits)};
    case u'X':
      return {spec.alternate && bits != 0 ? "0X" : "", fmt::format("{:X}", bits)};
    case u'o':
      return {spec.alternate && bits != 0 ? "0" : "", fmt::format("{:o}", bits)};
    case u'p':
      return {"", fmt::format("{:016X}", value)};
    default:
      return {"", fmt::format("{}", bits)};
  }
}

std::u16string number_of(const Specification& spec, ULONG_PTR value) {
  Digits parts = digits_of(spec, value);
  std::size_t wanted = spec.has_precision() ? spec.precision : 1;
  if (spec.zero && !spec.left && !spec.has_precision() && spec.width > parts.sign.size())
    wanted = spec.width - parts.sign.size();
  if (parts.digits.size() < wanted) parts.digits.insert(0, wanted - parts.digits.size(), '0');
  return utf16(parts.sign + parts.digits);
}

}  // namespace

Result<std::u16string> format_insert(std::u16string_view specification, const ULONG_PTR* arguments, unsigned first,
                                     bool ansi) {
  Parser parser(specification, arguments, first);
  const Specification spec = TRY(parser.parse());
  const ULONG_PTR value = parser.argument();
  const bool is_text = std::u16string_view(u"sScC").find(spec.conversion) != std::u16string_view::npos;
  std::u16string out = is_text ? string_of(spec, value, ansi) : number_of(spec, value);
  if (out.size() < spec.width) out.insert(spec.left ? out.size() : 0, spec.width - out.size(), u' ');
  return out;
}

}  // namespace hmodule::winapi
