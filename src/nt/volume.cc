#include "nt/volume.h"

#include "base/utf.h"
#include "nt/file_facts.h"
#include "nt/io_buffer.h"
#include "nt/io_error.h"
#include "path/volumes.h"

#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

namespace hmodule::nt {
namespace {

struct FileSystem {
  long magic;
  const char* name;
  DWORD drive_type;
};
// The file systems whose kind matters; all others are fixed disks.
constexpr FileSystem kFileSystems[] = {
    {EXT4_SUPER_MAGIC, "ext4", DRIVE_FIXED},   {XFS_SUPER_MAGIC, "xfs", DRIVE_FIXED},
    {BTRFS_SUPER_MAGIC, "btrfs", DRIVE_FIXED}, {TMPFS_MAGIC, "tmpfs", DRIVE_RAMDISK},
    {RAMFS_MAGIC, "ramfs", DRIVE_RAMDISK},     {OVERLAYFS_SUPER_MAGIC, "overlay", DRIVE_FIXED},
    {NFS_SUPER_MAGIC, "nfs", DRIVE_REMOTE},    {SMB_SUPER_MAGIC, "smb", DRIVE_REMOTE},
    {0xFF534D42, "cifs", DRIVE_REMOTE},        {0xFE534D42, "smb2", DRIVE_REMOTE},
    {ISOFS_SUPER_MAGIC, "CDFS", DRIVE_CDROM},  {UDF_SUPER_MAGIC, "UDF", DRIVE_CDROM},
    {MSDOS_SUPER_MAGIC, "FAT32", DRIVE_FIXED}, {0x2011BAB0, "exFAT", DRIVE_FIXED},
    {0x65735546, "fuse", DRIVE_FIXED},
};

ULONG device_characteristics(const VolumeKind& kind) {
  return FILE_DEVICE_IS_MOUNTED | (kind.drive_type == DRIVE_REMOTE ? FILE_REMOTE_DEVICE : 0) |
         (kind.drive_type == DRIVE_CDROM ? FILE_REMOVABLE_MEDIA : 0) | (kind.read_only ? FILE_READ_ONLY_DEVICE : 0);
}

// Sizes in the largest power of two that both sides of the interface can hold.
struct Sizes {
  std::uint64_t total, free, available;
  ULONG unit;
};
Result<Sizes> sizes_of(const std::string& host_path) {
  struct statvfs host;
  if (statvfs(host_path.c_str(), &host) != 0) return fail_errno("statvfs", host_path);
  return Sizes{host.f_blocks, host.f_bfree, host.f_bavail,
               static_cast<ULONG>(host.f_frsize != 0 ? host.f_frsize : host.f_bsize)};
}

constexpr ULONG kBytesPerSector = 512;
ULONG sectors_per_unit(const Sizes& sizes) {
  return sizes.unit < kBytesPerSector ? 1 : sizes.unit / kBytesPerSector;
}
LARGE_INTEGER units(const Sizes& sizes, std::uint64_t blocks) {
  return static_cast<LARGE_INTEGER>(sizes.unit < kBytesPerSector ? blocks * sizes.unit / kBytesPerSector : blocks);
}

}  // namespace

Result<VolumeKind> volume_kind(const std::string& host_path) {
  struct statfs host;
  if (statfs(host_path.c_str(), &host) != 0) return fail_errno("statfs", host_path);
  const bool read_only = (host.f_flags & ST_RDONLY) != 0;
  for (const FileSystem& known : kFileSystems)
    if (known.magic == host.f_type) return VolumeKind{known.drive_type, known.name, read_only};
  return VolumeKind{DRIVE_FIXED, "unknown", read_only};
}

DWORD logical_drives() {
  DWORD mask = 0;
  for (const char16_t letter : path::volumes().drives())
    if (letter >= u'A' && letter <= u'Z') mask |= DWORD{1} << (letter - u'A');
  return mask;
}

Result<IoResult> query_host_volume(FSINFOCLASS what, const std::string& host_path, std::span<std::byte> out) {
  switch (what) {
    case FileFsVolumeInformation: {
      const FileFacts facts = TRY(facts_of(host_path));
      const FILE_FS_VOLUME_INFORMATION info = {0, facts.volume_serial, 0, FALSE, {}};
      return put_named(out, info, &FILE_FS_VOLUME_INFORMATION::VolumeLabelLength,
                       offsetof(FILE_FS_VOLUME_INFORMATION, VolumeLabel), u"");
    }
    case FileFsSizeInformation: {
      const Sizes sizes = TRY(sizes_of(host_path));
      return put(out, FILE_FS_SIZE_INFORMATION{units(sizes, sizes.total), units(sizes, sizes.available),
                                               sectors_per_unit(sizes), kBytesPerSector});
    }
    case FileFsFullSizeInformation: {
      const Sizes sizes = TRY(sizes_of(host_path));
      return put(out,
                 FILE_FS_FULL_SIZE_INFORMATION{units(sizes, sizes.total), units(sizes, sizes.available),
                                               units(sizes, sizes.free), sectors_per_unit(sizes), kBytesPerSector});
    }
    case FileFsDeviceInformation: {
      const VolumeKind kind = TRY(volume_kind(host_path));
      const bool optical = kind.drive_type == DRIVE_CDROM;
      return put(out, FILE_FS_DEVICE_INFORMATION{optical ? FILE_DEVICE_CD_ROM : FILE_DEVICE_DISK,
                                                 device_characteristics(kind)});
    }
    case FileFsAttributeInformation: {
      const VolumeKind kind = TRY(volume_kind(host_path));
      // Programs compare the name with those Windows has and take features from it: a disk that keeps names, links
      // and long files is best described by NTFS.
      const bool is_ntfs_like =
          kind.drive_type == DRIVE_FIXED && kind.file_system != "FAT32" && kind.file_system != "exFAT";
      const bool known = is_ntfs_like || kind.drive_type == DRIVE_RAMDISK || kind.drive_type == DRIVE_REMOTE;
      const FILE_FS_ATTRIBUTE_INFORMATION info = {
          FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK | FILE_SUPPORTS_SPARSE_FILES | FILE_SUPPORTS_REPARSE_POINTS |
              FILE_SUPPORTS_HARD_LINKS | (kind.read_only ? FILE_READ_ONLY_VOLUME : 0),
          255,
          0,
          {}};
      return put_named(out, info, &FILE_FS_ATTRIBUTE_INFORMATION::FileSystemNameLength,
                       offsetof(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName),
                       known ? std::u16string(u"NTFS") : utf16(kind.file_system));
    }
    default:
      return fail(STATUS_INVALID_INFO_CLASS, "volume information class {}", static_cast<ULONG>(what));
  }
}

}  // namespace hmodule::nt
