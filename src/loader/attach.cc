// Entry points and TLS callbacks: who is called, in which order, with what (loader-semantics §9, §10).
#include <algorithm>
#include <cstring>

#include "base/trace.h"
#include "base/utf.h"
#include "loader/loader.h"
#include "nt/activation_context.h"
#include "thread/call.h"
#include "thread/peb.h"
#include "thread/teb.h"
#include "unwind/guard.h"

namespace hmodule {
namespace {

using trace::Channel;

constexpr std::string_view kReasons[] = {"DLL_PROCESS_DETACH", "DLL_PROCESS_ATTACH", "DLL_THREAD_ATTACH",
                                         "DLL_THREAD_DETACH"};

// What DLL_PROCESS_ATTACH and DETACH get as lpReserved when the process starts or ends: anything but NULL.
void* const kStatic = reinterpret_cast<void*>(1);

bool wants_thread_calls(const Module& module) {  // DM-17
  return module.attached && (module.entry.Flags & kLdrDontCallForThreads) == 0;
}

// Attached modules, the last attached first.
std::vector<Module*> in_detach_order(const std::vector<std::unique_ptr<Module>>& modules) {
  std::vector<Module*> order;
  for (const auto& module : modules)
    if (module->attached) order.push_back(module.get());
  std::sort(order.begin(), order.end(),
            [](const Module* a, const Module* b) { return a->attach_order > b->attach_order; });
  return order;
}

// DM-10: an exception that leaves a detach or thread callback ends that callback, and nothing else.
template <typename T>
void swallow(const Module& module, const Result<T>& outcome) {
  if (!outcome) trace::line(Channel::init, "{}: {}", utf8(module.base_name()), outcome.error().reason);
}

}  // namespace

// Depth first, imports in import-table order; a module in progress is somebody else's turn, which is what puts the last
// one reached of a cycle first (DM-01, DM-02).
Status Loader::initialise(Module& module, void* reserved) {
  if (module.stage == Stage::failed)
    return fail(STATUS_DLL_INIT_FAILED, "{}: its DLL_PROCESS_ATTACH has failed before", module.display_name());
  if (module.stage != Stage::snapped) return ok;
  module.stage = Stage::initialising;
  module.node.State = LdrModulesInitializing;
  for (std::size_t i = 0; i < module.dependencies.size(); ++i) TRY(initialise(*module.dependencies[i], reserved));
  return attach(module, reserved);
}

Status Loader::attach(Module& module, void* reserved) {
  if (&module != executable_) table_.link_initialisation(module);  // MEM-11
  module.attach_order = ++attach_count_;
  trace::line(Channel::init, "{}: DLL_PROCESS_ATTACH", utf8(module.full_name));
  module.entry.Flags |= kLdrEntryProcessed | kLdrProcessAttachCalled;
  if (&module != executable_) {
    const Status prepared = run_tls_callbacks(module, DLL_PROCESS_ATTACH);
    const Result<BOOL> answer =
        prepared ? run_entry_point(module, DLL_PROCESS_ATTACH, reserved) : Result<BOOL>(prepared.error());
    if (!answer) {  // DM-09: no DLL_PROCESS_DETACH for it
      module.stage = Stage::failed;
      module.entry.Flags |= kLdrProcessAttachFailed;
      return fail(answer.error().status, "{}: {}", module.display_name(), answer.error().reason);
    }
    if (!*answer) {  // DM-07
      module.stage = Stage::failed;
      module.entry.Flags |= kLdrProcessAttachFailed;
      trace::line(Channel::init, "{}: its entry point returned FALSE", utf8(module.full_name));
      swallow(module, run_tls_callbacks(module, DLL_PROCESS_DETACH));
      swallow(module, run_entry_point(module, DLL_PROCESS_DETACH, reserved));
      return fail(STATUS_DLL_INIT_FAILED, "{}: its entry point returned FALSE for DLL_PROCESS_ATTACH",
                  module.display_name());
    }
  } else {
    swallow(module, run_tls_callbacks(module, DLL_PROCESS_ATTACH));
  }
  module.attached = true;
  module.attach_thread_mark = thread::current_start_order();
  module.node.State = LdrModulesReadyToRun;
  module.stage = Stage::ready;
  return ok;
}

void Loader::detach(Module& module, void* reserved) {
  if (!module.attached) return;
  module.attached = false;
  trace::line(Channel::init, "{}: DLL_PROCESS_DETACH", utf8(module.full_name));
  swallow(module, run_tls_callbacks(module, DLL_PROCESS_DETACH));
  if (&module != executable_) swallow(module, run_entry_point(module, DLL_PROCESS_DETACH, reserved));
}

// DM-05, TLS-11: array order until a NULL; an earlier callback may change the array.
Status Loader::run_tls_callbacks(Module& module, DWORD reason) {
  if (!module.tls_callbacks) return ok;
  const nt::ActivationScope scope(module.entry.EntryPointActivationContext);  // SRCH-50, DM-03
  for (pe::Rva at = module.tls_callbacks;; at.value += sizeof(TlsCallback)) {
    const auto callback = module.image.read<TlsCallback>(at);
    if (!callback || *callback == nullptr) return ok;
    TRY(unwind::call_tls_callback(*callback, module.base(), reason));
  }
}

Result<BOOL> Loader::run_entry_point(Module& module, DWORD reason, void* reserved) {
  const DllEntryPoint entry = module.entry.EntryPoint;                                    // read each time: NTF-04
  if (entry == nullptr || module.image.subsystem() == pe::kSubsystemNative) return TRUE;  // DM-04, PE-22
  const nt::ActivationScope scope(module.entry.EntryPointActivationContext);
  return unwind::call_entry_point(entry, module.base(), reason, reserved);
}

void Loader::thread_attach() {
  const std::lock_guard lock(lock_);
  if (shutting_down_) return;
  const std::uint64_t started = thread::start_order(thread::teb());
  std::vector<Module*> order;  // load order (DM-18), the executable last
  for (const auto& module : table_.modules())
    if (module.get() != executable_) order.push_back(module.get());
  if (executable_ != nullptr) order.push_back(executable_);
  for (Module* module : order) {
    if (!is_listed(*module) || !wants_thread_calls(*module) || started <= module->attach_thread_mark) continue;
    trace::line(Channel::thread, "{}: {}", utf8(module->base_name()), kReasons[DLL_THREAD_ATTACH]);
    swallow(*module, run_tls_callbacks(*module, DLL_THREAD_ATTACH));
    if (module != executable_) swallow(*module, run_entry_point(*module, DLL_THREAD_ATTACH, nullptr));
  }
}

void Loader::thread_detach() {  // DM-14: every cleanly ending thread, attached for the module or not
  const std::lock_guard lock(lock_);
  if (shutting_down_) return;
  for (Module* module : in_detach_order(table_.modules())) {
    if (!is_listed(*module) || !wants_thread_calls(*module)) continue;
    trace::line(Channel::thread, "{}: {}", utf8(module->base_name()), kReasons[DLL_THREAD_DETACH]);
    swallow(*module, run_tls_callbacks(*module, DLL_THREAD_DETACH));
    if (module != executable_) swallow(*module, run_entry_point(*module, DLL_THREAD_DETACH, nullptr));
  }
}

// EXIT-01. The loader lock stays with this thread: no other may run DLL code through us from here on. Nobody is
// detached if a thread was killed with the lock (EXIT-07).
void Loader::process_detach() {
  if (!lock_.lock_unless_orphaned()) return;
  if (shutting_down_) return lock_.unlock();
  shutting_down_ = true;
  peb_.Ldr->ShutdownInProgress = TRUE;
  peb_.Ldr->ShutdownThreadId = thread::teb().ClientId.UniqueThread;
  for (Module* module : in_detach_order(table_.modules())) detach(*module, kStatic);
  for (const auto& module : table_.modules()) module->shared_sections = {};
}

// --- Notifications (§12.2) ---

void Loader::notify(ULONG reason, Module& module) {
  struct {
    ULONG Flags = 0;
    const UNICODE_STRING *FullDllName, *BaseDllName;
    void* DllBase;
    ULONG SizeOfImage;
  } data;
  data.FullDllName = &module.entry.FullDllName;
  data.BaseDllName = &module.entry.BaseDllName;
  data.DllBase = module.base();
  data.SizeOfImage = module.entry.SizeOfImage;
  const std::vector<Notification> callbacks = notifications_;  // a callback may change the list
  for (const Notification& each : callbacks) thread::call(each.callback, reason, &data, each.context);
}

Result<void*> Loader::register_notification(Notify callback, void* context) {
  const std::lock_guard lock(lock_);
  void* cookie = reinterpret_cast<void*>(++last_cookie_);
  notifications_.push_back({cookie, callback, context});
  return cookie;
}

Status Loader::unregister_notification(void* cookie) {
  const std::lock_guard lock(lock_);
  const auto gone = std::find_if(notifications_.begin(), notifications_.end(),
                                 [&](const Notification& each) { return each.cookie == cookie; });
  if (gone == notifications_.end()) return fail(STATUS_DLL_NOT_FOUND, "no notification has the cookie {}", cookie);
  notifications_.erase(gone);
  return ok;
}

}  // namespace hmodule
