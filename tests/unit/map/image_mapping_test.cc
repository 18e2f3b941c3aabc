#include "map/image_mapping.h"

#include "support/mapped_ranges.h"
#include "support/matchers.h"
#include "support/pe_builder.h"

#include <gtest/gtest.h>

#include <sys/mman.h>

namespace hmodule::map {
namespace {

using pe::Image;
using pe::Rva;
using test::append;
using test::bytes_of;
using test::ByteVector;
using test::FailsWith;
using test::PeBuilder;
using test::put;
using test::rights_at;
using test::Succeeds;

constexpr std::uint32_t kRead = pe::kSectionRead, kWrite = pe::kSectionWrite, kExecute = pe::kSectionExecute;
const std::uint64_t kFree = test::free_address();

// A file of known bytes: each is the low byte of its file offset divided by 16, and never zero.
ByteVector pattern(std::size_t size) {
  ByteVector data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::byte>(i / 16 % 255 + 1);
  return data;
}

struct Laid {
  explicit Laid(const PeBuilder& dll)
      : file(dll.build()),
        checked(*Image::parse(Bytes(file, "test.dll"))),
        mapping(*lay_out(checked)),
        image(checked.in_memory(mapping.span())) {}
  template <typename T>
  T at(std::uint32_t rva) const {
    T value;
    std::memcpy(&value, mapping.base() + rva, sizeof value);
    return value;
  }
  ByteVector file;
  Image checked;
  Mapping mapping;
  Image image;
};

bool all_zero(const std::byte* begin, std::size_t size) {
  return std::all_of(begin, begin + size, [](std::byte b) { return b == std::byte{0}; });
}

TEST(LayOut, Map01TakesThePreferredBase) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.optional.ImageBase = kFree;
  const Laid laid(dll);
  EXPECT_EQ(laid.mapping.address(), kFree);
  EXPECT_EQ(laid.mapping.size(), 0x2000U);
}

TEST(LayOut, Map02HeadersAreTheFilesAndThenZero) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const Laid laid(dll);
  EXPECT_EQ(std::memcmp(laid.mapping.base(), laid.file.data(), 0x400), 0);
  EXPECT_TRUE(all_zero(laid.mapping.base() + 0x400, 0xC00));
  ASSERT_THAT(protect(laid.image), Succeeds());
  EXPECT_EQ(rights_at(laid.mapping.base()), "r--p");
}

TEST(LayOut, Map02HeadersEndAtTheirEffectiveSize) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.optional.SizeOfHeaders = 0x200;
  const Laid laid(dll);
  EXPECT_TRUE(all_zero(laid.mapping.base() + 0x200, 0xE00));
}

TEST(LayOut, Map03APointerInsideASectorShowsTheWholeSector) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_data(pattern(0x600));
  auto& section = dll.section(".data");
  section.header.PointerToRawData += 0x123;
  section.header.SizeOfRawData = 0x100;
  const Laid laid(dll);
  EXPECT_EQ(std::memcmp(laid.mapping.base() + rva, section.data.data(), 0x400), 0);  // 0x123 + 0x100, rounded up
  EXPECT_TRUE(all_zero(laid.mapping.base() + rva + 0x400, 0xC00));
}

TEST(LayOut, Map03WithoutAPointerOrSizeASectionIsZero) {
  for (const bool no_pointer : {true, false}) {
    PeBuilder dll = PeBuilder::minimal_dll();
    const std::uint32_t rva = dll.add_data(pattern(0x200));
    auto& header = dll.section(".data").header;
    (no_pointer ? header.PointerToRawData : header.SizeOfRawData) = 0;
    const Laid laid(dll);
    EXPECT_TRUE(all_zero(laid.mapping.base() + rva, 0x1000));
  }
}

TEST(LayOut, Map04WithoutAVirtualSizeTheRawSizeCounts) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_data(pattern(0x1200));
  dll.section(".data").header.VirtualSize = 0;
  const Laid laid(dll);
  EXPECT_EQ(std::memcmp(laid.mapping.base() + rva, dll.section(".data").data.data(), 0x1200), 0);
  EXPECT_EQ(laid.mapping.size(), rva + 0x2000U);
}

