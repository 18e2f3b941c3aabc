#include "loader/load.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/scope_guard.h"
#include "base/trace.h"
#include "base/utf.h"
#include "loader/file_view.h"
#include "loader/system_dlls.h"
#include "map/image_mapping.h"
#include "map/image_regions.h"
#include "module/builtin_image.h"
#include "nt/activation_context.h"
#include "nt/virtual_memory.h"
#include "pe/exceptions.h"
#include "pe/load_config.h"
#include "pe/resources.h"
#include "pe/tls.h"
#include "search/api_set.h"
#include "thread/tls.h"
#include "unwind/debuggers.h"
#include "unwind/function_table.h"

namespace hmodule {
namespace {

bool not_there(NTSTATUS status) {
  return status == STATUS_DLL_NOT_FOUND || status == STATUS_OBJECT_NAME_NOT_FOUND ||
         status == STATUS_OBJECT_PATH_NOT_FOUND;
}

search::LoadPath system_directory_only() {
  return {{std::u16string(path::kSystemDirectory), search::Origin::system}};
}

// IMP-05: the bytes of an import descriptor's or forwarder's module name.
Result<search::DllName> dll_name(std::string_view text) {
  return search::normalise_name(utf16(text));
}

// SRCH-26: a search goes on past a file for another machine, so that must be told from a broken one.
Result<pe::Image> parse_for_load(Bytes file) {
  Result<pe::Image> image = pe::Image::parse(file);
  if (image || image.error().status != STATUS_INVALID_IMAGE_FORMAT) return image;
  const auto other = pe::Image::inspect(file);
  if (other && (other->machine() != pe::kMachineAmd64 || other->is_pe32()))
    return Error{STATUS_IMAGE_MACHINE_TYPE_MISMATCH, std::move(image).error().reason};
  return image;
}

// SRCH-50: a DLL's manifest has the id 2, a program's 1. One that cannot be followed is passed over: what it would have
// named is then looked for like anything else, and missed by name.
constexpr ULONG kLdrRedirected = 0x10000000;
constexpr WORD kManifestOfProgram = 1, kManifestOfDll = 2, kNoIsolation = 0x200, kManifestType = 24;

HANDLE own_context(const Module& module) {
  if (module.provider != Provider::file || module.host_path.empty() ||
      (module.image.optional_header().DllCharacteristics & kNoIsolation) != 0)
    return nullptr;
  const auto resources = pe::Resources::open(module.image);
  if (!resources) return nullptr;
  const WORD id = module.image.is_dll() ? kManifestOfDll : kManifestOfProgram;
  const auto type = resources->find(resources->root(), pe::ResourceKey(kManifestType));
  if (!type || !type->is_directory || !resources->find(type->node(), pe::ResourceKey(id))) return nullptr;
  const auto manifest = nt::manifest_of_file(module.host_path, {.id = id, .name = {}});
  auto context = manifest ? nt::ActivationContext::create(*manifest, module.full_name,
                                                          std::u16string(path::directory(module.full_name)))
                          : Result<nt::ActivationRef>(manifest.error());
  if (context) return nt::handle_of(*std::move(context));
  trace::line(trace::Channel::search, "{}: its manifest is passed over: {}", module.display_name(),
              context.error().reason);
  return nullptr;
}

// Held by the module's entry from here on.
HANDLE give_context(Module& module) {
  const HANDLE context = own_context(module);
  module.entry.EntryPointActivationContext = context;
  if (!module.image.is_dll() && context != nullptr) nt::set_process_context(context);
  return context;
}

// What a mismatch is called where nothing is searched.
Error told_outright(Error error) {
  if (error.status == STATUS_IMAGE_MACHINE_TYPE_MISMATCH) error.status = STATUS_INVALID_IMAGE_FORMAT;
  return error;
}

// All but gaps (MAP-10) and sections without rights (MAP-06); empty when that is the whole image.
std::vector<unwind::AddressRange> readable_parts(const Module& module) {
  if (module.image.low_alignment()) return {};  // MAP-08
  const auto base = reinterpret_cast<std::uintptr_t>(module.base());
  std::vector<unwind::AddressRange> parts{{base, base + module.image.header_extent()}};
  for (const pe::Section& section : module.image.sections()) {
    if (!section.accessible()) continue;
    if (parts.back().end == base + section.rva.value)
      parts.back().end = base + section.end();
    else
      parts.push_back({base + section.rva.value, base + section.end()});
  }
  if (parts.front().holds(base, module.size())) return {};
  return parts;
}

// After the relocation, whose results have no place in pages that other processes have elsewhere.
Result<map::SharedSections> share_sections(const struct stat& info, const pe::Image& file,
                                           const map::Mapping& mapping) {
  return map::SharedSections::map(file, mapping.span(), info, PROT_READ | PROT_WRITE);
}

}  // namespace

Load::Load(Loader& loader, DWORD flags)
    : loader_(loader), flags_(flags), dont_resolve_((flags & kDontResolveDllReferences) != 0) {}

Load::~Load() {
  for (Module* module : fresh_) {
    module->held_by_load = false;
    module->load_count = 0;
  }
  if (!fresh_.empty()) loader_.collect();
}

void Load::commit() {
  for (Module* module : fresh_) module->held_by_load = false;
  fresh_.clear();
}

// --- Where to search: worked out when somebody asks, and the same for the whole load ---

const search::Surroundings& Load::surroundings() {
  if (!surroundings_) surroundings_ = loader_.surroundings();
  return *surroundings_;
}

const search::Settings& Load::settings() {
  if (!settings_) settings_ = loader_.settings_.snapshot();
  return *settings_;
}

const search::LoadPath& Load::directories() {
  if (!directories_) directories_ = search::load_path(settings(), surroundings(), flags_ & search::kSearchBits);
  return *directories_;
}

// SRCH-60: an importer may say where its own imports are looked for, unless the caller of the load did.
std::optional<search::LoadPath> Load::own_directories(const Module& importer) {
  if ((flags_ & search::kSearchBits) != 0) return std::nullopt;
  const auto config = pe::load_config(importer.image);
  const DWORD own = config && *config ? (*config)->dependent_load_flags & search::kSearchBits : 0;
  if (own == 0) return std::nullopt;
  return search::load_path(settings(), surroundings(), own, path::directory(importer.full_name));
}

// --- By name ---

Result<Module*> Load::map(const LoadRequest& request) {
  if (request.source) return map_source(request);
  const search::DllName name = TRY(search::normalise_name(request.name));
  TRY(search::check_flags(flags_, name));
  if (loader_.is_executable(request.name)) return loader_.executable_;
  if (name.kind == search::NameKind::absolute || name.kind == search::NameKind::rooted) {
    const std::u16string full = TRY(search::full_name(name, surroundings()));
    directories_ = search::load_path(settings(), surroundings(), flags_ & (search::kSearchBits | search::kAltered),
                                     path::directory(full));
  }
  if (request.load_path) directories_ = search::split_load_path(*request.load_path);
  return find_or_map(name, request.caller, std::nullopt);
}

Result<Module*> Load::find_or_map(const search::DllName& name, const Module* importer,
                                  const std::optional<search::LoadPath>& own_directories) {
  if (const search::LoadPath& local = loader_.dot_local(); !local.empty()) {
    search::DllName bare{std::u16string(name.base()), search::NameKind::bare};
    Result<Module*> found = search_directories(bare, local, Provider::file);
    if (found || !not_there(found.error().status)) return found;
  }
  switch (name.kind) {
    case search::NameKind::bare:
      return find_or_map_bare(name, importer, own_directories);
    case search::NameKind::relative:
      return search_directories(name, directories(), std::nullopt);
    default:
      return map_named(name);
  }
}

// The steps before any directory is touched (§4.1).
Result<Module*> Load::find_or_map_bare(const search::DllName& given, const Module* importer,
                                       const std::optional<search::LoadPath>& own_directories) {
  search::DllName name = given;
  bool from_api_set = false;
  if (search::is_api_set_name(name.text)) {
    const auto host = search::api_set_host(name.text, importer == nullptr ? u"" : importer->base_name());
    if (host && host->empty())
      return fail(STATUS_DLL_NOT_FOUND, "{} is an API set that no DLL serves", utf8(name.text));
    if (host) {
      trace::line(trace::Channel::search, "{} is served by {}", utf8(name.text), utf8(*host));
      name.text = *host;
      from_api_set = true;
    }
  }
  if (const auto redirected = redirected_by_context(name.text)) return *redirected;
  if (Module* loaded = loader_.table_.read()->named(name.text)) {
    trace::line(trace::Channel::search, "{} is loaded already: {}", utf8(name.text), utf8(loaded->full_name));
    return loaded;
  }
  const BuiltinDll* builtin = loader_.builtin_named(name.text);
  if (const auto only = loader_.override_of(name.text)) {
    if (*only == Provider::builtin && builtin != nullptr) return add_builtin(*builtin);
    return search_directories(name, own_directories ? *own_directories : directories(), only);
  }
  const bool known = search::is_known_dll(name.text);
  if (known && builtin != nullptr) return add_builtin(*builtin);
  if (known || from_api_set) return search_directories(name, system_directory_only(), std::nullopt);
  return search_directories(name, own_directories ? *own_directories : directories(), std::nullopt);
}

// SRCH-03, SRCH-50: the active activation context may have a file of that name; it is a module of its own (SRCH-51).
std::optional<Result<Module*>> Load::redirected_by_context(const std::u16string& base_name) {
  const nt::ActivationRef context = nt::active_context();
  const auto file = context ? context->redirected(base_name) : std::nullopt;
  if (!file) return std::nullopt;
  trace::line(trace::Channel::search, "{} is {} in the active activation context", utf8(base_name), utf8(*file));
  Result<Module*> module = map_named({*file, search::NameKind::absolute});
  if (module) (*module)->entry.Flags |= kLdrRedirected;
  return module;
}

Result<Module*> Load::map_named(const search::DllName& name) {
  const std::u16string full = TRY(search::full_name(name, surroundings()));
  if (Module* loaded = loader_.table_.read()->with_path(full)) return loaded;  // ID-04
  if (search::is_api_set_name(name.base()))                                    // SRCH-43
    return fail(STATUS_DLL_NOT_FOUND, "{} is an API set's name, and no file", utf8(full));
  Module* module = nullptr;
  const auto probe = [&](const search::Candidate& candidate) -> Status {
    module = TRY(map_candidate(candidate));
    return ok;
  };
  TRY(search::open_named(name, surroundings(), loader_.volumes_, probe));
  return module;
}

Result<Module*> Load::search_directories(const search::DllName& name, const search::LoadPath& directories,
                                         std::optional<Provider> only) {
  Module* module = nullptr;
  const auto probe = [&](const search::Candidate& candidate) -> Status {
    if (only && (*only == Provider::file) == candidate.system_directory)
      return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: passed over by an override", utf8(candidate.full_name));
    module = TRY(map_candidate(candidate));
    return ok;
  };
  TRY(search::search(name, directories, loader_.volumes_, probe));
  return module;
}

Result<Module*> Load::dependency(std::string_view dll, const Module& importer,
                                 const std::optional<search::LoadPath>& own_directories) {
  search::DllName name = TRY(dll_name(dll));
  name = {std::u16string(name.base()), search::NameKind::bare};  // SRCH-14
  return find_or_map(name, &importer, own_directories);
}

Result<Module*> Load::module_for_import(Module& importer, std::string_view dll) {
  const std::size_t mapped_before = fresh_.size();
  Result<Module*> found = dependency(dll, importer, own_directories(importer));
  if (found) {
    Module* module = *found;
    if (fresh_.size() != mapped_before) {
      brought_by_.emplace(module, &importer);
      module->entry.ParentDllBase = importer.base();
    }
    return found;
  }
  Error& error = found.error();
  if (not_there(error.status) && is_system_dll(dll)) {
    trace::line(trace::Channel::bind, "{} imports the system DLL {}, which nobody serves; its functions are traps",
                importer.display_name(), dll);
    return nullptr;
  }
  std::string reason = chain_to(importer) + fmt::format("{}: {}", dll, error.reason);
  if (not_there(error.status) && is_c_runtime(dll))
    reason +=
        ". It is a C or C++ runtime: hmodule's build takes those from Debian's libwine and installs them as "
        "lib/hmodule/system32; HMODULE_SYSTEM32 names another place";
  return Error{error.status, std::move(reason)};
}

std::string Load::chain_to(const Module& importer) const {
  const auto parent = brought_by_.find(&importer);
  const std::string name = importer.display_name();
  if (parent == brought_by_.end()) return name + " needs ";
  return chain_to(*parent->second) + name + ": " + name + " needs ";
}

Result<Module*> Load::module_for_forwarder(Module& exporter, std::string_view dll) {
  return dependency(dll, exporter, std::nullopt);
}

// DESIGN D3: what a builtin DLL lacks, its PE build in System32 may have. That one is mapped on first need and stays.
Result<Module*> Load::module_behind(Module& builtin, std::string_view function) {
  if (builtin.provider != Provider::builtin || loader_.override_of(builtin.base_name()) == Provider::builtin)
    return nullptr;
  for (const auto& module : loader_.table_.modules())
    if (module->behind_builtin && equal_ignoring_case(module->base_name(), builtin.base_name())) return module.get();
  const Loader::PeBuild* const build = TRY(loader_.pe_build_of(builtin));
  if (build == nullptr || !build->exports.find(function)) return nullptr;
  Module& module = *TRY(map_bytes(build->file.bytes(build->path), Provider::system_pe, builtin.full_name, build->path,
                                  &build->file.info(), std::make_shared<const std::string>(build->path)));
  module.behind_builtin = true;
  module.load_count = Module::kPermanent;
  return &module;
}

// --- From bytes ---

Result<Module*> Load::map_candidate(const search::Candidate& candidate) {
  if (candidate.system_directory) {
    const auto base_name = path::base_name(candidate.full_name);
    const BuiltinDll* builtin = loader_.builtin_named(base_name);
    if (builtin != nullptr && loader_.override_of(base_name) != Provider::system_pe) {
      if (Module* loaded = loader_.table_.read()->with_path(candidate.full_name)) return loaded;
      return add_builtin(*builtin);
    }
  }
  if (candidate.host_path.empty())
    return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}: not there", utf8(candidate.full_name));
  const FileView file = TRY(FileView::open(candidate.host_path));
  const Provider provider = candidate.system_directory ? Provider::system_pe : Provider::file;
  return map_bytes(file.bytes(candidate.host_path), provider, candidate.full_name, candidate.host_path, &file.info(),
                   std::make_shared<const std::string>(candidate.host_path));
}

