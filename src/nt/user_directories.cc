#include "nt/user_directories.h"

#include "nt/process_parameters.h"
#include "path/volumes.h"

#include <cstdlib>
#include <fstream>
#include <optional>

namespace hmodule::nt {
namespace {

std::string host_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

std::string base_directory(const char* variable, const char* in_home) {
  const std::string place = host_variable(variable);
  return place.empty() ? host_variable("HOME") + in_home : place;
}

// A line of the file is XDG_MUSIC_DIR="$HOME/Music", or has a path from the root.
std::optional<std::string> configured(std::string_view key) {
  std::ifstream file(base_directory("XDG_CONFIG_HOME", "/.config") + "/user-dirs.dirs");
  const std::string start = "XDG_" + std::string(key) + "_DIR=\"";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(start)) continue;
    std::string value = line.substr(start.size(), line.find('"', start.size()) - start.size());
    if (value.starts_with("$HOME")) value.replace(0, 5, host_variable("HOME"));
    if (value.starts_with('/')) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string host_data_directory() {
  return base_directory("XDG_DATA_HOME", "/.local/share");
}

std::u16string user_directory(std::string_view key, std::u16string_view name) {
  if (const auto host = configured(key)) return path::volumes().from_host(*host);
  std::u16string path = environment_variable(u"USERPROFILE").value_or(std::u16string());
  return path.append(1, u'\\').append(name);
}

}  // namespace hmodule::nt
