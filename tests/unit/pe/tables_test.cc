// The smaller tables: relocations, TLS, load configuration, function table, resources.
#include "pe/exceptions.h"
#include "pe/load_config.h"
#include "pe/relocations.h"
#include "pe/resources.h"
#include "pe/tls.h"

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
using test::put;
using test::Succeeds;

using Fixups = std::vector<std::pair<std::uint32_t, std::uint16_t>>;
Result<Fixups> relocations_of(PeBuilder& dll) {
  Fixups all;
  const Image image = TRY(Image::parse(dll.bytes()));
  TRY(for_each_relocation(image, [&](Rva rva, std::uint16_t type) { all.emplace_back(rva.value, type); }));
  return all;
}

PeBuilder with_relocations(const ByteVector& blocks) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.add_section(".reloc", blocks, kSectionRead);
  dll.set_directory(kDirectoryBaseReloc, rva, static_cast<std::uint32_t>(blocks.size()));
  return dll;
}

ByteVector block(std::uint32_t page, std::uint32_t size, std::initializer_list<std::uint16_t> entries) {
  ByteVector data;
  append(data, BaseRelocation{page, size});
  for (const std::uint16_t entry : entries) append(data, entry);
  return data;
}

TEST(Relocations, Rel03NoDirectoryMeansNothingToDo) {
  PeBuilder dll = PeBuilder::minimal_dll();
  EXPECT_EQ(relocations_of(dll)->size(), 0U);
  dll.set_directory(kDirectoryBaseReloc, 0x1000, 0);
  EXPECT_EQ(relocations_of(dll)->size(), 0U);
}

TEST(Relocations, Rel04ADirectoryWithoutAnAddressIsRefused) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.set_directory(kDirectoryBaseReloc, 0, 12);
  EXPECT_THAT(relocations_of(dll), FailsWith(STATUS_CONFLICTING_ADDRESSES));
}

TEST(Relocations, Rel05BlocksInOrderWithPaddingSkipped) {
  ByteVector data = block(0x1000, 12, {0xA010, 0});
  const ByteVector second = block(0x2000, 12, {0x3FFF, 0x1008});
  data.insert(data.end(), second.begin(), second.end());
  PeBuilder dll = with_relocations(data);
  const auto all = relocations_of(dll);
  ASSERT_THAT(all, Succeeds());
  EXPECT_EQ(*all, (Fixups{{0x1010, kRelocDir64}, {0x2FFF, kRelocHighLow}, {0x2008, kRelocHigh}}));
}

TEST(Relocations, Rel05ASizeThatIsNoMultipleOfFourIsTolerated) {
  PeBuilder dll = with_relocations(block(0x1000, 10, {0xA001}));
  EXPECT_EQ(*relocations_of(dll), (Fixups{{0x1001, kRelocDir64}}));
}

TEST(Relocations, Rel05TheLastBlockRunsToTheDirectorysEnd) {
  PeBuilder dll = with_relocations(block(0x1000, 0x7FFFFFFF, {0xA001, 0xA002}));
  EXPECT_EQ(relocations_of(dll)->size(), 2U);
}

TEST(Relocations, Rel05AZeroSizeEndsTheList) {
  ByteVector data = block(0x1000, 0, {});
  const ByteVector second = block(0x1000, 10, {0xA001});
  data.insert(data.end(), second.begin(), second.end());
  PeBuilder dll = with_relocations(data);
  EXPECT_EQ(relocations_of(dll)->size(), 0U);
}

TEST(Relocations, Rel05APageOutsideTheImageIsAnAccessViolation) {
  for (const std::uint32_t page : {0x3000U, 0xFFFFF000U}) {
    PeBuilder dll = with_relocations(block(page, 12, {0xA001, 0}));
    const auto all = relocations_of(dll);
    EXPECT_THAT(all, FailsWith(STATUS_ACCESS_VIOLATION));
    EXPECT_EQ(all.error().code(), DWORD{998});
  }
}

TEST(Relocations, Rel06UnknownTypesAreRefused) {
  for (std::uint16_t type = 4; type < 16; ++type) {
    if (type == kRelocDir64) continue;
    PeBuilder dll = with_relocations(block(0x1000, 10, {static_cast<std::uint16_t>(type << 12)}));
    EXPECT_THAT(relocations_of(dll), FailsWith(STATUS_INVALID_IMAGE_FORMAT)) << type;
  }
}

