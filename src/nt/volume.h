// Drives as Windows asks for them, answered by statfs and /proc/self/mountinfo.
#pragma once

#include "nt/file.h"

#include <string>

namespace hmodule::nt {

// NtQueryVolumeInformationFile for a file at `host_path`.
Result<IoResult> query_host_volume(FSINFOCLASS what, const std::string& host_path, std::span<std::byte> out);

// A path's volume: DRIVE_FIXED and the like, and the Linux name of its file system.
struct VolumeKind {
  DWORD drive_type;
  std::string file_system;
  bool read_only;
};
Result<VolumeKind> volume_kind(const std::string& host_path);

// GetLogicalDrives: bit 0 is A.
DWORD logical_drives();

}  // namespace hmodule::nt
