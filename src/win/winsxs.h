// Side by side assemblies: what winbase.h, winnt.h and ntstatus.h say of activation contexts.
#pragma once

#include "win/types.h"

#include <cstddef>

namespace hmodule {

inline constexpr NTSTATUS STATUS_SXS_SECTION_NOT_FOUND = static_cast<NTSTATUS>(0xC0150001),
                          STATUS_SXS_CANT_GEN_ACTCTX = static_cast<NTSTATUS>(0xC0150002),
                          STATUS_SXS_ASSEMBLY_NOT_FOUND = static_cast<NTSTATUS>(0xC0150004),
                          STATUS_SXS_EARLY_DEACTIVATION = static_cast<NTSTATUS>(0xC015000F),
                          STATUS_SXS_INVALID_DEACTIVATION = static_cast<NTSTATUS>(0xC0150010);

inline constexpr DWORD ERROR_SXS_SECTION_NOT_FOUND = 14000, ERROR_SXS_CANT_GEN_ACTCTX = 14001,
                       ERROR_SXS_ASSEMBLY_NOT_FOUND = 14003, ERROR_SXS_EARLY_DEACTIVATION = 14084,
                       ERROR_SXS_INVALID_DEACTIVATION = 14085;

// ACTCTX.dwFlags.
inline constexpr ULONG ACTCTX_FLAG_PROCESSOR_ARCHITECTURE_VALID = 1, ACTCTX_FLAG_LANGID_VALID = 2,
                       ACTCTX_FLAG_ASSEMBLY_DIRECTORY_VALID = 4, ACTCTX_FLAG_RESOURCE_NAME_VALID = 8,
                       ACTCTX_FLAG_SET_PROCESS_DEFAULT = 0x10, ACTCTX_FLAG_APPLICATION_NAME_VALID = 0x20,
                       ACTCTX_FLAG_SOURCE_IS_ASSEMBLYREF = 0x40, ACTCTX_FLAG_HMODULE_VALID = 0x80;

template <typename Character>
struct ACTCTX {
  ULONG cbSize;
  DWORD dwFlags;
  const Character* lpSource;
  USHORT wProcessorArchitecture;
  WORD wLangId;
  const Character *lpAssemblyDirectory, *lpResourceName, *lpApplicationName;
  HMODULE hModule;
};
using ACTCTXW = ACTCTX<WCHAR>;
using ACTCTXA = ACTCTX<CHAR>;
static_assert(sizeof(ACTCTXW) == 56);

// The kinds of entries that can be looked for.
inline constexpr ULONG ACTIVATION_CONTEXT_SECTION_DLL_REDIRECTION = 2,
                       ACTIVATION_CONTEXT_SECTION_COM_SERVER_REDIRECTION = 4,
                       ACTIVATION_CONTEXT_SECTION_COM_PROGID_REDIRECTION = 7;
inline constexpr ULONG FIND_ACTCTX_SECTION_KEY_RETURN_HACTCTX = 1;

struct ACTCTX_SECTION_KEYED_DATA {
  ULONG cbSize, ulDataFormatVersion;
  const void* lpData;
  ULONG ulLength;
  const void* lpSectionGlobalData;
  ULONG ulSectionGlobalDataLength;
  const void* lpSectionBase;
  ULONG ulSectionTotalLength;
  HANDLE hActCtx;
  ULONG ulAssemblyRosterIndex, ulFlags;
};
static_assert(offsetof(ACTCTX_SECTION_KEYED_DATA, ulFlags) == 68);

// What lpData points to, by kind. Offsets count from lpSectionBase, but that of a ProgID, which counts from lpData.
struct ACTIVATION_CONTEXT_DATA_DLL_REDIRECTION {
  ULONG Size, Flags, TotalPathLength, PathSegmentCount, PathSegmentOffset;
};
inline constexpr ULONG ACTIVATION_CONTEXT_DATA_DLL_REDIRECTION_PATH_OMITS_ASSEMBLY_ROOT = 2;

struct ACTIVATION_CONTEXT_DATA_COM_SERVER_REDIRECTION {
  ULONG Size, Flags, ThreadingModel;
  GUID ReferenceClsid, ConfiguredClsid, ImplementedClsid, TypeLibraryId;
  ULONG ModuleLength, ModuleOffset, ProgIdLength, ProgIdOffset, ShimDataLength, ShimDataOffset;
  ULONG MiscStatusDefault, MiscStatusContent, MiscStatusThumbnail, MiscStatusIcon, MiscStatusDocPrint;
};
static_assert(sizeof(ACTIVATION_CONTEXT_DATA_COM_SERVER_REDIRECTION) == 120);

struct ACTIVATION_CONTEXT_DATA_COM_PROGID_REDIRECTION {
  ULONG Size, Flags, ConfiguredClsidOffset;
};

struct ACTIVATION_CONTEXT_BASIC_INFORMATION {
  HANDLE hActCtx;
  DWORD dwFlags;
};

struct ACTIVATION_CONTEXT_DETAILED_INFORMATION {
  DWORD dwFlags;
  ULONG ulFormatVersion, ulAssemblyCount, ulRootManifestPathType, ulRootManifestPathChars, ulRootConfigurationPathType,
      ulRootConfigurationPathChars, ulAppDirPathType, ulAppDirPathChars;
  const WCHAR *lpRootManifestPath, *lpRootConfigurationPath, *lpAppDirPath;
};
static_assert(sizeof(ACTIVATION_CONTEXT_DETAILED_INFORMATION) == 64);

struct ACTIVATION_CONTEXT_RUN_LEVEL_INFORMATION {
  ULONG ulFlags, RunLevel, UiAccess;
};

}  // namespace hmodule
