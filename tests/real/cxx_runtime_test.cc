// mingw's C++ runtime as DLLs of their own, under a DLL that is compiled against them (cxx_runtime_dll.cc); the same
// source, compiled natively, says what is right.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <string>

#include "real_dll.h"

extern "C" {
int streams(const char* directory, char* buffer, int room);
int threads(char* buffer, int room);
int exceptions(char* buffer, int room);
}

namespace {

namespace fs = std::filesystem;

#define NEED_RUNTIME          \
  NEED("libstdc++-6.dll");    \
  NEED("libgcc_s_seh-1.dll"); \
  NEED("libwinpthread-1.dll");

class CxxRuntime : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override { fs::remove_all(directory_); }

  const fs::path directory_ = fs::temp_directory_path() / ("hmodule-cxx-" + std::to_string(getpid()));
};

// The runtime's DLLs, and then the one that needs them.
struct Loaded {
  hmodule::library threads{fs::path(REAL_DLLS) / "libwinpthread-1.dll"};
  hmodule::library unwinder{fs::path(REAL_DLLS) / "libgcc_s_seh-1.dll"};
  hmodule::library runtime{fs::path(REAL_DLLS) / "libstdc++-6.dll"};
  hmodule::library dll{fs::path(TEST_DLLS) / "cxx_runtime.dll"};
};

TEST_F(CxxRuntime, Streams) {
  NEED_RUNTIME
  char ours[4096] = {}, native[4096] = {};
  const Loaded loaded;
  loaded.dll.get<int(const char*, char*, int)>("streams")(directory_.c_str(), ours, sizeof ours);
  streams(directory_.c_str(), native, sizeof native);
  EXPECT_STREQ(ours, native);
  EXPECT_NE(std::string(native), "");
}

TEST_F(CxxRuntime, Threads) {
  NEED_RUNTIME
  char ours[4096] = {}, native[4096] = {};
  const Loaded loaded;
  loaded.dll.get<int(char*, int)>("threads")(ours, sizeof ours);
  threads(native, sizeof native);
  EXPECT_STREQ(ours, native);
}

TEST_F(CxxRuntime, Exceptions) {
  NEED_RUNTIME
  char ours[4096] = {}, native[4096] = {};
  const Loaded loaded;
  loaded.dll.get<int(char*, int)>("exceptions")(ours, sizeof ours);
  exceptions(native, sizeof native);
  EXPECT_STREQ(ours, native);
  try {
    loaded.dll.guarded<void(int)>("throws")(3);
    FAIL() << "nothing came out";
  } catch (const hmodule::seh_error& error) {
    EXPECT_EQ(error.code(), 0x20474343U);
    EXPECT_EQ(error.thrown_what(), "odd: 3");
  }
}

}  // namespace
