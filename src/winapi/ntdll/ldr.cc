// The native loader API: Ldr* (loader-semantics §12.1, LOCK-05, LOCK-06) and the Rtl* that look at images.
#include <algorithm>
#include <cstring>
#include <optional>

#include "base/trace.h"
#include "base/utf.h"
#include "pe/format.h"
#include "runtime/runtime.h"
#include "thread/call.h"
#include "thread/peb.h"
#include "thread/teb.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {
namespace {

Loader& loader() {
  return runtime().loader();
}

Error invalid(std::string_view what) {
  return fail(STATUS_INVALID_PARAMETER, "{}", what);
}

// --- Loading ---

HM_WINAPI NTSTATUS LdrLoadDll(const char16_t* path, const ULONG* flags, const UNICODE_STRING* name,
                              HMODULE* module) noexcept {
  return status_of([&]() -> Status {
    if (name == nullptr || module == nullptr) return invalid("LdrLoadDll: the name or the result is NULL");
    LoadRequest request;
    request.name = view(*name);
    // LDR-01: bit 1 here is what DONT_RESOLVE_DLL_REFERENCES is there. A path with bit 0 set is a set of search flags.
    if (flags != nullptr && (*flags & 2) != 0) request.flags |= kDontResolveDllReferences;
    if (const auto bits = reinterpret_cast<std::uintptr_t>(path); (bits & 1) != 0)
      request.flags |= static_cast<DWORD>(bits) & search::kSearchBits;
    else if (path != nullptr)
      request.load_path = path;
    *module = TRY(loader().load(request));
    return ok;
  });
}

HM_WINAPI NTSTATUS LdrUnloadDll(HMODULE module) noexcept {  // LDR-05
  return status_of([&]() -> Status {
    if (module == nullptr) return fail(STATUS_DLL_NOT_FOUND, "LdrUnloadDll: the handle is NULL");
    return loader().free(module);
  });
}

HM_WINAPI NTSTATUS LdrGetProcedureAddress(HMODULE module, const ANSI_STRING* name, ULONG ordinal,
                                          Proc* address) noexcept {  // LDR-06
  return status_of([&]() -> Status {
    if (address == nullptr) return invalid("LdrGetProcedureAddress: the result is NULL");
    *address = name != nullptr ? TRY(loader().get_proc(module, std::string_view(name->Buffer, name->Length)))
                               : TRY(loader().get_proc(module, static_cast<std::uint16_t>(ordinal)));
    return ok;
  });
}

// --- Handles ---

// LDR-03: 1 leaves the count alone, 2 pins, 4 means nothing more.
HM_WINAPI NTSTATUS LdrGetDllHandleEx(ULONG flags, const char16_t*, const ULONG*, const UNICODE_STRING* name,
                                     HMODULE* module) noexcept {
  return status_of([&]() -> Status {
    if ((flags & ~7U) != 0 || (flags & 3) == 3) return invalid("LdrGetDllHandleEx: flags that cannot be combined");
    if (name == nullptr) return invalid("LdrGetDllHandleEx: the name is NULL");
    const DWORD how = (flags & 2) != 0 ? kPin : (flags & 1) != 0 ? kUnchangedRefcount : 0;
    const HMODULE found = TRY(loader().find(view(*name), how));
    if (module != nullptr) *module = found;
    return ok;
  });
}
HM_WINAPI NTSTATUS LdrGetDllHandle(const char16_t* path, const ULONG* characteristics, const UNICODE_STRING* name,
                                   HMODULE* module) noexcept {
  return LdrGetDllHandleEx(1, path, characteristics, name, module);  // LDR-02
}

HM_WINAPI NTSTATUS LdrAddRefDll(ULONG flags, HMODULE module) noexcept {  // LDR-04
  return status_of([&]() -> Status {
    if ((flags & ~1U) != 0) return invalid("LdrAddRefDll: unknown flags");
    if (!loader().add_reference(module, (flags & 1) != 0)) return invalid("LdrAddRefDll: no such module");
    return ok;
  });
}

HM_WINAPI NTSTATUS LdrDisableThreadCalloutsForDll(HMODULE module) noexcept {  // LDR-09
  return status_of([&] { return loader().disable_thread_calls(module); });
}

// GMF-10.
HM_WINAPI NTSTATUS LdrGetDllFullName(HMODULE module, UNICODE_STRING* name) noexcept {
  return status_of([&]() -> Status {
    const std::u16string full = TRY(loader().file_name(module));
    const std::size_t bytes = full.size() * 2;
    const std::size_t copied = std::min<std::size_t>(bytes, name->MaximumLength);
    std::memcpy(name->Buffer, full.data(), copied);
    name->Length = static_cast<USHORT>(copied);
    if (copied < bytes) return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed, {} are there", bytes, copied);
    return ok;
  });
}

// --- Entries ---

HM_WINAPI NTSTATUS LdrFindEntryForAddress(const void* address, LDR_DATA_TABLE_ENTRY** entry) noexcept {  // LDR-07
  LDR_DATA_TABLE_ENTRY* found = loader().entry_of(address);
  if (found == nullptr) return STATUS_NO_MORE_ENTRIES;
  *entry = found;
  return STATUS_SUCCESS;
}

using EnumerateCallback = HM_WINAPI void (*)(const LDR_DATA_TABLE_ENTRY* entry, void* context, BOOLEAN* stop);
HM_WINAPI NTSTATUS LdrEnumerateLoadedModules(void* reserved, EnumerateCallback callback, void* context) noexcept {
  if (reserved != nullptr || callback == nullptr) return STATUS_INVALID_PARAMETER;  // LDR-08
  const std::lock_guard lock(loader().lock());
  LIST_ENTRY& head = thread::ldr().InLoadOrderModuleList;
  BOOLEAN stop = FALSE;
  for (LIST_ENTRY* at = head.Flink; at != &head && !stop; at = at->Flink)
    thread::call(callback, reinterpret_cast<const LDR_DATA_TABLE_ENTRY*>(at), context, &stop);
  return STATUS_SUCCESS;
}

// --- Notifications (§12.2) ---

HM_WINAPI NTSTATUS LdrRegisterDllNotification(ULONG flags, Loader::Notify callback, void* context,
                                              void** cookie) noexcept {
  return status_of([&]() -> Status {
    if (flags != 0 || callback == nullptr || cookie == nullptr) return invalid("LdrRegisterDllNotification: NULL");
    *cookie = TRY(loader().register_notification(callback, context));
    return ok;
  });
}
HM_WINAPI NTSTATUS LdrUnregisterDllNotification(void* cookie) noexcept {
  return status_of([&] { return loader().unregister_notification(cookie); });
}

// --- The lock ---

// The magic names the thread that holds the lock.
ULONG_PTR lock_magic() {
  return (ULONG_PTR{thread::thread_id(thread::teb())} << 16) | 1;
}

HM_WINAPI NTSTATUS LdrLockLoaderLock(ULONG flags, ULONG* disposition, ULONG_PTR* magic) noexcept {
  if (disposition != nullptr) *disposition = 0;
  if (magic != nullptr) *magic = 0;
  if ((flags & ~3U) != 0) return STATUS_INVALID_PARAMETER_1;
  if ((flags & 2) != 0 && disposition == nullptr) return STATUS_INVALID_PARAMETER_2;
  if (magic == nullptr) return STATUS_INVALID_PARAMETER_3;
  if ((flags & 2) == 0) {
    loader().lock().lock();
  } else if (!loader().lock().try_lock()) {
    *disposition = 2;
    return STATUS_SUCCESS;
  }
  if (disposition != nullptr) *disposition = 1;
  *magic = lock_magic();
  return STATUS_SUCCESS;
}

HM_WINAPI NTSTATUS LdrUnlockLoaderLock(ULONG flags, ULONG_PTR magic) noexcept {  // LOCK-06
  if ((flags & ~1U) != 0) return STATUS_INVALID_PARAMETER_1;
  if (magic == 0) return STATUS_SUCCESS;
  if (magic != lock_magic()) return STATUS_INVALID_PARAMETER_2;
  loader().lock().unlock();
  return STATUS_SUCCESS;
}

// --- Search settings ---

HM_WINAPI NTSTATUS LdrAddDllDirectory(const UNICODE_STRING* directory, void** cookie) noexcept {
  return status_of([&]() -> Status {
    const std::u16string current = loader().surroundings().current_directory;
    *cookie = TRY(loader().search_settings().add_dll_directory(view(*directory), {current}));
    return ok;
  });
}
HM_WINAPI NTSTATUS LdrRemoveDllDirectory(void* cookie) noexcept {
  return status_of([&] { return loader().search_settings().remove_dll_directory(cookie); });
}
HM_WINAPI NTSTATUS LdrSetDefaultDllDirectories(ULONG flags) noexcept {
  return status_of([&] { return loader().search_settings().set_default_dll_directories(flags); });
}
HM_WINAPI NTSTATUS LdrSetDllDirectory(const UNICODE_STRING* directory) noexcept {
  return status_of([&] {
    return loader().search_settings().set_dll_directory(directory->Buffer == nullptr ? std::nullopt
                                                                                     : std::optional(view(*directory)));
  });
}
HM_WINAPI NTSTATUS LdrGetDllDirectory(UNICODE_STRING* directory) noexcept {  // DIR-04
  return status_of([&]() -> Status {
    const std::u16string set = loader().search_settings().dll_directory().value_or(u"");
    const std::size_t bytes = (set.size() + 1) * 2;
    if (directory->MaximumLength < bytes) {
      directory->Length = static_cast<USHORT>(bytes);
      if (directory->MaximumLength >= 2) directory->Buffer[0] = 0;
      return fail(STATUS_BUFFER_TOO_SMALL, "{} bytes are needed", bytes);
    }
    std::memcpy(directory->Buffer, set.c_str(), bytes);
    directory->Length = static_cast<USHORT>(bytes - 2);
    return ok;
  });
}

// --- Ends ---

HM_WINAPI void LdrShutdownThread() noexcept {
  loader().thread_detach();
}
HM_WINAPI void LdrShutdownProcess() noexcept {
  loader().process_detach();
}  // LDR-15
HM_WINAPI BOOLEAN RtlDllShutdownInProgress() noexcept {
  return loader().shutting_down();
}

// --- Delayed imports, execution options ---

HM_WINAPI Proc LdrResolveDelayLoadedAPI(void* base, const void* descriptor, void* fail_hook, void* system_hook,
                                        void* thunk, ULONG) noexcept {
  Result<Proc> found = loader().resolve_delay_load(base, descriptor, fail_hook, system_hook, thunk);
  return found ? *found : nullptr;
}

HM_WINAPI NTSTATUS LdrResolveDelayLoadsFromDll(void* base, const char* dll, ULONG flags) noexcept {  // DLY-08
  return status_of([&]() -> Status {
    if (base == nullptr || dll == nullptr || flags != 0) return invalid("LdrResolveDelayLoadsFromDll: NULL, or flags");
    return loader().resolve_delay_loads(base, dll);
  });
}

HM_WINAPI NTSTATUS LdrQueryImageFileExecutionOptions(const UNICODE_STRING*, const char16_t*, ULONG, void*, ULONG,
                                                     ULONG*) noexcept {
  return STATUS_OBJECT_NAME_NOT_FOUND;  // LDR-14
}

// --- Images ---

HM_WINAPI void* RtlGetUnloadEventTrace() noexcept {
  return loader().unload_trace().data();
}  // REF-17
HM_WINAPI void RtlGetUnloadEventTraceEx(ULONG** size, ULONG** count, void** trace) noexcept {
  static ULONG element_size = sizeof(UnloadEvent), element_count = std::tuple_size_v<UnloadTrace>;
  static void* events = loader().unload_trace().data();
  *size = &element_size;
  *count = &element_count;
  *trace = static_cast<void*>(&events);
}

struct NtHeader {
  std::uint32_t signature;
  pe::FileHeader file;
  pe::OptionalHeader64 optional;
};

// LDR-12. Low bits of a datafile handle do not count.
HM_WINAPI void* RtlImageNtHeader(void* image) noexcept {
  auto* base = reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(image) & ~std::uintptr_t{3});
  if (base == nullptr || image == reinterpret_cast<void*>(-1)) return nullptr;
  pe::DosHeader dos;
  std::memcpy(&dos, base, sizeof dos);
  if (dos.e_magic != pe::kDosMagic) return nullptr;
  auto* header = reinterpret_cast<NtHeader*>(base + dos.e_lfanew);
  return header->signature == pe::kPeSignature ? header : nullptr;
}

