// A gibibyte through zlib1.dll's streams, with the native zlib at the other end.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct WindowsStream {  // z_stream; Windows' uLong has 32 bits
  const unsigned char* next_in;
  unsigned avail_in, total_in;
  unsigned char* next_out;
  unsigned avail_out, total_out;
  const char* msg;
  void *state, *zalloc, *zfree, *opaque;
  int data_type;
  std::uint32_t adler, reserved;
};
static_assert(sizeof(WindowsStream) == 88);

constexpr std::size_t kBlock = 1 << 20, kBlocks = 1024;

// Words that come again, and numbers that do not.
void fill(std::vector<unsigned char>& block, std::size_t number) {
  auto state = static_cast<std::uint32_t>(number) * 2654435761u + 1;
  for (std::size_t at = 0; at < block.size(); at += 16) {
    state = state * 1664525 + 1013904223;
    for (std::size_t i = 0; i < 12; ++i)
      block[at + i] = static_cast<unsigned char>("abcdefghijklmnop"[(state >> 29) + i % 5]);
    for (std::size_t i = 12; i < 16; ++i) block[at + i] = static_cast<unsigned char>(state >> (8 * (i - 12)));
  }
}

TEST(ZlibBig, AGibibyteGoesThroughItsStreams) {
  if (!fs::exists(fs::path(REAL_DLLS) / "zlib1.dll")) GTEST_SKIP() << "zlib1.dll is not there: run scripts/fetch-dlls";
  const hmodule::library zlib(fs::path(REAL_DLLS) / "zlib1.dll");
  const auto deflate_windows = zlib.get<int(WindowsStream*, int)>("deflate");
  const auto inflate_windows = zlib.get<int(WindowsStream*, int)>("inflate");
  const auto crc_windows = zlib.get<std::uint32_t(std::uint32_t, const void*, unsigned)>("crc32");
  using Init = int(WindowsStream*, int, const char*, int);
  WindowsStream pack{}, unpack{};
  z_stream native{};
  ASSERT_EQ(zlib.get<Init>("deflateInit_")(&pack, 1, "1.2.13", sizeof pack), Z_OK);
  ASSERT_EQ((zlib.get<int(WindowsStream*, const char*, int)>("inflateInit_")(&unpack, "1.2.13", sizeof unpack)), Z_OK);
  ASSERT_EQ(inflateInit(&native), Z_OK);

  std::vector<unsigned char> block(kBlock), packed(2 * kBlock), unpacked(2 * kBlock);
  std::uint32_t crc = 0, crc_of_dll = 0;
  uLong crc_unpacked = 0, crc_native = 0;
  std::size_t size = 0;
  for (std::size_t number = 0; number < kBlocks; ++number) {
    fill(block, number);
    crc = static_cast<std::uint32_t>(crc32(crc, block.data(), kBlock));
    crc_of_dll = crc_windows(crc_of_dll, block.data(), kBlock);
    pack.next_in = block.data();
    pack.avail_in = kBlock;
    pack.next_out = packed.data();
    pack.avail_out = static_cast<unsigned>(packed.size());
    const bool last = number + 1 == kBlocks;
    ASSERT_EQ(deflate_windows(&pack, last ? Z_FINISH : Z_SYNC_FLUSH), last ? Z_STREAM_END : Z_OK);
    const auto length = static_cast<unsigned>(packed.size() - pack.avail_out);
    size += length;

    unpack.next_in = native.next_in = packed.data();
    unpack.avail_in = native.avail_in = length;
    unpack.next_out = unpacked.data();
    unpack.avail_out = static_cast<unsigned>(unpacked.size());
    ASSERT_EQ(inflate_windows(&unpack, Z_SYNC_FLUSH), last ? Z_STREAM_END : Z_OK);
    crc_unpacked = crc32(crc_unpacked, unpacked.data(), static_cast<unsigned>(unpacked.size() - unpack.avail_out));
    native.next_out = unpacked.data();
    native.avail_out = static_cast<unsigned>(unpacked.size());
    ASSERT_EQ(inflate(&native, Z_SYNC_FLUSH), last ? Z_STREAM_END : Z_OK);
    crc_native = crc32(crc_native, unpacked.data(), static_cast<unsigned>(unpacked.size() - native.avail_out));
  }
  EXPECT_EQ(crc_of_dll, crc);
  EXPECT_EQ(crc_unpacked, crc);
  EXPECT_EQ(crc_native, crc);
  EXPECT_EQ(native.total_out, kBlock * kBlocks);
  EXPECT_LT(size, kBlock * kBlocks * 3 / 4);
  EXPECT_EQ(zlib.get<int(WindowsStream*)>("deflateEnd")(&pack), Z_OK);
  EXPECT_EQ(zlib.get<int(WindowsStream*)>("inflateEnd")(&unpack), Z_OK);
  inflateEnd(&native);
}

}  // namespace
