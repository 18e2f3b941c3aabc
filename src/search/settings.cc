#include "search/settings.h"

#include "base/utf.h"
#include "search/search.h"

#include <algorithm>
#include <cstdlib>

namespace hmodule::search {

SearchSettings::SearchSettings(const path::Volumes& volumes) : volumes_(volumes) {}

void SearchSettings::configure_from_environment() {
  const char* value = ::secure_getenv("HMODULE_PATH");
  if (value == nullptr) return;
  std::vector<std::u16string> directories;
  for (std::string_view rest = value; !rest.empty();) {
    const auto end = std::min(rest.find(':'), rest.size());
    if (end != 0 && rest[0] == '/') directories.push_back(volumes_.from_host(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  set_hmodule_directories(std::move(directories));
}

Settings SearchSettings::snapshot() const {
  const std::lock_guard lock(mutex_);
  Settings out = settings_;
  for (const UserDirectory& directory : user_directories_) out.user_directories.push_back(directory.path);
  return out;
}

Status SearchSettings::set_dll_directory(std::optional<std::u16string_view> directory) {
  if (directory && directory->find(u';') != directory->npos)
    return fail(STATUS_INVALID_PARAMETER, "SetDllDirectory: '{}' has a ';'", utf8(*directory));
  const std::lock_guard lock(mutex_);
  if (directory)
    settings_.dll_directory = std::u16string(*directory);
  else
    settings_.dll_directory.reset();
  return ok;
}

std::optional<std::u16string> SearchSettings::dll_directory() const {
  const std::lock_guard lock(mutex_);
  return settings_.dll_directory;
}

Result<void*> SearchSettings::add_dll_directory(std::u16string_view directory, const path::CurrentDirectory& current) {
  using path::Kind;
  const Kind kind = path::kind_of(directory);
  const bool relative = kind == Kind::relative || kind == Kind::drive_relative || kind == Kind::device_root;
  if (relative) return fail(STATUS_INVALID_PARAMETER, "AddDllDirectory: '{}' is not a full path", utf8(directory));
  const std::u16string full =
      path::is_verbatim(directory) ? std::u16string(directory) : TRY(path::full_path(directory, current));
  const auto found = volumes_.to_host(full);
  if (!found || !found->exists())
    return fail(STATUS_OBJECT_NAME_NOT_FOUND, "AddDllDirectory: {}: {}", utf8(full),
                found ? "does not exist" : found.error().reason);
  const std::lock_guard lock(mutex_);
  user_directories_.push_back({next_cookie_, full});
  return reinterpret_cast<void*>(next_cookie_++);
}

Status SearchSettings::remove_dll_directory(void* cookie) {
  const std::lock_guard lock(mutex_);
  const auto removed = std::erase_if(user_directories_, [&](const UserDirectory& directory) {
    return directory.cookie == reinterpret_cast<std::uintptr_t>(cookie);
  });
  if (removed == 0) return fail(STATUS_INVALID_PARAMETER, "RemoveDllDirectory: {} is no cookie", cookie);
  return ok;
}

Status SearchSettings::set_default_dll_directories(DWORD flags) {
  constexpr DWORD kAllowed = kApplicationDir | kUserDirs | kSystem32 | kDefaultDirs;
  if (flags == 0 || (flags & ~kAllowed) != 0)
    return fail(STATUS_INVALID_PARAMETER, "SetDefaultDllDirectories: flags {:#x}; allowed are the bits {:#x}", flags,
                kAllowed);
  const std::lock_guard lock(mutex_);
  settings_.default_flags = flags;
  return ok;
}

void SearchSettings::set_safe_mode(bool on) {
  const std::lock_guard lock(mutex_);
  settings_.safe_mode = on;
}

void SearchSettings::set_hmodule_directories(std::vector<std::u16string> directories) {
  const std::lock_guard lock(mutex_);
  settings_.hmodule_directories = std::move(directories);
}

}  // namespace hmodule::search
