/* What a program can learn of itself and its machine: modules, threads, processes, memory, versions, names, paths. */
#include <windows.h>

#include <psapi.h>
#include <string.h>
#include <tlhelp32.h>

#include "support/say.h"

static DWORD WINAPI waits(void* event) {
  return WaitForSingleObject(event, INFINITE);
}

int main(void) {
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), threads[3];
  for (int i = 0; i < 3; ++i) threads[i] = CreateThread(NULL, 0, waits, event, 0, NULL);
  HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  THREADENTRY32 thread = {.dwSize = sizeof thread};
  int mine = 0;
  for (BOOL more = Thread32First(snapshot, &thread); more; more = Thread32Next(snapshot, &thread))
    mine += thread.th32OwnerProcessID == GetCurrentProcessId();
  CloseHandle(snapshot);
  say("threads", "%d", mine >= 4);
  SetEvent(event);
  WaitForMultipleObjects(3, threads, TRUE, INFINITE);
  snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, GetCurrentProcessId());
  MODULEENTRY32 module = {.dwSize = sizeof module};
  int program = 0, kernel = 0, library = 0;
  for (BOOL more = Module32First(snapshot, &module); more; more = Module32Next(snapshot, &module)) {
    program += module.modBaseAddr == (BYTE*)GetModuleHandleA(NULL) && _stricmp(module.szModule, "toolhelp.exe") == 0;
    kernel += _stricmp(module.szModule, "kernel32.dll") == 0;
    library += _stricmp(module.szModule, "msvcrt.dll") == 0;
  }
  CloseHandle(snapshot);
  say("modules", "%d %d %d", program, kernel, library);
  snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32 process = {.dwSize = sizeof process};
  int self = 0;
  for (BOOL more = Process32First(snapshot, &process); more; more = Process32Next(snapshot, &process))
    self += process.th32ProcessID == GetCurrentProcessId();
  CloseHandle(snapshot);
  say("process", "%d", self);
  WCHAR image[MAX_PATH], name[MAX_PATH];
  DWORD size = MAX_PATH;
  say("QueryFullProcessImageName", "%d", ERROR_OF(QueryFullProcessImageNameW(GetCurrentProcess(), 0, image, &size)));
  GetModuleFileNameW(NULL, name, MAX_PATH);
  say("image", "%d", _wcsicmp(image, name) == 0);
  HMODULE list[64];
  say("EnumProcessModules", "%d", ERROR_OF(EnumProcessModules(GetCurrentProcess(), list, sizeof list, &size)));
  say("first", "%d %d", list[0] == GetModuleHandleA(NULL), size / sizeof(HMODULE) >= 3);
  MODULEINFO info;
  say("GetModuleInformation", "%d", ERROR_OF(GetModuleInformation(GetCurrentProcess(), list[0], &info, sizeof info)));
  say("image-size", "%d", info.SizeOfImage > 0x1000 && info.lpBaseOfDll == list[0]);
  PROCESS_MEMORY_COUNTERS memory;
  say("GetProcessMemoryInfo", "%d", ERROR_OF(GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory)));
  say("working-set", "%d", memory.WorkingSetSize > 100000 && memory.PeakWorkingSetSize >= memory.WorkingSetSize);
  SYSTEM_INFO system;
  GetSystemInfo(&system);
  say("system", "%d %lu %lu %d", system.wProcessorArchitecture, system.dwPageSize, system.dwAllocationGranularity,
      system.dwNumberOfProcessors > 0);
  MEMORYSTATUSEX status = {.dwLength = sizeof status};
  say("GlobalMemoryStatusEx", "%d", ERROR_OF(GlobalMemoryStatusEx(&status)));
  say("memory", "%d", status.ullTotalPhys >= status.ullAvailPhys && status.ullAvailPhys > 0);
  WCHAR text[MAX_PATH];
  size = MAX_PATH;
  say("GetComputerName", "%d", ERROR_OF(GetComputerNameW(text, &size)));
  say("length", "%d", size == wcslen(text) && size > 0);
  size = MAX_PATH;
  say("GetComputerNameEx", "%d", ERROR_OF(GetComputerNameExW(ComputerNameDnsHostname, text, &size)));
  FILETIME created, ended, kernel_time, user_time;
  say("GetProcessTimes", "%d",
      ERROR_OF(GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel_time, &user_time)));
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  say("started-before", "%d", CompareFileTime(&created, &now) <= 0);
  say("priority", "%lx", GetPriorityClass(GetCurrentProcess()));
  say("thread-priority", "%d", GetThreadPriority(GetCurrentThread()));
  DWORD_PTR process_mask = 0, system_mask = 0;
  say("affinity", "%d", ERROR_OF(GetProcessAffinityMask(GetCurrentProcess(), &process_mask, &system_mask)));
  say("masks", "%d", process_mask != 0 && (process_mask & ~system_mask) == 0);
  BOOL wow = TRUE;
  IsWow64Process(GetCurrentProcess(), &wow);
  say("wow", "%d", wow);
  GetSystemDirectoryW(text, MAX_PATH);
  say("system-directory", "%d", _wcsicmp(text, L"C:\\Windows\\System32") == 0);
  GetWindowsDirectoryW(text, MAX_PATH);
  say("windows-directory", "%d", _wcsicmp(text, L"C:\\Windows") == 0);
  say("drive", "%u %u", GetDriveTypeW(L"C:\\"), GetDriveTypeW(L"nosuch:\\"));
  ULARGE_INTEGER available, total;
  say("GetDiskFreeSpaceEx", "%d", ERROR_OF(GetDiskFreeSpaceExW(L".", &available, &total, NULL)));
  say("space", "%d", total.QuadPart >= available.QuadPart && total.QuadPart > 0);
  DWORD serial = 0, longest = 0, flags = 0;
  say("GetVolumeInformation", "%d",
      ERROR_OF(GetVolumeInformationW(L"C:\\", text, MAX_PATH, &serial, &longest, &flags, name, MAX_PATH)));
  say("longest", "%lu", longest);
  say("drives", "%d", (GetLogicalDrives() & 4) != 0);
  WCHAR strings[256];
  say("GetLogicalDriveStrings", "%d", GetLogicalDriveStringsW(256, strings) >= 4 && strings[1] == L':');
  const HANDLE volumes = FindFirstVolumeW(text, MAX_PATH);
  int known = 0, all = 0;
  if (volumes != INVALID_HANDLE_VALUE) {
    do {
      ++all;
      known += wcsncmp(text, L"\\\\?\\", 4) == 0 && text[wcslen(text) - 1] == L'\\' &&
               GetVolumeInformationW(text, NULL, 0, &serial, NULL, NULL, NULL, 0);
    } while (FindNextVolumeW(volumes, text, MAX_PATH));
    say("volumes-end", "%lu", GetLastError());
    FindVolumeClose(volumes);
  }
  say("volumes", "%d", all >= 1 && known >= 1);
  size = MAX_PATH;
  say("GetUserName", "%d", ERROR_OF(GetUserNameW(text, &size)));
  OSVERSIONINFOEXW version = {.dwOSVersionInfoSize = sizeof version, .dwMajorVersion = 6};
  say("VerifyVersionInfo", "%d",
      ERROR_OF(
          VerifyVersionInfoW(&version, VER_MAJORVERSION, VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL))));
  say("IsProcessorFeaturePresent", "%d", IsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
  say("IsDebuggerPresent", "%d", IsDebuggerPresent());
  return 0;
}
