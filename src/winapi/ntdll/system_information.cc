// ntexapi.h: the system, its version, its features; and what else is one line each.
#include "nt/system_information.h"
#include "module/builtin.h"
#include "nt/encoded_pointer.h"
#include "nt/error_mode.h"
#include "nt/token.h"
#include "thread/peb.h"
#include "win/memoryapi.h"
#include "winapi/common/answer.h"
#include "winapi/ntdll/system_processes.h"

#include <cpuid.h>
#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

// SYSTEM_INFORMATION_CLASS
enum SystemClass : ULONG {
  SystemBasicInformation = 0,
  SystemProcessorInformation = 1,
  SystemPerformanceInformation = 2,
  SystemTimeOfDayInformation = 3,
  SystemProcessInformation = 5,
  SystemProcessorPerformanceInformation = 8,
  SystemKernelDebuggerInformation = 35,
  SystemEmulationBasicInformation = 62,
  SystemEmulationProcessorInformation = 63,
  SystemLogicalProcessorInformation = 73,
  SystemLogicalProcessorInformationEx = 107,
};

struct BasicInformation {
  ULONG Reserved, TimerResolution, PageSize, NumberOfPhysicalPages, LowestPhysicalPageNumber, HighestPhysicalPageNumber,
      AllocationGranularity;
  ULONG_PTR MinimumUserModeAddress, MaximumUserModeAddress, ActiveProcessorsAffinityMask;
  CHAR NumberOfProcessors;
};
static_assert(sizeof(BasicInformation) == 0x40);

struct ProcessorInformation {
  USHORT ProcessorArchitecture, ProcessorLevel, ProcessorRevision, MaximumProcessors;
  ULONG ProcessorFeatureBits;
};

struct TimeOfDay {
  LARGE_INTEGER BootTime, CurrentTime, TimeZoneBias;
  ULONG TimeZoneId, Reserved;
  ULONGLONG BootTimeBias, SleepTimeBias;
};
static_assert(sizeof(TimeOfDay) == 0x30);

struct ProcessorPerformance {
  LARGE_INTEGER IdleTime, KernelTime, UserTime, DpcTime, InterruptTime;
  ULONG InterruptCount;
};
static_assert(sizeof(ProcessorPerformance) == 0x30);

struct PerformanceInformation {
  LARGE_INTEGER IdleTime, ReadTransferCount, WriteTransferCount, OtherTransferCount;
  ULONG ReadOperationCount, WriteOperationCount, OtherOperationCount;
  ULONG AvailablePages, CommittedPages, CommitLimit, PeakCommitment;
  BYTE Reserved[0x138 - 0x3C];
};
static_assert(sizeof(PerformanceInformation) == 0x138);

using Bytes = std::vector<std::byte>;

template <typename Info>
Bytes bytes_of(const Info& info) {
  const auto* start = reinterpret_cast<const std::byte*>(&info);
  return {start, start + sizeof info};
}
template <typename Info>
Bytes bytes_of(const std::vector<Info>& infos) {
  const auto* start = reinterpret_cast<const std::byte*>(infos.data());
  return {start, start + infos.size() * sizeof(Info)};
}

BasicInformation basic() {
  const SYSTEM_INFO info = nt::system_info();
  const auto pages = static_cast<ULONG>(nt::memory_status().physical / kPageSize);
  return {.Reserved = 0,
          .TimerResolution = 156250,
          .PageSize = info.dwPageSize,
          .NumberOfPhysicalPages = pages,
          .LowestPhysicalPageNumber = 1,
          .HighestPhysicalPageNumber = pages,
          .AllocationGranularity = info.dwAllocationGranularity,
          .MinimumUserModeAddress = kLowestUserAddress,
          .MaximumUserModeAddress = kHighestUserAddress,
          .ActiveProcessorsAffinityMask = info.dwActiveProcessorMask,
          .NumberOfProcessors = static_cast<CHAR>(info.dwNumberOfProcessors)};
}

ProcessorInformation processor() {
  const SYSTEM_INFO info = nt::system_info();
  return {info.wProcessorArchitecture, info.wProcessorLevel, info.wProcessorRevision,
          static_cast<USHORT>(info.dwNumberOfProcessors), 0};
}

