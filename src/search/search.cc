#include "search/search.h"

#include "base/trace.h"
#include "base/utf.h"

#include <algorithm>

namespace hmodule::search {
namespace {

using trace::Channel;

enum class Next : std::uint8_t { go_on, other_machine, stop };

Next after(NTSTATUS status, bool in_dot_local) {
  switch (status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
    case STATUS_OBJECT_PATH_NOT_FOUND:
    case STATUS_OBJECT_NAME_INVALID:
    case STATUS_NO_SUCH_FILE:
    case STATUS_FILE_IS_A_DIRECTORY:
      return Next::go_on;
    case STATUS_ACCESS_DENIED:
      return in_dot_local ? Next::stop : Next::go_on;  // SRCH-28
    case STATUS_IMAGE_MACHINE_TYPE_MISMATCH:
      return Next::other_machine;
    default:
      return Next::stop;
  }
}

Status try_directory(const DllName& name, const Directory& directory, const path::Volumes& volumes,
                     const Probe& probe) {
  Candidate candidate;
  candidate.system_directory = directory.origin == Origin::system;
  std::u16string joined = path::join(directory.path, name.text);
  // A relative name may hold "..", which only the full form is free of; a verbatim directory is taken as it stands.
  candidate.full_name = name.kind == NameKind::relative && !path::is_verbatim(joined)
                            ? TRY(path::full_path(joined, {directory.path}))
                            : std::move(joined);
  auto found = volumes.to_host(candidate.full_name);
  if (found && found->what == path::What::file) {
    candidate.host_path = std::move(found->path);
  } else if (!candidate.system_directory) {
    if (!found) return std::move(found).error();
    if (found->is_directory()) return fail(STATUS_FILE_IS_A_DIRECTORY, "{}: is a directory", utf8(candidate.full_name));
    return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: does not exist", utf8(candidate.full_name));
  }
  return probe(candidate);
}

std::string places(const LoadPath& directories) {
  std::string out;
  for (const Directory& directory : directories)
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", utf8(directory.path), describe(directory.origin));
  return out.empty() ? "nowhere: the flags and settings leave no directory to search" : out;
}

Error not_found(const DllName& name, const LoadPath& directories) {
  return fail(STATUS_DLL_NOT_FOUND,
              "{} was not found. Looked in: {}. Put it into one of these, or name its directory in HMODULE_PATH",
              utf8(name.text), places(directories));
}

}  // namespace

std::string_view describe(Origin origin) {
  switch (origin) {
    case Origin::dot_local:
      return ".local redirection";
    case Origin::dll_directory:
      return "directory of the DLL";
    case Origin::application:
      return "application directory";
    case Origin::hmodule_path:
      return "HMODULE_PATH";
    case Origin::user:
      return "user directory";
    case Origin::current:
      return "current directory";
    case Origin::system:
      return "system directory";
    case Origin::system16:
      return "16-bit system directory";
    case Origin::windows:
      return "Windows directory";
    case Origin::path_variable:
      return "PATH";
    case Origin::given:
      return "load path";
  }
  return "";
}

bool is_known_dll(std::u16string_view base_name) {
  static constexpr std::u16string_view kKnown[] = {
      u"advapi32", u"clbcatq", u"combase",  u"comdlg32",   u"coml2",    u"difxapi", u"gdi32",    u"gdiplus",
      u"imagehlp", u"imm32",   u"kernel32", u"kernelbase", u"msctf",    u"msvcrt",  u"normaliz", u"nsi",
      u"ntdll",    u"ole32",   u"oleaut32", u"psapi",      u"rpcrt4",   u"sechost", u"setupapi", u"shcore",
      u"shell32",  u"shlwapi", u"ucrtbase", u"user32",     u"wintrust", u"wldap32", u"ws2_32"};
  if (base_name.size() < 4 || !equal_ignoring_case(base_name.substr(base_name.size() - 4), u".dll")) return false;
  const auto stem = base_name.substr(0, base_name.size() - 4);
  return std::any_of(std::begin(kKnown), std::end(kKnown),
                     [&](std::u16string_view known) { return equal_ignoring_case(stem, known); });
}

Status search(const DllName& name, const LoadPath& directories, const path::Volumes& volumes, const Probe& probe) {
  if (name.kind == NameKind::drive_relative)  // NAME-10
    return fail(STATUS_DLL_NOT_FOUND, "{}: a drive without a directory is not searched", utf8(name.text));
  std::optional<Error> other_machine;
  for (const Directory& directory : directories) {
    Status tried = try_directory(name, directory, volumes, probe);
    if (trace::on(Channel::search))
      trace::line(Channel::search, "{}: {} ({}): {}", utf8(name.text), utf8(directory.path), describe(directory.origin),
                  tried ? "found" : tried.error().reason);
    if (tried) return ok;
    const Next next = after(tried.error().status, directory.origin == Origin::dot_local);
    if (next == Next::stop) return tried;
    if (next == Next::other_machine && !other_machine) other_machine = std::move(tried.error());
  }
  if (other_machine)  // SRCH-26
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}; and no other {} is in: {}", other_machine->reason, utf8(name.text),
                places(directories));
  return not_found(name, directories);
}