TEST(LayOut, Map04RawDataShowsUpToTheLastWholePage) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_data(pattern(0x1800));
  dll.section(".data").header.VirtualSize = 0x10;
  dll.optional.SizeOfImage = rva + 0x1000;
  const Laid laid(dll);
  EXPECT_EQ(std::memcmp(laid.mapping.base() + rva, dll.section(".data").data.data(), 0x1000), 0);
  EXPECT_EQ(laid.mapping.size(), rva + 0x1000U);
}

TEST(LayOut, Map05ZeroFillStartsAtTheEndOfTheSector) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_data(pattern(0x200));
  auto& header = dll.section(".data").header;
  header.SizeOfRawData = 0x10;
  header.VirtualSize = 0x10;
  const Laid laid(dll);
  EXPECT_EQ(std::memcmp(laid.mapping.base() + rva, dll.section(".data").data.data(), 0x200), 0);
  EXPECT_TRUE(all_zero(laid.mapping.base() + rva + 0x200, 0xE00));
}

TEST(LayOut, Pe14BytesAFileLacksReadAsZero) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_data(pattern(0x200));
  dll.cut_to = dll.section(".data").data_offset + 0x11;
  const Laid laid(dll);
  EXPECT_EQ(std::memcmp(laid.mapping.base() + rva, dll.section(".data").data.data(), 0x11), 0);
  EXPECT_TRUE(all_zero(laid.mapping.base() + rva + 0x11, 0xFEF));
}

TEST(LayOut, Map10AGapHasNoAccess) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.optional.SectionAlignment = 0x10000;
  const std::uint32_t rva = dll.add_data(pattern(0x200));
  const Laid laid(dll);
  ASSERT_THAT(protect(laid.image), Succeeds());
  EXPECT_EQ(rights_at(laid.mapping.base() + rva), "rw-p");
  EXPECT_EQ(rights_at(laid.mapping.base() + rva - 1), "---p");
  EXPECT_EQ(rights_at(laid.mapping.base() + rva + 0x1000), "---p");
  EXPECT_EQ(rights_at(laid.mapping.base() + 0x2000), "---p");
}

TEST(LayOut, NothingIsExecutableBeforeProtect) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const Laid laid(dll);
  EXPECT_EQ(rights_at(laid.mapping.base() + 0x1000), "rw-p");
}

TEST(LayOut, Pe34OverlayDataIsNotMapped) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.overlay = pattern(0x5000);
  const Laid laid(dll);
  EXPECT_EQ(laid.mapping.size(), 0x2000U);
  EXPECT_TRUE(all_zero(laid.mapping.base() + 0x1200, 0xE00));
}

TEST(LayOut, Map11LeavesNothingBehind) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.optional.ImageBase = kFree;
  dll.add_data(pattern(0x300000));
  const std::byte* base;
  {
    const Laid laid(dll);
    base = laid.mapping.base();
    EXPECT_EQ(rights_at(base + 0x2000), "rw-p");
  }
  EXPECT_EQ(rights_at(base), "");
  EXPECT_EQ(rights_at(base + 0x2000), "");
}

// A file whose section lies at the same place in memory and in the file.
PeBuilder low_alignment_dll() {
  PeBuilder dll;
  dll.optional.SectionAlignment = dll.optional.FileAlignment = 0x200;
  dll.optional.ImageBase = kFree;
  dll.add_code(bytes_of({0xB8, 42, 0, 0, 0, 0xC3}));
  return dll;
}

TEST(LayOut, Map08LowAlignmentIsMappedFlatAndOpen) {
  PeBuilder dll = low_alignment_dll();
  const Laid laid(dll);
  EXPECT_EQ(laid.mapping.address(), kFree);
  EXPECT_EQ(std::memcmp(laid.mapping.base(), laid.file.data(), laid.file.size()), 0);
  ASSERT_THAT(relocate(laid.image), Succeeds());
  ASSERT_THAT(protect(laid.image), Succeeds());
  EXPECT_EQ(rights_at(laid.mapping.base()), "rwxp");
  auto* function = reinterpret_cast<int (*)()>(laid.mapping.base() + 0x400);
  EXPECT_EQ(function(), 42);
}

TEST(LayOut, Map08LowAlignmentMustHaveItsBase) {
  PeBuilder dll = low_alignment_dll();
  const auto taken = Mapping::reserve_exactly(kFree, 0x1000);
  const ByteVector file = dll.build();
  const auto mapping = lay_out(*Image::parse(Bytes(file, "x")));
  EXPECT_THAT(mapping, FailsWith(STATUS_CONFLICTING_ADDRESSES));
  EXPECT_EQ(mapping.error().code(), DWORD{487});
}

