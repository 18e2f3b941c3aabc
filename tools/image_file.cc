#include "tools/image_file.h"

#include "base/utf.h"
#include "path/volumes.h"
#include "tools/commands.h"

#include <fmt/core.h>

#include <cstdio>

namespace hmodule::tools {

namespace {

Result<std::string> host_path(const std::string& given) {
  const std::u16string name = utf16(given);
  if (path::kind_of(name) != path::Kind::drive_absolute) return given;
  const std::u16string full = TRY(path::full_path(name, {u"C:\\", {}}));
  const path::HostPath found = TRY(path::volumes().to_host(full));
  if (!found.exists()) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: No such file", given);
  return found.path;
}

}  // namespace

Result<ImageFile> ImageFile::open(const std::string& path) {
  auto name = std::make_shared<const std::string>(TRY(host_path(path)));
  auto file = std::make_shared<const FileView>(TRY(FileView::open(*name)));
  auto image = TRY(pe::Image::inspect(file->bytes(*name)));
  return ImageFile(std::move(name), std::move(file), std::move(image));
}

std::string describe(const pe::Image& image) {
  return fmt::format("{}{} {}", image.machine_name(), image.is_pe32() ? " (PE32)" : "",
                     image.is_dll() ? "DLL" : "program");
}

int unusable(const Error& error) {
  fmt::print(stderr, "hmodule: {}\n", error.reason);
  return kUnusable;
}

void add_listing(CLI::App& app, const char* name, const char* description, Show show, int& status) {
  struct Options {
    std::string path;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand(name, description);
  command.add_option("FILE", options->path, "A DLL or program; 32-bit and ARM ones too")->required();
  command.add_flag("--json", options->json, "Print JSON");
  command.callback([options, show, &status] {
    const Status shown = show(options->path, options->json);
    status = shown ? kFine : unusable(shown.error());
  });
}

}  // namespace hmodule::tools
