// dbghelp.h. Symbols, lines and stacks are the work of the PE build; here is what it cannot know: which modules the
// process has, which it asks Wine's loader for, and what native functions are called.
#include "nls/codepage.h"
#include "nt/handle_table.h"
#include "nt/process.h"
#include "runtime/runtime.h"
#include "thread/call.h"
#include "winapi/common/answer.h"
#include "winapi/dbghelp/exports.h"

#include <dlfcn.h>

#include <optional>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

constexpr DWORD kInvalidHandle = 6, kInvalidParameter = 87;
constexpr DWORD SLMFLAG_VIRTUAL = 1, SYMFLAG_EXPORT = 0x200, kSymTagPublicSymbol = 10;

template <typename Char>
struct SYMBOL_INFO {
  ULONG SizeOfStruct, TypeIndex;
  ULONG64 Reserved[2];
  ULONG Index, Size;
  ULONG64 ModBase;
  ULONG Flags;
  ULONG64 Value, Address;
  ULONG Register, Scope, Tag, NameLen, MaxNameLen;
  Char Name[1];
};
static_assert(sizeof(SYMBOL_INFO<CHAR>) == 88 && sizeof(SYMBOL_INFO<WCHAR>) == 88);

using InitializeW = HM_WINAPI BOOL (*)(HANDLE, const WCHAR*, BOOL);
using LoadModuleExW = HM_WINAPI DWORD64 (*)(HANDLE, HANDLE, const WCHAR*, const WCHAR*, DWORD64, DWORD, void*, DWORD);
using GetModuleBase64 = HM_WINAPI DWORD64 (*)(HANDLE, DWORD64);
using Cleanup = HM_WINAPI BOOL (*)(HANDLE);
using FromAddr = HM_WINAPI BOOL (*)(HANDLE, DWORD64, DWORD64*, void* symbol);
using WriteDump = HM_WINAPI BOOL (*)(HANDLE, DWORD, HANDLE, DWORD, void*, void*, void*);

// A function of the PE build, also where this DLL has one of that name: found by way of one that it has not.
template <typename F>
Result<F> beyond(std::string_view name) {
  Loader& loader = runtime().loader();
  const HMODULE own = TRY(loader.find(u"dbghelp.dll", kUnchangedRefcount));
  const Proc theirs = TRY(loader.get_proc(own, std::string_view("SymLoadModuleExW")));
  void* const build = loader.image_base_of(theirs);
  return reinterpret_cast<F>(TRY(loader.get_proc(static_cast<HMODULE>(build), name)));
}

Result<bool> is_own(HANDLE process) {
  return TRY(nt::object_of<nt::Process>(process, 0))->is_current();
}

// What a call of theirs says no to has set the last error; it stays.
Error as_they_say(const char* what) {
  return fail_win32(thread::last_error(), "the PE build of dbghelp: {} failed", what);
}

// Native modules have no file: they get a place and a name.
Status load_modules(HANDLE process) {
  const auto load = TRY(beyond<LoadModuleExW>("SymLoadModuleExW"));
  const auto base_of = TRY(beyond<GetModuleBase64>("SymGetModuleBase64"));
  for (const ModuleInfo& module : runtime().loader().modules()) {
    const auto base = reinterpret_cast<DWORD64>(module.handle);
    if (thread::call(base_of, process, base) == base) continue;
    const bool native = module.host_path.empty();
    thread::call(load, process, nullptr, module.full_name.c_str(), nullptr, base, static_cast<DWORD>(module.size),
                 nullptr, native ? SLMFLAG_VIRTUAL : 0);
  }
  return ok;
}

Status initialize(HANDLE process, const WCHAR* search_path, BOOL invade) {
  const bool ourselves = invade != FALSE && TRY(is_own(process));
  if (!thread::call(TRY(beyond<InitializeW>("SymInitializeW")), process, search_path, ourselves ? FALSE : invade))
    return as_they_say("SymInitializeW");
  if (ourselves) TRY(load_modules(process));
  return ok;
}

HM_WINAPI BOOL SymInitializeW(HANDLE process, const WCHAR* search_path, BOOL invade) noexcept {
  return succeed([&] { return initialize(process, search_path, invade); });
}
HM_WINAPI BOOL SymInitialize(HANDLE process, const CHAR* search_path, BOOL invade) noexcept {
  return succeed([&] {
    const std::u16string wide = search_path == nullptr ? std::u16string() : nls::from_ansi(search_path);
    return initialize(process, search_path == nullptr ? nullptr : wide.c_str(), invade);
  });
}
HM_WINAPI BOOL SymRefreshModuleList(HANDLE process) noexcept {
  return succeed([&]() -> Status {
    if (!TRY(is_own(process))) return fail(STATUS_NOT_SUPPORTED, "the modules of another process");
    return load_modules(process);
  });
}

// --- Where there are no better symbols: the nearest export at or below the address ---

struct NearestExport {
  std::string name;
  DWORD64 address, module;
};

void* library_of(DWORD64 address) {
  Dl_info found;
  return ::dladdr(reinterpret_cast<const void*>(address), &found) != 0 ? found.dli_fbase : nullptr;
}

