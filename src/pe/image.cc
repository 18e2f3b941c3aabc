#include "pe/image.h"

#include <bit>
#include <cassert>

namespace hmodule::pe {

namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) & ~(unit - 1);
}

// Code addresses its own data with signed 32-bit displacements, so no meaningful image is larger.
constexpr std::uint64_t kLargestImage = std::uint64_t{1} << 31;
constexpr std::uint16_t kMostSections = 96;

struct MachineName {
  std::uint16_t machine;
  std::string_view name;
};
constexpr MachineName kMachineNames[] = {
    {kMachineI386, "32-bit x86"},         {kMachineAmd64, "x86-64"}, {kMachineArm, "ARM"},
    {kMachineArmNt, "ARM (Thumb-2)"},     {kMachineArm64, "ARM64"},  {kMachineArm64Ec, "ARM64EC"},
    {kMachineArm64X, "ARM64X"},           {kMachineIa64, "Itanium"}, {kMachineRiscV64, "RISC-V (64-bit)"},
    {kMachineLoongArch64, "LoongArch64"},
};

// The DOS header's promise of something newer, and what kind it is (PE-01...PE-04). Returns the NT headers' offset.
Result<std::uint32_t> find_nt_headers(Bytes file) {
  if (file.size() == 0) return fail(STATUS_INVALID_FILE_FOR_SECTION, "{}: the file is empty", file.name());
  const auto dos = file.read<DosHeader>(0);
  if (!dos)
    return fail(STATUS_INVALID_IMAGE_NOT_MZ, "{}: has {} bytes, fewer than a DOS header", file.name(), file.size());
  if (dos->e_magic != kDosMagic) {
    const unsigned magic = dos->e_magic;
    return fail(STATUS_INVALID_IMAGE_NOT_MZ, "{}: starts with {:#06x}, not 'MZ'; not a Windows program or DLL",
                file.name(), magic);
  }
  const std::uint32_t offset = dos->e_lfanew;
  const auto signature = file.read<std::uint32_t>(offset);
  if (!signature)
    return fail(STATUS_INVALID_IMAGE_PROTECT, "{}: its PE header would be at {:#x}, but the file ends at {:#x}",
                file.name(), offset, file.size());
  if (*signature == kPeSignature) return offset;

  const auto old_kind = static_cast<std::uint16_t>(*signature);
  if (old_kind == kLeSignature)
    return fail(STATUS_INVALID_IMAGE_LE_FORMAT, "{}: an LE (virtual device driver) file", file.name());
  if (old_kind != kNeSignature)
    return fail(STATUS_INVALID_IMAGE_PROTECT, "{}: a DOS program: 'PE' is not at {:#x}", file.name(), offset);
  const auto target = file.read<std::uint8_t>(std::uint64_t{offset} + 0x36);
  switch (target ? *target : 0) {
    case 2:
      return fail(STATUS_INVALID_IMAGE_WIN_16, "{}: a 16-bit Windows file", file.name());
    case 5:
      return fail(STATUS_INVALID_IMAGE_PROTECT, "{}: a file for a DOS extender", file.name());
    default:
      return fail(STATUS_INVALID_IMAGE_NE_FORMAT, "{}: an NE (16-bit OS/2 or Windows) file", file.name());
  }
}

