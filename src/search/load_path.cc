// The directories of one load, in order: §4.2 and §4.3 of loader-semantics.md as code.
#include "base/utf.h"
#include "search/search.h"

#include <algorithm>

namespace hmodule::search {
namespace {

std::u16string without_final_backslash(std::u16string_view directory) {
  std::u16string out(directory);
  while (out.size() > path::root_length(out) && path::is_separator(out.back())) out.pop_back();
  return out;
}

class Builder {
 public:
  explicit Builder(const Surroundings& surroundings) : surroundings_(surroundings) {}

  void add(std::u16string_view directory, Origin origin) {
    if (!directory.empty()) out_.push_back({without_final_backslash(directory), origin});
  }
  void application() { add(path::directory(surroundings_.application_path), Origin::application); }
  void hmodule_path(const Settings& settings) {
    for (const auto& directory : settings.hmodule_directories) add(directory, Origin::hmodule_path);
  }
  void current() { add(surroundings_.current_directory, Origin::current); }
  void system() {
    add(path::kSystemDirectory, Origin::system);
    add(path::kSystem16Directory, Origin::system16);
    add(path::kWindowsDirectory, Origin::windows);
  }
  void path_variable();  // SRCH-13
  LoadPath take() { return std::move(out_); }

 private:
  const Surroundings& surroundings_;
  LoadPath out_;
};

// Semicolons inside double quotes do not separate, and the quotes are dropped. An entry is full or starts at the
// current directory.
void Builder::path_variable() {
  const path::CurrentDirectory start = {surroundings_.current_directory};
  std::u16string entry;
  bool quoted = false;
  const auto finish = [&] {
    if (entry.empty()) return;
    if (const auto full = path::full_path(entry, start)) add(*full, Origin::path_variable);
    entry.clear();
  };
  for (const char16_t c : surroundings_.path_variable) {
    if (c == u'"')
      quoted = !quoted;
    else if (c == u';' && !quoted)
      finish();
    else
      entry += c;
  }
  finish();
}

// §4.3: only directories whose bit is set.
LoadPath by_bits(const Settings& settings, const Surroundings& surroundings, DWORD bits,
                 std::optional<std::u16string_view> dll_directory) {
  if ((bits & kDefaultDirs) != 0) bits |= kApplicationDir | kUserDirs | kSystem32;
  Builder path(surroundings);
  if ((bits & kDllLoadDir) != 0 && dll_directory) path.add(*dll_directory, Origin::dll_directory);
  if ((bits & kApplicationDir) != 0) {
    path.application();
    path.hmodule_path(settings);
  }
  if ((bits & kUserDirs) != 0) {  // SRCH-21: newest first, then SetDllDirectory's (SRCH-24)
    const auto& users = settings.user_directories;
    std::for_each(users.rbegin(), users.rend(), [&](const auto& user) { path.add(user, Origin::user); });
    path.add(settings.dll_directory.value_or(u""), Origin::user);
  }
  if ((bits & (kSystem32 | kSystem32NoForwarder)) != 0) path.add(path::kSystemDirectory, Origin::system);
  return path.take();
}

// §4.2.
LoadPath standard(const Settings& settings, const Surroundings& surroundings, bool drop_current,
                  std::optional<std::u16string_view> altered) {
  Builder path(surroundings);
  if (altered)
    path.add(*altered, Origin::dll_directory);
  else
    path.application();
  path.hmodule_path(settings);
  const bool current_allowed = !settings.dll_directory && !drop_current;  // SRCH-12
  path.add(settings.dll_directory.value_or(u""), Origin::user);
  if (current_allowed && !settings.safe_mode) path.current();
  path.system();
  if (current_allowed && settings.safe_mode) path.current();
  path.path_variable();
  return path.take();
}

}  // namespace

Status check_flags(DWORD flags, const DllName& name) {
  constexpr DWORD kDatafile = 0x2, kDatafileExclusive = 0x40;
  if ((flags & ~0xFFFFU) != 0 || ((flags & kDatafile) != 0 && (flags & kDatafileExclusive) != 0))  // FLAG-04
    return fail(STATUS_INVALID_PARAMETER, "load flags {:#x} cannot be used together", flags);
  if ((flags & kAltered) != 0 && (flags & kSearchBits) != 0)  // FLAG-01
    return fail(STATUS_INVALID_PARAMETER, "load flags {:#x}: LOAD_WITH_ALTERED_SEARCH_PATH excludes SEARCH flags",
                flags);
  const bool placed = name.kind == NameKind::absolute || name.kind == NameKind::rooted;
  if ((flags & kDllLoadDir) != 0 && !placed)  // FLAG-02
    return fail(STATUS_INVALID_PARAMETER, "{}: LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR needs a full path", utf8(name.text));
  return ok;
}

LoadPath load_path(const Settings& settings, const Surroundings& surroundings, DWORD flags,
                   std::optional<std::u16string_view> dll_directory) {
  DWORD bits = flags & kSearchBits & ~kSafeCurrentDirs;
  const bool altered = (flags & kAltered) != 0 && dll_directory.has_value();  // FLAG-03: only with a directory
  if (bits == 0 && settings.default_flags != 0)
    bits = settings.default_flags | (altered ? kDllLoadDir : 0);  // SRCH-22, SRCH-23
  if (bits != 0) return by_bits(settings, surroundings, bits, dll_directory);
  return standard(settings, surroundings, (flags & kSafeCurrentDirs) != 0,
                  altered ? dll_directory : std::nullopt);  // FLAG-21
}

std::u16string join(const LoadPath& directories) {
  std::u16string out;
  for (const Directory& directory : directories) {
    if (!out.empty()) out += u';';
    out += directory.path;
  }
  return out;
}

LoadPath split_load_path(std::u16string_view joined) {
  LoadPath out;
  while (!joined.empty()) {
    const auto end = std::min(joined.find(u';'), joined.size());
    if (end != 0) out.push_back({without_final_backslash(joined.substr(0, end)), Origin::given});
    joined.remove_prefix(std::min(end + 1, joined.size()));
  }
  return out;
}

LoadPath file_search_path(const Surroundings& surroundings, bool safe) {
  Builder path(surroundings);
  path.application();
  if (!safe) path.current();
  path.system();
  if (safe) path.current();
  path.path_variable();
  return path.take();
}

LoadPath dot_local_path(const Surroundings& surroundings, const path::Volumes& volumes) {
  if (surroundings.application_has_manifest || surroundings.application_path.empty()) return {};
  const std::u16string mark = surroundings.application_path + u".local";
  const auto found = volumes.to_host(mark);
  if (!found || !found->exists()) return {};
  LoadPath out;
  if (found->is_directory()) out.push_back({mark, Origin::dot_local});
  out.push_back({std::u16string(path::directory(surroundings.application_path)), Origin::dot_local});
  return out;
}

}  // namespace hmodule::search
