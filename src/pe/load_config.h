// The load configuration (directory 10): the fields a loader acts on (§8.7). The file's own Size says which exist.
#pragma once

#include "pe/image.h"

#include <optional>

namespace hmodule::pe {

struct LoadConfig {
  std::uint32_t size = 0;
  std::uint16_t dependent_load_flags = 0;  // SRCH-60
  std::uint32_t guard_flags = 0;           // LC-03
  // Addresses of variables, relative to the mapping (or to the preferred base in a file); 0: none.
  std::uint64_t security_cookie = 0;  // LC-01
  std::uint64_t guard_cf_check = 0, guard_cf_dispatch = 0;
  std::uint64_t guard_xfg_check = 0, guard_xfg_dispatch = 0, guard_xfg_table_dispatch = 0;
};
inline constexpr std::uint32_t kGuardProtectDelayLoadIat = 0x1000, kGuardDelayLoadIatInItsOwnSection = 0x2000;

// nullopt when there is none (LC-04).
Result<std::optional<LoadConfig>> load_config(const Image& image);

}  // namespace hmodule::pe
