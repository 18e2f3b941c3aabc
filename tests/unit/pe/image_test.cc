#include "pe/image.h"

#include "support/matchers.h"
#include "support/pe_builder.h"

#include <gtest/gtest.h>

namespace hmodule::pe {
namespace {

using test::append;
using test::bytes_of;
using test::ByteVector;
using test::FailsWith;
using test::PeBuilder;
using test::Succeeds;
using testing::HasSubstr;

TEST(Image, AMinimalDllTellsItsFacts) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto image = Image::parse(dll.bytes("good.dll"));
  ASSERT_THAT(image, Succeeds());
  EXPECT_EQ(image->name(), "good.dll");
  EXPECT_EQ(image->machine(), kMachineAmd64);
  EXPECT_EQ(image->machine_name(), "x86-64");
  EXPECT_FALSE(image->is_pe32());
  EXPECT_TRUE(image->is_dll());
  EXPECT_EQ(image->image_base(), 0x180000000U);
  EXPECT_EQ(image->size_of_image(), 0x2000U);
  EXPECT_EQ(image->size_of_headers(), 0x400U);
  EXPECT_EQ(image->entry_point(), Rva{0x1000});
  ASSERT_EQ(image->sections().size(), 1U);
  const Section& text = image->sections()[0];
  EXPECT_EQ(text.name(), ".text");
  EXPECT_EQ(text.rva, Rva{0x1000});
  EXPECT_EQ(text.virtual_size, 0x1000U);
  EXPECT_EQ(text.file_offset, 0x400U);
  EXPECT_EQ(text.file_size, 0x200U);
  EXPECT_TRUE(text.executable());
  EXPECT_FALSE(text.writable());
}

struct BrokenHeader {
  const char* what;
  void (*damage)(PeBuilder&);
  NTSTATUS status;
  const char* reason;
};
void PrintTo(const BrokenHeader& broken, std::ostream* out) {
  *out << broken.what;
}
class BrokenHeaders : public testing::TestWithParam<BrokenHeader> {};

TEST_P(BrokenHeaders, AreRefusedAndExplained) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_data(bytes_of("data"));
  GetParam().damage(dll);
  const auto image = Image::parse(dll.bytes("broken.dll"));
  EXPECT_THAT(image, FailsWith(GetParam().status, GetParam().reason));
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().reason, HasSubstr("broken.dll: "));
  EXPECT_EQ(image.error().code(), DWORD{193});
}

