#include "tools/graph.h"

#include "api/builtins.h"
#include "base/utf.h"
#include "loader/system_dlls.h"
#include "path/volumes.h"
#include "search/api_set.h"
#include "search/settings.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

namespace hmodule::tools {

namespace {

constexpr int kLongestForwarderChain = 32;  // FWD-05

const BuiltinDll* builtin_named(std::u16string_view name) {
  for (const BuiltinDll* dll : api::builtin_dlls())
    if (equal_ignoring_case(utf16(dll->name), name)) return dll;
  return nullptr;
}

std::string absolute(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  std::string result = resolved != nullptr ? resolved : path;
  std::free(resolved);
  return result;
}

search::Settings settings() {
  search::SearchSettings all(path::volumes());
  all.configure_from_environment();
  return all.snapshot();
}

// IMP-05 and §4.1: the DLL behind a name in an import table; empty for an API set that nobody serves.
Result<search::DllName> serving_name(std::string_view dll_name, std::u16string_view importer) {
  search::DllName name = TRY(search::normalise_name(utf16(dll_name)));
  name = {std::u16string(name.base()), search::NameKind::bare};
  if (!search::is_api_set_name(name.text)) return name;
  if (const auto host = search::api_set_host(name.text, importer)) name.text = *host;
  return name;
}

}  // namespace

std::string_view word_for(Server server) {
  switch (server) {
    case Server::native:
      return "native";
    case Server::pe:
      return "PE";
    case Server::file:
      return "file";
    case Server::nobody:
      return "nobody";
    case Server::missing:
      return "missing";
    case Server::unusable:
      return "unusable";
  }
  return "";
}

Result<Graph> Graph::of(const std::string& path) {
  Graph graph(TRY(ImageFile::open(path)));
  while (!graph.unread_.empty()) {
    Dll& dll = *graph.unread_.back();
    graph.unread_.pop_back();
    graph.add_needs(dll);
  }
  return graph;
}

Graph::Graph(ImageFile file) : surroundings_(std::make_unique<search::Surroundings>()) {
  const std::string path = absolute(file.path());
  const std::u16string windows_path = path::volumes().from_host(path);
  char current[PATH_MAX];
  surroundings_->application_path = windows_path;
  surroundings_->current_directory = path::volumes().from_host(::getcwd(current, sizeof current) ? current : "/");
  // As hmodule_open() does it: beside the DLL, then the default directories (DESIGN D10).
  directories_ = search::load_path(settings(), *surroundings_, search::kDllLoadDir | search::kDefaultDirs,
                                   path::directory(windows_path));
  root_ = &add(path::base_name(windows_path), Server::file);
  root_->path = path;
  root_->image = std::move(file);
  root_->exports = pe::ExportTable::parse_or_empty(root_->image->image());
  unread_.push_back(root_);
}

Dll& Graph::add(std::u16string_view name, Server server) {
  auto& slot = dlls_[upcase(name)];
  slot = std::make_unique<Dll>();
  slot->name = utf8(name);
  slot->server = server;
  return *slot;
}

Dll& Graph::find(std::string_view dll_name, std::u16string_view importer) {
  const auto name = serving_name(dll_name, importer);
  if (!name || name->text.empty()) {
    const std::u16string asked = utf16(dll_name);
    Dll& dll = add(asked, is_system_dll(dll_name) ? Server::nobody : Server::missing);
    dll.problem = name ? fmt::format("{} is an API set that no DLL serves", dll_name) : name.error().reason;
    return dll;
  }
  const auto seen = dlls_.find(upcase(name->text));
  if (seen != dlls_.end()) return *seen->second;
  return locate(*name);
}

// The steps of Load::find_or_map_bare that look at files and tables only.
Dll& Graph::locate(const search::DllName& name) {
  Dll& dll = add(name.text, Server::missing);
  const auto native = [&](const BuiltinDll& builtin) {
    dll.server = Server::native;
    for (const ExportTable* table : builtin.tables)
      for (const Export& row : *table) dll.natives.emplace(row.name, &row);
    const auto build = path::volumes().to_host(path::join(path::kSystemDirectory, utf16(builtin.name)));
    if (!build || build->what != path::What::file) return;
    auto file = ImageFile::open(build->path);
    if (!file || !file->image().refusal()) return;
    dll.image = *std::move(file);
    dll.exports = pe::ExportTable::parse_or_empty(dll.image->image());
  };
  const BuiltinDll* builtin = builtin_named(name.text);
  const bool known = search::is_known_dll(name.text);
  if (known && builtin != nullptr) {
    native(*builtin);
    return dll;
  }
  const auto probe = [&](const search::Candidate& candidate) -> Status {
    if (candidate.system_directory && builtin != nullptr) {
      native(*builtin);
      return ok;
    }
    if (candidate.host_path.empty())
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: not there", utf8(candidate.full_name));
    auto file = TRY(ImageFile::open(candidate.host_path));
    if (file.image().machine() != pe::kMachineAmd64) {
      dll.problem = file.image().refusal().error().reason;
      return fail(STATUS_IMAGE_MACHINE_TYPE_MISMATCH, "{}", dll.problem);  // SRCH-26: the search goes on
    }
    dll.server = candidate.system_directory ? Server::pe : Server::file;
    dll.path = candidate.host_path;
    dll.image = std::move(file);
    return ok;
  };
  const search::LoadPath system_only{{std::u16string(path::kSystemDirectory), search::Origin::system}};
  const Status found = search::search(name, known ? system_only : directories_, path::volumes(), probe);
  if (!found) {
    dll.problem = found.error().reason;
    const bool absent = found.error().status == STATUS_DLL_NOT_FOUND;
    dll.server = !absent ? Server::unusable : is_system_dll(dll.name) ? Server::nobody : Server::missing;
  } else if (dll.loads_files()) {
    dll.exports = pe::ExportTable::parse_or_empty(dll.image->image());
    unread_.push_back(&dll);
  }
  return dll;
}

void Graph::add_needs(Dll& dll) {
  const pe::Image& image = dll.image->image();
  const auto unusable = [&](const Error& error) {
    dll.server = Server::unusable;
    dll.problem = error.reason;
  };
  if (const Status refused = image.refusal(); !refused) unusable(refused.error());
  const std::u16string importer = utf16(dll.name);
  const auto direct = pe::imports(image);
  if (!direct) return unusable(direct.error());
  for (const pe::ImportedDll& one : *direct)
    dll.needs.push_back({std::string(one.name), &find(one.name, importer), false, one.entries});
  const auto delayed = pe::delay_imports(image);
  if (!delayed) return;  // nobody looks at it until it is used (DLY-01)
  for (const pe::DelayImportedDll& one : *delayed)
    dll.needs.push_back({std::string(one.name), &find(one.name, importer), true, one.entries});
}

Function Graph::function(const Dll& dll, const pe::Import& import) {
  if (import.by_ordinal) return function(dll, std::uint32_t{import.ordinal}, kLongestForwarderChain);
  return function(dll, import.name, kLongestForwarderChain);
}

Function Graph::function(const Dll& dll, const Symbol& symbol, int forwards_left) {
  const auto* name = std::get_if<std::string_view>(&symbol);
  if (dll.server == Server::native) {
    const Export* row = nullptr;
    if (name != nullptr) {
      const auto found = dll.natives.find(*name);
      row = found == dll.natives.end() ? nullptr : found->second;
    } else {
      const auto found = std::find_if(dll.natives.begin(), dll.natives.end(), [&](const auto& entry) {
        return entry.second->ordinal == std::get<std::uint32_t>(symbol);
      });
      row = found == dll.natives.end() ? nullptr : found->second;
    }
    if (row != nullptr)
      return row->support == Support::partial ? Function{Answer::partial, row->note} : Function{Answer::full};
    if (name == nullptr) return {Answer::missing};  // Load::module_behind
  }
  const auto target = name != nullptr ? dll.exports.find(*name) : dll.exports.find(std::get<std::uint32_t>(symbol));
  if (!target) return {Answer::missing};
  if (!target->is_forwarder()) return {Answer::full};
  const auto forwarder = pe::parse_forwarder(target->forwarder);
  if (!forwarder || forwards_left == 0) return {Answer::missing};
  const Dll& next = find(forwarder->module, utf16(dll.name));
  return function(next, forwarder->by_ordinal() ? Symbol(forwarder->ordinal) : Symbol(forwarder->name),
                  forwards_left - 1);
}

}  // namespace hmodule::tools
