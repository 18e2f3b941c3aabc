#include "unwind/function_table.h"

#include "thread/hooks.h"
#include "thread/teb.h"
#include "unwind/virtual_unwind.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace hmodule::unwind {
namespace {

class FunctionTables : public ::testing::Test {
 protected:
  static constexpr std::uintptr_t kBase = 0x7000'0000'0000;
  static std::uintptr_t id_of(const RUNTIME_FUNCTION* table) { return reinterpret_cast<std::uintptr_t>(table); }
  static const RUNTIME_FUNCTION* find(std::uintptr_t pc) { return find_function(pc).function; }

  RUNTIME_FUNCTION table_[3] = {{0x100, 0x200, 0x10}, {0x200, 0x280, 0x20}, {0x300, 0x310, 0x30}};
};

TEST_F(FunctionTables, EntriesEndBeforeTheirEnd) {  // EH-01, EH-03
  ASSERT_TRUE(add_image({kBase, 0x1000, table_, 3}));
  EXPECT_EQ(find(kBase + 0xFF), nullptr);
  EXPECT_EQ(find(kBase + 0x100), &table_[0]);
  EXPECT_EQ(find(kBase + 0x1FF), &table_[0]);
  EXPECT_EQ(find(kBase + 0x200), &table_[1]);
  EXPECT_EQ(find(kBase + 0x280), nullptr);
  EXPECT_EQ(find(kBase + 0x30F), &table_[2]);
  EXPECT_EQ(find_function(kBase + 0x2FF).image_base, kBase) << "known code, a leaf";
  EXPECT_EQ(find_function(kBase + 0xFFF).image_base, kBase);
  EXPECT_EQ(find_function(kBase + 0x1000).image_base, 0U);
  EXPECT_EQ(find_function(kBase - 1).image_base, 0U);
  remove_image(kBase);
  EXPECT_EQ(find_function(kBase + 0x100).image_base, 0U);
}

TEST_F(FunctionTables, InAModuleOnlyItsOwnTableCounts) {  // EH-03
  RUNTIME_FUNCTION generated = {0x2A0, 0x2B0, 0x40};
  ASSERT_TRUE(add_table(&generated, 1, kBase));
  EXPECT_EQ(find(kBase + 0x2A0), &generated);
  ASSERT_TRUE(add_image({kBase, 0x1000, table_, 3}));
  EXPECT_EQ(find(kBase + 0x2A0), nullptr);
  remove_image(kBase);
  EXPECT_EQ(find(kBase + 0x2A0), &generated);
  EXPECT_TRUE(remove_table(id_of(&generated)));
}

TEST_F(FunctionTables, ManyImagesAreToldApart) {  // EH-03
  constexpr std::uintptr_t kCount = 50, kStep = 0x10'0000;
  for (std::uintptr_t i = 0; i < kCount; ++i)  // not in the order of their addresses
    ASSERT_TRUE(add_image({kBase + i * 7 % kCount * kStep, 0x1000, table_, 3}));
  for (int again = 0; again < 2; ++again) {
    for (std::uintptr_t i = 0; i < kCount; ++i) {
      EXPECT_EQ(find_function(kBase + i * kStep + 0x250).image_base, kBase + i * kStep);
      EXPECT_EQ(find(kBase + i * kStep + 0x250), &table_[1]);
      EXPECT_EQ(find(kBase + i * kStep + 0x290), nullptr);
      EXPECT_EQ(find_function(kBase + i * kStep + 0x1000).image_base, 0U);
    }
  }
  for (std::uintptr_t i = 0; i < kCount; ++i) remove_image(kBase + i * kStep);
}

// Nothing that was found before may be found again when its table has gone, or has come back as another.
TEST_F(FunctionTables, WhatWasFoundIsNotRemembered) {  // EH-03
  RUNTIME_FUNCTION other[] = {{0x0F0, 0x110, 0x50}, {0x110, 0x200, 0x60}};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(add_image({kBase, 0x1000, table_, 3}));
    EXPECT_EQ(find(kBase + 0x150), &table_[0]);
    remove_image(kBase);
    EXPECT_EQ(find_function(kBase + 0x150).image_base, 0U);
    ASSERT_TRUE(add_image({kBase, 0x1000, other, 2}));
    EXPECT_EQ(find(kBase + 0x150), &other[1]);
    ASSERT_TRUE(add_image({kBase - 0x10000, 0x1000, table_, 3})) << "which moves the others in the order";
    EXPECT_EQ(find(kBase + 0x150), &other[1]);
    remove_image(kBase);
    EXPECT_EQ(find(kBase + 0x150), nullptr);
    EXPECT_EQ(find(kBase - 0x10000 + 0x150), &table_[0]);
    remove_image(kBase - 0x10000);
  }
}

