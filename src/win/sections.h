// Sections (ntmmapi.h, winnt.h) and file mappings (memoryapi.h).
#pragma once

#include "win/memoryapi.h"

namespace hmodule {

inline constexpr ACCESS_MASK SECTION_QUERY = 0x1, SECTION_MAP_WRITE = 0x2, SECTION_MAP_READ = 0x4,
                             SECTION_MAP_EXECUTE = 0x8, SECTION_EXTEND_SIZE = 0x10, SECTION_MAP_EXECUTE_EXPLICIT = 0x20,
                             SECTION_ALL_ACCESS = 0xF001F;
inline constexpr ULONG SEC_FILE = 0x800000, SEC_IMAGE = 0x1000000, SEC_IMAGE_NO_EXECUTE = 0x11000000,
                       SEC_RESERVE = 0x4000000, SEC_COMMIT = 0x8000000, SEC_NOCACHE = 0x10000000,
                       SEC_WRITECOMBINE = 0x40000000, SEC_LARGE_PAGES = 0x80000000;
inline constexpr DWORD FILE_MAP_COPY = 0x1, FILE_MAP_WRITE = 0x2, FILE_MAP_READ = 0x4, FILE_MAP_EXECUTE = 0x20,
                       FILE_MAP_ALL_ACCESS = 0xF001F, FILE_MAP_RESERVE = 0x80000000;

struct SECTION_BASIC_INFORMATION {
  void* BaseAddress;
  ULONG Attributes;
  LARGE_INTEGER Size;
};
static_assert(sizeof(SECTION_BASIC_INFORMATION) == 24);
struct SECTION_IMAGE_INFORMATION {
  void* TransferAddress;
  ULONG ZeroBits;
  ULONGLONG MaximumStackSize, CommittedStackSize;
  ULONG SubSystemType;
  USHORT SubSystemMinorVersion, SubSystemMajorVersion;
  USHORT MajorOperatingSystemVersion, MinorOperatingSystemVersion;
  USHORT ImageCharacteristics, DllCharacteristics, Machine;
  BOOLEAN ImageContainsCode;
  UCHAR ImageFlags;
  ULONG LoaderFlags, ImageFileSize, CheckSum;
};
static_assert(sizeof(SECTION_IMAGE_INFORMATION) == 64);
// ImageFlags
inline constexpr UCHAR SECTION_IMAGE_DYNAMICALLY_RELOCATED = 0x4;

inline constexpr ULONG SectionBasicInformation = 0, SectionImageInformation = 1;

}  // namespace hmodule
