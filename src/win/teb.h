// The thread and process environment blocks and the loader's lists, as compiled DLL code reads them: rules MEM-01...
// MEM-14 and the tables of loader-semantics.md §15. Every offset that a rule names is asserted.
#pragma once

#include "win/types.h"

namespace hmodule {

struct PEB;

struct NT_TIB {
  void* ExceptionList;  // -1 when empty; Wine-built runtimes link {Prev, Handler} records here
  void *StackBase, *StackLimit;
  void *SubSystemTib, *FiberData, *ArbitraryUserPointer;
  NT_TIB* Self;
};

struct TEB {
  NT_TIB NtTib;
  void* EnvironmentPointer;
  CLIENT_ID ClientId;
  void* ActiveRpcHandle;
  void** ThreadLocalStoragePointer;  // TLS-05
  PEB* ProcessEnvironmentBlock;
  DWORD LastErrorValue;
  DWORD CountOfOwnedCriticalSections;
  void *CsrClientThread, *Win32ThreadInfo;
  ULONG User32Reserved[26], UserReserved[5];
  void* WOW32Reserved;
  LCID CurrentLocale;
  ULONG FpSoftwareStatusRegister;
  void* ReservedForDebuggerInstrumentation[16];
  void* SystemReserved1[38];  // 0x190
  LONG ExceptionCode;         // 0x2C0
  BYTE Padding0[4];
  void* ActivationContextStackPointer;  // 0x2C8
  BYTE Reserved2[0x1250 - 0x2D0];
  NTSTATUS LastStatusValue;  // 0x1250
  BYTE Padding1[4];
  UNICODE_STRING StaticUnicodeString;
  WCHAR StaticUnicodeBuffer[261];  // 0x1268
  BYTE Padding2[6];
  void* DeallocationStack;  // 0x1478
  void* TlsSlots[64];       // 0x1480
  LIST_ENTRY TlsLinks;      // 0x1680
  void *Vdm, *ReservedForNtRpc, *DbgSsReserved[2];
  ULONG HardErrorMode;  // 0x16B0
  BYTE Reserved3[0x1748 - 0x16B4];
  ULONG GuaranteedStackBytes;  // 0x1748
  BYTE Reserved4[0x1780 - 0x174C];
  void** TlsExpansionSlots;  // 0x1780
  BYTE Reserved5[0x17C8 - 0x1788];
  void* FlsData;  // 0x17C8
  BYTE Reserved6[0x17EE - 0x17D0];
  USHORT SameTebFlags;  // 0x17EE
  BYTE Reserved7[0x1838 - 0x17F0];
};
static_assert(offsetof(TEB, ClientId) == 0x40 && offsetof(TEB, ThreadLocalStoragePointer) == 0x58);
static_assert(offsetof(TEB, ProcessEnvironmentBlock) == 0x60 && offsetof(TEB, LastErrorValue) == 0x68);
static_assert(offsetof(TEB, CurrentLocale) == 0x108 && offsetof(TEB, ActivationContextStackPointer) == 0x2C8);
static_assert(offsetof(TEB, LastStatusValue) == 0x1250 && offsetof(TEB, StaticUnicodeString) == 0x1258);
static_assert(offsetof(TEB, StaticUnicodeBuffer) == 0x1268 && offsetof(TEB, DeallocationStack) == 0x1478);
static_assert(offsetof(TEB, TlsSlots) == 0x1480 && offsetof(TEB, TlsLinks) == 0x1680);
static_assert(offsetof(TEB, HardErrorMode) == 0x16B0 && offsetof(TEB, GuaranteedStackBytes) == 0x1748);
static_assert(offsetof(TEB, TlsExpansionSlots) == 0x1780 && offsetof(TEB, FlsData) == 0x17C8);
static_assert(offsetof(TEB, SameTebFlags) == 0x17EE && sizeof(TEB) == 0x1838);

struct CURDIR {
  UNICODE_STRING DosPath;  // ends with a backslash
  HANDLE Handle;
};

struct RTL_USER_PROCESS_PARAMETERS {
  ULONG MaximumLength, Length, Flags, DebugFlags;
  HANDLE ConsoleHandle;
  ULONG ConsoleFlags;
  HANDLE StandardInput, StandardOutput, StandardError;  // 0x20
  CURDIR CurrentDirectory;                              // 0x38
  UNICODE_STRING DllPath, ImagePathName, CommandLine;   // 0x50
  void* Environment;                                    // 0x80
  ULONG StartingX, StartingY, CountX, CountY, CountCharsX, CountCharsY, FillAttribute, WindowFlags, ShowWindowFlags;
  UNICODE_STRING WindowTitle, DesktopInfo, ShellInfo, RuntimeData;  // 0xB0
  BYTE CurrentDirectories[32 * 24];
  SIZE_T EnvironmentSize;  // 0x3F0
  BYTE Reserved[0x48];
};
static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, StandardInput) == 0x20);
static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, CurrentDirectory) == 0x38);
static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, ImagePathName) == 0x60);
static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, Environment) == 0x80);
static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, WindowTitle) == 0xB0);
static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, EnvironmentSize) == 0x3F0);

