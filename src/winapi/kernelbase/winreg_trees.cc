// winreg.h: whole trees of keys.
#include "base/utf.h"
#include "module/builtin.h"
#include "winapi/kernelbase/registry_keys.h"

namespace hmodule::winapi {
namespace {

// Everything inside `key`, which stays.
Status empty_key(HKEY handle, nt::Key& key) {
  for (;;) {
    const auto row = key.subkey(0);
    if (!row && row.error().status == STATUS_NO_MORE_ENTRIES) break;
    if (!row) return row.error();
    const HANDLE child = TRY(open_registry_key(handle, row->name, nt::KEY_ALL_ACCESS, nt::REG_OPTION_OPEN_LINK));
    const auto opened = nt::object_of<nt::Key>(child, 0);
    Status done = opened ? empty_key(child, **opened) : Status(opened.error());
    if (done) done = (*opened)->remove();
    TRY(nt::handles().close(child));
    TRY(std::move(done));
  }
  for (;;) {
    const auto value = key.value(ULONG{0});
    if (!value && value.error().status == STATUS_NO_MORE_ENTRIES) return ok;
    if (!value) return value.error();
    TRY(key.remove_value(value->name));
  }
}

constexpr ACCESS_MASK kToEmpty =
    nt::DELETE_ACCESS | nt::KEY_ENUMERATE_SUB_KEYS | nt::KEY_QUERY_VALUE | nt::KEY_SET_VALUE;

template <typename Char>
LONG delete_tree(HKEY key, const Char* name, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        const std::u16string subkey = wide(name);
        if (subkey.empty() && predefined(key) == 0)
          TRY(nt::object_of<nt::Key>(key, nt::KEY_ENUMERATE_SUB_KEYS | nt::KEY_SET_VALUE));
        const OpenedKey opened = TRY(OpenedKey::open(key, subkey, kToEmpty));
        TRY(empty_key(opened.handle(), *opened));
        return subkey.empty() ? Status(ok) : opened->remove();
      },
      function);
}
HM_WINAPI LONG RegDeleteTreeA(HKEY key, const CHAR* name) noexcept {
  return delete_tree(key, name);
}
HM_WINAPI LONG RegDeleteTreeW(HKEY key, const WCHAR* name) noexcept {
  return delete_tree(key, name);
}

Status copy_tree(HKEY from, const nt::Key& source, HKEY to, nt::Key& target) {
  for (ULONG index = 0;; ++index) {
    const auto value = source.value(index);
    if (!value && value.error().status == STATUS_NO_MORE_ENTRIES) break;
    if (!value) return value.error();
    TRY(target.set_value(value->name, value->type, value->data));
  }
  std::vector<nt::KeyRow> rows;  // first, lest a copy into the tree itself has no end
  for (;;) {
    auto row = source.subkey(static_cast<ULONG>(rows.size()));
    if (!row && row.error().status == STATUS_NO_MORE_ENTRIES) break;
    if (!row) return row.error();
    rows.push_back(*std::move(row));
  }
  for (const nt::KeyRow& row : rows) {
    const OpenedKey child = TRY(OpenedKey::open(from, row.name, nt::KEY_READ));
    const nt::Created made = TRY(create_registry_key(to, row.name, nt::KEY_ALL_ACCESS, row.class_name));
    const auto copy = nt::object_of<nt::Key>(made.handle, 0);
    Status done = copy ? copy_tree(child.handle(), *child, made.handle, **copy) : Status(copy.error());
    TRY(nt::handles().close(made.handle));
    TRY(std::move(done));
  }
  return ok;
}

template <typename Char>
LONG copy(HKEY from, const Char* name, HKEY to, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        const std::u16string subkey = wide(name);
        const OpenedKey source = TRY(OpenedKey::open(from, subkey, nt::KEY_READ));
        TRY(registry_key(to, nt::KEY_SET_VALUE | nt::KEY_CREATE_SUB_KEY));
        const OpenedKey target = TRY(OpenedKey::open(to, {}, nt::KEY_ALL_ACCESS));
        return copy_tree(source.handle(), *source, target.handle(), *target);
      },
      function);
}
HM_WINAPI LONG RegCopyTreeA(HKEY from, const CHAR* name, HKEY to) noexcept {
  return copy(from, name, to);
}
HM_WINAPI LONG RegCopyTreeW(HKEY from, const WCHAR* name, HKEY to) noexcept {
  return copy(from, name, to);
}

const Export kRows[] = {
    {"RegCopyTreeA", proc(RegCopyTreeA)},
    {"RegCopyTreeW", proc(RegCopyTreeW)},
    {"RegDeleteTreeA", proc(RegDeleteTreeA)},
    {"RegDeleteTreeW", proc(RegDeleteTreeW)},
};

}  // namespace

extern const ExportTable winreg_trees_exports = kRows;

}  // namespace hmodule::winapi