Result<Module*> Load::map_source(const LoadRequest& request) {
  const ImageSource& source = *request.source;
  const std::u16string full_name = loader_.name_of_source(request);
  auto name = std::make_shared<const std::string>(utf8(full_name));
  const auto map = [&](Bytes bytes, const struct stat* info) -> Result<Module*> {
    Result<Module*> module = map_bytes(bytes, Provider::file, full_name, {}, info, name);
    if (!module) return told_outright(std::move(module).error());
    return module;
  };
  if (source.file < 0) return map(Bytes(source.memory, *name), nullptr);
  const FileView file = TRY(FileView::of_descriptor(source.file, *name));
  return map(file.bytes(*name), &file.info());
}

Result<Module*> Load::map_bytes(Bytes file, Provider provider, std::u16string full_name, std::string host_path,
                                const struct stat* info, std::shared_ptr<const std::string> name) {
  if (file.size() == 0) return fail(STATUS_INVALID_FILE_FOR_SECTION, "{}: is empty", *name);
  const pe::Image image = TRY(parse_for_load(Bytes(file.span(), *name)));
  std::optional<FileIdentity> identity;
  if (info != nullptr) {  // ID-03, with the guard of ID-07
    identity = FileIdentity{info->st_dev, info->st_ino};
    Module* same = loader_.table_.read()->with_identity(*identity);
    if (same != nullptr && same->image.time_date_stamp() == image.time_date_stamp() &&
        same->image.size_of_image() == image.size_of_image())
      return same;
  }
  map::Mapping mapping = TRY(lay_out(image, info));
  const pe::Image mapped = image.in_memory(mapping.span());
  TRY(map::relocate(mapped));
  map::SharedSections shared;
  if (info != nullptr) shared = TRY(share_sections(*info, image, mapping));
  auto module = std::make_unique<Module>(provider, std::move(full_name), std::move(name), mapped, std::move(mapping));
  module->host_path = std::move(host_path);
  module->identity = identity;
  module->shared_sections = std::move(shared);
  module->exports = pe::ExportTable::parse_or_empty(module->image);
  if (provider == Provider::system_pe) loader_.give_stand_ins(*module);
  module->dont_resolve = dont_resolve_ && fresh_.empty();  // FLAG-09: it brings no dependencies
  trace::line(trace::Channel::map, "{}: {} bytes at {} (preferred {:#x})", utf8(module->full_name), module->size(),
              module->base(), image.image_base());
  return &adopt(std::move(module));
}

