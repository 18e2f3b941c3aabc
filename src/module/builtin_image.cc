#include "module/builtin_image.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/utf.h"
#include "map/image_mapping.h"
#include "pe/format.h"

namespace hmodule {
namespace {

constexpr std::uint32_t kPage = 0x1000;
constexpr std::uint64_t kPreferredBase = 0x7FF800000000;
constexpr std::uint32_t kOptionalHeaderOffset = 0x80 + 4 + sizeof(pe::FileHeader);

std::uint32_t page_up(std::size_t size) {
  return static_cast<std::uint32_t>((size + kPage - 1) & ~(kPage - 1UL));
}

// A PE file whose file layout is its image layout, made section by section.
class ImageWriter {
 public:
  ImageWriter() : bytes_(kPage) {}

  // Starts a section at the current end, which becomes its RVA; section() content follows by append().
  std::uint32_t begin_section(std::string_view name, std::uint32_t characteristics) {
    bytes_.resize(page_up(bytes_.size()));
    pe::SectionHeader header{};
    name.copy(reinterpret_cast<char*>(header.Name), sizeof header.Name);
    header.VirtualAddress = header.PointerToRawData = position();
    header.Characteristics = characteristics;
    sections_.push_back(header);
    return header.VirtualAddress;
  }

  std::uint32_t position() const { return static_cast<std::uint32_t>(bytes_.size()); }