INSTANTIATE_TEST_SUITE_P(
    Image, BrokenHeaders,
    testing::Values(
        BrokenHeader{"PE-01 empty", [](PeBuilder& dll) { dll.cut_to = 0; }, STATUS_INVALID_FILE_FOR_SECTION, "empty"},
        BrokenHeader{"PE-02 one byte", [](PeBuilder& dll) { dll.cut_to = 1; }, STATUS_INVALID_IMAGE_NOT_MZ, "1 bytes"},
        BrokenHeader{"PE-02 shorter than a DOS header", [](PeBuilder& dll) { dll.cut_to = 63; },
                     STATUS_INVALID_IMAGE_NOT_MZ, "63 bytes"},
        BrokenHeader{"PE-02 no MZ", [](PeBuilder& dll) { dll.dos.e_magic = 0x457F; }, STATUS_INVALID_IMAGE_NOT_MZ,
                     "0x457f"},
        BrokenHeader{"PE-03 e_lfanew past the end", [](PeBuilder& dll) { dll.dos.e_lfanew = 0xffff'fff0; },
                     STATUS_INVALID_IMAGE_PROTECT, "0xfffffff0"},
        BrokenHeader{"PE-03 only a DOS header", [](PeBuilder& dll) { dll.cut_to = 64; }, STATUS_INVALID_IMAGE_PROTECT,
                     "0x80"},
        BrokenHeader{"PE-03 another signature", [](PeBuilder& dll) { dll.signature = 0x12345678; },
                     STATUS_INVALID_IMAGE_PROTECT, "DOS program"},
        BrokenHeader{"PE-03 the file ends inside the file header", [](PeBuilder& dll) { dll.cut_to = 0x88; },
                     STATUS_INVALID_IMAGE_PROTECT, "inside its PE header"},
        BrokenHeader{"PE-04 LE", [](PeBuilder& dll) { dll.signature = kLeSignature; }, STATUS_INVALID_IMAGE_LE_FORMAT,
                     "LE"},
        BrokenHeader{"PE-05 32-bit x86",
                     [](PeBuilder& dll) {
                       dll.file.Machine = kMachineI386;
                       dll.optional.Magic = kOptionalMagic32;
                     },
                     STATUS_INVALID_IMAGE_FORMAT, "32-bit x86 (PE32"},
        BrokenHeader{"PE-05 ARM64", [](PeBuilder& dll) { dll.file.Machine = kMachineArm64; },
                     STATUS_INVALID_IMAGE_FORMAT, "ARM64 (PE32+"},
        BrokenHeader{"PE-05 x86 with a 64-bit header", [](PeBuilder& dll) { dll.file.Machine = kMachineI386; },
                     STATUS_INVALID_IMAGE_FORMAT, "yet its header is PE32+"},
        BrokenHeader{"PE-05 x86-64 with a 32-bit header", [](PeBuilder& dll) { dll.optional.Magic = kOptionalMagic32; },
                     STATUS_INVALID_IMAGE_FORMAT, "yet its header is PE32"},
        BrokenHeader{"PE-05 no magic", [](PeBuilder& dll) { dll.optional.Magic = 0x107; }, STATUS_INVALID_IMAGE_FORMAT,
                     "0x107"},
        BrokenHeader{"PE-07 no optional header", [](PeBuilder& dll) { dll.file.SizeOfOptionalHeader = 0; },
                     STATUS_INVALID_IMAGE_FORMAT, "no optional header"},
        BrokenHeader{"PE-09 97 sections", [](PeBuilder& dll) { dll.file.NumberOfSections = 97; },
                     STATUS_INVALID_IMAGE_FORMAT, "97 sections"},
        BrokenHeader{"PE-09 65535 sections", [](PeBuilder& dll) { dll.file.NumberOfSections = 0xFFFF; },
                     STATUS_INVALID_IMAGE_FORMAT, "65535 sections"},
        BrokenHeader{"PE-10 section table past the file", [](PeBuilder& dll) { dll.cut_to = 0x80 + 24 + 240 + 79; },
                     STATUS_INVALID_FILE_FOR_SECTION, "section table"},
        BrokenHeader{"PE-10 section table moved past SizeOfImage",
                     [](PeBuilder& dll) {
                       dll.file.SizeOfOptionalHeader = 0x4000;
                       dll.overlay.resize(0x10000);
                     },
                     STATUS_INVALID_FILE_FOR_SECTION, "section table"},
        BrokenHeader{"PE-11 SizeOfImage 0", [](PeBuilder& dll) { dll.optional.SizeOfImage = 0; },
                     STATUS_INVALID_IMAGE_FORMAT, "SizeOfImage is 0x0"},
        BrokenHeader{"PE-11 SizeOfImage that rounds up to nothing",
                     [](PeBuilder& dll) { dll.optional.SizeOfImage = 0xFFFFFFFF; }, STATUS_INVALID_IMAGE_FORMAT,
                     "SizeOfImage is 0xffffffff"},
        BrokenHeader{"PE-11 SizeOfImage cuts a section", [](PeBuilder& dll) { dll.optional.SizeOfImage = 0x2000; },
                     STATUS_INVALID_IMAGE_FORMAT, "past SizeOfImage 0x2000"},
        BrokenHeader{"PE-13 section past SizeOfImage",
                     [](PeBuilder& dll) { dll.section(".data").header.VirtualSize = 0x1001; },
                     STATUS_INVALID_IMAGE_FORMAT, "'.data' ends at 0x4000"},
        BrokenHeader{"PE-13 section wraps",
                     [](PeBuilder& dll) { dll.section(".data").header.VirtualSize = 0xFFFFF000; },
                     STATUS_INVALID_IMAGE_FORMAT, "'.data' ends at 0x100001000"},
        BrokenHeader{"PE-13 section at 0", [](PeBuilder& dll) { dll.section(".text").header.VirtualAddress = 0; },
                     STATUS_INVALID_IMAGE_FORMAT, "'.text' starts at 0x0"},
        BrokenHeader{"PE-13 sections overlap", [](PeBuilder& dll) { dll.section(".text").header.VirtualSize = 0x1001; },
                     STATUS_INVALID_IMAGE_FORMAT, "'.data' starts at 0x2000"},
        BrokenHeader{"PE-13 sections out of order",
                     [](PeBuilder& dll) {
                       dll.section(".text").header.VirtualAddress = 0x2000;
                       dll.section(".data").header.VirtualAddress = 0x1000;
                     },
                     STATUS_INVALID_IMAGE_FORMAT, "'.data' starts at 0x1000"},
        BrokenHeader{"PE-13 section inside a page",
                     [](PeBuilder& dll) { dll.section(".data").header.VirtualAddress = 0x2200; },
                     STATUS_INVALID_IMAGE_FORMAT, "inside a page"},
        BrokenHeader{"PE-14 data starts past the file",
                     [](PeBuilder& dll) { dll.section(".data").header.PointerToRawData = 0x800; },
                     STATUS_INVALID_IMAGE_FORMAT, "'.data' has its data at 0x800"},
        BrokenHeader{"PE-14 data ends past the file", [](PeBuilder& dll) { dll.cut_to = 0x600; },
                     STATUS_INVALID_IMAGE_FORMAT, "cut short?"},
        BrokenHeader{"PE-14 data wraps", [](PeBuilder& dll) { dll.section(".data").header.SizeOfRawData = 0xFFFFFFFF; },
                     STATUS_INVALID_IMAGE_FORMAT, "'.data' has its data"},
        BrokenHeader{"PE-15 section alignment below file alignment",
                     [](PeBuilder& dll) { dll.optional.FileAlignment = 0x2000; }, STATUS_INVALID_IMAGE_FORMAT,
                     "less than FileAlignment"},
        BrokenHeader{"PE-15 alignment not a power of two",
                     [](PeBuilder& dll) { dll.optional.SectionAlignment = 0x1800; }, STATUS_INVALID_IMAGE_FORMAT,
                     "powers of two"},
        BrokenHeader{"PE-15 alignment 0", [](PeBuilder& dll) { dll.optional.FileAlignment = 0; },
                     STATUS_INVALID_IMAGE_FORMAT, "powers of two"},
        BrokenHeader{"PE-16 low alignment that is not the file's",
                     [](PeBuilder& dll) { dll.optional.SectionAlignment = 0x400; }, STATUS_INVALID_IMAGE_FORMAT,
                     "less than a page"},
        BrokenHeader{"PE-16 low alignment with a section elsewhere in the file",
                     [](PeBuilder& dll) { dll.optional.SectionAlignment = 0x200; }, STATUS_INVALID_IMAGE_FORMAT,
                     "0x1000 in memory and 0x400 in the file"},
        BrokenHeader{"PE-17 ImageBase inside 64 KiB", [](PeBuilder& dll) { dll.optional.ImageBase = 0x180001000; },
                     STATUS_INVALID_IMAGE_FORMAT, "0x180001000"},
        BrokenHeader{"PE-19 not runnable", [](PeBuilder& dll) { dll.file.Characteristics = kFileDll; },
                     STATUS_INVALID_IMAGE_FORMAT, "not runnable"}),
    [](const testing::TestParamInfo<BrokenHeader>& test) {
      std::string name;
      for (const char* c = test.param.what; *c != 0; ++c)
        name += std::isalnum(static_cast<unsigned char>(*c)) ? *c : '_';
      return name;
    });

TEST(Image, Pe04TellsOldFormatsApart) {
  const auto with_target = [](std::uint8_t target) {
    PeBuilder dll = PeBuilder::minimal_dll();
    dll.signature = kNeSignature;
    dll.file = {};
    ByteVector file = dll.build();
    file[0x80 + 0x36] = std::byte{target};
    return file;
  };
  EXPECT_THAT(Image::parse(Bytes(with_target(2), "x")), FailsWith(STATUS_INVALID_IMAGE_WIN_16));
  EXPECT_THAT(Image::parse(Bytes(with_target(5), "x")), FailsWith(STATUS_INVALID_IMAGE_PROTECT));
  EXPECT_THAT(Image::parse(Bytes(with_target(1), "x")), FailsWith(STATUS_INVALID_IMAGE_NE_FORMAT));
}

TEST(Image, Pe06AndPe31ManagedImagesWithoutNativeCodeAreRefused) {
  PeBuilder dll = PeBuilder::minimal_dll();
  ByteVector header;
  append(header, ComDescriptor{72, 2, 5, {}, kComImageIlOnly});
  dll.set_directory(kDirectoryComDescriptor, dll.add_section(".clr", header, kSectionRead), 72);
  EXPECT_THAT(Image::parse(dll.bytes()), FailsWith(STATUS_INVALID_IMAGE_FORMAT, ".NET"));
  EXPECT_THAT(Image::inspect(dll.bytes()), Succeeds());
  test::put(dll.section(".clr").data, offsetof(ComDescriptor, Flags), std::uint32_t{0});
  EXPECT_THAT(Image::parse(dll.bytes()), Succeeds());
}

TEST(Image, Pe08FieldsPastTheOptionalHeaderReadAsZero) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_exports("x.dll", {{"f", 0x1000}});
  dll.file.SizeOfOptionalHeader = 0x70;  // no directories
  auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_FALSE(image->directory(kDirectoryExport).rva);
  EXPECT_EQ(image->dll_characteristics(), dll.optional.DllCharacteristics);

  dll.file.SizeOfOptionalHeader = 0x40;  // up to CheckSum
  image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_EQ(image->dll_characteristics(), 0);
  EXPECT_EQ(image->subsystem(), 0);
}

