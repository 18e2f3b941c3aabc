#include "nt/section.h"

#include "base/mmap_at.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/virtual_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>

namespace hmodule::nt {
namespace {

bool writes_through(ULONG protect) {
  return (protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE)) != 0;
}
bool copies(ULONG protect) {
  return (protect & (PAGE_WRITECOPY | PAGE_EXECUTE_WRITECOPY)) != 0;
}
bool executes(ULONG protect) {
  return (protect & (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) != 0;
}
bool is_section_protection(ULONG protect) {
  switch (protect & 0xFF) {
    case PAGE_READONLY:
    case PAGE_READWRITE:
    case PAGE_WRITECOPY:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_READWRITE:
    case PAGE_EXECUTE_WRITECOPY:
      return true;
    default:
      return false;
  }
}

std::uint64_t round_up(std::uint64_t size, std::uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}

// The views there are, by address.
struct Mapped {
  SIZE_T size;
  Ref<Section> section;
  std::shared_ptr<FileControl> control;  // none: backed by the paging file
};
struct Views {
  KernelMutex mutex;
  std::map<std::uintptr_t, Mapped> by_base;

  std::map<std::uintptr_t, Mapped>::iterator find(const void* address) {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    auto view = by_base.upper_bound(at);
    if (view == by_base.begin()) return by_base.end();
    --view;
    return at - view->first < view->second.size ? view : by_base.end();
  }
};
Views& views() {
  static auto* const instance = new Views;
  return *instance;
}

ACCESS_MASK needed_file_access(ULONG protect) {
  return FILE_READ_DATA | (writes_through(protect) ? FILE_WRITE_DATA : 0) | (executes(protect) ? FILE_EXECUTE : 0);
}

struct Backing {
  UniqueFd fd;
  std::shared_ptr<FileControl> control;
  LARGE_INTEGER size;
};

Result<Backing> file_backing(const SectionRequest& request) {
  auto* const file = dynamic_cast<HostFile*>(request.file.get());
  if (file == nullptr || file->kind() != HostFile::Kind::disk)
    return fail(STATUS_INVALID_FILE_FOR_SECTION, "only disk files can be mapped");
  const ACCESS_MASK needed = needed_file_access(request.protect);
  if ((file->access() & needed) != needed)
    return fail(STATUS_ACCESS_DENIED, "the file's handle has access {:#x}, the section needs {:#x}", file->access(),
                needed);
  const LARGE_INTEGER file_size = TRY(file->facts()).size;
  const LARGE_INTEGER size = request.size == 0 ? file_size : request.size;
  if (size == 0) return fail(STATUS_MAPPED_FILE_SIZE_ZERO, "the file is empty");
  if (size > file_size) {
    if (!writes_through(request.protect))
      return fail(STATUS_SECTION_TOO_BIG, "{} bytes of a file of {} that may not grow", size, file_size);
    if (::ftruncate(file->descriptor(), size) != 0) return fail_errno("extend the file");
  }
  UniqueFd fd(::fcntl(file->descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return fail_errno("duplicate the descriptor");
  return Backing{std::move(fd), file->control_block(), size};
}

Result<Backing> memory_backing(const SectionRequest& request) {
  if (request.size <= 0) return fail(STATUS_INVALID_PARAMETER, "a section without a file needs a size");
  UniqueFd fd(::memfd_create("section", MFD_CLOEXEC));
  if (!fd) return fail_errno("create the section");
  if (::ftruncate(fd.get(), static_cast<off_t>(round_up(static_cast<std::uint64_t>(request.size), kPageSize))) != 0)
    return fail(STATUS_SECTION_TOO_BIG, "no room for {} bytes", request.size);
  return Backing{std::move(fd), nullptr, request.size};
}

// Linux aligns to pages, Windows to 64 KiB: reserve more and give the ends back.
void* map_aligned(SIZE_T size, int rights, int flags, int fd, std::uint64_t offset) {
  const SIZE_T reserved = size + kAllocationGranularity;
  void* const room = ::mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return room;
  const auto begin = reinterpret_cast<std::uintptr_t>(room);
  const std::uintptr_t base = round_up(begin, kAllocationGranularity);
  void* const view =
      ::mmap(reinterpret_cast<void*>(base), size, rights, flags | MAP_FIXED, fd, static_cast<off_t>(offset));
  if (view == MAP_FAILED) {
    const int error = errno;
    ::munmap(room, reserved);
    errno = error;
    return view;
  }
  if (base > begin) ::munmap(room, base - begin);
  if (base + size < begin + reserved) ::munmap(reinterpret_cast<void*>(base + size), begin + reserved - base - size);
  return view;
}

// Which views a section's own protection permits.
bool permits(ULONG section, ULONG view) {
  if (executes(view) && !executes(section)) return false;
  return !writes_through(view) || writes_through(section);
}

}  // namespace

const ObjectType Section::kType = {u"Section", SECTION_QUERY | SECTION_MAP_READ | READ_CONTROL,
                                   SECTION_MAP_WRITE | READ_CONTROL, SECTION_MAP_EXECUTE | READ_CONTROL,
                                   SECTION_ALL_ACCESS};

Result<Ref<Section>> Section::create(const SectionRequest& request) {
  if ((request.attributes & SEC_IMAGE) != 0)
    return fail(STATUS_NOT_SUPPORTED, "SEC_IMAGE sections are made by the loader only");
  if ((request.attributes & (SEC_COMMIT | SEC_RESERVE)) == 0)
    return fail(STATUS_INVALID_PARAMETER, "section attributes {:#x}: neither SEC_COMMIT nor SEC_RESERVE",
                request.attributes);
  if (!is_section_protection(request.protect))
    return fail(STATUS_INVALID_PAGE_PROTECTION, "section protection {:#x}", request.protect);
  if (request.size < 0) return fail(STATUS_INVALID_PARAMETER, "section size {}", request.size);
  Backing backing = TRY(request.file ? file_backing(request) : memory_backing(request));
  ULONG attributes = request.attributes;
  if (request.file) attributes = (attributes & ~(SEC_RESERVE | SEC_COMMIT)) | SEC_FILE;
  return make_object<Section>(std::move(backing.fd), std::move(backing.control), backing.size, request.protect,
                              attributes);
}

std::optional<SharedFacts> Section::facts_to_share() {
  return SharedFacts{.kind = SharedKind::section,
                     .variant = protect_,
                     .value = attributes_,
                     .maximum = size_,
                     .descriptor = fd_.get()};
}
void Section::share(std::unique_ptr<SharedObject> shared) {
  shared_ = std::move(shared);
}
void Section::name_lost() {
  if (shared_) shared_->lose_name();
}

Result<Ref<Section>> Section::of_other_process(const SharedObject& shared) {
  const SharedFacts facts = shared.facts();
  UniqueFd fd(TRY(shared.open_descriptor(writes_through(facts.variant) ? O_RDWR : O_RDONLY)));
  return make_object<Section>(std::move(fd), nullptr, facts.maximum, facts.variant, static_cast<ULONG>(facts.value));
}

Result<View> Section::map(const ViewRequest& request) {
  const std::optional<int> rights = host_rights(request.protect);
  if (!rights || !is_section_protection(request.protect))
    return fail(STATUS_INVALID_PAGE_PROTECTION, "view protection {:#x}", request.protect);
  if (!permits(protect_, request.protect))
    return fail(STATUS_SECTION_PROTECTION, "a view with protection {:#x} of a section with {:#x}", request.protect,
                protect_);
  const SIZE_T unit = request.replace_placeholder ? kPageSize : kAllocationGranularity;
  if (request.offset % unit != 0 || request.base % unit != 0)
    return fail(STATUS_MAPPED_ALIGNMENT, "offset {:#x} or address {:#x} is not a multiple of {:#x}", request.offset,
                request.base, unit);
  const auto section_size = static_cast<std::uint64_t>(size_);
  if (request.offset >= section_size || request.size > round_up(section_size, kPageSize) - request.offset)
    return fail(STATUS_INVALID_VIEW_SIZE, "{:#x} bytes from {:#x} of a section of {:#x}", request.size, request.offset,
                section_size);
  const SIZE_T size = round_up(request.size == 0 ? section_size - request.offset : request.size, kPageSize);

  const bool reserve_only = (attributes_ & SEC_RESERVE) != 0;
  const int flags = copies(request.protect) ? MAP_PRIVATE : MAP_SHARED;
  const int first_rights = reserve_only ? PROT_NONE : *rights;
  void* const wanted = reinterpret_cast<void*>(request.base);
  const auto offset = static_cast<off_t>(request.offset);
  void* base = wanted;
  const std::lock_guard guard(views().mutex);
  if (request.replace_placeholder) {
    TRY(virtual_memory().replace_by_view({request.base, size}, request.protect, !reserve_only, [&]() -> Status {
      if (::mmap(wanted, size, first_rights, flags | MAP_FIXED, fd_.get(), offset) == MAP_FAILED)
        return fail_errno("map a view");
      return ok;
    }));
  } else {
    base = wanted != nullptr ? mmap_at(wanted, size, first_rights, flags, fd_.get(), offset)
                             : map_aligned(size, first_rights, flags, fd_.get(), request.offset);
    if (base == MAP_FAILED) {
      if (errno == EEXIST) return fail(STATUS_CONFLICTING_ADDRESSES, "{:#x} is taken", request.base);
      return fail_errno("map a view");
    }
    virtual_memory().note_view(base, size, request.protect, !reserve_only);
  }
  if (control_) control_->add_view();
  views().by_base[reinterpret_cast<std::uintptr_t>(base)] = {size, Ref<Section>::share(*this), control_};
  return View{base, size};
}

Status unmap_view(const void* address, bool preserve_placeholder) {
  Mapped gone;
  {
    const std::lock_guard guard(views().mutex);
    const auto view = views().find(address);
    if (view == views().by_base.end())
      return fail(STATUS_NOT_MAPPED_VIEW, "no view at {}", static_cast<const void*>(address));
    void* const base = reinterpret_cast<void*>(view->first);
    if (preserve_placeholder) {
      TRY(virtual_memory().replace_view(base));
    } else {
      virtual_memory().forget(base);
      ::munmap(base, view->second.size);
    }
    if (view->second.control) view->second.control->remove_view();
    gone = std::move(view->second);
    views().by_base.erase(view);
  }
  return ok;
}

Status flush_view(const void* address, SIZE_T size) {
  const std::lock_guard guard(views().mutex);
  const auto view = views().find(address);
  if (view == views().by_base.end())
    return fail(STATUS_NOT_MAPPED_VIEW, "no view at {}", static_cast<const void*>(address));
  if ((view->second.section->attributes() & SEC_FILE) == 0) return ok;
  const std::uintptr_t end = view->first + view->second.size;
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(address) / kPageSize * kPageSize;
  const std::uintptr_t wanted = size == 0 ? end : reinterpret_cast<std::uintptr_t>(address) + size;
  if (::msync(reinterpret_cast<void*>(begin), std::min(wanted, end) - begin, MS_SYNC) != 0)
    return fail_errno("flush a view");
  return ok;
}

}  // namespace hmodule::nt
