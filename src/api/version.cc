#include <hmodule/hmodule.h>

#include "build_config.h"

const char* hmodule_version() {
  return hmodule::kVersion;
}
