#pragma once

#include "base/utf.h"
#include "path/volumes.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace hmodule::search {

// A temporary host directory that is the drive D:, beside a virtual C: whose System32 is D:\sys.
class OnADrive : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "hmodule_search_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = std::filesystem::canonical(name);
    std::filesystem::create_directories(root_ + "/sys");
    volumes_.add_windows_drive({}, {root_ + "/sys"}, "/tmp");
    ASSERT_TRUE(volumes_.add_drive(u'D', root_));
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string file(const std::string& name) {
    std::filesystem::create_directories(std::filesystem::path(root_ + "/" + name).parent_path());
    std::ofstream(root_ + "/" + name) << name;
    return root_ + "/" + name;
  }
  void directory(const std::string& name) { std::filesystem::create_directories(root_ + "/" + name); }

  path::Volumes volumes_;
  std::string root_;
};

}  // namespace hmodule::search
