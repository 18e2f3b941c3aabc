// winreg.h: keys. Values are in winreg_values.cc, whole trees in winreg_trees.cc. All functions return an error code.
#include "winapi/kernelbase/winreg.h"
#include "base/utf.h"
#include "module/builtin.h"
#include "nls/time.h"

namespace hmodule::winapi {
namespace {

// --- opening and closing ---

template <typename Char>
LONG open(HKEY key, const Char* name, DWORD options, DWORD access, HKEY* opened,
          const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (opened == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the key");
        // A predefined key is its own handle.
        if ((name == nullptr || *name == 0) && predefined(key) != 0 && options == 0) {
          *opened = key;
          return ok;
        }
        *opened = nullptr;
        const std::u16string subkey = wide(name);
        *opened = TRY(open_registry_key(key, subkey, access, options));
        return ok;
      },
      function);
}

}  // namespace

HM_WINAPI LONG RegOpenKeyExA(HKEY key, const CHAR* name, DWORD options, DWORD access, HKEY* opened) noexcept {
  return open(key, name, options, access, opened);
}
HM_WINAPI LONG RegOpenKeyExW(HKEY key, const WCHAR* name, DWORD options, DWORD access, HKEY* opened) noexcept {
  return open(key, name, options, access, opened);
}

namespace {

HM_WINAPI LONG RegOpenCurrentUser(DWORD access, HKEY* opened) noexcept {
  return registry_code([&]() -> Status {
    if (opened == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the key");
    const std::u16string name = nt::current_user_key();
    *opened = TRY(nt::open_key({nullptr, name, nt::OBJ_CASE_INSENSITIVE}, access));
    return ok;
  });
}
HM_WINAPI LONG RegOpenUserClassesRoot(HANDLE token, DWORD options, DWORD access, HKEY* opened) noexcept {
  return registry_code([&]() -> Status {
    if (opened == nullptr || options != 0) return fail(STATUS_INVALID_PARAMETER, "options {:#x}", options);
    TRY(nt::handles().find(token));
    const std::u16string name = nt::current_user_key() + u"\\Software\\Classes";
    *opened = TRY(nt::open_key({nullptr, name, nt::OBJ_CASE_INSENSITIVE}, access));
    return ok;
  });
}

template <typename Char>
LONG create(HKEY key, const Char* name, DWORD reserved, const Char* class_name, DWORD options, DWORD access,
            HKEY* created, DWORD* disposition, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (reserved != 0 || created == nullptr)
          return fail(STATUS_INVALID_PARAMETER, "the reserved parameter is {}, or there is no place for the key",
                      reserved);
        if (name == nullptr) return fail_win32(ERROR_BADKEY, "no name for the key");
        *created = nullptr;
        const std::u16string subkey = wide(name), kind = wide(class_name);
        const nt::Created made = TRY(create_registry_key(key, subkey, access, kind, options));
        *created = made.handle;
        if (disposition != nullptr) *disposition = made.existed ? 2 : 1;  // REG_OPENED_EXISTING_KEY, CREATED_NEW
        return ok;
      },
      function);
}

}  // namespace

HM_WINAPI LONG RegCreateKeyExA(HKEY key, const CHAR* name, DWORD reserved, CHAR* class_name, DWORD options,
                               DWORD access, SECURITY_ATTRIBUTES*, HKEY* created, DWORD* disposition) noexcept {
  return create<CHAR>(key, name, reserved, class_name, options, access, created, disposition);
}
HM_WINAPI LONG RegCreateKeyExW(HKEY key, const WCHAR* name, DWORD reserved, WCHAR* class_name, DWORD options,
                               DWORD access, SECURITY_ATTRIBUTES*, HKEY* created, DWORD* disposition) noexcept {
  return create<WCHAR>(key, name, reserved, class_name, options, access, created, disposition);
}

HM_WINAPI LONG RegCloseKey(HKEY key) noexcept {
  return registry_code([&]() -> Status {
    if (predefined(key) != 0) return ok;
    TRY(nt::object_of<nt::Key>(key, 0));
    return nt::handles().close(key);
  });
}

namespace {

HM_WINAPI LONG RegFlushKey(HKEY key) noexcept {
  return registry_code([&]() -> Status {
    TRY(registry_key(key, 0));
    return nt::flush_registry();
  });
}
// Predefined keys are looked up at each call, so there is no cache to give up.
HM_WINAPI LONG RegDisablePredefinedCache() noexcept {
  return ERROR_SUCCESS;
}
HM_WINAPI LONG RegDisablePredefinedCacheEx() noexcept {
  return ERROR_SUCCESS;
}

// --- deleting ---

template <typename Char>
LONG remove(HKEY key, const Char* name, DWORD reserved, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (name == nullptr || reserved != 0) return fail(STATUS_INVALID_PARAMETER, "no name, or {}", reserved);
        const std::u16string subkey = wide(name);
        const HANDLE handle = TRY(open_registry_key(key, subkey, nt::DELETE_ACCESS, nt::REG_OPTION_OPEN_LINK));
        const auto opened = nt::object_of<nt::Key>(handle, nt::DELETE_ACCESS);
        const Status removed = opened ? (*opened)->remove() : Status(opened.error());
        TRY(nt::handles().close(handle));
        return removed;
      },
      function);
}

}  // namespace

