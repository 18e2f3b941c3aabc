// A DLL file of resources only, made for one test.
#pragma once

#include "base/utf.h"
#include "path/volumes.h"
#include "support/pe_builder.h"
#include "unit/winapi/process.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace hmodule::winapi {

class ResourceDll : public testing::Test {
 protected:
  void SetUp() override {
    process();
    std::string name = testing::TempDir() + "hmodule_resources_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = std::filesystem::canonical(name);
  }
  void TearDown() override {
    for (const HMODULE module : loaded_) (void)process().loader().free(module);
    std::filesystem::remove_all(root_);
  }

  std::u16string write(const std::string& name, const std::vector<test::PeResource>& resources) {
    test::PeBuilder builder = test::PeBuilder::minimal_dll();
    if (!resources.empty()) builder.add_resources(resources);
    builder.write(root_ + "/" + name);
    return path::volumes().from_host(root_ + "/" + name);
  }
  // `flags` 0x2 and 0x20 give the two kinds of views, 0 a module (FLAG-16).
  HMODULE load(const std::vector<test::PeResource>& resources, DWORD flags) {
    const auto name = "r" + std::to_string(loaded_.size()) + ".dll";
    const auto module = process().loader().load({.name = write(name, resources), .flags = flags});
    EXPECT_TRUE(module) << module.error().reason;
    if (module) loaded_.push_back(*module);
    return module ? *module : nullptr;
  }

  std::string root_;
  std::vector<HMODULE> loaded_;
};

inline test::ByteVector units(std::u16string_view text) {
  test::ByteVector out;
  for (const char16_t c : text) test::append(out, c);
  return out;
}

}  // namespace hmodule::winapi
