#include "nt/system_information.h"

#include "win/memoryapi.h"

#include <cpuid.h>
#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

namespace hmodule::nt {
namespace {

constexpr std::uint64_t kKilo = 1024;

// "0-3,8" as the kernel writes sets.
Processors parse_list(const std::string& text) {
  Processors numbers;
  const char* at = text.c_str();
  while (*at != 0) {
    char* end = nullptr;
    const unsigned long first = std::strtoul(at, &end, 10);
    if (end == at) break;
    const unsigned long last = *end == '-' ? std::strtoul(end + 1, &end, 10) : first;
    for (unsigned long n = first; n <= last && n < 4096; ++n) numbers.push_back(static_cast<unsigned>(n));
    at = *end == ',' ? end + 1 : end + std::strlen(end);
  }
  return numbers;
}

Processors usable_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  Processors numbers;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    for (unsigned n = 0; n < CPU_SETSIZE; ++n)
      if (CPU_ISSET(n, &allowed)) numbers.push_back(n);
  if (numbers.empty()) numbers.push_back(0);
  return numbers;
}

Processors intersection(const Processors& all, const Processors& some) {
  Processors both;
  std::set_intersection(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(both));
  return both;
}

void add_once(std::vector<Processors>& sets, Processors set) {
  if (std::find(sets.begin(), sets.end(), set) == sets.end()) sets.push_back(std::move(set));
}

// The set in `file`, or the processor alone where the kernel does not say.
Processors sharing(const Processors& usable, unsigned processor, const std::string& file) {
  Processors set = intersection(usable, parse_list(read_small_file(file)));
  return set.empty() ? Processors{processor} : set;
}

DWORD size_in_bytes(const std::string& text) {
  char* unit = nullptr;
  const unsigned long value = std::strtoul(text.c_str(), &unit, 10);
  return static_cast<DWORD>(value * (*unit == 'K' ? 1U << 10 : *unit == 'M' ? 1U << 20 : 1U));
}

void add_caches(Topology& all, unsigned processor, const std::string& directory) {
  for (unsigned index = 0; index < 16; ++index) {
    const std::string cache = directory + "/cache/index" + std::to_string(index) + "/";
    const std::string type = read_small_file(cache + "type");
    if (type.empty()) return;
    const auto number = [&](const char* file) {
      return std::strtoul(read_small_file(cache + file).c_str(), nullptr, 10);
    };
    const unsigned long ways = number("ways_of_associativity");
    Cache found = {{.Level = static_cast<BYTE>(number("level")),
                    .Associativity = static_cast<BYTE>(ways == 0 || ways > 0xFE ? 0xFF : ways),
                    .LineSize = static_cast<WORD>(number("coherency_line_size")),
                    .Size = size_in_bytes(read_small_file(cache + "size")),
                    .Type = type == "Data"          ? CacheData
                            : type == "Instruction" ? CacheInstruction
                                                    : CacheUnified},
                   sharing(all.processors, processor, cache + "shared_cpu_list")};
    const bool known = std::any_of(all.caches.begin(), all.caches.end(), [&](const Cache& other) {
      return other.descriptor.Level == found.descriptor.Level && other.descriptor.Type == found.descriptor.Type &&
             other.processors == found.processors;
    });
    if (!known) all.caches.push_back(std::move(found));
  }
}

Topology read_topology() {
  Topology all;
  all.processors = usable_processors();
  for (const unsigned n : all.processors) {
    const std::string directory = "/sys/devices/system/cpu/cpu" + std::to_string(n);
    add_once(all.cores, sharing(all.processors, n, directory + "/topology/thread_siblings_list"));
    add_once(all.packages, sharing(all.processors, n, directory + "/topology/core_siblings_list"));
    add_caches(all, n, directory);
  }
  for (const unsigned node : parse_list(read_small_file("/sys/devices/system/node/online"))) {
    const std::string file = "/sys/devices/system/node/node" + std::to_string(node) + "/cpulist";
    const Processors set = intersection(all.processors, parse_list(read_small_file(file)));
    if (!set.empty()) all.nodes[node] = set;
  }
  if (all.nodes.empty()) all.nodes[0] = all.processors;
  return all;
}

// A record with one GROUP_AFFINITY per group that has a processor of the set.
template <typename Fill>
void append_record(std::vector<std::byte>& out, DWORD relation, std::size_t fixed_size, const Processors& set,
                   Fill fill) {
  std::vector<GROUP_AFFINITY> groups;
  for (unsigned group = 0; group < topology().groups(); ++group)
    if (const ULONG_PTR mask = affinity(set, group); mask != 0) groups.push_back({mask, static_cast<WORD>(group), {}});
  SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX record = {};
  record.Relationship = relation;
  const std::size_t header = offsetof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Processor);
  record.Size = static_cast<DWORD>(header + fixed_size + groups.size() * sizeof(GROUP_AFFINITY));
  fill(record, static_cast<WORD>(groups.size()));
  const auto* bytes = reinterpret_cast<const std::byte*>(&record);
  out.insert(out.end(), bytes, bytes + header + fixed_size);
  bytes = reinterpret_cast<const std::byte*>(groups.data());
  out.insert(out.end(), bytes, bytes + groups.size() * sizeof(GROUP_AFFINITY));
}

