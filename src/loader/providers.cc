// Who serves a name (DESIGN D3): a module of the host's, a builtin DLL, or a file; and how the process starts.
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "base/trace.h"
#include "base/utf.h"
#include "bind/trap.h"
#include "loader/load.h"
#include "loader/system_dlls.h"
#include "module/builtin_image.h"
#include "nt/process_parameters.h"
#include "nt/virtual_memory.h"
#include "thread/peb.h"

namespace hmodule {
namespace {

std::u16string own_executable(const path::Volumes& volumes) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", target, sizeof target);
  return volumes.from_host(length > 0 ? std::string_view(target, static_cast<std::size_t>(length)) : "/host");
}

}  // namespace

Result<std::unique_ptr<Loader>> Loader::start(const LoaderOptions& options) {
  std::unique_ptr<Loader> loader(new Loader(options));
  const std::lock_guard lock(loader->lock_);
  loader->set_executable(loader->table_.insert_first(TRY(make_host_executable(own_executable(options.volumes)))));
  for (std::size_t i = 0; i < std::min<std::size_t>(3, options.builtins.size()); ++i) {
    auto module = TRY(loader->make_builtin(*options.builtins[i]));
    module->load_count = Module::kPermanent;
    nt::virtual_memory().note_image(module->base(), module->size(), map::page_runs(module->image));
    loader->table_.link_initialisation(loader->table_.insert(std::move(module)));
  }
  bind::set_late_binder({find_late, loader.get()});
  loader->settings_.configure_from_environment();
  loader->configure_overrides_from_environment();
  loader->update_counts();
  return loader;
}

void Loader::set_executable(Module& module) {
  executable_ = &module;
  dot_local_.reset();
  peb_.ImageBaseAddress = module.base();
  const auto& header = module.image.optional_header();
  peb_.ImageSubsystem = header.Subsystem;
  peb_.ImageSubsystemMajorVersion = header.MajorSubsystemVersion;
  peb_.ImageSubsystemMinorVersion = header.MinorSubsystemVersion;
}

// LL-07. A host program's name seldom has an extension, so it is compared as it was given.
bool Loader::is_executable(std::u16string_view name) const {
  if (name.find_first_of(u"\\/") == std::u16string_view::npos) return false;
  const auto full = nt::full_path(name);
  return full && equal_ignoring_case(*full, executable_->full_name);
}

const BuiltinDll* Loader::builtin_named(std::u16string_view base_name) const {
  const auto found = std::find_if(builtins_.begin(), builtins_.end(), [&](const BuiltinDll* dll) {
    return equal_ignoring_case(utf16(dll->name), base_name);
  });
  return found == builtins_.end() ? nullptr : *found;
}

Result<std::unique_ptr<Module>> Loader::make_builtin(const BuiltinDll& dll) const {
  return make_native_module(Provider::builtin, dll.name, path::join(path::kSystemDirectory, utf16(dll.name)),
                            dll.tables);
}

// An override that asks for the PE build gets all of it.
void Loader::give_stand_ins(Module& system_pe) const {
  if (override_of(system_pe.base_name()) == Provider::system_pe) return;
  for (const BuiltinDll* dll : stand_ins_) {
    if (!equal_ignoring_case(utf16(dll->name), system_pe.base_name())) continue;
    for (const ExportTable* table : dll->tables)
      for (const Export& row : *table)
        if (const auto own = system_pe.exports.find(row.name); own && !own->is_forwarder())
          system_pe.stand_ins.emplace_back(own->rva.value, row.address);
  }
  std::ranges::sort(system_pe.stand_ins);
}

Result<HMODULE> Loader::register_host_module(std::u16string_view given, std::span<const Export> exports) {
  const search::DllName name = TRY(search::normalise_name(given));
  if (name.has_path())
    return fail(STATUS_INVALID_PARAMETER, "{}: a module is registered by its base name, without a path", utf8(given));
  const std::lock_guard lock(lock_);
  const std::u16string full_name = path::join(path::directory(executable_->full_name), name.text);
  if (table_.read()->with_path(full_name) != nullptr)
    return fail(STATUS_OBJECT_NAME_COLLISION, "{} is registered already", utf8(name.text));
  const ExportTable table = exports;
  const ExportTable* const tables[] = {&table};
  auto module = TRY(make_native_module(Provider::host, lower_case(utf8(name.text)), full_name, tables));
  module->load_count = 1;
  Module& listed = table_.insert(std::move(module));
  update_counts();
  return listed.handle();
}

// Kept open, because a function that a builtin DLL lacks is asked for again and again, and mostly in vain.
Result<const Loader::PeBuild*> Loader::pe_build_of(const Module& builtin) {
  const auto known = pe_builds_.find(builtin.full_name);
  if (known != pe_builds_.end()) return known->second.get();
  std::unique_ptr<PeBuild> build;
  const auto found = volumes_.to_host(builtin.full_name);
  if (found && found->what == path::What::file) {
    FileView file = TRY(FileView::open(found->path));
    build.reset(new PeBuild{found->path, std::move(file), {}});
    const pe::Image image = TRY(pe::Image::parse(build->file.bytes(build->path)));
    build->exports = pe::ExportTable::parse_or_empty(image);
  }
  return pe_builds_.emplace(builtin.full_name, std::move(build)).first->second.get();
}

std::optional<Provider> Loader::override_of(std::u16string_view base_name) const {
  const auto found = overrides_.find(upcase(base_name));
  if (found == overrides_.end()) return std::nullopt;
  return found->second;
}

std::optional<Provider> provider_named(std::string_view name) {
  if (name == "builtin") return Provider::builtin;
  if (name == "pe") return Provider::system_pe;
  if (name == "file") return Provider::file;
  return std::nullopt;
}

Status Loader::set_override(std::u16string_view given, std::optional<Provider> provider) {
  const search::DllName name = TRY(search::normalise_name(given));
  if (name.has_path())
    return fail(STATUS_INVALID_PARAMETER, "{}: an override goes by base name, without a path", utf8(given));
  const std::lock_guard lock(lock_);
  if (provider)
    overrides_[upcase(name.text)] = *provider;
  else
    overrides_.erase(upcase(name.text));
  return ok;
}

// HMODULE_OVERRIDES="zlib1=file,version=pe"
void Loader::configure_overrides_from_environment() {
  const char* value = std::getenv("HMODULE_OVERRIDES");
  for (std::string_view rest = value == nullptr ? "" : value; !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find_first_of(",;"));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const auto equals = item.find('=');
    const std::string_view kind = equals == std::string_view::npos ? "" : item.substr(equals + 1);
    const auto provider = provider_named(kind);
    if (!provider || !set_override(utf16(item.substr(0, equals)), provider))
      trace::warn("HMODULE_OVERRIDES: '{}' is not name=builtin, name=pe or name=file", item);
  }
}

// A module from memory or from a descriptor is known by the name its opener gives it.
std::u16string Loader::name_of_source(const LoadRequest& request) const {
  if (request.source->file >= 0) {
    char target[PATH_MAX];
    const std::string link = fmt::format("/proc/self/fd/{}", request.source->file);
    const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
    if (length > 0 && target[0] == '/' && request.name.empty())
      return volumes_.from_host(std::string_view(target, static_cast<std::size_t>(length)));
  }
  const std::u16string_view name = request.name.empty() ? std::u16string_view(u"memory.dll") : request.name;
  return u"\\\\?\\memory\\" + std::u16string(path::base_name(name));
}

}  // namespace hmodule
