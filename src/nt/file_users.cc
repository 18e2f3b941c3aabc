#include "nt/file_users.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

namespace hmodule::nt {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using HostDirectory = std::unique_ptr<DIR, CloseDirectory>;

bool uses(const std::string& process, std::span<const FileKey> files) {
  const HostDirectory descriptors(opendir(("/proc/" + process + "/fd").c_str()));
  if (descriptors == nullptr) return false;
  while (const dirent* entry = readdir(descriptors.get())) {
    struct stat facts;
    if (fstatat(dirfd(descriptors.get()), entry->d_name, &facts, 0) != 0) continue;
    if (std::ranges::find(files, FileKey{facts.st_dev, facts.st_ino}) != files.end()) return true;
  }
  return false;
}

}  // namespace

std::vector<DWORD> processes_using(std::span<const FileKey> files) {
  std::vector<DWORD> found;
  const HostDirectory processes(opendir("/proc"));
  if (processes == nullptr) return found;
  while (const dirent* entry = readdir(processes.get())) {
    const auto id = static_cast<DWORD>(std::strtoul(entry->d_name, nullptr, 10));
    if (id != 0 && uses(entry->d_name, files)) found.push_back(id);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace hmodule::nt
