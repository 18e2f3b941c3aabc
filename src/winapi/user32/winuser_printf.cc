// winuser.h: wsprintf, which is older than C's printf and knows less: no floating point, no '*', at most 1024
// characters.
#include "module/builtin.h"
#include "winapi/user32/args.h"

#include <array>
#include <cstdarg>

namespace hmodule::winapi {
namespace {

constexpr std::size_t kMostCharacters = 1024;  // wsprintf documentation; the terminator is one

template <typename Char>
class Printer {
 public:
  Printer(Char* out, const Char* format, __builtin_ms_va_list arguments) : out_(out), at_(format) {
    __builtin_ms_va_copy(arguments_, arguments);
  }
  ~Printer() { __builtin_ms_va_end(arguments_); }
  INT run();

 private:
  struct Field {
    bool left = false, alternate = false, zero = false, half = false, wide = false, wide_wide = false;
    std::size_t width = 0, precision = std::string::npos;
  };

  bool take(char c) {
    if (*at_ != static_cast<Char>(c)) return false;
    ++at_;
    return true;
  }
  std::size_t number() {
    std::size_t value = 0;
    while (*at_ >= '0' && *at_ <= '9')
      value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(*at_++ - '0'), 4096);
    return value;
  }
  Field field();
  void conversion(const Field& field);
  void put(Char c) {
    if (length_ + 1 < kMostCharacters) out_[length_++] = c;
  }
  // A number's digits are ASCII, whose sign and prefix come before the zeros.
  void integer(const Field& field, bool negative, std::string_view prefix, std::uint64_t value, unsigned base,
               bool capitals);
  void text(const Field& field, std::basic_string_view<Char> text);
  void string(const Field& field, bool wide);
  void character(const Field& field, bool wide);

  // Every argument takes 64 bits.
  std::uint64_t argument() { return __builtin_va_arg(arguments_, std::uint64_t); }
  std::int64_t signed_argument(const Field& field) {
    const std::uint64_t value = argument();
    if (field.wide_wide) return static_cast<std::int64_t>(value);
    return field.half ? static_cast<std::int16_t>(value) : static_cast<std::int32_t>(value);
  }
  std::uint64_t unsigned_argument(const Field& field) {
    const std::uint64_t value = argument();
    if (field.wide_wide) return value;
    return field.half ? static_cast<std::uint16_t>(value) : static_cast<std::uint32_t>(value);
  }

