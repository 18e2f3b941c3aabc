// Files of the host: disk files, directories, character devices, host pipes; also directories that exist for Windows
// only (path/volumes.h), which have no descriptor.
#pragma once

#include "nt/directory_scan.h"
#include "nt/file.h"
#include "nt/file_control.h"
#include "nt/file_facts.h"
#include "nt/kernel_section.h"
#include "nt/unique_fd.h"
#include "path/volumes.h"

#include <memory>

namespace hmodule::nt {

class DirectoryWatch;

class HostFile final : public File {
 public:
  enum class Kind : std::uint8_t { disk, directory, link, device, terminal, pipe };

  // `full` is the Windows name.
  static Result<OpenedFile> open(const FileRequest& request, std::u16string full);
  // A descriptor that somebody else opened: a standard stream of the host, the end of a pipe, a parent's file. `full`
  // is its Windows name, if it has one.
  enum class Ownership : std::uint8_t { owned, borrowed };
  static Result<Ref<HostFile>> wrap(int descriptor, Ownership ownership, ACCESS_MASK access,
                                    ULONG options = FILE_SYNCHRONOUS_IO_NONALERT, std::u16string full = {});

  ~HostFile() override;
  void last_handle_closed() override;

  Result<IoResult> read(std::span<std::byte> buffer, std::optional<std::uint64_t> offset, IoNotice& notice) override;
  Result<IoResult> write(std::span<const std::byte> data, std::optional<std::uint64_t> offset,
                         IoNotice& notice) override;
  Status flush() override;
  Result<IoResult> query(FILE_INFORMATION_CLASS what, std::span<std::byte> out) override;
  Status set(FILE_INFORMATION_CLASS what, std::span<const std::byte> in) override;
  Result<IoResult> query_volume(FSINFOCLASS what, std::span<std::byte> out) override;
  Result<IoResult> control(ULONG code, std::span<const std::byte> in, std::span<std::byte> out,
                           IoNotice& notice) override;
  Result<IoResult> query_directory(FILE_INFORMATION_CLASS what, std::span<std::byte> out, bool single,
                                   std::optional<std::u16string_view> pattern, bool restart) override;
  Result<IoResult> watch(std::span<std::byte> out, DWORD filter, bool subtree, IoNotice& notice) override;
  bool cancel(const Thread* thread, const IO_STATUS_BLOCK* status_block) override;
  Status lock(std::uint64_t offset, std::uint64_t length, bool exclusive, const IoWait* wait) override;
  Status unlock(std::uint64_t offset, std::uint64_t length) override;
  Result<std::u16string> full_path() const override;
  ULONG device_type() const override;
  int descriptor() const override { return fd_.get(); }

  Kind kind() const { return kind_; }
  Result<FileFacts> facts() const;
  Result<LARGE_INTEGER> position() const;
  Status set_position(LARGE_INTEGER position);
  // Deletes this empty directory's name at once, as Windows 10 does by POSIX semantics.
  Status remove_directory_now();
  // The inode's control block; nullptr for what is not a disk file.
  const std::shared_ptr<FileControl>& control_block() const { return control_; }

 private:
  // What was opened to see whether it is there.
  struct OpenedHost {
    UniqueFd fd;
    struct stat info;
  };

  template <typename T, typename... Args>
  friend Ref<T> make_object(Args&&... args);
  HostFile(UniqueFd fd, Ownership ownership, ACCESS_MASK access, ULONG options, Kind kind, bool by_name_only,
           std::string host_path, std::u16string full);

  static Result<OpenedFile> open_directory(const FileRequest& request, const std::u16string& full,
                                           const path::HostPath& place, ULONG information);
  static Result<OpenedFile> open_link(const FileRequest& request, const std::u16string& full,
                                      const std::string& host_path);
  static Result<OpenedFile> open_existing(const FileRequest& request, std::u16string full, path::HostPath place,
                                          OpenedHost opened = {});
  static Result<OpenedFile> create(const FileRequest& request, const std::u16string& full, const path::HostPath& place);
  Status claim(const FileRequest& request);
  Status claim(const FileRequest& request, FileKey key);
  Status overwrite(const FileRequest& request);

  Result<std::size_t> read_some(std::span<std::byte> buffer, std::optional<std::uint64_t> offset) const;
  Result<std::size_t> write_all(std::span<const std::byte> data, std::optional<std::uint64_t> offset) const;
  Result<std::size_t> read_stream(std::span<std::byte> buffer, const IoNotice& notice) const;
  Result<std::size_t> write_stream(std::span<const std::byte> data, const IoNotice& notice) const;
  bool has_locks() const { return control_ && control_->has_locks(); }
  Status check_locks(std::uint64_t size, std::optional<std::uint64_t> offset, bool writing) const;
  void advance(std::optional<std::uint64_t> offset, std::size_t transferred);

  void leave();
  void remove_from_disk();
  Status set_size(LARGE_INTEGER size);
  Status set_allocation(LARGE_INTEGER size);
  Status set_basic(const FILE_BASIC_INFORMATION& basic);
  Status set_disposition(ULONG flags);
  Status rename(std::span<const std::byte> in, bool extended);
  Status link(std::span<const std::byte> in);
  Result<std::u16string> target_name(std::span<const std::byte> in) const;
  Result<IoResult> query_name(std::span<std::byte> out) const;
  Result<IoResult> query_all(std::span<std::byte> out) const;
  Result<IoResult> read_link(std::span<std::byte> out) const;

  UniqueFd fd_;  // -1 for a directory that exists for Windows only
  const Ownership ownership_;
  const Kind kind_;
  const bool by_name_only_;  // an O_PATH descriptor: it can neither read nor seek
  std::shared_ptr<FileControl> control_;

  mutable KernelMutex mutex_;  // guards what follows
  std::string host_path_;
  std::u16string full_;
  bool delete_on_close_ = false, left_ = false;
  LARGE_INTEGER position_ = 0;  // of an O_PATH descriptor
  std::optional<DirectoryScan> scan_;
  std::u16string pattern_;
  std::shared_ptr<DirectoryWatch> watch_;
};

}  // namespace hmodule::nt
