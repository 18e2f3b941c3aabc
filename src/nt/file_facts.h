// What Windows wants to know of a file, from what Linux knows.
//
// Read-only is the absence of all write permission bits. Hidden, system and archive have no Linux counterpart; they
// live in the extended attribute user.DOSATTRIB, where Samba and Wine keep them too, and are lost on file systems
// without extended attributes. Names that start with a dot are not hidden.
//
// A symbolic link seen by name shows its own reparse point bit beside the size, the times and the attributes of its
// target: programs that know links open them, and programs that do not (a C runtime's stat) get the size they need.
#pragma once

#include "nt/file_control.h"
#include "win/ntioapi.h"

#include <sys/stat.h>

#include <optional>
#include <string>

namespace hmodule::nt {

struct FileFacts {
  LARGE_INTEGER creation_time = 0, access_time = 0, write_time = 0, change_time = 0;
  LARGE_INTEGER size = 0, allocation = 0;
  ULONG attributes = 0, reparse_tag = 0, links = 1;
  std::uint64_t file_id = 0;
  std::uint32_t volume_serial = 0;
  FileKey key = {};

  bool is_directory() const { return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0; }
};

// By name: of the target of a link, with the link's reparse point bit; of the link itself if the target is missing.
Result<FileFacts> facts_of(const std::string& host_path);
// Of the link itself.
Result<FileFacts> facts_of_link(const std::string& host_path);
Result<FileFacts> facts_of(int descriptor);
// The part of them that costs least.
FileKey key_of(const struct stat& host);
Result<FileKey> key_of(int descriptor);
// Of a directory that exists for Windows only.
FileFacts facts_of_virtual_directory();

// Sets the four changeable attributes. `descriptor` may be an O_PATH one.
Status set_attributes(int descriptor, ULONG attributes);
// Zero and -1 leave a time as it is. Linux cannot set the creation time.
Status set_times(int descriptor, LARGE_INTEGER access, LARGE_INTEGER write);

// "/proc/self/fd/7": the way to do by name what Linux refuses for an O_PATH descriptor.
std::string descriptor_path(int descriptor);

}  // namespace hmodule::nt