TEST(Image, Pe08DirectoriesEndWhereTheFileSaysSo) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.set_directory(kDirectoryExport, 0x1000, 8);
  dll.set_directory(kDirectoryImport, 0x1008, 8);
  dll.optional.NumberOfRvaAndSizes = 1;
  auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_TRUE(image->directory(kDirectoryExport).rva);
  EXPECT_FALSE(image->directory(kDirectoryImport).rva);
  EXPECT_FALSE(image->directory(99).rva);

  dll.optional.NumberOfRvaAndSizes = 0xFFFFFFFF;  // 16 are used
  image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_TRUE(image->directory(kDirectoryImport).rva);
}

TEST(Image, Pe12TheHeaderSizeIsMadeToFit) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.optional.SizeOfHeaders = 0;
  auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_EQ(image->size_of_headers(), 0x80U + 24 + 240 + 40);

  dll.optional.SizeOfHeaders = 0x7FFFFFFF;
  image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_EQ(image->size_of_headers(), image->file_size());
  EXPECT_EQ(image->header_extent(), 0x1000U);
}

TEST(Image, Pe14AFileCutInsideItsLastSectorStillLoads) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.cut_to = 0x401;
  const auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_EQ(image->sections()[0].file_size, 1U);
}

TEST(Image, Pe18Pe20Pe21Pe22AreNotJudged) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.optional.CheckSum = 0xBAD;
  dll.optional.Subsystem = kSubsystemNative;
  dll.optional.Win32VersionValue = dll.optional.LoaderFlags = 7;
  dll.optional.MajorOperatingSystemVersion = dll.optional.MajorSubsystemVersion = 99;
  dll.optional.DllCharacteristics |= kDllForceIntegrity | kDllAppContainer | kDllWdmDriver;
  EXPECT_THAT(Image::parse(dll.bytes()), Succeeds());
}

