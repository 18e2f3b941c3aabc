// A missing function of a system DLL does not fail the load: it is bound to a trap, which ends the process with the
// function's name when it is called. Most DLLs import far more than they call.
#pragma once

#include <string>
#include <vector>

#include "map/mapping.h"
#include "module/builtin.h"

namespace hmodule::bind {

struct MissingFunction {
  std::string importer, dll, function;
};

// One executable region with a trap for each of `missing`, in order. The addresses are valid while the region lives.
struct Traps {
  map::Mapping region;
  std::vector<Proc> addresses;
};
Result<Traps> make_traps(const std::vector<MissingFunction>& missing);

}  // namespace hmodule::bind
