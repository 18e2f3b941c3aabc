// The C API (hmodule/hmodule.h).
#include <hmodule/hmodule.h>

#include <ffi.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "api/builtins.h"
#include "api/failure.h"
#include "base/utf.h"
#include "path/volumes.h"
#include "thread/call.h"
#include "thread/create.h"
#include "thread/registry.h"
#include "thread/signals.h"
#include "thread/teb.h"
#include "unwind/context.h"
#include "unwind/native_frames.h"
#include "unwind/native_unwinders.h"

namespace hmodule::api {
namespace {

// What failed last in a thread. `told` is dlerror's rule: an error is reported once.
struct LastFailure {
  DWORD code = 0;
  std::string reason;
  bool pending = false;
};
thread_local LastFailure last_failure;

bool is_host_path(std::string_view name) {
  return name.find('/') != std::string_view::npos && name.find('\\') == std::string_view::npos &&
         (name.size() < 2 || name[1] != ':');
}

// DESIGN D10: a path means "with what is beside it".
LoadRequest request_for(std::string_view name, unsigned flags) {
  LoadRequest request;
  request.flags = flags;
  const bool path = name.find_first_of("/\\") != std::string_view::npos;
  request.name = is_host_path(name) ? path::volumes().from_host(absolute(name)) : utf16(name);
  if (flags == 0) request.flags = search::kDefaultDirs | (path ? search::kDllLoadDir : 0);
  return request;
}

LoadRequest request_for(ImageSource source, const char* name, unsigned flags) {
  LoadRequest request;
  request.flags = flags == 0 ? search::kDefaultDirs : flags;
  if (name != nullptr) request.name = utf16(name);
  request.source = source;
  return request;
}

hmodule_symbol symbol_of(HMODULE module, const pe::ExportEntry& entry, const Loader::ExportView& view) {
  hmodule_symbol symbol{};
  symbol.module = module;
  symbol.name = entry.name.empty() ? nullptr : entry.name.data();
  symbol.ordinal = entry.ordinal;
  if (entry.target.is_forwarder())
    symbol.forwarder = entry.target.forwarder.data();
  else
    symbol.address = view.address_of(entry.target.rva);
  return symbol;
}

}  // namespace

void remember(const Error& error) {
  last_failure = {error.code(), error.reason, true};
  thread::set_last_status(error.status);
}

std::string absolute(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  char current[PATH_MAX];
  return std::string(::getcwd(current, sizeof current) == nullptr ? "/" : current) + '/' + std::string(path);
}

}  // namespace hmodule::api

using namespace hmodule;
using namespace hmodule::api;

HMODULE hmodule_open(const char* path, unsigned flags) {
  return guarded<HMODULE>(nullptr, [&]() -> Result<HMODULE> {
    if (path == nullptr) return null_argument("hmodule_open", "path");
    return runtime().loader().load(request_for(path, flags));
  });
}

HMODULE hmodule_open_memory(const void* image, size_t size, const char* name, unsigned flags) {
  return guarded<HMODULE>(nullptr, [&]() -> Result<HMODULE> {
    if (image == nullptr) return null_argument("hmodule_open_memory", "image");
    ImageSource source;
    source.memory = {static_cast<const std::byte*>(image), size};
    return runtime().loader().load(request_for(source, name, flags));
  });
}

HMODULE hmodule_open_fd(int fd, const char* name, unsigned flags) {
  return guarded<HMODULE>(nullptr, [&]() -> Result<HMODULE> {
    if (fd < 0) return fail(STATUS_INVALID_HANDLE, "hmodule_open_fd: {} is no file descriptor", fd);
    ImageSource source;
    source.file = fd;
    return runtime().loader().load(request_for(source, name, flags));
  });
}

int hmodule_close(HMODULE module) {
  return guarded<int>(-1, [&]() -> Result<int> {
    TRY(runtime().loader().free(module));
    return 0;
  });
}

void* hmodule_sym(HMODULE module, const char* name) {
  if (name != nullptr)
    if (void* const found = enter().loader().look_up(module, name)) return found;
  return guarded<void*>(nullptr, [&]() -> Result<void*> {
    if (name == nullptr) return null_argument("hmodule_sym", "name");
    return runtime().loader().get_proc(module, std::string_view(name));
  });
}

void* hmodule_sym_ordinal(HMODULE module, unsigned ordinal) {
  return guarded<void*>(nullptr, [&]() -> Result<void*> {
    if (ordinal > 0xFFFF)
      return fail(STATUS_INVALID_PARAMETER, "hmodule_sym_ordinal: ordinals have 16 bits, {} has more", ordinal);
    return runtime().loader().get_proc(module, static_cast<std::uint16_t>(ordinal));
  });
}