Result<map::Mapping> Load::lay_out(const pe::Image& image, const struct stat* info) {
  const int entry = info == nullptr ? -1 : loader_.image_cache_.entry_for(image, *info);
  const ScopeGuard close([entry] {
    if (entry >= 0) ::close(entry);
  });
  return map::lay_out(image, entry);
}

// The executable takes the place of the stand-in for the host program.
Result<Module*> Load::map_program(const LoadRequest& request) {
  const FileView file = TRY(FileView::open(utf8(request.name)));
  const std::u16string full_name = loader_.volumes_.from_host(utf8(request.name));
  auto name = std::make_shared<const std::string>(utf8(request.name));
  const pe::Image image = TRY(pe::Image::parse(file.bytes(*name)));
  if (image.is_dll()) return fail(STATUS_INVALID_IMAGE_FORMAT, "{}: is a DLL, not a program", *name);
  map::Mapping mapping = TRY(map::lay_out(image));
  const pe::Image mapped = image.in_memory(mapping.span());
  TRY(map::relocate(mapped));
  map::SharedSections shared = TRY(share_sections(file.info(), image, mapping));
  auto module = std::make_unique<Module>(Provider::file, full_name, name, mapped, std::move(mapping));
  module->host_path = *name;
  module->identity = file.identity();
  module->shared_sections = std::move(shared);
  module->exports = pe::ExportTable::parse_or_empty(module->image);
  Module* stand_in = loader_.executable_;
  Module& program = adopt(std::move(module), true);
  loader_.set_executable(program);
  loader_.table_.remove({stand_in});
  return &program;
}