const pe::SectionHeader* section_of(const NtHeader* header, std::uint32_t rva) {
  const auto* sections = reinterpret_cast<const pe::SectionHeader*>(
      reinterpret_cast<const std::byte*>(&header->optional) + header->file.SizeOfOptionalHeader);
  for (unsigned i = 0; i < header->file.NumberOfSections; ++i)
    if (rva - sections[i].VirtualAddress < std::max(sections[i].SizeOfRawData, sections[i].VirtualSize))
      return &sections[i];
  return nullptr;
}

HM_WINAPI void* RtlImageRvaToSection(const NtHeader* header, HMODULE, ULONG rva) noexcept {
  return const_cast<pe::SectionHeader*>(section_of(header, rva));
}
HM_WINAPI void* RtlImageRvaToVa(const NtHeader* header, HMODULE image, ULONG rva,
                                pe::SectionHeader** section) noexcept {
  const pe::SectionHeader* at = section_of(header, rva);
  if (at == nullptr) return nullptr;
  if (section != nullptr) *section = const_cast<pe::SectionHeader*>(at);
  return reinterpret_cast<std::byte*>(image) + at->PointerToRawData + (rva - at->VirtualAddress);
}

// LDR-13.
HM_WINAPI void* RtlImageDirectoryEntryToData(HMODULE module, BOOLEAN image, WORD directory, ULONG* size) noexcept {
  const auto bits = reinterpret_cast<std::uintptr_t>(module);
  if ((bits & 1) != 0) image = FALSE;
  auto* base = reinterpret_cast<HMODULE>(bits & ~std::uintptr_t{3});
  auto* header = static_cast<NtHeader*>(RtlImageNtHeader(base));
  if (header == nullptr || directory >= std::min<std::uint32_t>(header->optional.NumberOfRvaAndSizes, 16))
    return nullptr;
  const pe::DataDirectory entry = header->optional.DataDirectories[directory];
  if (entry.VirtualAddress == 0) return nullptr;
  *size = entry.Size;
  if (image || entry.VirtualAddress < header->optional.SizeOfHeaders)
    return reinterpret_cast<std::byte*>(base) + entry.VirtualAddress;
  return RtlImageRvaToVa(header, base, entry.VirtualAddress, nullptr);
}

