// The one process-wide object (DESIGN D1). Windows functions carry no context argument; they ask here. It is started
// by the first use and never torn down before the process ends.
#pragma once

#include "loader/loader.h"
#include "module/builtin.h"

#include <span>

namespace hmodule {

class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual Loader& loader() = 0;
  virtual PEB& peb() = 0;
};

// Starts it with the builtin DLLs given, if it is not running. Thread-safe.
Runtime& start_runtime(std::span<const BuiltinDll* const> builtins);

// The running one. Only code that a started runtime called may use it.
Runtime& runtime();

}  // namespace hmodule
