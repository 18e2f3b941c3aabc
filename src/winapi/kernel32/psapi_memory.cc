// psapi.h: memory of the process and of the machine.
#include "module/builtin.h"
#include "nt/handle_table.h"
#include "nt/own_process.h"
#include "nt/system_information.h"
#include "win/memoryapi.h"
#include "win/sysinfoapi.h"
#include "winapi/common/answer.h"

#include <dirent.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace hmodule::winapi {
namespace {

HM_WINAPI BOOL K32GetProcessMemoryInfo(HANDLE process, PROCESS_MEMORY_COUNTERS_EX* counters, DWORD size) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    constexpr DWORD shorter = offsetof(PROCESS_MEMORY_COUNTERS_EX, PrivateUsage);
    if (counters == nullptr || size < shorter)
      return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes, {} are needed", size, shorter);
    const nt::ProcessMemory memory = nt::process_memory();
    PROCESS_MEMORY_COUNTERS_EX found = {};
    found.cb = size < sizeof found ? shorter : sizeof found;
    found.PageFaultCount = static_cast<DWORD>(memory.page_faults);
    found.WorkingSetSize = memory.resident;
    found.PeakWorkingSetSize = std::max(memory.peak_resident, memory.resident);
    found.PagefileUsage = found.PeakPagefileUsage = found.PrivateUsage = memory.private_bytes;
    std::memcpy(counters, &found, found.cb);
    return ok;
  });
}

DWORD count_processes() {
  DWORD count = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc"), closedir);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr)
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') ++count;
  return count;
}

// The fourth field of /proc/loadavg is "running/all".
DWORD count_threads() {
  const std::string load = nt::read_small_file("/proc/loadavg");
  const auto slash = load.find('/');
  return slash == std::string::npos ? 0 : static_cast<DWORD>(std::strtoul(load.c_str() + slash + 1, nullptr, 10));
}

HM_WINAPI BOOL K32GetPerformanceInfo(PERFORMANCE_INFORMATION* info, DWORD size) noexcept {
  return succeed([&]() -> Status {
    if (info == nullptr || size < sizeof *info)
      return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes, {} are needed", size, sizeof *info);
    const nt::MemoryStatus memory = nt::memory_status();
    *info = {.cb = sizeof *info,
             .CommitTotal = memory.committed / kPageSize,
             .CommitLimit = memory.commit_limit / kPageSize,
             .CommitPeak = memory.committed / kPageSize,
             .PhysicalTotal = memory.physical / kPageSize,
             .PhysicalAvailable = memory.available / kPageSize,
             .SystemCache = memory.cached / kPageSize,
             .KernelTotal = memory.kernel / kPageSize,
             .KernelPaged = memory.swap_backed_kernel / kPageSize,
             .KernelNonpaged = (memory.kernel - std::min(memory.kernel, memory.swap_backed_kernel)) / kPageSize,
             .PageSize = kPageSize,
             .HandleCount = nt::handles().count(),
             .ProcessCount = count_processes(),
             .ThreadCount = count_threads()};
    return ok;
  });
}

const Export kRows[] = {
    {"K32GetPerformanceInfo", proc(K32GetPerformanceInfo), Support::partial, "handles of this process only"},
    {"K32GetProcessMemoryInfo", proc(K32GetProcessMemoryInfo), Support::partial, "this process only"},
};

}  // namespace

extern const ExportTable psapi_memory_exports = kRows;

}  // namespace hmodule::winapi
