#include "pe/tls.h"

namespace hmodule::pe {

Result<std::optional<Tls>> tls(const Image& image) {
  const Rva where = image.directory(kDirectoryTls).rva;
  if (!where || image.is_pe32()) return std::optional<Tls>();
  const auto directory = TRY(image.read<TlsDirectory64>(where));

  Tls tls;
  tls.zero_fill = directory.SizeOfZeroFill;
  const std::uint32_t exponent = directory.Characteristics >> 20 & 0xF;
  if (exponent > 1) tls.alignment = std::max(tls.alignment, 1U << (exponent - 1));

  if (directory.EndAddressOfRawData > directory.StartAddressOfRawData) {
    const std::uint64_t size = directory.EndAddressOfRawData - directory.StartAddressOfRawData;
    tls.raw_data = TRY(image.rva_of_va(directory.StartAddressOfRawData, size));
    tls.raw_size = static_cast<std::uint32_t>(size);
    if (image.extent(tls.raw_data) < size)
      return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: its TLS data at RVA {:#x} is not inside a section", image.name(),
                  tls.raw_data.value);
  }
  if (directory.AddressOfIndex != 0) {
    tls.index = TRY(image.rva_of_va(directory.AddressOfIndex, sizeof(std::uint32_t)));
    TRY(image.read<std::uint32_t>(tls.index));
  }
  if (directory.AddressOfCallBacks != 0) {
    tls.callbacks = TRY(image.rva_of_va(directory.AddressOfCallBacks, sizeof(std::uint64_t)));
    tls.has_callbacks = TRY(image.read<std::uint64_t>(tls.callbacks)) != 0;
  }
  return std::optional<Tls>(tls);
}

}  // namespace hmodule::pe
