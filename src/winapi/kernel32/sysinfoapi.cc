// sysinfoapi.h: the machine, its memory and its version. Times are in sysinfoapi_time.cc.
#include "win/sysinfoapi.h"

#include "module/builtin.h"
#include "nt/system_information.h"
#include "thread/peb.h"
#include "win/memoryapi.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace hmodule::winapi {
namespace {

HM_WINAPI void GetSystemInfo(SYSTEM_INFO* info) noexcept {
  *info = nt::system_info();
}

// --- Memory ---

constexpr DWORDLONG kVirtualMemory = kHighestUserAddress - kLowestUserAddress + 1;

DWORD load_in_percent(const nt::MemoryStatus& memory) {
  return memory.physical == 0 ? 0 : static_cast<DWORD>(100 - memory.available * 100 / memory.physical);
}

HM_WINAPI BOOL GlobalMemoryStatusEx(MEMORYSTATUSEX* status) noexcept {
  return succeed([&]() -> Status {
    if (status->dwLength != sizeof *status)
      return fail(STATUS_INVALID_PARAMETER, "MEMORYSTATUSEX.dwLength is {}, not {}", status->dwLength, sizeof *status);
    const nt::MemoryStatus memory = nt::memory_status();
    *status = {.dwLength = sizeof *status,
               .dwMemoryLoad = load_in_percent(memory),
               .ullTotalPhys = memory.physical,
               .ullAvailPhys = memory.available,
               .ullTotalPageFile = memory.commit_limit,
               .ullAvailPageFile = memory.commit_available,
               .ullTotalVirtual = kVirtualMemory,
               .ullAvailVirtual = kVirtualMemory - nt::process_memory().resident,
               .ullAvailExtendedVirtual = 0};
    return ok;
  });
}

HM_WINAPI void GlobalMemoryStatus(MEMORYSTATUS* status) noexcept {
  MEMORYSTATUSEX all = {};
  all.dwLength = sizeof all;
  GlobalMemoryStatusEx(&all);
  *status = {sizeof *status,       all.dwMemoryLoad,     all.ullTotalPhys,    all.ullAvailPhys,
             all.ullTotalPageFile, all.ullAvailPageFile, all.ullTotalVirtual, all.ullAvailVirtual};
}

HM_WINAPI BOOL GetPhysicallyInstalledSystemMemory(ULONGLONG* kilobytes) noexcept {
  return succeed([&]() -> Status {
    if (kilobytes == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the size");
    *kilobytes = nt::installed_memory() / 1024;
    return ok;
  });
}

// --- Processors ---

HM_WINAPI BOOL GetLogicalProcessorInformation(SYSTEM_LOGICAL_PROCESSOR_INFORMATION* buffer, DWORD* size) noexcept {
  return succeed([&]() -> Status {
    if (size == nullptr) return fail(STATUS_INVALID_PARAMETER, "no buffer size");
    const auto records = nt::processor_records_of_first_group();
    const auto needed = static_cast<DWORD>(records.size() * sizeof records[0]);
    const DWORD room = std::exchange(*size, needed);
    if (buffer == nullptr || room < needed) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", needed);
    std::copy(records.begin(), records.end(), buffer);
    return ok;
  });
}

HM_WINAPI BOOL GetLogicalProcessorInformationEx(DWORD relation, void* buffer, DWORD* size) noexcept {
  return succeed([&]() -> Status {
    if (size == nullptr || (relation > RelationGroup && relation != RelationAll))
      return fail(STATUS_INVALID_PARAMETER, "processor relationship {}", relation);
    const auto records = nt::processor_records(relation);
    const auto needed = static_cast<DWORD>(records.size());
    const DWORD room = std::exchange(*size, needed);
    if (buffer == nullptr || room < needed) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", needed);
    std::memcpy(buffer, records.data(), needed);
    return ok;
  });
}

constexpr WORD kAllGroups = 0xFFFF;

HM_WINAPI DWORD GetActiveProcessorCount(WORD group) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    const nt::Topology& all = nt::topology();
    if (group == kAllGroups) return static_cast<DWORD>(all.processors.size());
    if (group >= all.groups()) return fail(STATUS_INVALID_PARAMETER, "there is no processor group {}", group);
    return DWORD{nt::count_in_group(all.processors, group)};
  });
}
HM_WINAPI WORD GetActiveProcessorGroupCount() noexcept {
  return static_cast<WORD>(nt::topology().groups());
}