template <typename Narrow>
void widen(const Narrow& from, OptionalHeader64& to) {
  to.Magic = from.Magic;
  to.MajorLinkerVersion = from.MajorLinkerVersion;
  to.MinorLinkerVersion = from.MinorLinkerVersion;
  to.SizeOfCode = from.SizeOfCode;
  to.SizeOfInitializedData = from.SizeOfInitializedData;
  to.SizeOfUninitializedData = from.SizeOfUninitializedData;
  to.AddressOfEntryPoint = from.AddressOfEntryPoint;
  to.BaseOfCode = from.BaseOfCode;
  to.ImageBase = from.ImageBase;
  to.SectionAlignment = from.SectionAlignment;
  to.FileAlignment = from.FileAlignment;
  to.MajorOperatingSystemVersion = from.MajorOperatingSystemVersion;
  to.MinorOperatingSystemVersion = from.MinorOperatingSystemVersion;
  to.MajorImageVersion = from.MajorImageVersion;
  to.MinorImageVersion = from.MinorImageVersion;
  to.MajorSubsystemVersion = from.MajorSubsystemVersion;
  to.MinorSubsystemVersion = from.MinorSubsystemVersion;
  to.Win32VersionValue = from.Win32VersionValue;
  to.SizeOfImage = from.SizeOfImage;
  to.SizeOfHeaders = from.SizeOfHeaders;
  to.CheckSum = from.CheckSum;
  to.Subsystem = from.Subsystem;
  to.DllCharacteristics = from.DllCharacteristics;
  to.SizeOfStackReserve = from.SizeOfStackReserve;
  to.SizeOfStackCommit = from.SizeOfStackCommit;
  to.SizeOfHeapReserve = from.SizeOfHeapReserve;
  to.SizeOfHeapCommit = from.SizeOfHeapCommit;
  to.LoaderFlags = from.LoaderFlags;
  to.NumberOfRvaAndSizes = from.NumberOfRvaAndSizes;
  std::copy(std::begin(from.DataDirectories), std::end(from.DataDirectories), std::begin(to.DataDirectories));
}

// PE-08: fields past SizeOfOptionalHeader are absent and read as 0. Windows takes the fields up to CheckSum for
// granted, whatever the size says (vector V12), and what the file has of them is read.
template <typename Header>
Header read_partial(Bytes file, std::uint64_t offset, std::uint16_t declared) {
  constexpr std::size_t kAlwaysPresent = offsetof(Header, CheckSum);
  const std::uint64_t in_file = file.size() > offset ? file.size() - offset : 0;
  const std::uint64_t wanted = std::clamp<std::uint64_t>(declared, kAlwaysPresent, sizeof(Header));
  Header header{};
  std::memcpy(&header, file.data() + std::min<std::uint64_t>(offset, file.size()), std::min(wanted, in_file));

  const std::size_t directories = offsetof(Header, DataDirectories);
  const std::uint64_t room = declared > directories ? (declared - directories) / sizeof(DataDirectory) : 0;
  const std::uint64_t present = std::min<std::uint64_t>({header.NumberOfRvaAndSizes, room, kDirectoryCount});
  std::fill(std::begin(header.DataDirectories) + present, std::end(header.DataDirectories), DataDirectory{});
  return header;
}

Status check_alignments(Bytes file, std::uint32_t section_alignment, std::uint32_t file_alignment) {
  if (!std::has_single_bit(section_alignment) || !std::has_single_bit(file_alignment))
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: SectionAlignment {:#x} and FileAlignment {:#x} must be powers of two",
                file.name(), section_alignment, file_alignment);
  if (section_alignment < file_alignment)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: SectionAlignment {:#x} is less than FileAlignment {:#x}", file.name(),
                section_alignment, file_alignment);
  if (section_alignment < kPageSize && section_alignment != file_alignment)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: SectionAlignment {:#x}, less than a page, is not FileAlignment {:#x}",
                file.name(), section_alignment, file_alignment);
  return ok;
}

// PE-14.
Status check_raw_data(Bytes file, const SectionHeader& header, std::string_view section) {
  const std::uint64_t pointer = header.PointerToRawData, size = header.SizeOfRawData;
  if (pointer == 0 || size == 0) return ok;
  if (pointer >= file.size() || round_up(pointer + size, kSectorSize) > round_up(file.size(), kSectorSize))
    return fail(STATUS_INVALID_IMAGE_FORMAT,
                "{}: section '{}' has its data at {:#x} to {:#x}, but the file ends at {:#x} (cut short?)", file.name(),
                section, pointer, pointer + size, file.size());
  return ok;
}

