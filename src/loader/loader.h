// Load, free and look up, as sequences of calls into the folders below. It owns the order and the undoing, not the
// work.
#pragma once

#include "base/result.h"
#include "module/module.h"
#include "win/teb.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule {

// LOAD_LIBRARY_* of libloaderapi.h; the public headers have the same names as macros.
inline constexpr DWORD kDontResolveDllReferences = 0x1, kLoadAsDatafile = 0x2, kAlteredSearchPath = 0x8,
                       kIgnoreCodeAuthzLevel = 0x10, kLoadAsImageResource = 0x20, kLoadAsDatafileExclusive = 0x40,
                       kRequireSignedTarget = 0x80, kSearchDllLoadDir = 0x100, kSearchApplicationDir = 0x200,
                       kSearchUserDirs = 0x400, kSearchSystem32 = 0x800, kSearchDefaultDirs = 0x1000,
                       kSafeCurrentDirs = 0x2000, kSearchSystem32NoForwarder = 0x4000;

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

class Loader {
 public:
  virtual ~Loader() = default;

  // LoadLibraryEx (§3). The handle has low bits set for datafile views (FLAG-16).
  virtual Result<HMODULE> load(const LoadRequest& request) = 0;
  // FreeLibrary (FREE-01...06).
  virtual Status free(HMODULE handle) = 0;

  // GetProcAddress (§5.3); a nullptr handle is the main executable. `name` is compared as bytes.
  virtual Result<Proc> get_proc(HMODULE handle, std::string_view name) = 0;
  virtual Result<Proc> get_proc(HMODULE handle, std::uint16_t ordinal) = 0;

  // GetModuleHandleEx (GMH-10...15); nullopt is the NULL name, the main executable.
  virtual Result<HMODULE> find(std::optional<std::u16string_view> name, DWORD flags) = 0;
  virtual Result<HMODULE> find_address(const void* address, DWORD flags) = 0;
  // LdrAddRefDll: one more reference, or a pin.
  virtual Status add_reference(HMODULE handle, bool pin) = 0;
  // GetModuleFileName: the Windows form (GMF rules); nullptr is the main executable.
  virtual Result<std::u16string> file_name(HMODULE handle) = 0;
  virtual Result<ModuleInfo> info(HMODULE handle) = 0;
  // Executable first, then load order (PS-01).
  virtual std::vector<ModuleInfo> modules() = 0;
  // Base of the module containing `address`, or nullptr. Lock-free (LDR-11).
  virtual void* image_base_of(const void* address, std::size_t* size = nullptr) = 0;
  // LdrFindEntryForAddress: lock-free; nullptr when there is none.
  virtual LDR_DATA_TABLE_ENTRY* entry_of(const void* address) = 0;

  // DisableThreadLibraryCalls (FREE-08).
  virtual Status disable_thread_calls(HMODULE handle) = 0;

  // LdrRegisterDllNotification (NTF-01...05).
  virtual Result<void*> register_notification(void* callback, void* context) = 0;
  virtual Status unregister_notification(void* cookie) = 0;

  // Search settings (§4.8).
  virtual Status set_dll_directory(std::optional<std::u16string_view> path) = 0;
  virtual std::optional<std::u16string> dll_directory() = 0;
  virtual Result<void*> add_dll_directory(std::u16string_view path) = 0;
  virtual Status remove_dll_directory(void* cookie) = 0;
  virtual Status set_default_dll_directories(DWORD flags) = 0;

  // Providers: a module whose functions the host supplies, and overrides ("host", "builtin", "pe", "file") by base
  // name.
  virtual Result<HMODULE> register_host_module(std::u16string_view name, std::span<const Export> exports) = 0;
  virtual Status set_override(std::u16string_view name, std::optional<Provider> provider) = 0;

  // ResolveDelayLoadedAPI (DLY-02...07).
  virtual Result<Proc> resolve_delay_load(void* base, const void* descriptor, void* fail_hook, void* system_hook,
                                          void* thunk, DWORD flags) = 0;

  // The thread side: DLL_THREAD_ATTACH / DLL_THREAD_DETACH to all modules that want it (DM-13...18), under the loader
  // lock, and the process's end (EXIT-01).
  virtual void thread_attach() = 0;
  virtual void thread_detach() = 0;
  virtual void process_detach() = 0;

  // The loader lock (LOCK-01...06): the CRITICAL_SECTION at PEB+0x110.
  virtual void lock() = 0;
  virtual bool try_lock() = 0;
  virtual void unlock() = 0;
};

}  // namespace hmodule
