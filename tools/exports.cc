// hmodule exports FILE: what a DLL offers.
#include "tools/commands.h"
#include "tools/image_file.h"

#include "pe/exports.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace hmodule::tools {

namespace {

void print_text(const pe::Image& image, const std::vector<pe::ExportEntry>& entries) {
  fmt::print("{}: {}, {} exports\n", image.name(), describe(image), entries.size());
  if (!entries.empty()) fmt::print("{:>7}  {:8}  {}\n", "ordinal", "RVA", "name");
  for (const pe::ExportEntry& entry : entries) {
    const std::string rva = entry.target.is_forwarder() ? "" : fmt::format("{:08x}", entry.target.rva.value);
    fmt::print("{:>7}  {:8}  {}{}{}\n", entry.ordinal, rva, entry.name.empty() ? "-" : entry.name,
               entry.target.is_forwarder() ? " -> " : "", entry.target.forwarder);
  }
}

void print_json(const pe::Image& image, const std::vector<pe::ExportEntry>& entries) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const pe::ExportEntry& entry : entries) {
    nlohmann::ordered_json row{{"ordinal", entry.ordinal}};
    if (!entry.name.empty()) row["name"] = entry.name;
    if (entry.target.is_forwarder())
      row["forwarder"] = entry.target.forwarder;
    else
      row["rva"] = entry.target.rva.value;
    list.push_back(std::move(row));
  }
  const nlohmann::ordered_json all{{"file", image.name()}, {"machine", image.machine_name()}, {"exports", list}};
  fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

Status show(const std::string& path, bool json) {
  const ImageFile file = TRY(ImageFile::open(path));
  const auto table = TRY(pe::ExportTable::parse(file.image()));
  const auto entries = TRY(table.entries());
  json ? print_json(file.image(), entries) : print_text(file.image(), entries);
  return ok;
}

}  // namespace

void add_exports(CLI::App& app, int& status) {
  add_listing(app, "exports", "Lists the functions and variables a DLL offers", show, status);
}

}  // namespace hmodule::tools
