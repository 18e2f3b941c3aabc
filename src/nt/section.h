// Sections: memory that is shared through a handle, backed by a file or by the paging file (an anonymous memory file
// of Linux), and the views of it. Views are known to virtual_memory(), so that VirtualQuery calls them MEM_MAPPED, or
// MEM_IMAGE: a section with SEC_IMAGE is a PE file, and each view of it a copy laid out as an image.
#pragma once

#include "map/mapping.h"
#include "nt/host_file.h"
#include "nt/object.h"
#include "pe/image.h"
#include "win/sections.h"

#include <atomic>

namespace hmodule::nt {

struct SectionRequest {
  Ref<File> file = {};     // none: backed by the paging file
  LARGE_INTEGER size = 0;  // 0: the file's
  ULONG protect = PAGE_READONLY;
  ULONG attributes = SEC_COMMIT;
};

struct ViewRequest {
  std::uintptr_t base = 0;  // 0: anywhere
  std::uint64_t offset = 0;
  SIZE_T size = 0;  // 0: up to the section's end
  ULONG protect = PAGE_READONLY;
  bool replace_placeholder = false;  // which is at `base`, of that size; pages are aligned well enough then
  bool may_exceed = false;           // larger than the file's section, which may grow into it: MEM_RESERVE
};

struct View {
  void* base;
  SIZE_T size;
  bool at_preferred_base = true;  // not so: an image that could not be relocated
};

// What a section with SEC_IMAGE is made of.
struct ImageFile {
  std::shared_ptr<const std::string> name;  // for messages; `image` refers to it
  map::Mapping bytes;
  pe::Image image;
};

class Section final : public Object {
 public:
  static const ObjectType kType;
  const ObjectType& type() const override { return kType; }

  // MAPPED_FILE_SIZE_ZERO, SECTION_TOO_BIG (larger than a file that may not grow), ACCESS_DENIED,
  // INVALID_PAGE_PROTECTION, INVALID_FILE_FOR_SECTION; with SEC_IMAGE what pe::Image::inspect says of the file.
  static Result<Ref<Section>> create(const SectionRequest& request);

  // MAPPED_ALIGNMENT, INVALID_VIEW_SIZE, SECTION_PROTECTION, CONFLICTING_ADDRESSES. An image is where it prefers to be,
  // or relocated elsewhere, as if Windows had chosen a random base for it.
  Result<View> map(const ViewRequest& request);

  // NtExtendSection: the file becomes so large, if it is smaller, and views that exceed it show more of it. The
  // section's size then. SECTION_NOT_EXTENDED: not a file's.
  Result<LARGE_INTEGER> extend(LARGE_INTEGER size);

  std::optional<SharedFacts> facts_to_share() override;
  void share(std::unique_ptr<SharedObject> shared) override;
  const SharedObject* session_part() const override { return shared_.get(); }
  void name_lost() override;
  static Result<Ref<Section>> of_other_process(const SharedObject& shared);

  LARGE_INTEGER size() const { return size_; }
  ULONG attributes() const { return attributes_; }
  const pe::Image* image() const { return image_ ? &image_->image : nullptr; }

 private:
  template <typename T, typename... Args>
  friend Ref<T> make_object(Args&&... args);
  Section(UniqueFd fd, std::shared_ptr<FileControl> control, LARGE_INTEGER size, ULONG protect, ULONG attributes)
      : fd_(std::move(fd)), control_(std::move(control)), size_(size), protect_(protect), attributes_(attributes) {}
  Section(std::unique_ptr<const ImageFile> image, std::shared_ptr<FileControl> control, ULONG protect, ULONG attributes)
      : control_(std::move(control)),
        image_(std::move(image)),
        size_(image_->image.size_of_image()),
        protect_(protect),
        attributes_(attributes) {}
  Result<View> map_image(const ViewRequest& request);
  Status grow(LARGE_INTEGER size);
  friend Status grow_section(std::uintptr_t address, SIZE_T size);

  const UniqueFd fd_;
  const std::shared_ptr<FileControl> control_;    // of the file, which must not shrink under a view
  const std::unique_ptr<const ImageFile> image_;  // of SEC_IMAGE
  std::atomic<LARGE_INTEGER> size_;
  const ULONG protect_, attributes_;
  std::unique_ptr<SharedObject> shared_;  // goes before the descriptor that it offers to others
};

// NtUnmapViewOfSection: the view that contains `address`. NOT_MAPPED_VIEW. `preserve_placeholder`: the one it has
// replaced is there again; CONFLICTING_ADDRESSES: it has replaced none.
Status unmap_view(const void* address, bool preserve_placeholder = false);
// NtFlushVirtualMemory: writes the changed pages of the view to its file. Size 0: to the view's end.
Status flush_view(const void* address, SIZE_T size);
// VirtualAlloc with MEM_COMMIT in a view that exceeds its section: the section, and so the file, grows as far as that.
// ok for all other memory.
Status grow_section(std::uintptr_t address, SIZE_T size);

}  // namespace hmodule::nt
