// A drive is the root of a tree of nodes. Most drives have one node, their root, shown through one host directory. C:
// has nodes for the Windows directories as well. To resolve a name is to follow the nodes as far as they go, collecting
// the host directories met on the way, and then to look for the remaining components in each of these, deepest first:
// so C:\Windows\System32\x.dll is looked for in the directories shown as System32, then in Windows/System32 of the host
// directory behind C:.
#include "path/volumes.h"

#include "base/utf.h"
#include "path/directory_cache.h"
#include "path/host_directory.h"

#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <span>

namespace hmodule::path {
namespace {

constexpr char16_t kMoved = 0xF000;

constexpr auto kNotInNames = [] {
  std::array<bool, 0x80> no = {};
  for (char16_t c = 0; c < 0x20; ++c) no[c] = true;
  for (const char16_t c : std::u16string_view(u"\"*:<>?|\\")) no[c] = true;
  return no;
}();

bool cannot_be_spelled(char16_t c) {
  return c < kNotInNames.size() && kNotInNames[c];
}

using Components = std::vector<std::u16string_view>;

Components split(std::u16string_view text) {
  Components out;
  out.reserve(8);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !is_separator(text[end])) ++end;
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

Status check_components(const Components& components, std::u16string_view full) {
  for (const auto component : components)
    if (component == u"." || component == u".." ||
        std::any_of(component.begin(), component.end(), [](char16_t c) { return cannot_be_spelled(c); }))
      return fail(STATUS_OBJECT_NAME_INVALID, "{}: '{}' is not a file name", utf8(full), utf8(component));
  return ok;
}

// "/a//b/./c/" -> "/a/b/c"
std::string tidy(std::string_view host) {
  std::string out;
  for (std::size_t at = 0; at < host.size();) {
    const std::size_t end = std::min(host.find('/', at), host.size());
    const auto component = host.substr(at, end - at);
    at = end + 1;
    if (component == "..")
      out.resize(out.empty() ? 0 : out.rfind('/'));
    else if (!component.empty() && component != ".")
      out.append("/").append(component);
  }
  return out.empty() ? "/" : out;
}

// ".." after a symbolic link means the parent of where the link leads, which only the host knows.
std::string without_dots(std::string_view host) {
  for (std::size_t at = host.rfind("/.."); at != host.npos && at != 0; at = host.rfind("/..", at - 1)) {
    const std::size_t end = at + 3;
    if (end != host.size() && host[end] != '/') continue;
    char real[PATH_MAX];
    if (::realpath(std::string(host.substr(0, end)).c_str(), real) == nullptr) break;
    return tidy(std::string(real).append(host.substr(end)));
  }
  return tidy(host);
}

void append_to(std::string& path, std::string_view name) {
  if (path.empty() || path.back() != '/') path += '/';
  path.append(name);
}

std::string append(const std::string& directory, std::string_view name) {
  std::string out = directory;
  append_to(out, name);
  return out;
}

struct Shown {
  std::string directory;
  bool read_only;
};

struct Node {
  std::u16string name;
  std::vector<Shown> shown;
  std::map<std::u16string, Node> children;  // by upper-case name
};

// A host directory and the first component that is to be looked for in it.
struct Place {
  const Shown* shown;
  std::size_t first;
};

struct Walk {
  const Node* node;       // the deepest one reached
  std::size_t depth = 0;  // components it took
  std::vector<Place> places;
};

Walk follow(const Node& drive, const Components& components) {
  Walk walk = {&drive, 0, {}};
  for (;;) {
    std::size_t at = 0;
    for (const Shown& shown : walk.node->shown)
      walk.places.insert(walk.places.begin() + static_cast<std::ptrdiff_t>(at++), {&shown, walk.depth});
    if (walk.depth == components.size() || walk.node->children.empty()) return walk;
    const auto child = walk.node->children.find(upcase(components[walk.depth]));
    if (child == walk.node->children.end()) return walk;
    walk.node = &child->second;
    ++walk.depth;
  }
}

// What looking for components in one host directory came to.
struct Found {
  enum class Outcome { there, only_parent, nowhere, denied } outcome;
  std::string path;
  struct stat info = {};  // of what is there