Result<std::u16string> full_name(const DllName& name, const Surroundings& surroundings) {
  if (path::is_verbatim(name.text)) return name.text;  // NAME-13
  return path::full_path(name.text, {surroundings.current_directory});
}

Status open_named(const DllName& name, const Surroundings& surroundings, const path::Volumes& volumes,
                  const Probe& probe) {
  Candidate candidate;
  candidate.full_name = TRY(full_name(name, surroundings));
  candidate.system_directory = equal_ignoring_case(path::directory(candidate.full_name), path::kSystemDirectory);
  auto found = volumes.to_host(candidate.full_name);
  if (found && found->is_directory())
    return fail(STATUS_FILE_IS_A_DIRECTORY, "{}: is a directory", utf8(candidate.full_name));
  if (found && found->what == path::What::file) candidate.host_path = std::move(found->path);
  if (!found && found.error().status == STATUS_ACCESS_DENIED) return std::move(found).error();
  const bool ask = !candidate.host_path.empty() || candidate.system_directory;
  Status tried = ask ? probe(candidate) : fail(STATUS_OBJECT_NAME_NOT_FOUND, "there is no such file");
  if (trace::on(Channel::search))
    trace::line(Channel::search, "{}: {}", utf8(candidate.full_name), tried ? "found" : tried.error().reason);
  if (tried) return ok;
  switch (tried.error().status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
    case STATUS_OBJECT_PATH_NOT_FOUND:
    case STATUS_NO_SUCH_FILE:
      return fail(STATUS_DLL_NOT_FOUND, "{} was not found: {}", utf8(candidate.full_name),
                  found ? tried.error().reason : found.error().reason);
    case STATUS_IMAGE_MACHINE_TYPE_MISMATCH:
      return fail(STATUS_INVALID_IMAGE_FORMAT, "{}", tried.error().reason);
    default:
      return tried;
  }
}

Result<FoundFile> search_file(std::u16string_view name, std::u16string_view extension, const LoadPath& directories,
                              const Surroundings& surroundings, const path::Volumes& volumes) {
  std::u16string wanted(name);
  if (path::base_name(name).find(u'.') == name.npos) wanted += extension;
  const path::CurrentDirectory current = {surroundings.current_directory};
  const auto look = [&](const std::u16string& full) -> Result<FoundFile> {
    path::HostPath found = TRY(volumes.to_host(full));
    if (found.what == path::What::file) return FoundFile{full, std::move(found.path)};
    return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: there is no such file", utf8(full));
  };
  const bool dotted = wanted.starts_with(u".\\") || wanted.starts_with(u"..\\") || wanted.starts_with(u"./") ||
                      wanted.starts_with(u"../");  // NAME-11
  if (path::kind_of(wanted) != path::Kind::relative || dotted)
    return look(path::is_verbatim(wanted) ? wanted : TRY(path::full_path(wanted, current)));
  for (const Directory& directory : directories) {
    const auto full = path::full_path(path::join(directory.path, wanted), current);
    if (!full) continue;
    if (auto found = look(*full)) return found;
  }
  return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{} was not found in: {}", utf8(wanted), places(directories));
}

}  // namespace hmodule::search
