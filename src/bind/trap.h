// A missing function of a system DLL does not fail the load: it is bound to a trap. When that is called, the function
// is looked for once more, where looking is dear (the DLL's PE build, DESIGN D3); found, it takes the trap's place from
// then on, and otherwise the process ends with the function's name. Most DLLs import far more than they call.
#pragma once

#include <string>
#include <vector>

#include "map/mapping.h"
#include "module/module.h"

namespace hmodule::bind {

struct MissingFunction {
  std::string importer, dll, function;
  Module* provider = nullptr;  // who may have it after all
};

// One region with a trap for each of `missing`, in order. The addresses are valid while the region lives.
struct Traps {
  map::Mapping region;
  std::vector<Proc> addresses;
};
Result<Traps> make_traps(const std::vector<MissingFunction>& missing);

// What looks once more: nullptr if nobody has the function. It must leave the last error alone.
struct LateBinder {
  Proc (*find)(void* context, Module& provider, std::string_view function) = nullptr;
  void* context = nullptr;
};
void set_late_binder(const LateBinder& binder);

}  // namespace hmodule::bind
