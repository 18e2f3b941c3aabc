// Threads of our own that serve Windows code from outside: they carry data, and wait for what Linux has to tell. They
// block all signals, for the host's are for the host's threads.
#pragma once

#include "base/result.h"

#include <memory>
#include <utility>

namespace hmodule {

namespace detail {
Status start_service_thread(const char* name, void* (*run)(void*), void* argument);
}

// Runs `body` in a thread of that name (15 characters at most), which nobody joins. INSUFFICIENT_RESOURCES.
template <typename Body>
Status start_service_thread(const char* name, Body body) {
  auto owned = std::make_unique<Body>(std::move(body));
  const auto run = [](void* argument) -> void* {
    const std::unique_ptr<Body> mine(static_cast<Body*>(argument));
    (*mine)();
    return nullptr;
  };
  TRY(detail::start_service_thread(name, run, owned.get()));
  static_cast<void>(owned.release());
  return ok;
}

}  // namespace hmodule
