// The on-disk records of a PE file, with the specification's own field names so that a search for SizeOfRawData finds
// both. They have no behaviour; each is followed by its size. Source: Microsoft Learn, "PE Format", and winnt.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hmodule::pe {

// The file may place a record at any alignment; those that are looked at in place are packed.
#pragma pack(push, 1)

struct DosHeader {
  std::uint16_t e_magic, e_cblp, e_cp, e_crlc, e_cparhdr, e_minalloc, e_maxalloc, e_ss, e_sp, e_csum, e_ip, e_cs;
  std::uint16_t e_lfarlc, e_ovno, e_res[4], e_oemid, e_oeminfo, e_res2[10];
  std::uint32_t e_lfanew;
};
static_assert(sizeof(DosHeader) == 64);
inline constexpr std::uint16_t kDosMagic = 0x5A4D;         // "MZ"
inline constexpr std::uint32_t kPeSignature = 0x00004550;  // "PE\0\0"
inline constexpr std::uint16_t kNeSignature = 0x454E, kLeSignature = 0x454C;

struct FileHeader {
  std::uint16_t Machine, NumberOfSections;
  std::uint32_t TimeDateStamp, PointerToSymbolTable, NumberOfSymbols;
  std::uint16_t SizeOfOptionalHeader, Characteristics;
};
static_assert(sizeof(FileHeader) == 20);

inline constexpr std::uint16_t kMachineI386 = 0x14C, kMachineAmd64 = 0x8664, kMachineArm = 0x1C0, kMachineArmNt = 0x1C4,
                               kMachineArm64 = 0xAA64, kMachineArm64Ec = 0xA641, kMachineArm64X = 0xA64E,
                               kMachineIa64 = 0x200, kMachineRiscV64 = 0x5064, kMachineLoongArch64 = 0x6264;

// FileHeader::Characteristics
inline constexpr std::uint16_t kFileRelocsStripped = 0x1, kFileExecutableImage = 0x2, kFileLargeAddressAware = 0x20,
                               kFile32BitMachine = 0x100, kFileSystem = 0x1000, kFileDll = 0x2000;

struct DataDirectory {
  std::uint32_t VirtualAddress, Size;
};
static_assert(sizeof(DataDirectory) == 8);
inline constexpr std::size_t kDirectoryCount = 16;
enum Directory : std::uint32_t {
  kDirectoryExport,
  kDirectoryImport,
  kDirectoryResource,
  kDirectoryException,
  kDirectorySecurity,  // its VirtualAddress is a file offset
  kDirectoryBaseReloc,
  kDirectoryDebug,
  kDirectoryArchitecture,
  kDirectoryGlobalPtr,
  kDirectoryTls,
  kDirectoryLoadConfig,
  kDirectoryBoundImport,
  kDirectoryIat,
  kDirectoryDelayImport,
  kDirectoryComDescriptor,
};

inline constexpr std::uint16_t kOptionalMagic32 = 0x10B, kOptionalMagic64 = 0x20B;

struct OptionalHeader64 {
  std::uint16_t Magic;
  std::uint8_t MajorLinkerVersion, MinorLinkerVersion;
  std::uint32_t SizeOfCode, SizeOfInitializedData, SizeOfUninitializedData, AddressOfEntryPoint, BaseOfCode;
  std::uint64_t ImageBase;
  std::uint32_t SectionAlignment, FileAlignment;
  std::uint16_t MajorOperatingSystemVersion, MinorOperatingSystemVersion, MajorImageVersion, MinorImageVersion;
  std::uint16_t MajorSubsystemVersion, MinorSubsystemVersion;
  std::uint32_t Win32VersionValue, SizeOfImage, SizeOfHeaders, CheckSum;
  std::uint16_t Subsystem, DllCharacteristics;
  std::uint64_t SizeOfStackReserve, SizeOfStackCommit, SizeOfHeapReserve, SizeOfHeapCommit;
  std::uint32_t LoaderFlags, NumberOfRvaAndSizes;
  DataDirectory DataDirectories[kDirectoryCount];
};
static_assert(sizeof(OptionalHeader64) == 240 && offsetof(OptionalHeader64, CheckSum) == 0x40);

