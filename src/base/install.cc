#include "base/install.h"

#include "build_config.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace hmodule {
namespace {

bool is_directory(const std::string& path) {
  struct stat entry;
  return stat(path.c_str(), &entry) == 0 && S_ISDIR(entry.st_mode);
}

// The directory of the shared library or program this code was linked into, with links resolved.
std::string directory_of_this_object() {
  Dl_info object;
  if (dladdr(reinterpret_cast<const void*>(&directory_of_this_object), &object) == 0 || object.dli_fname == nullptr)
    return {};
  // For the program itself dli_fname is argv[0], which need not be a path; libraries are named by their path.
  char* resolved = realpath(object.dli_fname, nullptr);
  if (resolved == nullptr) resolved = realpath("/proc/self/exe", nullptr);
  if (resolved == nullptr) return {};
  std::string path = resolved;
  std::free(resolved);
  return path.substr(0, path.rfind('/') + 1);
}

std::string look_up() {
  if (const char* chosen = std::getenv("HMODULE_SYSTEM32"); chosen != nullptr && *chosen != 0) return chosen;
  const std::string here = directory_of_this_object();
  for (const char* relative : kSystem32FromObject)
    if (!here.empty() && is_directory(here + relative)) return here + relative;
  return is_directory(kSystem32Installed) ? kSystem32Installed : "";
}

std::string look_up_command() {
  if (const char* chosen = std::getenv("HMODULE_COMMAND"); chosen != nullptr && *chosen != 0) return chosen;
  const std::string here = directory_of_this_object();
  for (const char* relative : {"../bin/hmodule", "hmodule", "../../bin/hmodule"})
    if (!here.empty() && access((here + relative).c_str(), X_OK) == 0 && !is_directory(here + relative))
      return here + relative;
  return {};
}

}  // namespace

const std::string& pe_system32_directory() {
  static const std::string directory = look_up();
  return directory;
}

const std::string& command_path() {
  static const std::string path = look_up_command();
  return path;
}

}  // namespace hmodule