// Of the modules that have been made known. The code of native functions is not in their modules, but in this library.
Result<std::optional<NearestExport>> nearest_export(HANDLE process, DWORD64 address) {
  const auto base_of = TRY(beyond<GetModuleBase64>("SymGetModuleBase64"));
  const bool native = library_of(address) == library_of(reinterpret_cast<DWORD64>(&nearest_export));
  std::optional<NearestExport> nearest;
  Loader& loader = runtime().loader();
  for (const ModuleInfo& module : loader.modules()) {
    const auto base = reinterpret_cast<DWORD64>(module.handle);
    const bool inside = address - base < module.size;
    if (!inside && !(native && module.host_path.empty())) continue;
    if (thread::call(base_of, process, base) != base) continue;
    const auto exports = loader.exports_of(module.handle);
    if (!exports) continue;
    for (const pe::ExportEntry& entry : exports->entries) {
      if (entry.name.empty() || entry.target.is_forwarder()) continue;
      const auto at = reinterpret_cast<DWORD64>(exports->address_of(entry.target.rva));
      if (at > address || (nearest && at <= nearest->address)) continue;
      nearest = NearestExport{std::string(entry.name), at, base};
    }
  }
  return nearest;
}

template <typename Char>
BOOL from_address(HANDLE process, DWORD64 address, DWORD64* displacement, SYMBOL_INFO<Char>* symbol,
                  std::string_view theirs, const char* function) noexcept {
  return succeed(
      [&]() -> Status {
        if (thread::call(TRY(beyond<FromAddr>(theirs)), process, address, displacement, symbol)) return ok;
        const Error refused = as_they_say("SymFromAddr");
        if (refused.code() == kInvalidHandle || refused.code() == kInvalidParameter)  // no SymInitialize, no room
          return refused;
        const auto found = TRY(nearest_export(process, address));
        if (!found) return refused;
        const std::basic_string<Char> name(found->name.begin(), found->name.end());
        symbol->ModBase = found->module;
        symbol->Flags = SYMFLAG_EXPORT;
        symbol->Address = found->address;
        symbol->Tag = kSymTagPublicSymbol;
        symbol->TypeIndex = symbol->Index = symbol->Size = symbol->Register = symbol->Scope = 0;
        symbol->Value = 0;
        symbol->NameLen = static_cast<ULONG>(name.size());
        if (symbol->MaxNameLen != 0) symbol->Name[name.copy(symbol->Name, symbol->MaxNameLen - 1)] = 0;
        if (displacement != nullptr) *displacement = address - found->address;
        return ok;
      },
      function);
}
HM_WINAPI BOOL SymFromAddr(HANDLE process, DWORD64 address, DWORD64* displacement, SYMBOL_INFO<CHAR>* symbol) noexcept {
  return from_address(process, address, displacement, symbol, "SymFromAddr", "SymFromAddr");
}
HM_WINAPI BOOL SymFromAddrW(HANDLE process, DWORD64 address, DWORD64* displacement,
                            SYMBOL_INFO<WCHAR>* symbol) noexcept {
  return from_address(process, address, displacement, symbol, "SymFromAddrW", "SymFromAddrW");
}

// --- Dumps ---

// Theirs wants to know the modules, and would ask for them in vain.
HM_WINAPI BOOL MiniDumpWriteDump(HANDLE process, DWORD id, HANDLE file, DWORD type, void* exception, void* streams,
                                 void* callback) noexcept {
  return succeed([&]() -> Status {
    const auto write = TRY(beyond<WriteDump>("MiniDumpWriteDump"));
    const auto clean_up = TRY(beyond<Cleanup>("SymCleanup"));
    thread::set_last_error(0);
    thread::call(TRY(beyond<GetModuleBase64>("SymGetModuleBase64")), process, DWORD64{0});
    const bool ours = thread::last_error() == kInvalidHandle;  // nobody has initialised it
    if (ours) TRY(initialize(process, nullptr, TRUE));
    const BOOL written = thread::call(write, process, id, file, type, exception, streams, callback);
    const Error refused = as_they_say("MiniDumpWriteDump");
    if (ours) thread::call(clean_up, process);
    if (!written) return refused;
    return ok;
  });
}

const Export kRows[] = {
    {"MiniDumpWriteDump", proc(MiniDumpWriteDump), Support::partial, "this process only"},
    {"SymFromAddr", proc(SymFromAddr)},
    {"SymFromAddrW", proc(SymFromAddrW)},
    {"SymInitialize", proc(SymInitialize), Support::partial, "modules of this process only"},
    {"SymInitializeW", proc(SymInitializeW), Support::partial, "modules of this process only"},
    {"SymRefreshModuleList", proc(SymRefreshModuleList), Support::partial,
     "modules of this process only; those that are gone stay"},
};
constexpr ExportTable kTable = kRows;
const ExportTable* const kTables[] = {&kTable};

}  // namespace

const BuiltinDll dbghelp_dll = {"dbghelp.dll", kTables};

}  // namespace hmodule::winapi
