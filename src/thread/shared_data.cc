// The page at 0x7FFE0000. Windows' kernel updates its clocks; here they stay at the start of the process, because code
// that wants the time asks for it (nothing measured ever read this page, platform-facts §9).
#include "thread/peb.h"

#include "base/mmap_at.h"
#include "base/trace.h"

#include <cpuid.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sysinfo.h>

#include <cerrno>
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

void fill(KUSER_SHARED_DATA& data) {
  constexpr std::int64_t kEpochDifference = 116'444'736'000'000'000;  // 1601 to 1970
  constexpr std::u16string_view kSystemRoot = u"C:\\Windows";
  const std::int64_t since_boot = hundred_nanoseconds(CLOCK_BOOTTIME);
  const std::int64_t milliseconds = since_boot / 10'000;

  data.TickCountMultiplier = 0x0FA00000;  // ticks of 15.625 ms, 24 fraction bits
  data.InterruptTime = system_time_form(since_boot);
  data.SystemTime = system_time_form(hundred_nanoseconds(CLOCK_REALTIME) + kEpochDifference);
  data.TickCount = system_time_form(milliseconds * 64 / 1000);
  data.TickCountLowDeprecated = data.TickCount.LowPart;
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

KUSER_SHARED_DATA* make_shared_data() {
  constexpr std::uintptr_t kAddress = 0x7FFE0000;
  alignas(4096) static KUSER_SHARED_DATA elsewhere;
  void* page =
      mmap_at(reinterpret_cast<void*>(kAddress), sizeof elsewhere, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  if (page == MAP_FAILED) {
    trace::line(trace::Channel::map, "no shared data page at {:#x}: {}", kAddress, std::strerror(errno));
    fill(elsewhere);
    return &elsewhere;
  }
  auto* const data = static_cast<KUSER_SHARED_DATA*>(page);
  fill(*data);
  mprotect(page, sizeof elsewhere, PROT_READ);
  return data;
}

}  // namespace

const KUSER_SHARED_DATA& shared_data() {
  static const KUSER_SHARED_DATA* const data = make_shared_data();
  return *data;
}

}  // namespace hmodule::thread