HM_WINAPI LONG RegDeleteKeyExA(HKEY key, const CHAR* name, DWORD /*access*/, DWORD reserved) noexcept {
  return remove(key, name, reserved);
}
HM_WINAPI LONG RegDeleteKeyExW(HKEY key, const WCHAR* name, DWORD /*access*/, DWORD reserved) noexcept {
  return remove(key, name, reserved);
}

namespace {

// --- listing ---

void store_time(LARGE_INTEGER written, FILETIME* time) {
  if (time != nullptr) *time = nls::filetime(written);
}

Result<nt::KeyRow> subkey_at(HKEY key, DWORD index) {
  if (predefined(key) != HKEY_CLASSES_ROOT) {
    const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_ENUMERATE_SUB_KEYS));
    return opened->subkey(index);
  }
  const std::vector<std::u16string> names = TRY(class_names());
  if (index >= names.size()) return fail(STATUS_NO_MORE_ENTRIES, "there is no subkey {}", index);
  const OpenedKey opened = TRY(OpenedKey::open(key, names[index], nt::KEY_QUERY_VALUE));
  return opened->row();
}

template <typename Char>
LONG enumerate(HKEY key, DWORD index, Char* name, DWORD* size, const DWORD* reserved, Char* class_name,
               DWORD* class_size, FILETIME* written, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (name == nullptr || size == nullptr || reserved != nullptr ||
            (class_name != nullptr && class_size == nullptr))
          return fail(STATUS_INVALID_PARAMETER, "no place for the name");
        const nt::KeyRow row = TRY(subkey_at(key, index));
        TRY(give_name(row.name, name, size));
        if (class_name != nullptr) TRY(give_name(row.class_name, class_name, class_size));
        store_time(row.written, written);
        return ok;
      },
      function);
}

}  // namespace

HM_WINAPI LONG RegEnumKeyExA(HKEY key, DWORD index, CHAR* name, DWORD* size, DWORD* reserved, CHAR* class_name,
                             DWORD* class_size, FILETIME* written) noexcept {
  return enumerate(key, index, name, size, reserved, class_name, class_size, written);
}
HM_WINAPI LONG RegEnumKeyExW(HKEY key, DWORD index, WCHAR* name, DWORD* size, DWORD* reserved, WCHAR* class_name,
                             DWORD* class_size, FILETIME* written) noexcept {
  return enumerate(key, index, name, size, reserved, class_name, class_size, written);
}

namespace {

// Lengths as the caller of an A or W function will need them.
template <typename Char>
Result<nt::KeyCounts> counts_for(HKEY key, const nt::Key& opened) {
  nt::KeyCounts counts = TRY(opened.counts());
  const bool classes = predefined(key) == HKEY_CLASSES_ROOT;
  if (sizeof(Char) == sizeof(WCHAR) && !classes) {
    for (ULONG* bytes : {&counts.longest_subkey, &counts.longest_class, &counts.longest_value_name})
      *bytes /= sizeof(WCHAR);
    return counts;
  }
  nt::KeyCounts own = {};
  const auto longer = [](ULONG& longest, std::size_t size) { longest = std::max(longest, static_cast<ULONG>(size)); };
  for (;; ++own.subkeys) {
    const auto row = subkey_at(key, own.subkeys);
    if (!row) break;
    longer(own.longest_subkey, narrowed<Char>(row->name).size());
    longer(own.longest_class, narrowed<Char>(row->class_name).size());
  }
  for (;; ++own.values) {
    const auto value = opened.value(own.values);
    if (!value) break;
    longer(own.longest_value_name, narrowed<Char>(value->name).size());
    longer(own.longest_value, data_for<Char>(*value).size());
  }
  return own;
}

template <typename Char>
LONG query_info(HKEY key, Char* class_name, DWORD* class_size, const DWORD* reserved, DWORD* subkeys,
                DWORD* longest_subkey, DWORD* longest_class, DWORD* values, DWORD* longest_name, DWORD* longest_value,
                DWORD* security, FILETIME* written, const char* function = __builtin_FUNCTION()) {
  return registry_code(
      [&]() -> Status {
        if (reserved != nullptr || (class_name != nullptr && class_size == nullptr))
          return fail(STATUS_INVALID_PARAMETER, "a buffer for the class, and no size");
        const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_QUERY_VALUE));
        const nt::KeyRow row = TRY(opened->row());
        const nt::KeyCounts counts = TRY(counts_for<Char>(key, *opened));
        for (const auto& [target, number] : {std::pair(subkeys, counts.subkeys),
                                             {longest_subkey, counts.longest_subkey},
                                             {longest_class, counts.longest_class},
                                             {values, counts.values},
                                             {longest_name, counts.longest_value_name},
                                             {longest_value, counts.longest_value},
                                             {security, 0U}})
          if (target != nullptr) *target = number;
        store_time(row.written, written);
        if (class_name != nullptr) return give_name(row.class_name, class_name, class_size);
        if (class_size != nullptr) *class_size = static_cast<DWORD>(narrowed<Char>(row.class_name).size());
        return ok;
      },
      function);
}
HM_WINAPI LONG RegQueryInfoKeyA(HKEY key, CHAR* class_name, DWORD* class_size, DWORD* reserved, DWORD* subkeys,
                                DWORD* longest_subkey, DWORD* longest_class, DWORD* values, DWORD* longest_name,
                                DWORD* longest_value, DWORD* security, FILETIME* written) noexcept {
  return query_info(key, class_name, class_size, reserved, subkeys, longest_subkey, longest_class, values, longest_name,
                    longest_value, security, written);
}
HM_WINAPI LONG RegQueryInfoKeyW(HKEY key, WCHAR* class_name, DWORD* class_size, DWORD* reserved, DWORD* subkeys,
                                DWORD* longest_subkey, DWORD* longest_class, DWORD* values, DWORD* longest_name,
                                DWORD* longest_value, DWORD* security, FILETIME* written) noexcept {
  return query_info(key, class_name, class_size, reserved, subkeys, longest_subkey, longest_class, values, longest_name,
                    longest_value, security, written);
}

