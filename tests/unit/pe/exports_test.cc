#include "pe/exports.h"

#include "support/matchers.h"
#include "support/pe_builder.h"

#include <gtest/gtest.h>

#include <thread>

namespace hmodule::pe {
namespace {

using test::append;
using test::ByteVector;
using test::FailsWith;
using test::PeBuilder;
using test::put;
using test::Succeeds;

// Owns the file a table points into.
struct Built {
  explicit Built(const PeBuilder& dll)
      : file(dll.build()), image(*Image::parse(Bytes(file, "test.dll"))), table(ExportTable::parse_or_empty(image)) {}
  ByteVector file;
  Image image;
  ExportTable table;
};

PeBuilder exporting_dll() {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_exports("inner.dll",
                  {{"beta", 0x1001},
                   {"alpha", 0x1002},
                   {"", 0x1003},  // by ordinal only
                   {"", 0},       // a hole
                   {"Zeta", 0x1004},
                   {"moved", 0, "other.dll.target"},
                   {"numbered", 0, "other.#12"}},
                  10);
  return dll;
}

TEST(Exports, Gpa12AnImageWithoutThemHasAnEmptyTable) {
  const Built dll(PeBuilder::minimal_dll());
  EXPECT_TRUE(dll.table.empty());
  EXPECT_FALSE(dll.table.find("x"));
  EXPECT_FALSE(dll.table.find(0U));
  EXPECT_FALSE(ExportTable().find("x", 0));
  EXPECT_TRUE(ExportTable().entries()->empty());
}

TEST(Exports, Gpa03NamesAreFoundByTheirExactBytes) {
  const Built dll(exporting_dll());
  EXPECT_EQ(dll.table.find("alpha")->rva, Rva{0x1002});
  EXPECT_EQ(dll.table.find("beta")->rva, Rva{0x1001});
  EXPECT_EQ(dll.table.find("Zeta")->rva, Rva{0x1004});
  for (const std::string_view missing : {"", "a", "alph", "alphaa", "Alpha", "zeta", "\xFF", "alpha ", "numberec"})
    EXPECT_FALSE(dll.table.find(missing)) << missing;
  EXPECT_FALSE(dll.table.find(std::string_view("alpha\0", 6)));
  EXPECT_FALSE(dll.table.find(std::string_view("alpha\0beta", 10)));
  EXPECT_FALSE(dll.table.find(std::string(100000, 'a')));
}

TEST(Exports, Gpa05OrdinalsCountFromTheBase) {
  const Built dll(exporting_dll());
  EXPECT_EQ(dll.table.ordinal_base(), 10U);
  EXPECT_EQ(dll.table.find(10U)->rva, Rva{0x1001});
  EXPECT_EQ(dll.table.find(12U)->rva, Rva{0x1003});
  EXPECT_FALSE(dll.table.find(13U));  // EXP-02: the hole
  EXPECT_FALSE(dll.table.find(9U));
  EXPECT_FALSE(dll.table.find(0U));
  EXPECT_FALSE(dll.table.find(17U));
  EXPECT_FALSE(dll.table.find(0xFFFFFFFFU));
}

TEST(Exports, Imp06AHintHelpsAndNeverHarms) {
  const Built dll(exporting_dll());
  for (const std::uint32_t hint : {0U, 1U, 2U, 4U, 5U, 0xFFFFU, ExportTable::kNoHint})
    EXPECT_EQ(dll.table.find("alpha", hint)->rva, Rva{0x1002}) << hint;
}

TEST(Exports, Gpa07AnRvaInsideTheDirectoryIsAForwarder) {
  const Built dll(exporting_dll());
  EXPECT_EQ(dll.table.find("moved")->forwarder, "other.dll.target");
  EXPECT_TRUE(dll.table.find("moved")->is_forwarder());
  EXPECT_EQ(dll.table.find("numbered")->forwarder, "other.#12");
  EXPECT_FALSE(dll.table.find("alpha")->is_forwarder());
}

TEST(Exports, Gpa04AnUnsortedTableMisses) {
  PeBuilder dll = exporting_dll();
  auto& data = dll.section(".edata").data;
  ExportDirectory directory;
  std::memcpy(&directory, data.data(), sizeof directory);
  const std::size_t names = directory.AddressOfNames - dll.section(".edata").header.VirtualAddress;
  std::swap_ranges(data.begin() + static_cast<std::ptrdiff_t>(names),
                   data.begin() + static_cast<std::ptrdiff_t>(names) + 4,
                   data.begin() + static_cast<std::ptrdiff_t>(names) + 16);  // the first and the last name
  const Built built(dll);
  EXPECT_FALSE(built.table.find("Zeta"));
  EXPECT_TRUE(built.table.find("Zeta", 4));  // a true hint needs no order
}

TEST(Exports, EntriesListNamesThenTheRest) {
  const Built dll(exporting_dll());
  const auto all = dll.table.entries();
  ASSERT_THAT(all, Succeeds());
  ASSERT_EQ(all->size(), 6U);
  EXPECT_EQ((*all)[0].name, "Zeta");
  EXPECT_EQ((*all)[0].ordinal, 14U);
  EXPECT_EQ((*all)[1].name, "alpha");
  EXPECT_EQ((*all)[5].name, "");
  EXPECT_EQ((*all)[5].ordinal, 12U);
  EXPECT_EQ(dll.table.dll_name(), "inner.dll");
}

TEST(Exports, Exp03TablesOutsideTheImageMiss) {
  for (const std::size_t field :
       {offsetof(ExportDirectory, AddressOfFunctions), offsetof(ExportDirectory, AddressOfNames),
        offsetof(ExportDirectory, AddressOfNameOrdinals), offsetof(ExportDirectory, NumberOfFunctions),
        offsetof(ExportDirectory, NumberOfNames)}) {
    for (const std::uint32_t value : {0x00400000U, 0x7FFFFFFFU, 0xFFFFFFF0U}) {
      PeBuilder dll = exporting_dll();
      put(dll.section(".edata").data, field, value);
      const Built built(dll);
      EXPECT_THAT(ExportTable::parse(built.image), FailsWith(STATUS_INVALID_IMAGE_FORMAT)) << field;
      EXPECT_FALSE(built.table.find("alpha")) << field;
      EXPECT_FALSE(built.table.find(10U)) << field;
    }
  }
}

TEST(Exports, Exp03NamesAndOrdinalsThatLieMiss) {
  PeBuilder dll = exporting_dll();
  auto& section = dll.section(".edata");
  ExportDirectory directory;
  std::memcpy(&directory, section.data.data(), sizeof directory);
  const std::uint32_t base = section.header.VirtualAddress;
  put(section.data, directory.AddressOfNames - base + 4, std::uint32_t{0xFFFFFFFF});     // of alpha
  put(section.data, directory.AddressOfNameOrdinals - base + 4, std::uint16_t{0xFFFF});  // of alpha
  put(section.data, directory.AddressOfNameOrdinals - base + 8, std::uint16_t{7});       // of beta: the count
  const Built built(dll);
  EXPECT_FALSE(built.table.find("alpha", 1));
  EXPECT_FALSE(built.table.find("beta", 2));
  EXPECT_FALSE(built.table.named(1));
  EXPECT_FALSE(built.table.named(0xFFFFFFFF));
  EXPECT_THAT(built.table.entries(), Succeeds());
}

TEST(Exports, ANameWithoutEndMisses) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_exports("x.dll", {{"name", 0x1000}});
  auto& section = dll.section(".edata");
  const std::uint32_t end = section.header.VirtualAddress + 0x200 - 4;
  section.header.VirtualSize = 0x1000;
  ExportDirectory directory;
  std::memcpy(&directory, section.data.data(), sizeof directory);
  put(section.data, directory.AddressOfNames - section.header.VirtualAddress, end);
  std::memcpy(section.data.data() + 0x200 - 4, "name", 4);
  const Built built(dll);
  EXPECT_FALSE(built.table.find("name"));
  EXPECT_FALSE(built.table.find("names"));
}

TEST(Exports, NamesMayLieInAnotherSection) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t text = dll.add_section(".names", test::bytes_of("elsewhere"), kSectionRead, 0x20);
  dll.add_exports("x.dll", {{"name", 0x1000}});
  auto& section = dll.section(".edata");
  ExportDirectory directory;
  std::memcpy(&directory, section.data.data(), sizeof directory);
  put(section.data, directory.AddressOfNames - section.header.VirtualAddress, text);
  const Built built(dll);
  EXPECT_EQ(built.table.find("elsewhere")->rva, Rva{0x1000});
}

