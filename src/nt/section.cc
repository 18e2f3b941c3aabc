#include "nt/section.h"

#include "base/mmap_at.h"
#include "base/utf.h"
#include "map/image_mapping.h"
#include "nt/io_error.h"
#include "nt/kernel_section.h"
#include "nt/virtual_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
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
  std::uint64_t offset;
  bool may_grow;
  Ref<Section> section;
  std::shared_ptr<FileControl> control;  // none: backed by the paging file
};
struct Views {
  KernelMutex mutex;
  std::atomic<bool> some_may_grow = false;  // has there ever been one?
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

bool is_image(ULONG attributes) {
  return (attributes & SEC_IMAGE) != 0;
}

ACCESS_MASK needed_file_access(ULONG protect) {
  return FILE_READ_DATA | (writes_through(protect) ? FILE_WRITE_DATA : 0) | (executes(protect) ? FILE_EXECUTE : 0);
}

struct Backing {
  UniqueFd fd;
  std::shared_ptr<FileControl> control;
  LARGE_INTEGER size;
};

Result<HostFile*> mappable_file(const SectionRequest& request) {
  auto* const file = dynamic_cast<HostFile*>(request.file.get());
  if (file == nullptr || file->kind() != HostFile::Kind::disk)
    return fail(STATUS_INVALID_FILE_FOR_SECTION, "only disk files can be mapped");
  const ACCESS_MASK needed = needed_file_access(request.protect);
  if ((file->access() & needed) != needed)
    return fail(STATUS_ACCESS_DENIED, "the file's handle has access {:#x}, the section needs {:#x}", file->access(),
                needed);
  return file;
}

// SEC_IMAGE: the whole file, whatever the size asked for.
Result<std::unique_ptr<const ImageFile>> image_file(const HostFile& file) {
  const auto name = std::make_shared<const std::string>(utf8(TRY(file.full_path())));
  const auto size = static_cast<std::uint64_t>(TRY(file.facts()).size);
  map::Mapping bytes = TRY(map::Mapping::of_file(file.descriptor(), size));
  pe::Image image = TRY(pe::Image::inspect(Bytes(bytes.span(), *name)));
  return std::make_unique<const ImageFile>(ImageFile{name, std::move(bytes), std::move(image)});
}

Result<Backing> file_backing(const SectionRequest& request) {
  HostFile* const file = TRY(mappable_file(request));
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
  if ((request.attributes & (SEC_COMMIT | SEC_RESERVE | SEC_IMAGE)) == 0)
    return fail(STATUS_INVALID_PARAMETER, "section attributes {:#x}: neither SEC_COMMIT, SEC_RESERVE nor SEC_IMAGE",
                request.attributes);
  if (!is_section_protection(request.protect))
    return fail(STATUS_INVALID_PAGE_PROTECTION, "section protection {:#x}", request.protect);
  if (request.size < 0) return fail(STATUS_INVALID_PARAMETER, "section size {}", request.size);
  if (is_image(request.attributes)) {
    const HostFile* const file = TRY(mappable_file(request));
    auto image = TRY(image_file(*file));
    return make_object<Section>(std::move(image), file->control_block(), request.protect,
                                request.attributes | SEC_FILE);
  }
  Backing backing = TRY(request.file ? file_backing(request) : memory_backing(request));
  ULONG attributes = request.attributes;
  if (request.file) attributes = (attributes & ~(SEC_RESERVE | SEC_COMMIT)) | SEC_FILE;
  return make_object<Section>(std::move(backing.fd), std::move(backing.control), backing.size, request.protect,
                              attributes);
}

std::optional<SharedFacts> Section::facts_to_share() {
  if (image_) return std::nullopt;  // each view is a copy: there is nothing to share
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
  if (image_) return map_image(request);
  const SIZE_T unit = request.replace_placeholder ? kPageSize : kAllocationGranularity;
  if (request.offset % unit != 0 || request.base % unit != 0)
    return fail(STATUS_MAPPED_ALIGNMENT, "offset {:#x} or address {:#x} is not a multiple of {:#x}", request.offset,
                request.base, unit);
  const std::lock_guard guard(views().mutex);
  const auto section_size = static_cast<std::uint64_t>(size_);
  const bool may_exceed = request.may_exceed && (attributes_ & SEC_FILE) != 0;
  if (request.offset >= section_size ||
      (request.size > round_up(section_size, kPageSize) - request.offset && !may_exceed))
    return fail(STATUS_INVALID_VIEW_SIZE, "{:#x} bytes from {:#x} of a section of {:#x}", request.size, request.offset,
                section_size);
  const SIZE_T size = round_up(request.size == 0 ? section_size - request.offset : request.size, kPageSize);

  const bool reserve_only = (attributes_ & SEC_RESERVE) != 0;
  const SIZE_T committed = reserve_only ? 0 : std::min(size, section_size - request.offset);
  const int flags = copies(request.protect) ? MAP_PRIVATE : MAP_SHARED;
  const int first_rights = reserve_only ? PROT_NONE : *rights;
  void* const wanted = reinterpret_cast<void*>(request.base);
  const auto offset = static_cast<off_t>(request.offset);
  void* base = wanted;
  if (request.replace_placeholder) {
    TRY(virtual_memory().replace_by_view({request.base, size}, request.protect, committed, [&]() -> Status {
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
    virtual_memory().note_view(base, size, request.protect, committed, may_exceed);
  }
  if (control_) control_->add_view();
  if (may_exceed) views().some_may_grow = true;
  views().by_base[reinterpret_cast<std::uintptr_t>(base)] = {size, request.offset, may_exceed,
                                                             Ref<Section>::share(*this), control_};
  return View{base, size};
}

// Relocated by the base Windows would have chosen at random for all processes; one that cannot be is where there is
// room, as its file says. Rights are those of the sections, whatever is asked for.
Result<View> Section::map_image(const ViewRequest& request) {
  const pe::Image& file = image_->image;
  if (request.offset != 0 || request.replace_placeholder)
    return fail(STATUS_INVALID_PARAMETER, "{}: a view of an image is all of it, and in no placeholder", *image_->name);
  if (request.size > round_up(file.size_of_image(), kPageSize))
    return fail(STATUS_INVALID_VIEW_SIZE, "{:#x} bytes of an image of {:#x}", request.size, file.size_of_image());
  map::Mapping mapping = TRY(map::lay_out(file));
  if (request.base != 0 && request.base != mapping.address())
    return fail(STATUS_CONFLICTING_ADDRESSES, "{}: an image is put at its preferred base or elsewhere, not at {:#x}",
                *image_->name, request.base);
  const pe::Image mapped = file.in_memory(mapping.span());
  const bool placed = mapping.address() == file.image_base() || (file.refusal() && map::relocate(mapped));
  std::vector<map::PageRun> runs = map::page_runs(mapped);
  if ((attributes_ & SEC_IMAGE_NO_EXECUTE) == SEC_IMAGE_NO_EXECUTE)
    for (map::PageRun& run : runs) run.rights &= ~PROT_EXEC;
  for (const map::PageRun& run : runs)
    if (::mprotect(mapping.base() + run.begin, run.end - run.begin, run.rights) != 0)
      return fail_errno("protect a view");
  const SIZE_T size = mapping.size();
  const std::lock_guard guard(views().mutex);
  virtual_memory().note_image(mapping.base(), size, runs);
  if (control_) control_->add_view();
  views().by_base[mapping.address()] = {size, 0, false, Ref<Section>::share(*this), control_};
  return View{mapping.release().data(), size, placed};
}

Result<LARGE_INTEGER> Section::extend(LARGE_INTEGER size) {
  if ((attributes_ & SEC_FILE) == 0 || image_)
    return fail(STATUS_SECTION_NOT_EXTENDED, "the section is {}", image_ ? "an image" : "not a file's");
  const std::lock_guard guard(views().mutex);
  TRY(grow(size));
  return size_.load();
}

Status Section::grow(LARGE_INTEGER size) {
  if (size <= size_) return ok;
  struct stat now;
  if (::fstat(fd_.get(), &now) != 0) return fail_errno("look at the file");
  if (size > now.st_size) {
    if (!writes_through(protect_))
      return fail(STATUS_SECTION_NOT_EXTENDED, "{} bytes of a file of {} that may not grow", size, now.st_size);
    if (::ftruncate(fd_.get(), size) != 0) return fail_errno("extend the file");
  }
  size_ = size;
  for (const auto& [base, view] : views().by_base)
    if (view.section.get() == this)
      virtual_memory().extend_view(reinterpret_cast<void*>(base), static_cast<std::uint64_t>(size) - view.offset);
  return ok;
}

Status grow_section(std::uintptr_t address, SIZE_T size) {
  if (!views().some_may_grow) return ok;
  const std::lock_guard guard(views().mutex);
  const auto view = views().find(reinterpret_cast<const void*>(address));
  if (view == views().by_base.end() || !view->second.may_grow) return ok;
  const std::uint64_t end = address - view->first + size;
  if (end > view->second.size) return ok;  // refused by whoever wants it
  return view->second.section->grow(static_cast<LARGE_INTEGER>(view->second.offset + end));
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
  const ULONG attributes = view->second.section->attributes();
  if ((attributes & SEC_FILE) == 0 || is_image(attributes)) return ok;
  const std::uintptr_t end = view->first + view->second.size;
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(address) / kPageSize * kPageSize;
  const std::uintptr_t wanted = size == 0 ? end : reinterpret_cast<std::uintptr_t>(address) + size;
  if (::msync(reinterpret_cast<void*>(begin), std::min(wanted, end) - begin, MS_SYNC) != 0)
    return fail_errno("flush a view");
  return ok;
}

}  // namespace hmodule::nt
