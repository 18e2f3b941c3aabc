// processthreadsapi.h: how the process was started, its policies, its cycles.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/own_process.h"
#include "nt/process_parameters.h"
#include "nt/system_information.h"
#include "nt/thread.h"
#include "thread/peb.h"
#include "win/sysinfoapi.h"
#include "winapi/common/answer.h"
#include "winapi/kernel32/startup_info.h"
#include "winapi/ntdll/power.h"

#include <immintrin.h>

#include <cpuid.h>
#include <cstring>
#include <ctime>

namespace hmodule::winapi {
namespace {

template <typename Char>
void fill(StartupInfo<Char>& info, Char* reserved, Char* desktop, Char* title) {
  const RTL_USER_PROCESS_PARAMETERS& all = thread::process_parameters();
  info = {.cb = sizeof info,
          .lpReserved = reserved,
          .lpDesktop = desktop,
          .lpTitle = title,
          .dwX = all.StartingX,
          .dwY = all.StartingY,
          .dwXSize = all.CountX,
          .dwYSize = all.CountY,
          .dwXCountChars = all.CountCharsX,
          .dwYCountChars = all.CountCharsY,
          .dwFillAttribute = all.FillAttribute,
          .dwFlags = all.WindowFlags,
          .wShowWindow = static_cast<WORD>(all.ShowWindowFlags),
          .cbReserved2 = all.RuntimeData.Length,
          .lpReserved2 = all.RuntimeData.Length != 0 ? reinterpret_cast<BYTE*>(all.RuntimeData.Buffer) : nullptr,
          .hStdInput = all.StandardInput,
          .hStdOutput = all.StandardOutput,
          .hStdError = all.StandardError};
}

HM_WINAPI void GetStartupInfoW(StartupInfo<WCHAR>* info) noexcept {
  const RTL_USER_PROCESS_PARAMETERS& all = thread::process_parameters();
  fill(*info, all.ShellInfo.Buffer, all.DesktopInfo.Buffer, all.WindowTitle.Buffer);
}

// The strings live as long as the process, so they are made once.
HM_WINAPI void GetStartupInfoA(StartupInfo<char>* info) noexcept {
  const RTL_USER_PROCESS_PARAMETERS& all = thread::process_parameters();
  static auto* const desktop = new std::string(utf8(all.DesktopInfo.Buffer));
  static auto* const title = new std::string(utf8(all.WindowTitle.Buffer));
  fill(*info, static_cast<char*>(nullptr), desktop->data(), title->data());
}

// PROCESS_MITIGATION_POLICY: the flags of each policy as this process has them.
constexpr DWORD kDepPolicy = 0, kAslrPolicy = 1, kMaskPolicy = 5, kPolicies = 16;

HM_WINAPI BOOL GetProcessMitigationPolicy(HANDLE process, DWORD policy, void* buffer, SIZE_T size) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_INFORMATION));
    if (policy >= kPolicies || buffer == nullptr) return fail(STATUS_INVALID_PARAMETER, "policy {}", policy);
    struct Dep {
      DWORD flags;
      BOOLEAN permanent;
    };
    const SIZE_T needed = policy == kDepPolicy || policy == kMaskPolicy ? 8 : 4;
    if (size != needed) return fail(STATUS_INVALID_PARAMETER, "policy {} has {} bytes, not {}", policy, needed, size);
    std::memset(buffer, 0, size);
    if (policy == kDepPolicy) *static_cast<Dep*>(buffer) = {1, TRUE};  // pages without X never run on x64
    if (policy == kAslrPolicy) *static_cast<DWORD*>(buffer) = 0x5;     // bottom-up, high entropy
    return ok;
  });
}

// CPU time in cycles of the time stamp counter, as near as the kernel's clocks tell.
ULONG64 cycles(std::int64_t nanoseconds) {
  static const double per_nanosecond = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(0x15, &a, &b, &c, &d) != 0 && a != 0 && b != 0 && c != 0) return c * (double(b) / a) / 1e9;
    // Not told by the processor: measured once, for a millisecond.
    const auto now = [] {
      timespec time{};
      clock_gettime(CLOCK_MONOTONIC, &time);
      return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
    };
    const auto start = now();
    const auto first = __rdtsc();
    while (now() - start < 1'000'000) {
    }
    return static_cast<double>(__rdtsc() - first) / static_cast<double>(now() - start);
  }();
  return static_cast<ULONG64>(static_cast<double>(nanoseconds) * per_nanosecond);
}

HM_WINAPI BOOL QueryProcessCycleTime(HANDLE process, ULONG64* time) noexcept {
  return succeed([&]() -> Status {
    TRY(nt::require_own_process(process, nt::PROCESS_QUERY_LIMITED_INFORMATION));
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    *time = cycles(spent.tv_sec * 1'000'000'000LL + spent.tv_nsec);
    return ok;
  });
}

HM_WINAPI BOOL QueryThreadCycleTime(HANDLE handle, ULONG64* time) noexcept {
  return succeed([&]() -> Status {
    const auto thread = TRY(nt::object_of<nt::Thread>(handle, nt::THREAD_QUERY_LIMITED_INFORMATION));
    // schedstat: nanoseconds on a processor, nanoseconds waiting for one, time slices.
    const std::string stat = nt::read_small_file("/proc/self/task/" + std::to_string(thread->id()) + "/schedstat");
    *time = cycles(std::strtoll(stat.c_str(), nullptr, 10));
    return ok;
  });
}

HM_WINAPI DWORD64 GetEnabledXStateFeatures() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return 3;  // x87 and SSE
  std::uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return DWORD64{high} << 32 | low;
}

HM_WINAPI BOOL GetSystemPowerStatus(SYSTEM_POWER_STATUS* status) noexcept {
  return succeed([&]() -> Status {
    *status = nt::power_status();
    return ok;
  });
}

// Returns the state before.
HM_WINAPI DWORD SetThreadExecutionState(DWORD state) noexcept {
  return answer<DWORD>(0, [&]() -> Result<DWORD> {
    ULONG previous = 0;
    const NTSTATUS status = NtSetThreadExecutionState(state, &previous);
    if (!nt_success(status)) return fail(status, "execution state {:#x}", state);
    return DWORD{previous};
  });
}

const Export kRows[] = {
    {"GetEnabledXStateFeatures", proc(GetEnabledXStateFeatures)},
    {"GetProcessMitigationPolicy", proc(GetProcessMitigationPolicy), Support::partial, "this process only"},
    {"GetStartupInfoA", proc(GetStartupInfoA)},
    {"GetStartupInfoW", proc(GetStartupInfoW)},
    {"GetSystemPowerStatus", proc(GetSystemPowerStatus)},
    {"QueryProcessCycleTime", proc(QueryProcessCycleTime), Support::partial, "this process only"},
    {"QueryThreadCycleTime", proc(QueryThreadCycleTime)},
    {"SetThreadExecutionState", proc(SetThreadExecutionState), Support::partial, "does not keep the host awake"},
};

}  // namespace

extern const ExportTable processthreadsapi_info_exports = kRows;

}  // namespace hmodule::winapi