TEST(Exports, ManyNamesAtOneLongStringAreRefusedQuickly) {
  PeBuilder dll = PeBuilder::minimal_dll();
  const std::uint32_t rva = dll.next_rva();
  constexpr std::uint32_t kCount = 100000;
  ByteVector data(sizeof(ExportDirectory));
  const std::uint32_t text = sizeof(ExportDirectory) + kCount * 6 + 4;
  put(data, 0, ExportDirectory{0, 0, 0, 0, 0, 1, 1, kCount, rva + text - 4, rva + 40, rva + 40 + kCount * 4});
  for (std::uint32_t i = 0; i < kCount; ++i) append(data, rva + text);
  data.resize(text - 4);
  append(data, std::uint32_t{0x1000});
  data.resize(text + 1000000, std::byte{'x'});
  data.push_back(std::byte{0});
  dll.set_directory(kDirectoryExport, dll.add_section(".edata", data, kSectionRead), 40);
  const Built built(dll);
  EXPECT_EQ(built.table.name_count(), kCount);
  EXPECT_THAT(built.table.entries(), FailsWith(STATUS_INVALID_IMAGE_FORMAT, "overlap"));
}

TEST(Exports, Gpa04AnOftenAskedTableAnswersAsBefore) {
  const Built sorted(exporting_dll());
  PeBuilder dll = exporting_dll();
  auto& data = dll.section(".edata").data;
  ExportDirectory directory;
  std::memcpy(&directory, data.data(), sizeof directory);
  const auto names =
      static_cast<std::ptrdiff_t>(directory.AddressOfNames - dll.section(".edata").header.VirtualAddress);
  std::swap_ranges(data.begin() + names, data.begin() + names + 4, data.begin() + names + 16);
  const Built unsorted(dll);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(sorted.table.find("alpha")->rva, Rva{0x1002});
    EXPECT_EQ(sorted.table.find("Zeta")->rva, Rva{0x1004});
    EXPECT_EQ(sorted.table.find("moved")->forwarder, "other.dll.target");
    EXPECT_FALSE(sorted.table.find("alph"));
    EXPECT_FALSE(sorted.table.find("alphaa"));
    EXPECT_FALSE(sorted.table.find(std::string_view("alpha\0", 6)));
    EXPECT_FALSE(unsorted.table.find("Zeta"));
  }
}

