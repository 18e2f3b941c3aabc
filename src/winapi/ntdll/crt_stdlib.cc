// The C library that ntdll carries: numbers, sorting, mathematics, formatted text.
#include "module/builtin.h"
#include "nls/printf.h"
#include "nls/scanf.h"
#include "nls/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

namespace hmodule::winapi {
namespace {

// --- Text to numbers ---

int digit_value(char16_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return (c | 0x20) - 'a' + 10;
  return 99;
}
bool is_blank(char16_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

struct Parsed {
  std::uint64_t magnitude;
  bool negative, overflow;
  std::size_t end;  // 0 when there is no number
};

template <typename Char>
Parsed parse(const Char* text, int base) {
  const auto at = [&](std::size_t i) {
    return sizeof(Char) == 1 ? static_cast<char16_t>(static_cast<BYTE>(text[i])) : static_cast<char16_t>(text[i]);
  };
  std::size_t i = 0;
  while (is_blank(at(i))) ++i;
  Parsed parsed{0, at(i) == '-', false, 0};
  if (at(i) == '+' || at(i) == '-') ++i;
  const bool hex_prefix = at(i) == '0' && (at(i + 1) | 0x20) == 'x' && digit_value(at(i + 2)) < 16;
  if (base == 0) base = hex_prefix ? 16 : at(i) == '0' ? 8 : 10;
  if (base == 16 && hex_prefix) i += 2;
  for (int digit; (digit = digit_value(at(i))) < base; parsed.end = ++i) {
    std::uint64_t grown;
    parsed.overflow |= __builtin_mul_overflow(parsed.magnitude, static_cast<std::uint64_t>(base), &grown) ||
                       __builtin_add_overflow(grown, static_cast<std::uint64_t>(digit), &parsed.magnitude);
  }
  return parsed;
}

template <typename Integer>
Integer clamp_signed(const Parsed& parsed) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Integer>::max());
  if (parsed.negative) {
    const bool too_small = parsed.overflow || parsed.magnitude > kMost + 1;
    return too_small ? std::numeric_limits<Integer>::min() : static_cast<Integer>(0 - parsed.magnitude);
  }
  return parsed.overflow || parsed.magnitude > kMost ? std::numeric_limits<Integer>::max()
                                                     : static_cast<Integer>(parsed.magnitude);
}
template <typename Integer>
Integer clamp_unsigned(const Parsed& parsed) {
  if (parsed.overflow || parsed.magnitude > std::numeric_limits<Integer>::max())
    return std::numeric_limits<Integer>::max();
  return static_cast<Integer>(parsed.negative ? 0 - parsed.magnitude : parsed.magnitude);
}

template <typename Integer, typename Char>
HM_WINAPI Integer to_integer(const Char* text, Char** end, int base) noexcept {
  const Parsed parsed = parse(text, base);
  if (end != nullptr) *end = const_cast<Char*>(text) + parsed.end;
  return std::is_signed_v<Integer> ? static_cast<Integer>(clamp_signed<std::make_signed_t<Integer>>(parsed))
                                   : static_cast<Integer>(clamp_unsigned<std::make_unsigned_t<Integer>>(parsed));
}
template <typename Integer, typename Char>
HM_WINAPI Integer simple_integer(const Char* text) noexcept {
  const Parsed parsed = parse(text, 10);
  return static_cast<Integer>(parsed.negative ? 0 - parsed.magnitude : parsed.magnitude);
}

// --- Numbers to text ---

template <typename Integer, typename Char>
HM_WINAPI Char* from_integer(Integer value, Char* text, int base) noexcept {
  using Unsigned = std::make_unsigned_t<Integer>;
  const bool negative = std::is_signed_v<Integer> && base == 10 && value < 0;
  auto rest = static_cast<Unsigned>(negative ? 0 - static_cast<Unsigned>(value) : static_cast<Unsigned>(value));
  std::array<Char, 66> digits;
  std::size_t at = digits.size();
  digits[--at] = 0;
  do {
    const auto digit = static_cast<int>(rest % static_cast<Unsigned>(base));
    digits[--at] = static_cast<Char>(digit < 10 ? '0' + digit : 'a' + digit - 10);
    rest = static_cast<Unsigned>(rest / static_cast<Unsigned>(base));
  } while (rest != 0);
  if (negative) digits[--at] = '-';
  std::copy(digits.begin() + static_cast<std::ptrdiff_t>(at), digits.end(), text);
  return text;
}

// --- Sorting and searching. The comparison is DLL code. ---

using Compare = HM_WINAPI int (*)(const void*, const void*);
using CompareWith = HM_WINAPI int (*)(void* context, const void*, const void*);

HM_WINAPI void crt_qsort(void* base, SIZE_T count, SIZE_T size, Compare compare) noexcept {
  const auto call = [](const void* a, const void* b, void* context) { return (*static_cast<Compare*>(context))(a, b); };
  if (count > 1 && size != 0) qsort_r(base, count, size, call, &compare);
}
HM_WINAPI void crt_qsort_s(void* base, SIZE_T count, SIZE_T size, CompareWith compare, void* context) noexcept {
  struct Call {
    CompareWith compare;
    void* context;
  } bound{compare, context};
  const auto call = [](const void* a, const void* b, void* data) {
    const Call& with = *static_cast<Call*>(data);
    return with.compare(with.context, a, b);
  };
  if (count > 1 && size != 0) qsort_r(base, count, size, call, &bound);
}

template <typename Order>
void* search(const void* base, SIZE_T count, SIZE_T size, Order&& order) {
  const auto* low = static_cast<const char*>(base);
  while (count > 0) {
    const char* middle = low + count / 2 * size;
    const int difference = order(middle);
    if (difference == 0) return const_cast<char*>(middle);
    if (difference > 0) low = middle + size;
    count = difference > 0 ? count - count / 2 - 1 : count / 2;
  }
  return nullptr;
}
HM_WINAPI void* crt_bsearch(const void* key, const void* base, SIZE_T count, SIZE_T size, Compare compare) noexcept {
  return search(base, count, size, [&](const void* one) { return compare(key, one); });
}
HM_WINAPI void* crt_bsearch_s(const void* key, const void* base, SIZE_T count, SIZE_T size, CompareWith compare,
                              void* context) noexcept {
  return search(base, count, size, [&](const void* one) { return compare(context, key, one); });
}
HM_WINAPI void* crt_lfind(const void* key, const void* base, unsigned* count, unsigned size, Compare compare) noexcept {
  const auto* one = static_cast<const char*>(base);
  for (unsigned i = 0; i < *count; ++i, one += size)
    if (compare(key, one) == 0) return const_cast<char*>(one);
  return nullptr;
}

// --- Mathematics ---

template <double (*function)(double)>
HM_WINAPI double math(double x) noexcept {
  return function(x);
}
HM_WINAPI double crt_pow(double x, double y) noexcept {
  return std::pow(x, y);
}
HM_WINAPI double crt_atan2(double y, double x) noexcept {
  return std::atan2(y, x);
}
HM_WINAPI double crt_fmod(double x, double y) noexcept {
  return std::fmod(x, y);
}
HM_WINAPI int crt_abs(int value) noexcept {
  return value < 0 ? static_cast<int>(0U - static_cast<unsigned>(value)) : value;
}

// --- Formatted text. The bounded functions without _s do not terminate a text that fills the buffer. ---

template <typename Char>
int store(Char* to, SIZE_T room, const std::basic_string<Char>& text) {
  const int length = static_cast<int>(text.size());
  if (to == nullptr) return length;
  std::copy_n(text.c_str(), std::min<SIZE_T>(text.size() + 1, room), to);
  return text.size() > room ? -1 : length;
}
// The _s functions: nothing at all rather than a part; with `count` at most so many characters.
template <typename Char>
int store_checked(Char* to, SIZE_T room, SIZE_T count, const std::basic_string<Char>& text) {
  if (to == nullptr || room == 0) return -1;
  if (text.size() <= count && text.size() < room) return store(to, room, text);
  const bool truncates = count == ~SIZE_T{0} || count < room;
  const SIZE_T kept = truncates ? std::min(count, room - 1) : 0;
  std::copy_n(text.c_str(), kept, to);
  to[kept] = 0;
  return -1;
}

template <typename Char>
HM_WINAPI int v_bounded(Char* to, SIZE_T room, const Char* format, const void* arguments) noexcept {
  return store<Char>(to, room, nls::format(std::basic_string_view<Char>(format), nls::Arguments(arguments)));
}
template <typename Char>
HM_WINAPI int v_unbounded(Char* to, const Char* format, const void* arguments) noexcept {
  return v_bounded(to, ~SIZE_T{0}, format, arguments);
}
template <typename Char>
HM_WINAPI int v_count(const Char* format, const void* arguments) noexcept {
  return v_bounded<Char>(nullptr, 0, format, arguments);
}
template <typename Char>
HM_WINAPI int v_checked(Char* to, SIZE_T room, const Char* format, const void* arguments) noexcept {
  const auto text = nls::format(std::basic_string_view<Char>(format), nls::Arguments(arguments));
  if (to != nullptr && room != 0 && text.size() >= room) {
    *to = 0;
    return -1;
  }
  return store_checked(to, room, room, text);
}
template <typename Char>
HM_WINAPI int v_checked_n(Char* to, SIZE_T room, SIZE_T count, const Char* format, const void* arguments) noexcept {
  return store_checked(to, room, count, nls::format(std::basic_string_view<Char>(format), nls::Arguments(arguments)));
}

// The same with `...`: the list is the address of the first variable argument's slot.
template <typename Char>
HM_WINAPI int bounded(Char* to, SIZE_T room, const Char* format, ...) noexcept {
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, format);
  const int length = v_bounded(to, room, format, arguments);
  __builtin_ms_va_end(arguments);
  return length;
}
template <typename Char>
HM_WINAPI int unbounded(Char* to, const Char* format, ...) noexcept {
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, format);
  const int length = v_unbounded(to, format, arguments);
  __builtin_ms_va_end(arguments);
  return length;
}
template <typename Char>
HM_WINAPI int checked(Char* to, SIZE_T room, const Char* format, ...) noexcept {
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, format);
  const int length = v_checked(to, room, format, arguments);
  __builtin_ms_va_end(arguments);
  return length;
}
template <typename Char>
HM_WINAPI int checked_n(Char* to, SIZE_T room, SIZE_T count, const Char* format, ...) noexcept {
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, format);
  const int length = v_checked_n(to, room, count, format, arguments);
  __builtin_ms_va_end(arguments);
  return length;
}