TEST(Relocations, ABlockSmallerThanItsHeaderIsRefused) {
  for (const std::uint32_t size : {1U, 4U, 7U}) {
    PeBuilder dll = with_relocations(block(0x1000, size, {0xA001}));
    EXPECT_THAT(relocations_of(dll), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  }
}

TEST(Tls, IsAbsentUnlessThereIsADirectory) {
  PeBuilder dll = PeBuilder::minimal_dll();
  EXPECT_FALSE(*tls(*Image::parse(dll.bytes())));
}

TEST(Tls, Tls04TheTemplateZeroFillAndAlignment) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t index =
      dll.add_tls({.data = bytes_of("template"), .zero_fill = 24, .characteristics = 7U << 20, .callbacks = {0x1000}});
  const auto found = tls(*Image::parse(dll.bytes()));
  ASSERT_THAT(found, Succeeds());
  const Tls& facts = found->value();
  EXPECT_EQ(facts.raw_size, 8U);
  EXPECT_EQ(facts.zero_fill, 24U);
  EXPECT_EQ(facts.block_size(), 32U);
  EXPECT_EQ(facts.alignment, 64U);
  EXPECT_EQ(facts.index, Rva{index});
  EXPECT_TRUE(facts.has_callbacks);
  EXPECT_TRUE(facts.needs_slot());
}

TEST(Tls, Tls01WithoutDataAndCallbacksNoSlotIsNeeded) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_tls({});
  const auto found = tls(*Image::parse(dll.bytes()));
  ASSERT_THAT(found, Succeeds());
  EXPECT_FALSE((*found)->needs_slot());
  EXPECT_EQ((*found)->alignment, 16U);

  PeBuilder zeroed = PeBuilder::minimal_dll();
  zeroed.add_tls({.zero_fill = 4});
  EXPECT_TRUE((*tls(*Image::parse(zeroed.bytes())))->needs_slot());
}

TEST(Tls, AddressesOutsideTheImageAreRefused) {
  for (const std::size_t field :
       {offsetof(TlsDirectory64, StartAddressOfRawData), offsetof(TlsDirectory64, EndAddressOfRawData),
        offsetof(TlsDirectory64, AddressOfIndex), offsetof(TlsDirectory64, AddressOfCallBacks)}) {
    PeBuilder dll = PeBuilder::minimal_dll();
    dll.add_tls({.data = bytes_of("x"), .callbacks = {0x1000}});
    const std::uint64_t value = field == 0 ? 8 : 0x190000000;
    put(dll.section(".tls").data, field, value);
    EXPECT_THAT(tls(*Image::parse(dll.bytes())), FailsWith(STATUS_INVALID_IMAGE_FORMAT)) << field;
  }
}

TEST(LoadConfig, Lc04AbsenceIsNormal) {
  PeBuilder dll = PeBuilder::minimal_dll();
  EXPECT_FALSE(*load_config(*Image::parse(dll.bytes())));
}

TEST(LoadConfig, ItsOwnSizeSaysWhichFieldsExist) {
  PeBuilder dll = PeBuilder::minimal_dll();
  LoadConfigDirectory64 record{};
  record.DependentLoadFlags = 0x800;
  record.SecurityCookie = dll.va(0x1000);
  record.GuardFlags = kGuardProtectDelayLoadIat;
  record.GuardXFGCheckFunctionPointer = 1;
  dll.add_load_config(record);
  auto config = load_config(*Image::parse(dll.bytes()));
  ASSERT_THAT(config, Succeeds());
  EXPECT_EQ((*config)->dependent_load_flags, 0x800);
  EXPECT_EQ((*config)->security_cookie, dll.va(0x1000));
  EXPECT_EQ((*config)->guard_flags, kGuardProtectDelayLoadIat);
  EXPECT_EQ((*config)->guard_xfg_check, 1U);

  put(dll.section(".ldcfg").data, 0, std::uint32_t{0x60});  // up to SecurityCookie
  config = load_config(*Image::parse(dll.bytes()));
  ASSERT_THAT(config, Succeeds());
  EXPECT_EQ((*config)->security_cookie, dll.va(0x1000));
  EXPECT_EQ((*config)->guard_flags, 0U);

  put(dll.section(".ldcfg").data, 0, std::uint32_t{0xFFFFFFFF});
  EXPECT_THAT(load_config(*Image::parse(dll.bytes())), Succeeds());
}

