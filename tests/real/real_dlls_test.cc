// Real DLLs, unmodified, from public packages: that they load, work, and leave nothing when they are freed.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <hmodule/hmodule.hpp>
#include <string>

#include "real_dll.h"
#include "support/mapped_ranges.h"

namespace {

std::filesystem::path real_dll(const std::string& name) {
  return std::filesystem::path(REAL_DLLS) / name;
}

struct Footprint {
  std::size_t mappings = 0, descriptors = 0, resident_kb = 0;
};

Footprint footprint() {
  malloc_trim(0);
  Footprint now;
  now.mappings = hmodule::test::mapped_ranges().size();
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) now.descriptors += 1;
#ifndef __SANITIZE_ADDRESS__  // which keeps what is freed, and says at the end what is not
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  now.resident_kb = resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
#endif
  return now;
}

// Loads and frees `times` times; the first loads bring in what stays (the C runtime, caches), the rest may not grow,
// but for what the DLL itself leaves on the process heap, `own_kb` of touched memory a load.
void reload(const std::string& name, int times, int own_kb = 0) {
  for (int i = 0; i < 20; ++i) hmodule::library again(real_dll(name));
  const Footprint before = footprint();
  for (int i = 0; i < times; ++i) hmodule::library again(real_dll(name));
  const Footprint after = footprint();
  EXPECT_LE(after.mappings, before.mappings + 16) << name;  // neighbours are one mapping or two, by chance
  EXPECT_EQ(after.descriptors, before.descriptors) << name;
  EXPECT_LE(after.resident_kb, before.resident_kb + 8192 + static_cast<std::size_t>(own_kb * times)) << name;
}

TEST(Zlib, ComputesAndRoundTrips) {
  NEED("zlib1.dll");
  const hmodule::library zlib(real_dll("zlib1.dll"));
  EXPECT_STREQ(zlib.get<const char*()>("zlibVersion")(), "1.2.13");
  const auto crc32 = zlib.get<std::uint32_t(std::uint32_t, const void*, std::uint32_t)>("crc32");
  EXPECT_EQ(crc32(0, "123456789", 9), 0xCBF43926u);

  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  std::string packed(text.size(), 0), unpacked(text.size(), 0);
  auto packed_size = static_cast<std::uint32_t>(packed.size()), size = static_cast<std::uint32_t>(text.size());
  const auto compress2 = zlib.get<int(void*, std::uint32_t*, const void*, std::uint32_t, int)>("compress2");
  const auto uncompress = zlib.get<int(void*, std::uint32_t*, const void*, std::uint32_t)>("uncompress");
  ASSERT_EQ(compress2(packed.data(), &packed_size, text.data(), size, 9), 0);
  EXPECT_LT(packed_size, text.size() / 2);
  ASSERT_EQ(uncompress(unpacked.data(), &size, packed.data(), packed_size), 0);
  EXPECT_EQ(unpacked, text);
  packed[packed_size / 2] = static_cast<char>(~packed[packed_size / 2]);
  EXPECT_NE(uncompress(unpacked.data(), &size, packed.data(), packed_size), 0);
}

TEST(Zlib, LeavesNothingBehind) {
  NEED("zlib1.dll");
  reload("zlib1.dll", 1000);
}

TEST(SqliteVec, ExportsItsEntryPoints) {
  NEED("vec0.dll");
  const hmodule::library vec(real_dll("vec0.dll"));
  EXPECT_TRUE(vec.has("sqlite3_vec_init"));
  bool seen = false;
  for (const auto& symbol : vec.exports()) seen |= symbol.name == "sqlite3_vec_init" && symbol.address != nullptr;
  EXPECT_TRUE(seen);
}

TEST(SqliteVec, LeavesNothingBehind) {
  NEED("vec0.dll");
  reload("vec0.dll", 1000);
}

TEST(DuckDb, TellsItsVersion) {
  NEED("duckdb.dll");
  const hmodule::library duckdb(real_dll("duckdb.dll"));
  EXPECT_EQ(std::string(duckdb.get<const char*()>("duckdb_library_version")()).substr(0, 4), "v1.5");
}

TEST(DuckDb, LeavesNothingBehind) {
  NEED("duckdb.dll");
  reload("duckdb.dll", 1000);
}

TEST(Libgcrypt, Hashes) {
  NEED("libgcrypt-20.dll");
  NEED("libgpg-error-0.dll");
  const hmodule::library gcrypt(real_dll("libgcrypt-20.dll"));
  const auto check_version = gcrypt.get<const char*(const char*)>("gcry_check_version");
  ASSERT_STREQ(check_version(nullptr), "1.10.1");
  unsigned char digest[32];
  gcrypt.get<void(int, void*, const void*, long long)>("gcry_md_hash_buffer")(8, digest, "abc", 3);  // SHA-256
  EXPECT_EQ(digest[0], 0xBA);
  EXPECT_EQ(digest[31], 0xAD);
}

TEST(Libgcrypt, LeavesNothingBehind) {
  NEED("libgcrypt-20.dll");
  NEED("libgpg-error-0.dll");
  reload("libgcrypt-20.dll", 1000);
}

TEST(Libstdcxx, Attaches) {
  NEED("libstdc++-6.dll");
  const hmodule::library runtime(real_dll("libstdc++-6.dll"));
  EXPECT_TRUE(runtime.has("__cxa_throw"));
  const auto demangle = runtime.get<const char*(const char*, char*, void*, int*)>("__cxa_demangle");
  int status = -1;
  EXPECT_STREQ(demangle("_ZNSt6vectorIiE4sizeEv", nullptr, nullptr, &status), "std::vector<int>::size()");
  EXPECT_EQ(status, 0);
}

TEST(Libstdcxx, LeavesNothingBehind) {
  NEED("libstdc++-6.dll");
  // At its start it allocates the pool that exceptions come from when memory is short, 73 KiB of which three or four
  // pages are touched, and never frees it.
  reload("libstdc++-6.dll", 1000, 16);
}

}  // namespace