struct PEB_LDR_DATA {
  ULONG Length;
  BOOLEAN Initialized;
  HANDLE SsHandle;
  LIST_ENTRY InLoadOrderModuleList, InMemoryOrderModuleList, InInitializationOrderModuleList;  // 0x10
  void* EntryInProgress;
  BOOLEAN ShutdownInProgress;  // 0x48
  HANDLE ShutdownThreadId;
};
static_assert(offsetof(PEB_LDR_DATA, ShutdownInProgress) == 0x48 && sizeof(PEB_LDR_DATA) == 0x58);

struct RTL_BITMAP {
  ULONG SizeOfBitMap;
  ULONG* Buffer;
};

struct PEB {
  BYTE InheritedAddressSpace, ReadImageFileExecOptions, BeingDebugged, BitField;
  void* Mutant;
  void* ImageBaseAddress;  // 0x10
  PEB_LDR_DATA* Ldr;
  RTL_USER_PROCESS_PARAMETERS* ProcessParameters;  // 0x20
  void* SubSystemData;
  HANDLE ProcessHeap;  // 0x30
  CRITICAL_SECTION* FastPebLock;
  void *AtlThunkSListPtr, *IFEOKey;
  ULONG CrossProcessFlags;  // 0x50
  void* KernelCallbackTable;
  ULONG SystemReserved, AtlThunkSListPtr32;
  void* ApiSetMap;  // 0x68
  ULONG TlsExpansionCounter;
  RTL_BITMAP* TlsBitmap;  // 0x78
  ULONG TlsBitmapBits[2];
  void *ReadOnlySharedMemoryBase, *SharedData, *ReadOnlyStaticServerData;  // 0x88
  void *AnsiCodePageData, *OemCodePageData, *UnicodeCaseTableData;         // 0xA0
  ULONG NumberOfProcessors, NtGlobalFlag;                                  // 0xB8
  LARGE_INTEGER CriticalSectionTimeout;
  SIZE_T HeapSegmentReserve, HeapSegmentCommit, HeapDeCommitTotalFreeThreshold, HeapDeCommitFreeBlockThreshold;
  ULONG NumberOfHeaps, MaximumNumberOfHeaps;  // 0xE8
  HANDLE* ProcessHeaps;
  void *GdiSharedHandleTable, *ProcessStarterHelper;
  ULONG GdiDCAttributeList;
  CRITICAL_SECTION* LoaderLock;  // 0x110
  ULONG OSMajorVersion, OSMinorVersion;
  USHORT OSBuildNumber, OSCSDVersion;
  ULONG OSPlatformId, ImageSubsystem, ImageSubsystemMajorVersion, ImageSubsystemMinorVersion;  // 0x124
  ULONG_PTR ActiveProcessAffinityMask;
  ULONG GdiHandleBuffer[60];
  void* PostProcessInitRoutine;  // 0x230
  RTL_BITMAP* TlsExpansionBitmap;
  ULONG TlsExpansionBitmapBits[32];  // 0x240
  ULONG SessionId;                   // 0x2C0
  ULARGE_INTEGER AppCompatFlags, AppCompatFlagsUser;
  void *ShimData, *AppCompatInfo;
  UNICODE_STRING CSDVersion;  // 0x2E8
  BYTE Reserved[0x7C8 - 0x2F8];
};
static_assert(offsetof(PEB, ImageBaseAddress) == 0x10 && offsetof(PEB, ProcessHeap) == 0x30);
static_assert(offsetof(PEB, ApiSetMap) == 0x68 && offsetof(PEB, TlsBitmap) == 0x78 &&
              offsetof(PEB, TlsBitmapBits) == 0x80);