TEST(Exceptions, Pe30TheFunctionTable) {
  PeBuilder dll = PeBuilder::minimal_dll();
  EXPECT_TRUE(exception_table(*Image::parse(dll.bytes()))->empty());
  dll.add_exception_table({{0x1000, 0x1010, 0x2000}, {0x1010, 0x1020, 0x2004}});
  const auto image = Image::parse(dll.bytes());
  const auto table = exception_table(*image);
  ASSERT_THAT(table, Succeeds());
  ASSERT_EQ(table->size(), 2U);
  const std::uint32_t second = (*table)[1].BeginAddress;
  EXPECT_EQ(second, 0x1010U);
}

TEST(Exceptions, ATableOutsideTheImageIsRefused) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.set_directory(kDirectoryException, 0x1000, 0x7FFFFFF8);
  EXPECT_THAT(exception_table(*Image::parse(dll.bytes())), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

constexpr std::uint16_t kStrings = 6, kVersion = 16, kGerman = 0x407, kEnglish = 0x409;

PeBuilder with_resources() {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_resources({{kStrings, std::uint16_t{1}, kEnglish, bytes_of("strings")},
                     {kStrings, std::uint16_t{2}, kGerman, bytes_of("Zeichen")},
                     {kStrings, std::uint16_t{2}, kEnglish, bytes_of("more")},
                     {kVersion, std::uint16_t{1}, 0, bytes_of("version")},
                     {u"CUSTOM", u"FIRST", kEnglish, bytes_of("one")},
                     {u"CUSTOM", u"SECOND", kEnglish, bytes_of("two")}});
  return dll;
}

TEST(Resources, Res05WithoutADirectoryThereIsNoData) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto opened = Resources::open(*Image::parse(dll.bytes()));
  EXPECT_THAT(opened, FailsWith(STATUS_RESOURCE_DATA_NOT_FOUND));
  EXPECT_EQ(opened.error().code(), DWORD{1812});
}

TEST(Resources, Res02AreFoundByIdAndByName) {
  PeBuilder dll = with_resources();
  const auto image = Image::parse(dll.bytes());
  const auto resources = Resources::open(*image);
  ASSERT_THAT(resources, Succeeds());
  const auto text = [&](const ResourceKey& type, const ResourceKey& name, std::uint16_t language) {
    const auto leaf = resources->find(type, name, language);
    if (!leaf) return std::string();
    const auto data = resources->data(*leaf);
    return std::string(reinterpret_cast<const char*>(data->data()), data->size());
  };
  EXPECT_EQ(text(kStrings, std::uint16_t{1}, kEnglish), "strings");
  EXPECT_EQ(text(kStrings, std::uint16_t{2}, kGerman), "Zeichen");
  EXPECT_EQ(text(kVersion, std::uint16_t{1}, 0), "version");
  EXPECT_EQ(text(u"CUSTOM", u"SECOND", kEnglish), "two");
}

TEST(Resources, Res05MissesSayWhatIsMissing) {
  PeBuilder dll = with_resources();
  const auto image = Image::parse(dll.bytes());
  const auto resources = Resources::open(*image);
  ASSERT_THAT(resources, Succeeds());
  EXPECT_THAT(resources->find(std::uint16_t{99}, std::uint16_t{1}, 0), FailsWith(STATUS_RESOURCE_TYPE_NOT_FOUND));
  EXPECT_THAT(resources->find(u"CUSTO", std::uint16_t{1}, 0), FailsWith(STATUS_RESOURCE_TYPE_NOT_FOUND));
  EXPECT_THAT(resources->find(u"custom", std::uint16_t{1}, 0), FailsWith(STATUS_RESOURCE_TYPE_NOT_FOUND));
  EXPECT_THAT(resources->find(kStrings, std::uint16_t{3}, 0), FailsWith(STATUS_RESOURCE_NAME_NOT_FOUND));
  EXPECT_THAT(resources->find(kStrings, std::uint16_t{1}, kGerman), FailsWith(STATUS_RESOURCE_LANG_NOT_FOUND));
}

