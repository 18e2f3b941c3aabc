// Power: the battery, the processors' clocks, and who asks the machine to stay awake.
#include "winapi/ntdll/power.h"

#include "module/builtin.h"
#include "nt/processor_clock.h"
#include "nt/system_information.h"
#include "winapi/ntdll/nt_args.h"

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

// POWER_INFORMATION_LEVEL and what belongs to it (winnt.h).
enum POWER_INFORMATION_LEVEL : LONG { SystemPowerCapabilities = 4, SystemBatteryState = 5, ProcessorInformation = 11 };
struct SYSTEM_POWER_CAPABILITIES {
  BOOLEAN PowerButtonPresent, SleepButtonPresent, LidPresent, SystemS1, SystemS2, SystemS3, SystemS4, SystemS5,
      HiberFilePresent, FullWake, VideoDimPresent, ApmPresent, UpsPresent, ThermalControl, ProcessorThrottle;
  BYTE ProcessorMinThrottle, ProcessorMaxThrottle;
  BOOLEAN FastSystemS4, Hiberboot, WakeAlarmPresent, AoAc, DiskSpinDown;
  BYTE HiberFileType;
  BOOLEAN AoAcConnectivitySupported;
  BYTE spare3[6];
  BOOLEAN SystemBatteriesPresent, BatteriesAreShortTerm;
  struct {
    DWORD Granularity, Capacity;
  } BatteryScale[3];
  LONG AcOnLineWake, SoftLidWake, RtcWake, MinDeviceWakeState, DefaultLowLatencyWake;  // SYSTEM_POWER_STATE
};
static_assert(sizeof(SYSTEM_POWER_CAPABILITIES) == 76);
struct SYSTEM_BATTERY_STATE {
  BOOLEAN AcOnLine, BatteryPresent, Charging, Discharging, Spare1[3];
  BYTE Tag;
  DWORD MaxCapacity, RemainingCapacity, Rate, EstimatedTime, DefaultAlert1, DefaultAlert2;
};
static_assert(sizeof(SYSTEM_BATTERY_STATE) == 32);
struct PROCESSOR_POWER_INFORMATION {
  ULONG Number, MaxMhz, CurrentMhz, MhzLimit, MaxIdleState, CurrentIdleState;
};

// Capacities in per cent.
SYSTEM_BATTERY_STATE battery_state() {
  constexpr BYTE kOnMains = 1, kCharging = 8, kNoBattery = 128, kUnknown = 255;
  const SYSTEM_POWER_STATUS status = nt::power_status();
  SYSTEM_BATTERY_STATE state = {};
  state.AcOnLine = status.ACLineStatus == kOnMains;
  state.BatteryPresent = status.BatteryFlag != kUnknown && (status.BatteryFlag & kNoBattery) == 0;
  if (!state.BatteryPresent) return state;
  state.Charging = (status.BatteryFlag & kCharging) != 0;
  state.Discharging = !state.AcOnLine;
  state.MaxCapacity = 100;
  state.RemainingCapacity = status.BatteryLifePercent == kUnknown ? 0 : status.BatteryLifePercent;
  state.EstimatedTime = status.BatteryLifeTime;
  return state;
}

// The states of sleep that Linux has; of what wakes the machine nothing is known.
SYSTEM_POWER_CAPABILITIES power_capabilities() {
  SYSTEM_POWER_CAPABILITIES all = {};
  std::ifstream states("/sys/power/state");
  for (std::string state; states >> state;) {
    if (state == "standby") all.SystemS1 = TRUE;
    if (state == "mem") all.SystemS3 = TRUE;
    if (state == "disk") all.SystemS4 = all.HiberFilePresent = TRUE;
  }
  all.SystemS5 = TRUE;
  all.ProcessorMinThrottle = all.ProcessorMaxThrottle = 100;
  all.SystemBatteriesPresent = battery_state().BatteryPresent;
  return all;
}

HM_WINAPI NTSTATUS NtPowerInformation(LONG level, const void* in, ULONG in_size, void* out, ULONG out_size) noexcept {
  return status_of([&]() -> Status {
    const auto give = [&](const void* data, std::size_t size) -> Status {
      if (in != nullptr || in_size != 0 || out == nullptr)
        return fail(STATUS_INVALID_PARAMETER, "power level {} only answers", level);
      if (out_size < size) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes of {}", out_size, size);
      std::memcpy(out, data, size);
      return ok;
    };
    switch (level) {
      case SystemPowerCapabilities: {
        const SYSTEM_POWER_CAPABILITIES all = power_capabilities();
        return give(&all, sizeof all);
      }
      case SystemBatteryState: {
        const SYSTEM_BATTERY_STATE state = battery_state();
        return give(&state, sizeof state);
      }
      case ProcessorInformation: {
        std::vector<PROCESSOR_POWER_INFORMATION> all;
        for (const auto& [maximum, current] : nt::processor_clocks())
          all.push_back({static_cast<ULONG>(all.size()), maximum, current, maximum, 0, 0});
        return give(all.data(), all.size() * sizeof(PROCESSOR_POWER_INFORMATION));
      }
      default:
        return fail(STATUS_NOT_IMPLEMENTED, "power information level {}", level);
    }
  });
}

}  // namespace

// The state before. The first time that is ES_CONTINUOUS alone.
HM_WINAPI NTSTATUS NtSetThreadExecutionState(ULONG state, ULONG* previous) noexcept {
  constexpr ULONG kContinuous = 0x80000000, kKnown = kContinuous | 0x47;
  thread_local ULONG current = kContinuous;
  return status_of([&]() -> Status {
    if ((state & ~kKnown) != 0) return fail(STATUS_INVALID_PARAMETER, "execution state {:#x}", state);
    TRY(require(previous));
    *previous = current;
    if ((state & kContinuous) != 0) current = state;
    return ok;
  });
}

namespace {

const Export kRows[] = {
    {"NtPowerInformation", proc(NtPowerInformation), Support::partial,
     "the battery, the processors' clocks and the states of sleep"},
    {"NtSetThreadExecutionState", proc(NtSetThreadExecutionState), Support::partial, "does not keep the host awake"},
};

}  // namespace

extern const ExportTable power_exports = kRows;

}  // namespace hmodule::winapi