static_assert(offsetof(PEB, NumberOfProcessors) == 0xB8 && offsetof(PEB, LoaderLock) == 0x110);
static_assert(offsetof(PEB, OSMajorVersion) == 0x118 && offsetof(PEB, OSBuildNumber) == 0x120);
static_assert(offsetof(PEB, ImageSubsystem) == 0x128 && offsetof(PEB, TlsExpansionBitmap) == 0x238);
static_assert(offsetof(PEB, TlsExpansionBitmapBits) == 0x240 && offsetof(PEB, SessionId) == 0x2C0);
static_assert(offsetof(PEB, CSDVersion) == 0x2E8 && sizeof(PEB) == 0x7C8);

struct LDRP_CSLIST {
  SINGLE_LIST_ENTRY* Tail;
};

// States and reasons: MEM-14 and the table below it.
inline constexpr ULONG LdrModulesSnapped = 7, LdrModulesInitializing = 8, LdrModulesReadyToRun = 9;

struct LDR_DDAG_NODE {
  LIST_ENTRY Modules;
  void* ServiceTagList;  // 0x10
  ULONG LoadCount, LoadWhileUnloadingCount;
  ULONG LowestLink;                                // 0x20
  LDRP_CSLIST Dependencies, IncomingDependencies;  // 0x28
  ULONG State;                                     // 0x38
  SINGLE_LIST_ENTRY CondenseLink;
  ULONG PreorderNumber;  // 0x48
};
static_assert(offsetof(LDR_DDAG_NODE, LoadCount) == 0x18 && offsetof(LDR_DDAG_NODE, Dependencies) == 0x28);
static_assert(offsetof(LDR_DDAG_NODE, State) == 0x38 && offsetof(LDR_DDAG_NODE, PreorderNumber) == 0x48);

struct LDR_DEPENDENCY {
  SINGLE_LIST_ENTRY DependencyLink;
  LDR_DDAG_NODE* DependencyNode;
  SINGLE_LIST_ENTRY IncomingDependencyLink;
  LDR_DDAG_NODE* IncomingDependencyNode;
};

struct LDR_DATA_TABLE_ENTRY {
  LIST_ENTRY InLoadOrderLinks, InMemoryOrderLinks, InInitializationOrderLinks;
  void* DllBase;  // 0x30
  DllEntryPoint EntryPoint;
  ULONG SizeOfImage;
  UNICODE_STRING FullDllName, BaseDllName;  // 0x48
  ULONG Flags;                              // 0x68
  USHORT ObsoleteLoadCount, TlsIndex;
  LIST_ENTRY HashLinks;
  ULONG TimeDateStamp;  // 0x80
  void *EntryPointActivationContext, *Lock;
  LDR_DDAG_NODE* DdagNode;  // 0x98
  LIST_ENTRY NodeModuleLink;
  void *LoadContext, *ParentDllBase, *SwitchBackContext;  // 0xB0
  void *BaseAddressIndexNode[3], *MappingInfoIndexNode[3];
  ULONG_PTR OriginalBase;  // 0xF8
  LARGE_INTEGER LoadTime;
  ULONG BaseNameHashValue;  // 0x108
  LONG LoadReason;
  ULONG ImplicitPathOptions, ReferenceCount;  // 0x110
  ULONG DependentLoadFlags;
  UCHAR SigningLevel;
};
static_assert(offsetof(LDR_DATA_TABLE_ENTRY, DllBase) == 0x30 && offsetof(LDR_DATA_TABLE_ENTRY, FullDllName) == 0x48);
static_assert(offsetof(LDR_DATA_TABLE_ENTRY, Flags) == 0x68 && offsetof(LDR_DATA_TABLE_ENTRY, TlsIndex) == 0x6E);
static_assert(offsetof(LDR_DATA_TABLE_ENTRY, TimeDateStamp) == 0x80 &&
              offsetof(LDR_DATA_TABLE_ENTRY, DdagNode) == 0x98);
static_assert(offsetof(LDR_DATA_TABLE_ENTRY, ParentDllBase) == 0xB8);
static_assert(offsetof(LDR_DATA_TABLE_ENTRY, OriginalBase) == 0xF8 &&
              offsetof(LDR_DATA_TABLE_ENTRY, LoadReason) == 0x10C);
static_assert(offsetof(LDR_DATA_TABLE_ENTRY, ReferenceCount) == 0x114 && sizeof(LDR_DATA_TABLE_ENTRY) >= 0x118);

}  // namespace hmodule
