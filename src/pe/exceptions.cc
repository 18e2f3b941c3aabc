#include "pe/exceptions.h"

namespace hmodule::pe {

Result<std::span<const RuntimeFunction>> exception_table(const Image& image) {
  const DirectoryRange range = image.directory(kDirectoryException);
  const std::size_t count = range.size / sizeof(RuntimeFunction);
  if (!range.rva || count == 0 || image.machine() != kMachineAmd64) return std::span<const RuntimeFunction>();
  const Bytes table = TRY(image.at(range.rva, count * sizeof(RuntimeFunction)));
  return std::span(reinterpret_cast<const RuntimeFunction*>(table.data()), count);
}

}  // namespace hmodule::pe
