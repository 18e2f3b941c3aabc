#include "winapi/ntdll/system_processes.h"

#include "base/utf.h"
#include "nt/system_information.h"
#include "runtime/runtime.h"
#include "thread/teb.h"
#include "win/memoryapi.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

struct SYSTEM_PROCESS_INFORMATION {
  ULONG NextEntryOffset, NumberOfThreads;
  LARGE_INTEGER WorkingSetPrivateSize;
  ULONG HardFaultCount, NumberOfThreadsHighWatermark;
  ULONGLONG CycleTime;
  LARGE_INTEGER CreateTime, UserTime, KernelTime;
  UNICODE_STRING ImageName;
  LONG BasePriority;
  ULONG_PTR UniqueProcessId, InheritedFromUniqueProcessId;
  ULONG HandleCount, SessionId;
  ULONG_PTR UniqueProcessKey;
  SIZE_T PeakVirtualSize, VirtualSize;
  ULONG PageFaultCount;
  SIZE_T PeakWorkingSetSize, WorkingSetSize, QuotaPeakPagedPoolUsage, QuotaPagedPoolUsage, QuotaPeakNonPagedPoolUsage,
      QuotaNonPagedPoolUsage, PagefileUsage, PeakPagefileUsage, PrivatePageCount;
  LARGE_INTEGER ReadOperationCount, WriteOperationCount, OtherOperationCount, ReadTransferCount, WriteTransferCount,
      OtherTransferCount;
};
static_assert(sizeof(SYSTEM_PROCESS_INFORMATION) == 0x100);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, UniqueProcessId) == 0x50);

struct SYSTEM_THREAD_INFORMATION {
  LARGE_INTEGER KernelTime, UserTime, CreateTime;
  ULONG WaitTime;
  void* StartAddress;
  ULONG_PTR UniqueProcess, UniqueThread;
  LONG Priority, BasePriority;
  ULONG ContextSwitches, ThreadState, WaitReason;
};
static_assert(sizeof(SYSTEM_THREAD_INFORMATION) == 0x50);

constexpr LONG kNormalPriority = 8;

LARGE_INTEGER boot_time() {
  constexpr LARGE_INTEGER kUnixEpoch = 116'444'736'000'000'000;
  timespec now{}, since_boot{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return (now.tv_sec - since_boot.tv_sec) * 10'000'000LL + (now.tv_nsec - since_boot.tv_nsec) / 100 + kUnixEpoch;
}

std::u16string own_name() {
  const auto program = runtime().loader().info(nullptr);
  return program ? program->base_name : std::u16string();
}

// The numbers of a directory's entries that are called by numbers.
std::vector<DWORD> numbers_in(const std::string& path) {
  std::vector<DWORD> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr)
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
      numbers.push_back(static_cast<DWORD>(std::strtoul(entry->d_name, nullptr, 10)));
  return numbers;
}

struct Found {
  SYSTEM_PROCESS_INFORMATION information = {};
  std::u16string name;
  std::vector<DWORD> threads;
};

Found look_at(DWORD id, const std::string& stat) {
  const bool own = id == static_cast<DWORD>(::getpid());
  const std::string directory = "/proc/" + std::to_string(id);
  Found found;
  // proc(5): "id (name) state parent ...", where the name may have anything in it.
  const std::size_t open = stat.find('('), close = stat.rfind(')');
  found.name = own ? own_name() : utf16(stat.substr(open + 1, close - open - 1));
  std::istringstream rest(stat.substr(close + 2));
  std::vector<std::string> fields{"", "", ""};  // counted from 1, as proc(5) does
  for (std::string field; rest >> field;) fields.push_back(field);
  const auto number = [&](std::size_t field) {
    return field < fields.size() ? std::strtoll(fields[field].c_str(), nullptr, 10) : 0;
  };
  const auto ticks = [&](std::size_t field) { return number(field) * (10'000'000 / ::sysconf(_SC_CLK_TCK)); };
  found.threads = own ? thread::thread_ids() : numbers_in(directory + "/task");
  SYSTEM_PROCESS_INFORMATION& information = found.information;
  information.NumberOfThreads = static_cast<ULONG>(found.threads.size());
  information.NumberOfThreadsHighWatermark = information.NumberOfThreads;
  information.UserTime = ticks(14);
  information.KernelTime = ticks(15);
  information.CreateTime = boot_time() + ticks(22);
  information.BasePriority = kNormalPriority;
  information.UniqueProcessId = id;
  information.InheritedFromUniqueProcessId = static_cast<ULONG_PTR>(number(4));
  information.PageFaultCount = static_cast<ULONG>(number(10) + number(12));
  information.HardFaultCount = static_cast<ULONG>(number(12));
  information.VirtualSize = information.PeakVirtualSize = static_cast<SIZE_T>(number(23));
  information.WorkingSetSize = information.PeakWorkingSetSize = static_cast<SIZE_T>(number(24)) * kPageSize;
  return found;
}

std::vector<Found> processes() {
  std::vector<Found> all;
  for (const DWORD id : numbers_in("/proc"))
    if (const std::string stat = nt::read_small_file("/proc/" + std::to_string(id) + "/stat");
        stat.rfind(')') != std::string::npos)
      all.push_back(look_at(id, stat));
  return all;
}

std::size_t size_of(const Found& process) {
  const std::size_t name = (process.name.size() + 1) * sizeof(WCHAR);
  return sizeof(SYSTEM_PROCESS_INFORMATION) + process.threads.size() * sizeof(SYSTEM_THREAD_INFORMATION) +
         ((name + 7) & ~std::size_t{7});
}

void write(std::byte* to, Found& process, bool last) {
  std::byte* at = to + sizeof process.information;
  for (const DWORD id : process.threads) {
    SYSTEM_THREAD_INFORMATION thread = {};
    thread.CreateTime = process.information.CreateTime;
    thread.UniqueProcess = process.information.UniqueProcessId;
    thread.UniqueThread = id;
    thread.Priority = thread.BasePriority = kNormalPriority;
    std::memcpy(at, &thread, sizeof thread);
    at += sizeof thread;
  }
  const std::size_t bytes = process.name.size() * sizeof(WCHAR);
  std::memcpy(at, process.name.c_str(), bytes + sizeof(WCHAR));
  process.information.ImageName = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(WCHAR)),
                                   reinterpret_cast<WCHAR*>(at)};
  process.information.NextEntryOffset = last ? 0 : static_cast<ULONG>(size_of(process));
  std::memcpy(to, &process.information, sizeof process.information);
}

}  // namespace

std::vector<RunningProcess> running_processes() {
  std::vector<RunningProcess> all;
  for (Found& each : processes())
    all.push_back({static_cast<DWORD>(each.information.UniqueProcessId),
                   static_cast<DWORD>(each.information.InheritedFromUniqueProcessId), std::move(each.name),
                   std::move(each.threads)});
  return all;
}

Status give_processes(void* buffer, ULONG size, ULONG* returned) {
  std::vector<Found> all = processes();
  std::size_t needed = 0;
  for (const Found& each : all) needed += size_of(each);
  if (returned != nullptr) *returned = static_cast<ULONG>(needed);
  if (size < needed) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes, {} are needed", size, needed);
  if (buffer == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the answer");
  auto* at = static_cast<std::byte*>(buffer);
  for (Found& each : all) {
    write(at, each, &each == &all.back());
    at += size_of(each);
  }
  return ok;
}

}  // namespace hmodule::winapi
