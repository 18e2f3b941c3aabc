// tlhelp32.h: frozen copies of the lists of modules and threads of this process (PS-04), and of all processes.
#include <unistd.h>
#include <algorithm>
#include <cstring>

#include "base/utf.h"
#include "nt/handle_table.h"
#include "runtime/runtime.h"
#include "thread/teb.h"
#include "winapi/common/answer.h"
#include "winapi/ntdll/system_processes.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD TH32CS_SNAPHEAPLIST = 0x1, TH32CS_SNAPPROCESS = 0x2, TH32CS_SNAPTHREAD = 0x4, TH32CS_SNAPMODULE = 0x8,
                TH32CS_SNAPMODULE32 = 0x10;

struct Snapshot final : nt::Object {
  static const nt::ObjectType kType;
  const nt::ObjectType& type() const override { return kType; }

  std::vector<ModuleInfo> modules;
  std::vector<DWORD> threads;
  std::vector<RunningProcess> processes;
  std::atomic<std::size_t> next_module{0}, next_thread{0}, next_process{0};
};
const nt::ObjectType Snapshot::kType = {u"Section", 0x20001, 0x20002, 0x20008, 0xF001F};

template <typename Char, std::size_t kPath>
struct ModuleEntry {
  DWORD dwSize, th32ModuleID, th32ProcessID, GlblcntUsage, ProccntUsage;
  BYTE* modBaseAddr;
  DWORD modBaseSize;
  HMODULE hModule;
  Char szModule[256];
  Char szExePath[kPath];
};
using MODULEENTRY32W = ModuleEntry<char16_t, 260>;
using MODULEENTRY32 = ModuleEntry<char, 260>;
static_assert(sizeof(MODULEENTRY32W) == 1080 && sizeof(MODULEENTRY32) == 568);

struct THREADENTRY32 {
  DWORD dwSize, cntUsage, th32ThreadID, th32OwnerProcessID;
  LONG tpBasePri, tpDeltaPri;
  DWORD dwFlags;
};
static_assert(sizeof(THREADENTRY32) == 28);

template <typename Char>
struct ProcessEntry {
  DWORD dwSize, cntUsage, th32ProcessID;
  ULONG_PTR th32DefaultHeapID;
  DWORD th32ModuleID, cntThreads, th32ParentProcessID;
  LONG pcPriClassBase;
  DWORD dwFlags;
  Char szExeFile[260];
};
using PROCESSENTRY32W = ProcessEntry<char16_t>;
using PROCESSENTRY32 = ProcessEntry<char>;
static_assert(sizeof(PROCESSENTRY32W) == 568 && sizeof(PROCESSENTRY32) == 304);

constexpr LONG kNormalPriority = 8;

HM_WINAPI HANDLE CreateToolhelp32Snapshot(DWORD flags, DWORD process) noexcept {
  return answer<HANDLE>(INVALID_HANDLE_VALUE, [&]() -> Result<HANDLE> {
    if (process != 0 && process != static_cast<DWORD>(::getpid()) &&
        (flags & (TH32CS_SNAPMODULE | TH32CS_SNAPHEAPLIST)))
      return fail(STATUS_ACCESS_DENIED, "process {} is not this one, and no other is looked into", process);
    if ((flags & TH32CS_SNAPHEAPLIST) != 0 &&
        (flags & (TH32CS_SNAPPROCESS | TH32CS_SNAPMODULE | TH32CS_SNAPTHREAD)) == 0)
      return fail(STATUS_NOT_SUPPORTED, "snapshots of heaps are not made");
    auto snapshot = nt::make_object<Snapshot>();
    if ((flags & (TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32)) != 0) snapshot->modules = runtime().loader().modules();
    if ((flags & TH32CS_SNAPTHREAD) != 0) snapshot->threads = thread::thread_ids();
    if ((flags & TH32CS_SNAPPROCESS) != 0) snapshot->processes = running_processes();
    return nt::handle_for(std::move(snapshot), Snapshot::kType.all, 0);
  });
}

void copy_text(std::u16string_view text, char16_t* buffer, std::size_t size) {
  buffer[text.copy(buffer, size - 1)] = 0;
}
void copy_text(std::u16string_view text, char* buffer, std::size_t size) {
  buffer[utf8(text).copy(buffer, size - 1)] = 0;
}

template <typename Entry>
BOOL next_module(HANDLE handle, Entry* entry, bool first, const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        const auto snapshot = TRY(nt::object_of<Snapshot>(handle, 0));
        if (entry == nullptr || entry->dwSize < sizeof *entry)
          return fail(STATUS_BUFFER_TOO_SMALL, "dwSize must be {}", sizeof *entry);
        if (first) snapshot->next_module = 0;
        const std::size_t index = snapshot->next_module++;
        if (index >= snapshot->modules.size()) return fail(STATUS_NO_MORE_FILES, "no more modules");
        const ModuleInfo& info = snapshot->modules[index];
        entry->th32ModuleID = 1;
        entry->th32ProcessID = static_cast<DWORD>(::getpid());
        entry->GlblcntUsage = entry->ProccntUsage = info.load_count;
        entry->modBaseAddr = reinterpret_cast<BYTE*>(info.handle);
        entry->modBaseSize = static_cast<DWORD>(info.size);
        entry->hModule = info.handle;
        copy_text(info.base_name, entry->szModule, std::size(entry->szModule));
        copy_text(info.full_name, entry->szExePath, std::size(entry->szExePath));
        return ok;
      },
      function);
}

