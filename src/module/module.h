// A module: an image mapped for execution and listed in the three loader lists (loader-semantics.md §0.3, §15.3).
//
// Its life is a count and a graph. The count is of explicit loads; the graph's edges go from a module to what it
// imports or was forwarded to. A module lives as long as it can be reached from one that somebody holds, so a cycle of
// imports dies with its last outside reference (REF-05), with no group bookkeeping.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "map/mapping.h"
#include "map/shared_sections.h"
#include "module/builtin.h"
#include "pe/exports.h"
#include "pe/image.h"
#include "win/teb.h"

namespace hmodule {

// How a name is served (DESIGN D3).
enum class Provider : std::uint8_t { host, builtin, system_pe, file };

// ID-03, ID-07: the file behind a module, whatever it is called.
struct FileIdentity {
  dev_t device;
  ino_t inode;
  bool operator==(const FileIdentity&) const = default;
};

// The size of one jump stub in a native module's image.
inline constexpr std::size_t kStubSize = 16;

// LDR_DATA_TABLE_ENTRY.Flags that we maintain.
inline constexpr ULONG kLdrImageDll = 0x4, kLdrLoadNotificationsSent = 0x8, kLdrProcessStaticImport = 0x20,
                       kLdrLoadInProgress = 0x1000, kLdrEntryProcessed = 0x4000, kLdrDontCallForThreads = 0x40000,
                       kLdrProcessAttachCalled = 0x80000, kLdrProcessAttachFailed = 0x100000,
                       kLdrDontRelocate = 0x800000;

// What the attach of a module has come to. Read without a lock by GetProcAddress (GPA-10).
enum class Stage : std::uint8_t {
  mapped,        // listed; its imports are not bound yet
  snapped,       // bound, protected; no code of it has run
  initialising,  // its attach callbacks are running
  ready,         // attached, or needs no attach
  failed,        // its attach did; it will be unmapped
  dying,         // its detach has begun: no name leads to it any more
};

// Fields change under the loader lock only. What the lock-free readers use (base, size, exports, names) is set before
// the module is listed and stays until it is unlisted.
struct Module {
  // `mapped` is the image over `memory`; `name` is what its messages call it.
  Module(Provider served_by, std::u16string windows_name, std::shared_ptr<const std::string> name,
         const pe::Image& mapped, map::Mapping memory);
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module();

  void* base() const { return mapping.base(); }
  std::size_t size() const { return image.size_of_image(); }
  HMODULE handle() const { return static_cast<HMODULE>(base()); }
  bool contains(const void* address) const {
    return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base()) < size();
  }
  std::u16string_view base_name() const { return {entry.BaseDllName.Buffer, entry.BaseDllName.Length / 2U}; }
  // For sentences.
  std::string display_name() const;

  // The address an export's RVA stands for; for a builtin DLL, of the native function itself (DESIGN D2), and likewise
  // where one stands in.
  Proc address_of(pe::Rva rva) const;

  bool permanent() const { return load_count == kPermanent; }
  // One edge per pair (REF-02); edges to itself and to the permanent system modules are not kept (REF-10, IMP-13).
  void depend_on(Module& target);
  void forget_dependencies();
  // Writes load_count and what follows from it into the loader structures.
  void show_counts(std::uint32_t incoming_edges);

  static constexpr std::uint32_t kPermanent = 0xFFFFFFFF;

  const Provider provider;
  const std::u16string full_name;  // Windows form; entry.FullDllName points here
  std::string host_path;           // empty for what has no file
  std::optional<FileIdentity> identity;
  const std::shared_ptr<const std::string> image_name;  // what `image` calls itself in sentences
  map::Mapping mapping;
  map::SharedSections shared_sections;
  const pe::Image image;  // facts of the headers, over the mapped memory
  pe::ExportTable exports;
  std::vector<Proc> native_functions;  // of a builtin or host module, by stub; see builtin_image.h
  std::uint32_t stubs_rva = 0;
  // Of a PE module: native functions that its exports lead to instead (DESIGN D3), by the address of its own.
  std::vector<std::pair<std::uint32_t, Proc>> stand_ins;

  std::uint32_t load_count = 0;  // explicit loads, or kPermanent
  std::vector<Module*> dependencies;
  bool dont_resolve = false;  // FLAG-06
  bool behind_builtin =
      false;  // the PE build that serves what the builtin DLL of this name lacks; the name is that one's
  bool held_by_load = false;  // belongs to a load in progress
  std::atomic<Stage> stage{Stage::mapped};
  bool attached = false;                 // its attach was called and succeeded: detach is due
  std::uint64_t attach_order = 0;        // position in the initialisation order; 0: none
  std::uint64_t attach_thread_mark = 0;  // thread::current_start_order() at attach (DM-13)
  std::optional<std::uint32_t> tls_index;
  pe::Rva tls_callbacks;    // the array of addresses; 0: none
  bool registered = false;  // its function table and address range are known to unwind/ and map/
  std::vector<std::unique_ptr<map::Mapping>> thunks;  // traps for missing imports

  LDR_DATA_TABLE_ENTRY entry{};
  LDR_DDAG_NODE node{};
  std::vector<std::unique_ptr<LDR_DEPENDENCY>> visible_dependencies;
};

}  // namespace hmodule