// One row of the section table, checked against the sections before it, which end at `previous_end` (PE-13, PE-16).
Result<Section> make_section(Bytes file, const SectionHeader& header, bool flat, std::uint64_t previous_end,
                             std::uint32_t size_of_image) {
  Section section{};
  std::copy(std::begin(header.Name), std::end(header.Name), section.raw_name.begin());
  const std::uint64_t address = header.VirtualAddress;
  const std::uint64_t size = header.VirtualSize != 0 ? header.VirtualSize : header.SizeOfRawData;  // MAP-04
  const std::uint64_t end = address + (flat ? size : round_up(size, kPageSize));

  if (address == 0 || address < previous_end)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: section '{}' starts at {:#x}, inside what comes before it (to {:#x})",
                file.name(), section.name(), address, previous_end);
  if (!flat && address % kPageSize != 0)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: section '{}' starts at {:#x}, inside a page", file.name(),
                section.name(), address);
  if (flat && address != header.PointerToRawData) {
    const std::uint32_t pointer = header.PointerToRawData;
    return fail(
        STATUS_INVALID_IMAGE_FORMAT,
        "{}: SectionAlignment is less than a page, but section '{}' is at {:#x} in memory and {:#x} in the file",
        file.name(), section.name(), address, pointer);
  }
  if (round_up(end, kPageSize) > size_of_image)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: section '{}' ends at {:#x}, past SizeOfImage {:#x}", file.name(),
                section.name(), end, size_of_image);
  TRY(check_raw_data(file, header, section.name()));

  section.rva = {header.VirtualAddress};
  section.virtual_size = static_cast<std::uint32_t>(end - address);
  section.characteristics = header.Characteristics;
  if (header.PointerToRawData != 0 && header.SizeOfRawData != 0) {
    const std::uint64_t offset = flat ? header.PointerToRawData : header.PointerToRawData & ~(kSectorSize - 1);
    const std::uint64_t lead = header.PointerToRawData - offset;
    const std::uint64_t length = round_up(header.SizeOfRawData + lead, kSectorSize);
    section.file_offset = static_cast<std::uint32_t>(offset);
    section.file_size =
        static_cast<std::uint32_t>(std::min<std::uint64_t>({length, section.virtual_size, file.size() - offset}));
  }
  return section;
}

}  // namespace

Status check_data_file(Bytes file) {
  TRY(find_nt_headers(file));
  return ok;
}

std::string_view Section::name() const {
  const auto end = std::find(raw_name.begin(), raw_name.end(), '\0');
  return {raw_name.data(), static_cast<std::size_t>(end - raw_name.begin())};
}

std::string_view Image::machine_name() const {
  const auto* row = std::find_if(std::begin(kMachineNames), std::end(kMachineNames),
                                 [this](const MachineName& known) { return known.machine == machine(); });
  return row == std::end(kMachineNames) ? "an unknown machine" : row->name;
}

Result<Image> Image::parse(Bytes file) {
  return parse(file, false);
}

Result<Image> Image::inspect(Bytes file) {
  return parse(file, true);
}