  Char* const out_;
  std::size_t length_ = 0;
  const Char* at_;
  __builtin_ms_va_list arguments_;
};

template <typename Char>
typename Printer<Char>::Field Printer<Char>::field() {
  Field field;
  for (;;) {
    if (take('-'))
      field.left = true;
    else if (take('#'))
      field.alternate = true;
    else if (take('0'))
      field.zero = true;
    else
      break;
  }
  field.width = number();
  if (take('.')) field.precision = number();
  if (take('l')) {
    field.wide = true;
    field.wide_wide = take('l');
  } else if (take('h')) {
    field.half = true;
  } else if (take('w')) {
    field.wide = true;
  } else if (take('I')) {
    if (at_[0] == '6' && at_[1] == '4') {
      at_ += 2;
      field.wide_wide = true;
    } else if (at_[0] == '3' && at_[1] == '2') {
      at_ += 2;
    } else {
      field.wide_wide = true;
    }
  }
  return field;
}

template <typename Char>
void Printer<Char>::integer(const Field& field, bool negative, std::string_view prefix, std::uint64_t value,
                            unsigned base, bool capitals) {
  std::array<char, 24> digits;
  std::size_t count = 0;
  const std::string_view alphabet = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
  do {
    digits[count++] = alphabet[value % base];
    value /= base;
  } while (value != 0);
  std::size_t zeros = field.precision != std::string::npos && field.precision > count ? field.precision - count : 0;
  const std::size_t before = prefix.size() + (negative ? 1 : 0);
  const std::size_t used = before + zeros + count;
  std::size_t blanks = field.width > used ? field.width - used : 0;
  if (field.zero && !field.left) zeros += std::exchange(blanks, 0);
  if (!field.left)
    while (blanks != 0 && blanks--) put(' ');
  if (negative) put('-');
  for (const char c : prefix) put(static_cast<Char>(c));
  while (zeros-- != 0) put('0');
  while (count-- != 0) put(static_cast<Char>(digits[count]));
  while (blanks != 0 && blanks--) put(' ');
}

template <typename Char>
void Printer<Char>::text(const Field& field, std::basic_string_view<Char> text) {
  text = text.substr(0, field.precision);
  std::size_t blanks = field.width > text.size() ? field.width - text.size() : 0;
  if (!field.left)
    while (blanks != 0 && blanks--) put(field.zero ? '0' : ' ');
  for (const Char c : text) put(c);
  while (blanks != 0 && blanks--) put(' ');
}

template <typename Char>
void Printer<Char>::string(const Field& field, bool wide) {
  const auto* const given = reinterpret_cast<const void*>(argument());
  std::u16string unit;
  if (given == nullptr)
    unit = u"(null)";
  else if (wide)
    unit = static_cast<const WCHAR*>(given);
  else
    unit = nls::from_ansi(static_cast<const CHAR*>(given));
  const auto converted = text_for<Char>(unit);
  text(field, converted);
}

template <typename Char>
void Printer<Char>::character(const Field& field, bool wide) {
  const auto value = static_cast<WCHAR>(argument());
  if (wide == kIsWide<Char>) {
    const Char one = static_cast<Char>(value);
    return text(field, {&one, 1});
  }
  const auto converted = text_for<Char>(wide ? std::u16string(1, value) : std::u16string(1, value & 0xFF));
  text(field, converted);
}

template <typename Char>
void Printer<Char>::conversion(const Field& field) {
  const Char kind = *at_++;
  switch (kind) {
    case 'd':
    case 'i': {
      const std::int64_t value = signed_argument(field);
      return integer(field, value < 0, "",
                     value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value), 10, false);
    }
    case 'u':
      return integer(field, false, "", unsigned_argument(field), 10, false);
    case 'x':
      return integer(field, false, field.alternate ? "0x" : "", unsigned_argument(field), 16, false);
    case 'X':
      return integer(field, false, field.alternate ? "0X" : "", unsigned_argument(field), 16, true);
    case 'p': {
      Field all = field;
      all.precision = 16;
      return integer(all, false, "", argument(), 16, true);
    }
    case 'c':
    case 'C':
      return character(field, !field.half && (field.wide || (kind == 'c') == kIsWide<Char>));
    case 's':
    case 'S':
      return string(field, !field.half && (field.wide || (kind == 's') == kIsWide<Char>));
    case 0:
      --at_;
      return;
    default:  // "%%" and what it does not know stand for the character
      put(kind);
  }
}

template <typename Char>
INT Printer<Char>::run() {
  while (*at_ != 0) {
    if (*at_ != '%') {
      put(*at_++);
      continue;
    }
    ++at_;
    conversion(field());
  }
  out_[length_] = 0;
  return static_cast<INT>(length_);
}

template <typename Char>
HM_WINAPI INT wvsprintf(Char* out, const Char* format, __builtin_ms_va_list arguments) noexcept {
  return Printer<Char>(out, format, arguments).run();
}
template <typename Char>
HM_WINAPI INT wsprintf(Char* out, const Char* format, ...) {
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, format);
  const INT length = Printer<Char>(out, format, arguments).run();
  __builtin_ms_va_end(arguments);
  return length;
}

const Export kRows[] = {
    {"wsprintfA", proc<INT, CHAR*, const CHAR*>(wsprintf<CHAR>)},
    {"wsprintfW", proc<INT, WCHAR*, const WCHAR*>(wsprintf<WCHAR>)},
    {"wvsprintfA", proc(wvsprintf<CHAR>)},
    {"wvsprintfW", proc(wvsprintf<WCHAR>)},
};

}  // namespace

extern const ExportTable winuser_printf_exports = kRows;

}  // namespace hmodule::winapi