TEST(Image, Pe23ARawViewOnlyNeedsItsSignatures) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.file.Machine = kMachineI386;
  dll.optional.SizeOfImage = 0;
  EXPECT_THAT(check_data_file(dll.bytes()), Succeeds());
  dll.signature = 0;
  EXPECT_THAT(check_data_file(dll.bytes()), FailsWith(STATUS_INVALID_IMAGE_PROTECT));
}

TEST(Image, InspectReadsOtherMachinesAndSaysWhyTheyDoNotRun) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.file.Machine = kMachineArm64;
  const auto arm = Image::inspect(dll.bytes("arm.dll"));
  ASSERT_THAT(arm, Succeeds());
  EXPECT_EQ(arm->machine_name(), "ARM64");
  EXPECT_THAT(arm->refusal(), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "arm.dll: built for ARM64"));

  dll.file.Machine = 0x1234;
  const auto unknown = Image::inspect(dll.bytes());
  ASSERT_THAT(unknown, Succeeds());
  EXPECT_THAT(unknown->refusal(), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "0x1234"));
}

TEST(Image, InspectReadsPe32) {
  PeBuilder dll = PeBuilder::minimal_dll();
  OptionalHeader32 narrow{};
  narrow.Magic = kOptionalMagic32;
  narrow.AddressOfEntryPoint = 0x1000;
  narrow.ImageBase = 0x10000000;
  narrow.SectionAlignment = 0x1000;
  narrow.FileAlignment = 0x200;
  narrow.SizeOfImage = 0x2000;
  narrow.SizeOfHeaders = 0x400;
  narrow.Subsystem = kSubsystemWindowsCui;
  narrow.NumberOfRvaAndSizes = 16;
  narrow.DataDirectories[kDirectoryExport] = {0x1000, 40};
  dll.file.Machine = kMachineI386;
  dll.file.SizeOfOptionalHeader = sizeof narrow;
  ByteVector file = dll.build();  // the section table is in its place; the header before it is not
  std::memcpy(file.data() + 0x80 + 24, &narrow, sizeof narrow);
  const auto image = Image::inspect(Bytes(file, "old.dll"));
  ASSERT_THAT(image, Succeeds());
  EXPECT_TRUE(image->is_pe32());
  EXPECT_EQ(image->image_base(), 0x10000000U);
  EXPECT_EQ(image->subsystem(), kSubsystemWindowsCui);
  EXPECT_EQ(image->directory(kDirectoryExport).rva, Rva{0x1000});
  EXPECT_THAT(image->refusal(), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "32-bit x86"));
}

