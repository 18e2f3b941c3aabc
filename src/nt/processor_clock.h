// How fast the processors run.
#pragma once

#include "win/types.h"

#include <vector>

namespace hmodule::nt {

struct ProcessorClock {
  ULONG maximum_mhz, current_mhz;
};
// Of each processor that is on; from cpufreq, or from /proc/cpuinfo where the machine does not change its clock.
std::vector<ProcessorClock> processor_clocks();

}  // namespace hmodule::nt