  bool is_directory() const { return S_ISDIR(info.st_mode); }
};

constexpr auto kStat = [](const char* path, struct stat& info) { return ::stat(path, &info); };

Found look_for(const std::string& directory, std::span<const std::u16string_view> components, DirectoryCache& cache,
               Volumes::Look look) {
  using Outcome = Found::Outcome;
  Found exact = {Outcome::there, {}};
  std::size_t units = directory.size();
  for (const auto component : components) units += 1 + component.size();
  exact.path.reserve(units);
  exact.path = directory;
  for (const auto component : components) append_to(exact.path, host_name(component));
  if (look(exact.path.c_str(), exact.info) == 0) return exact;
  if (errno == EACCES) return {Outcome::denied, std::move(exact.path)};
  if (components.empty()) return {Outcome::nowhere, {}};

  const Found parent = look_for(directory, components.first(components.size() - 1), cache, kStat);
  if (parent.outcome == Outcome::denied) return parent;
  if (parent.outcome != Outcome::there || !parent.is_directory()) return {Outcome::nowhere, {}};
  const auto name = cache.find(parent.path, parent.info, components.back());
  if (!name) return {Outcome::only_parent, append(parent.path, host_name(components.back()))};
  Found folded = {Outcome::there, append(parent.path, *name)};
  if (look(folded.path.c_str(), folded.info) == 0) return folded;
  return {errno == EACCES ? Outcome::denied : Outcome::only_parent, std::move(folded.path)};
}

Error path_not_found(std::u16string_view full) {
  return fail(STATUS_OBJECT_PATH_NOT_FOUND, "{}: a directory on the way does not exist", utf8(full));
}

constexpr std::u16string_view kRaw = u"unix\\";  // \\?\unix\opt\x: the host's /opt/x

bool is_literal(std::u16string_view name) {
  return is_verbatim(name) || from_nt_path(name).has_value();
}

// Native and verbatim forms of a name on a drive or server, without their prefix; other names as they are.
std::u16string plain_form(std::u16string_view name) {
  auto native = from_nt_path(name);
  std::u16string out = native ? *std::move(native) : std::u16string(name);
  if (kind_of(out) != Kind::device) return out;
  const auto rest = std::u16string_view(out).substr(4);
  if (kind_of(rest) == Kind::drive_absolute) return std::u16string(rest);
  if (equal_ignoring_case(rest.substr(0, 4), u"UNC\\")) return u"\\\\" + std::u16string(rest.substr(4));
  return out;
}

std::optional<HostPath> device(std::u16string_view name) {
  const auto is = [&](std::u16string_view word) { return equal_ignoring_case(name, word); };
  if (is(u"NUL")) return HostPath{"/dev/null", What::device};
  if (is(u"CON") || is(u"CONIN$") || is(u"CONOUT$")) return HostPath{"/dev/tty", What::device};
  if (name.size() == 4 && equal_ignoring_case(name.substr(0, 3), u"COM") && name[3] >= u'1' && name[3] <= u'9')
    return HostPath{"/dev/ttyS" + std::to_string(name[3] - u'1'), What::device};
  return std::nullopt;
}

HostPath raw_host_path(std::u16string_view rest) {
  std::string path = "/" + utf8(rest);
  std::replace(path.begin(), path.end(), '\\', '/');
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return {std::move(path), What::missing};
  return {std::move(path), S_ISDIR(info.st_mode) ? What::directory : What::file, info.st_mode};
}

}  // namespace

std::string host_name(std::u16string_view component) {
  if (std::all_of(component.begin(), component.end(), [](char16_t c) { return c < kMoved; })) return utf8(component);
  std::u16string out(component);
  for (char16_t& c : out) {
    const auto moved = static_cast<char16_t>(c - kMoved);
    if (moved > 0 && moved < 0x80 && (cannot_be_spelled(moved) || moved == u'.' || moved == u' ')) c = moved;
  }
  return utf8(out);
}

std::u16string windows_name(std::string_view component) {
  std::u16string out = utf16(component);
  for (char16_t& c : out)
    if (cannot_be_spelled(c)) c = static_cast<char16_t>(kMoved + c);
  if (out.ends_with(u'.') || out.ends_with(u' ')) out.back() = static_cast<char16_t>(kMoved + out.back());
  return out;
}

struct Volumes::State {
  mutable std::shared_mutex mutex;
  std::map<char16_t, Node> drives;
  mutable DirectoryCache cache;

  const Node* drive(char16_t letter) const {
    const auto found = drives.find(upcase(letter));
    return found == drives.end() ? nullptr : &found->second;
  }

