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
  FileIdentity identity() const { return identity_; }

 private:
  FileView(const std::byte* data, std::size_t size, FileIdentity identity)
      : data_(data), size_(size), identity_(identity) {}
  const std::byte* data_;
  std::size_t size_;
  FileIdentity identity_;
};

// The status of a failed host call on a file.
NTSTATUS status_from_errno(int error);

}  // namespace hmodule
