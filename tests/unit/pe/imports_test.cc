#include "pe/imports.h"

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

Result<std::vector<ImportedDll>> imports_of(PeBuilder& dll) {
  return imports(TRY(Image::parse(dll.bytes("test.dll"))));
}

TEST(Imports, NoneIsAnEmptyList) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto all = imports_of(dll);
  ASSERT_THAT(all, Succeeds());
  EXPECT_TRUE(all->empty());
}

TEST(Imports, Imp03NamesHintsAndOrdinals) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto slots =
      dll.add_imports({{"kernel32.dll", {{"Sleep", 7}, {"GetLastError", 0}}}, {"ws2_32", {115, "send"}}});
  const auto all = imports_of(dll);
  ASSERT_THAT(all, Succeeds());
  ASSERT_EQ(all->size(), 2U);
  const ImportedDll& kernel = (*all)[0];
  EXPECT_EQ(kernel.name, "kernel32.dll");
  EXPECT_FALSE(kernel.bound);
  ASSERT_EQ(kernel.entries.size(), 2U);
  EXPECT_EQ(kernel.entries[0].name, "Sleep");
  EXPECT_EQ(kernel.entries[0].hint, 7);
  EXPECT_EQ(kernel.entries[0].slot, Rva{slots[0][0]});
  EXPECT_EQ(kernel.entries[1].slot, Rva{slots[0][1]});
  const ImportedDll& sockets = (*all)[1];
  EXPECT_EQ(sockets.name, "ws2_32");
  EXPECT_TRUE(sockets.entries[0].by_ordinal);
  EXPECT_EQ(sockets.entries[0].ordinal, 115);
  EXPECT_FALSE(sockets.entries[1].by_ordinal);
}

TEST(Imports, Imp01TheDirectorySizeIsNotTheLimit) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"a.dll", {"x"}}, {"b.dll", {"y"}}});
  dll.optional.DataDirectories[kDirectoryImport].Size = 1;
  const auto all = imports_of(dll);
  ASSERT_THAT(all, Succeeds());
  EXPECT_EQ(all->size(), 2U);
}

TEST(Imports, Imp01ADescriptorWithoutSlotsEndsTheTable) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"a.dll", {"x"}}, {"b.dll", {"y"}}});
  put(dll.section(".idata").data, sizeof(ImportDescriptor) + offsetof(ImportDescriptor, FirstThunk), std::uint32_t{0});
  const auto all = imports_of(dll);
  ASSERT_THAT(all, Succeeds());
  EXPECT_EQ(all->size(), 1U);
}

TEST(Imports, Imp02WithoutALookUpTableTheSlotsAreRead) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"borland.dll", {"x", "y"}}});
  put(dll.section(".idata").data, 0, std::uint32_t{0});
  const auto all = imports_of(dll);
  ASSERT_THAT(all, Succeeds());
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].entries[1].name, "y");
}

TEST(Imports, Imp04AnEmptyListIsLeftOut) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"empty.dll", {}}, {"b.dll", {"y"}}});
  const auto all = imports_of(dll);
  ASSERT_THAT(all, Succeeds());
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].name, "b.dll");
}

TEST(Imports, Imp10BoundDescriptorsAreReadFromTheirNames) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto slots = dll.add_imports({{"bound.dll", {"x"}}});
  auto& idata = dll.section(".idata");
  put(idata.data, offsetof(ImportDescriptor, TimeDateStamp), std::uint32_t{0xFFFFFFFF});
  put(idata.data, slots[0][0] - idata.header.VirtualAddress, std::uint64_t{0x7FF812345678});  // an old address
  auto all = imports_of(dll);
  ASSERT_THAT(all, Succeeds());
  EXPECT_TRUE((*all)[0].bound);
  EXPECT_EQ((*all)[0].entries[0].name, "x");

  put(idata.data, 0, std::uint32_t{0});  // and the names are gone
  all = imports_of(dll);
  EXPECT_THAT(all, FailsWith(STATUS_INVALID_IMAGE_FORMAT, "0x7ff812345678"));
}