template <typename Char, nls::ScanRules rules>
HM_WINAPI int scan(const Char* text, const Char* format, ...) noexcept {
  using View = std::basic_string_view<Char>;
  __builtin_ms_va_list arguments;
  __builtin_ms_va_start(arguments, format);
  const int stored = nls::scan(View(text), View(format), nls::Arguments(arguments), rules);
  __builtin_ms_va_end(arguments);
  return stored;
}

const Export kRows[] = {
    {"_atoi64", proc(simple_integer<LONG64, char>)},
    {"_i64toa", proc(from_integer<LONG64, char>)},
    {"_i64tow", proc(from_integer<LONG64, WCHAR>)},
    {"_itoa", proc(from_integer<LONG, char>)},
    {"_itow", proc(from_integer<LONG, WCHAR>)},
    {"_lfind", proc(crt_lfind)},
    {"_ltoa", proc(from_integer<LONG, char>)},
    {"_ltow", proc(from_integer<LONG, WCHAR>)},
    {"_snprintf", proc(bounded<char>)},
    {"_snprintf_s", proc(checked_n<char>)},
    {"_snwprintf", proc(bounded<WCHAR>)},
    {"_snwprintf_s", proc(checked_n<WCHAR>)},
    {"_swprintf", proc(unbounded<WCHAR>)},
    {"_ui64toa", proc(from_integer<ULONG64, char>)},
    {"_ui64tow", proc(from_integer<ULONG64, WCHAR>)},
    {"_ultoa", proc(from_integer<ULONG, char>)},
    {"_ultow", proc(from_integer<ULONG, WCHAR>)},
    {"_vscprintf", proc(v_count<char>)},
    {"_vscwprintf", proc(v_count<WCHAR>)},
    {"_vsnprintf", proc(v_bounded<char>)},
    {"_vsnprintf_s", proc(v_checked_n<char>)},
    {"_vsnwprintf", proc(v_bounded<WCHAR>)},
    {"_vsnwprintf_s", proc(v_checked_n<WCHAR>)},
    {"_vswprintf", proc(v_unbounded<WCHAR>)},
    {"_wtoi", proc(simple_integer<LONG, WCHAR>)},
    {"_wtoi64", proc(simple_integer<LONG64, WCHAR>)},
    {"_wtol", proc(simple_integer<LONG, WCHAR>)},
    {"abs", proc(crt_abs)},
    {"acos", proc(math<std::acos>)},
    {"asin", proc(math<std::asin>)},
    {"atan", proc(math<std::atan>)},
    {"atan2", proc(crt_atan2)},
    {"atoi", proc(simple_integer<LONG, char>)},
    {"atol", proc(simple_integer<LONG, char>)},
    {"bsearch", proc(crt_bsearch)},
    {"bsearch_s", proc(crt_bsearch_s)},
    {"ceil", proc(math<std::ceil>)},
    {"cos", proc(math<std::cos>)},
    {"exp", proc(math<std::exp>)},
    {"fabs", proc(math<std::fabs>)},
    {"floor", proc(math<std::floor>)},
    {"fmod", proc(crt_fmod)},
    {"labs", proc(crt_abs)},
    {"log", proc(math<std::log>)},
    {"log10", proc(math<std::log10>)},
    {"pow", proc(crt_pow)},
    {"qsort", proc(crt_qsort)},
    {"qsort_s", proc(crt_qsort_s)},
    {"sin", proc(math<std::sin>)},
    {"sprintf", proc(unbounded<char>)},
    {"sprintf_s", proc(checked<char>)},
    {"sqrt", proc(math<std::sqrt>)},
    {"sscanf", proc(scan<char, nls::ScanRules::plain>)},
    {"sscanf_s", proc(scan<char, nls::ScanRules::checked>)},
    {"strtol", proc(to_integer<LONG, char>)},
    {"strtoul", proc(to_integer<ULONG, char>)},
    {"swprintf", proc(unbounded<WCHAR>)},
    {"swprintf_s", proc(checked<WCHAR>)},
    {"swscanf_s", proc(scan<WCHAR, nls::ScanRules::checked>)},
    {"tan", proc(math<std::tan>)},
    {"vsprintf", proc(v_unbounded<char>)},
    {"vsprintf_s", proc(v_checked<char>)},
    {"vswprintf_s", proc(v_checked<WCHAR>)},
    {"wcstol", proc(to_integer<LONG, WCHAR>)},
    {"wcstoul", proc(to_integer<ULONG, WCHAR>)},
};

}  // namespace

extern const ExportTable crt_stdlib_exports = kRows;

}  // namespace hmodule::winapi
