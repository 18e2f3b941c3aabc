// From a name or an ordinal to an address: export lookup, forwarders, filling an image's imports.
//
// Binding needs other modules mapped, never initialised, so cycles resolve by themselves (IMP-14). It does not know how
// modules are found: it asks its caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "module/module.h"
#include "pe/imports.h"

namespace hmodule::bind {

// What is looked for: a name (compared as bytes) or an ordinal.
using Symbol = std::variant<std::string_view, std::uint16_t>;
std::string text_of(const Symbol& symbol);  // "crc32" or "#12"

class Resolver {
 public:
  virtual ~Resolver() = default;
  // The module that `importer` means by `dll`, loaded if need be; nullptr for a system DLL that nobody serves, whose
  // functions then become traps.
  virtual Result<Module*> module_for_import(Module& importer, std::string_view dll) = 0;
  // The module that a forwarder of `exporter` names (FWD-04).
  virtual Result<Module*> module_for_forwarder(Module& exporter, std::string_view dll) = 0;
  // The PE build of the DLL that `builtin` implements in part, if it has `function` (DESIGN D3); nullptr otherwise.
  virtual Result<Module*> module_behind(Module& builtin, std::string_view function) = 0;
};

// The address of `symbol` in `module`, following forwarders. Every module the chain leads to, `module` excluded,
// becomes a dependency of `depender` (REF-08). A miss is STATUS_PROCEDURE_NOT_FOUND. With Lacking::missed, what
// `module` itself lacks as a builtin DLL is a miss too, though its PE build may have it.
enum class Lacking : bool { sought_behind, missed };
Result<Proc> find_export(Module& module, const Symbol& symbol, std::uint16_t hint, Module& depender, Resolver& resolver,
                         Lacking lacking = Lacking::sought_behind);

// Loads what `importer` imports, in import-table order, and makes each a dependency (REF-02).
// Then fills its import address table. The image must still be writable.
Status bind_imports(Module& importer, Resolver& resolver);

}  // namespace hmodule::bind
