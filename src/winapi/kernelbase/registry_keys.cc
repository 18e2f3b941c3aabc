#include "winapi/kernelbase/registry_keys.h"

#include "base/utf.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>

namespace hmodule::winapi {
namespace {

constexpr std::u16string_view kMachineClasses = u"\\Registry\\Machine\\Software\\Classes";

std::u16string user_classes() {
  return nt::current_user_key() + u"\\Software\\Classes";
}

// What stands for a predefined key instead (RegOverridePredefKey): handles of ours, null for none.
struct Overrides {
  std::mutex mutex;
  std::array<HANDLE, 8> handles{};
};
Overrides& overrides() {
  static auto* all = new Overrides;
  return *all;
}

Result<std::u16string> path_of(std::uint32_t key) {
  switch (key) {
    case HKEY_CLASSES_ROOT:
      return std::u16string(kMachineClasses);
    case HKEY_CURRENT_USER:
      return nt::current_user_key();
    case HKEY_LOCAL_MACHINE:
      return std::u16string(u"\\Registry\\Machine");
    case HKEY_USERS:
      return std::u16string(u"\\Registry\\User");
    case HKEY_CURRENT_CONFIG:
      return std::u16string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Hardware Profiles\\Current");
    case HKEY_CURRENT_USER_LOCAL_SETTINGS:
      return nt::current_user_key() + u"\\Software\\Classes\\Local Settings";
    case HKEY_PERFORMANCE_DATA:
    case HKEY_PERFORMANCE_TEXT:
    case HKEY_PERFORMANCE_NLSTEXT:
      return fail(STATUS_NOT_SUPPORTED, "there are no performance counters");
    default:
      return fail(STATUS_INVALID_HANDLE, "{:#x} is no predefined key", key);
  }
}

// A name below an HKEY: an open handle and a relative name, or an absolute one.
struct Place {
  HANDLE root = nullptr;
  std::u16string name;

