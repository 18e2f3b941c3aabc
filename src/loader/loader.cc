#include "loader/loader.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/trace.h"
#include "base/utf.h"
#include "loader/load.h"
#include "nt/process_parameters.h"
#include "search/api_set.h"
#include "thread/teb.h"

namespace hmodule {
namespace {

constexpr DWORD kSupportedFlags = kDontResolveDllReferences | kAnyDatafile | kIgnoreCodeAuthzLevel |
                                  kRequireSignedTarget | search::kAltered | search::kSearchBits;

Error no_such_module(HMODULE handle) {
  return fail(STATUS_DLL_NOT_FOUND, "no module has the handle {}", static_cast<const void*>(handle));
}

// Its attach has begun, or it needs none: an address in it may be given out without more ado (GPA-10).
bool runs(const Module& module) {
  const Stage stage = module.stage.load(std::memory_order_acquire);
  return stage != Stage::snapped && stage != Stage::mapped;
}

ModuleInfo info_of(const Module& module) {
  return {module.handle(),
          module.size(),
          reinterpret_cast<void*>(module.entry.EntryPoint),
          module.full_name,
          std::u16string(module.base_name()),
          module.host_path,
          module.entry.ObsoleteLoadCount};
}

}  // namespace

Loader::Loader(const LoaderOptions& options)
    : peb_(options.peb),
      volumes_(options.volumes),
      builtins_(options.builtins),
      stand_ins_(options.stand_ins),
      settings_(options.volumes),
      lock_(*options.peb.LoaderLock),
      table_(*options.peb.Ldr) {}

Loader::~Loader() = default;

// What a load needs to know of the process.
search::Surroundings Loader::surroundings() const {
  search::Surroundings process;
  process.application_path = executable_->full_name;
  process.current_directory = nt::current_directory();
  process.path_variable = nt::environment_variable(u"PATH").value_or(u"");
  return process;
}

const search::LoadPath& Loader::dot_local() {
  if (!dot_local_) dot_local_ = search::dot_local_path(surroundings(), volumes_);
  return *dot_local_;
}

// --- Loading ---

Result<HMODULE> Loader::load(const LoadRequest& request) {
  if ((request.flags & ~kSupportedFlags) != 0)
    return fail(STATUS_INVALID_PARAMETER, "LoadLibraryEx: flags {:#x} have bits that mean nothing", request.flags);
  if ((request.flags & kLoadAsDatafile) != 0 && (request.flags & kLoadAsDatafileExclusive) != 0)
    return fail(STATUS_INVALID_PARAMETER, "LoadLibraryEx: AS_DATAFILE and AS_DATAFILE_EXCLUSIVE exclude each other");
  const std::lock_guard lock(lock_);
  if ((request.flags & kAnyDatafile) != 0) return load_datafile(request);
  if (shutting_down_) trace::line(trace::Channel::init, "a load during the end of the process");
  Load load(*this, request.flags);
  Module& module = *TRY(load.map(request));
  // FLAG-19: nobody here can verify a signature.
  if ((request.flags & kRequireSignedTarget) != 0 && !load.fresh().empty())
    return fail(STATUS_INVALID_IMAGE_HASH, "{}: REQUIRE_SIGNED_TARGET, and signatures are not verified here",
                utf8(module.full_name));
  TRY(load.settle());
  if (!module.permanent()) ++module.load_count;
  Status attached = initialise(module, nullptr);
  if (!attached) {
    if (load.fresh().empty() && module.load_count != 0) --module.load_count;
    return std::move(attached).error();
  }
  load.commit();
  update_counts();
  return module.handle();
}

Result<Proc> Loader::load_program(const LoadRequest& request) {
  const std::lock_guard lock(lock_);
  Load load(*this, request.flags);
  Module& program = *TRY(load.map_program(request));
  program.load_count = Module::kPermanent;
  TRY(load.settle());
  for (const auto& module : table_.modules())  // REF-04
    if (module->held_by_load) {
      module->load_count = Module::kPermanent;
      module->entry.Flags |= kLdrProcessStaticImport;
      module->entry.LoadReason = 0;
    }
  TRY(initialise(program, reinterpret_cast<void*>(1)));
  load.commit();
  update_counts();
  return reinterpret_cast<Proc>(program.entry.EntryPoint);
}

Result<HMODULE> Loader::load_datafile(const LoadRequest& request) {
  const search::DllName name = TRY(search::normalise_name(request.name));
  const auto snapshot = table_.read();
  Module* loaded =
      name.has_path() ? snapshot->with_path(TRY(search::full_name(name, surroundings()))) : snapshot->named(name.text);
  if (loaded != nullptr) {  // FLAG-10
    if (!loaded->permanent()) ++loaded->load_count;
    return loaded->handle();
  }
  const search::FoundFile found =
      TRY(search::search_file(name.text, u".dll", search::file_search_path(surroundings(), true), surroundings(),
                              volumes_));  // FLAG-12
  return datafiles_.open(found.full_name, found.host_path, request.flags);
}

// --- Looking up ---

Result<Module*> Loader::module_at(const ModuleTable::Snapshot& snapshot, HMODULE handle) const {
  if (handle == nullptr) return executable_;
  if (Module* module = snapshot.at(handle)) return module;
  return no_such_module(handle);
}

Result<Module*> Loader::module_of(HMODULE handle) {
  Module* module = TRY(module_at(*table_.read(), handle));
  if (module->stage == Stage::dying) return no_such_module(handle);  // REF-14
  return module;
}

bool Loader::is_listed(const Module& module) const {
  return std::any_of(table_.modules().begin(), table_.modules().end(),
                     [&](const auto& listed) { return listed.get() == &module; });
}

// The program that the host says it is: a module it registered under a program's name.
const Module* Loader::role_of_host(const ModuleTable::Snapshot& snapshot) const {
  if (executable_->provider != Provider::host) return nullptr;
  const auto found = std::ranges::find_if(snapshot.load_order, [&](const Module* module) {
    return module != executable_ && module->provider == Provider::host && module->base_name().ends_with(u".exe");
  });
  return found == snapshot.load_order.end() ? nullptr : *found;
}

Proc Loader::look_up(HMODULE handle, std::string_view name) const noexcept {
  const auto snapshot = table_.read();
  const Module* module = handle == nullptr ? executable_ : snapshot->at(handle);
  if (module == nullptr) return nullptr;
  const auto target = module->exports.find(name);
  if (!target || target->is_forwarder() || !runs(*module)) return nullptr;
  return module->address_of(target->rva);
}

Result<Proc> Loader::get_proc(HMODULE handle, const bind::Symbol& symbol) {
  {
    const auto snapshot = table_.read();
    const Module* module = TRY(module_at(*snapshot, handle));
    const auto find_in = [&](const Module& from) {
      return std::holds_alternative<std::string_view>(symbol)
                 ? from.exports.find(std::get<std::string_view>(symbol))
                 : from.exports.find(std::uint32_t{std::get<std::uint16_t>(symbol)});
    };
    auto target = find_in(*module);
    if (!target && module == executable_)
      if (const Module* role = role_of_host(*snapshot)) {
        module = role;
        target = find_in(*role);
      }
    if (!target && module->provider != Provider::builtin)
      return fail(STATUS_PROCEDURE_NOT_FOUND, "{} exports no {}", module->display_name(), bind::text_of(symbol));
    if (target && !target->is_forwarder() && runs(*module)) return module->address_of(target->rva);
  }
  return get_proc_slowly(handle, symbol);
}

// Through a forwarder, into a module that is still to be initialised (GPA-10, FWD-07), or into a builtin DLL's PE
// build.
Result<Proc> Loader::get_proc_slowly(HMODULE handle, const bind::Symbol& symbol) {
  const std::lock_guard lock(lock_);
  Module& module = *TRY(module_at(*table_.read(), handle));
  Load load(*this, 0);
  const Proc found = TRY(bind::find_export(module, symbol, 0, module, load));
  TRY(load.settle());
  for (Module* fresh : load.fresh()) TRY(initialise(*fresh, nullptr));
  TRY(initialise(module, nullptr));
  load.commit();
  update_counts();
  return found;
}

Proc Loader::find_late(void* loader, Module& provider, std::string_view function) {
  const DWORD last_error = thread::last_error();
  const Result<Proc> found = static_cast<Loader*>(loader)->get_proc(provider.handle(), function);
  if (!found) trace::line(trace::Channel::bind, "{}", found.error().reason);
  thread::set_last_error(last_error);
  return found ? *found : nullptr;
}

// What GetModuleHandle compares, worked out before the snapshot is taken: that may touch the file system.
struct Loader::Query {
  std::u16string base_name;  // a bare name, or
  std::u16string full_name;  // a path (GMH-03), and the file it leads to
  std::optional<FileIdentity> identity;
};

Result<Loader::Query> Loader::query(std::u16string_view given) const {
  const search::DllName name = TRY(search::normalise_name(given));
  Query query;
  if (!name.has_path()) {
    query.base_name = name.text;
    if (search::is_api_set_name(name.text))  // SRCH-44
      if (const auto host = search::api_set_host(name.text)) query.base_name = *host;
    return query;
  }
  query.full_name = TRY(search::full_name(name, surroundings()));
  struct stat file {};
  const auto host = volumes_.to_host(query.full_name);
  if (host && !host->path.empty() && ::stat(host->path.c_str(), &file) == 0)
    query.identity = FileIdentity{file.st_dev, file.st_ino};
  return query;
}

Result<Module*> Loader::find_in(const ModuleTable::Snapshot& snapshot, std::optional<std::u16string_view> given,
                                const Query& query) const {
  if (!given) return executable_;
  Module* module = query.full_name.empty() ? snapshot.named(query.base_name) : snapshot.with_path(query.full_name);
  if (module == nullptr && query.identity) module = snapshot.with_identity(*query.identity);
  if (module == nullptr) return fail(STATUS_DLL_NOT_FOUND, "{} is not loaded", utf8(*given));
  return module;
}

Result<HMODULE> Loader::find(std::optional<std::u16string_view> name, DWORD flags) {
  const Query wanted = name ? TRY(query(*name)) : Query();
  if ((flags & kUnchangedRefcount) != 0) return TRY(find_in(*table_.read(), name, wanted))->handle();  // LOCK-03
  const std::lock_guard lock(lock_);
  return reference(*TRY(find_in(*table_.read(), name, wanted)), flags);
}

Result<HMODULE> Loader::find_address(const void* address, DWORD flags) {
  if (address == nullptr) return executable_->handle();  // GMH-14
  const auto find = [&](const ModuleTable::Snapshot& snapshot) -> Result<Module*> {
    Module* module = snapshot.containing(address);
    if (module == nullptr) return fail(STATUS_DLL_NOT_FOUND, "no module contains the address {}", address);
    return module;
  };
  if ((flags & kUnchangedRefcount) != 0) return TRY(find(*table_.read()))->handle();
  const std::lock_guard lock(lock_);
  return reference(*TRY(find(*table_.read())), flags);
}

// GMH-13. Under the lock, which keeps the module in its place.
HMODULE Loader::reference(Module& module, DWORD flags) {
  if ((flags & kPin) != 0)
    module.load_count = Module::kPermanent;
  else if (!module.permanent())
    ++module.load_count;
  update_counts();
  return module.handle();
}

Status Loader::add_reference(HMODULE handle, bool pin) {
  const std::lock_guard lock(lock_);
  reference(*TRY(module_of(handle)), pin ? kPin : 0);
  return ok;
}

Result<std::u16string> Loader::file_name(HMODULE handle) {
  return TRY(module_at(*table_.read(), handle))->full_name;
}

Result<ModuleInfo> Loader::info(HMODULE handle) {
  return info_of(*TRY(module_at(*table_.read(), handle)));
}

std::vector<ModuleInfo> Loader::modules() {
  std::vector<ModuleInfo> all;
  const auto snapshot = table_.read();
  for (const Module* module : snapshot->load_order) all.push_back(info_of(*module));
  return all;
}

void* Loader::image_base_of(const void* address, std::size_t* size) {
  const auto snapshot = table_.read();
  const Module* module = snapshot->containing(address);
  if (module == nullptr) return nullptr;
  if (size != nullptr) *size = module->size();
  return module->base();
}

LDR_DATA_TABLE_ENTRY* Loader::entry_of(const void* address) {
  const auto snapshot = table_.read();
  Module* module = snapshot->containing(address);
  return module == nullptr ? nullptr : &module->entry;
}

Result<std::span<const std::byte>> Loader::bytes_of(HMODULE handle) {
  if (Datafiles::is_datafile_handle(handle)) return datafiles_.bytes_of(handle);
  const auto snapshot = table_.read();
  const Module* module = TRY(module_at(*snapshot, handle));
  return std::span<const std::byte>(module->mapping.span());
}

Result<Loader::ExportView> Loader::exports_of(HMODULE handle) {
  const auto snapshot = table_.read();
  const Module* module = TRY(module_at(*snapshot, handle));
  return ExportView{module, TRY(module->exports.entries())};
}

// FREE-08.
Status Loader::disable_thread_calls(HMODULE handle) {
  const std::lock_guard lock(lock_);
  Module& module = *TRY(module_of(handle));
  if (module.tls_index)
    return fail(STATUS_DLL_NOT_FOUND, "{} has thread-local data, so its thread calls stay", module.display_name());
  module.entry.Flags |= kLdrDontCallForThreads;
  return ok;
}

}  // namespace hmodule
