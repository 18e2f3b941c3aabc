// Operations on files by name: what kernel32 and Nt functions do without leaving a handle open. Names are full Windows
// paths, or native ones.
#pragma once

#include "nt/file_facts.h"
#include "path/volumes.h"

#include <functional>
#include <string_view>

namespace hmodule::nt {

// The facts of a file or directory; links as described in file_facts.h.
Result<FileFacts> facts_by_name(std::u16string_view name);
Status set_attributes_by_name(std::u16string_view name, ULONG attributes);

// FILE_IS_A_DIRECTORY, CANNOT_DELETE (read-only), SHARING_VIOLATION. The name is gone at once, as in Windows 10, even
// if others still have the file open with FILE_SHARE_DELETE. A link itself is deleted.
Status delete_file(std::u16string_view name);
// OBJECT_NAME_COLLISION, OBJECT_PATH_NOT_FOUND.
Status create_directory(std::u16string_view name);
// DIRECTORY_NOT_EMPTY, NOT_A_DIRECTORY, SHARING_VIOLATION.
Status remove_directory(std::u16string_view name);

struct MoveOptions {
  bool replace = false, copy_allowed = false;
};
// NOT_SAME_DEVICE without copy_allowed, and for directories.
Status move_file(std::u16string_view from, std::u16string_view to, MoveOptions options);

// Called after each piece; false stops the copy (STATUS_CANCELLED) and removes the target.
using CopyProgress = std::function<bool(std::uint64_t size, std::uint64_t copied)>;
struct CopyOptions {
  bool fail_if_exists = false, copy_link = false;
  CopyProgress progress = {};
};
// Contents, times and attributes. OBJECT_NAME_COLLISION.
Status copy_file(std::u16string_view from, std::u16string_view to, const CopyOptions& options);

Status create_hard_link(std::u16string_view link, std::u16string_view existing);
// `target` as the caller wrote it: relative targets stay relative. It need not exist.
Status create_symbolic_link(std::u16string_view link, std::u16string_view target);

}  // namespace hmodule::nt
