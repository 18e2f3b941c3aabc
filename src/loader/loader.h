// Load, free and look up, as sequences of calls into the folders below. It owns the order and the undoing, not the
// work.
#pragma once

#include "base/result.h"
#include "bind/bind.h"
#include "loader/datafile.h"
#include "loader/file_view.h"
#include "loader/loader_lock.h"
#include "map/image_cache.h"
#include "module/table.h"
#include "path/volumes.h"
#include "search/search.h"
#include "win/teb.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule {

// How LOAD_LIBRARY_* asks for the module to be loaded; the bits that say where to look are in search/search.h.
inline constexpr DWORD kDontResolveDllReferences = 0x1, kLoadAsDatafile = 0x2, kIgnoreCodeAuthzLevel = 0x10,
                       kLoadAsImageResource = 0x20, kLoadAsDatafileExclusive = 0x40, kRequireSignedTarget = 0x80,
                       kAnyDatafile = kLoadAsDatafile | kLoadAsImageResource | kLoadAsDatafileExclusive;

// Where the bytes of a module come from when they are not looked for by name.
struct ImageSource {
  std::span<const std::byte> memory;  // copied during the load; the caller keeps it
  int file = -1;                      // or a descriptor, duplicated during the load
};

struct LoadRequest {
  std::u16string name;                           // as given: Windows form, or a host path (which starts with '/')
  DWORD flags = 0;                               // LOAD_LIBRARY_*
  const Module* caller = nullptr;                // whose code asks; nullptr for the host
  std::optional<ImageSource> source = {};        // hmodule_open_memory and hmodule_open_fd
  std::optional<std::u16string> load_path = {};  // LdrLoadDll's first argument
};

// What a query may show of one module; a copy, valid for ever.
struct ModuleInfo {
  HMODULE handle;
  std::size_t size;
  void* entry_point;
  std::u16string full_name, base_name;  // Windows form
  std::string host_path;                // empty for a builtin
  DWORD load_count;                     // 0xFFFF: permanent
};

// GetModuleHandleEx (GMH-11).
inline constexpr DWORD kPin = 1, kUnchangedRefcount = 2, kFromAddress = 4;

// RTL_UNLOAD_EVENT_TRACE.
struct UnloadEvent {
  void* BaseAddress;
  SIZE_T SizeOfImage;
  ULONG Sequence, TimeDateStamp, CheckSum;
  WCHAR ImageName[32];
  ULONG Version[2];
};
using UnloadTrace = std::array<UnloadEvent, 64>;

// "builtin", "pe" and "file", as overrides are written.
std::optional<Provider> provider_named(std::string_view name);

// What the loader stands on, given once.
struct LoaderOptions {
  PEB& peb;
  path::Volumes& volumes;
  std::span<const BuiltinDll* const> builtins;  // ntdll, kernel32 and kernelbase first: they are always there (MEM-10)
  // Native functions that stand in for those which the PE build in System32 exports under the same names.
  std::span<const BuiltinDll* const> stand_ins = {};
};

class Loader {
 public:
  // Builds the stand-in for the host program and the permanent system modules. The rest comes on demand.
  static Result<std::unique_ptr<Loader>> start(const LoaderOptions& options);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  // LoadLibraryEx (§3). The handle has low bits set for datafile views (FLAG-16).
  Result<HMODULE> load(const LoadRequest& request);
  // FreeLibrary (FREE-01...06).
  Status free(HMODULE handle);

  // The common case of get_proc(): an export, not forwarded, of a module that runs. nullptr for all others, which
  // get_proc() then serves or explains.
  Proc look_up(HMODULE handle, std::string_view name) const noexcept;
  // GetProcAddress (§5.3); a nullptr handle is the main executable.
  Result<Proc> get_proc(HMODULE handle, const bind::Symbol& symbol);

  // GetModuleHandleEx (GMH-10...15); nullopt is the NULL name, the main executable.
  Result<HMODULE> find(std::optional<std::u16string_view> name, DWORD flags);
  Result<HMODULE> find_address(const void* address, DWORD flags);
  // LdrAddRefDll: one more reference, or a pin.
  Status add_reference(HMODULE handle, bool pin);
  // GetModuleFileName: the Windows form (GMF rules); nullptr is the main executable.
  Result<std::u16string> file_name(HMODULE handle);
  Result<ModuleInfo> info(HMODULE handle);
  // Executable first, then load order (PS-01).
  std::vector<ModuleInfo> modules();
  // Base of the module containing `address`, or nullptr. Lock-free, safe in signal handlers (LDR-11).
  void* image_base_of(const void* address, std::size_t* size = nullptr);
  // LdrFindEntryForAddress; nullptr when there is none.
  LDR_DATA_TABLE_ENTRY* entry_of(const void* address);
  // The readable extent behind any handle, datafile views included: for the resource functions.
  Result<std::span<const std::byte>> bytes_of(HMODULE handle);

  // The exports of a module, with the addresses its RVAs stand for. Valid while the module is loaded.
  struct ExportView {
    const Module* module;
    std::vector<pe::ExportEntry> entries;
    Proc address_of(pe::Rva rva) const { return module->address_of(rva); }
  };
  Result<ExportView> exports_of(HMODULE handle);

  // Gives a debugger the names and the unwind data of all modules that have a file.
  void show_to_debugger();

  // DisableThreadLibraryCalls (FREE-08).
  Status disable_thread_calls(HMODULE handle);