Result<Module*> Load::add_builtin(const BuiltinDll& dll) {
  return &adopt(TRY(loader_.make_builtin(dll)));
}

Module& Load::adopt(std::unique_ptr<Module> module, bool first) {
  module->held_by_load = true;
  nt::virtual_memory().note_image(module->base(), module->size(), map::page_runs(module->image));
  Module& listed = first ? loader_.table_.insert_first(std::move(module)) : loader_.table_.insert(std::move(module));
  fresh_.push_back(&listed);
  return listed;
}

// --- From mapped to ready for its attach ---

Status Load::settle() {
  for (; settled_ < fresh_.size(); ++settled_) {  // grows while it runs: breadth first
    Module& module = *fresh_[settled_];
    if (module.stage != Stage::mapped) continue;
    const nt::ActivationScope scope(give_context(module));
    const bool resolves = module.image.is_dll() && !module.dont_resolve;  // LL-06, FLAG-06
    if (resolves || &module == loader_.executable_) TRY(bind::bind_imports(module, *this));
  }
  for (Module* module : fresh_)
    if (module->stage == Stage::mapped) TRY(finish(*module));
  for (std::size_t i = 0; i < fresh_.size(); ++i) {
    Module& module = *fresh_[i];
    if (module.dont_resolve || (module.entry.Flags & kLdrLoadNotificationsSent) != 0) continue;
    module.entry.Flags |= kLdrLoadNotificationsSent;
    loader_.notify(1, module);
  }
  return ok;
}

