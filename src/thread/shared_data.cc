// The page at 0x7FFE0000. Windows' kernel updates its clocks; Go's runtime reads them there and nowhere else. Few other
// programs do, and a clock that ticks costs a thread that wakes up a thousand times a second. So the page cannot be
// read at first; the first touch opens it and starts that thread. Our own code reads the page through a second mapping
// and touches nothing.
//
// The mappings are shared, so the child of a fork has its clocks as long as the parent lives.
#include "thread/peb.h"

#include "base/mmap_at.h"
#include "base/service_thread.h"
#include "base/trace.h"
#include "thread/signals.h"

#include <cpuid.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sysinfo.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string_view>

namespace hmodule::thread {
namespace {

// winnt.h, PF_*.
enum ProcessorFeature : unsigned {
  kCompareExchangeDouble = 2,
  kMmx = 3,
  kXmmi = 6,
  kRdtsc = 8,
  kXmmi64 = 10,
  kNxEnabled = 12,
  kSse3 = 13,
  kCompareExchange128 = 14,
  kXsaveEnabled = 17,
  kRdwrfsgsbase = 22,
  kFastFailAvailable = 23,
  kRdrand = 28,
  kRdtscp = 32,
  kSsse3 = 36,
  kSse41 = 37,
  kSse42 = 38,
  kAvx = 39,
  kAvx2 = 40,
  kAvx512f = 41,
};

void fill_processor_features(BOOLEAN (&features)[64]) {
  __builtin_cpu_init();
  unsigned a = 0, b = 0, c = 0, d = 0;
  __get_cpuid(1, &a, &b, &c, &d);
  const unsigned leaf1_c = c;
  __get_cpuid_count(7, 0, &a, &b, &c, &d);
  const unsigned leaf7_b = b;
  __get_cpuid(0x80000001, &a, &b, &c, &d);
  const unsigned extended_d = d;

  for (unsigned always : {kCompareExchangeDouble, kMmx, kXmmi, kRdtsc, kXmmi64, kNxEnabled, kFastFailAvailable})
    features[always] = TRUE;
  features[kSse3] = (leaf1_c & bit_SSE3) != 0;
  features[kCompareExchange128] = (leaf1_c & bit_CMPXCHG16B) != 0;
  features[kXsaveEnabled] = (leaf1_c & bit_OSXSAVE) != 0;
  features[kRdrand] = (leaf1_c & bit_RDRND) != 0;
  features[kRdwrfsgsbase] = (leaf7_b & bit_FSGSBASE) != 0;
  features[kRdtscp] = (extended_d & (1U << 27)) != 0;
  features[kSsse3] = __builtin_cpu_supports("ssse3") != 0;
  features[kSse41] = __builtin_cpu_supports("sse4.1") != 0;
  features[kSse42] = __builtin_cpu_supports("sse4.2") != 0;
  features[kAvx] = __builtin_cpu_supports("avx") != 0;  // with the kernel's consent
  features[kAvx2] = __builtin_cpu_supports("avx2") != 0;
  features[kAvx512f] = __builtin_cpu_supports("avx512f") != 0;
}

KSYSTEM_TIME system_time_form(std::int64_t value) {
  const auto high = static_cast<LONG>(value >> 32);
  return {static_cast<ULONG>(value), high, high};
}

std::int64_t hundred_nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 10'000'000LL + now.tv_nsec / 100;
}

// A reader compares the high parts, or takes the first eight bytes at once.
void set(KSYSTEM_TIME& time, std::int64_t value) {
  const KSYSTEM_TIME form = system_time_form(value);
  std::uint64_t low_and_high;
  std::memcpy(&low_and_high, &form, sizeof low_and_high);
  __atomic_store_n(&time.High2Time, form.High2Time, __ATOMIC_RELEASE);
  // At 8 and at 0x14 of the page: not on a boundary of eight, but within one line of the cache.
  __asm__ volatile("movq %1, %0" : "=m"(*reinterpret_cast<char(*)[8]>(&time)) : "r"(low_and_high));
}

void tell_time(KUSER_SHARED_DATA& data) {
  constexpr std::int64_t kEpochDifference = 116'444'736'000'000'000;  // 1601 to 1970
  const std::int64_t since_boot = hundred_nanoseconds(CLOCK_BOOTTIME);
  const std::int64_t milliseconds = since_boot / 10'000;
  set(data.InterruptTime, since_boot);
  set(data.SystemTime, hundred_nanoseconds(CLOCK_REALTIME) + kEpochDifference);
  set(data.TickCount, milliseconds * 64 / 1000);
  data.TickCountLowDeprecated = data.TickCount.LowPart;
}

void fill(KUSER_SHARED_DATA& data) {
  constexpr std::u16string_view kSystemRoot = u"C:\\Windows";
  tell_time(data);
  data.TickCountMultiplier = 0x0FA00000;                // ticks of 15.625 ms, 24 fraction bits
  data.ImageNumberLow = data.ImageNumberHigh = 0x8664;  // IMAGE_FILE_MACHINE_AMD64
  std::memcpy(data.NtSystemRoot, kSystemRoot.data(), kSystemRoot.size() * sizeof(WCHAR));
  data.LargePageMinimum = 0x200000;
  data.NtBuildNumber = 19045;
  data.NtProductType = 1;  // workstation
  data.ProductTypeIsValid = TRUE;
  data.NativeProcessorArchitecture = 9;  // AMD64
  data.NtMajorVersion = 10;
  fill_processor_features(data.ProcessorFeatures);
  data.SuiteMask = 0x110;          // VER_SUITE_TERMINAL, VER_SUITE_SINGLEUSERTS
  data.MitigationPolicies = 0x0A;  // NX and SEH validation: opt-in, the client default
  data.ActiveConsoleId = 1;
  struct sysinfo memory {};
  if (sysinfo(&memory) == 0) data.NumberOfPhysicalPages = static_cast<ULONG>(memory.totalram * memory.mem_unit / 4096);
  data.TestRetInstruction = 0xC3;
  data.QpcFrequency = 10'000'000;
  data.ActiveProcessorCount = peb().NumberOfProcessors;
  data.ActiveGroupCount = 1;
  if (getrandom(&data.Cookie, sizeof data.Cookie, 0) != sizeof data.Cookie) data.Cookie = data.SystemTime.LowPart;
}

constexpr std::uintptr_t kAddress = 0x7FFE0000;
constexpr std::size_t kSize = sizeof(KUSER_SHARED_DATA);
KUSER_SHARED_DATA* written = nullptr;  // the page, where we write it
std::atomic<bool> touched{false};

void run_clock() {
  for (;;) {
    const timespec tick = {0, 1'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, nullptr);
    tell_time(*written);
  }
}

void start_clock() {
  static_cast<void>(start_service_thread("hmodule-clock", run_clock));
}

// Of threads that touch it at once one starts the clock; it alone writes the time meanwhile, which must not go back.
// The others read again, and fault, until it is readable.
Claim first_touch(int, siginfo_t& info, ucontext_t& context) {
  constexpr greg_t kWrite = 2, kFetch = 16;  // of the page fault's error code
  if (reinterpret_cast<std::uintptr_t>(info.si_addr) - kAddress >= kSize ||
      (context.uc_mcontext.gregs[REG_ERR] & (kWrite | kFetch)) != 0)
    return Claim::no;
  if (touched.exchange(true)) return Claim::resume;
  tell_time(*written);
  mprotect(reinterpret_cast<void*>(kAddress), kSize, PROT_READ);
  interrupt(context, start_clock);
  return Claim::resume;
}

KUSER_SHARED_DATA* make_shared_data() {
  static_assert(kSize == 4096);
  constexpr int kRights = PROT_READ | PROT_WRITE;
  void* const own = mmap(nullptr, kSize, kRights, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (own == MAP_FAILED) {
    alignas(4096) static KUSER_SHARED_DATA elsewhere;
    fill(elsewhere);
    return &elsewhere;
  }
  written = static_cast<KUSER_SHARED_DATA*>(own);
  fill(*written);
  void* const page = reinterpret_cast<void*>(kAddress);
  if (mmap_at(page, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS) == MAP_FAILED ||
      mremap(own, 0, kSize, MREMAP_MAYMOVE | MREMAP_FIXED, page) == MAP_FAILED) {
    trace::line(trace::Channel::map, "no shared data page at {:#x}: {}", kAddress, std::strerror(errno));
    return written;
  }
  mprotect(page, kSize, PROT_NONE);
  claim_faults(SIGSEGV, first_touch);
  return written;
}

}  // namespace

const KUSER_SHARED_DATA& shared_data() {
  static const KUSER_SHARED_DATA* const data = make_shared_data();
  return *data;
}

}  // namespace hmodule::thread