  nt::ObjectAttributes attributes() const { return {root, name, nt::OBJ_CASE_INSENSITIVE}; }
};

// Where the name may be: one place, or two below HKEY_CLASSES_ROOT. The last one is where it would be made.
Result<std::vector<Place>> places(HKEY key, std::u16string_view name) {
  const std::uint32_t which = predefined(key);
  if (which == 0) {
    TRY(nt::object_of<nt::Key>(key, 0));
    return std::vector{Place{key, std::u16string(name)}};
  }
  if (const std::size_t index = which - HKEY_CLASSES_ROOT; index < overrides().handles.size()) {
    const std::lock_guard lock(overrides().mutex);
    if (const HANDLE replacement = overrides().handles[index])
      return std::vector{Place{replacement, std::u16string(name)}};
  }
  if (which == HKEY_CLASSES_ROOT && name.starts_with(u'\\')) name.remove_prefix(1);  // as on Windows, here alone
  if (name.starts_with(u'\\')) return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: begins with a separator", utf8(name));
  std::u16string path = TRY(path_of(which));
  const auto below = [&](std::u16string_view start) {
    return Place{nullptr, name.empty() ? std::u16string(start) : std::u16string(start) + u'\\' + std::u16string(name)};
  };
  if (which == HKEY_CLASSES_ROOT && !name.empty()) return std::vector{below(user_classes()), below(path)};
  return std::vector{below(path)};
}

}  // namespace

Result<nt::Ref<nt::Key>> registry_key(HKEY key, ACCESS_MASK access) {
  if (predefined(key) == 0) return nt::object_of<nt::Key>(key, access);
  const OpenedKey opened = TRY(OpenedKey::open(key, {}, access));
  return nt::object_of<nt::Key>(opened.handle(), access);
}

Result<HANDLE> open_registry_key(HKEY key, std::u16string_view name, ACCESS_MASK access, ULONG options) {
  const std::vector<Place> all = TRY(places(key, name));
  Result<HANDLE> opened = nullptr;
  for (const Place& place : all) {
    opened = nt::open_key(place.attributes(), access, options);
    if (opened || opened.error().status != STATUS_OBJECT_NAME_NOT_FOUND) break;
  }
  return opened;
}

Result<nt::Created> create_registry_key(HKEY key, std::u16string_view name, ACCESS_MASK access,
                                        std::u16string_view class_name, ULONG options) {
  // What is there need not be made, and may be anywhere the name can mean.
  if ((options & nt::REG_OPTION_CREATE_LINK) == 0) {
    const auto existing = open_registry_key(key, name, access, options & nt::REG_OPTION_OPEN_LINK);
    if (existing) return nt::Created{*existing, true};
    if (existing.error().status != STATUS_OBJECT_NAME_NOT_FOUND) return existing.error();
  }
  const std::vector<Place> all = TRY(places(key, name));
  const Place& place = all.back();
  auto created = nt::create_key(place.attributes(), access, class_name, options);
  if (created || created.error().status != STATUS_OBJECT_NAME_NOT_FOUND) return created;
  // The keys above, one after the other.
  for (std::size_t end = place.name.find(u'\\', 1); end != place.name.npos; end = place.name.find(u'\\', end + 1)) {
    const nt::ObjectAttributes above = {place.root, std::u16string_view(place.name).substr(0, end),
                                        nt::OBJ_CASE_INSENSITIVE};
    const auto made = nt::create_key(above, nt::KEY_READ, {}, options & nt::REG_OPTION_VOLATILE);
    if (made) static_cast<void>(nt::handles().close(made->handle));
  }
  return nt::create_key(place.attributes(), access, class_name, options);
}

Status override_predefined_key(HKEY key, HKEY replacement) {
  const std::uint32_t which = predefined(key);
  const std::size_t index = which - HKEY_CLASSES_ROOT;
  if (which == 0 || index >= overrides().handles.size())
    return fail(STATUS_INVALID_HANDLE, "handle {} is no predefined key", key);
  HANDLE handle = nullptr;
  if (replacement != nullptr) handle = TRY(open_registry_key(replacement, {}, nt::MAXIMUM_ALLOWED));
  {
    const std::lock_guard lock(overrides().mutex);
    std::swap(handle, overrides().handles[index]);
  }
  return handle == nullptr ? Status(ok) : nt::handles().close(handle);
}

Result<std::vector<std::u16string>> class_names() {
  std::vector<std::u16string> names;
  for (const std::u16string& path : {user_classes(), std::u16string(kMachineClasses)}) {
    const auto key = nt::open_key(path);
    if (!key) continue;
    for (ULONG index = 0;; ++index) {
      auto row = (*key)->subkey(index);
      if (!row) break;
      names.push_back(std::move(row->name));
    }
  }
  std::ranges::stable_sort(names, {}, [](const std::u16string& name) { return upcase(name); });
  names.erase(std::unique(names.begin(), names.end(),
                          [](const std::u16string& a, const std::u16string& b) { return equal_ignoring_case(a, b); }),
              names.end());
  return names;
}

Result<OpenedKey> OpenedKey::open(HKEY key, std::u16string_view name, ACCESS_MASK access) {
  const HANDLE handle = TRY(open_registry_key(key, name, access));
  auto object = nt::object_of<nt::Key>(handle, 0);
  if (!object) return object.error();
  return OpenedKey(handle, *std::move(object));
}
OpenedKey::~OpenedKey() {
  if (handle_ != nullptr) static_cast<void>(nt::handles().close(handle_));
}

Status give_data(std::span<const std::byte> data, void* buffer, DWORD* size) {
  if (size == nullptr) return ok;
  const DWORD room = std::exchange(*size, static_cast<DWORD>(data.size()));
  if (buffer == nullptr) return ok;
  if (room < data.size()) return fail(STATUS_BUFFER_OVERFLOW, "{} bytes for {}", room, data.size());
  std::memcpy(buffer, data.data(), data.size());
  return ok;
}

}  // namespace hmodule::winapi
