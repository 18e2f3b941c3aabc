#include "nt/trash.h"

#include "nt/io_error.h"
#include "nt/unique_fd.h"
#include "nt/user_directories.h"
#include "path/volumes.h"
#include "win/status.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>

namespace hmodule::nt {
namespace {

// RFC 2396: everything but letters, digits, and a few signs.
std::string escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("/-_.!~*'()").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string information_about(const std::string& path) {
  const std::time_t now = std::time(nullptr);
  std::tm local = {};
  ::localtime_r(&now, &local);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local);
  return fmt::format("[Trash Info]\nPath={}\nDeletionDate={}\n", escaped(path), date);
}

}  // namespace

// The file that tells where it was comes first, made so that nobody else has its name.
Status move_to_trash(std::u16string_view name) {
  const path::HostPath found = TRY(path::volumes().to_host(name));
  if (!found.exists()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: not there", found.path);
  const std::string trash = host_data_directory() + "/Trash";
  std::error_code ignored;
  for (const char* part : {"/files", "/info"}) std::filesystem::create_directories(trash + part, ignored);
  ::chmod(trash.c_str(), 0700);
  const std::string base = std::filesystem::path(found.path).filename().string();
  for (int number = 1;; ++number) {
    const std::string unique = number == 1 ? base : fmt::format("{}.{}", base, number);
    const std::string information = trash + "/info/" + unique + ".trashinfo", target = trash + "/files/" + unique;
    const UniqueFd file(::open(information.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file && errno == EEXIST) continue;
    if (!file) return fail_errno("put into the trash", information);
    const std::string text = information_about(found.path);
    const bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (written && ::renameat2(AT_FDCWD, found.path.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0)
      return ok;
    const int error = errno;
    ::unlink(information.c_str());
    if (written && error == EEXIST) continue;
    errno = error;
    return fail_errno("put into the trash", found.path);
  }
}

}  // namespace hmodule::nt