TEST(Imports, TablesAndNamesOutsideTheImageAreRefused) {
  const auto broken = [](std::size_t field, std::uint32_t value) {
    PeBuilder dll = PeBuilder::minimal_dll();
    dll.add_imports({{"a.dll", {"x"}}});
    put(dll.section(".idata").data, field, value);
    return imports_of(dll);
  };
  for (const std::uint32_t value : {0x3000U, 0x7FFFFFF0U, 0xFFFFFFFCU}) {
    EXPECT_THAT(broken(offsetof(ImportDescriptor, OriginalFirstThunk), value), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
    EXPECT_THAT(broken(offsetof(ImportDescriptor, Name), value), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
    EXPECT_THAT(broken(offsetof(ImportDescriptor, FirstThunk), value), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
  }
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.set_directory(kDirectoryImport, 0x7000, 20);
  EXPECT_THAT(imports_of(dll), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

TEST(Imports, AListWithoutEndIsRefused) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"a.dll", {"x"}}});
  const std::uint32_t endless =
      dll.add_section(".ones", ByteVector(0x1000, std::byte{0xFF}), kSectionRead | kSectionWrite);
  put(dll.section(".idata").data, 0, endless);
  EXPECT_THAT(imports_of(dll), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

TEST(Imports, ManyDescriptorsSharingOneLongListAreRefusedQuickly) {
  // 10 000 descriptors, each with the same 60 000 ordinals: 6 * 10^8 imports in 700 KB.
  PeBuilder dll = PeBuilder::minimal_dll();
  ByteVector list;
  for (int i = 0; i < 60000; ++i) append(list, kOrdinalFlag64 | 1);
  append(list, std::uint64_t{0});
  append(list, std::string_view("x.dll"));
  const std::uint32_t shared = dll.add_section(".list", list, kSectionRead | kSectionWrite);
  ByteVector table;
  for (int i = 0; i < 10000; ++i) append(table, ImportDescriptor{shared, 0, 0, shared + 60001 * 8, shared});
  append(table, ImportDescriptor{});
  dll.set_directory(kDirectoryImport, dll.add_section(".idata", table, kSectionRead), 20);
  EXPECT_THAT(imports_of(dll), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "overlap"));
}

TEST(Imports, ManyEntriesSharingOneLongNameAreRefusedQuickly) {
  PeBuilder dll = PeBuilder::minimal_dll();
  ByteVector name(2);
  name.resize(1000000, std::byte{'n'});
  name.push_back(std::byte{0});
  const std::uint32_t long_name = dll.add_section(".name", name, kSectionRead);
  const std::uint32_t rva = dll.next_rva();
  ByteVector table;
  append(table, ImportDescriptor{rva + 40, 0, 0, long_name + 2, rva + 40});
  append(table, ImportDescriptor{});
  for (int i = 0; i < 100000; ++i) append(table, std::uint64_t{long_name});
  append(table, std::uint64_t{0});
  dll.set_directory(kDirectoryImport, dll.add_section(".idata", table, kSectionRead | kSectionWrite), 20);
  EXPECT_THAT(imports_of(dll), FailsWith(STATUS_INVALID_IMAGE_FORMAT));
}

TEST(Imports, AreTheSameInMemory) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"kernel32.dll", {"Sleep"}}});
  const auto file = Image::parse(dll.bytes());
  ASSERT_THAT(file, Succeeds());
  ByteVector memory(file->size_of_image());
  for (const Section& section : file->sections())
    std::memcpy(memory.data() + section.rva.value, file->bytes().data() + section.file_offset, section.file_size);
  const auto all = imports(file->in_memory(memory));
  ASSERT_THAT(all, Succeeds());
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].entries[0].name, "Sleep");
}

TEST(DelayImports, AreReadFromTheirNameTable) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const auto slots = dll.add_delay_imports({{"user32.dll", {"MessageBoxW", 42}}});
  const auto image = Image::parse(dll.bytes());
  ASSERT_THAT(image, Succeeds());
  const auto all = delay_imports(*image);
  ASSERT_THAT(all, Succeeds());
  ASSERT_EQ(all->size(), 1U);
  const DelayImportedDll& user = (*all)[0];
  EXPECT_EQ(user.name, "user32.dll");
  EXPECT_EQ(user.descriptor, image->directory(kDirectoryDelayImport).rva);
  EXPECT_EQ(user.iat, Rva{slots[0][0]});
  EXPECT_EQ(user.module_handle, Rva{image->directory(kDirectoryDelayImport).rva.value + 64});
  ASSERT_EQ(user.entries.size(), 2U);
  EXPECT_EQ(user.entries[0].name, "MessageBoxW");
  EXPECT_EQ(user.entries[1].ordinal, 42);
  EXPECT_EQ(user.entries[1].slot, Rva{slots[0][1]});
}

TEST(DelayImports, MustBeRvaBasedOnX64) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_delay_imports({{"user32.dll", {"MessageBoxW"}}});
  put(dll.section(".didat").data, 0, std::uint32_t{0});
  EXPECT_THAT(delay_imports(*Image::parse(dll.bytes())), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "by address"));
}

TEST(DelayImports, OutsideTheImageAreRefused) {
  for (std::size_t field :
       {offsetof(DelayLoadDescriptor, DllNameRVA), offsetof(DelayLoadDescriptor, ImportNameTableRVA),
        offsetof(DelayLoadDescriptor, ImportAddressTableRVA)}) {
    PeBuilder dll = PeBuilder::minimal_dll();
    dll.add_delay_imports({{"user32.dll", {"MessageBoxW"}}});
    put(dll.section(".didat").data, field, std::uint32_t{0xFFFFFFF0});
    EXPECT_THAT(delay_imports(*Image::parse(dll.bytes())), FailsWith(STATUS_INVALID_IMAGE_FORMAT)) << field;
  }
}

}  // namespace
}  // namespace hmodule::pe
