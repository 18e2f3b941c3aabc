#include "thread/peb.h"

#include <sched.h>
#include <unistd.h>

#include <initializer_list>

namespace hmodule::thread {
namespace {

struct Process {
  PEB peb;
  PEB_LDR_DATA ldr;
  RTL_USER_PROCESS_PARAMETERS parameters;
  CRITICAL_SECTION fast_peb_lock, loader_lock;
  RTL_CRITICAL_SECTION_DEBUG fast_peb_lock_debug, loader_lock_debug;
  RTL_BITMAP tls_bitmap, tls_expansion_bitmap;
  WCHAR nothing[1];
};

void make_empty(LIST_ENTRY& head) {
  head.Flink = head.Blink = &head;
}

// Free: LockCount -1. DebugInfo is real memory, because DLL code writes to it (platform-facts §3.4).
void initialise(CRITICAL_SECTION& section, RTL_CRITICAL_SECTION_DEBUG& debug) {
  debug.CriticalSection = &section;
  make_empty(debug.ProcessLocksList);
  section.DebugInfo = &debug;
  section.LockCount = -1;
}

ULONG processors() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return static_cast<ULONG>(CPU_COUNT(&allowed));
  return static_cast<ULONG>(sysconf(_SC_NPROCESSORS_ONLN));
}

// Absolute pointers, so the flag for "normalised" is set; every string is empty but readable.
void initialise(RTL_USER_PROCESS_PARAMETERS& parameters, WCHAR* nothing) {
  parameters.MaximumLength = parameters.Length = sizeof parameters;
  parameters.Flags = 1;
  const UNICODE_STRING empty = {0, sizeof(WCHAR), nothing};
  for (UNICODE_STRING* text :
       {&parameters.CurrentDirectory.DosPath, &parameters.DllPath, &parameters.ImagePathName, &parameters.CommandLine,
        &parameters.WindowTitle, &parameters.DesktopInfo, &parameters.ShellInfo, &parameters.RuntimeData})
    *text = empty;
}

// §15.2. Values that Windows 10 22H2 shows in a fresh process and code has been seen to read.
void initialise(PEB& peb) {
  peb.NumberOfProcessors = processors();
  const ULONG mask_bits = peb.NumberOfProcessors < 64 ? peb.NumberOfProcessors : 64;
  peb.ActiveProcessAffinityMask = mask_bits == 64 ? ~0ULL : (1ULL << mask_bits) - 1;
  peb.CriticalSectionTimeout = -2'592'000LL * 10'000'000;  // 30 days
  peb.HeapSegmentReserve = 0x100000;
  peb.HeapSegmentCommit = 0x2000;
  peb.HeapDeCommitTotalFreeThreshold = 0x10000;
  peb.HeapDeCommitFreeBlockThreshold = 0x1000;
  peb.OSMajorVersion = 10;
  peb.OSMinorVersion = 0;
  peb.OSBuildNumber = 19045;
  peb.OSPlatformId = 2;    // VER_PLATFORM_WIN32_NT
  peb.ImageSubsystem = 3;  // console, until an image says otherwise
  peb.ImageSubsystemMajorVersion = 10;
  peb.SessionId = 1;
}

Process* make_process() {
  constexpr std::size_t kPage = 4096;
  alignas(kPage) static Process process{};
  PEB& peb = process.peb;
  initialise(peb);
  initialise(process.parameters, process.nothing);
  initialise(process.fast_peb_lock, process.fast_peb_lock_debug);
  initialise(process.loader_lock, process.loader_lock_debug);

  process.ldr.Length = sizeof process.ldr;
  process.ldr.Initialized = TRUE;
  make_empty(process.ldr.InLoadOrderModuleList);
  make_empty(process.ldr.InMemoryOrderModuleList);
  make_empty(process.ldr.InInitializationOrderModuleList);

  process.tls_bitmap = {64, peb.TlsBitmapBits};
  process.tls_expansion_bitmap = {1024, peb.TlsExpansionBitmapBits};
  peb.TlsBitmapBits[0] = 1;  // TLS-20: index 0 is never given out

  peb.Ldr = &process.ldr;
  peb.ProcessParameters = &process.parameters;
  peb.FastPebLock = &process.fast_peb_lock;
  peb.LoaderLock = &process.loader_lock;
  peb.TlsBitmap = &process.tls_bitmap;
  peb.TlsExpansionBitmap = &process.tls_expansion_bitmap;
  return &process;
}

}  // namespace

PEB& peb() {
  static Process* const process = make_process();
  return process->peb;
}

}  // namespace hmodule::thread
