// What the machine is: processors and how they share, memory, power. Read from /proc and /sys.
#pragma once

#include "win/sysinfoapi.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hmodule::nt {

// Processors by Linux's number. A processor's Windows name is its group, number / 64, and its number in it.
using Processors = std::vector<unsigned>;
inline constexpr unsigned kGroupSize = 64;

struct Cache {
  CACHE_DESCRIPTOR descriptor;
  Processors processors;
};

struct Topology {
  Processors processors;  // those this process may use
  std::vector<Processors> cores, packages;
  std::vector<Cache> caches;
  std::map<unsigned, Processors> nodes;

  unsigned groups() const { return processors.back() / kGroupSize + 1; }
};
// Read once.
const Topology& topology();
// The processors of one group as a mask.
ULONG_PTR affinity(const Processors& processors, unsigned group);
unsigned count_in_group(const Processors& processors, unsigned group);

// GetLogicalProcessorInformationEx: the records, one after the other. `relation` may be RelationAll.
std::vector<std::byte> processor_records(DWORD relation);
// GetLogicalProcessorInformation: those of group 0.
std::vector<SYSTEM_LOGICAL_PROCESSOR_INFORMATION> processor_records_of_first_group();

SYSTEM_INFO system_info();

// Bytes.
struct MemoryStatus {
  std::uint64_t physical, available, commit_limit, commit_available, cached, kernel, swap_backed_kernel, committed;
};
MemoryStatus memory_status();
// Memory as installed, with what the firmware keeps.
std::uint64_t installed_memory();

struct ProcessMemory {
  std::uint64_t page_faults, resident, peak_resident, private_bytes;
};
ProcessMemory process_memory();

SYSTEM_POWER_STATUS power_status();

// The name of this computer: DNS form.
std::string host_name();

// A small file of /proc or /sys, without the newline at its end; empty if it cannot be read.
std::string read_small_file(const std::string& path);

}  // namespace hmodule::nt