struct Rights {
  std::uint32_t characteristics;
  const char* expected;
};
class SectionRights : public testing::TestWithParam<Rights> {};
TEST_P(SectionRights, Map06FollowTheCharacteristics) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_section(".x", pattern(0x200), GetParam().characteristics);
  const Laid laid(dll);
  ASSERT_THAT(protect(laid.image), Succeeds());
  EXPECT_EQ(rights_at(laid.mapping.base() + rva), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(Protect, SectionRights,
                         testing::Values(Rights{0, "---p"}, Rights{kRead, "r--p"}, Rights{kWrite, "rw-p"},
                                         Rights{kRead | kWrite, "rw-p"}, Rights{kExecute, "r-xp"},
                                         Rights{kRead | kExecute, "r-xp"}, Rights{kWrite | kExecute, "rwxp"},
                                         Rights{kRead | kWrite | kExecute, "rwxp"},
                                         Rights{kRead | pe::kSectionCode | pe::kSectionDiscardable, "r--p"},
                                         Rights{kRead | pe::kSectionShared, "r--p"}));

// ---- relocations

PeBuilder movable_dll() {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.optional.ImageBase = kFree;
  return dll;
}

TEST(Relocate, Rel01AtThePreferredBaseTheDirectoryIsNotEvenLookedAt) {
  PeBuilder dll = movable_dll();
  dll.set_directory(pe::kDirectoryBaseReloc, 0xFFFFFFF0, 0xFFFFFFF0);
  const Laid laid(dll);
  ASSERT_EQ(laid.mapping.address(), kFree);
  EXPECT_THAT(relocate(laid.image), Succeeds());
}

class Moved : public testing::Test {
 protected:
  Mapping taken_ = *Mapping::reserve_exactly(kFree, 0x10000);
};

TEST_F(Moved, Rel06Rel07EachTypeIsAdded) {
  PeBuilder dll = movable_dll();
  ByteVector data;
  append(data, std::uint64_t{kFree + 0x1234});             // DIR64
  append(data, static_cast<std::uint32_t>(kFree + 0x56));  // HIGHLOW
  append(data, std::uint16_t{0x1111});                     // HIGH
  append(data, std::uint16_t{0x2222});                     // LOW
  append(data, std::uint64_t{0xAAAA});                     // none
  const std::uint32_t rva = dll.add_data(data);
  dll.add_relocations(
      {{rva, pe::kRelocDir64}, {rva + 8, pe::kRelocHighLow}, {rva + 12, pe::kRelocHigh}, {rva + 14, pe::kRelocLow}});
  const Laid laid(dll);
  ASSERT_NE(laid.mapping.address(), kFree);
  ASSERT_THAT(relocate(laid.image), Succeeds());
  const std::uint64_t delta = laid.mapping.address() - kFree;
  EXPECT_EQ(laid.at<std::uint64_t>(rva), laid.mapping.address() + 0x1234);
  EXPECT_EQ(laid.at<std::uint32_t>(rva + 8), static_cast<std::uint32_t>(kFree + 0x56 + delta));
  EXPECT_EQ(laid.at<std::uint16_t>(rva + 12), static_cast<std::uint16_t>(0x1111 + (delta >> 16)));
  EXPECT_EQ(laid.at<std::uint16_t>(rva + 14), static_cast<std::uint16_t>(0x2222 + delta));
  EXPECT_EQ(laid.at<std::uint64_t>(rva + 16), 0xAAAAU);
}

TEST_F(Moved, Map02TheHeaderInMemoryTellsTheNewBase) {
  PeBuilder dll = movable_dll();
  const Laid laid(dll);
  ASSERT_THAT(relocate(laid.image), Succeeds());
  EXPECT_EQ(laid.at<std::uint64_t>(0x80 + 24 + offsetof(pe::OptionalHeader64, ImageBase)), laid.mapping.address());
}

TEST_F(Moved, Rel02ADllWithoutRelocationsCannotMove) {
  PeBuilder dll = movable_dll();
  dll.file.Characteristics |= pe::kFileRelocsStripped;
  const Laid laid(dll);
  const auto moved = relocate(laid.image);
  EXPECT_THAT(moved, FailsWith(STATUS_CONFLICTING_ADDRESSES));
  EXPECT_EQ(moved.error().code(), DWORD{487});
}

TEST_F(Moved, Rel02AnExecutableWithoutRelocationsMovesUnchanged) {
  PeBuilder dll = movable_dll();
  const std::uint32_t slot = dll.add_pointer(0x1000);
  dll.add_relocations();
  dll.file.Characteristics = pe::kFileExecutableImage | pe::kFileRelocsStripped;
  const Laid laid(dll);
  EXPECT_THAT(relocate(laid.image), Succeeds());
  EXPECT_EQ(laid.at<std::uint64_t>(slot), kFree + 0x1000);
}

TEST_F(Moved, Rel03WithoutADirectoryNothingIsApplied) {
  PeBuilder dll = movable_dll();
  dll.add_pointer(0x1000);
  const Laid laid(dll);
  EXPECT_THAT(relocate(laid.image), Succeeds());
}

TEST_F(Moved, Rel04ADirectoryWithoutAnAddressCannotMove) {
  PeBuilder dll = movable_dll();
  dll.set_directory(pe::kDirectoryBaseReloc, 0, 16);
  const Laid laid(dll);
  EXPECT_THAT(relocate(laid.image), FailsWith(STATUS_CONFLICTING_ADDRESSES));
}

TEST_F(Moved, Rel05AFixUpOutsideTheSectionsIsAnAccessViolation) {
  for (const std::uint32_t offset : {0xFF9U, 0xFFFU}) {  // the last page of the image: its end is cut off
    PeBuilder dll = movable_dll();
    const std::uint32_t data = dll.add_data(pattern(0x10));
    dll.add_relocations({{data}});
    auto& reloc = dll.section(".reloc");
    const std::uint32_t page = reloc.header.VirtualAddress;  // the last section
    test::put(reloc.data, 0, pe::BaseRelocation{page, 12});
    test::put(reloc.data, 8, static_cast<std::uint16_t>(pe::kRelocDir64 << 12 | offset));
    dll.set_directory(pe::kDirectoryBaseReloc, page, 12);
    const Laid laid(dll);
    EXPECT_THAT(relocate(laid.image), FailsWith(STATUS_ACCESS_VIOLATION)) << offset;
  }
}

TEST_F(Moved, Rel06AnUnknownTypeFails) {
  PeBuilder dll = movable_dll();
  const std::uint32_t rva = dll.add_data(pattern(0x10));
  dll.add_relocations({{rva, 4}});
  const Laid laid(dll);
  EXPECT_THAT(relocate(laid.image), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

TEST_F(Moved, Rel07AFixUpMayStraddleTwoSectionsOfDifferentRights) {
  PeBuilder dll = movable_dll();
  ByteVector first(0x1000);
  const std::uint32_t rva = dll.add_section(".first", first, kRead);
  dll.add_section(".second", ByteVector(0x200), kRead | kWrite);
  dll.add_relocations({{rva + 0xFFB}});
  const Laid laid(dll);
  ASSERT_THAT(relocate(laid.image), Succeeds());
  EXPECT_EQ(laid.at<std::uint64_t>(rva + 0xFFB), laid.mapping.address() - kFree);
}

TEST_F(Moved, Rel08CodeIsRelocatedAndItsRightsAreAsAsked) {
  PeBuilder dll = movable_dll();
  // mov rax, imm64 (the address of the function itself); ret
  ByteVector code = bytes_of({0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0xC3});
  const std::uint32_t rva = dll.next_rva();
  test::put(code, 2, kFree + rva);
  dll.add_section(".text2", code, kRead | kExecute);
  dll.add_relocations({{rva + 2}});
  const Laid laid(dll);
  ASSERT_THAT(relocate(laid.image), Succeeds());
  ASSERT_THAT(protect(laid.image), Succeeds());
  EXPECT_EQ(rights_at(laid.mapping.base() + rva), "r-xp");
  auto* function = reinterpret_cast<std::uint64_t (*)()>(laid.mapping.base() + rva);
  EXPECT_EQ(function(), laid.mapping.address() + rva);
}

// ---- security cookie

TEST(SecurityCookie, Lc01ADefaultIsReplacedByARandomOne) {
  for (const std::uint64_t initial : {0x00002B992DDFA232ULL, 0xBB40E64EULL, 0xBB40ULL}) {
    PeBuilder dll = PeBuilder::minimal_dll();
    const std::uint32_t rva = dll.add_security_cookie(initial);
    dll.add_relocations();
    const Laid laid(dll);
    ASSERT_THAT(relocate(laid.image), Succeeds());
    set_security_cookie(laid.image);
    const auto cookie = laid.at<std::uint64_t>(rva);
    EXPECT_NE(cookie, initial);
    EXPECT_EQ(cookie >> 48, 0U);
    EXPECT_NE(cookie, 0U);
  }
}

TEST(SecurityCookie, Lc01AnotherValueIsLeftAlone) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_security_cookie(0x1234);
  dll.add_relocations();
  const Laid laid(dll);
  ASSERT_THAT(relocate(laid.image), Succeeds());
  set_security_cookie(laid.image);
  EXPECT_EQ(laid.at<std::uint64_t>(rva), 0x1234U);
}

TEST(SecurityCookie, Lc01AnAddressOutsideTheImageIsLeftAlone) {
  PeBuilder dll = PeBuilder::minimal_dll();
  pe::LoadConfigDirectory64 config{};
  config.SecurityCookie = 0x10;
  dll.add_load_config(config);
  const Laid laid(dll);
  set_security_cookie(laid.image);  // and nothing happens
}

TEST(SecurityCookie, Map12AReadOnlyCookieIsReadOnlyAgain) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_security_cookie();
  dll.section(".cookie").header.Characteristics = kRead;
  dll.add_relocations();
  const Laid laid(dll);
  ASSERT_THAT(relocate(laid.image), Succeeds());
  set_security_cookie(laid.image);
  ASSERT_THAT(protect(laid.image), Succeeds());
  EXPECT_NE(laid.at<std::uint64_t>(rva), 0x00002B992DDFA232U);
  EXPECT_EQ(rights_at(laid.mapping.base() + rva), "r--p");
}

// ---- resource views, writable scopes

TEST(ResourceView, Flag15SectionsAreInPlaceUnrelocatedAndOnlyReadable) {
  PeBuilder dll = movable_dll();
  const std::uint32_t slot = dll.add_pointer(0x1000);
  dll.add_relocations();
  const ByteVector file = dll.build();
  const auto view = lay_out_resources(*Image::parse(Bytes(file, "x")));
  ASSERT_THAT(view, Succeeds());
  std::uint64_t value;
  std::memcpy(&value, view->base() + slot, sizeof value);
  EXPECT_EQ(value, kFree + 0x1000);
  EXPECT_EQ(rights_at(view->base() + 0x1000), "r--p");
  EXPECT_EQ(rights_at(view->base() + slot), "r--p");
}

TEST(ResourceView, Flag13AcceptsOtherMachinesAndLowAlignment) {
  PeBuilder dll = low_alignment_dll();
  dll.file.Machine = pe::kMachineArm64;
  const ByteVector file = dll.build();
  const auto taken = Mapping::reserve_exactly(kFree, 0x1000);
  const auto view = lay_out_resources(*Image::inspect(Bytes(file, "x")));
  ASSERT_THAT(view, Succeeds());
  EXPECT_EQ(rights_at(view->base()), "r--p");
}

TEST(WritableScope, Dly07OpensThePagesAndClosesThemAgain) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_section(".didat", pattern(0x2000), kRead);
  const Laid laid(dll);
  ASSERT_THAT(protect(laid.image), Succeeds());
  {
    auto scope = WritableScope::open(laid.image, Rva{rva + 0xFFC}, 8);
    ASSERT_THAT(scope, Succeeds());
    EXPECT_EQ(rights_at(laid.mapping.base() + rva), "rw-p");
    EXPECT_EQ(rights_at(laid.mapping.base() + rva + 0x1000), "rw-p");
  }
  EXPECT_EQ(rights_at(laid.mapping.base() + rva), "r--p");
  EXPECT_EQ(rights_at(laid.mapping.base() + rva + 0x1000), "r--p");
}

TEST(WritableScope, OutsideTheSectionsIsRefused) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const Laid laid(dll);
  EXPECT_THAT(WritableScope::open(laid.image, Rva{0x1FFC}, 8), FailsWith(STATUS_ACCESS_VIOLATION));
  EXPECT_THAT(WritableScope::open(laid.image, Rva{0xFFFFFFF0}, 8), FailsWith(STATUS_ACCESS_VIOLATION));
}

}  // namespace
}  // namespace hmodule::map