// Readers look up in two images that come and go. While one is there they must find its entry; whatever they find must
// be an entry of the right image. A removed image's table is overwritten at once, as memory that is unmapped would be.
TEST_F(FunctionTables, ComeAndGoUnderReaders) {  // EH-03, EH-20
  constexpr std::uintptr_t kOther = kBase + 0x10'0000, kDynamic = kBase + 0x20'0000;
  std::vector<RUNTIME_FUNCTION> passing(table_, table_ + 3), generated(table_, table_ + 3);
  ASSERT_TRUE(add_image({kOther, 0x1000, table_, 3}));
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      for (std::uintptr_t n = 0; !done; ++n) {
        const std::uintptr_t rva = 0x100 + n % 0x100;
        if (find(kOther + rva) != &table_[0]) ++wrong;
        const FunctionEntry here = find_function(kBase + rva);
        if (here.function != (here.image_base == 0 ? nullptr : passing.data())) ++wrong;
        const FunctionEntry there = find_function(kDynamic + rva);
        if (there.function != (there.image_base == 0 ? nullptr : generated.data())) ++wrong;
      }
    });
  for (int i = 0; i < 500; ++i) {
    passing.assign(table_, table_ + 3);
    generated.assign(table_, table_ + 3);
    EXPECT_TRUE(add_image({kBase, 0x1000, passing.data(), 3}));
    EXPECT_TRUE(add_table(generated.data(), 3, kDynamic));
    if (find(kBase + 0x150) != passing.data() || find(kDynamic + 0x150) != generated.data()) ++wrong;
    remove_image(kBase);
    EXPECT_TRUE(remove_table(id_of(generated.data())));
    passing.assign(3, RUNTIME_FUNCTION{0, 0xFFFF'FFFF, 0xFFFF'FFFF});
    generated.assign(3, RUNTIME_FUNCTION{0, 0xFFFF'FFFF, 0xFFFF'FFFF});
    if (find(kBase + 0x150) != nullptr || find(kDynamic + 0x150) != nullptr) ++wrong;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  remove_image(kOther);
  EXPECT_EQ(wrong, 0);
}

TEST_F(FunctionTables, AreRemovedOncePerAddition) {  // EH-20
  ASSERT_TRUE(add_table(table_, 3, kBase));
  ASSERT_TRUE(add_table(table_, 3, kBase));
  ASSERT_TRUE(add_table(table_ + 1, 0, kBase)) << "an empty one is allowed";
  EXPECT_EQ(find(kBase + 0x305), &table_[2]);
  EXPECT_EQ(find_function(kBase + 0x305).image_base, kBase);
  EXPECT_EQ(find_function(kBase + 0x310).image_base, 0U);
  EXPECT_TRUE(remove_table(id_of(table_)));
  EXPECT_EQ(find(kBase + 0x305), &table_[2]);
  EXPECT_TRUE(remove_table(id_of(table_)));
  EXPECT_FALSE(remove_table(id_of(table_)));
  EXPECT_TRUE(remove_table(id_of(table_ + 1)));
  EXPECT_FALSE(remove_table(id_of(table_ + 1)));
  EXPECT_EQ(find(kBase + 0x305), nullptr);
}

