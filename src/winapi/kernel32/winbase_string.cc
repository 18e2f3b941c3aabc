// winbase.h, the oldest string functions: lstrlen and its kin. They answer to a null pointer, and they compare by the
// order of the user's language.
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nls/collate.h"
#include "winapi/common/answer.h"

#include <algorithm>
#include <string_view>

namespace hmodule::winapi {
namespace {

template <typename Char>
using Text = std::char_traits<Char>;

template <typename Char>
HM_WINAPI int lstrlen(const Char* text) noexcept {
  return text == nullptr ? 0 : static_cast<int>(Text<Char>::length(text));
}
template <typename Char>
HM_WINAPI Char* lstrcpy(Char* to, const Char* from) noexcept {
  if (to == nullptr || from == nullptr) return nullptr;
  return Text<Char>::move(to, from, Text<Char>::length(from) + 1);
}
// At most `room` characters with the terminator.
template <typename Char>
HM_WINAPI Char* lstrcpyn(Char* to, const Char* from, int room) noexcept {
  if (to == nullptr || from == nullptr || room <= 0) return room == 0 ? to : nullptr;
  const auto length = static_cast<std::size_t>(std::find(from, from + room - 1, Char{}) - from);
  Text<Char>::move(to, from, length);
  to[length] = Char{};
  return to;
}
template <typename Char>
HM_WINAPI Char* lstrcat(Char* to, const Char* from) noexcept {
  if (to == nullptr || from == nullptr) return nullptr;
  lstrcpy(to + Text<Char>::length(to), from);
  return to;
}

std::u16string wide(const WCHAR* text) {
  return text;
}
std::u16string wide(const CHAR* text) {
  return nls::from_ansi(text);
}

template <typename Char, DWORD flags>
HM_WINAPI int lstrcmp(const Char* a, const Char* b) noexcept {
  if (a == nullptr || b == nullptr) return (a != nullptr) - (b != nullptr);
  return answer<int>(
      0, [&]() -> Result<int> { return TRY(nls::compare(nls::user_locale(), flags, wide(a), wide(b))) - CSTR_EQUAL; });
}

const Export kRows[] = {
    {"lstrcat", proc(lstrcat<CHAR>)},
    {"lstrcatA", proc(lstrcat<CHAR>)},
    {"lstrcatW", proc(lstrcat<WCHAR>)},
    {"lstrcmp", proc(lstrcmp<CHAR, 0>)},
    {"lstrcmpA", proc(lstrcmp<CHAR, 0>)},
    {"lstrcmpW", proc(lstrcmp<WCHAR, 0>)},
    {"lstrcmpi", proc(lstrcmp<CHAR, NORM_IGNORECASE>)},
    {"lstrcmpiA", proc(lstrcmp<CHAR, NORM_IGNORECASE>)},
    {"lstrcmpiW", proc(lstrcmp<WCHAR, NORM_IGNORECASE>)},
    {"lstrcpy", proc(lstrcpy<CHAR>)},
    {"lstrcpyA", proc(lstrcpy<CHAR>)},
    {"lstrcpyW", proc(lstrcpy<WCHAR>)},
    {"lstrcpyn", proc(lstrcpyn<CHAR>)},
    {"lstrcpynA", proc(lstrcpyn<CHAR>)},
    {"lstrcpynW", proc(lstrcpyn<WCHAR>)},
    {"lstrlen", proc(lstrlen<CHAR>)},
    {"lstrlenA", proc(lstrlen<CHAR>)},
    {"lstrlenW", proc(lstrlen<WCHAR>)},
};

}  // namespace

extern const ExportTable winbase_string_exports = kRows;

}  // namespace hmodule::winapi