using Record = SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX;

void append_processors(std::vector<std::byte>& out, DWORD relation, const Processors& set) {
  append_record(out, relation, offsetof(PROCESSOR_RELATIONSHIP, GroupMask), set, [&](Record& record, WORD groups) {
    record.Processor.Flags = relation == RelationProcessorCore && set.size() > 1 ? LTP_PC_SMT : 0;
    record.Processor.GroupCount = groups;
  });
}

void append_groups(std::vector<std::byte>& out) {
  const Topology& all = topology();
  Record record = {};
  record.Relationship = RelationGroup;
  const std::size_t fixed = offsetof(Record, Group) + offsetof(GROUP_RELATIONSHIP, GroupInfo);
  record.Size = static_cast<DWORD>(fixed + all.groups() * sizeof(PROCESSOR_GROUP_INFO));
  record.Group.MaximumGroupCount = record.Group.ActiveGroupCount = static_cast<WORD>(all.groups());
  const auto* bytes = reinterpret_cast<const std::byte*>(&record);
  out.insert(out.end(), bytes, bytes + fixed);
  for (unsigned group = 0; group < all.groups(); ++group) {
    PROCESSOR_GROUP_INFO info = {};
    info.ActiveProcessorMask = affinity(all.processors, group);
    info.MaximumProcessorCount = info.ActiveProcessorCount = static_cast<BYTE>(count_in_group(all.processors, group));
    bytes = reinterpret_cast<const std::byte*>(&info);
    out.insert(out.end(), bytes, bytes + sizeof info);
  }
}

// "MemTotal:   16384 kB" lines.
std::map<std::string, std::uint64_t> read_fields(const char* file) {
  std::map<std::string, std::uint64_t> fields;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    fields[line.substr(0, colon)] = std::strtoull(line.c_str() + colon + 1, nullptr, 10) * kKilo;
  }
  return fields;
}

}  // namespace

