// The process's own drives, as its environment asks for them.
#include "base/install.h"
#include "base/trace.h"
#include "base/utf.h"
#include "path/volumes.h"

#include <sys/stat.h>
#include <cstdlib>

namespace hmodule::path {
namespace {

std::string variable(const char* name) {
  const char* value = ::secure_getenv(name);
  return value == nullptr ? std::string() : value;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end != 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_directory(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::vector<std::string> system_directories() {
  if (const auto given = variable("HMODULE_SYSTEM32"); !given.empty()) return split(given, ':');
  const std::string& installed = pe_system32_directory();
  return installed.empty() ? std::vector<std::string>() : std::vector{installed};
}

void add_drives(Volumes& volumes, const std::string& list) {
  for (const auto& entry : split(list, ':')) {
    const bool formed = entry.size() > 2 && entry[1] == '=';
    const Status added = formed ? volumes.add_drive(static_cast<char16_t>(entry[0]), entry.substr(2))
                                : fail(STATUS_INVALID_PARAMETER, "'{}' is not of the form D=/directory", entry);
    if (!added) trace::line(trace::Channel::search, "HMODULE_DRIVES: {}", added.error().reason);
  }
}

Volumes* make_volumes() {
  auto* made = new Volumes;  // lives as long as the process
  const std::string temporary = variable("TMPDIR"), backing = variable("HMODULE_C_DRIVE");
  if (!backing.empty() && (backing[0] != '/' || !is_directory(backing)))
    trace::line(trace::Channel::search, "HMODULE_C_DRIVE: '{}' is not the full name of a directory", backing);
  made->add_windows_drive(backing, system_directories(), is_directory(temporary) ? temporary : "/tmp");
  add_drives(*made, variable("HMODULE_DRIVES"));
  return made;
}

}  // namespace

Volumes& volumes() {
  static Volumes* const process = make_volumes();
  return *process;
}

}  // namespace hmodule::path
