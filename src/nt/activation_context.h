// Activation contexts: what the manifest of a program or DLL, and those of the assemblies it depends on, say of names.
//
// A thread has a stack of them, of which the uppermost counts; below it is the process's own, that of the program's
// manifest. The loader asks the active one for the file behind a DLL's base name (SRCH-50), COM for the DLL of a class.
//
// Assemblies are private: they are beside the manifest that depends on them. One that Windows keeps in its WinSxS
// store, which has a public key, is taken as present where it is not there, and as saying nothing: the runtimes and
// common controls that live there are found by the ordinary search, or missed there.
#pragma once

#include "base/result.h"
#include "nt/manifest.h"
#include "win/winsxs.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hmodule::nt {

class ActivationContext;
using ActivationRef = std::shared_ptr<ActivationContext>;

class ActivationContext {
 public:
  // Windows paths, full. The manifest's own text may come from a resource of `manifest_path`; its files are beside
  // that, and private assemblies below `directory`. SXS_CANT_GEN_ACTCTX, with the reason: a manifest that cannot be
  // read, an assembly that is not there.
  static Result<ActivationRef> create(std::span<const std::byte> manifest, std::u16string manifest_path,
                                      std::u16string directory);

  struct Assembly {
    AssemblyIdentity identity;
    std::u16string manifest_path, directory;
  };
  const std::vector<Assembly>& assemblies() const { return assemblies_; }
  // Where assemblies it depends on are looked for.
  const std::u16string& directory() const { return directory_; }

  // The path of the file that stands for the DLL of that base name.
  std::optional<std::u16string> redirected(std::u16string_view base_name) const;
  std::optional<std::u16string> setting(std::u16string_view name_space, std::u16string_view name) const;

  // An entry as FindActCtxSection has it: the record, and what it refers to behind it.
  struct Entry {
    std::vector<std::byte> data;
    ULONG record_size, assembly;
  };
  // nullptr: no entry of that key. SXS_SECTION_NOT_FOUND: none of that kind at all.
  Result<const Entry*> find(ULONG kind, std::u16string_view text) const;
  Result<const Entry*> find(ULONG kind, const GUID& guid) const;

 private:
  Status add(const Manifest& manifest, std::u16string manifest_path, const std::u16string& directory);
  Status add_dependency(const AssemblyIdentity& wanted);
  void add_class(const ManifestFile& file, const ManifestClass& added, ULONG assembly);

  std::u16string directory_;
  std::vector<Assembly> assemblies_;
  std::map<std::u16string, Entry> files_, prog_ids_;  // by upper-case name
  std::map<std::u16string, std::u16string> paths_;
  std::map<std::string, Entry> classes_;  // by the bytes of the CLSID
  std::map<std::pair<std::u16string, std::u16string>, std::u16string> settings_;
};

// The manifest in a PE file: RT_MANIFEST with that id or name; with nothing the first there is.
// RESOURCE_DATA_NOT_FOUND and its kin.
struct ManifestResource {
  std::optional<WORD> id;
  std::u16string name;
};
Result<std::vector<std::byte>> manifest_of_file(const std::string& host_path, const ManifestResource& which);

// --- handles: each counts; an unknown one is INVALID_PARAMETER ---

HANDLE handle_of(ActivationRef context);          // with one count
Result<ActivationRef> context_of(HANDLE handle);  // NULL is the empty context: nullptr
Status add_context_reference(HANDLE handle);
Status release_context_reference(HANDLE handle);

// --- what is active ---

// NULL activates the empty context.
Result<ULONG_PTR> activate(HANDLE handle);
// `force_early`: those above it go too; else SXS_EARLY_DEACTIVATION, SXS_INVALID_DEACTIVATION.
Status deactivate(ULONG_PTR cookie, bool force_early);
// The uppermost of the calling thread's; without one, that of the process. nullptr: none.
ActivationRef active_context();
// Its handle, without a count, or NULL; the process's own counts only where `or_process`.
HANDLE active_handle(bool or_process = false);
void set_process_context(HANDLE handle);
// A thread ends, and with it its stack.
void forget_activations(void* stack);

// The loader's: the context of a module, of its manifest 2, active around a scope.
class ActivationScope {
 public:
  explicit ActivationScope(HANDLE context);
  ~ActivationScope();
  ActivationScope(const ActivationScope&) = delete;
  ActivationScope& operator=(const ActivationScope&) = delete;

 private:
  std::optional<ULONG_PTR> cookie_;
};

}  // namespace hmodule::nt
