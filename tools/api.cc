// hmodule api: which functions of Windows' own DLLs are native, from the same tables that imports are bound from.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/builtins.h"
#include "module/builtin.h"
#include "tools/commands.h"

namespace hmodule::tools {
namespace {

struct Listing {
  const BuiltinDll* dll;
  const BuiltinDll* includes = nullptr;  // another DLL, all of whose functions it has too; they are left out here
  std::vector<const Export*> rows;       // by name
  std::size_t partial = 0;
};

bool has(const BuiltinDll& dll, const ExportTable* table) {
  return std::find(dll.tables.begin(), dll.tables.end(), table) != dll.tables.end();
}

// By name. One that has all tables of another is told by what it has besides.
std::vector<Listing> listings() {
  std::vector<const BuiltinDll*> dlls(api::builtin_dlls().begin(), api::builtin_dlls().end());
  std::sort(dlls.begin(), dlls.end(), [](const BuiltinDll* a, const BuiltinDll* b) { return a->name < b->name; });
  std::vector<Listing> all;
  for (const BuiltinDll* dll : dlls) {
    Listing listing{dll, nullptr, {}, 0};
    for (const BuiltinDll* other : dlls) {
      if (other == dll) break;
      const auto& tables = other->tables;
      if (std::all_of(tables.begin(), tables.end(), [&](const ExportTable* table) { return has(*dll, table); }))
        listing.includes = other;
    }
    for (const ExportTable* table : dll->tables)
      for (const Export& row : *table) {
        if (listing.includes != nullptr && has(*listing.includes, table)) break;
        listing.rows.push_back(&row);
        if (row.support == Support::partial) ++listing.partial;
      }
    std::sort(listing.rows.begin(), listing.rows.end(),
              [](const Export* a, const Export* b) { return a->name < b->name; });
    all.push_back(std::move(listing));
  }
  return all;
}

std::string and_those_of(const Listing& listing) {
  return listing.includes == nullptr ? "" : fmt::format(", and those of {}", listing.includes->name);
}

void print_text(const Listing& listing) {
  fmt::print("{}: {} functions, {} in part{}\n", listing.dll->name, listing.rows.size(), listing.partial,
             and_those_of(listing));
  for (const Export* row : listing.rows) fmt::print("  {}{}{}\n", row->name, row->note.empty() ? "" : ": ", row->note);
}

// Names one after the other, in lines.
void print_names(const std::vector<std::string_view>& names) {
  std::string line;
  for (const std::string_view name : names) {
    if (line.size() + name.size() > 116) {
      fmt::print("{}\n", line);
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(name);
  }
  if (!line.empty()) fmt::print("{}\n", line);
}

// docs/api.md.
void print_markdown(const std::vector<Listing>& all) {
  fmt::print(
      "# Windows functions that are native\n\n"
      "Made by `hmodule api --markdown` from the tables that imports are bound from. What is not here comes from the "
      "DLL's\n"
      "PE build in System32, where there is one (`ls lib/hmodule/system32`); what nobody has is a trap that names "
      "itself\n"
      "when it is called. `hmodule check FILE` says the same of one DLL's imports. [native-tests.md](native-tests.md) "
      "names a\ntest of each.\n\n"
      "| DLL | Native | of them in part |\n| --- | --- | --- |\n");
  for (const Listing& listing : all)
    fmt::print("| {} | {}{} | {} |\n", listing.dll->name, listing.rows.size(), and_those_of(listing), listing.partial);
  for (const Listing& listing : all) {
    if (listing.rows.empty()) continue;
    fmt::print("\n## {}\n\n", listing.dll->name);
    std::vector<std::string_view> full;
    for (const Export* row : listing.rows)
      if (row->support == Support::full) full.push_back(row->name);
    print_names(full);
    if (listing.partial == 0) continue;
    fmt::print("\n| In part | What is missing |\n| --- | --- |\n");
    for (const Export* row : listing.rows)
      if (row->support == Support::partial) fmt::print("| {} | {} |\n", row->name, row->note);
  }
}

// Which DLLs' PE builds have native functions in them: several have the same.
struct StandIns {
  std::vector<std::string_view> dlls, functions;
};
StandIns stand_ins() {
  StandIns all;
  for (const BuiltinDll* dll : api::stand_ins()) {
    all.dlls.push_back(dll->name);
    for (const ExportTable* table : dll->tables)
      for (const Export& row : *table) all.functions.push_back(row.name);
  }
  std::sort(all.functions.begin(), all.functions.end());
  all.functions.erase(std::unique(all.functions.begin(), all.functions.end()), all.functions.end());
  return all;
}

void print_stand_ins() {
  const StandIns all = stand_ins();
  fmt::print(
      "\n## In the C runtimes\n\n"
      "Of the PE builds of {}, and of what forwards to them,\n"
      "these are native, too. `HMODULE_OVERRIDES=ucrtbase=pe` leaves that one as it is.\n\n",
      fmt::join(all.dlls, ", "));
  print_names(all.functions);
}

void print_absent() {
  fmt::print(
      "\n## DLLs that are not here\n\n"
      "Wine has PE builds of these, too, but they are of no use without what stands behind them.\n\n"
      "| DLL | Why not |\n| --- | --- |\n");
  for (const api::AbsentDlls& absent : api::absent_dlls()) fmt::print("| {} | {} |\n", absent.names, absent.reason);
}

void print_json(const std::vector<Listing>& all) {
  nlohmann::ordered_json dlls = nlohmann::ordered_json::array();
  for (const Listing& listing : all) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const Export* row : listing.rows) {
      nlohmann::ordered_json entry{{"name", row->name},
                                   {"support", row->support == Support::partial ? "partial" : "full"}};
      if (!row->note.empty()) entry["note"] = row->note;
      rows.push_back(std::move(entry));
    }
    nlohmann::ordered_json dll{{"dll", listing.dll->name}, {"functions", std::move(rows)}};
    if (listing.includes != nullptr) dll["and_those_of"] = listing.includes->name;
    dlls.push_back(std::move(dll));
  }
  fmt::print("{}\n", dlls.dump(2));
}

struct Options {
  std::string dll;
  bool markdown = false, json = false;
};

int show(const Options& options) {
  std::vector<Listing> all = listings();
  if (!options.dll.empty()) {
    std::erase_if(all, [&](const Listing& each) { return CLI::detail::to_lower(options.dll) != each.dll->name; });
    if (all.empty()) {
      fmt::print(stderr, "hmodule: {} is no builtin DLL\n", options.dll);
      return kFailed;
    }
  }
  if (options.markdown) {
    print_markdown(all);
    if (options.dll.empty()) {
      print_stand_ins();
      print_absent();
    }
  } else if (options.json) {
    print_json(all);
  } else {
    for (const Listing& listing : all) print_text(listing);
    if (options.dll.empty()) {
      const StandIns native = stand_ins();
      fmt::print("{}: in PE form, but for {}\n", fmt::join(native.dlls, ", "), fmt::join(native.functions, " "));
    }
  }
  return kDone;
}

}  // namespace

void add_api(CLI::App& app, int& status) {
  CLI::App& command = *app.add_subcommand("api", "Lists the Windows functions that are native, and what they lack");
  auto options = std::make_shared<Options>();
  command.add_option("DLL", options->dll, "One of the builtin DLLs, as kernel32.dll; all of them without it");
  command.add_flag("--json", options->json, "Print JSON");
  command.add_flag("--markdown", options->markdown, "Print what docs/api.md holds");
  command.callback([options, &status] { status = show(*options); });
}

}  // namespace hmodule::tools
