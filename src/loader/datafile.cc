#include "loader/datafile.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/scope_guard.h"
#include "loader/file_view.h"
#include "loader/loader.h"
#include "map/image_mapping.h"
#include "pe/format.h"
#include "pe/image.h"

namespace hmodule {
namespace {

constexpr std::uintptr_t kRawLayout = 1, kImageLayout = 2;

HMODULE tagged(const std::byte* base, std::uintptr_t layout) {
  return reinterpret_cast<HMODULE>(reinterpret_cast<std::uintptr_t>(base) | layout);
}

// PE-23: only that an NT header can be reached.
Status check_reachable(Bytes file) {
  const auto magic = TRY(file.read<std::uint16_t>(0));
  if (magic != pe::kDosMagic) return fail(STATUS_INVALID_IMAGE_NOT_MZ, "{}: is no PE file", file.name());
  const auto dos = TRY(file.read<pe::DosHeader>(0));
  const auto signature = file.read<std::uint32_t>(dos.e_lfanew);
  if (!signature || *signature != pe::kPeSignature)
    return fail(STATUS_INVALID_IMAGE_PROTECT, "{}: has no PE header", file.name());
  return ok;
}

Result<map::Mapping> map_raw(Bytes file) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  map::Mapping mapping = TRY(map::Mapping::reserve(0, (file.size() + page - 1) / page * page));
  if (::mprotect(mapping.base(), mapping.size(), PROT_READ | PROT_WRITE) != 0)
    return fail(STATUS_NO_MEMORY, "{}: no memory for its {} bytes", file.name(), file.size());
  std::memcpy(mapping.base(), file.data(), file.size());
  ::mprotect(mapping.base(), mapping.size(), PROT_READ);
  return mapping;
}

}  // namespace

Result<HMODULE> Datafiles::open(std::u16string_view full_name, const std::string& host_path, DWORD flags) {
  const FileView file = TRY(FileView::open(host_path));
  const Bytes bytes = file.bytes(host_path);
  if (bytes.size() == 0) return fail(STATUS_MAPPED_FILE_SIZE_ZERO, "{}: is empty", host_path);
  TRY(check_reachable(bytes));
  View view{nullptr, {}, {}, 0, {}};
  if ((flags & kLoadAsImageResource) != 0) {
    const pe::Image image = TRY(pe::Image::inspect(bytes));
    view.mapping = TRY(map::lay_out_resources(image));
    view.shared_sections = TRY(map::SharedSections::map(image, view.mapping.span(), file.info(), PROT_READ));
    view.size = view.mapping.size();
    view.handle = tagged(view.mapping.base(), kImageLayout);
  } else {
    view.mapping = TRY(map_raw(bytes));
    view.size = bytes.size();
    view.handle = tagged(view.mapping.base(), kRawLayout);
  }
  if ((flags & kLoadAsDatafileExclusive) != 0) {  // FLAG-14: against writers who open it through us
    nt::FileRequest request;
    request.name = full_name;
    request.access = nt::file_access(nt::GENERIC_READ);
    request.share = FILE_SHARE_READ | FILE_SHARE_DELETE;
    request.options = FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT;
    auto opened = TRY(nt::open_file(request));
    view.held = std::move(opened.file);
  }
  const std::lock_guard lock(mutex_);
  views_.push_back(std::move(view));
  return views_.back().handle;
}

Status Datafiles::close(HMODULE handle) {
  const std::lock_guard lock(mutex_);
  const auto view = std::find_if(views_.begin(), views_.end(), [&](const View& v) { return v.handle == handle; });
  if (view == views_.end())
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{} is no handle of a datafile", static_cast<void*>(handle));
  views_.erase(view);
  return ok;
}

Result<std::span<const std::byte>> Datafiles::bytes_of(HMODULE handle) const {
  const std::lock_guard lock(mutex_);
  const auto view = std::find_if(views_.begin(), views_.end(), [&](const View& v) { return v.handle == handle; });
  if (view == views_.end())
    return fail(STATUS_DLL_NOT_FOUND, "{} is no handle of a datafile", static_cast<void*>(handle));
  return std::span<const std::byte>(view->mapping.base(), view->size);
}

}  // namespace hmodule