Status Load::finish(Module& module) {
  const bool runs = (module.image.is_dll() && !module.dont_resolve) || &module == loader_.executable_;
  if (runs) {
    map::set_security_cookie(module.image);
    TRY(give_tls(module));
  }
  TRY(map::protect(module.image));
  map::note_image(module.base(), module.size());
  const auto functions = TRY(pe::exception_table(module.image));
  TRY(unwind::add_image({reinterpret_cast<std::uintptr_t>(module.base()), module.size(),
                         reinterpret_cast<RUNTIME_FUNCTION*>(const_cast<pe::RuntimeFunction*>(functions.data())),
                         functions.size(), readable_parts(module)}));
  module.registered = true;
  unwind::show_to_perf(module);
  if (unwind::debugger_listens()) loader_.show_to_debugger();
  module.node.State = LdrModulesSnapped;
  module.stage = runs ? Stage::snapped : Stage::ready;
  return ok;
}

Status Load::give_tls(Module& module) {
  const std::optional<pe::Tls> tls = TRY(pe::tls(module.image));
  if (!tls || !tls->needs_slot()) return ok;
  thread::TlsTemplate block;
  block.data = reinterpret_cast<const std::byte*>(module.base()) + tls->raw_data.value;
  block.size = tls->raw_size;
  block.zero_fill = tls->zero_fill;
  block.alignment = tls->alignment;
  const std::uint32_t index = TRY(thread::allocate_tls(block));
  module.tls_index = index;
  module.tls_callbacks = tls->callbacks;
  module.entry.TlsIndex = 0xFFFF;  // TLS-09
  if (tls->index) std::memcpy(module.mapping.base() + tls->index.value, &index, sizeof index);
  return ok;
}

}  // namespace hmodule
