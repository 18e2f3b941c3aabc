#include "winapi/crypt32/user_key.h"

#include "nt/io_error.h"
#include "nt/random.h"
#include "nt/unique_fd.h"
#include "nt/user_directories.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>

namespace hmodule::winapi::crypt32 {
namespace {

constexpr std::size_t kKeySize = 32;

std::string directory() {
  return nt::host_data_directory() + "/hmodule";
}

// Nothing if there is none. A file that others may look into, or of another size, is not taken.
Result<std::optional<crypto::Secret>> read_key(const std::string& path) {
  const nt::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return std::optional<crypto::Secret>();
  struct stat facts;
  if (!file || ::fstat(file.get(), &facts) != 0) return nt::fail_errno("read the user's key", path);
  if (facts.st_uid != ::geteuid() || (facts.st_mode & 077) != 0)
    return fail(STATUS_ACCESS_DENIED, "{}: the user's key is open to others", path);
  crypto::Secret key(kKeySize);
  if (facts.st_size != kKeySize || ::read(file.get(), key.data(), kKeySize) != static_cast<ssize_t>(kKeySize))
    return fail(STATUS_DATA_ERROR, "{}: no key", path);
  return std::optional(std::move(key));
}

// Whole under another name first: others see all of it or nothing, and the first one's stays.
Status make_key(const std::string& path) {
  crypto::Secret key(kKeySize);
  nt::fill_random(key.data(), key.size());
  std::string temporary = path + ".XXXXXX";
  const nt::UniqueFd file(::mkostemp(temporary.data(), O_CLOEXEC));  // 0600
  if (!file) return nt::fail_errno("make the user's key", path);
  const bool written =
      ::write(file.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(file.get()) == 0;
  const bool linked = written && (::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  if (!linked) return nt::fail_errno("make the user's key", path);
  return ok;
}

}  // namespace

Result<crypto::Secret> user_key() {
  const std::string place = directory(), path = place + "/user-key";
  std::optional<crypto::Secret> key = TRY(read_key(path));
  if (!key) {
    std::error_code ignored;
    std::filesystem::create_directories(place, ignored);
    TRY(make_key(path));
    key = TRY(read_key(path));
    if (!key) return fail(STATUS_DATA_ERROR, "{}: no sooner made than gone", path);
  }
  return *std::move(key);
}

}  // namespace hmodule::winapi::crypt32