  HostPath resolve(const Walk& walk, const Components& components, Look look, bool& nowhere, bool& denied) const;
  void contents(const Components& components, char16_t letter, std::vector<std::string>& hosts,
                std::vector<DirectoryEntry>& virtual_directories) const;
  void reverse(const Node& node, std::u16string_view place, bool is_drive, std::string_view host, std::u16string& best,
               std::size_t& matched) const;
};

// The first place that has the name; else one where it could be created; else the virtual directory.
HostPath Volumes::State::resolve(const Walk& walk, const Components& components, Look look, bool& nowhere,
                                 bool& denied) const {
  HostPath creatable;
  for (const Place& place : walk.places) {
    Found found = look_for(place.shown->directory, std::span(components).subspan(place.first), cache, look);
    if (found.outcome == Found::Outcome::there)
      return {std::move(found.path), found.is_directory() ? What::directory : What::file, found.info.st_mode};
    denied |= found.outcome == Found::Outcome::denied;
    if (found.outcome == Found::Outcome::only_parent && !place.shown->read_only && creatable.path.empty())
      creatable.path = std::move(found.path);
    if (found.outcome == Found::Outcome::only_parent) nowhere = false;
  }
  if (walk.depth == components.size()) return {{}, What::virtual_directory};
  if (walk.depth + 1 == components.size()) nowhere = false;
  return creatable;
}

Volumes::Volumes() : state_(std::make_unique<State>()) {
  (void)add_drive(u'Z', "/");
}
Volumes::~Volumes() = default;

Status Volumes::add_drive(char16_t letter, std::string host_directory) {
  const char16_t upper = upcase(letter);
  if (upper < u'A' || upper > u'Z')
    return fail(STATUS_INVALID_PARAMETER, "'{}' is not a drive letter", utf8(std::u16string_view(&letter, 1)));
  if (!host_directory.empty() && host_directory.front() != '/')
    return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: a drive needs an absolute host directory", host_directory);
  const std::unique_lock lock(state_->mutex);
  Node& node = state_->drives[upper];
  node = {{upper, u':'}, {}, {}};
  if (!host_directory.empty()) node.shown.push_back({without_dots(host_directory), false});
  return ok;
}

Status Volumes::add_directory(std::u16string_view windows_directory, std::string host_directory, bool read_only) {
  if (kind_of(windows_directory) != Kind::drive_absolute)
    return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: not a full path", utf8(windows_directory));
  if (!host_directory.empty() && host_directory.front() != '/')
    return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: not an absolute host directory", host_directory);
  const Components components = split(windows_directory.substr(3));
  TRY(check_components(components, windows_directory));
  const std::unique_lock lock(state_->mutex);
  const auto drive = state_->drives.find(upcase(windows_directory[0]));
  if (drive == state_->drives.end())
    return fail(STATUS_OBJECT_PATH_NOT_FOUND, "{}: there is no such drive", utf8(windows_directory));
  Node* node = &drive->second;
  for (const auto component : components) {
    node = &node->children[upcase(component)];
    if (node->name.empty()) node->name = component;
  }
  if (!host_directory.empty()) node->shown.push_back({without_dots(host_directory), read_only});
  return ok;
}

void Volumes::add_windows_drive(std::string backing, const std::vector<std::string>& system_directories,
                                std::string temporary_directory) {
  if (!add_drive(u'C', std::move(backing))) (void)add_drive(u'C', {});  // without System32 nothing works
  (void)add_directory(kWindowsDirectory, {});
  (void)add_directory(kSystem16Directory, {});
  (void)add_directory(kSystemDirectory, {});
  for (const auto& directory : system_directories) (void)add_directory(kSystemDirectory, directory);
  (void)add_directory(u"C:\\Windows\\Temp", std::move(temporary_directory), false);
}

Result<HostPath> Volumes::to_host(std::u16string_view given) const {
  return to_host(given, kStat);
}

Result<HostPath> Volumes::to_host(std::u16string_view given, Look look) const {
  const std::u16string full = plain_form(given);
  if (kind_of(full) == Kind::device) {
    const auto rest = std::u16string_view(full).substr(4);
    if (equal_ignoring_case(rest.substr(0, kRaw.size()), kRaw)) return raw_host_path(rest.substr(kRaw.size()));
    if (auto found = device(rest)) return *std::move(found);
    return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: no such device", utf8(full));
  }
  if (kind_of(full) == Kind::unc)  // NAME-14
    return fail(STATUS_OBJECT_PATH_NOT_FOUND, "{}: no host directory stands for this server", utf8(full));
  if (kind_of(full) != Kind::drive_absolute)
    return fail(STATUS_OBJECT_PATH_SYNTAX_BAD, "{}: not a full path", utf8(full));

  if (is_literal(given) && full.find(u'/') != full.npos)  // NAME-13
    return fail(STATUS_OBJECT_NAME_INVALID, "{}: a slash separates nothing here", utf8(given));
  const Components components = split(std::u16string_view(full).substr(3));
  TRY(check_components(components, full));
  const std::shared_lock lock(state_->mutex);
  const Node* drive = state_->drive(full[0]);
  if (drive == nullptr) return fail(STATUS_OBJECT_PATH_NOT_FOUND, "{}: there is no such drive", utf8(full));
  bool nowhere = true, denied = false;
  HostPath found = state_->resolve(follow(*drive, components), components, look, nowhere, denied);
  if (found.what == What::file && is_separator(full.back()))
    return fail(STATUS_OBJECT_NAME_INVALID, "{}: a file, but named as a directory", utf8(full));
  if (found.exists()) return found;
  if (denied) return fail(STATUS_ACCESS_DENIED, "{}: the host denies access", utf8(full));
  if (nowhere) return path_not_found(full);
  return found;
}

// Finds the deepest place whose host directory is a prefix of `host`; `matched` is that prefix's length.
void Volumes::State::reverse(const Node& node, std::u16string_view place, bool is_drive, std::string_view host,
                             std::u16string& best, std::size_t& matched) const {
  for (const Shown& shown : node.shown) {
    const std::string& root = shown.directory;
    const bool below =
        host.starts_with(root) && (root == "/" || host.size() == root.size() || host[root.size()] == '/');
    if (!below || !(is_drive || shown.read_only) || (!best.empty() && root.size() <= matched)) continue;
    best = place;
    matched = root == "/" ? 0 : root.size();
  }
  for (const auto& [key, child] : node.children)
    reverse(child, std::u16string(place) + u'\\' + child.name, false, host, best, matched);
}

std::u16string Volumes::from_host(std::string_view host) const {
  const std::string tidied = without_dots(host);
  const std::shared_lock lock(state_->mutex);
  std::u16string out;
  std::size_t matched = 0;
  for (const auto& [letter, drive] : state_->drives) state_->reverse(drive, drive.name, true, tidied, out, matched);
  std::string_view rest = std::string_view(tidied).substr(matched);
  if (out.empty()) return u"\\\\?\\unix" + utf16(rest);
  bool any = false;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const auto component = rest.substr(0, rest.find('/'));
    if (component.empty()) break;
    out += u'\\';
    out += windows_name(component);
    rest.remove_prefix(component.size());
    any = true;
  }
  if (!any && out.size() == 2) out += u'\\';
  return out;
}