TEST(Exports, ThreadsMayAskOneTableAtOnce) {
  PeBuilder dll = PeBuilder::minimal_dll();
  std::vector<test::PeExport> exports;
  for (std::uint32_t i = 0; i < 300; ++i) exports.push_back({"function_" + std::to_string(i), 0x1000 + i});
  dll.add_exports("big.dll", exports);
  const Built built(dll);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (std::uint32_t i = 0; i < 300; ++i)
        EXPECT_EQ(built.table.find("function_" + std::to_string(i))->rva, Rva{0x1000 + i});
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(Exports, EveryNameOfALargeTableIsFound) {
  PeBuilder dll = PeBuilder::minimal_dll();
  std::vector<test::PeExport> exports;
  for (std::uint32_t i = 0; i < 1000; ++i) exports.push_back({"function_" + std::to_string(i), 0x1000 + i});
  dll.add_exports("big.dll", exports);
  const Built built(dll);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(built.table.find("function_" + std::to_string(i))->rva, Rva{0x1000 + i});
    EXPECT_EQ(built.table.find(i + 1)->rva, Rva{0x1000 + i});
  }
}

TEST(Forwarders, Fwd01TheModuleEndsAtTheLastDot) {
  EXPECT_EQ(parse_forwarder("NTDLL.RtlAllocateHeap")->module, "NTDLL");
  EXPECT_EQ(parse_forwarder("NTDLL.RtlAllocateHeap")->name, "RtlAllocateHeap");
  EXPECT_EQ(parse_forwarder("a.b.Func")->module, "a.b");
  EXPECT_EQ(parse_forwarder("a.b.Func")->name, "Func");
}

TEST(Forwarders, Fwd03ANumberSignMeansAnOrdinal) {
  const auto forwarder = parse_forwarder("other.#123");
  ASSERT_TRUE(forwarder);
  EXPECT_TRUE(forwarder->by_ordinal());
  EXPECT_EQ(forwarder->ordinal, 123U);
  EXPECT_EQ(forwarder->module, "other");
}

TEST(Forwarders, NonsenseIsNotOne) {
  for (const std::string_view text : {"", ".", "nodot", ".x", "x.", "x.#", "x.#12a", "x.#-1", "x.#99999999999"})
    EXPECT_FALSE(parse_forwarder(text)) << text;
}

}  // namespace
}  // namespace hmodule::pe
