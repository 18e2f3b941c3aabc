// Names for the code of a DLL, as debuggers and profilers show them: "zlib1!crc32". Only exports have names; a function
// between them is called by its RVA, "zlib1!0x12a0", so that it is not taken for the export before it.
#pragma once

#include "module/module.h"
#include "win/context.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hmodule::unwind {

struct NamedCode {
  std::uint32_t begin = 0, end = 0;  // RVAs
  std::string name;
};

// The module's exception directory.
std::span<const RUNTIME_FUNCTION> functions_of(const Module& module);

// By address. An export's aliases are left out.
std::vector<NamedCode> named_code(const Module& module);

}  // namespace hmodule::unwind
