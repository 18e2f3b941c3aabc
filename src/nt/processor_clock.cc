#include "nt/processor_clock.h"

#include "nt/system_information.h"

#include <cstdlib>
#include <fstream>
#include <string>

namespace hmodule::nt {
namespace {

// In kHz there; 0 where the file is missing.
ULONG cpufreq_mhz(std::size_t processor, const char* what) {
  const std::string text =
      read_small_file("/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/cpufreq/" + what);
  return static_cast<ULONG>(std::strtoul(text.c_str(), nullptr, 10) / 1000);
}

}  // namespace

std::vector<ProcessorClock> processor_clocks() {
  std::vector<ProcessorClock> clocks;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("cpu MHz")) continue;
    const auto listed = static_cast<ULONG>(std::strtod(line.c_str() + line.find(':') + 1, nullptr));
    const ULONG maximum = cpufreq_mhz(clocks.size(), "cpuinfo_max_freq");
    clocks.push_back({maximum != 0 ? maximum : listed, listed});
  }
  return clocks;
}

}  // namespace hmodule::nt