Result<Image> Image::parse(Bytes file, bool any_machine) {
  auto facts = std::make_shared<Facts>();
  facts->file_size = file.size();
  facts->nt_offset = TRY(find_nt_headers(file));
  const std::uint64_t nt = facts->nt_offset;
  const auto header = file.read<FileHeader>(nt + sizeof kPeSignature);
  if (!header)
    return fail(STATUS_INVALID_IMAGE_PROTECT, "{}: the file ends at {:#x}, inside its PE header", file.name(),
                file.size());
  facts->file_header = *header;

  const std::uint64_t optional_offset = nt + sizeof kPeSignature + sizeof(FileHeader);
  const std::uint16_t optional_size = header->SizeOfOptionalHeader;
  const auto magic = file.read<std::uint16_t>(optional_offset);
  if (optional_size == 0 || !magic)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: has no optional header: an object file, not a program or DLL",
                file.name());
  facts->pe32 = *magic == kOptionalMagic32;
  if (*magic == kOptionalMagic64)
    facts->optional = read_partial<OptionalHeader64>(file, optional_offset, optional_size);
  else if (facts->pe32)
    widen(read_partial<OptionalHeader32>(file, optional_offset, optional_size), facts->optional);
  else
    return fail(STATUS_INVALID_IMAGE_FORMAT,
                "{}: its optional header starts with {:#x}, which is neither PE32+ nor PE32", file.name(), *magic);

  Image image(file, Layout::file, facts);
  if ((image.machine() == kMachineAmd64 && image.is_pe32()) || (image.machine() == kMachineI386 && !image.is_pe32()))
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: built for {}, yet its header is {}", file.name(),
                image.machine_name(), image.is_pe32() ? "PE32" : "PE32+");
  if (!any_machine) TRY(image.refusal());

  const OptionalHeader64& optional = facts->optional;
  const std::uint16_t count = header->NumberOfSections;
  if (count > kMostSections)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: has {} sections; {} are allowed", file.name(), count, kMostSections);
  if (!(header->Characteristics & kFileExecutableImage))
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: is marked as not runnable: its linker reported errors", file.name());
  TRY(check_alignments(file, image.section_alignment(), image.file_alignment()));
  const bool flat = image.low_alignment();
  if (optional.ImageBase % 0x10000 != 0) {
    const std::uint64_t base = optional.ImageBase;
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: ImageBase {:#x} is not a multiple of 64 KiB", file.name(), base);
  }
  const std::uint64_t size_of_image = round_up(optional.SizeOfImage, kPageSize);
  if (size_of_image == 0 || size_of_image > kLargestImage) {
    const std::uint32_t size = optional.SizeOfImage;
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: SizeOfImage is {:#x}", file.name(), size);
  }
  facts->size_of_image = static_cast<std::uint32_t>(size_of_image);
  // Vectors V8...V12: an image of headers only loads when it also reserves memory behind them.
  if (count == 0 && size_of_image <= kPageSize)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: has neither sections nor more than a page of memory", file.name());

  const std::uint64_t table = optional_offset + optional_size;
  const std::uint64_t table_end = table + std::uint64_t{count} * sizeof(SectionHeader);
  if (table_end > file.size() || table_end > size_of_image)
    return fail(STATUS_INVALID_FILE_FOR_SECTION,
                "{}: its section table ends at {:#x}, past the file ({:#x}) or SizeOfImage", file.name(), table_end,
                file.size());
  facts->size_of_headers =
      static_cast<std::uint32_t>(std::min(std::max<std::uint64_t>(optional.SizeOfHeaders, table_end), file.size()));

  facts->sections.reserve(count);
  std::uint64_t previous_end = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto row = TRY(file.read<SectionHeader>(table + i * sizeof(SectionHeader)));
    facts->sections.push_back(TRY(make_section(file, row, flat, previous_end, facts->size_of_image)));
    previous_end = facts->sections.back().end();
  }
  const std::uint64_t first = count != 0 ? facts->sections.front().rva.value : size_of_image;
  facts->header_extent = static_cast<std::uint32_t>(std::min(round_up(facts->size_of_headers, kPageSize), first));

  if (image.directory(kDirectoryComDescriptor).rva) {
    const auto managed = image.read<ComDescriptor>(image.directory(kDirectoryComDescriptor).rva);
    facts->il_only = managed && (managed->Flags & kComImageIlOnly) != 0;
    if (!any_machine) TRY(image.refusal());
  }
  return image;
}

