#include "map/mapping.h"

#include "map/image_regions.h"
#include "support/mapped_ranges.h"
#include "support/matchers.h"

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <thread>

namespace hmodule::map {
namespace {

using test::FailsWith;
using test::rights_at;
using test::Succeeds;

const std::uint64_t kFree = test::free_address();

TEST(Mapping, Map01ReservesThePreferredRangeWhenItIsFree) {
  const auto mapping = Mapping::reserve(kFree, 0x3000);
  ASSERT_THAT(mapping, Succeeds());
  EXPECT_EQ(mapping->address(), kFree);
  EXPECT_EQ(mapping->size(), 0x3000U);
  EXPECT_EQ(rights_at(mapping->base()), "---p");
}

TEST(Mapping, Map01GoesElsewhereWhenItIsTaken) {
  const auto first = Mapping::reserve(kFree, 0x20000);
  const auto second = Mapping::reserve(kFree + 0x10000, 0x20000);
  ASSERT_THAT(second, Succeeds());
  EXPECT_NE(second->address(), kFree + 0x10000);
  EXPECT_EQ(second->address() % 0x10000, 0U);
}

TEST(Mapping, Map01IsAlignedForWindowsAndLargeOnesForHugePages) {
  for (int i = 0; i < 8; ++i) {
    const auto small = Mapping::reserve(0, 0x1000 + i * 0x1000);
    const auto large = Mapping::reserve(0, 0x200000 + i * 0x1000);
    ASSERT_THAT(small, Succeeds());
    ASSERT_THAT(large, Succeeds());
    EXPECT_EQ(small->address() % 0x10000, 0U);
    EXPECT_EQ(large->address() % 0x200000, 0U);
  }
}

TEST(Mapping, UnusableWishesAreOnlyWishes) {
  for (const std::uint64_t wish : {std::uint64_t{0x1234}, std::uint64_t{0x1000}, ~std::uint64_t{0} << 16}) {
    const auto mapping = Mapping::reserve(wish, 0x1000);
    ASSERT_THAT(mapping, Succeeds());
    EXPECT_NE(mapping->address(), wish);
  }
}

TEST(Mapping, ReserveExactlyIsThereOrFails) {
  const auto first = Mapping::reserve_exactly(kFree, 0x1000);
  ASSERT_THAT(first, Succeeds());
  const auto second = Mapping::reserve_exactly(kFree, 0x1000);
  EXPECT_THAT(second, FailsWith(STATUS_CONFLICTING_ADDRESSES));
  EXPECT_EQ(second.error().code(), DWORD{487});
}

TEST(Mapping, MoreThanTheAddressSpaceFails) {
  EXPECT_THAT(Mapping::reserve(0, std::size_t{1} << 62), FailsWith(STATUS_NO_MEMORY));
}

TEST(Mapping, Map11TheRangeIsGivenBack) {
  std::byte *first, *second;
  {
    auto a = Mapping::reserve(kFree, 0x5000);  // where nobody else's memory can come in between
    auto b = Mapping::reserve(kFree + 0x10000000, 0x500000);
    ASSERT_THAT(a, Succeeds());
    ASSERT_THAT(b, Succeeds());
    first = a->base();
    second = b->base();
    *a = *std::move(b);  // the old range leaves with the other object
    const Mapping moved = *std::move(a);
    EXPECT_EQ(moved.base(), second);
    EXPECT_EQ(rights_at(second + 0x4FF000), "---p");
  }
  EXPECT_EQ(rights_at(first), "");
  EXPECT_EQ(rights_at(second), "");
  EXPECT_EQ(rights_at(second + 0x4FF000), "");
}

TEST(Mapping, ReleaseHandsTheRangeOver) {
  auto mapping = Mapping::reserve(kFree, 0x1000);
  const auto range = mapping->release();
  EXPECT_FALSE(*mapping);
  EXPECT_EQ(rights_at(range.data()), "---p");
  Mapping::adopt(range);
  EXPECT_EQ(rights_at(reinterpret_cast<void*>(kFree)), "");
}

TEST(Mapping, OfFileShowsItsBytes) {
  std::FILE* file = std::tmpfile();
  EXPECT_THAT(Mapping::of_file(fileno(file), 0), FailsWith(STATUS_MAPPED_FILE_SIZE_ZERO));
  std::fputs("content", file);
  std::fflush(file);
  const auto mapping = Mapping::of_file(fileno(file), 7);
  std::fclose(file);
  ASSERT_THAT(mapping, Succeeds());
  EXPECT_EQ(std::memcmp(mapping->base(), "content", 7), 0);
  EXPECT_EQ(rights_at(mapping->base()), "r--p");
  EXPECT_THAT(Mapping::of_file(-1, 7), FailsWith(STATUS_NO_MEMORY));
}

TEST(ImageRegions, AreFoundByAnyAddressInside) {
  auto* base = reinterpret_cast<std::byte*>(kFree);
  EXPECT_FALSE(find_image(base));
  note_image(base, 0x3000);
  EXPECT_EQ(find_image(base)->base, base);
  EXPECT_EQ(find_image(base + 0x2FFF)->size, 0x3000U);
  EXPECT_FALSE(find_image(base + 0x3000));
  EXPECT_FALSE(find_image(base - 1));
  EXPECT_FALSE(find_image(nullptr));
  forget_image(base);
  EXPECT_FALSE(find_image(base));
  forget_image(base);  // again: nothing happens
}

TEST(ImageRegions, HoldMoreThanOneBlockOfThem) {
  const auto at = [](int i) { return reinterpret_cast<std::byte*>(kFree + i * std::uint64_t{0x10000}); };
  for (int i = 0; i < 1000; ++i) note_image(at(i), 0x1000);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(find_image(at(i) + 5)->base, at(i));
  for (int i = 0; i < 1000; ++i) forget_image(at(i));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(find_image(at(i) + 5));
}

TEST(ImageRegions, ReadersNeverSeeAPairThatDoesNotBelongTogether) {
  auto* base = reinterpret_cast<std::byte*>(kFree);
  auto* other = base + 0x100000;
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) {
      if (const auto found = find_image(base + 0x10)) {
        EXPECT_EQ(found->size, 0x1000U);
      }
      if (const auto found = find_image(other + 0x10)) {
        EXPECT_EQ(found->size, 0x2000U);
      }
    }
  });
  for (int i = 0; i < 20000; ++i) {
    note_image(base, 0x1000);
    forget_image(base);
    note_image(other, 0x2000);
    forget_image(other);
  }
  stop = true;
  reader.join();
}

}  // namespace
}  // namespace hmodule::map
