// What is in the registry before anybody has written to it.
#pragma once

#include "nt/registry_store.h"

#include <vector>

namespace hmodule::nt {

// Subkeys and values that are costly to make, and so are made when their key is first touched.
struct LateDefaults {
  KeyId key;
  Status (*fill)(RegistryStore& store, KeyId key);
};

// Gives a new store its defaults, and any store those that describe this process's machine, in volatile keys.
Result<std::vector<LateDefaults>> write_defaults(RegistryStore& store);

}  // namespace hmodule::nt
