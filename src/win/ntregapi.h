// Structures of the registry's Nt functions (wdm.h, ntregapi.h). Names and data follow the fixed part.
#pragma once

#include "win/types.h"

namespace hmodule {

// What only the registry answers (ntstatus.h, winerror.h).
inline constexpr NTSTATUS STATUS_REGISTRY_CORRUPT = static_cast<NTSTATUS>(0xC000014C);
inline constexpr NTSTATUS STATUS_REGISTRY_IO_FAILED = static_cast<NTSTATUS>(0xC000014D);
inline constexpr NTSTATUS STATUS_KEY_DELETED = static_cast<NTSTATUS>(0xC000017C);
inline constexpr NTSTATUS STATUS_KEY_HAS_CHILDREN = static_cast<NTSTATUS>(0xC0000180);
inline constexpr NTSTATUS STATUS_CHILD_MUST_BE_VOLATILE = static_cast<NTSTATUS>(0xC0000181);
inline constexpr DWORD ERROR_BAD_NETPATH = 53, ERROR_BADKEY = 1010, ERROR_REGISTRY_CORRUPT = 1015,
                       ERROR_REGISTRY_IO_FAILED = 1016, ERROR_KEY_DELETED = 1018, ERROR_KEY_HAS_CHILDREN = 1020,
                       ERROR_CHILD_MUST_BE_VOLATILE = 1021, ERROR_DATATYPE_MISMATCH = 1629,
                       ERROR_UNSUPPORTED_TYPE = 1630;

enum KEY_INFORMATION_CLASS : LONG {
  KeyBasicInformation = 0,
  KeyNodeInformation = 1,
  KeyFullInformation = 2,
  KeyNameInformation = 3,
  KeyCachedInformation = 4,
  KeyFlagsInformation = 5,
  KeyVirtualizationInformation = 6,
  KeyHandleTagsInformation = 7,
};

struct KEY_BASIC_INFORMATION {
  LARGE_INTEGER LastWriteTime;
  ULONG TitleIndex, NameLength;
};
static_assert(sizeof(KEY_BASIC_INFORMATION) == 16);

struct KEY_NODE_INFORMATION {
  LARGE_INTEGER LastWriteTime;
  ULONG TitleIndex, ClassOffset, ClassLength, NameLength;
};
static_assert(sizeof(KEY_NODE_INFORMATION) == 24);

// The class follows at once, where the structure's padding would be.
struct KEY_FULL_INFORMATION {
  LARGE_INTEGER LastWriteTime;
  ULONG TitleIndex, ClassOffset, ClassLength, SubKeys, MaxNameLen, MaxClassLen, Values, MaxValueNameLen,
      MaxValueDataLen;
};
inline constexpr ULONG kKeyFullInformationSize = 44;

struct KEY_NAME_INFORMATION {
  ULONG NameLength;
};

struct KEY_CACHED_INFORMATION {
  LARGE_INTEGER LastWriteTime;
  ULONG TitleIndex, SubKeys, MaxNameLen, Values, MaxValueNameLen, MaxValueDataLen, NameLength;
};
static_assert(sizeof(KEY_CACHED_INFORMATION) == 40);

inline constexpr ULONG REG_FLAG_VOLATILE = 1, REG_FLAG_LINK = 2;
struct KEY_FLAGS_INFORMATION {
  ULONG Wow64Flags, KeyFlags, ControlFlags;
};

enum KEY_VALUE_INFORMATION_CLASS : LONG {
  KeyValueBasicInformation = 0,
  KeyValueFullInformation = 1,
  KeyValuePartialInformation = 2,
  KeyValueFullInformationAlign64 = 3,
  KeyValuePartialInformationAlign64 = 4,
};

struct KEY_VALUE_BASIC_INFORMATION {
  ULONG TitleIndex, Type, NameLength;
};
struct KEY_VALUE_FULL_INFORMATION {
  ULONG TitleIndex, Type, DataOffset, DataLength, NameLength;
};
struct KEY_VALUE_PARTIAL_INFORMATION {
  ULONG TitleIndex, Type, DataLength;
};
struct KEY_VALUE_PARTIAL_INFORMATION_ALIGN64 {
  ULONG Type, DataLength;
};

struct KEY_VALUE_ENTRY {
  UNICODE_STRING* ValueName;
  ULONG DataLength, DataOffset, Type;
};
static_assert(sizeof(KEY_VALUE_ENTRY) == 24);

inline constexpr ULONG REG_CREATED_NEW_KEY = 1, REG_OPENED_EXISTING_KEY = 2;

// RtlQueryRegistryValues.
using RTL_QUERY_REGISTRY_ROUTINE = HM_WINAPI NTSTATUS (*)(const WCHAR* name, ULONG type, void* data, ULONG length,
                                                          void* context, void* entry_context);
struct RTL_QUERY_REGISTRY_TABLE {
  RTL_QUERY_REGISTRY_ROUTINE QueryRoutine;
  ULONG Flags;
  const WCHAR* Name;
  void* EntryContext;
  ULONG DefaultType;
  const void* DefaultData;
  ULONG DefaultLength;
};
static_assert(sizeof(RTL_QUERY_REGISTRY_TABLE) == 0x38);
inline constexpr ULONG RTL_QUERY_REGISTRY_SUBKEY = 0x1, RTL_QUERY_REGISTRY_TOPKEY = 0x2,
                       RTL_QUERY_REGISTRY_REQUIRED = 0x4, RTL_QUERY_REGISTRY_NOVALUE = 0x8,
                       RTL_QUERY_REGISTRY_NOEXPAND = 0x10, RTL_QUERY_REGISTRY_DIRECT = 0x20,
                       RTL_QUERY_REGISTRY_DELETE = 0x40, RTL_QUERY_REGISTRY_TYPECHECK = 0x100;
inline constexpr ULONG RTL_REGISTRY_ABSOLUTE = 0, RTL_REGISTRY_SERVICES = 1, RTL_REGISTRY_CONTROL = 2,
                       RTL_REGISTRY_WINDOWS_NT = 3, RTL_REGISTRY_DEVICEMAP = 4, RTL_REGISTRY_USER = 5,
                       RTL_REGISTRY_HANDLE = 0x40000000, RTL_REGISTRY_OPTIONAL = 0x80000000;

}  // namespace hmodule