TEST_F(FunctionTables, EntriesAreNotCopied) {  // EH-20
  ASSERT_TRUE(add_table(table_, 3, kBase));
  EXPECT_EQ(find(kBase + 0x140), &table_[0]);
  table_[0].BeginAddress = 0x180;
  EXPECT_EQ(find(kBase + 0x140), nullptr);
  EXPECT_TRUE(remove_table(id_of(table_)));
}

TEST_F(FunctionTables, NeedNoOrderAndNoAlignment) {  // EH-20
  std::swap(table_[0], table_[2]);
  ASSERT_TRUE(add_table(table_, 3, kBase));
  EXPECT_EQ(find(kBase + 0x150), &table_[2]);
  EXPECT_EQ(find(kBase + 0x300), &table_[0]);
  EXPECT_EQ(find(kBase + 0x290), nullptr);
  EXPECT_TRUE(remove_table(id_of(table_)));

  alignas(4) unsigned char bytes[sizeof table_ + 3];
  std::memcpy(bytes + 3, table_, sizeof table_);
  auto* const unaligned = reinterpret_cast<RUNTIME_FUNCTION*>(bytes + 3);
  ASSERT_TRUE(add_table(unaligned, 3, kBase));
  EXPECT_EQ(find(kBase + 0x150), unaligned + 2);
  EXPECT_TRUE(remove_table(id_of(unaligned)));
}

TEST_F(FunctionTables, MayInterleave) {  // EH-20
  RUNTIME_FUNCTION between[] = {{0x080, 0x0C0, 0x50}, {0x280, 0x300, 0x60}, {0x400, 0x480, 0x70}};
  ASSERT_TRUE(add_table(table_, 3, kBase));
  ASSERT_TRUE(add_table(between, 3, kBase));
  EXPECT_EQ(find(kBase + 0x290), &between[1]);
  EXPECT_EQ(find(kBase + 0x300), &table_[2]);
  EXPECT_TRUE(remove_table(id_of(table_)));
  EXPECT_TRUE(remove_table(id_of(between)));
}

TEST_F(FunctionTables, CallbackIsAskedInItsRange) {  // EH-21
  const TableCallback callback = [](std::uintptr_t pc, void* context) HM_WINAPI {
    return pc == kBase + 5 ? static_cast<RUNTIME_FUNCTION*>(context) : nullptr;
  };
  EXPECT_FALSE(add_table_callback(kBase, kBase, 0x100, callback, table_)) << "the low two bits must be set";
  EXPECT_FALSE(add_table_callback(kBase | 1, kBase, 0x100, callback, table_));
  ASSERT_TRUE(add_table_callback(kBase | 3, kBase, 0x100, callback, table_));
  EXPECT_EQ(find(kBase + 5), table_);
  EXPECT_EQ(find(kBase + 6), nullptr);
  EXPECT_EQ(find_function(kBase + 6).image_base, kBase);
  EXPECT_EQ(find_function(kBase + 0x100).image_base, 0U);
  EXPECT_TRUE(remove_table(kBase | 3));
  EXPECT_FALSE(remove_table(kBase | 3));
  EXPECT_EQ(find_function(kBase + 5).image_base, 0U);
}

TEST_F(FunctionTables, GrowInPlaceUpToTheMaximum) {  // EH-22
  const Result<void*> handle = add_growable_table(table_, 0, 2, kBase, kBase + 0x1000);
  ASSERT_TRUE(handle);
  EXPECT_EQ(find(kBase + 0x150), nullptr);
  grow_table(*handle, 1);
  EXPECT_EQ(find(kBase + 0x150), &table_[0]);
  EXPECT_EQ(find_function(kBase + 0x150).image_base, kBase);
  EXPECT_EQ(find(kBase + 0x250), nullptr);
  grow_table(*handle, 3);
  EXPECT_EQ(find(kBase + 0x250), &table_[1]);
  EXPECT_EQ(find(kBase + 0x305), nullptr) << "beyond the maximum";
  grow_table(*handle, 0);
  EXPECT_EQ(find(kBase + 0x250), &table_[1]) << "tables do not shrink";
  remove_growable_table(*handle);
  EXPECT_EQ(find(kBase + 0x250), nullptr);
  EXPECT_FALSE(add_growable_table(table_, 4, 3, kBase, kBase + 0x1000));
  EXPECT_FALSE(add_growable_table(table_, 1, 3, kBase, kBase));
}

