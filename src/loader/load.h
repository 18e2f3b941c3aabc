// One load, as a transaction (DESIGN D6): what it maps it also unmaps, unless it comes to commit().
#pragma once

#include <map>
#include <vector>

#include "bind/bind.h"
#include "loader/loader.h"

namespace hmodule {

// Lives under the loader lock.
class Load final : public bind::Resolver {
 public:
  // `flags` and the directories derived from them hold for the whole graph (FLAG-20).
  Load(Loader& loader, DWORD flags);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() override;

  // The module that `request` names: found, or mapped with all it imports, bound, but not attached.
  Result<Module*> map(const LoadRequest& request);
  // The main executable of a program (Loader::load_program).
  Result<Module*> map_program(const LoadRequest& request);
  // Binds and protects whatever has been mapped so far, and everything that brings in; then the notifications.
  Status settle();
  // The module is the caller's: what was mapped stays.
  void commit();

  Result<Module*> module_for_import(Module& importer, std::string_view dll) override;
  Result<Module*> module_for_forwarder(Module& exporter, std::string_view dll) override;
  Result<Module*> module_behind(Module& builtin, std::string_view function) override;

  const std::vector<Module*>& fresh() const { return fresh_; }

 private:
  // By name (find.cc).
  Result<Module*> find_or_map(const search::DllName& name, const Module* importer,
                              const std::optional<search::LoadPath>& own_directories);
  Result<Module*> find_or_map_bare(const search::DllName& name, const Module* importer,
                                   const std::optional<search::LoadPath>& own_directories);
  std::optional<Result<Module*>> redirected_by_context(const std::u16string& base_name);
  Result<Module*> map_named(const search::DllName& name);
  Result<Module*> search_directories(const search::DllName& name, const search::LoadPath& directories,
                                     std::optional<Provider> only);
  Result<Module*> dependency(std::string_view dll, const Module& importer,
                             const std::optional<search::LoadPath>& own_directories);

  const search::Surroundings& surroundings();
  const search::Settings& settings();
  const search::LoadPath& directories();
  std::optional<search::LoadPath> own_directories(const Module& importer);

  // From bytes.
  Result<Module*> map_candidate(const search::Candidate& candidate);
  Result<Module*> map_source(const LoadRequest& request);
  Result<Module*> map_bytes(Bytes file, Provider provider, std::u16string full_name, std::string host_path,
                            const struct stat* info, std::shared_ptr<const std::string> name);
  Result<map::Mapping> lay_out(const pe::Image& image, const struct stat* info);
  Result<Module*> add_builtin(const BuiltinDll& dll);
  Module& adopt(std::unique_ptr<Module> module, bool first = false);

  // "a.dll needs b.dll: b.dll needs " and so on, down to `importer`.
  std::string chain_to(const Module& importer) const;
  Status finish(Module& module);
  Status give_tls(Module& module);

  Loader& loader_;
  const DWORD flags_;
  bool dont_resolve_ = false;
  std::optional<search::Surroundings> surroundings_;
  std::optional<search::Settings> settings_;
  std::optional<search::LoadPath> directories_;
  std::vector<Module*> fresh_;                         // mapped by this load, in order
  std::map<const Module*, const Module*> brought_by_;  // the importer that each was first mapped for
  std::size_t settled_ = 0;                            // how many of them are bound
};

}  // namespace hmodule