// The header vectors of the specification's §8.1: a DOS header of `dos` bytes, NT headers right after it, the optional
// header in full whatever its declared size (or padded, when that is more), at most one ten-byte section.
struct Vector {
  const char* name;
  std::uint32_t dos;
  std::uint16_t sections, optional;
  std::uint32_t section_alignment, file_alignment, size_of_image, size_of_headers;
  bool headers_added;  // SizeOfImage is in addition to the headers
  bool loads;
};
void PrintTo(const Vector& vector, std::ostream* out) {
  *out << vector.name;
}

constexpr std::uint16_t kFull = sizeof(OptionalHeader64), kToCheckSum = 0x40;
constexpr std::uint32_t kHeaders = 0xFFFFFFFF;  // "headers" of the table

ByteVector file_of(const Vector& v) {
  const std::uint32_t headers = v.dos + 24 + v.optional + v.sections * 40;
  DosHeader dos{};
  dos.e_magic = kDosMagic;
  dos.e_lfanew = v.dos;
  FileHeader header{};
  header.Machine = kMachineAmd64;
  header.NumberOfSections = v.sections;
  header.SizeOfOptionalHeader = v.optional;
  header.Characteristics = kFileExecutableImage | kFileDll;
  OptionalHeader64 optional{};
  optional.Magic = kOptionalMagic64;
  optional.BaseOfCode = v.dos == 16 ? 16 : 0;  // where a DOS header that starts 16 bytes earlier has e_lfanew
  optional.ImageBase = 0x180000000;
  optional.SectionAlignment = v.section_alignment;
  optional.FileAlignment = v.file_alignment;
  optional.SizeOfHeaders = v.size_of_headers == kHeaders ? headers : v.size_of_headers;
  optional.SizeOfImage = v.size_of_image + (v.headers_added ? headers : 0);
  optional.NumberOfRvaAndSizes = 16;

  ByteVector file(v.dos);
  std::memcpy(file.data(), &dos, std::min<std::size_t>(v.dos, sizeof dos));
  append(file, kPeSignature);
  append(file, header);
  const std::size_t start = file.size();
  if (v.optional != 0) append(file, optional);
  if (v.sections != 0) {
    file.resize(start + v.optional);
    SectionHeader section{};
    std::memcpy(section.Name, ".text", 5);
    section.SizeOfRawData = 10;
    const bool flat = v.section_alignment < kPageSize;
    section.VirtualSize = flat ? 5 : 100;
    section.VirtualAddress = flat ? optional.SizeOfHeaders : v.section_alignment;
    section.PointerToRawData = flat ? optional.SizeOfHeaders : v.dos;
    section.Characteristics = kSectionRead;
    append(file, section);
    for (int i = 0; i < 10; ++i) file.push_back(std::byte{0xCC});
  }
  return file;
}