// REL-09: one block of fix-ups.
HM_WINAPI const WORD* LdrProcessRelocationBlock(std::byte* page, ULONG count, const WORD* entries,
                                                INT_PTR delta) noexcept {
  for (; count != 0; --count, ++entries) {
    std::byte* at = page + (*entries & 0xFFF);
    const auto add = [&]<typename Word>(Word amount) {
      Word value;
      std::memcpy(&value, at, sizeof value);
      value = static_cast<Word>(value + amount);
      std::memcpy(at, &value, sizeof value);
    };
    switch (*entries >> 12) {
      case pe::kRelocAbsolute:
        break;
      case pe::kRelocHigh:
        add(static_cast<std::uint16_t>(delta >> 16));
        break;
      case pe::kRelocLow:
        add(static_cast<std::uint16_t>(delta));
        break;
      case pe::kRelocHighLow:
        add(static_cast<std::uint32_t>(delta));
        break;
      case pe::kRelocDir64:
        add(static_cast<std::uint64_t>(delta));
        break;
      default:
        return nullptr;
    }
  }
  return entries;
}

const Export kRows[] = {
    {"LdrAddDllDirectory", proc(LdrAddDllDirectory)},
    {"LdrAddRefDll", proc(LdrAddRefDll)},
    {"LdrDisableThreadCalloutsForDll", proc(LdrDisableThreadCalloutsForDll)},
    {"LdrEnumerateLoadedModules", proc(LdrEnumerateLoadedModules)},
    {"LdrFindEntryForAddress", proc(LdrFindEntryForAddress)},
    {"LdrGetDllDirectory", proc(LdrGetDllDirectory)},
    {"LdrGetDllFullName", proc(LdrGetDllFullName)},
    {"LdrGetDllHandle", proc(LdrGetDllHandle)},
    {"LdrGetDllHandleEx", proc(LdrGetDllHandleEx)},
    {"LdrGetProcedureAddress", proc(LdrGetProcedureAddress)},
    {"LdrLoadDll", proc(LdrLoadDll)},
    {"LdrLockLoaderLock", proc(LdrLockLoaderLock)},
    {"LdrProcessRelocationBlock", proc(LdrProcessRelocationBlock)},
    {"LdrQueryImageFileExecutionOptions", proc(LdrQueryImageFileExecutionOptions), Support::partial,
     "there are no options: always STATUS_OBJECT_NAME_NOT_FOUND"},
    {"LdrRegisterDllNotification", proc(LdrRegisterDllNotification)},
    {"LdrRemoveDllDirectory", proc(LdrRemoveDllDirectory)},
    {"LdrResolveDelayLoadedAPI", proc(LdrResolveDelayLoadedAPI)},
    {"LdrResolveDelayLoadsFromDll", proc(LdrResolveDelayLoadsFromDll)},
    {"LdrSetDefaultDllDirectories", proc(LdrSetDefaultDllDirectories)},
    {"LdrSetDllDirectory", proc(LdrSetDllDirectory)},
    {"LdrShutdownProcess", proc(LdrShutdownProcess)},
    {"LdrShutdownThread", proc(LdrShutdownThread)},
    {"LdrUnloadDll", proc(LdrUnloadDll)},
    {"LdrUnlockLoaderLock", proc(LdrUnlockLoaderLock)},
    {"LdrUnregisterDllNotification", proc(LdrUnregisterDllNotification)},
    {"RtlDllShutdownInProgress", proc(RtlDllShutdownInProgress)},
    {"RtlGetUnloadEventTrace", proc(RtlGetUnloadEventTrace)},
    {"RtlGetUnloadEventTraceEx", proc(RtlGetUnloadEventTraceEx)},
    {"RtlImageDirectoryEntryToData", proc(RtlImageDirectoryEntryToData)},
    {"RtlImageNtHeader", proc(RtlImageNtHeader)},
    {"RtlImageRvaToSection", proc(RtlImageRvaToSection)},
    {"RtlImageRvaToVa", proc(RtlImageRvaToVa)},
};

}  // namespace

extern const ExportTable ldr_exports = kRows;

}  // namespace hmodule::winapi
