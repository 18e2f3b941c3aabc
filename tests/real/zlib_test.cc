// zlib1.dll's gzip files, which it reads and writes through its C runtime's files; the native zlib is at the other end.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <string>

#include "real_dll.h"

namespace {

namespace fs = std::filesystem;

std::string sample() {
  std::string text;
  for (unsigned i = 0; i < 100000; ++i) text += "line " + std::to_string(i * 2654435761u) + "\n";
  return text;
}

class GzipFiles : public testing::Test {
 protected:
  void TearDown() override { fs::remove(file_); }
  const std::string file_ = fs::temp_directory_path() / ("hmodule-gz-" + std::to_string(getpid()) + ".gz");
};

struct WindowsGzip {
  hmodule::library zlib{fs::path(REAL_DLLS) / "zlib1.dll"};
  template <typename Signature>
  auto get(const char* name) const {
    return zlib.get<Signature>(name);
  }
};

TEST_F(GzipFiles, WhatTheDllWritesZlibReads) {
  NEED("zlib1.dll");
  const WindowsGzip windows;
  const std::string text = sample();
  void* const to = windows.get<void*(const char*, const char*)>("gzopen")(file_.c_str(), "wb6");
  ASSERT_NE(to, nullptr);
  const auto write = windows.get<int(void*, const void*, unsigned)>("gzwrite");
  for (std::size_t at = 0, piece = 1; at < text.size(); at += piece, piece = piece * 2 + 1) {
    piece = std::min(piece, text.size() - at);
    ASSERT_EQ(write(to, text.data() + at, static_cast<unsigned>(piece)), static_cast<int>(piece));
  }
  EXPECT_EQ(windows.get<int(void*, const char*, ...)>("gzprintf")(to, "%d and %s", 42, "more"), 11);
  EXPECT_EQ(windows.get<int(void*)>("gzclose")(to), 0);

  gzFile from = gzopen(file_.c_str(), "rb");
  ASSERT_NE(from, nullptr);
  std::string read(text.size() + 100, '\0');
  read.resize(static_cast<std::size_t>(gzread(from, read.data(), static_cast<unsigned>(read.size()))));
  EXPECT_EQ(read, text + "42 and more");
  gzclose(from);
}

TEST_F(GzipFiles, WhatZlibWritesTheDllReads) {
  NEED("zlib1.dll");
  const WindowsGzip windows;
  const std::string text = sample();
  gzFile to = gzopen(file_.c_str(), "wb9");
  ASSERT_EQ(gzwrite(to, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(to);

  void* const from = windows.get<void*(const char*, const char*)>("gzopen")(file_.c_str(), "rb");
  ASSERT_NE(from, nullptr);
  const auto read = windows.get<int(void*, void*, unsigned)>("gzread");
  std::string all(text.size() + 1, '\0');
  EXPECT_EQ(read(from, all.data(), static_cast<unsigned>(all.size())), static_cast<int>(text.size()));
  EXPECT_EQ(all.substr(0, text.size()), text);
  EXPECT_EQ(windows.get<int(void*)>("gzeof")(from), 1);
  // Windows' z_off_t has 32 bits.
  EXPECT_EQ(windows.get<int(void*, int, int)>("gzseek")(from, 1000, 0), 1000);
  EXPECT_EQ(windows.get<int(void*)>("gztell")(from), 1000);
  char line[100];
  const std::string rest = text.substr(1000, text.find('\n', 1000) - 999);
  EXPECT_STREQ(windows.get<char*(void*, char*, int)>("gzgets")(from, line, sizeof line), rest.c_str());
  EXPECT_EQ(windows.get<int(void*)>("gzclose")(from), 0);
  EXPECT_EQ(windows.get<void*(const char*, const char*)>("gzopen")("/no/such/file.gz", "rb"), nullptr);
}

TEST_F(GzipFiles, ADamagedFileIsSeen) {
  NEED("zlib1.dll");
  const WindowsGzip windows;
  const std::string text = sample();
  gzFile to = gzopen(file_.c_str(), "wb9");
  gzwrite(to, text.data(), static_cast<unsigned>(text.size()));
  gzclose(to);
  fs::resize_file(file_, fs::file_size(file_) / 2);
  void* const from = windows.get<void*(const char*, const char*)>("gzopen")(file_.c_str(), "rb");
  std::string all(text.size(), '\0');
  EXPECT_LT(windows.get<int(void*, void*, unsigned)>("gzread")(from, all.data(), static_cast<unsigned>(all.size())),
            static_cast<int>(text.size()));
  int number = 0;
  windows.get<const char*(void*, int*)>("gzerror")(from, &number);
  EXPECT_EQ(number, Z_BUF_ERROR);
  windows.get<int(void*)>("gzclose")(from);
}

}  // namespace