HM_WINAPI BOOL Module32First(HANDLE snapshot, MODULEENTRY32* entry) noexcept {
  return next_module(snapshot, entry, true, "Module32First");
}
HM_WINAPI BOOL Module32FirstW(HANDLE snapshot, MODULEENTRY32W* entry) noexcept {
  return next_module(snapshot, entry, true, "Module32FirstW");
}
HM_WINAPI BOOL Module32Next(HANDLE snapshot, MODULEENTRY32* entry) noexcept {
  return next_module(snapshot, entry, false, "Module32Next");
}
HM_WINAPI BOOL Module32NextW(HANDLE snapshot, MODULEENTRY32W* entry) noexcept {
  return next_module(snapshot, entry, false, "Module32NextW");
}

BOOL next_thread(HANDLE handle, THREADENTRY32* entry, bool first, const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        const auto snapshot = TRY(nt::object_of<Snapshot>(handle, 0));
        if (entry == nullptr || entry->dwSize < sizeof *entry)
          return fail(STATUS_INVALID_PARAMETER, "dwSize must be {}", sizeof *entry);
        if (first) snapshot->next_thread = 0;
        const std::size_t index = snapshot->next_thread++;
        if (index >= snapshot->threads.size()) return fail(STATUS_NO_MORE_FILES, "no more threads");
        *entry = {sizeof *entry, 0, snapshot->threads[index], static_cast<DWORD>(::getpid()), kNormalPriority, 0, 0};
        return ok;
      },
      function);
}

HM_WINAPI BOOL Thread32First(HANDLE snapshot, THREADENTRY32* entry) noexcept {
  return next_thread(snapshot, entry, true, "Thread32First");
}
HM_WINAPI BOOL Thread32Next(HANDLE snapshot, THREADENTRY32* entry) noexcept {
  return next_thread(snapshot, entry, false, "Thread32Next");
}

template <typename Entry>
BOOL next_process(HANDLE handle, Entry* entry, bool first, const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        const auto snapshot = TRY(nt::object_of<Snapshot>(handle, 0));
        if (entry == nullptr || entry->dwSize < sizeof *entry)
          return fail(STATUS_INVALID_PARAMETER, "dwSize must be {}", sizeof *entry);
        if (first) snapshot->next_process = 0;
        const std::size_t index = snapshot->next_process++;
        if (index >= snapshot->processes.size()) return fail(STATUS_NO_MORE_FILES, "no more processes");
        const RunningProcess& process = snapshot->processes[index];
        *entry = {};
        entry->dwSize = sizeof *entry;
        entry->th32ProcessID = process.id;
        entry->th32ParentProcessID = process.parent;
        entry->cntThreads = static_cast<DWORD>(process.threads.size());
        entry->pcPriClassBase = kNormalPriority;
        copy_text(process.name, entry->szExeFile, std::size(entry->szExeFile));
        return ok;
      },
      function);
}

HM_WINAPI BOOL Process32First(HANDLE snapshot, PROCESSENTRY32* entry) noexcept {
  return next_process(snapshot, entry, true, "Process32First");
}
HM_WINAPI BOOL Process32FirstW(HANDLE snapshot, PROCESSENTRY32W* entry) noexcept {
  return next_process(snapshot, entry, true, "Process32FirstW");
}
HM_WINAPI BOOL Process32Next(HANDLE snapshot, PROCESSENTRY32* entry) noexcept {
  return next_process(snapshot, entry, false, "Process32Next");
}
HM_WINAPI BOOL Process32NextW(HANDLE snapshot, PROCESSENTRY32W* entry) noexcept {
  return next_process(snapshot, entry, false, "Process32NextW");
}

constexpr std::string_view kOwnThreads = "threads of this process with a Windows side only";

const Export kRows[] = {
    {"CreateToolhelp32Snapshot", proc(CreateToolhelp32Snapshot), Support::partial,
     "processes; modules and threads of this one; no heaps"},
    {"Module32First", proc(Module32First)},
    {"Module32FirstW", proc(Module32FirstW)},
    {"Module32Next", proc(Module32Next)},
    {"Module32NextW", proc(Module32NextW)},
    {"Process32First", proc(Process32First)},
    {"Process32FirstW", proc(Process32FirstW)},
    {"Process32Next", proc(Process32Next)},
    {"Process32NextW", proc(Process32NextW)},
    {"Thread32First", proc(Thread32First), Support::partial, kOwnThreads},
    {"Thread32Next", proc(Thread32Next), Support::partial, kOwnThreads},
};

}  // namespace

extern const ExportTable tlhelp32_exports = kRows;

}  // namespace hmodule::winapi
