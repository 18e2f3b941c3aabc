// The one process-wide object (DESIGN D1). Windows functions carry no context argument; they ask here. It is started
// by the first use and never torn down before the process ends.
#pragma once

#include "loader/loader.h"
#include "module/builtin.h"

#include <memory>
#include <span>

namespace hmodule {

class Runtime {
 public:
  Loader& loader() { return *loader_; }

 private:
  friend Runtime& start_runtime(std::span<const BuiltinDll* const> builtins,
                                std::span<const BuiltinDll* const> stand_ins);
  explicit Runtime(std::unique_ptr<Loader> loader) : loader_(std::move(loader)) {}
  std::unique_ptr<Loader> loader_;
};

// Starts it with the builtin DLLs given (ntdll, kernel32 and kernelbase first), and with what stands in for functions
// of PE builds (LoaderOptions), if it is not running. Thread-safe. Ends the process with a sentence when not even the
// builtin DLLs can be set up, which only want of memory can cause.
Runtime& start_runtime(std::span<const BuiltinDll* const> builtins, std::span<const BuiltinDll* const> stand_ins = {});

// The running one. Only code that a started runtime called may use it.
Runtime& runtime();

}  // namespace hmodule
