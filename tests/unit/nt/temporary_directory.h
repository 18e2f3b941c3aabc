// A directory that lives as long as the test, in its host and its Windows spelling.
#pragma once

#include "base/utf.h"
#include "path/volumes.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace hmodule {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hmodule-XXXXXX").string();
    host_ = ::mkdtemp(pattern.data());
    windows_ = path::volumes().from_host(host_);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(host_); }

  std::string host(const std::string& name) const { return host_ + "/" + name; }
  std::u16string windows(std::u16string_view name) const { return windows_ + u"\\" + std::u16string(name); }
  const std::u16string& windows() const { return windows_; }

  void write(const std::string& name, const std::string& text) const { std::ofstream(host(name)) << text; }
  std::string read(const std::string& name) const {
    std::ifstream file(host(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(host(name)); }

 private:
  std::string host_;
  std::u16string windows_;
};

}  // namespace hmodule