const char* hmodule_error(void) {
  if (!last_failure.pending) return nullptr;
  last_failure.pending = false;
  return last_failure.reason.c_str();
}

unsigned hmodule_error_code(void) {
  return last_failure.code;
}

int hmodule_iterate(int (*callback)(const struct hmodule_module* module, void* context), void* context) {
  std::vector<ModuleInfo> modules;
  guarded<int>(-1, [&]() -> Result<int> {
    modules = runtime().loader().modules();
    return 0;
  });
  for (const ModuleInfo& info : modules) {
    const std::string name = utf8(info.full_name);
    const hmodule_module module{info.handle, info.size, name.c_str(), info.host_path.c_str(), info.load_count};
    if (const int stop = callback(&module, context); stop != 0) return stop;
  }
  return 0;
}

int hmodule_exports(HMODULE module, int (*callback)(const struct hmodule_symbol* symbol, void* context),
                    void* context) {
  std::optional<Loader::ExportView> view;
  if (guarded<int>(-1, [&]() -> Result<int> {
        view = TRY(runtime().loader().exports_of(module));
        return 0;
      }) != 0)
    return -1;
  for (const pe::ExportEntry& entry : view->entries) {
    const hmodule_symbol symbol = symbol_of(module, entry, *view);
    if (const int stop = callback(&symbol, context); stop != 0) return stop;
  }
  return 0;
}

int hmodule_addr(const void* address, struct hmodule_symbol* symbol) {
  return guarded<int>(-1, [&]() -> Result<int> {
    if (symbol == nullptr) return null_argument("hmodule_addr", "symbol");
    const HMODULE module = TRY(runtime().loader().find_address(address, kUnchangedRefcount));
    const Loader::ExportView view = TRY(runtime().loader().exports_of(module));
    *symbol = {};
    symbol->module = module;
    for (const pe::ExportEntry& entry : view.entries) {
      const hmodule_symbol candidate = symbol_of(module, entry, view);
      if (candidate.address != nullptr && candidate.address <= address && candidate.address >= symbol->address &&
          candidate.address >= static_cast<void*>(module))
        *symbol = candidate;
    }
    return 0;
  });
}

int hmodule_claim_faults() {
  return guarded<int>(-1, [&]() -> Result<int> {
    thread::reclaim_faults();
    return 0;
  });
}

HMODULE hmodule_register(const char* name, const struct hmodule_export* exports, size_t count) {
  return guarded<HMODULE>(nullptr, [&]() -> Result<HMODULE> {
    if (name == nullptr) return null_argument("hmodule_register", "name");
    std::vector<Export> rows;
    for (const hmodule_export* row = exports; row != exports + count; ++row) {
      if (row->function == nullptr) return null_argument("hmodule_register", "a function");
      if (row->ordinal > 0xFFFF || (row->name == nullptr && row->ordinal == 0))
        return fail(STATUS_INVALID_PARAMETER, "hmodule_register: an export needs a name or an ordinal of 16 bits");
      Export made{row->name == nullptr ? "" : row->name, row->function};
      made.ordinal = static_cast<std::uint16_t>(row->ordinal);
      rows.push_back(made);
    }
    return runtime().loader().register_host_module(utf16(name), rows);
  });
}

int hmodule_override(const char* name, const char* provider) {
  return guarded<int>(-1, [&]() -> Result<int> {
    if (name == nullptr) return null_argument("hmodule_override", "name");
    std::optional<Provider> wanted;
    if (provider != nullptr) {
      wanted = provider_named(provider);
      if (!wanted) return fail(STATUS_INVALID_PARAMETER, "hmodule_override: '{}' is not builtin, pe or file", provider);
    }
    TRY(runtime().loader().set_override(utf16(name), wanted));
    return 0;
  });
}

int hmodule_attach_thread(void) {
  enter();
  return 0;
}

int hmodule_show_to_debugger(void) {
  return guarded<int>(-1, []() -> Result<int> {
    runtime().loader().show_to_debugger();
    return 0;
  });
}

// --- Callbacks: libffi closures for the Windows convention ---