PerformanceInformation performance() {
  const nt::MemoryStatus memory = nt::memory_status();
  PerformanceInformation info = {};
  info.AvailablePages = static_cast<ULONG>(memory.available / kPageSize);
  info.CommittedPages = info.PeakCommitment = static_cast<ULONG>(memory.committed / kPageSize);
  info.CommitLimit = static_cast<ULONG>(memory.commit_limit / kPageSize);
  return info;
}

LARGE_INTEGER hundred_nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 10'000'000LL + now.tv_nsec / 100;
}

TimeOfDay time_of_day() {
  const KSYSTEM_TIME& bias = thread::shared_data().TimeZoneBias;
  constexpr LARGE_INTEGER kUnixEpoch = 116'444'736'000'000'000;
  TimeOfDay time = {};
  time.CurrentTime = hundred_nanoseconds(CLOCK_REALTIME) + kUnixEpoch;
  time.BootTime = time.CurrentTime - hundred_nanoseconds(CLOCK_BOOTTIME);
  time.TimeZoneBias = static_cast<LARGE_INTEGER>(bias.High1Time) << 32 | bias.LowPart;
  return time;
}

// "cpu0 user nice system idle iowait irq softirq ..." in hundredths of a second.
std::vector<ProcessorPerformance> processor_performance() {
  constexpr LARGE_INTEGER kTick = 100'000;
  std::vector<ProcessorPerformance> all;
  std::ifstream stat("/proc/stat");
  for (std::string line; std::getline(stat, line);) {
    if (!line.starts_with("cpu") || line.size() < 4 || line[3] == ' ') continue;
    LARGE_INTEGER field[7] = {};
    const char* at = line.c_str() + line.find(' ');
    for (LARGE_INTEGER& value : field) value = std::strtoll(at, const_cast<char**>(&at), 10) * kTick;
    const LARGE_INTEGER idle = field[3] + field[4];
    // Windows counts idle time as kernel time too.
    all.push_back({idle, field[2] + field[5] + field[6] + idle, field[0] + field[1], field[6], field[5], 0});
  }
  return all;
}

Result<Bytes> query(ULONG information_class) {
  switch (information_class) {
    case SystemBasicInformation:
    case SystemEmulationBasicInformation:
      return bytes_of(basic());
    case SystemProcessorInformation:
    case SystemEmulationProcessorInformation:
      return bytes_of(processor());
    case SystemPerformanceInformation:
      return bytes_of(performance());
    case SystemTimeOfDayInformation:
      return bytes_of(time_of_day());
    case SystemProcessorPerformanceInformation:
      return bytes_of(processor_performance());
    case SystemKernelDebuggerInformation:
      return Bytes{std::byte{0}, std::byte{1}};  // not enabled, not present
    case SystemLogicalProcessorInformation:
      return bytes_of(nt::processor_records_of_first_group());
    default:
      return fail(STATUS_INVALID_INFO_CLASS, "system information class {}", information_class);
  }
}

Status give(const Bytes& found, void* buffer, ULONG size, ULONG* returned) {
  if (returned != nullptr) *returned = static_cast<ULONG>(found.size());
  if (size < found.size()) return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes, {} are needed", size, found.size());
  if (buffer == nullptr) return fail(STATUS_ACCESS_VIOLATION, "nowhere to put the answer");
  std::memcpy(buffer, found.data(), found.size());
  return ok;
}

HM_WINAPI NTSTATUS NtQuerySystemInformation(ULONG information_class, void* buffer, ULONG size,
                                            ULONG* returned) noexcept {
  return status_of([&]() -> Status {
    if (information_class == SystemProcessInformation) return give_processes(buffer, size, returned);
    return give(TRY(query(information_class)), buffer, size, returned);
  });
}

HM_WINAPI NTSTATUS NtQuerySystemInformationEx(ULONG information_class, const void* input, ULONG input_size,
                                              void* buffer, ULONG size, ULONG* returned) noexcept {
  return status_of([&]() -> Status {
    if (information_class != SystemLogicalProcessorInformationEx)
      return fail(STATUS_INVALID_INFO_CLASS, "system information class {} with a parameter", information_class);
    if (input == nullptr || input_size < sizeof(ULONG))
      return fail(STATUS_INVALID_PARAMETER, "no processor relationship");
    const ULONG relation = *static_cast<const ULONG*>(input);
    if (relation > RelationGroup && relation != RelationAll)
      return fail(STATUS_INVALID_PARAMETER, "processor relationship {}", relation);
    return give(nt::processor_records(relation), buffer, size, returned);
  });
}