// --- notifications ---

constexpr DWORD REG_NOTIFY_THREAD_AGNOSTIC = 0x10000000;

HM_WINAPI LONG RegNotifyChangeKeyValue(HKEY key, BOOL subtree, DWORD filter, HANDLE event, BOOL asynchronous) noexcept {
  return registry_code([&]() -> Status {
    if (asynchronous != FALSE && event == nullptr) return fail(STATUS_INVALID_PARAMETER, "no event to set");
    const nt::Ref<nt::Key> opened = TRY(registry_key(key, nt::KEY_NOTIFY));
    nt::IoNotice notice;
    if (asynchronous != FALSE) {
      notice.event = TRY(nt::object_of<nt::Event>(event, nt::EVENT_MODIFY_STATE));
      notice.event->reset();
    } else {
      notice.event = nt::make_object<nt::Event>(nt::Event::Kind::notification, false);
    }
    const nt::Ref<nt::Event> happened = notice.event;
    const NTSTATUS status =
        TRY(opened->notify(std::move(notice), filter & ~REG_NOTIFY_THREAD_AGNOSTIC, subtree != FALSE));
    if (asynchronous == FALSE && status == STATUS_PENDING) nt::wait_one(*happened, false, {});
    return ok;
  });
}

constexpr std::string_view kNoSecurity = "security descriptors are not looked at";
constexpr std::string_view kNoneReported = "the size of the security descriptor is 0";

const Export kRows[] = {
    {"RegCloseKey", proc(RegCloseKey)},
    {"RegCreateKeyExA", proc(RegCreateKeyExA), Support::partial, kNoSecurity},
    {"RegCreateKeyExW", proc(RegCreateKeyExW), Support::partial, kNoSecurity},
    {"RegDeleteKeyExA", proc(RegDeleteKeyExA)},
    {"RegDeleteKeyExW", proc(RegDeleteKeyExW)},
    {"RegDisablePredefinedCache", proc(RegDisablePredefinedCache)},
    {"RegDisablePredefinedCacheEx", proc(RegDisablePredefinedCacheEx)},
    {"RegEnumKeyExA", proc(RegEnumKeyExA)},
    {"RegEnumKeyExW", proc(RegEnumKeyExW)},
    {"RegFlushKey", proc(RegFlushKey)},
    {"RegNotifyChangeKeyValue", proc(RegNotifyChangeKeyValue), Support::partial,
     "changes by other processes are not seen"},
    {"RegOpenCurrentUser", proc(RegOpenCurrentUser)},
    {"RegOpenKeyExA", proc(RegOpenKeyExA)},
    {"RegOpenKeyExW", proc(RegOpenKeyExW)},
    {"RegOpenUserClassesRoot", proc(RegOpenUserClassesRoot), Support::partial, "the user's classes alone"},
    {"RegQueryInfoKeyA", proc(RegQueryInfoKeyA), Support::partial, kNoneReported},
    {"RegQueryInfoKeyW", proc(RegQueryInfoKeyW), Support::partial, kNoneReported},
};

}  // namespace

extern const ExportTable winreg_exports = kRows;

}  // namespace hmodule::winapi
