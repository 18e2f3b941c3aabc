// ResolveDelayLoadedAPI: a delayed import bound at its first call (loader-semantics §16).
#include <cstring>

#include "base/utf.h"
#include "loader/load.h"
#include "map/image_mapping.h"
#include "thread/call.h"
#include "thread/teb.h"

namespace hmodule {
namespace {

// DELAYLOAD_INFO (delayloadhandler.h).
struct DelayLoadInfo {
  ULONG Size;
  const void* DelayloadDescriptor;
  void* ThunkAddress;
  const char* TargetDllName;
  struct {
    ULONG ImportDescribedByName;
    union {
      const char* Name;
      ULONG Ordinal;
    } Description;
  } TargetApiDescriptor;
  void* TargetModuleBase;
  void* Unused;
  ULONG LastError;
};
static_assert(sizeof(DelayLoadInfo) == 0x48);

using FailHook = HM_WINAPI void* (*)(ULONG reason, DelayLoadInfo* info);
using SystemHook = HM_WINAPI void* (*)(const char* dll, const char* proc);
constexpr ULONG kDelayLoadFailure = 4;

// One delayed import, as its descriptor and the slot that was called say (DLY-02).
struct DelayedImport {
  pe::DelayLoadDescriptor descriptor;
  std::string_view dll;
  pe::Rva slot;
  bool by_ordinal;
  std::uint16_t ordinal;
  std::string_view name;

  bind::Symbol symbol() const {
    if (by_ordinal) return ordinal;
    return name;
  }
};

Result<pe::Rva> rva_in(const Module& module, const void* address) {
  if (!module.contains(address))
    return fail(STATUS_INVALID_PARAMETER, "{}: {} is no address of its delayed imports", module.display_name(),
                address);
  return pe::Rva{static_cast<std::uint32_t>(static_cast<const std::byte*>(address) - module.mapping.base())};
}

Result<DelayedImport> find_delayed(const Module& module, const void* descriptor, const void* thunk) {
  const pe::Image& image = module.image;
  const pe::Rva at = TRY(rva_in(module, descriptor));
  DelayedImport import{};
  import.descriptor = TRY(image.read<pe::DelayLoadDescriptor>(at));
  import.slot = TRY(rva_in(module, thunk));
  import.dll = TRY(image.string_at({import.descriptor.DllNameRVA}));
  const std::uint32_t index = (import.slot.value - import.descriptor.ImportAddressTableRVA) / sizeof(std::uint64_t);
  const pe::Rva name_at{import.descriptor.ImportNameTableRVA + index * std::uint32_t{sizeof(std::uint64_t)}};
  const auto entry = TRY(image.read<std::uint64_t>(name_at));
  import.by_ordinal = (entry & pe::kOrdinalFlag64) != 0;
  import.ordinal = static_cast<std::uint16_t>(entry);
  if (!import.by_ordinal)
    import.name = TRY(image.string_at({static_cast<std::uint32_t>(entry) + std::uint32_t { sizeof(std::uint16_t) }}));
  return import;
}

Status store(Module& module, pe::Rva slot, const void* value) {
  const map::WritableScope writable = TRY(map::WritableScope::open(module.image, slot, sizeof value));
  __atomic_store_n(reinterpret_cast<const void**>(module.mapping.base() + slot.value), value, __ATOMIC_RELEASE);
  return ok;
}

Result<pe::DelayImportedDll> delayed_dll(const Module& module, std::string_view dll) {
  const std::u16string name = utf16(dll);
  for (pe::DelayImportedDll& imported : TRY(pe::delay_imports(module.image)))
    if (equal_ignoring_case(utf16(imported.name), name)) return std::move(imported);
  return fail(STATUS_DLL_NOT_FOUND, "{}: has no delayed imports from {}", module.display_name(), dll);
}

bind::Symbol symbol_of(const pe::Import& import) {
  if (import.by_ordinal) return import.ordinal;
  return import.name;
}

}  // namespace

Result<Proc> Loader::resolve_delay_load(void* base, const void* descriptor, void* fail_hook, void* system_hook,
                                        void* thunk) {
  std::unique_lock lock(lock_);
  Module& module = *TRY(module_of(static_cast<HMODULE>(base)));
  const DelayedImport import = TRY(find_delayed(module, descriptor, thunk));
  Result<Proc> found = bind_delayed(module, import.dll, {import.descriptor.ModuleHandleRVA}, import.symbol());
  if (found) {
    TRY(store(module, import.slot, *found));
    return found;
  }
  lock.unlock();  // DLY-03: the hooks are the DLL's own
  DelayLoadInfo info{};
  info.Size = sizeof info;
  info.DelayloadDescriptor = descriptor;
  info.ThunkAddress = thunk;
  info.TargetDllName = import.dll.data();
  info.TargetApiDescriptor.ImportDescribedByName = import.by_ordinal ? 0 : 1;
  if (import.by_ordinal)
    info.TargetApiDescriptor.Description.Ordinal = import.ordinal;
  else
    info.TargetApiDescriptor.Description.Name = import.name.data();
  info.LastError = found.error().code();
  thread::set_last_status(found.error().status);
  if (fail_hook != nullptr) return Proc{thread::call(reinterpret_cast<FailHook>(fail_hook), kDelayLoadFailure, &info)};
  if (system_hook == nullptr) return found;
  const char* proc =
      import.by_ordinal ? reinterpret_cast<const char*>(std::uintptr_t{import.ordinal}) : import.name.data();
  return Proc{thread::call(reinterpret_cast<SystemHook>(system_hook), import.dll.data(), proc)};
}

Status Loader::resolve_delay_loads(void* base, std::string_view dll) {
  const std::lock_guard lock(lock_);
  Module& module = *TRY(module_of(static_cast<HMODULE>(base)));
  const pe::DelayImportedDll imported = TRY(delayed_dll(module, dll));
  for (const pe::Import& import : imported.entries) {
    const Proc found = TRY(bind_delayed(module, imported.name, imported.module_handle, symbol_of(import)));
    TRY(store(module, import.slot, found));
  }
  return ok;
}

Status Loader::query_delay_load(void* base, std::string_view dll, std::string_view function) {
  const std::lock_guard lock(lock_);
  Module& module = *TRY(module_of(static_cast<HMODULE>(base)));
  const pe::DelayImportedDll imported = TRY(delayed_dll(module, dll));
  for (const pe::Import& import : imported.entries)
    if (!import.by_ordinal && import.name == function) {
      TRY(bind_delayed(module, imported.name, imported.module_handle, symbol_of(import)));
      return ok;
    }
  return fail(STATUS_ENTRYPOINT_NOT_FOUND, "{}: {} is none of its delayed imports from {}", module.display_name(),
              function, dll);
}

// DLY-02, DLY-05, DLY-06: as a bare LoadLibrary from the module; it keeps what it uses.
Result<Proc> Loader::bind_delayed(Module& module, std::string_view dll, pe::Rva handle, const bind::Symbol& symbol) {
  Load load(*this, 0);
  LoadRequest request;
  request.name = utf16(dll);
  request.caller = &module;
  Module& target = *TRY(load.map(request));
  const Proc found = TRY(bind::find_export(target, symbol, 0, module, load));
  module.depend_on(target);
  TRY(load.settle());
  TRY(initialise(target, nullptr));
  for (Module* fresh : load.fresh()) TRY(initialise(*fresh, nullptr));
  if (handle) TRY(store(module, handle, target.base()));
  load.commit();
  update_counts();
  return found;
}

}  // namespace hmodule