TEST_F(FunctionTables, IndirectEntriesAreFollowed) {  // EH-01
  struct Page {
    RUNTIME_FUNCTION entry, real, circle, outside;
  } image{{0x100, 0x200, sizeof(RUNTIME_FUNCTION) | 1},
          {0x100, 0x200, 0x40},
          {0x200, 0x300, 2 * sizeof(RUNTIME_FUNCTION) | 1},
          {0x300, 0x400, 0x7FFF'FFF1}};
  const auto base = reinterpret_cast<std::uintptr_t>(&image);
  RUNTIME_FUNCTION table[] = {image.entry, image.circle, image.outside};
  ASSERT_TRUE(add_image({base, 0x1000, table, 3}));
  EXPECT_EQ(find(base + 0x150), &image.real);
  EXPECT_EQ(find(base + 0x250), nullptr) << "a circle";
  EXPECT_EQ(find(base + 0x350), nullptr) << "outside the image";
  remove_image(base);
}

TEST_F(FunctionTables, KnowWhatCanBeRead) {
  const AddressRange first{kBase, kBase + 0x1000}, second{kBase + 0x2000, kBase + 0x3000};
  ASSERT_TRUE(add_image({kBase, 0x3000, nullptr, 0, {first, second}}));
  const auto part_around = [](std::uintptr_t address) { return readable_part(kBase, kBase + 0x10, address); };
  EXPECT_EQ(part_around(kBase + 0xFFF).end, first.end);
  EXPECT_EQ(part_around(kBase + 0x2000).begin, second.begin);
  EXPECT_TRUE(part_around(kBase + 0x1000).empty());
  EXPECT_TRUE(part_around(kBase + 0x3000).empty());
  EXPECT_TRUE(readable_part(kBase + 0x1000, kBase + 0x10, kBase).holds(0, 1)) << "not the image's base";
  EXPECT_TRUE(readable_part(kBase, kBase + 0x3000, kBase).holds(0, 1)) << "generated code beside the image";
  remove_image(kBase);
  ASSERT_TRUE(add_image({kBase, 0x3000, nullptr, 0}));
  EXPECT_EQ(part_around(kBase + 0x1000).end, kBase + 0x3000);
  remove_image(kBase);
  EXPECT_TRUE(part_around(kBase + 0x1000).holds(0, 1));

  ASSERT_TRUE(add_image({kBase, 0x3000, table_, 3, {first, second}}));
  EXPECT_EQ(find(kBase + 0x150), nullptr) << "a table outside the readable parts";
  EXPECT_EQ(find_function(kBase + 0x150).image_base, kBase);
  remove_image(kBase);
}

// The dispatcher's walks stay on the thread's own stack (EH-31).
TEST(OwnStack, IsTheOnlyOneWalked) {
  thread::start();
  ULONGLONG here[] = {0x1234, 0};
  const auto elsewhere = std::make_unique<ULONGLONG>(0x1234);
  CONTEXT context{};
  context.Rsp = reinterpret_cast<std::uintptr_t>(here);
  EXPECT_EQ(virtual_unwind(kNoHandler, 0, 0, nullptr, context).establisher_frame,
            reinterpret_cast<std::uintptr_t>(here));
  EXPECT_EQ(context.Rip, 0x1234U);
  context.Rsp = reinterpret_cast<std::uintptr_t>(elsewhere.get());
  EXPECT_EQ(virtual_unwind(kNoHandler, 0, 0, nullptr, context).establisher_frame, 0U);
  EXPECT_EQ(context.Rip, 0U);
  context.Rsp = reinterpret_cast<std::uintptr_t>(thread::teb().NtTib.StackBase);
  EXPECT_EQ(virtual_unwind(kNoHandler, 0, 0, nullptr, context).establisher_frame, 0U);
}

}  // namespace
}  // namespace hmodule::unwind
