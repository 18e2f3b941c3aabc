#include "bind/bind.h"

#include <cstring>
#include <optional>

#include "base/trace.h"
#include "bind/trap.h"

namespace hmodule::bind {
namespace {

constexpr int kLongestForwarderChain = 32;  // FWD-05

std::optional<pe::ExportTarget> look_up(const Module& module, const Symbol& symbol, std::uint16_t hint) {
  if (const auto* name = std::get_if<std::string_view>(&symbol)) return module.exports.find(*name, hint);
  return module.exports.find(std::get<std::uint16_t>(symbol));
}

Error no_such_export(const Module& module, const Symbol& symbol) {
  return fail(STATUS_PROCEDURE_NOT_FOUND, "{} exports no {}", module.display_name(), text_of(symbol));
}

// IMP-07: what the importer is told. A static import knows names and ordinals apart; GetProcAddress does not.
NTSTATUS import_failure(const Symbol& symbol) {
  return std::holds_alternative<std::string_view>(symbol) ? STATUS_ENTRYPOINT_NOT_FOUND : STATUS_ORDINAL_NOT_FOUND;
}

// A system DLL may lack a function without failing the load.
bool may_be_missing(const Module* module) {
  return module == nullptr || module->provider == Provider::builtin || module->provider == Provider::system_pe;
}

Symbol symbol_of(const pe::Import& entry) {
  if (entry.by_ordinal) return entry.ordinal;
  return entry.name;
}

class ImportBinder {
 public:
  ImportBinder(Module& importer, Resolver& resolver) : importer_(importer), resolver_(resolver) {}

  Status run() {
    const std::vector<pe::ImportedDll> dlls = TRY(pe::imports(importer_.image));
    std::vector<Module*> providers;
    for (const pe::ImportedDll& dll : dlls) {  // all dependencies first, in table order
      Module* provider = TRY(resolver_.module_for_import(importer_, dll.name));
      if (provider != nullptr) importer_.depend_on(*provider);
      providers.push_back(provider);
    }
    for (std::size_t i = 0; i < dlls.size(); ++i)
      for (const pe::Import& entry : dlls[i].entries) TRY(bind(providers[i], dlls[i].name, entry));
    return bind_missing();
  }

 private:
  Status bind(Module* provider, std::string_view dll, const pe::Import& entry) {
    const Symbol symbol = symbol_of(entry);
    if (provider != nullptr) {  // a builtin DLL's PE build is not loaded for functions that may never be called
      Result<Proc> found = find_export(*provider, symbol, entry.hint, importer_, resolver_, Lacking::missed);
      if (found) return store(entry.slot, *found);
      if (found.error().status != STATUS_PROCEDURE_NOT_FOUND) return std::move(found).error();
    }
    if (!may_be_missing(provider))
      return fail(import_failure(symbol), "{} imports {} from {}, which does not export it", importer_.display_name(),
                  text_of(symbol), provider->display_name());
    missing_.push_back({importer_.display_name(), std::string(dll), text_of(symbol), provider});
    missing_slots_.push_back(entry.slot);
    return ok;
  }

  Status bind_missing() {
    if (missing_.empty()) return ok;
    Traps traps = TRY(make_traps(missing_));
    for (std::size_t i = 0; i < missing_.size(); ++i) {
      trace::line(trace::Channel::bind, "{}: {}!{} is missing; a trap stands in for it", missing_[i].importer,
                  missing_[i].dll, missing_[i].function);
      TRY(store(missing_slots_[i], traps.addresses[i]));
    }
    importer_.thunks.push_back(std::make_unique<map::Mapping>(std::move(traps.region)));
    return ok;
  }

  Status store(pe::Rva slot, Proc address) {
    TRY(importer_.image.at(slot, sizeof address));  // inside the image
    std::memcpy(static_cast<char*>(importer_.base()) + slot.value, &address, sizeof address);
    return ok;
  }

  Module& importer_;
  Resolver& resolver_;
  std::vector<MissingFunction> missing_;
  std::vector<pe::Rva> missing_slots_;
};

}  // namespace

std::string text_of(const Symbol& symbol) {
  if (const auto* name = std::get_if<std::string_view>(&symbol)) return std::string(*name);
  return fmt::format("#{}", std::get<std::uint16_t>(symbol));
}

Result<Proc> find_export(Module& module, const Symbol& symbol, std::uint16_t hint, Module& depender, Resolver& resolver,
                         Lacking lacking) {
  Module* at = &module;
  Symbol wanted = symbol;
  for (int length = 0; length < kLongestForwarderChain; ++length) {
    const auto target = look_up(*at, wanted, hint);
    if (!target) {
      const auto* const name = std::get_if<std::string_view>(&wanted);
      const bool seeks = name != nullptr && (lacking == Lacking::sought_behind || at != &module);
      Module* const behind = seeks ? TRY(resolver.module_behind(*at, *name)) : nullptr;
      if (behind == nullptr) return no_such_export(*at, wanted);
      trace::line(trace::Channel::bind, "{}: {} is served by its PE build", at->display_name(), *name);
      at = behind;
      continue;
    }
    if (!target->is_forwarder()) {
      if (at != &module) depender.depend_on(*at);
      return at->address_of(target->rva);
    }
    const auto forwarder = pe::parse_forwarder(target->forwarder);
    if (!forwarder)
      return fail(STATUS_PROCEDURE_NOT_FOUND, "{}: {} is forwarded to '{}', which is not MODULE.Symbol",
                  at->display_name(), text_of(wanted), target->forwarder);
    Result<Module*> next = resolver.module_for_forwarder(*at, forwarder->module);
    if (!next || *next == nullptr)
      return fail(STATUS_PROCEDURE_NOT_FOUND, "{}: {} is forwarded to {}, which is not there{}{}", at->display_name(),
                  text_of(wanted), target->forwarder, next ? "" : ": ", next ? "" : next.error().reason);
    trace::line(trace::Channel::bind, "{}: {} is forwarded to {}", at->display_name(), text_of(wanted),
                target->forwarder);
    // A chain keeps each of its modules alive (REF-08).
    if (at != &module) depender.depend_on(*at);
    at = *next;
    if (forwarder->by_ordinal())
      wanted = static_cast<std::uint16_t>(forwarder->ordinal);
    else
      wanted = forwarder->name;
    hint = 0;
  }
  return fail(STATUS_PROCEDURE_NOT_FOUND, "{}: {} is forwarded more than {} times", module.display_name(),
              text_of(symbol), kLongestForwarderChain);
}

Status bind_imports(Module& importer, Resolver& resolver) {
  return ImportBinder(importer, resolver).run();
}

}  // namespace hmodule::bind
