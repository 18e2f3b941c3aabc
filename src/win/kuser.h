// KUSER_SHARED_DATA (wdm.h): the read-only page at 0x7FFE0000, loader-semantics §15.2.
#pragma once

#include "win/types.h"

namespace hmodule {

struct KSYSTEM_TIME {
  ULONG LowPart;
  LONG High1Time, High2Time;
};

struct KUSER_SHARED_DATA {
  ULONG TickCountLowDeprecated, TickCountMultiplier;
  KSYSTEM_TIME InterruptTime, SystemTime, TimeZoneBias;  // 0x08
  USHORT ImageNumberLow, ImageNumberHigh;                // 0x2C
  WCHAR NtSystemRoot[260];
  ULONG MaxStackTraceDepth, CryptoExponent, TimeZoneId, LargePageMinimum;  // 0x238
  ULONG AitSamplingValue, AppCompatFlag;
  ULONGLONG RNGSeedVersion;
  ULONG GlobalValidationRunlevel;
  LONG TimeZoneBiasStamp;
  ULONG NtBuildNumber;  // 0x260
  ULONG NtProductType;
  BOOLEAN ProductTypeIsValid, Reserved0[1];
  USHORT NativeProcessorArchitecture;
  ULONG NtMajorVersion, NtMinorVersion;  // 0x26C
  BOOLEAN ProcessorFeatures[64];         // 0x274
  ULONG Reserved1, Reserved3, TimeSlip, AlternativeArchitecture, BootId;
  LARGE_INTEGER SystemExpirationDate;  // 0x2C8
  ULONG SuiteMask;
  BOOLEAN KdDebuggerEnabled;
  UCHAR MitigationPolicies;
  USHORT CyclesPerYield;
  ULONG ActiveConsoleId, DismountCount, ComPlusPackage, LastSystemRITEventTickCount, NumberOfPhysicalPages;
  BOOLEAN SafeBootMode;
  UCHAR VirtualizationFlags, Reserved12[2];
  ULONG SharedDataFlags, DataFlagsPad;
  ULONGLONG TestRetInstruction;
  LONGLONG QpcFrequency;  // 0x300
  ULONG SystemCall, Reserved2;
  ULONGLONG SystemCallPad[2];
  KSYSTEM_TIME TickCount;  // 0x320
  ULONG TickCountPad;
  ULONG Cookie, CookiePad;  // 0x330
  BYTE Reserved4[0x3C0 - 0x338];
  ULONG ActiveProcessorCount;  // 0x3C0
  UCHAR ActiveGroupCount;
  BYTE Reserved5[0x1000 - 0x3C5];
};
static_assert(offsetof(KUSER_SHARED_DATA, SystemTime) == 0x14 && offsetof(KUSER_SHARED_DATA, NtSystemRoot) == 0x30);
static_assert(offsetof(KUSER_SHARED_DATA, NtBuildNumber) == 0x260 &&
              offsetof(KUSER_SHARED_DATA, NtMajorVersion) == 0x26C);
static_assert(offsetof(KUSER_SHARED_DATA, ProcessorFeatures) == 0x274 &&
              offsetof(KUSER_SHARED_DATA, SystemExpirationDate) == 0x2C8);
static_assert(offsetof(KUSER_SHARED_DATA, QpcFrequency) == 0x300 && offsetof(KUSER_SHARED_DATA, TickCount) == 0x320);
static_assert(offsetof(KUSER_SHARED_DATA, Cookie) == 0x330 &&
              offsetof(KUSER_SHARED_DATA, ActiveProcessorCount) == 0x3C0);
static_assert(sizeof(KUSER_SHARED_DATA) == 0x1000);

}  // namespace hmodule