  // LdrRegisterDllNotification (NTF-01...05).
  using Notify = HM_WINAPI void (*)(ULONG reason, const void* data, void* context);
  Result<void*> register_notification(Notify callback, void* context);
  Status unregister_notification(void* cookie);

  // What SetDllDirectory and its kin change (§4.8).
  search::SearchSettings& search_settings() { return settings_; }
  search::Surroundings surroundings() const;
  // SRCH-30. Windows looks when it makes the process; here the first load does.
  const search::LoadPath& dot_local();

  // A module whose functions the host supplies; it is loaded until freed. Before all others of its name (DESIGN D3).
  Result<HMODULE> register_host_module(std::u16string_view name, std::span<const Export> exports);
  // Who serves a base name from now on; nullopt: the usual order.
  Status set_override(std::u16string_view name, std::optional<Provider> provider);

  // ResolveDelayLoadedAPI (DLY-02...07).
  Result<Proc> resolve_delay_load(void* base, const void* descriptor, void* fail_hook, void* system_hook, void* thunk);

  // DLY-08: all delayed imports of the module at `base` from `dll` at once; whether one of them can be had.
  Status resolve_delay_loads(void* base, std::string_view dll);
  Status query_delay_load(void* base, std::string_view dll, std::string_view function);

  // The main executable of `hmodule run` (DESIGN D11), in the place of the host program: maps it, loads and attaches
  // what it imports, and gives its entry point. Before anything else is loaded.
  Result<Proc> load_program(const LoadRequest& request);

  // DLL_THREAD_ATTACH and DLL_THREAD_DETACH in the calling thread (DM-13...18), and the process's end (EXIT-01).
  void thread_attach();
  void thread_detach();
  void process_detach();
  bool shutting_down() const { return shutting_down_; }

  LoaderLock& lock() { return lock_; }

  // REF-17: the ring of the last 64 unloads, as RtlGetUnloadEventTrace shows it.
  UnloadTrace& unload_trace() { return unload_trace_; }

 private:
  friend class Load;
  Loader(const LoaderOptions& options);

  struct Notification {
    void* cookie;
    Notify callback;
    void* context;
  };

  // Looking up; the Reader keeps what is found alive.
  Result<Module*> module_at(const ModuleTable::Snapshot& snapshot, HMODULE handle) const;
  struct Query;
  Result<Query> query(std::u16string_view name) const;
  Result<Module*> find_in(const ModuleTable::Snapshot& snapshot, std::optional<std::u16string_view> name,
                          const Query& query) const;
  // Under the lock:
  Result<Module*> module_of(HMODULE handle);
  const Module* role_of_host(const ModuleTable::Snapshot& snapshot) const;
  Result<Proc> get_proc_slowly(HMODULE handle, const bind::Symbol& symbol);
  // For a trap that is called (bind/trap.h).
  // The file in System32 that completes a builtin DLL; nullptr: there is none.
  struct PeBuild {
    std::string path;
    FileView file;
    pe::ExportTable exports;
  };
  Result<const PeBuild*> pe_build_of(const Module& builtin);
  static Proc find_late(void* loader, Module& provider, std::string_view function);
  Result<Proc> bind_delayed(Module& module, std::string_view dll, pe::Rva handle, const bind::Symbol& symbol);
  Result<HMODULE> load_datafile(const LoadRequest& request);
  HMODULE reference(Module& module, DWORD flags);
  void update_counts();

  // Providers (providers.cc).
  void configure_overrides_from_environment();
  std::optional<Provider> override_of(std::u16string_view base_name) const;
  const BuiltinDll* builtin_named(std::u16string_view base_name) const;
  Result<std::unique_ptr<Module>> make_builtin(const BuiltinDll& dll) const;
  void give_stand_ins(Module& system_pe) const;
  std::u16string name_of_source(const LoadRequest& request) const;

  // Attaching and detaching (attach.cc). Entry points and TLS callbacks run here, under the lock.
  Status initialise(Module& module, void* reserved);
  Status attach(Module& module, void* reserved);
  void detach(Module& module, void* reserved);
  Status run_tls_callbacks(Module& module, DWORD reason);
  Result<BOOL> run_entry_point(Module& module, DWORD reason, void* reserved);
  void notify(ULONG reason, Module& module);

  // Lets go of every module that nobody holds any more (free.cc). Nested calls leave it to the outermost (REF-12).
  void collect();
  std::vector<Module*> unreachable() const;
  void unload(const std::vector<Module*>& dying);
  void remember_unload(const Module& module);
  void set_executable(Module& module);
  bool is_executable(std::u16string_view name) const;
  bool is_listed(const Module& module) const;

  PEB& peb_;
  path::Volumes& volumes_;
  std::span<const BuiltinDll*const> builtins_, stand_ins_;
  search::SearchSettings settings_;
  std::optional<search::LoadPath> dot_local_;
  LoaderLock lock_;
  ModuleTable table_;
  const map::ImageCache image_cache_{map::ImageCache::default_directory()};
  Datafiles datafiles_;
  UnloadTrace unload_trace_;
  Module* executable_ = nullptr;
  std::map<std::u16string, std::unique_ptr<PeBuild>> pe_builds_;  // by full name
  std::map<std::u16string, Provider> overrides_;                  // by upper-case base name
  std::vector<Notification> notifications_;
  std::uintptr_t last_cookie_ = 0;
  std::uint64_t attach_count_ = 0;
  ULONG unload_count_ = 0;
  bool collecting_ = false;
  bool shutting_down_ = false;
};

}  // namespace hmodule
