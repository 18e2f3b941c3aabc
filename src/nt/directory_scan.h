// Reading a directory: a snapshot of the names that match, sorted as NTFS sorts them, and a place in it. The facts of
// each file are asked when it is shown.
#pragma once

#include "nt/file.h"
#include "nt/file_facts.h"
#include "path/volumes.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hmodule::nt {

struct FoundFile {
  std::u16string name;
  FileFacts facts;
};

class DirectoryScan {
 public:
  // `pattern` in the kernel's language (name_match.h). "." and ".." are shown first, except in a root.
  static Result<DirectoryScan> open(std::u16string_view full_directory, std::u16string_view pattern,
                                    bool case_sensitive = false);

  // The next file, or nothing at the end. Files that vanished meanwhile are skipped.
  std::optional<FoundFile> next();
  void restart() { position_ = 0; }
  // next() will show the last one again.
  void step_back() { --position_; }
  bool empty() const { return entries_.empty(); }
  // Anything besides "." and "..".
  bool has_files() const;

 private:
  std::vector<path::DirectoryEntry> entries_;
  std::size_t position_ = 0;
};

// NtQueryDirectoryFile's buffer: as many records as fit, each at a multiple of eight. NO_MORE_FILES at the end;
// STATUS_BUFFER_OVERFLOW when not even the first fits.
Result<IoResult> fill_directory(DirectoryScan& scan, FILE_INFORMATION_CLASS what, std::span<std::byte> out,
                                bool single);

// Writes `file` as one record of an NtQueryDirectoryFile class at `out`; how many bytes it took, 0 if they do not fit.
// INVALID_INFO_CLASS for a class that is not a directory's.
Result<std::size_t> write_directory_record(FILE_INFORMATION_CLASS what, const FoundFile& file,
                                           std::span<std::byte> out);
// The size of the class's record without a name.
Result<std::size_t> directory_record_size(FILE_INFORMATION_CLASS what);

}  // namespace hmodule::nt
