// Views of files as data: LOAD_LIBRARY_AS_DATAFILE and LOAD_LIBRARY_AS_IMAGE_RESOURCE. They are no modules: never
// listed, never counted, and each load makes a new one (FLAG-11). The handle's low bits tell the layout (FLAG-16).
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "map/mapping.h"
#include "map/shared_sections.h"
#include "nt/file.h"

namespace hmodule {

class Datafiles {
 public:
  // Opens the file and maps it as `flags` (LOAD_LIBRARY_AS_*) ask. FLAG-13 gives the errors.
  Result<HMODULE> open(std::u16string_view full_name, const std::string& host_path, DWORD flags);
  // MOD_NOT_FOUND for a handle that is none of ours, BAD_EXE_FORMAT if nothing like a PE image stands there (FLAG-17).
  Status close(HMODULE handle);
  Result<std::span<const std::byte>> bytes_of(HMODULE handle) const;

  static bool is_datafile_handle(HMODULE handle) { return (reinterpret_cast<std::uintptr_t>(handle) & 3) != 0; }

 private:
  struct View {
    HMODULE handle;
    map::Mapping mapping;
    map::SharedSections shared_sections;
    std::size_t size;
    nt::Ref<nt::File> held;  // for DATAFILE_EXCLUSIVE: open without sharing for writers
  };
  mutable std::mutex mutex_;
  std::vector<View> views_;
};

}  // namespace hmodule
