// The bytes of a file while it is being loaded.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/bytes.h"
#include "module/module.h"

namespace hmodule {

class FileView {
 public:
  // OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, ACCESS_DENIED, FILE_IS_A_DIRECTORY (sockets, pipes and devices
  // too: nothing is waited for), TOO_MANY_OPENED_FILES. An empty file is a view of no bytes.
  static Result<FileView> open(const std::string& host_path);
  // Of a descriptor the caller keeps.
  static Result<FileView> of_descriptor(int file, std::string name);

  FileView(FileView&& other) noexcept;
  FileView& operator=(FileView&&) = delete;
  ~FileView();

  // `name` must outlive the bytes.
  Bytes bytes(std::string_view name) const { return {{data_, size_}, name}; }
  FileIdentity identity() const { return {info_.st_dev, info_.st_ino}; }
  // What the host said of the file when it was opened.
  const struct stat& info() const { return info_; }

 private:
  FileView(const std::byte* data, const struct stat& info)
      : data_(data), size_(static_cast<std::size_t>(info.st_size)), info_(info) {}
  const std::byte* data_;
  std::size_t size_;
  struct stat info_;
};

// The status of a failed host call on a file.
NTSTATUS status_from_errno(int error);

}  // namespace hmodule