class HeaderVectors : public testing::TestWithParam<Vector> {};
TEST_P(HeaderVectors, LoadAsOnWindows10) {
  const ByteVector file = file_of(GetParam());
  const auto image = Image::parse(Bytes(file, "vector.dll"));
  if (GetParam().loads)
    EXPECT_THAT(image, Succeeds());
  else
    EXPECT_EQ(image ? DWORD{0} : image.error().code(), DWORD{193});
}
INSTANTIATE_TEST_SUITE_P(Image, HeaderVectors,
                         testing::Values(Vector{"V1", 64, 1, 0, 0, 0, 0, 0, false, false},
                                         Vector{"V2", 64, 1, kFull, 0x1000, 0x1000, 0xE00, kHeaders, true, false},
                                         Vector{"V3", 64, 1, kFull, 0x1000, 0x1000, 0x1000, kHeaders, true, true},
                                         Vector{"V4", 64, 1, kFull, 0x1000, 0x1000, 0x1F00, 0x1000, false, true},
                                         Vector{"V5", 64, 1, kFull, 0x200, 0x200, 0x200, kHeaders, true, true},
                                         Vector{"V6", 64, 1, kFull, 0x200, 0x1000, 0x1000, kHeaders, true, false},
                                         Vector{"V7", 64, 1, kFull, 0x1000, 0x200, 0x1000, kHeaders, true, true},
                                         Vector{"V7_0x200", 64, 1, kFull, 0x1000, 0x200, 0x1000, 0x200, true, true},
                                         Vector{"V8_0xD0", 64, 0, kToCheckSum, 0x200, 0x200, 0xD0, 0xC0, false, false},
                                         Vector{"V8_0x1000", 64, 0, kToCheckSum, 0x200, 0x200, 0x1000, 0, false, false},
                                         Vector{"V8_1", 64, 0, kToCheckSum, 0x200, 0x200, 1, 0, false, false},
                                         Vector{"V9_4", 64, 0, kToCheckSum, 4, 4, 1, 0, false, false},
                                         Vector{"V9_1", 64, 0, kToCheckSum, 1, 1, 1, 0, false, false},
                                         Vector{"V9_0x200", 64, 0, kToCheckSum, 0x200, 0x200, 0, 0, false, false},
                                         Vector{"V10", 16, 1, 0x148, 0x1000, 0x200, 0x1000, 0x200, true, true},
                                         Vector{"V11_1", 4, 0, kToCheckSum, 4, 4, 1, 0, false, false},
                                         Vector{"V11_0x40", 4, 0, kFull, 4, 4, 0x40, 0, false, false},
                                         Vector{"V12", 4, 0, 8, 4, 4, 0x200000, 0x40, false, true}),
                         [](const testing::TestParamInfo<Vector>& test) { return std::string(test.param.name); });

TEST(Image, EveryTruncationIsRefusedOrLoadsButNeverReadsPastTheEnd) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"kernel32.dll", {"Sleep"}}});
  const ByteVector whole = dll.build();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));  // exact, for ASan
    const auto image = Image::parse(Bytes(cut, "cut.dll"));
    EXPECT_EQ(image.has_value(), size > whole.size() - 0x200) << size;
  }
}