// What may be set on Windows, how many bytes it takes and which privilege. Nothing of it is the process's own, and the
// host does not leave it to us: who has the privilege is told that it is not supported.
struct Settable {
  ULONG information_class, size, privilege;
};
constexpr ULONG kSeIncreaseQuota = 5, kSeTcb = 7, kSeLoadDriver = 10, kSeSystemtime = 12, kSeProfileSingleProcess = 13,
                kSeDebug = 20, kSeTimeZone = 34, kAnySize = 0;
constexpr Settable kSettable[] = {
    {9, sizeof(ULONG), kSeDebug},                  // SystemFlagsInformation
    {21, 0x40, kSeIncreaseQuota},                  // SystemFileCacheInformation
    {26, kAnySize, kSeLoadDriver},                 // SystemLoadGdiDriverInformation
    {27, sizeof(void*), kSeLoadDriver},            // SystemUnloadGdiDriverInformation
    {28, 0x8, kSeSystemtime},                      // SystemTimeAdjustmentInformation
    {37, 0x10, kSeIncreaseQuota},                  // SystemRegistryQuotaInformation
    {38, sizeof(UNICODE_STRING), kSeLoadDriver},   // SystemExtendServiceTableInformation
    {39, sizeof(ULONG), kSeTcb},                   // SystemPrioritySeperation
    {40, sizeof(UNICODE_STRING), kSeDebug},        // SystemVerifierAddDriverInformation
    {44, 0xAC, kSeTimeZone},                       // SystemCurrentTimeZoneInformation
    {46, sizeof(HANDLE), kSeSystemtime},           // SystemTimeSlipNotification
    {51, sizeof(ULONG), kSeDebug},                 // SystemVerifierInformation
    {80, sizeof(ULONG), kSeProfileSingleProcess},  // SystemMemoryListInformation
    {81, 0x40, kSeIncreaseQuota},                  // SystemFileCacheInformationEx
    {102, 0x1B0, kSeTimeZone},                     // SystemDynamicTimeZoneInformation
};

HM_WINAPI NTSTATUS NtSetSystemInformation(ULONG information_class, const void* information, ULONG size) noexcept {
  return status_of([&]() -> Status {
    const auto* const row = std::ranges::find(kSettable, information_class, &Settable::information_class);
    if (row == std::end(kSettable))
      return fail(STATUS_INVALID_INFO_CLASS, "system information class {} cannot be set", information_class);
    if (row->size != kAnySize && size != row->size)
      return fail(STATUS_INFO_LENGTH_MISMATCH, "{} bytes for {}", size, row->size);
    if (information == nullptr && size != 0) return fail(STATUS_ACCESS_VIOLATION, "no information");
    if (!nt::holds_enabled(nt::effective_token()->facts(), row->privilege))
      return fail(STATUS_PRIVILEGE_NOT_HELD, "system information class {} needs privilege {}", information_class,
                  row->privilege);
    return fail(STATUS_NOT_SUPPORTED, "system information class {} is the host's", information_class);
  });
}

// --- Version and features ---

HM_WINAPI void RtlGetNtVersionNumbers(ULONG* major, ULONG* minor, ULONG* build) noexcept {
  constexpr ULONG kFreeBuild = 0xF0000000;
  const PEB& peb = thread::peb();
  if (major != nullptr) *major = peb.OSMajorVersion;
  if (minor != nullptr) *minor = peb.OSMinorVersion;
  if (build != nullptr) *build = kFreeBuild | peb.OSBuildNumber;
}

HM_WINAPI BOOLEAN RtlGetProductInfo(ULONG major, ULONG, ULONG, ULONG, ULONG* product) noexcept {
  constexpr ULONG kUndefined = 0, kProfessional = 0x30;
  if (product == nullptr) return FALSE;
  *product = major < 6 ? kUndefined : kProfessional;
  return major >= 6;
}