TEST(Resources, Res08ItemsComeInTheOrderOfTheFile) {
  PeBuilder dll = with_resources();
  const auto image = Image::parse(dll.bytes());
  const auto resources = Resources::open(*image);
  const auto types = resources->items(resources->root());
  ASSERT_THAT(types, Succeeds());
  ASSERT_EQ(types->size(), 3U);
  EXPECT_EQ((*types)[0].key, ResourceKey(u"CUSTOM"));
  EXPECT_EQ((*types)[1].key, ResourceKey(kStrings));
  EXPECT_EQ((*types)[2].key, ResourceKey(kVersion));
  const auto names = resources->items((*types)[1].node());
  ASSERT_EQ(names->size(), 2U);
  EXPECT_THAT(resources->leaf((*types)[0]), FailsWith(STATUS_RESOURCE_DATA_NOT_FOUND));
}

TEST(Resources, AllOfThemCanBeWalked) {
  PeBuilder dll = with_resources();
  const auto all = all_resources(*Image::parse(dll.bytes()));
  ASSERT_THAT(all, Succeeds());
  EXPECT_EQ(all->size(), 6U);
}

TEST(Resources, ADirectoryThatContainsItselfEnds) {
  PeBuilder dll = PeBuilder::minimal_dll();
  ByteVector data;
  append(data, ResourceDirectory{0, 0, 0, 0, 0, 2});
  append(data, ResourceDirectoryEntry{1, kResourceDataIsDirectory});
  append(data, ResourceDirectoryEntry{2, kResourceDataIsDirectory});
  dll.set_directory(kDirectoryResource, dll.add_section(".rsrc", data, kSectionRead), 32);
  const auto all = all_resources(*Image::parse(dll.bytes()));
  ASSERT_THAT(all, Succeeds());
  EXPECT_TRUE(all->empty());
}

TEST(Resources, DirectoriesSharingOneHugeTableAreRefusedQuickly) {
  PeBuilder dll = PeBuilder::minimal_dll();
  ByteVector data;
  append(data, ResourceDirectory{0, 0, 0, 0, 0, 0xFFFF});
  for (std::uint32_t i = 0; i < 0xFFFF; ++i) append(data, ResourceDirectoryEntry{i, kResourceDataIsDirectory});
  dll.set_directory(kDirectoryResource, dll.add_section(".rsrc", data, kSectionRead), 32);
  EXPECT_THAT(all_resources(*Image::parse(dll.bytes())), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "overlap"));
}

TEST(Resources, NamesSharingOneLongStringAreRefusedQuickly) {
  PeBuilder dll = PeBuilder::minimal_dll();
  ByteVector data;
  append(data, ResourceDirectory{0, 0, 0, 0, 0xFFFF, 0});
  const std::uint32_t name = 16 + 0xFFFF * 8;
  for (std::uint32_t i = 0; i < 0xFFFF; ++i) append(data, ResourceDirectoryEntry{kResourceNameIsString | name, 0});
  append(data, std::uint16_t{0xFFFF});
  data.resize(data.size() + 0xFFFF * 2);
  dll.set_directory(kDirectoryResource, dll.add_section(".rsrc", data, kSectionRead), 32);
  EXPECT_THAT(all_resources(*Image::parse(dll.bytes())), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "overlap"));
}

TEST(Resources, OffsetsOutsideTheDirectoryAreMisses) {
  for (const std::uint32_t offset : {0x7FFFFFFFU, 0xFFFFFFFFU, 0x1FFU}) {
    PeBuilder dll = with_resources();
    auto& data = dll.section(".rsrc").data;
    for (std::size_t entry = 16; entry < 16 + 3 * 8; entry += 8)
      put(data, entry + 4, offset | kResourceDataIsDirectory);
    const auto image = Image::parse(dll.bytes());
    const auto resources = Resources::open(*image);
    ASSERT_THAT(resources, Succeeds());
    EXPECT_FALSE(resources->find(kStrings, std::uint16_t{1}, 0));
    all_resources(*image).has_value();  // either way, without reading outside
  }
}

}  // namespace
}  // namespace hmodule::pe