std::string read_small_file(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  std::getline(in, text, '\0');
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

const Topology& topology() {
  static const auto* const all = new Topology(read_topology());
  return *all;
}

ULONG_PTR affinity(const Processors& processors, unsigned group) {
  ULONG_PTR mask = 0;
  for (const unsigned n : processors)
    if (n / kGroupSize == group) mask |= ULONG_PTR{1} << (n % kGroupSize);
  return mask;
}

unsigned count_in_group(const Processors& processors, unsigned group) {
  return static_cast<unsigned>(__builtin_popcountll(affinity(processors, group)));
}

std::vector<std::byte> processor_records(DWORD relation) {
  const Topology& all = topology();
  const auto wanted = [&](DWORD kind) { return relation == kind || relation == RelationAll; };
  std::vector<std::byte> out;
  if (wanted(RelationProcessorCore))
    for (const Processors& core : all.cores) append_processors(out, RelationProcessorCore, core);
  if (wanted(RelationProcessorPackage))
    for (const Processors& package : all.packages) append_processors(out, RelationProcessorPackage, package);
  if (wanted(RelationCache))
    for (const Cache& cache : all.caches)
      append_record(out, RelationCache, offsetof(CACHE_RELATIONSHIP, GroupMasks), cache.processors,
                    [&](Record& record, WORD groups) {
                      const CACHE_DESCRIPTOR& of = cache.descriptor;
                      record.Cache = {of.Level, of.Associativity, of.LineSize, of.Size, of.Type, {}, groups, {}};
                    });
  if (wanted(RelationNumaNode))
    for (const auto& [number, set] : all.nodes)
      append_record(out, RelationNumaNode, offsetof(NUMA_NODE_RELATIONSHIP, GroupMasks), set,
                    [&, node = number](Record& record, WORD groups) {
                      record.NumaNode.NodeNumber = node;
                      record.NumaNode.GroupCount = groups;
                    });
  if (wanted(RelationGroup)) append_groups(out);
  return out;
}

std::vector<SYSTEM_LOGICAL_PROCESSOR_INFORMATION> processor_records_of_first_group() {
  const Topology& all = topology();
  std::vector<SYSTEM_LOGICAL_PROCESSOR_INFORMATION> records;
  const auto add = [&](DWORD relation, const Processors& set) -> SYSTEM_LOGICAL_PROCESSOR_INFORMATION& {
    auto& record = records.emplace_back();
    record = {};
    record.ProcessorMask = affinity(set, 0);
    record.Relationship = relation;
    return record;
  };
  for (const Processors& core : all.cores)
    add(RelationProcessorCore, core).ProcessorCore.Flags = core.size() > 1 ? LTP_PC_SMT : 0;
  for (const Cache& cache : all.caches) add(RelationCache, cache.processors).Cache = cache.descriptor;
  for (const auto& [node, set] : all.nodes) add(RelationNumaNode, set).NumaNode.NodeNumber = node;
  for (const Processors& package : all.packages) add(RelationProcessorPackage, package);
  std::erase_if(records, [](const auto& record) { return record.ProcessorMask == 0; });
  return records;
}

SYSTEM_INFO system_info() {
  const Topology& all = topology();
  unsigned a = 0, b = 0, c = 0, d = 0;
  __get_cpuid(1, &a, &b, &c, &d);
  const unsigned base_family = (a >> 8) & 0xF,
                 family = base_family == 0xF ? base_family + ((a >> 20) & 0xFF) : base_family;
  const unsigned model = ((a >> 4) & 0xF) | ((a >> 12) & 0xF0), stepping = a & 0xF;
  return {.wProcessorArchitecture = PROCESSOR_ARCHITECTURE_AMD64,
          .wReserved = 0,
          .dwPageSize = static_cast<DWORD>(kPageSize),
          .lpMinimumApplicationAddress = reinterpret_cast<void*>(kLowestUserAddress),
          .lpMaximumApplicationAddress = reinterpret_cast<void*>(kHighestUserAddress),
          .dwActiveProcessorMask = affinity(all.processors, 0),
          .dwNumberOfProcessors = count_in_group(all.processors, 0),
          .dwProcessorType = PROCESSOR_AMD_X8664,
          .dwAllocationGranularity = static_cast<DWORD>(kAllocationGranularity),
          .wProcessorLevel = static_cast<WORD>(family),
          .wProcessorRevision = static_cast<WORD>(model << 8 | stepping)};
}

MemoryStatus memory_status() {
  auto fields = read_fields("/proc/meminfo");
  MemoryStatus status = {.physical = fields["MemTotal"],
                         .available = fields["MemAvailable"],
                         .commit_limit = fields["MemTotal"] + fields["SwapTotal"],
                         .commit_available = fields["MemAvailable"] + fields["SwapFree"],
                         .cached = fields["Cached"] + fields["Buffers"],
                         .kernel = fields["Slab"] + fields["KernelStack"] + fields["PageTables"],
                         .swap_backed_kernel = fields["SReclaimable"],
                         .committed = fields["Committed_AS"]};
  if (status.physical == 0) {  // no /proc
    struct sysinfo info {};
    sysinfo(&info);
    status.physical = info.totalram * std::uint64_t{info.mem_unit};
    status.available = info.freeram * std::uint64_t{info.mem_unit};
    status.commit_limit = status.physical;
    status.commit_available = status.available;
  }
  return status;
}

std::uint64_t installed_memory() {
  const std::string block = read_small_file("/sys/devices/system/memory/block_size_bytes");
  const std::uint64_t block_size = std::strtoull(block.c_str(), nullptr, 16);
  std::uint64_t blocks = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/sys/devices/system/memory"), closedir);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name.starts_with("memory") && name.size() > 6 && name[6] >= '0' && name[6] <= '9') ++blocks;
  }
  return std::max(blocks * block_size, memory_status().physical);
}

ProcessMemory process_memory() {
  auto fields = read_fields("/proc/self/status");
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {.page_faults = static_cast<std::uint64_t>(usage.ru_minflt + usage.ru_majflt),
          .resident = fields["VmRSS"],
          .peak_resident = fields["VmHWM"],
          .private_bytes = fields["RssAnon"] + fields["VmSwap"]};
}

SYSTEM_POWER_STATUS power_status() {
  // Windows' values for "unknown" and "no battery".
  SYSTEM_POWER_STATUS status = {255, 128, 255, 0, ~0U, ~0U};
  const std::string root = "/sys/class/power_supply/";
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(root.c_str()), closedir);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    const std::string supply = root + entry->d_name + "/", type = read_small_file(supply + "type");
    if (type == "Mains") status.ACLineStatus = read_small_file(supply + "online") == "1";
    if (type != "Battery" || read_small_file(supply + "scope") == "Device") continue;
    const int percent = std::atoi(read_small_file(supply + "capacity").c_str());
    const std::string doing = read_small_file(supply + "status");
    status.BatteryLifePercent = static_cast<BYTE>(std::clamp(percent, 0, 100));
    status.BatteryFlag = static_cast<BYTE>((percent > 66   ? 1
                                            : percent < 5  ? 4
                                            : percent < 33 ? 2
                                                           : 0) |
                                           (doing == "Charging" ? 8 : 0));
    if (status.ACLineStatus == 255) status.ACLineStatus = doing == "Discharging" ? 0 : 1;
  }
  return status;
}

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace hmodule::nt