namespace {

struct Callback {
  ffi_cif cif;
  std::vector<ffi_type*> parameters;
  void (*invoke)(void* context, void* result, void** arguments);
  void* context;
  ffi_closure* closure;
  void* code;
};

ffi_type* type_of(char letter) {
  switch (letter) {
    case 'v':
      return &ffi_type_void;
    case 'b':
      return &ffi_type_sint8;
    case 'B':
      return &ffi_type_uint8;
    case 'h':
      return &ffi_type_sint16;
    case 'H':
      return &ffi_type_uint16;
    case 'i':
      return &ffi_type_sint32;
    case 'I':
      return &ffi_type_uint32;
    case 'q':
      return &ffi_type_sint64;
    case 'Q':
      return &ffi_type_uint64;
    case 'p':
      return &ffi_type_pointer;
    case 'f':
      return &ffi_type_float;
    case 'd':
      return &ffi_type_double;
    default:
      return nullptr;
  }
}

Result<std::vector<ffi_type*>> parse_signature(std::string_view signature) {
  std::vector<ffi_type*> types;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (i == 1 && signature[1] == ':') continue;
    ffi_type* type = i == 1 ? nullptr : type_of(signature[i]);
    if (type == nullptr || (i > 1 && type == &ffi_type_void))
      return fail(STATUS_INVALID_PARAMETER, "hmodule_callback_new: '{}' is no signature at character {}", signature, i);
    types.push_back(type);
  }
  if (signature.size() < 2)
    return fail(STATUS_INVALID_PARAMETER, "hmodule_callback_new: '{}' is no signature", signature);
  return types;
}

// libffi's entry for this convention, two frames up, is assembly without unwind data, so exceptions would stop there.
// It ends with `add rsp, n; ret`, which tells what its frame is.
void describe_entry_of_libffi() {
  CONTEXT walk;
  unwind::hm_capture_context(&walk);
  unwind::NativeFrame frame;
  while (unwind::unwind_native_frame(walk, frame)) {
    walk = frame.caller;
    if (thread::is_dll_code(walk.Rip)) return;  // a libffi that has what it should
  }
  const auto* const code = reinterpret_cast<const BYTE*>(walk.Rip);
  constexpr unsigned kMostCode = 32;
  for (unsigned i = 0; i < kMostCode; ++i) {
    const BYTE* const at = code + i;
    if (at[0] != 0x48 || at[1] != 0x83 || at[2] != 0xC4 || at[4] != 0xC3) continue;
    return unwind::describe_native_code(walk.Rip - 1, walk.Rip + i, at[3]);
  }
}

void invoke_closure(ffi_cif*, void* result, void** arguments, void* data) {
  static std::once_flag described;
  std::call_once(described, describe_entry_of_libffi);
  const auto* callback = static_cast<Callback*>(data);
  callback->invoke(callback->context, result, arguments);
}

// A callback is found again by its code address.
struct CallbackTable {
  std::mutex mutex;
  std::map<void*, std::unique_ptr<Callback>> by_code;
};
CallbackTable& callbacks() {
  static auto* table = new CallbackTable;  // DLL threads may outlive static destruction
  return *table;
}

}  // namespace

void* hmodule_callback_new(const char* signature, void (*invoke)(void* context, void* result, void** arguments),
                           void* context) {
  return guarded<void*>(nullptr, [&]() -> Result<void*> {
    if (signature == nullptr || invoke == nullptr) return null_argument("hmodule_callback_new", "an argument");
    auto callback = std::make_unique<Callback>();
    callback->parameters = TRY(parse_signature(signature));
    callback->invoke = invoke;
    callback->context = context;
    ffi_type* result = callback->parameters.front();
    callback->parameters.erase(callback->parameters.begin());
    if (ffi_prep_cif(&callback->cif, FFI_GNUW64, static_cast<unsigned>(callback->parameters.size()), result,
                     callback->parameters.data()) != FFI_OK)
      return fail(STATUS_INVALID_PARAMETER, "hmodule_callback_new: '{}' cannot be called", signature);
    callback->closure = static_cast<ffi_closure*>(ffi_closure_alloc(sizeof(ffi_closure), &callback->code));
    if (callback->closure == nullptr) return fail(STATUS_NO_MEMORY, "hmodule_callback_new: no memory for code");
    if (ffi_prep_closure_loc(callback->closure, &callback->cif, invoke_closure, callback.get(), callback->code) !=
        FFI_OK) {
      ffi_closure_free(callback->closure);
      return fail(STATUS_NO_MEMORY, "hmodule_callback_new: the closure cannot be made");
    }
    void* code = callback->code;
    const std::lock_guard lock(callbacks().mutex);
    callbacks().by_code[code] = std::move(callback);
    return code;
  });
}

void hmodule_callback_free(void* callback) {
  const std::lock_guard lock(callbacks().mutex);
  const auto found = callbacks().by_code.find(callback);
  if (found == callbacks().by_code.end()) return;
  ffi_closure_free(found->second->closure);
  callbacks().by_code.erase(found);
}
