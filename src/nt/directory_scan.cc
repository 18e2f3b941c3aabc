#include "nt/directory_scan.h"

#include "base/utf.h"
#include "nt/io_error.h"
#include "nt/name_match.h"

#include <algorithm>
#include <cstring>

namespace hmodule::nt {
namespace {

std::u16string parent_of(std::u16string_view directory) {
  return std::u16string(path::directory(directory));
}

std::string host_path_of(std::u16string_view directory) {
  const auto host = path::volumes().to_host(directory);
  return host ? host->path : std::string();
}

template <typename Record>
void fill_common(Record& record, const FoundFile& file) {
  const FileFacts& facts = file.facts;
  record.CreationTime = facts.creation_time;
  record.LastAccessTime = facts.access_time;
  record.LastWriteTime = facts.write_time;
  record.ChangeTime = facts.change_time;
  record.EndOfFile = facts.size;
  record.AllocationSize = facts.allocation;
  record.FileAttributes = facts.attributes;
  // A reparse point has no extended attributes and shows its tag in their place.
  if constexpr (requires { record.EaSize; }) record.EaSize = facts.reparse_tag;
  if constexpr (requires { record.ReparsePointTag; }) {
    record.EaSize = 0;
    record.ReparsePointTag = facts.reparse_tag;
  }
  if constexpr (requires { record.FileId.Identifier; })
    std::memcpy(record.FileId.Identifier, &facts.file_id, sizeof facts.file_id);
  else if constexpr (requires { record.FileId; })
    record.FileId = static_cast<LARGE_INTEGER>(facts.file_id);
}

template <typename Record>
std::size_t write_record(const FoundFile& file, std::span<std::byte> out) {
  const std::size_t name_bytes = file.name.size() * sizeof(char16_t);
  const std::size_t size = offsetof(Record, FileName) + name_bytes;
  if (size > out.size()) return 0;
  Record record = {};
  if constexpr (requires { record.EndOfFile; }) fill_common(record, file);
  record.FileNameLength = static_cast<ULONG>(name_bytes);
  std::memcpy(out.data(), &record, offsetof(Record, FileName));
  std::memcpy(out.data() + offsetof(Record, FileName), file.name.data(), name_bytes);
  return size;
}

}  // namespace

Result<DirectoryScan> DirectoryScan::open(std::u16string_view full_directory, std::u16string_view pattern,
                                          bool case_sensitive) {
  DirectoryScan scan;
  for (path::DirectoryEntry& entry : TRY(path::volumes().list(full_directory)))
    if (name_matches(pattern, entry.name, case_sensitive)) scan.entries_.push_back(std::move(entry));
  std::sort(scan.entries_.begin(), scan.entries_.end(), [](const auto& a, const auto& b) {
    const int order = upcase(a.name).compare(upcase(b.name));
    return order != 0 ? order < 0 : a.name < b.name;
  });
  if (full_directory.size() > path::root_length(full_directory)) {
    if (name_matches(pattern, u"..", case_sensitive))
      scan.entries_.insert(scan.entries_.begin(), {u"..", host_path_of(parent_of(full_directory))});
    if (name_matches(pattern, u".", case_sensitive))
      scan.entries_.insert(scan.entries_.begin(), {u".", host_path_of(full_directory)});
  }
  return scan;
}

std::optional<FoundFile> DirectoryScan::next() {
  while (position_ < entries_.size()) {
    const path::DirectoryEntry& entry = entries_[position_++];
    if (entry.host_path.empty()) return FoundFile{entry.name, facts_of_virtual_directory()};
    const bool is_dot = entry.name == u"." || entry.name == u"..";
    Result<FileFacts> facts = facts_of(entry.host_path);
    if (!facts) continue;
    if (is_dot) facts->attributes &= ~FILE_ATTRIBUTE_REPARSE_POINT, facts->reparse_tag = 0;
    return FoundFile{entry.name, *std::move(facts)};
  }
  return std::nullopt;
}

bool DirectoryScan::has_files() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.name != u"." && entry.name != u".."; });
}

Result<IoResult> fill_directory(DirectoryScan& scan, FILE_INFORMATION_CLASS what, std::span<std::byte> out,
                                bool single) {
  std::size_t used = 0, last = 0;
  bool any = false;
  while (std::optional<FoundFile> file = scan.next()) {
    const std::size_t begin = (used + 7) & ~std::size_t{7};
    const std::size_t size =
        begin <= out.size() ? TRY(write_directory_record(what, *file, out.subspan(begin))) : std::size_t{0};
    if (size == 0) {
      scan.step_back();
      if (!any) return fail(STATUS_BUFFER_OVERFLOW, "{} bytes are too few for the next name", out.size());
      break;
    }
    if (any) {
      const ULONG distance = static_cast<ULONG>(begin - last);
      std::memcpy(out.data() + last, &distance, sizeof distance);  // NextEntryOffset, the first field of each class
    }
    any = true;
    last = begin;
    used = begin + size;
    if (single) break;
  }
  if (!any) return fail(STATUS_NO_MORE_FILES, "no more files");
  return IoResult{STATUS_SUCCESS, used};
}

Result<std::size_t> directory_record_size(FILE_INFORMATION_CLASS what) {
  switch (what) {
    case FileDirectoryInformation:
      return offsetof(FILE_DIRECTORY_INFORMATION, FileName);
    case FileFullDirectoryInformation:
      return offsetof(FILE_FULL_DIR_INFORMATION, FileName);
    case FileBothDirectoryInformation:
      return offsetof(FILE_BOTH_DIR_INFORMATION, FileName);
    case FileNamesInformation:
      return offsetof(FILE_NAMES_INFORMATION, FileName);
    case FileIdBothDirectoryInformation:
      return offsetof(FILE_ID_BOTH_DIR_INFORMATION, FileName);
    case FileIdFullDirectoryInformation:
      return offsetof(FILE_ID_FULL_DIR_INFORMATION, FileName);
    case FileIdExtdDirectoryInformation:
      return offsetof(FILE_ID_EXTD_DIR_INFORMATION, FileName);
    default:
      return fail(STATUS_INVALID_INFO_CLASS, "information class {} is not one for directories",
                  static_cast<ULONG>(what));
  }
}

Result<std::size_t> write_directory_record(FILE_INFORMATION_CLASS what, const FoundFile& file,
                                           std::span<std::byte> out) {
  switch (what) {
    case FileDirectoryInformation:
      return write_record<FILE_DIRECTORY_INFORMATION>(file, out);
    case FileFullDirectoryInformation:
      return write_record<FILE_FULL_DIR_INFORMATION>(file, out);
    case FileBothDirectoryInformation:
      return write_record<FILE_BOTH_DIR_INFORMATION>(file, out);
    case FileNamesInformation:
      return write_record<FILE_NAMES_INFORMATION>(file, out);
    case FileIdBothDirectoryInformation:
      return write_record<FILE_ID_BOTH_DIR_INFORMATION>(file, out);
    case FileIdFullDirectoryInformation:
      return write_record<FILE_ID_FULL_DIR_INFORMATION>(file, out);
    case FileIdExtdDirectoryInformation:
      return write_record<FILE_ID_EXTD_DIR_INFORMATION>(file, out);
    default:
      return Error(directory_record_size(what).error());
  }
}

}  // namespace hmodule::nt
