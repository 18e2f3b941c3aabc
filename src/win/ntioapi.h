// What NtCreateFile and its kin take and give (ntifs.h, ntddk.h): rights, dispositions, options, information classes.
#pragma once

#include "win/types.h"

namespace hmodule {

// clang-format off
// Access rights.
inline constexpr ACCESS_MASK FILE_READ_DATA = 0x1, FILE_LIST_DIRECTORY = 0x1, FILE_WRITE_DATA = 0x2, FILE_ADD_FILE = 0x2,
    FILE_APPEND_DATA = 0x4, FILE_ADD_SUBDIRECTORY = 0x4, FILE_READ_EA = 0x8, FILE_WRITE_EA = 0x10, FILE_EXECUTE = 0x20,
    FILE_TRAVERSE = 0x20, FILE_DELETE_CHILD = 0x40, FILE_READ_ATTRIBUTES = 0x80, FILE_WRITE_ATTRIBUTES = 0x100;
inline constexpr ACCESS_MASK FILE_ALL_ACCESS = 0x1F01FF, FILE_GENERIC_READ = 0x120089, FILE_GENERIC_WRITE = 0x120116,
    FILE_GENERIC_EXECUTE = 0x1200A0;

inline constexpr DWORD FILE_SHARE_READ = 0x1, FILE_SHARE_WRITE = 0x2, FILE_SHARE_DELETE = 0x4;

// NtCreateFile's CreateDisposition, and what it reports in IO_STATUS_BLOCK::Information.
inline constexpr ULONG FILE_SUPERSEDE = 0, FILE_OPEN = 1, FILE_CREATE = 2, FILE_OPEN_IF = 3, FILE_OVERWRITE = 4,
    FILE_OVERWRITE_IF = 5, FILE_MAXIMUM_DISPOSITION = 5;
inline constexpr ULONG FILE_SUPERSEDED = 0, FILE_OPENED = 1, FILE_CREATED = 2, FILE_OVERWRITTEN = 3, FILE_EXISTS = 4,
    FILE_DOES_NOT_EXIST = 5;

// NtCreateFile's CreateOptions.
inline constexpr ULONG FILE_DIRECTORY_FILE = 0x1, FILE_WRITE_THROUGH = 0x2, FILE_SEQUENTIAL_ONLY = 0x4,
    FILE_NO_INTERMEDIATE_BUFFERING = 0x8, FILE_SYNCHRONOUS_IO_ALERT = 0x10, FILE_SYNCHRONOUS_IO_NONALERT = 0x20,
    FILE_NON_DIRECTORY_FILE = 0x40, FILE_CREATE_TREE_CONNECTION = 0x80, FILE_RANDOM_ACCESS = 0x800,
    FILE_DELETE_ON_CLOSE = 0x1000, FILE_OPEN_BY_FILE_ID = 0x2000, FILE_OPEN_FOR_BACKUP_INTENT = 0x4000,
    FILE_NO_COMPRESSION = 0x8000, FILE_OPEN_REPARSE_POINT = 0x200000, FILE_OPEN_NO_RECALL = 0x400000;

inline constexpr DWORD FILE_ATTRIBUTE_READONLY = 0x1, FILE_ATTRIBUTE_HIDDEN = 0x2, FILE_ATTRIBUTE_SYSTEM = 0x4,
    FILE_ATTRIBUTE_DIRECTORY = 0x10, FILE_ATTRIBUTE_ARCHIVE = 0x20, FILE_ATTRIBUTE_DEVICE = 0x40,
    FILE_ATTRIBUTE_NORMAL = 0x80, FILE_ATTRIBUTE_TEMPORARY = 0x100, FILE_ATTRIBUTE_SPARSE_FILE = 0x200,
    FILE_ATTRIBUTE_REPARSE_POINT = 0x400, FILE_ATTRIBUTE_COMPRESSED = 0x800, FILE_ATTRIBUTE_OFFLINE = 0x1000,
    FILE_ATTRIBUTE_NOT_CONTENT_INDEXED = 0x2000, FILE_ATTRIBUTE_ENCRYPTED = 0x4000, FILE_ATTRIBUTE_VALID_SET_FLAGS = 0x31A7;

inline constexpr ULONG IO_REPARSE_TAG_SYMLINK = 0xA000000C, IO_REPARSE_TAG_MOUNT_POINT = 0xA0000003;

// NtReadFile's special ByteOffset values.
inline constexpr LARGE_INTEGER FILE_USE_FILE_POINTER_POSITION = static_cast<LARGE_INTEGER>(0xFFFFFFFF'FFFFFFFEULL),
    FILE_WRITE_TO_END_OF_FILE = static_cast<LARGE_INTEGER>(0xFFFFFFFF'FFFFFFFFULL);

// Device types (FILE_FS_DEVICE_INFORMATION).
inline constexpr ULONG FILE_DEVICE_CD_ROM = 0x2, FILE_DEVICE_DISK = 0x7, FILE_DEVICE_DISK_FILE_SYSTEM = 0x8,
    FILE_DEVICE_MAILSLOT = 0xC, FILE_DEVICE_NAMED_PIPE = 0x11, FILE_DEVICE_NULL = 0x15, FILE_DEVICE_CONSOLE = 0x50;
inline constexpr ULONG FILE_REMOVABLE_MEDIA = 0x1, FILE_READ_ONLY_DEVICE = 0x2, FILE_REMOTE_DEVICE = 0x10,
    FILE_DEVICE_IS_MOUNTED = 0x20;

enum FILE_INFORMATION_CLASS : ULONG {
  FileDirectoryInformation = 1, FileFullDirectoryInformation = 2, FileBothDirectoryInformation = 3,
  FileBasicInformation = 4, FileStandardInformation = 5, FileInternalInformation = 6, FileEaInformation = 7,
  FileAccessInformation = 8, FileNameInformation = 9, FileRenameInformation = 10, FileLinkInformation = 11,
  FileNamesInformation = 12, FileDispositionInformation = 13, FilePositionInformation = 14, FileModeInformation = 16,
  FileAlignmentInformation = 17, FileAllInformation = 18, FileAllocationInformation = 19,
  FileEndOfFileInformation = 20, FileAlternateNameInformation = 21, FileStreamInformation = 22,
  FilePipeInformation = 23, FilePipeLocalInformation = 24, FilePipeRemoteInformation = 25,
  FileMailslotQueryInformation = 26, FileMailslotSetInformation = 27, FileCompressionInformation = 28, FileCompletionInformation = 30, FileNetworkOpenInformation = 34,
  FileAttributeTagInformation = 35, FileIdBothDirectoryInformation = 37, FileIdFullDirectoryInformation = 38,
  FileValidDataLengthInformation = 39, FileIoCompletionNotificationInformation = 41, FileIoStatusBlockRangeInformation = 42,
  FileIoPriorityHintInformation = 43, FileHardLinkInformation = 46, FileNormalizedNameInformation = 48,
  FileIdGlobalTxDirectoryInformation = 50, FileStandardLinkInformation = 54, FileIdInformation = 59,
  FileIdExtdDirectoryInformation = 60, FileDispositionInformationEx = 64, FileRenameInformationEx = 65,
};

struct FILE_DIRECTORY_INFORMATION {
  ULONG NextEntryOffset, FileIndex;
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime, EndOfFile, AllocationSize;
  ULONG FileAttributes, FileNameLength;
  WCHAR FileName[1];
};
static_assert(offsetof(FILE_DIRECTORY_INFORMATION, FileName) == 64);
struct FILE_FULL_DIR_INFORMATION {
  ULONG NextEntryOffset, FileIndex;
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime, EndOfFile, AllocationSize;
  ULONG FileAttributes, FileNameLength, EaSize;
  WCHAR FileName[1];
};
static_assert(offsetof(FILE_FULL_DIR_INFORMATION, FileName) == 68);
struct FILE_ID_FULL_DIR_INFORMATION {
  ULONG NextEntryOffset, FileIndex;
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime, EndOfFile, AllocationSize;
  ULONG FileAttributes, FileNameLength, EaSize;
  LARGE_INTEGER FileId;
  WCHAR FileName[1];
};
static_assert(offsetof(FILE_ID_FULL_DIR_INFORMATION, FileName) == 80);
struct FILE_BOTH_DIR_INFORMATION {
  ULONG NextEntryOffset, FileIndex;
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime, EndOfFile, AllocationSize;
  ULONG FileAttributes, FileNameLength, EaSize;
  CHAR ShortNameLength;
  WCHAR ShortName[12];
  WCHAR FileName[1];
};
static_assert(offsetof(FILE_BOTH_DIR_INFORMATION, FileName) == 94);
struct FILE_ID_BOTH_DIR_INFORMATION {
  ULONG NextEntryOffset, FileIndex;
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime, EndOfFile, AllocationSize;
  ULONG FileAttributes, FileNameLength, EaSize;
  CHAR ShortNameLength;
  WCHAR ShortName[12];
  LARGE_INTEGER FileId;
  WCHAR FileName[1];
};
static_assert(offsetof(FILE_ID_BOTH_DIR_INFORMATION, FileId) == 96 && offsetof(FILE_ID_BOTH_DIR_INFORMATION, FileName) == 104);
struct FILE_NAMES_INFORMATION {
  ULONG NextEntryOffset, FileIndex, FileNameLength;
  WCHAR FileName[1];
};
struct FILE_ID_128 {
  UCHAR Identifier[16];
};
struct FILE_ID_EXTD_DIR_INFORMATION {
  ULONG NextEntryOffset, FileIndex;
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime, EndOfFile, AllocationSize;
  ULONG FileAttributes, FileNameLength, EaSize, ReparsePointTag;
  FILE_ID_128 FileId;
  WCHAR FileName[1];
};
static_assert(offsetof(FILE_ID_EXTD_DIR_INFORMATION, FileName) == 88);

struct FILE_BASIC_INFORMATION {
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime;
  ULONG FileAttributes;
};
static_assert(sizeof(FILE_BASIC_INFORMATION) == 40);
struct FILE_STANDARD_INFORMATION {
  LARGE_INTEGER AllocationSize, EndOfFile;
  ULONG NumberOfLinks;
  BOOLEAN DeletePending, Directory;
};
static_assert(sizeof(FILE_STANDARD_INFORMATION) == 24);
struct FILE_INTERNAL_INFORMATION {
  LARGE_INTEGER IndexNumber;
};
struct FILE_EA_INFORMATION {
  ULONG EaSize;
};
struct FILE_ACCESS_INFORMATION {
  ACCESS_MASK AccessFlags;
};
struct FILE_POSITION_INFORMATION {
  LARGE_INTEGER CurrentByteOffset;
};
struct FILE_MODE_INFORMATION {
  ULONG Mode;
};
struct FILE_ALIGNMENT_INFORMATION {
  ULONG AlignmentRequirement;
};
struct FILE_NAME_INFORMATION {
  ULONG FileNameLength;
  WCHAR FileName[1];
};
struct FILE_ALL_INFORMATION {
  FILE_BASIC_INFORMATION BasicInformation;
  FILE_STANDARD_INFORMATION StandardInformation;
  FILE_INTERNAL_INFORMATION InternalInformation;
  FILE_EA_INFORMATION EaInformation;
  FILE_ACCESS_INFORMATION AccessInformation;
  FILE_POSITION_INFORMATION PositionInformation;
  FILE_MODE_INFORMATION ModeInformation;
  FILE_ALIGNMENT_INFORMATION AlignmentInformation;
  FILE_NAME_INFORMATION NameInformation;
};
static_assert(offsetof(FILE_ALL_INFORMATION, NameInformation) == 96);
struct FILE_NETWORK_OPEN_INFORMATION {
  LARGE_INTEGER CreationTime, LastAccessTime, LastWriteTime, ChangeTime, AllocationSize, EndOfFile;
  ULONG FileAttributes;
};
static_assert(sizeof(FILE_NETWORK_OPEN_INFORMATION) == 56);
struct FILE_ATTRIBUTE_TAG_INFORMATION {
  ULONG FileAttributes, ReparseTag;
};
struct FILE_STREAM_INFORMATION {
  ULONG NextEntryOffset, StreamNameLength;
  LARGE_INTEGER StreamSize, StreamAllocationSize;
  WCHAR StreamName[1];
};
struct FILE_COMPRESSION_INFORMATION {
  LARGE_INTEGER CompressedFileSize;
  USHORT CompressionFormat;
  UCHAR CompressionUnitShift, ChunkShift, ClusterShift, Reserved[3];
};
struct FILE_ID_INFORMATION {
  ULONGLONG VolumeSerialNumber;
  FILE_ID_128 FileId;
};
struct FILE_STANDARD_LINK_INFORMATION {
  ULONG NumberOfAccessibleLinks, TotalNumberOfLinks;
  BOOLEAN DeletePending, Directory;
};
struct FILE_RENAME_INFORMATION {  // and FILE_LINK_INFORMATION
  union {
    BOOLEAN ReplaceIfExists;
    ULONG Flags;  // the Ex class
  };
  HANDLE RootDirectory;
  ULONG FileNameLength;
  WCHAR FileName[1];
};
static_assert(offsetof(FILE_RENAME_INFORMATION, FileName) == 20);
inline constexpr ULONG FILE_RENAME_REPLACE_IF_EXISTS = 0x1, FILE_RENAME_POSIX_SEMANTICS = 0x2,
    FILE_RENAME_IGNORE_READONLY_ATTRIBUTE = 0x40;
struct FILE_DISPOSITION_INFORMATION {
  BOOLEAN DeleteFile;
};
struct FILE_DISPOSITION_INFORMATION_EX {
  ULONG Flags;
};
inline constexpr ULONG FILE_DISPOSITION_DELETE = 0x1, FILE_DISPOSITION_POSIX_SEMANTICS = 0x2,
    FILE_DISPOSITION_ON_CLOSE = 0x8, FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE = 0x10;
struct FILE_END_OF_FILE_INFORMATION {  // and FILE_ALLOCATION_INFORMATION
  LARGE_INTEGER EndOfFile;
};
struct FILE_COMPLETION_INFORMATION {
  HANDLE Port;
  void* Key;
};
struct FILE_IO_COMPLETION_NOTIFICATION_INFORMATION {
  ULONG Flags;
};
struct FILE_MAILSLOT_QUERY_INFORMATION {
  ULONG MaximumMessageSize, MailslotQuota, NextMessageSize, MessagesAvailable;
  LARGE_INTEGER ReadTimeout;
};
static_assert(sizeof(FILE_MAILSLOT_QUERY_INFORMATION) == 24);
inline constexpr ULONG MAILSLOT_NO_MESSAGE = 0xFFFFFFFF;
struct FILE_MAILSLOT_SET_INFORMATION {
  const LARGE_INTEGER* ReadTimeout;
};
struct FILE_PIPE_INFORMATION {
  ULONG ReadMode, CompletionMode;
};
struct FILE_PIPE_LOCAL_INFORMATION {
  ULONG NamedPipeType, NamedPipeConfiguration, MaximumInstances, CurrentInstances, InboundQuota, ReadDataAvailable,
      OutboundQuota, WriteQuotaAvailable, NamedPipeState, NamedPipeEnd;
};
static_assert(sizeof(FILE_PIPE_LOCAL_INFORMATION) == 40);
inline constexpr ULONG FILE_PIPE_BYTE_STREAM_TYPE = 0, FILE_PIPE_MESSAGE_TYPE = 1, FILE_PIPE_BYTE_STREAM_MODE = 0,
    FILE_PIPE_MESSAGE_MODE = 1, FILE_PIPE_QUEUE_OPERATION = 0, FILE_PIPE_COMPLETE_OPERATION = 1, FILE_PIPE_INBOUND = 0,
    FILE_PIPE_OUTBOUND = 1, FILE_PIPE_FULL_DUPLEX = 2, FILE_PIPE_DISCONNECTED_STATE = 1, FILE_PIPE_LISTENING_STATE = 2,
    FILE_PIPE_CONNECTED_STATE = 3, FILE_PIPE_CLOSING_STATE = 4, FILE_PIPE_CLIENT_END = 0, FILE_PIPE_SERVER_END = 1;

enum FSINFOCLASS : ULONG {
  FileFsVolumeInformation = 1, FileFsLabelInformation = 2, FileFsSizeInformation = 3, FileFsDeviceInformation = 4,
  FileFsAttributeInformation = 5, FileFsControlInformation = 6, FileFsFullSizeInformation = 7,
  FileFsObjectIdInformation = 8, FileFsSectorSizeInformation = 11,
};
struct FILE_FS_VOLUME_INFORMATION {
  LARGE_INTEGER VolumeCreationTime;
  ULONG VolumeSerialNumber, VolumeLabelLength;
  BOOLEAN SupportsObjects;
  WCHAR VolumeLabel[1];
};
static_assert(offsetof(FILE_FS_VOLUME_INFORMATION, VolumeLabel) == 18);
struct FILE_FS_SIZE_INFORMATION {
  LARGE_INTEGER TotalAllocationUnits, AvailableAllocationUnits;
  ULONG SectorsPerAllocationUnit, BytesPerSector;
};
struct FILE_FS_FULL_SIZE_INFORMATION {
  LARGE_INTEGER TotalAllocationUnits, CallerAvailableAllocationUnits, ActualAvailableAllocationUnits;
  ULONG SectorsPerAllocationUnit, BytesPerSector;
};
struct FILE_FS_DEVICE_INFORMATION {
  ULONG DeviceType, Characteristics;
};
struct FILE_FS_ATTRIBUTE_INFORMATION {
  ULONG FileSystemAttributes;
  LONG MaximumComponentNameLength;
  ULONG FileSystemNameLength;
  WCHAR FileSystemName[1];
};
inline constexpr ULONG FILE_CASE_SENSITIVE_SEARCH = 0x1, FILE_CASE_PRESERVED_NAMES = 0x2, FILE_UNICODE_ON_DISK = 0x4,
    FILE_SUPPORTS_SPARSE_FILES = 0x40, FILE_SUPPORTS_REPARSE_POINTS = 0x80, FILE_READ_ONLY_VOLUME = 0x80000,
    FILE_SUPPORTS_HARD_LINKS = 0x400000;

// Control codes that a file or a pipe may be asked.
inline constexpr ULONG FSCTL_PIPE_ASSIGN_EVENT = 0x110000, FSCTL_PIPE_DISCONNECT = 0x110004, FSCTL_PIPE_LISTEN = 0x110008,
    FSCTL_PIPE_PEEK = 0x11400C, FSCTL_PIPE_TRANSCEIVE = 0x11C017, FSCTL_PIPE_WAIT = 0x110018,
    FSCTL_PIPE_IMPERSONATE = 0x11001C, FSCTL_GET_REPARSE_POINT = 0x900A8, FSCTL_SET_SPARSE = 0x900C4,
    FSCTL_SET_ZERO_DATA = 0x980C8;
struct FILE_PIPE_PEEK_BUFFER {
  ULONG NamedPipeState, ReadDataAvailable, NumberOfMessages, MessageLength;
  CHAR Data[1];
};
static_assert(offsetof(FILE_PIPE_PEEK_BUFFER, Data) == 16);
struct FILE_PIPE_WAIT_FOR_BUFFER {
  LARGE_INTEGER Timeout;
  ULONG NameLength;
  BOOLEAN TimeoutSpecified;
  WCHAR Name[1];
};
static_assert(offsetof(FILE_PIPE_WAIT_FOR_BUFFER, Name) == 14);
struct SYMBOLIC_LINK_REPARSE_BUFFER {
  ULONG ReparseTag;
  USHORT ReparseDataLength, Reserved, SubstituteNameOffset, SubstituteNameLength, PrintNameOffset, PrintNameLength;
  ULONG Flags;  // 1: relative
  WCHAR PathBuffer[1];
};
static_assert(offsetof(SYMBOLIC_LINK_REPARSE_BUFFER, PathBuffer) == 20);

// ReadDirectoryChangesW.
inline constexpr DWORD FILE_NOTIFY_CHANGE_FILE_NAME = 0x1, FILE_NOTIFY_CHANGE_DIR_NAME = 0x2,
    FILE_NOTIFY_CHANGE_ATTRIBUTES = 0x4, FILE_NOTIFY_CHANGE_SIZE = 0x8, FILE_NOTIFY_CHANGE_LAST_WRITE = 0x10,
    FILE_NOTIFY_CHANGE_LAST_ACCESS = 0x20, FILE_NOTIFY_CHANGE_CREATION = 0x40, FILE_NOTIFY_CHANGE_SECURITY = 0x100;
inline constexpr DWORD FILE_ACTION_ADDED = 1, FILE_ACTION_REMOVED = 2, FILE_ACTION_MODIFIED = 3,
    FILE_ACTION_RENAMED_OLD_NAME = 4, FILE_ACTION_RENAMED_NEW_NAME = 5;
struct FILE_NOTIFY_INFORMATION {
  DWORD NextEntryOffset, Action, FileNameLength;
  WCHAR FileName[1];
};
// clang-format on

}  // namespace hmodule