  std::uint32_t append(const void* data, std::size_t size) {
    const std::uint32_t at = position();
    const auto* from = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
    return at;
  }
  std::uint32_t append(std::string_view text) {
    const std::uint32_t at = append(text.data(), text.size());
    bytes_.push_back(std::byte{0});
    return at;
  }
  std::uint32_t reserve(std::size_t size) {
    const std::uint32_t at = position();
    bytes_.resize(bytes_.size() + size);
    return at;
  }
  template <typename T>
  void put(std::uint32_t at, const T& value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

  std::vector<std::byte> finish(std::uint16_t characteristics, std::uint32_t export_rva, std::uint32_t export_size) {
    bytes_.resize(page_up(bytes_.size()));
    pe::DosHeader dos{};
    dos.e_magic = pe::kDosMagic;
    dos.e_lfanew = 0x80;
    put(0, dos);
    put(0x80, pe::kPeSignature);
    pe::FileHeader file{};
    file.Machine = pe::kMachineAmd64;
    file.NumberOfSections = static_cast<std::uint16_t>(sections_.size());
    file.SizeOfOptionalHeader = sizeof(pe::OptionalHeader64);
    file.Characteristics = characteristics;
    put(0x84, file);
    pe::OptionalHeader64 optional{};
    optional.Magic = pe::kOptionalMagic64;
    optional.ImageBase = kPreferredBase;
    optional.SectionAlignment = optional.FileAlignment = kPage;
    optional.MajorOperatingSystemVersion = optional.MajorSubsystemVersion = 10;
    optional.SizeOfImage = position();
    optional.SizeOfHeaders = kPage;
    optional.Subsystem = pe::kSubsystemWindowsCui;
    optional.DllCharacteristics = pe::kDllDynamicBase | pe::kDllHighEntropyVa | pe::kDllNxCompat;
    optional.NumberOfRvaAndSizes = 16;
    optional.DataDirectories[0] = {export_rva, export_size};
    put(kOptionalHeaderOffset, optional);
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      const std::uint32_t end = i + 1 < sections_.size() ? sections_[i + 1].VirtualAddress : position();
      sections_[i].VirtualSize = sections_[i].SizeOfRawData = end - sections_[i].VirtualAddress;
      put(static_cast<std::uint32_t>(kOptionalHeaderOffset + sizeof optional + i * sizeof sections_[i]), sections_[i]);
    }
    return std::move(bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
  std::vector<pe::SectionHeader> sections_;
};

struct Row {
  std::string_view name;
  Proc address;
  std::uint32_t ordinal;
};

// By name, as the export directory wants it; rows without an ordinal of their own get the free ones above.
std::vector<Row> rows_of(std::span<const ExportTable* const> tables) {
  std::vector<Row> rows;
  std::uint32_t highest = 0;
  for (const ExportTable* table : tables)
    for (const Export& row : *table) {
      rows.push_back({row.name, row.address, row.ordinal});
      highest = std::max<std::uint32_t>(highest, row.ordinal);
    }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.name < b.name; });
  for (Row& row : rows)
    if (row.ordinal == 0) row.ordinal = ++highest;
  return rows;
}

// jmp *8(%rip); the target stands in the second half.
struct Stub {
  std::uint8_t jump[8] = {0xFF, 0x25, 0x02, 0x00, 0x00, 0x00, 0xCC, 0xCC};
  Proc target = nullptr;
};
static_assert(sizeof(Stub) == kStubSize);

Result<std::unique_ptr<Module>> module_from(std::vector<std::byte> file, Provider provider, std::string_view name,
                                            std::u16string full_name) {
  auto image_name = std::make_shared<const std::string>(name);
  const pe::Image image = TRY(pe::Image::parse(Bytes(file, *image_name)));
  map::Mapping mapping = TRY(map::lay_out(image));
  const pe::Image mapped = image.in_memory(mapping.span());
  TRY(map::relocate(mapped));
  TRY(map::protect(mapped));
  return std::make_unique<Module>(provider, std::move(full_name), std::move(image_name), mapped, std::move(mapping));
}

}  // namespace

Result<std::unique_ptr<Module>> make_native_module(Provider provider, std::string_view name, std::u16string full_name,
                                                   std::span<const ExportTable* const> tables) {
  const std::vector<Row> rows = rows_of(tables);
  ImageWriter writer;
  std::uint32_t functions = 0;
  for (const Row& row : rows) functions = std::max(functions, row.ordinal);

  // The export directory first: everything at or above the stubs' RVA is a stub then.
  const std::uint32_t directory = writer.begin_section(".edata", pe::kSectionRead | pe::kSectionInitializedData);
  writer.reserve(sizeof(pe::ExportDirectory));
  const std::uint32_t function_table = writer.reserve(functions * sizeof(std::uint32_t));
  std::vector<const Row*> named;
  for (const Row& row : rows)
    if (!row.name.empty()) named.push_back(&row);
  const std::uint32_t name_table = writer.reserve(named.size() * sizeof(std::uint32_t));
  const std::uint32_t ordinal_table = writer.reserve(named.size() * sizeof(std::uint16_t));
  for (std::uint32_t i = 0; i < named.size(); ++i) {
    writer.put(name_table + i * 4, writer.append(named[i]->name));
    writer.put(ordinal_table + i * 2, static_cast<std::uint16_t>(named[i]->ordinal - 1));
  }
  pe::ExportDirectory header{};
  header.Name = writer.append(name);
  header.Base = 1;
  header.NumberOfFunctions = functions;
  header.NumberOfNames = static_cast<std::uint32_t>(named.size());
  header.AddressOfFunctions = function_table;
  header.AddressOfNames = name_table;
  header.AddressOfNameOrdinals = ordinal_table;
  writer.put(directory, header);
  const std::uint32_t directory_size = writer.position() - directory;

  const std::uint32_t stubs = writer.begin_section(".text", pe::kSectionRead | pe::kSectionExecute | pe::kSectionCode);
  std::vector<Proc> native;
  for (const Row& row : rows) {
    Stub stub;
    stub.target = row.address;
    writer.put(function_table + (row.ordinal - 1) * 4, writer.append(&stub, sizeof stub));
    native.push_back(row.address);
  }
  if (rows.empty()) writer.reserve(kStubSize);

  auto module = TRY(module_from(
      writer.finish(pe::kFileExecutableImage | pe::kFileDll | pe::kFileLargeAddressAware, directory, directory_size),
      provider, name, std::move(full_name)));
  module->exports = pe::ExportTable::parse_or_empty(module->image);
  module->native_functions = std::move(native);
  module->stubs_rva = stubs;
  module->stage = Stage::ready;
  return module;
}

Result<std::unique_ptr<Module>> make_host_executable(std::u16string full_name) {
  ImageWriter writer;
  writer.begin_section(".host", pe::kSectionRead | pe::kSectionInitializedData);
  writer.reserve(kPage);
  const std::string name = utf8(full_name);
  auto module = TRY(module_from(writer.finish(pe::kFileExecutableImage | pe::kFileLargeAddressAware, 0, 0),
                                Provider::host, name, std::move(full_name)));
  module->load_count = Module::kPermanent;
  module->stage = Stage::ready;
  return module;
}

}  // namespace hmodule
