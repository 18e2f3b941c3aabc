// winbase.h: atoms, the process's own and the global ones.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/atom_table.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <algorithm>
#include <type_traits>

namespace hmodule::winapi {
namespace {

using nt::ATOM;
using nt::AtomTable;

// Runs `use` with the name, whose text lives that long.
template <typename Char, typename Use>
Result<ATOM> with_name(const Char* name, Use&& use) {
  const auto wide = reinterpret_cast<const WCHAR*>(name);
  if constexpr (std::is_same_v<Char, char>) {
    if (reinterpret_cast<std::uintptr_t>(name) >= 0x10000) {
      const std::u16string text = utf16(name);
      return use(TRY(AtomTable::name_from(std::u16string_view(text))));
    }
  }
  return use(TRY(AtomTable::name_from(wide)));
}
template <typename Char>
ATOM add(AtomTable& table, const Char* name, const char* function = __builtin_FUNCTION()) {
  return answer<ATOM>(
      0, [&] { return with_name(name, [&](const AtomTable::Name& checked) { return table.add(checked); }); }, function);
}
template <typename Char>
ATOM find(AtomTable& table, const Char* name, const char* function = __builtin_FUNCTION()) {
  return answer<ATOM>(
      0, [&] { return with_name(name, [&](const AtomTable::Name& checked) { return table.find(checked); }); },
      function);
}
// 0 when it worked, else the atom.
ATOM remove(AtomTable& table, ATOM atom, const char* function = __builtin_FUNCTION()) {
  return answer<ATOM>(
      atom,
      [&]() -> Result<ATOM> {
        TRY(table.remove(atom));
        return ATOM{0};
      },
      function);
}
// The atom's name in the caller's characters.
template <typename Char>
Result<std::basic_string<Char>> name_in(AtomTable& table, ATOM atom, INT size) {
  if (size <= 0) return fail_win32(ERROR_MORE_DATA, "no room for an atom's name");
  std::u16string name = TRY(table.query(atom)).name;
  if constexpr (std::is_same_v<Char, char>)
    return utf8(name);
  else
    return name;
}
// A name that is too long is cut off, in silence.
template <typename Char>
UINT local_name(ATOM atom, Char* buffer, INT size, const char* function = __builtin_FUNCTION()) {
  return answer<UINT>(
      0,
      [&]() -> Result<UINT> {
        const auto name = TRY(name_in<Char>(nt::local_atoms(), atom, size));
        const std::size_t fitting = std::min(name.size(), static_cast<std::size_t>(size) - 1);
        *std::copy_n(name.begin(), fitting, buffer) = 0;
        return static_cast<UINT>(fitting);
      },
      function);
}

HM_WINAPI ATOM AddAtomA(const char* name) noexcept {
  return add(nt::local_atoms(), name);
}
HM_WINAPI ATOM AddAtomW(const WCHAR* name) noexcept {
  return add(nt::local_atoms(), name);
}
HM_WINAPI ATOM FindAtomA(const char* name) noexcept {
  return find(nt::local_atoms(), name);
}
HM_WINAPI ATOM FindAtomW(const WCHAR* name) noexcept {
  return find(nt::local_atoms(), name);
}
HM_WINAPI ATOM DeleteAtom(ATOM atom) noexcept {
  return remove(nt::local_atoms(), atom);
}
HM_WINAPI UINT GetAtomNameA(ATOM atom, char* buffer, INT size) noexcept {
  return local_name(atom, buffer, size);
}
HM_WINAPI UINT GetAtomNameW(ATOM atom, WCHAR* buffer, INT size) noexcept {
  return local_name(atom, buffer, size);
}
// The table needs no preparation.
HM_WINAPI BOOL InitAtomTable(DWORD) noexcept {
  return TRUE;
}

HM_WINAPI ATOM GlobalAddAtomA(const char* name) noexcept {
  return add(nt::global_atoms(), name);
}
HM_WINAPI ATOM GlobalAddAtomW(const WCHAR* name) noexcept {
  return add(nt::global_atoms(), name);
}
HM_WINAPI ATOM GlobalFindAtomA(const char* name) noexcept {
  return find(nt::global_atoms(), name);
}
HM_WINAPI ATOM GlobalFindAtomW(const WCHAR* name) noexcept {
  return find(nt::global_atoms(), name);
}
HM_WINAPI ATOM GlobalDeleteAtom(ATOM atom) noexcept {
  return remove(nt::global_atoms(), atom);
}
// ERROR_MORE_DATA when the name does not fit: nothing is given here ...
HM_WINAPI UINT GlobalGetAtomNameA(ATOM atom, char* buffer, INT size) noexcept {
  return answer<UINT>(0, [&]() -> Result<UINT> {
    const std::string name = TRY(name_in<char>(nt::global_atoms(), atom, size));
    if (name.size() >= static_cast<std::size_t>(size))
      return fail_win32(ERROR_MORE_DATA, "{} bytes for {}", size, name.size());
    *std::copy(name.begin(), name.end(), buffer) = 0;
    return static_cast<UINT>(name.size());
  });
}
// ... and all that fits here, without a terminator; that alone may be missing.
HM_WINAPI UINT GlobalGetAtomNameW(ATOM atom, WCHAR* buffer, INT size) noexcept {
  return answer<UINT>(0, [&]() -> Result<UINT> {
    const std::u16string name = TRY(name_in<WCHAR>(nt::global_atoms(), atom, size));
    const auto room = static_cast<std::size_t>(size), fitting = std::min(name.size(), room);
    WCHAR* const end = std::copy_n(name.begin(), fitting, buffer);
    if (fitting < room) *end = 0;
    if (fitting < name.size()) thread::set_last_error(ERROR_MORE_DATA);
    return static_cast<UINT>(fitting);
  });
}

constexpr std::string_view kThisProcess = "the global table is this process's";
const Export kRows[] = {
    {"AddAtomA", proc(AddAtomA)},
    {"AddAtomW", proc(AddAtomW)},
    {"DeleteAtom", proc(DeleteAtom)},
    {"FindAtomA", proc(FindAtomA)},
    {"FindAtomW", proc(FindAtomW)},
    {"GetAtomNameA", proc(GetAtomNameA)},
    {"GetAtomNameW", proc(GetAtomNameW)},
    {"GlobalAddAtomA", proc(GlobalAddAtomA), Support::partial, kThisProcess},
    {"GlobalAddAtomW", proc(GlobalAddAtomW), Support::partial, kThisProcess},
    {"GlobalDeleteAtom", proc(GlobalDeleteAtom), Support::partial, kThisProcess},
    {"GlobalFindAtomA", proc(GlobalFindAtomA), Support::partial, kThisProcess},
    {"GlobalFindAtomW", proc(GlobalFindAtomW), Support::partial, kThisProcess},
    {"GlobalGetAtomNameA", proc(GlobalGetAtomNameA), Support::partial, kThisProcess},
    {"GlobalGetAtomNameW", proc(GlobalGetAtomNameW), Support::partial, kThisProcess},
    {"InitAtomTable", proc(InitAtomTable)},
};

}  // namespace

extern const ExportTable winbase_atom_exports = kRows;

}  // namespace hmodule::winapi
