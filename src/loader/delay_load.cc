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

bind::Symbol symbol_of(const pe::Import& import) {
  if (import.by_ordinal) return import.ordinal;
  return import.name;
}

Status store(Module& module, pe::Rva slot, const void* value) {
  const map::WritableScope writable = TRY(map::WritableScope::open(module.image, slot, sizeof value));
  __atomic_store_n(reinterpret_cast<const void**>(module.mapping.base() + slot.value), value, __ATOMIC_RELEASE);
  return ok;
}

}  // namespace

Result<Proc> Loader::resolve_delay_load(void* base, const void* descriptor, void* fail_hook, void* system_hook,
                                        void* thunk) {
  std::unique_lock lock(lock_);
  Module& module = *TRY(module_of(static_cast<HMODULE>(base)));
  const auto position = [&](const void* address) {
    return pe::Rva{static_cast<std::uint32_t>(static_cast<const std::byte*>(address) - module.mapping.base())};
  };
  for (const pe::DelayImportedDll& dll : TRY(pe::delay_imports(module.image))) {
    if (dll.descriptor != position(descriptor)) continue;
    for (const pe::Import& import : dll.entries) {
      if (import.slot != position(thunk)) continue;
      Result<Proc> found = bind_delayed(module, dll, symbol_of(import));
      if (found) {
        TRY(store(module, import.slot, *found));
        return found;
      }
      lock.unlock();  // DLY-03: the hooks are the DLL's own
      DelayLoadInfo info{};
      info.Size = sizeof info;
      info.DelayloadDescriptor = descriptor;
      info.ThunkAddress = thunk;
      info.TargetDllName = dll.name.data();
      info.TargetApiDescriptor.ImportDescribedByName = import.by_ordinal ? 0 : 1;
      if (import.by_ordinal)
        info.TargetApiDescriptor.Description.Ordinal = import.ordinal;
      else
        info.TargetApiDescriptor.Description.Name = import.name.data();
      info.LastError = found.error().code();
      thread::set_last_status(found.error().status);
      if (fail_hook != nullptr)
        return Proc{thread::call(reinterpret_cast<FailHook>(fail_hook), kDelayLoadFailure, &info)};
      if (system_hook != nullptr) {
        const char* proc =
            import.by_ordinal ? reinterpret_cast<const char*>(std::uintptr_t{import.ordinal}) : import.name.data();
        return Proc{thread::call(reinterpret_cast<SystemHook>(system_hook), dll.name.data(), proc)};
      }
      return found;
    }
  }
  return fail(STATUS_INVALID_PARAMETER, "{} has no delayed import with the slot {}", module.display_name(), thunk);
}

// DLY-02, DLY-05, DLY-06: as a bare LoadLibrary from the module; it keeps what it uses.
Result<Proc> Loader::bind_delayed(Module& module, const pe::DelayImportedDll& dll, const bind::Symbol& symbol) {
  Load load(*this, 0);
  LoadRequest request;
  request.name = utf16(dll.name);
  request.caller = &module;
  Module& target = *TRY(load.map(request));
  const Proc found = TRY(bind::find_export(target, symbol, 0, module, load));
  module.depend_on(target);
  TRY(load.settle());
  TRY(initialise(target, nullptr));
  for (Module* fresh : load.fresh()) TRY(initialise(*fresh, nullptr));
  TRY(store(module, dll.module_handle, target.base()));
  load.commit();
  update_counts();
  return found;
}

}  // namespace hmodule