struct OptionalHeader32 {
  std::uint16_t Magic;
  std::uint8_t MajorLinkerVersion, MinorLinkerVersion;
  std::uint32_t SizeOfCode, SizeOfInitializedData, SizeOfUninitializedData, AddressOfEntryPoint, BaseOfCode, BaseOfData;
  std::uint32_t ImageBase;
  std::uint32_t SectionAlignment, FileAlignment;
  std::uint16_t MajorOperatingSystemVersion, MinorOperatingSystemVersion, MajorImageVersion, MinorImageVersion;
  std::uint16_t MajorSubsystemVersion, MinorSubsystemVersion;
  std::uint32_t Win32VersionValue, SizeOfImage, SizeOfHeaders, CheckSum;
  std::uint16_t Subsystem, DllCharacteristics;
  std::uint32_t SizeOfStackReserve, SizeOfStackCommit, SizeOfHeapReserve, SizeOfHeapCommit;
  std::uint32_t LoaderFlags, NumberOfRvaAndSizes;
  DataDirectory DataDirectories[kDirectoryCount];
};
static_assert(sizeof(OptionalHeader32) == 224 && offsetof(OptionalHeader32, CheckSum) == 0x40);

// OptionalHeader::Subsystem
inline constexpr std::uint16_t kSubsystemNative = 1, kSubsystemWindowsGui = 2, kSubsystemWindowsCui = 3;

// OptionalHeader::DllCharacteristics
inline constexpr std::uint16_t kDllHighEntropyVa = 0x20, kDllDynamicBase = 0x40, kDllForceIntegrity = 0x80,
                               kDllNxCompat = 0x100, kDllNoIsolation = 0x200, kDllNoSeh = 0x400, kDllNoBind = 0x800,
                               kDllAppContainer = 0x1000, kDllWdmDriver = 0x2000, kDllGuardCf = 0x4000,
                               kDllTerminalServerAware = 0x8000;

struct SectionHeader {
  char Name[8];
  std::uint32_t VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData;
  std::uint32_t PointerToRelocations, PointerToLinenumbers;
  std::uint16_t NumberOfRelocations, NumberOfLinenumbers;
  std::uint32_t Characteristics;
};
static_assert(sizeof(SectionHeader) == 40);

// SectionHeader::Characteristics
inline constexpr std::uint32_t kSectionCode = 0x20, kSectionInitializedData = 0x40, kSectionUninitializedData = 0x80,
                               kSectionDiscardable = 0x02000000, kSectionShared = 0x10000000,
                               kSectionExecute = 0x20000000, kSectionRead = 0x40000000, kSectionWrite = 0x80000000;

struct ExportDirectory {
  std::uint32_t Characteristics, TimeDateStamp;
  std::uint16_t MajorVersion, MinorVersion;
  std::uint32_t Name, Base, NumberOfFunctions, NumberOfNames;
  std::uint32_t AddressOfFunctions, AddressOfNames, AddressOfNameOrdinals;
};
static_assert(sizeof(ExportDirectory) == 40);

struct ImportDescriptor {
  std::uint32_t OriginalFirstThunk, TimeDateStamp, ForwarderChain, Name, FirstThunk;
};
static_assert(sizeof(ImportDescriptor) == 20);
inline constexpr std::uint64_t kOrdinalFlag64 = std::uint64_t{1} << 63;
inline constexpr std::uint32_t kOrdinalFlag32 = std::uint32_t{1} << 31;

struct DelayLoadDescriptor {
  std::uint32_t Attributes, DllNameRVA, ModuleHandleRVA, ImportAddressTableRVA, ImportNameTableRVA;
  std::uint32_t BoundImportAddressTableRVA, UnloadInformationTableRVA, TimeDateStamp;
};
static_assert(sizeof(DelayLoadDescriptor) == 32);
inline constexpr std::uint32_t kDelayLoadRvaBased = 1;

struct BaseRelocation {
  std::uint32_t VirtualAddress, SizeOfBlock;  // u16 entries follow: type << 12 | offset
};
static_assert(sizeof(BaseRelocation) == 8);
inline constexpr std::uint16_t kRelocAbsolute = 0, kRelocHigh = 1, kRelocLow = 2, kRelocHighLow = 3, kRelocDir64 = 10;

struct TlsDirectory64 {
  std::uint64_t StartAddressOfRawData, EndAddressOfRawData, AddressOfIndex, AddressOfCallBacks;
  std::uint32_t SizeOfZeroFill, Characteristics;
};
static_assert(sizeof(TlsDirectory64) == 40);

