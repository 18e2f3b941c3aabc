// Import tables: directory 1, and directory 13 for the delayed ones (IMP-01...IMP-04, IMP-10, §16).
#pragma once

#include "pe/image.h"

#include <string_view>
#include <vector>

namespace hmodule::pe {

struct Import {
  Rva slot;  // where the address goes
  bool by_ordinal = false;
  std::uint16_t ordinal = 0;
  std::uint16_t hint = 0;
  std::string_view name;  // inside the image; empty when by ordinal
};

struct ImportedDll {
  std::string_view name;  // as the file has it; IMP-05 (trailing spaces, ".dll") is the binder's
  Rva iat;                // FirstThunk
  bool bound = false;     // TimeDateStamp was set: the slots may hold old addresses (IMP-10)
  std::vector<Import> entries;
};

// In the order of the file. DLLs whose list is empty are left out (IMP-04). The names point into the image, so bind
// from the same layout you asked. Fails with INVALID_IMAGE_FORMAT when a table or a name is outside the image.
Result<std::vector<ImportedDll>> imports(const Image& image);

struct DelayImportedDll {
  std::string_view name;
  Rva descriptor;
  Rva module_handle;  // where the HMODULE is kept
  Rva iat;
  Rva names;  // the import name table
  std::vector<Import> entries;
};
Result<std::vector<DelayImportedDll>> delay_imports(const Image& image);

}  // namespace hmodule::pe
