// The rest of what ntdll has of the C library for memory and strings: leaves (base/leaf_code.h) that are not hot, and
// so are plain loops. Case is ASCII's. A function of either kind of character is a template for both, and two functions
// that it is part of: GCC puts a function into a section, but not a template.
#include "base/leaf_code.h"
#include "winapi/crt/callers_text.h"
#include "winapi/crt/exports.h"

namespace hmodule::winapi {
namespace {

#define HM_PART [[gnu::always_inline]] inline

// --- Memory ---

HM_LEAF HM_WINAPI SIZE_T RtlCompareMemoryUlong(const ULONG* from, SIZE_T size, ULONG pattern) noexcept {
  SIZE_T equal = 0;
  while (equal < size / sizeof(ULONG) && from[equal] == pattern) ++equal;
  return equal * sizeof(ULONG);
}
HM_LEAF HM_WINAPI void RtlFillMemoryUlong(ULONG* to, SIZE_T size, ULONG pattern) noexcept {
  for (SIZE_T i = 0; i < size / sizeof(ULONG); ++i) to[i] = pattern;
}

// --- Strings without regard to case ---

template <typename Char>
HM_PART Char lower_ascii(Char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<Char>(c + 0x20) : c;
}
template <typename Char>
HM_PART Char upper_ascii(Char c) {
  return c >= 'a' && c <= 'z' ? static_cast<Char>(c - 0x20) : c;
}
HM_PART int value_of(char c) {
  return static_cast<BYTE>(c);
}
HM_PART int value_of(WCHAR c) {
  return c;
}

// _stricmp answers the difference of the lower-case characters.
template <typename Char>
HM_PART int compare_ignoring_case(const Char* a, const Char* b, SIZE_T limit) {
  for (SIZE_T i = 0; i < limit; ++i) {
    const int x = value_of(lower_ascii(a[i])), y = value_of(lower_ascii(b[i]));
    if (x != y || x == 0) return x - y;
  }
  return 0;
}
HM_LEAF HM_WINAPI int crt_strnicmp(const char* a, const char* b, SIZE_T limit) noexcept {
  return compare_ignoring_case(a, b, limit);
}
HM_LEAF HM_WINAPI int crt_wcsnicmp(const WCHAR* a, const WCHAR* b, SIZE_T limit) noexcept {
  return compare_ignoring_case(a, b, limit);
}
HM_LEAF HM_WINAPI int crt_stricmp(const char* a, const char* b) noexcept {
  return compare_ignoring_case(a, b, ~SIZE_T{0});
}
HM_LEAF HM_WINAPI int crt_wcsicmp(const WCHAR* a, const WCHAR* b) noexcept {
  return compare_ignoring_case(a, b, ~SIZE_T{0});
}
HM_LEAF HM_WINAPI int crt_memicmp(const char* a, const char* b, SIZE_T size) noexcept {
  for (SIZE_T i = 0; i < size; ++i) {
    const int difference = value_of(lower_ascii(a[i])) - value_of(lower_ascii(b[i]));
    if (difference != 0) return difference;
  }
  return 0;
}

template <typename Char>
HM_PART Char* make_lower(Char* text) {
  for (Char* at = text; *at != 0; ++at) *at = lower_ascii(*at);
  return text;
}
HM_LEAF HM_WINAPI char* crt_strlwr(char* text) noexcept {
  return make_lower(text);
}
HM_LEAF HM_WINAPI WCHAR* crt_wcslwr(WCHAR* text) noexcept {
  return make_lower(text);
}
template <typename Char>
HM_PART Char* make_upper(Char* text) {
  for (Char* at = text; *at != 0; ++at) *at = upper_ascii(*at);
  return text;
}
HM_LEAF HM_WINAPI char* crt_strupr(char* text) noexcept {
  return make_upper(text);
}
HM_LEAF HM_WINAPI WCHAR* crt_wcsupr(WCHAR* text) noexcept {
  return make_upper(text);
}

// --- Copies with a limit ---

// strncpy: exactly `size` characters, filled up with zeros.
template <typename Char>
HM_PART Char* copy_n(Char* to, const Char* from, SIZE_T size) {
  const SIZE_T count = callers::length(from, size);
  callers::move(to, from, count);
  for (SIZE_T i = count; i < size; ++i) to[i] = Char{};
  return to;
}
HM_LEAF HM_WINAPI char* crt_strncpy(char* to, const char* from, SIZE_T size) noexcept {
  return copy_n(to, from, size);
}
HM_LEAF HM_WINAPI WCHAR* crt_wcsncpy(WCHAR* to, const WCHAR* from, SIZE_T size) noexcept {
  return copy_n(to, from, size);
}
template <typename Char>
HM_PART Char* append_n(Char* to, const Char* from, SIZE_T size) {
  Char* const end = to + callers::length(to);
  const SIZE_T count = callers::length(from, size);
  callers::move(end, from, count);
  end[count] = Char{};
  return to;
}
HM_LEAF HM_WINAPI char* crt_strncat(char* to, const char* from, SIZE_T size) noexcept {
  return append_n(to, from, size);
}
HM_LEAF HM_WINAPI WCHAR* crt_wcsncat(WCHAR* to, const WCHAR* from, SIZE_T size) noexcept {
  return append_n(to, from, size);
}

// --- Looking for something ---

template <typename Char>
HM_PART Char* find_last(const Char* text, Char wanted) {
  for (const Char* at = text + callers::length(text);; --at) {
    if (*at == wanted) return const_cast<Char*>(at);
    if (at == text) return nullptr;
  }
}
HM_LEAF HM_WINAPI char* crt_strrchr(const char* text, int wanted) noexcept {
  return find_last(text, static_cast<char>(wanted));
}
HM_LEAF HM_WINAPI WCHAR* crt_wcsrchr(const WCHAR* text, WCHAR wanted) noexcept {
  return find_last(text, wanted);
}

template <typename Char>
HM_PART bool starts_with(const Char* text, const Char* wanted) {
  while (*wanted != 0 && *text == *wanted) ++text, ++wanted;
  return *wanted == 0;
}
template <typename Char>
HM_PART Char* find_text(const Char* text, const Char* wanted) {
  if (*wanted == 0) return const_cast<Char*>(text);
  while ((text = callers::find(text, *wanted)) != nullptr && !starts_with(text, wanted)) ++text;
  return const_cast<Char*>(text);
}
HM_LEAF HM_WINAPI char* crt_strstr(const char* text, const char* wanted) noexcept {
  return find_text(text, wanted);
}
HM_LEAF HM_WINAPI WCHAR* crt_wcsstr(const WCHAR* text, const WCHAR* wanted) noexcept {
  return find_text(text, wanted);
}

// How many characters there are before the first that is in the set, or is not.
template <bool in_set, typename Char>
HM_PART SIZE_T span(const Char* text, const Char* set) {
  SIZE_T length = 0;
  while (text[length] != 0 && (callers::find(set, text[length]) != nullptr) == in_set) ++length;
  return length;
}
HM_LEAF HM_WINAPI SIZE_T crt_strspn(const char* text, const char* set) noexcept {
  return span<true>(text, set);
}
HM_LEAF HM_WINAPI SIZE_T crt_wcsspn(const WCHAR* text, const WCHAR* set) noexcept {
  return span<true>(text, set);
}
HM_LEAF HM_WINAPI SIZE_T crt_strcspn(const char* text, const char* set) noexcept {
  return span<false>(text, set);
}
HM_LEAF HM_WINAPI SIZE_T crt_wcscspn(const WCHAR* text, const WCHAR* set) noexcept {
  return span<false>(text, set);
}
template <typename Char>
HM_PART Char* find_any(const Char* text, const Char* set) {
  const SIZE_T at = span<false>(text, set);
  return text[at] == 0 ? nullptr : const_cast<Char*>(text + at);
}
HM_LEAF HM_WINAPI char* crt_strpbrk(const char* text, const char* set) noexcept {
  return find_any(text, set);
}
HM_LEAF HM_WINAPI WCHAR* crt_wcspbrk(const WCHAR* text, const WCHAR* set) noexcept {
  return find_any(text, set);
}

template <typename Char>
HM_PART Char* token(Char* text, const Char* separators, Char** context) {
  if (text == nullptr) text = *context;
  if (text == nullptr) return nullptr;
  text += span<true>(text, separators);
  if (*text == 0) {
    *context = text;
    return nullptr;
  }
  Char* end = text + span<false>(text, separators);
  if (*end != 0) *end++ = 0;
  *context = end;
  return text;
}
HM_LEAF HM_WINAPI char* crt_strtok_s(char* text, const char* separators, char** context) noexcept {
  return token(text, separators, context);
}
HM_LEAF HM_WINAPI WCHAR* crt_wcstok_s(WCHAR* text, const WCHAR* separators, WCHAR** context) noexcept {
  return token(text, separators, context);
}

// --- The _s functions: refused rather than overrun ---

constexpr SIZE_T kTruncate = ~SIZE_T{0};
constexpr int kInvalid = 22, kRange = 34, kTruncated = 80;  // EINVAL, ERANGE, STRUNCATE of Windows' errno.h

HM_LEAF HM_WINAPI int crt_memcpy_s(void* to, SIZE_T room, const void* from, SIZE_T size) noexcept {
  if (size == 0) return 0;
  if (to == nullptr) return kInvalid;
  if (from == nullptr || room < size) {
    best_leaves.memset(to, 0, room);
    return from == nullptr ? kInvalid : kRange;
  }
  best_leaves.memmove(to, from, size);
  return 0;
}
HM_LEAF HM_WINAPI int crt_memmove_s(void* to, SIZE_T room, const void* from, SIZE_T size) noexcept {
  if (size == 0) return 0;
  if (to == nullptr || from == nullptr) return kInvalid;
  if (room < size) return kRange;
  best_leaves.memmove(to, from, size);
  return 0;
}

// Puts up to `limit` characters of `from` behind the first `used` ones of `to`.
template <typename Char>
HM_PART int put_checked(Char* to, SIZE_T used, SIZE_T room, const Char* from, SIZE_T limit) {
  SIZE_T count = callers::length(from, limit == kTruncate ? room : limit);
  int result = 0;
  if (used + count + 1 > room) {
    if (limit != kTruncate) {
      *to = 0;
      return kRange;
    }
    count = room - used - 1;
    result = kTruncated;
  }
  callers::move(to + used, from, count);
  to[used + count] = 0;
  return result;
}
template <typename Char>
HM_PART int copy_n_s(Char* to, SIZE_T room, const Char* from, SIZE_T limit) {
  if (to == nullptr && room == 0 && limit == 0) return 0;
  if (to == nullptr || room == 0) return kInvalid;
  if (from == nullptr) {
    *to = 0;
    return limit == 0 ? 0 : kInvalid;
  }
  return put_checked(to, 0, room, from, limit);
}
HM_LEAF HM_WINAPI int crt_strncpy_s(char* to, SIZE_T room, const char* from, SIZE_T limit) noexcept {
  return copy_n_s(to, room, from, limit);
}
HM_LEAF HM_WINAPI int crt_wcsncpy_s(WCHAR* to, SIZE_T room, const WCHAR* from, SIZE_T limit) noexcept {
  return copy_n_s(to, room, from, limit);
}
template <typename Char>
HM_PART int append_n_s(Char* to, SIZE_T room, const Char* from, SIZE_T limit) {
  if (to == nullptr || room == 0) return kInvalid;
  const SIZE_T used = callers::length(to, room);
  if (used == room || from == nullptr) {
    *to = 0;
    return kInvalid;
  }
  return put_checked(to, used, room, from, limit);
}
HM_LEAF HM_WINAPI int crt_strncat_s(char* to, SIZE_T room, const char* from, SIZE_T limit) noexcept {
  return append_n_s(to, room, from, limit);
}
HM_LEAF HM_WINAPI int crt_wcsncat_s(WCHAR* to, SIZE_T room, const WCHAR* from, SIZE_T limit) noexcept {
  return append_n_s(to, room, from, limit);
}
template <typename Char>
HM_PART int copy_s(Char* to, SIZE_T room, const Char* from) {
  if (to == nullptr || room == 0) return kInvalid;
  if (from == nullptr) {
    *to = 0;
    return kInvalid;
  }
  return put_checked(to, 0, room, from, kTruncate - 1);
}
HM_LEAF HM_WINAPI int crt_strcpy_s(char* to, SIZE_T room, const char* from) noexcept {
  return copy_s(to, room, from);
}
HM_LEAF HM_WINAPI int crt_wcscpy_s(WCHAR* to, SIZE_T room, const WCHAR* from) noexcept {
  return copy_s(to, room, from);
}
HM_LEAF HM_WINAPI int crt_strcat_s(char* to, SIZE_T room, const char* from) noexcept {
  return append_n_s(to, room, from, kTruncate - 1);
}
HM_LEAF HM_WINAPI int crt_wcscat_s(WCHAR* to, SIZE_T room, const WCHAR* from) noexcept {
  return append_n_s(to, room, from, kTruncate - 1);
}

const Export kRows[] = {
    {"RtlCompareMemoryUlong", proc(RtlCompareMemoryUlong)},
    {"RtlFillMemoryUlong", proc(RtlFillMemoryUlong)},
    {"_memicmp", proc(crt_memicmp)},
    {"_strcmpi", proc(crt_stricmp)},
    {"_stricmp", proc(crt_stricmp)},
    {"_strlwr", proc(crt_strlwr)},
    {"_strnicmp", proc(crt_strnicmp)},
    {"_strupr", proc(crt_strupr)},
    {"_wcsicmp", proc(crt_wcsicmp)},
    {"_wcslwr", proc(crt_wcslwr)},
    {"_wcsnicmp", proc(crt_wcsnicmp)},
    {"_wcsupr", proc(crt_wcsupr)},
    {"memcpy_s", proc(crt_memcpy_s)},
    {"memmove_s", proc(crt_memmove_s)},
    {"strcat_s", proc(crt_strcat_s)},
    {"strcpy_s", proc(crt_strcpy_s)},
    {"strcspn", proc(crt_strcspn)},
    {"strncat", proc(crt_strncat)},
    {"strncat_s", proc(crt_strncat_s)},
    {"strncpy", proc(crt_strncpy)},
    {"strncpy_s", proc(crt_strncpy_s)},
    {"strpbrk", proc(crt_strpbrk)},
    {"strrchr", proc(crt_strrchr)},
    {"strspn", proc(crt_strspn)},
    {"strstr", proc(crt_strstr)},
    {"strtok_s", proc(crt_strtok_s)},
    {"wcscat_s", proc(crt_wcscat_s)},
    {"wcscpy_s", proc(crt_wcscpy_s)},
    {"wcscspn", proc(crt_wcscspn)},
    {"wcsncat", proc(crt_wcsncat)},
    {"wcsncat_s", proc(crt_wcsncat_s)},
    {"wcsncpy", proc(crt_wcsncpy)},
    {"wcsncpy_s", proc(crt_wcsncpy_s)},
    {"wcspbrk", proc(crt_wcspbrk)},
    {"wcsrchr", proc(crt_wcsrchr)},
    {"wcsspn", proc(crt_wcsspn)},
    {"wcsstr", proc(crt_wcsstr)},
    {"wcstok_s", proc(crt_wcstok_s)},
};

}  // namespace

extern const ExportTable string_leaves_exports = kRows;

}  // namespace hmodule::winapi
