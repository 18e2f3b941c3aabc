// A PE file on disk, of any machine, for looking at.
#pragma once

#include "loader/file_view.h"
#include "pe/image.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace hmodule::tools {

class ImageFile {
 public:
  // `path` is a host path, or a Windows path with a drive.
  static Result<ImageFile> open(const std::string& path);

  const pe::Image& image() const { return image_; }
  const std::string& path() const { return *path_; }

 private:
  ImageFile(std::shared_ptr<const std::string> path, std::shared_ptr<const FileView> file, pe::Image image)
      : path_(std::move(path)), file_(std::move(file)), image_(std::move(image)) {}
  std::shared_ptr<const std::string> path_;  // the image's messages name it
  std::shared_ptr<const FileView> file_;
  pe::Image image_;
};

// "x86-64 DLL", "32-bit x86 (PE32) program", ...
std::string describe(const pe::Image& image);

// Says on stderr why a file cannot be looked at; the exit status for it.
int unusable(const Error& error);

// Adds a subcommand that takes one FILE and --json, and prints what `show` finds in it.
using Show = Status (*)(const std::string& path, bool json);
void add_listing(CLI::App& app, const char* name, const char* description, Show show, int& status);

}  // namespace hmodule::tools