// The host directories a Windows directory shows, and the virtual directories in it.
void Volumes::State::contents(const Components& components, char16_t letter, std::vector<std::string>& hosts,
                              std::vector<DirectoryEntry>& virtual_directories) const {
  const Walk walk = follow(*drive(letter), components);
  for (const Place& place : walk.places) {
    Found found = look_for(place.shown->directory, std::span(components).subspan(place.first), cache, kStat);
    if (found.outcome == Found::Outcome::there && found.is_directory()) hosts.push_back(std::move(found.path));
  }
  if (walk.depth != components.size()) return;
  for (const auto& [key, child] : walk.node->children)
    virtual_directories.push_back({child.name, child.shown.empty() ? std::string() : child.shown.front().directory});
}

Result<std::vector<DirectoryEntry>> Volumes::list(std::u16string_view given) const {
  const HostPath itself = TRY(to_host(given));
  if (!itself.exists()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: does not exist", utf8(given));
  if (!itself.is_directory()) return fail(STATUS_NOT_A_DIRECTORY, "{}: not a directory", utf8(given));
  std::vector<std::string> hosts;
  std::vector<DirectoryEntry> out;
  const std::u16string full = plain_form(given);
  if (kind_of(full) == Kind::drive_absolute) {
    const std::shared_lock lock(state_->mutex);
    state_->contents(split(std::u16string_view(full).substr(3)), full[0], hosts, out);
  } else {
    hosts.push_back(itself.path);
  }
  std::set<std::u16string> taken;
  for (const DirectoryEntry& entry : out) taken.insert(upcase(entry.name));
  int error = 0;
  for (const std::string& host : hosts) {
    std::set<std::u16string> here;  // a name hides the same one of a later directory, not of its own
    const int outcome = for_each_name(host, [&](std::string_view name) {
      DirectoryEntry entry = {windows_name(name), append(host, name)};
      auto key = upcase(entry.name);
      if (taken.count(key) != 0) return;
      here.insert(std::move(key));
      out.push_back(std::move(entry));
    });
    if (outcome != 0) error = outcome;
    taken.merge(here);
  }
  if (out.empty() && error == EACCES) return fail(STATUS_ACCESS_DENIED, "{}: the host denies access", utf8(given));
  return out;
}

bool Volumes::has_drive(char16_t letter) const {
  const std::shared_lock lock(state_->mutex);
  return state_->drive(letter) != nullptr;
}

std::u16string Volumes::drives() const {
  const std::shared_lock lock(state_->mutex);
  std::u16string out;
  for (const auto& [letter, drive] : state_->drives) out += letter;
  return out;
}

}  // namespace hmodule::path
