// The structures and flags of fileapi.h, winbase.h, minwinbase.h and ioapiset.h that files need.
#pragma once

#include "win/ntioapi.h"

namespace hmodule {

// clang-format off
inline constexpr DWORD GENERIC_READ = 0x80000000, GENERIC_WRITE = 0x40000000, GENERIC_EXECUTE = 0x20000000,
    GENERIC_ALL = 0x10000000;

// CreateFile.
inline constexpr DWORD CREATE_NEW = 1, CREATE_ALWAYS = 2, OPEN_EXISTING = 3, OPEN_ALWAYS = 4, TRUNCATE_EXISTING = 5;
inline constexpr DWORD FILE_FLAG_OPEN_NO_RECALL = 0x00100000, FILE_FLAG_OPEN_REPARSE_POINT = 0x00200000,
    FILE_FLAG_SESSION_AWARE = 0x00800000, FILE_FLAG_POSIX_SEMANTICS = 0x01000000, FILE_FLAG_BACKUP_SEMANTICS = 0x02000000,
    FILE_FLAG_DELETE_ON_CLOSE = 0x04000000, FILE_FLAG_SEQUENTIAL_SCAN = 0x08000000, FILE_FLAG_RANDOM_ACCESS = 0x10000000,
    FILE_FLAG_NO_BUFFERING = 0x20000000, FILE_FLAG_OVERLAPPED = 0x40000000, FILE_FLAG_WRITE_THROUGH = 0x80000000,
    FILE_FLAG_FIRST_PIPE_INSTANCE = 0x00080000;

inline constexpr DWORD INVALID_FILE_SIZE = 0xFFFFFFFF, INVALID_SET_FILE_POINTER = 0xFFFFFFFF,
    INVALID_FILE_ATTRIBUTES = 0xFFFFFFFF;
inline constexpr DWORD FILE_BEGIN = 0, FILE_CURRENT = 1, FILE_END = 2;
inline constexpr DWORD FILE_TYPE_UNKNOWN = 0, FILE_TYPE_DISK = 1, FILE_TYPE_CHAR = 2, FILE_TYPE_PIPE = 3;
inline constexpr DWORD DRIVE_UNKNOWN = 0, DRIVE_NO_ROOT_DIR = 1, DRIVE_REMOVABLE = 2, DRIVE_FIXED = 3, DRIVE_REMOTE = 4,
    DRIVE_CDROM = 5, DRIVE_RAMDISK = 6;
inline constexpr DWORD LOCKFILE_FAIL_IMMEDIATELY = 1, LOCKFILE_EXCLUSIVE_LOCK = 2;
inline constexpr DWORD MOVEFILE_REPLACE_EXISTING = 0x1, MOVEFILE_COPY_ALLOWED = 0x2, MOVEFILE_DELAY_UNTIL_REBOOT = 0x4,
    MOVEFILE_WRITE_THROUGH = 0x8, MOVEFILE_CREATE_HARDLINK = 0x10, MOVEFILE_FAIL_IF_NOT_TRACKABLE = 0x20;
inline constexpr DWORD COPY_FILE_FAIL_IF_EXISTS = 0x1, COPY_FILE_COPY_SYMLINK = 0x800;
inline constexpr DWORD REPLACEFILE_WRITE_THROUGH = 0x1, REPLACEFILE_IGNORE_MERGE_ERRORS = 0x2;
inline constexpr DWORD FIND_FIRST_EX_CASE_SENSITIVE = 1, FIND_FIRST_EX_LARGE_FETCH = 2;
inline constexpr DWORD FILE_NAME_NORMALIZED = 0x0, FILE_NAME_OPENED = 0x8, VOLUME_NAME_DOS = 0x0, VOLUME_NAME_GUID = 0x1,
    VOLUME_NAME_NT = 0x2, VOLUME_NAME_NONE = 0x4;
inline constexpr DWORD SYMBOLIC_LINK_FLAG_DIRECTORY = 0x1, SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE = 0x2;
// clang-format on

struct OVERLAPPED {
  ULONG_PTR Internal, InternalHigh;  // an IO_STATUS_BLOCK
  DWORD Offset, OffsetHigh;
  HANDLE hEvent;
};
static_assert(sizeof(OVERLAPPED) == 32);

struct WIN32_FILE_ATTRIBUTE_DATA {
  DWORD dwFileAttributes;
  FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
  DWORD nFileSizeHigh, nFileSizeLow;
};
static_assert(sizeof(WIN32_FILE_ATTRIBUTE_DATA) == 36);

template <typename Char>
struct WIN32_FIND_DATA {
  DWORD dwFileAttributes;
  FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
  DWORD nFileSizeHigh, nFileSizeLow, dwReserved0, dwReserved1;
  Char cFileName[MAX_PATH];
  Char cAlternateFileName[14];
};
using WIN32_FIND_DATAW = WIN32_FIND_DATA<WCHAR>;
using WIN32_FIND_DATAA = WIN32_FIND_DATA<CHAR>;
static_assert(sizeof(WIN32_FIND_DATAW) == 592 && sizeof(WIN32_FIND_DATAA) == 320);

struct BY_HANDLE_FILE_INFORMATION {
  DWORD dwFileAttributes;
  FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
  DWORD dwVolumeSerialNumber, nFileSizeHigh, nFileSizeLow, nNumberOfLinks, nFileIndexHigh, nFileIndexLow;
};
static_assert(sizeof(BY_HANDLE_FILE_INFORMATION) == 52);

struct CREATEFILE2_EXTENDED_PARAMETERS {
  DWORD dwSize, dwFileAttributes, dwFileFlags, dwSecurityQosFlags;
  SECURITY_ATTRIBUTES* lpSecurityAttributes;
  HANDLE hTemplateFile;
};

// GetFileInformationByHandleEx; most classes are the NT ones under another number.
enum FILE_INFO_BY_HANDLE_CLASS : DWORD {
  FileBasicInfo = 0,
  FileStandardInfo = 1,
  FileNameInfo = 2,
  FileRenameInfo = 3,
  FileDispositionInfo = 4,
  FileAllocationInfo = 5,
  FileEndOfFileInfo = 6,
  FileStreamInfo = 7,
  FileCompressionInfo = 8,
  FileAttributeTagInfo = 9,
  FileIdBothDirectoryInfo = 10,
  FileIdBothDirectoryRestartInfo = 11,
  FileIoPriorityHintInfo = 12,
  FileRemoteProtocolInfo = 13,
  FileFullDirectoryInfo = 14,
  FileFullDirectoryRestartInfo = 15,
  FileStorageInfo = 16,
  FileAlignmentInfo = 17,
  FileIdInfo = 18,
  FileIdExtdDirectoryInfo = 19,
  FileIdExtdDirectoryRestartInfo = 20,
  FileDispositionInfoEx = 21,
  FileRenameInfoEx = 22,
};

}  // namespace hmodule