Status Image::refusal() const {
  if (machine() != kMachineAmd64 || is_pe32())
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: built for {} ({}, machine {:#06x}); this process runs x86-64 (PE32+)",
                name(), machine_name(), is_pe32() ? "PE32" : "PE32+", machine());
  if (facts_->il_only) return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: a .NET assembly without native code", name());
  return ok;
}

Image Image::in_memory(std::span<const std::byte> mapped) const {
  assert(mapped.size() >= size_of_image());
  return Image(Bytes(mapped.first(size_of_image()), bytes_.name()), Layout::image, facts_);
}

const Section* Image::section_at(Rva rva) const {
  const auto& all = facts_->sections;
  auto after = std::upper_bound(all.begin(), all.end(), rva, [](Rva value, const Section& s) { return value < s.rva; });
  if (after == all.begin()) return nullptr;
  const Section& candidate = *std::prev(after);
  return candidate.contains(rva) ? &candidate : nullptr;
}

DirectoryRange Image::directory(std::uint32_t index) const {
  if (index >= kDirectoryCount || index == kDirectorySecurity) return {};
  const DataDirectory& entry = facts_->optional.DataDirectories[index];
  return {Rva{entry.VirtualAddress}, entry.Size};
}

DataDirectory Image::certificates() const {
  return facts_->optional.DataDirectories[kDirectorySecurity];
}

Image::Region Image::region_at(Rva rva) const {
  if (low_alignment()) {  // one flat piece (MAP-08)
    const auto in_file = static_cast<std::uint32_t>(std::min<std::uint64_t>(file_size(), size_of_image()));
    return {0, size_of_image(), 0, in_file};
  }
  if (const Section* section = section_at(rva)) {
    if (!section->accessible()) return {};
    return {section->rva.value, section->virtual_size, section->file_offset, section->file_size};
  }
  return {0, facts_->header_extent, 0, std::min(facts_->size_of_headers, facts_->header_extent)};
}

std::span<const std::byte> Image::view(const Region& region, Rva rva) const {
  const std::uint32_t offset = rva.value - region.rva;
  if (layout_ == Layout::image)
    return offset < region.virtual_size ? bytes_.span().subspan(rva.value, region.virtual_size - offset)
                                        : std::span<const std::byte>{};
  return offset < region.file_size ? bytes_.span().subspan(region.file_offset + offset, region.file_size - offset)
                                   : std::span<const std::byte>{};
}

std::span<const std::byte> Image::view(Rva rva) const {
  return view(region_at(rva), rva);
}

std::uint32_t Image::extent(Rva rva) const {
  const Region region = region_at(rva);
  const std::uint32_t offset = rva.value - region.rva;
  return offset < region.virtual_size ? region.virtual_size - offset : 0;
}

Result<Bytes> Image::at(Rva rva, std::uint64_t size) const {
  const auto bytes = view(rva);
  if (bytes.size() < size || bytes.empty())
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: needs {} bytes at RVA {:#x}, but there are {}", name(), size,
                rva.value, bytes.size());
  return Bytes(bytes.first(size), name());
}

Result<Bytes> Image::bytes_from(Rva rva) const {
  const auto bytes = view(rva);
  if (bytes.empty()) return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: there is nothing at RVA {:#x}", name(), rva.value);
  return Bytes(bytes, name());
}

Result<std::string_view> Image::string_at(Rva rva, std::uint64_t longest) const {
  const auto bytes = view(rva);
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  const std::size_t limit = std::min<std::uint64_t>(bytes.size(), longest);
  if (const void* end = limit != 0 ? std::memchr(begin, 0, limit) : nullptr)
    return std::string_view(begin, static_cast<std::size_t>(static_cast<const char*>(end) - begin));
  // A file may leave the terminator, or all of an empty string, to the zero-filled rest of the section.
  if (limit == bytes.size() && extent(rva) > bytes.size()) return std::string_view(begin, limit);
  return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: there is no string at RVA {:#x}", name(), rva.value);
}

Status Image::read_into(Rva rva, void* record, std::size_t size) const {
  if (extent(rva) < size)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: needs {} bytes at RVA {:#x}, which is not inside a section", name(),
                size, rva.value);
  const auto bytes = view(rva);
  if (!bytes.empty()) std::memcpy(record, bytes.data(), std::min(bytes.size(), size));
  return ok;
}

Result<Rva> Image::rva_of_va(std::uint64_t va, std::uint64_t size) const {
  const std::uint64_t base = layout_ == Layout::image ? reinterpret_cast<std::uintptr_t>(bytes_.data()) : image_base();
  const std::uint64_t offset = va - base;
  if (offset > size_of_image() || size_of_image() - offset < size)
    return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: the address {:#x} is outside the image at {:#x}", name(), va, base);
  return Rva{static_cast<std::uint32_t>(offset)};
}

}  // namespace hmodule::pe