struct LoadConfigDirectory64 {
  std::uint32_t Size, TimeDateStamp;
  std::uint16_t MajorVersion, MinorVersion;
  std::uint32_t GlobalFlagsClear, GlobalFlagsSet, CriticalSectionDefaultTimeout;
  std::uint64_t DeCommitFreeBlockThreshold, DeCommitTotalFreeThreshold, LockPrefixTable, MaximumAllocationSize;
  std::uint64_t VirtualMemoryThreshold, ProcessAffinityMask;
  std::uint32_t ProcessHeapFlags;
  std::uint16_t CSDVersion, DependentLoadFlags;
  std::uint64_t EditList, SecurityCookie, SEHandlerTable, SEHandlerCount;
  std::uint64_t GuardCFCheckFunctionPointer, GuardCFDispatchFunctionPointer, GuardCFFunctionTable;
  std::uint64_t GuardCFFunctionCount;
  std::uint32_t GuardFlags;
  std::uint16_t CodeIntegrityFlags, CodeIntegrityCatalog;
  std::uint32_t CodeIntegrityCatalogOffset, CodeIntegrityReserved;
  std::uint64_t GuardAddressTakenIatEntryTable, GuardAddressTakenIatEntryCount;
  std::uint64_t GuardLongJumpTargetTable, GuardLongJumpTargetCount;
  std::uint64_t DynamicValueRelocTable, CHPEMetadataPointer, GuardRFFailureRoutine;
  std::uint64_t GuardRFFailureRoutineFunctionPointer;
  std::uint32_t DynamicValueRelocTableOffset;
  std::uint16_t DynamicValueRelocTableSection, Reserved2;
  std::uint64_t GuardRFVerifyStackPointerFunctionPointer;
  std::uint32_t HotPatchTableOffset, Reserved3;
  std::uint64_t EnclaveConfigurationPointer, VolatileMetadataPointer;
  std::uint64_t GuardEHContinuationTable, GuardEHContinuationCount;
  std::uint64_t GuardXFGCheckFunctionPointer, GuardXFGDispatchFunctionPointer, GuardXFGTableDispatchFunctionPointer;
  std::uint64_t CastGuardOsDeterminedFailureMode, GuardMemcpyFunctionPointer;
};
static_assert(offsetof(LoadConfigDirectory64, DependentLoadFlags) == 0x4E);
static_assert(offsetof(LoadConfigDirectory64, SecurityCookie) == 0x58);
static_assert(offsetof(LoadConfigDirectory64, GuardCFCheckFunctionPointer) == 0x70);
static_assert(offsetof(LoadConfigDirectory64, GuardFlags) == 0x90);
static_assert(offsetof(LoadConfigDirectory64, CHPEMetadataPointer) == 0xC8);
static_assert(offsetof(LoadConfigDirectory64, GuardXFGCheckFunctionPointer) == 0x118);
static_assert(sizeof(LoadConfigDirectory64) == 0x140);

struct RuntimeFunction {
  std::uint32_t BeginAddress, EndAddress, UnwindData;
};
static_assert(sizeof(RuntimeFunction) == 12);

struct ResourceDirectory {
  std::uint32_t Characteristics, TimeDateStamp;
  std::uint16_t MajorVersion, MinorVersion, NumberOfNamedEntries, NumberOfIdEntries;
};
static_assert(sizeof(ResourceDirectory) == 16);
struct ResourceDirectoryEntry {
  std::uint32_t Name;          // kResourceNameIsString | offset of a counted UTF-16 string, or an id
  std::uint32_t OffsetToData;  // kResourceDataIsDirectory | offset of a ResourceDirectory, or of a ResourceDataEntry
};
static_assert(sizeof(ResourceDirectoryEntry) == 8);
inline constexpr std::uint32_t kResourceNameIsString = 0x80000000, kResourceDataIsDirectory = 0x80000000;
struct ResourceDataEntry {
  std::uint32_t OffsetToData, Size, CodePage, Reserved;  // OffsetToData is an RVA
};
static_assert(sizeof(ResourceDataEntry) == 16);

struct ComDescriptor {
  std::uint32_t cb;
  std::uint16_t MajorRuntimeVersion, MinorRuntimeVersion;
  DataDirectory MetaData;
  std::uint32_t Flags;
};
static_assert(sizeof(ComDescriptor) == 20);
inline constexpr std::uint32_t kComImageIlOnly = 1;

#pragma pack(pop)

inline constexpr std::uint32_t kPageSize = 0x1000;
inline constexpr std::uint32_t kSectorSize = 0x200;  // what file data of sections is rounded to (MAP-03)

}  // namespace hmodule::pe
