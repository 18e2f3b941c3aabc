// From a checked file to an image in memory, step by step: lay_out, relocate, (bind), set_security_cookie, protect.
// Until protect() every page is readable and writable and none is executable, so that the steps between write where
// they must; after it every page has what its section asks for and no more.
#pragma once

#include "map/mapping.h"
#include "pe/image.h"

#include <mutex>
#include <span>
#include <vector>

namespace hmodule::map {

// Headers and sections of `file` (Layout::file) copied to their places: at the preferred base if that is free, anywhere
// otherwise (MAP-01...MAP-05, MAP-10). Gaps have no access. A low-alignment image is copied flat and must get its
// preferred base: CONFLICTING_ADDRESSES otherwise (MAP-08). With the descriptor of a cache entry (image_cache.h)
// nothing is copied.
Result<Mapping> lay_out(const pe::Image& file, int cache_entry = -1);

// Adjusts the image for where it is and stores its base in the mapped header (MAP-02, REL-01...REL-08). `mapped` is
// file.in_memory(mapping). CONFLICTING_ADDRESSES when it had to be where it is not (REL-02, REL-04).
Status relocate(const pe::Image& mapped);

// Pages of an image that follow each other, from an RVA to an RVA, and their rights (PROT_*).
struct PageRun {
  std::uint32_t begin, end;
  int rights;
};

// What each page's section asks for (MAP-06), in order, gaps left out. Low-alignment images: everything, throughout
// (MAP-08).
std::vector<PageRun> page_runs(const pe::Image& mapped);

// Gives the pages those rights.
Status protect(const pe::Image& mapped);

// LC-01: replaces a default security cookie by a random one. The page must be writable (before protect()).
void set_security_cookie(const pe::Image& mapped);

// LOAD_LIBRARY_AS_IMAGE_RESOURCE: sections at their RVAs, read-only, not relocated (FLAG-15).
Result<Mapping> lay_out_resources(const pe::Image& file);

// Linux page rights (PROT_*) for a section's characteristics (MAP-06).
int page_rights(std::uint32_t characteristics);

// Makes a range of one section writable for the life of the object and then puts the section's rights back; for writes
// after protect(), such as a delayed import's slot (DLY-07). One scope at a time in the process: others wait, so keep
// it short and do not nest. Other threads may run code of the page meanwhile, so an executable page stays executable.
class WritableScope {
 public:
  static Result<WritableScope> open(const pe::Image& mapped, pe::Rva rva, std::size_t size);
  WritableScope(WritableScope&& other) noexcept = default;
  WritableScope& operator=(WritableScope&&) = delete;
  ~WritableScope();

 private:
  WritableScope(std::unique_lock<std::mutex> lock, std::span<std::byte> pages, int rights)
      : lock_(std::move(lock)), pages_(pages), rights_(rights) {}
  std::unique_lock<std::mutex> lock_;
  std::span<std::byte> pages_;
  int rights_;
};

}  // namespace hmodule::map
