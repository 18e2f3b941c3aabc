// Images that no file holds: a builtin DLL, a module the host registered, and the stand-in for the host program.
//
// DLL code walks what it finds behind a module handle: headers, export directory, function addresses. So a builtin DLL
// has a real image: one page of headers, an export directory whose slots lead to stubs, and the stubs, each a jump to
// the native function. Imports and GetProcAddress skip the stub (DESIGN D2).
#pragma once

#include <memory>
#include <string_view>

#include "module/module.h"

namespace hmodule {

// A DLL of native functions. `name` is the export directory's name and, in lower case, the module's base name;
// `full_name` its place in the virtual System32. Fails only for want of memory.
Result<std::unique_ptr<Module>> make_native_module(Provider provider, std::string_view name, std::u16string full_name,
                                                   std::span<const ExportTable* const> tables);

// HOST-02: an executable's headers with no sections' content, no imports and no exports.
Result<std::unique_ptr<Module>> make_host_executable(std::u16string full_name);

}  // namespace hmodule
