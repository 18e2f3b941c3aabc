// winbase.h, the oldest string functions: lstrlen and its kin. They answer to a null pointer, and all but lstrcmp with
// NULL or 0 to a bad one, of which a vectored handler hears and the caller does not. They compare by the order of the
// user's language.
#include "module/builtin.h"
#include "nls/codepage.h"
#include "nls/collate.h"
#include "unwind/guard.h"
#include "winapi/common/answer.h"
#include "winapi/crt/callers_text.h"

#include <string>
#include <string_view>

namespace hmodule::winapi {
namespace {

// A zero if one of the pointers is bad.
template <typename R, typename... Parameters>
R unless_bad(HM_WINAPI R (*function)(Parameters...), std::type_identity_t<Parameters>... arguments) {
  unwind::Guard guard;
  return unwind::call_leaf_guarded(guard, function, arguments...);
}

template <typename Char>
HM_WINAPI SIZE_T length(const Char* text) noexcept {
  return callers::length(text);
}
template <typename Char>
HM_WINAPI Char* copy(Char* to, const Char* from) noexcept {
  callers::move(to, from, callers::length(from) + 1);
  return to;
}
template <typename Char>
HM_WINAPI Char* copy_n(Char* to, const Char* from, SIZE_T most) noexcept {
  const SIZE_T length = callers::length(from, most);
  callers::move(to, from, length);
  callers::put(to + length, Char{});
  return to;
}
template <typename Char>
HM_WINAPI Char* append(Char* to, const Char* from) noexcept {
  copy(to + callers::length(to), from);
  return to;
}

template <typename Char>
HM_WINAPI int lstrlen(const Char* text) noexcept {
  return text == nullptr ? 0 : static_cast<int>(unless_bad(length<Char>, text));
}
template <typename Char>
HM_WINAPI Char* lstrcpy(Char* to, const Char* from) noexcept {
  return to == nullptr || from == nullptr ? nullptr : unless_bad(copy<Char>, to, from);
}
// At most `room` characters with the terminator.
template <typename Char>
HM_WINAPI Char* lstrcpyn(Char* to, const Char* from, int room) noexcept {
  if (to == nullptr || from == nullptr || room <= 0) return room == 0 ? to : nullptr;
  return unless_bad(copy_n<Char>, to, from, static_cast<SIZE_T>(room) - 1);
}
template <typename Char>
HM_WINAPI Char* lstrcat(Char* to, const Char* from) noexcept {
  return to == nullptr || from == nullptr ? nullptr : unless_bad(append<Char>, to, from);
}

std::u16string wide(std::u16string_view text) {
  return std::u16string(text);
}
std::u16string wide(std::string_view text) {
  return nls::from_ansi(text);
}

template <typename Char, DWORD flags>
HM_WINAPI int lstrcmp(const Char* a, const Char* b) noexcept {
  if (a == nullptr || b == nullptr) return (a != nullptr) - (b != nullptr);
  const auto x = callers::text(a), y = callers::text(b);
  return answer<int>(
      0, [&]() -> Result<int> { return TRY(nls::compare(nls::user_locale(), flags, wide(x), wide(y))) - CSTR_EQUAL; });
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
