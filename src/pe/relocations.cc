#include "pe/relocations.h"

namespace hmodule::pe {

Result<std::vector<RelocationBlock>> relocation_blocks(const Image& image) {
  std::vector<RelocationBlock> blocks;
  const DirectoryRange range = image.directory(kDirectoryBaseReloc);
  if (range.size == 0) return blocks;  // REL-03
  if (!range.rva)
    return fail(STATUS_CONFLICTING_ADDRESSES, "{}: its relocation directory has {} bytes but no address (REL-04)",
                image.name(), range.size);
  const Bytes table = TRY(image.at(range.rva, range.size));
  for (std::size_t offset = 0; offset + sizeof(BaseRelocation) <= table.size();) {
    const auto header = TRY(table.read<BaseRelocation>(offset));
    const std::uint32_t page = header.VirtualAddress, size = header.SizeOfBlock;
    if (size == 0) break;
    if (size < sizeof header)
      return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: a relocation block says it has {} bytes", image.name(), size);
    if (page >= image.size_of_image())
      return fail(STATUS_ACCESS_VIOLATION, "{}: a relocation block is for page {:#x}, outside the image", image.name(),
                  page);
    const std::size_t end = std::min<std::size_t>(table.size(), offset + size);
    blocks.push_back({Rva{page}, table.span().subspan(offset + sizeof header, end - offset - sizeof header)});
    offset += size;
  }
  return blocks;
}

bool is_known_relocation(std::uint16_t type) {
  return type <= kRelocHighLow || type == kRelocDir64;
}

Error unknown_relocation(const Image& image, Rva rva, std::uint16_t type) {
  return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: the relocation at RVA {:#x} is of type {}, which x86-64 does not have",
              image.name(), rva.value, type);
}

}  // namespace hmodule::pe