TEST(ImageReads, FindFileBytesThroughTheSectionTable) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t data = dll.add_section(".data", bytes_of("hello"), kSectionRead, 0x1800);
  const auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  const auto at = image->at(Rva{data}, 5);
  ASSERT_THAT(at, Succeeds());
  EXPECT_EQ(std::memcmp(at->data(), "hello", 5), 0);
  EXPECT_EQ(*image->string_at(Rva{data + 1}), "ello");
  EXPECT_EQ(image->view(Rva{data}).size(), 0x200U);
  EXPECT_EQ(image->extent(Rva{data}), 0x2000U);  // MAP-04: whole pages
  EXPECT_EQ(image->at(Rva{0}, 2)->data(), image->bytes().data());
}

TEST(ImageReads, ZeroFillIsThereForRecordsAndStringsButNotForBytes) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t data = dll.add_section(".data", ByteVector(0x200, std::byte{'x'}), kSectionRead, 0x1000);
  const auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_EQ(*image->read<std::uint32_t>(Rva{data + 0x1FE}), 0x7878U);
  EXPECT_EQ(*image->read<std::uint32_t>(Rva{data + 0x800}), 0U);
  EXPECT_EQ(*image->string_at(Rva{data + 0x1FE}), "xx");
  EXPECT_EQ(*image->string_at(Rva{data + 0x300}), "");
  EXPECT_THAT(image->at(Rva{data + 0x1FF}, 2), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  EXPECT_THAT(image->read<std::uint32_t>(Rva{data + 0xFFD}), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

TEST(ImageReads, NothingIsFoundOutsideHeadersAndSections) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto image = Image::parse(dll.bytes("x.dll"));
  ASSERT_THAT(image, Succeeds());
  for (const std::uint32_t rva : {0x2000U, 0x10000U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    EXPECT_THAT(image->at(Rva{rva}, 1), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "x.dll"));
    EXPECT_THAT(image->from(Rva{rva}), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
    EXPECT_THAT(image->string_at(Rva{rva}), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
    EXPECT_THAT(image->read<std::uint8_t>(Rva{rva}), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  }
  EXPECT_THAT(image->at(Rva{0x1000}, ~std::uint64_t{0}), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

TEST(ImageReads, ASectionWithoutRightsCannotBeRead) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t secret = dll.add_section(".none", bytes_of("x"), kSectionInitializedData);
  const auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_THAT(image->at(Rva{secret}, 1), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

TEST(ImageReads, InMemoryAnRvaIsAnOffset) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto file = Image::parse(dll.bytes());
  ASSERT_THAT(file, Succeeds());
  ByteVector memory(file->size_of_image());
  memory[0x1123] = std::byte{'!'};
  const Image image = file->in_memory(memory);
  EXPECT_EQ(image.layout(), Layout::image);
  EXPECT_EQ(*image.string_at(Rva{0x1123}), "!");
  EXPECT_EQ(image.at(Rva{0x1FFF}, 1)->data(), memory.data() + 0x1FFF);
  EXPECT_THAT(image.at(Rva{0x1FFF}, 2), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  EXPECT_EQ(image.file_size(), file->file_size());
}

TEST(ImageReads, AddressesAreRelativeToWhereTheImageIs) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto file = Image::parse(dll.bytes());
  ASSERT_THAT(file, Succeeds());
  EXPECT_EQ(*file->rva_of_va(0x180001234), Rva{0x1234});
  EXPECT_THAT(file->rva_of_va(0x17FFFFFFF), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  EXPECT_THAT(file->rva_of_va(0x180001FFD, 4), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  EXPECT_THAT(file->rva_of_va(0x180001000, ~std::uint64_t{0}), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  ByteVector memory(file->size_of_image());
  const auto base = reinterpret_cast<std::uintptr_t>(memory.data());
  EXPECT_EQ(*file->in_memory(memory).rva_of_va(base + 4), Rva{4});
}

TEST(Image, CertificatesAreAFileOffsetNotAnRva) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.set_directory(kDirectorySecurity, 0x600, 0x88);
  const auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  EXPECT_EQ(image->certificates().VirtualAddress, 0x600U);
  EXPECT_FALSE(image->directory(kDirectorySecurity).rva);
}

}  // namespace
}  // namespace hmodule::pe
