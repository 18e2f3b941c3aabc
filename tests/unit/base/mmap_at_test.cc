#include "base/mmap_at.h"

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace hmodule {
namespace {

constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr std::size_t kSize = 0x4000;

TEST(MmapAt, TakesFreeAddresses) {
  void* const room = mmap(nullptr, kSize, PROT_NONE, kFlags, -1, 0);
  munmap(room, kSize);
  ASSERT_EQ(mmap_at(room, kSize, PROT_READ | PROT_WRITE, kFlags), room);
  std::memset(room, 1, kSize);
  munmap(room, kSize);
}

TEST(MmapAt, LeavesWhatIsThere) {
  char* const there = static_cast<char*>(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, kFlags, -1, 0));
  std::memset(there, 'x', kSize);
  errno = 0;
  EXPECT_EQ(mmap_at(there + kSize / 2, kSize, PROT_READ | PROT_WRITE, kFlags), MAP_FAILED);
  EXPECT_EQ(errno, EEXIST);
  for (std::size_t i = 0; i < kSize; ++i) ASSERT_EQ(there[i], 'x') << i;
  munmap(there, kSize);
}

}  // namespace
}  // namespace hmodule
