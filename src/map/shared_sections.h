// Sections that every mapping of a file shares, in this process and in the user's others (MAP-09).
//
// The pages are a file in /dev/shm, named after the user, the DLL's file and the section. Whoever maps one holds a
// shared lock on it (flock), which the kernel takes back when the process ends, however it ends. So an exclusive lock
// that is granted says that nobody is there: a newcomer then fills the file from the DLL, and the last to leave removes
// it. What a crashed process left behind is filled anew by the next load of that DLL, or removed by the next load that
// shares anything.
#pragma once

#include "pe/image.h"

#include <sys/stat.h>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hmodule::map {

class SharedSections {
 public:
  SharedSections() = default;
  // Puts the shared pages in the place of the laid out ones, with `rights` (PROT_*) for now. They begin as the file has
  // them: nothing relocated. What imports are bound in stays private. Does nothing if `file` has no shared section.
  // `info`: of the file, which it names in its present version.
  static Result<SharedSections> map(const pe::Image& file, std::span<std::byte> mapped, const struct stat& info,
                                    int rights);

  SharedSections(SharedSections&& other) noexcept : claims_(std::exchange(other.claims_, {})) {}
  SharedSections& operator=(SharedSections&& other) noexcept {
    std::swap(claims_, other.claims_);
    return *this;
  }
  // Gives up the claim to the pages. They stay mapped, but the next load may begin with new ones.
  ~SharedSections();

 private:
  struct Claim {
    std::string path;
    int file;
  };
  static Result<Claim> claim(const std::string& path, std::span<const std::byte> contents, std::size_t size);
  static void give_up(const Claim& claim);
  std::vector<Claim> claims_;
};

}  // namespace hmodule::map
