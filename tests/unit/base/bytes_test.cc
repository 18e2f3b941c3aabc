#include "base/bytes.h"

#include <gmock/gmock.h>

#include <array>

namespace hmodule {
namespace {

const std::array<std::byte, 8> kData = {std::byte{1}, std::byte{2}, std::byte{'a'}, std::byte{'b'},
                                        std::byte{0}, std::byte{6}, std::byte{7},   std::byte{8}};
const Bytes kBytes(kData, "x.dll");

TEST(Bytes, ReadsUpToTheLastByteAndNotPastIt) {
  EXPECT_EQ(*kBytes.read<std::uint16_t>(6), 0x0807);
  const auto past = kBytes.read<std::uint32_t>(5);
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().code(), 193U);
  EXPECT_EQ(past.error().reason, "x.dll: needs 4 bytes at 0x5, but ends at 0x8");
}

TEST(Bytes, OffsetsThatWrapAreRefused) {
  EXPECT_FALSE(kBytes.slice(~0ULL, 2));
  EXPECT_FALSE(kBytes.slice(4, ~0ULL));
  EXPECT_TRUE(kBytes.slice(8, 0));
  EXPECT_FALSE(kBytes.slice(9, 0));
}

TEST(Bytes, StringsMustEndInside) {
  EXPECT_EQ(*kBytes.c_string(2), "ab");
  EXPECT_FALSE(kBytes.c_string(5));
  EXPECT_FALSE(kBytes.c_string(8));
}

}  // namespace
}  // namespace hmodule
