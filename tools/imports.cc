// hmodule imports FILE: what a DLL needs of others, by DLL.
#include "tools/commands.h"
#include "tools/image_file.h"

#include "pe/imports.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace hmodule::tools {

namespace {

void print_entries(const std::vector<pe::Import>& entries) {
  for (const pe::Import& entry : entries) {
    if (entry.by_ordinal)
      fmt::print("  #{}\n", entry.ordinal);
    else
      fmt::print("  {}\n", entry.name);
  }
}

nlohmann::ordered_json json_of(std::string_view dll, bool delayed, const std::vector<pe::Import>& entries) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const pe::Import& entry : entries) {
    if (entry.by_ordinal)
      list.push_back({{"ordinal", entry.ordinal}});
    else
      list.push_back({{"name", entry.name}, {"hint", entry.hint}});
  }
  return {{"dll", dll}, {"delayed", delayed}, {"functions", std::move(list)}};
}

Status show(const std::string& path, bool json) {
  const ImageFile file = TRY(ImageFile::open(path));
  const pe::Image& image = file.image();
  const auto direct = TRY(pe::imports(image));
  const auto delayed = TRY(pe::delay_imports(image));
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& dll : direct) list.push_back(json_of(dll.name, false, dll.entries));
    for (const auto& dll : delayed) list.push_back(json_of(dll.name, true, dll.entries));
    const nlohmann::ordered_json all{{"file", image.name()}, {"machine", image.machine_name()}, {"imports", list}};
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return ok;
  }
  fmt::print("{}: {}, imports from {} DLLs\n", image.name(), describe(image), direct.size() + delayed.size());
  for (const auto& dll : direct) {
    fmt::print("{}\n", dll.name);
    print_entries(dll.entries);
  }
  for (const auto& dll : delayed) {
    fmt::print("{} (delayed)\n", dll.name);
    print_entries(dll.entries);
  }
  return ok;
}

}  // namespace

void add_imports(CLI::App& app, int& status) {
  add_listing(app, "imports", "Lists what a DLL needs of other DLLs", show, status);
}

}  // namespace hmodule::tools