HM_WINAPI BOOLEAN RtlIsProcessorFeaturePresent(ULONG feature) noexcept {
  return feature < std::size(thread::shared_data().ProcessorFeatures) &&
         thread::shared_data().ProcessorFeatures[feature] != 0;
}

HM_WINAPI ULONG64 RtlGetEnabledExtendedFeatures(ULONG64 mask) noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return 0;
  std::uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (ULONG64{high} << 32 | low) & mask;
}

HM_WINAPI ULONG RtlGetNtGlobalFlags() noexcept {
  return thread::peb().NtGlobalFlag;
}

// --- Pointers, modes, numbers ---

HM_WINAPI void* RtlEncodePointer(void* pointer) noexcept {
  return nt::encode_pointer(pointer, nt::process_cookie());
}
HM_WINAPI void* RtlDecodePointer(void* encoded) noexcept {
  return nt::decode_pointer(encoded, nt::process_cookie());
}
HM_WINAPI void* RtlEncodeSystemPointer(void* pointer) noexcept {
  return nt::encode_pointer(pointer, thread::shared_data().Cookie);
}
HM_WINAPI void* RtlDecodeSystemPointer(void* encoded) noexcept {
  return nt::decode_pointer(encoded, thread::shared_data().Cookie);
}

HM_WINAPI ULONG RtlGetThreadErrorMode() noexcept {
  return thread::teb().HardErrorMode;
}
HM_WINAPI NTSTATUS RtlSetThreadErrorMode(ULONG mode, ULONG* old_mode) noexcept {
  return nt::set_thread_error_mode(mode, old_mode) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_1;
}

// The generator that Microsoft documents for this function.
HM_WINAPI ULONG RtlUniform(ULONG* seed) noexcept {
  return *seed = static_cast<ULONG>((0x7FFFFFEDULL * *seed + 0x7FFFFFC3) % 0x7FFFFFFF);
}

HM_WINAPI NTSTATUS NtAllocateLocallyUniqueId(ULONGLONG* id) noexcept {
  static std::atomic<ULONGLONG> next{1001};  // the first 1000 are reserved
  if (id == nullptr) return STATUS_ACCESS_VIOLATION;
  *id = next.fetch_add(1);
  return STATUS_SUCCESS;
}

// Without frames of their own, so that the exception belongs to the caller.
[[gnu::naked]] HM_WINAPI void DbgBreakPoint() noexcept {
  __asm__("int3\n\tret");
}

const Export kRows[] = {
    {"DbgBreakPoint", proc(DbgBreakPoint)},
    {"DbgUserBreakPoint", proc(DbgBreakPoint)},
    {"NtAllocateLocallyUniqueId", proc(NtAllocateLocallyUniqueId)},
    {"NtQuerySystemInformation", proc(NtQuerySystemInformation), Support::partial,
     "basic, processors, performance, time of day, processes"},
    {"NtQuerySystemInformationEx", proc(NtQuerySystemInformationEx), Support::partial, "processor relationships"},
    {"NtSetSystemInformation", proc(NtSetSystemInformation), Support::partial,
     "nothing can be set: fails, without the privilege as on Windows"},
    {"RtlDecodePointer", proc(RtlDecodePointer)},
    {"RtlDecodeSystemPointer", proc(RtlDecodeSystemPointer)},
    {"RtlEncodePointer", proc(RtlEncodePointer)},
    {"RtlEncodeSystemPointer", proc(RtlEncodeSystemPointer)},
    {"RtlGetEnabledExtendedFeatures", proc(RtlGetEnabledExtendedFeatures)},
    {"RtlGetNtGlobalFlags", proc(RtlGetNtGlobalFlags)},
    {"RtlGetNtVersionNumbers", proc(RtlGetNtVersionNumbers)},
    {"RtlGetProductInfo", proc(RtlGetProductInfo)},
    {"RtlGetThreadErrorMode", proc(RtlGetThreadErrorMode)},
    {"RtlIsProcessorFeaturePresent", proc(RtlIsProcessorFeaturePresent)},
    {"RtlSetThreadErrorMode", proc(RtlSetThreadErrorMode)},
    {"RtlUniform", proc(RtlUniform)},
};

}  // namespace

extern const ExportTable system_information_exports = kRows;

}  // namespace hmodule::winapi