HM_WINAPI BOOL GetNumaHighestNodeNumber(ULONG* node) noexcept {
  return succeed([&]() -> Status {
    if (node == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the node");
    *node = nt::topology().nodes.rbegin()->first;
    return ok;
  });
}

Result<const nt::Processors*> node(unsigned number) {
  const auto& nodes = nt::topology().nodes;
  const auto found = nodes.find(number);
  if (found == nodes.end()) return fail(STATUS_INVALID_PARAMETER, "there is no NUMA node {}", number);
  return &found->second;
}

HM_WINAPI BOOL GetNumaNodeProcessorMask(UCHAR number, ULONGLONG* mask) noexcept {
  return succeed([&]() -> Status {
    *mask = nt::affinity(*TRY(node(number)), 0);
    return ok;
  });
}
HM_WINAPI BOOL GetNumaNodeProcessorMaskEx(USHORT number, GROUP_AFFINITY* affinity) noexcept {
  return succeed([&]() -> Status {
    const nt::Processors& set = *TRY(node(number));
    const auto group = static_cast<WORD>(set.front() / nt::kGroupSize);
    *affinity = {nt::affinity(set, group), group, {}};
    return ok;
  });
}
HM_WINAPI BOOL GetNumaProcessorNodeEx(const PROCESSOR_NUMBER* processor, USHORT* number) noexcept {
  return succeed([&]() -> Status {
    const unsigned wanted = processor->Group * nt::kGroupSize + processor->Number;
    for (const auto& [node_number, set] : nt::topology().nodes)
      if (std::find(set.begin(), set.end(), wanted) != set.end()) {
        *number = static_cast<USHORT>(node_number);
        return ok;
      }
    *number = 0xFFFF;
    return fail(STATUS_INVALID_PARAMETER, "there is no processor {} in group {}", processor->Number, processor->Group);
  });
}
HM_WINAPI BOOL GetNumaProcessorNode(UCHAR processor, UCHAR* number) noexcept {
  const PROCESSOR_NUMBER in_first_group = {0, processor, 0};
  USHORT found = 0;
  const BOOL known = GetNumaProcessorNodeEx(&in_first_group, &found);
  *number = static_cast<UCHAR>(found);
  return known;
}
HM_WINAPI BOOL GetNumaAvailableMemoryNodeEx(USHORT number, ULONGLONG* bytes) noexcept {
  return succeed([&]() -> Status {
    TRY(node(number));
    std::ifstream lines("/sys/devices/system/node/node" + std::to_string(number) + "/meminfo");
    for (std::string line; std::getline(lines, line);)
      if (const auto at = line.find("MemFree:"); at != std::string::npos) {
        *bytes = std::strtoull(line.c_str() + at + 8, nullptr, 10) * 1024;
        return ok;
      }
    *bytes = nt::memory_status().available;
    return ok;
  });
}
HM_WINAPI BOOL GetNumaAvailableMemoryNode(UCHAR number, ULONGLONG* bytes) noexcept {
  return GetNumaAvailableMemoryNodeEx(number, bytes);
}

HM_WINAPI BOOL IsProcessorFeaturePresent(DWORD feature) noexcept {
  return feature < std::size(thread::shared_data().ProcessorFeatures) &&
         thread::shared_data().ProcessorFeatures[feature] != 0;
}

// --- Version ---

HM_WINAPI DWORD GetVersion() noexcept {
  const PEB& peb = thread::peb();
  return peb.OSMajorVersion | peb.OSMinorVersion << 8 | static_cast<DWORD>(peb.OSBuildNumber) << 16;
}

// The short form ends before wServicePackMajor.
template <typename Info>
Status fill_version(Info* info) {
  if (info == nullptr) return fail(STATUS_INVALID_PARAMETER, "nowhere to put the version");
  const bool longer = info->dwOSVersionInfoSize == sizeof(Info);
  if (!longer && info->dwOSVersionInfoSize != offsetof(Info, wServicePackMajor))
    return fail(STATUS_BUFFER_TOO_SMALL, "dwOSVersionInfoSize is {}", info->dwOSVersionInfoSize);
  const PEB& peb = thread::peb();
  info->dwMajorVersion = peb.OSMajorVersion;
  info->dwMinorVersion = peb.OSMinorVersion;
  info->dwBuildNumber = peb.OSBuildNumber;
  info->dwPlatformId = peb.OSPlatformId;
  std::fill(std::begin(info->szCSDVersion), std::end(info->szCSDVersion), 0);
  if (!longer) return ok;
  info->wServicePackMajor = info->wServicePackMinor = 0;
  info->wSuiteMask = static_cast<WORD>(thread::shared_data().SuiteMask);
  info->wProductType = static_cast<BYTE>(thread::shared_data().NtProductType);
  info->wReserved = 0;
  return ok;
}
HM_WINAPI BOOL GetVersionExW(OSVERSIONINFOEXW* info) noexcept {
  return succeed([&] { return fill_version(info); });
}
HM_WINAPI BOOL GetVersionExA(OSVERSIONINFOEXA* info) noexcept {
  return succeed([&] { return fill_version(info); });
}

HM_WINAPI BOOL GetProductInfo(DWORD major, DWORD, DWORD, DWORD, DWORD* product) noexcept {
  constexpr DWORD kUndefined = 0, kProfessional = 0x30;
  if (product == nullptr) return FALSE;
  *product = major < 6 ? kUndefined : kProfessional;
  return major >= 6;
}

// --- Names ---

enum class NameKind : DWORD { netbios, dns_host, dns_domain, dns_full, physical = 4, end = 8 };

std::string computer_name(DWORD kind) {
  const std::string full = nt::host_name();
  const auto dot = full.find('.');
  switch (static_cast<NameKind>(kind % static_cast<DWORD>(NameKind::physical))) {
    case NameKind::netbios:
      return utf8(upcase(utf16(full.substr(0, std::min<std::size_t>(dot, 15)))));
    case NameKind::dns_host:
      return full.substr(0, dot);
    case NameKind::dns_domain:
      return dot == std::string::npos ? "" : full.substr(dot + 1);
    default:
      return full;
  }
}

// `size` counts the terminator when there was too little room, and not otherwise.
template <typename Char>
Status give_name(std::basic_string_view<Char> name, Char* buffer, DWORD* size, DWORD refusal) {
  if (size == nullptr) return fail(STATUS_INVALID_PARAMETER, "no buffer size");
  const DWORD room = *size;
  *size = give<Char>(name, buffer, room);
  if (*size > name.size()) return fail_win32(refusal, "{} units are needed, there are {}", *size, room);
  return ok;
}

Status check_kind(DWORD kind) {
  if (kind >= static_cast<DWORD>(NameKind::end)) return fail(STATUS_INVALID_PARAMETER, "computer name format {}", kind);
  return ok;
}

HM_WINAPI BOOL GetComputerNameW(WCHAR* buffer, DWORD* size) noexcept {
  return succeed([&] { return give_name<WCHAR>(utf16(computer_name(0)), buffer, size, ERROR_BUFFER_OVERFLOW); });
}
HM_WINAPI BOOL GetComputerNameA(char* buffer, DWORD* size) noexcept {
  return succeed([&] { return give_name<char>(computer_name(0), buffer, size, ERROR_BUFFER_OVERFLOW); });
}
HM_WINAPI BOOL GetComputerNameExW(DWORD kind, WCHAR* buffer, DWORD* size) noexcept {
  return succeed([&]() -> Status {
    TRY(check_kind(kind));
    return give_name<WCHAR>(utf16(computer_name(kind)), buffer, size, ERROR_MORE_DATA);
  });
}
HM_WINAPI BOOL GetComputerNameExA(DWORD kind, char* buffer, DWORD* size) noexcept {
  return succeed([&]() -> Status {
    TRY(check_kind(kind));
    return give_name<char>(computer_name(kind), buffer, size, ERROR_MORE_DATA);
  });
}

// --- Firmware ---

// The raw SMBIOS table, where the host lets us read it.
HM_WINAPI UINT GetSystemFirmwareTable(DWORD provider, DWORD, void* buffer, DWORD size) noexcept {
  return answer<UINT>(0, [&]() -> Result<UINT> {
    constexpr DWORD kRawSmbios = 0x52534D42;  // 'RSMB'
    if (provider != kRawSmbios) return fail(STATUS_NOT_IMPLEMENTED, "firmware table provider {:#x}", provider);
    const std::string directory = "/sys/firmware/dmi/tables/";
    std::ifstream entry_file(directory + "smbios_entry_point"), table_file(directory + "DMI");
    const std::string entry{std::istreambuf_iterator<char>(entry_file), {}};
    const std::string table{std::istreambuf_iterator<char>(table_file), {}};
    if (entry.size() < 9 || table.empty())
      return fail(STATUS_ACCESS_DENIED, "the host does not let this process read its SMBIOS table");
    struct RawSmbios {
      BYTE used_20_calling_method, major, minor, revision;
      DWORD length;
    };
    const bool is_64_bit = entry[3] == '3';  // "_SM3_", with other offsets than "_SM_"
    const std::size_t version = is_64_bit ? 7 : 6;
    const RawSmbios head = {0, static_cast<BYTE>(entry[version]), static_cast<BYTE>(entry[version + 1]), 0,
                            static_cast<DWORD>(table.size())};
    const auto needed = static_cast<UINT>(sizeof head + table.size());
    if (buffer == nullptr || size < needed) {
      thread::set_last_status(STATUS_BUFFER_TOO_SMALL);
      return needed;
    }
    std::memcpy(buffer, &head, sizeof head);
    std::memcpy(static_cast<char*>(buffer) + sizeof head, table.data(), table.size());
    return needed;
  });
}

const Export kRows[] = {
    {"GetActiveProcessorCount", proc(GetActiveProcessorCount)},
    {"GetActiveProcessorGroupCount", proc(GetActiveProcessorGroupCount)},
    {"GetComputerNameA", proc(GetComputerNameA)},
    {"GetComputerNameExA", proc(GetComputerNameExA)},
    {"GetComputerNameExW", proc(GetComputerNameExW)},
    {"GetComputerNameW", proc(GetComputerNameW)},
    {"GetLogicalProcessorInformation", proc(GetLogicalProcessorInformation)},
    {"GetLogicalProcessorInformationEx", proc(GetLogicalProcessorInformationEx)},
    {"GetMaximumProcessorCount", proc(GetActiveProcessorCount)},
    {"GetMaximumProcessorGroupCount", proc(GetActiveProcessorGroupCount)},
    {"GetNativeSystemInfo", proc(GetSystemInfo)},
    {"GetNumaAvailableMemoryNode", proc(GetNumaAvailableMemoryNode)},
    {"GetNumaAvailableMemoryNodeEx", proc(GetNumaAvailableMemoryNodeEx)},
    {"GetNumaHighestNodeNumber", proc(GetNumaHighestNodeNumber)},
    {"GetNumaNodeProcessorMask", proc(GetNumaNodeProcessorMask)},
    {"GetNumaNodeProcessorMaskEx", proc(GetNumaNodeProcessorMaskEx)},
    {"GetNumaProcessorNode", proc(GetNumaProcessorNode)},
    {"GetNumaProcessorNodeEx", proc(GetNumaProcessorNodeEx)},
    {"GetPhysicallyInstalledSystemMemory", proc(GetPhysicallyInstalledSystemMemory)},
    {"GetProductInfo", proc(GetProductInfo)},
    {"GetSystemFirmwareTable", proc(GetSystemFirmwareTable), Support::partial, "raw SMBIOS only"},
    {"GetSystemInfo", proc(GetSystemInfo)},
    {"GetVersion", proc(GetVersion)},
    {"GetVersionExA", proc(GetVersionExA)},
    {"GetVersionExW", proc(GetVersionExW)},
    {"GlobalMemoryStatus", proc(GlobalMemoryStatus)},
    {"GlobalMemoryStatusEx", proc(GlobalMemoryStatusEx)},
    {"IsProcessorFeaturePresent", proc(IsProcessorFeaturePresent)},
};

}  // namespace

extern const ExportTable sysinfoapi_exports = kRows;

}  // namespace hmodule::winapi
