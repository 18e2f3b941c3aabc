// Letting go: who is still held, and the end of those who are not (loader-semantics §7).
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/trace.h"
#include "base/utf.h"
#include "loader/loader.h"
#include "map/image_regions.h"
#include "nt/activation_context.h"
#include "nt/virtual_memory.h"
#include "thread/tls.h"
#include "unwind/debuggers.h"
#include "unwind/function_table.h"
#include "unwind/vectored.h"

namespace hmodule {

Status Loader::free(HMODULE handle) {
  if (handle == nullptr) return fail(STATUS_INVALID_HANDLE, "FreeLibrary: the handle is NULL");
  if (Datafiles::is_datafile_handle(handle)) return datafiles_.close(handle);
  const std::lock_guard lock(lock_);
  Module& module = *TRY(module_of(handle));
  if (shutting_down_ || module.permanent()) return ok;  // FREE-04, FREE-06
  // REF-14: the load in progress holds one of its own. A dependency nobody loaded explicitly has none to give back.
  if (module.load_count == 0 || (module.held_by_load && module.load_count == 1)) return ok;
  --module.load_count;
  trace::line(trace::Channel::init, "{}: freed, {} left", utf8(module.full_name), module.load_count);
  collect();
  return ok;
}

void Loader::collect() {
  if (collecting_ || shutting_down_) return;  // REF-12: the outermost call sees to it
  collecting_ = true;
  for (auto dying = unreachable(); !dying.empty(); dying = unreachable()) unload(dying);
  collecting_ = false;
  update_counts();
}

std::vector<Module*> Loader::unreachable() const {
  std::unordered_set<const Module*> reached;
  std::vector<const Module*> open;
  const auto reach = [&](const Module* module) {
    if (reached.insert(module).second) open.push_back(module);
  };
  for (const auto& module : table_.modules())
    if (module->load_count != 0 || module->held_by_load) reach(module.get());
  while (!open.empty()) {
    const Module* module = open.back();
    open.pop_back();
    for (const Module* dependency : module->dependencies) reach(dependency);
  }
  std::vector<Module*> rest;
  for (const auto& module : table_.modules())
    if (!reached.contains(module.get())) rest.push_back(module.get());
  return rest;
}

// REF-13: all detaches first, importers before imports; then notifications and unmapping.
void Loader::unload(const std::vector<Module*>& dying) {
  for (Module* module : dying) module->stage = Stage::dying;
  std::vector<Module*> order = dying;
  std::sort(order.begin(), order.end(),
            [](const Module* a, const Module* b) { return a->attach_order > b->attach_order; });
  for (Module* module : order) detach(*module, nullptr);
  for (Module* module : order) {
    if ((module->entry.Flags & kLdrLoadNotificationsSent) != 0) notify(2, *module);
    remember_unload(*module);
  }
  std::vector<std::unique_ptr<Module>> gone = table_.remove(dying);
  for (const auto& module : gone) {
    trace::line(trace::Channel::map, "{}: unmapped from {}", utf8(module->full_name), module->base());
    nt::virtual_memory().forget(module->base());
    if (module->tls_index) thread::release_tls(*module->tls_index);
    static_cast<void>(nt::release_context_reference(module->entry.EntryPointActivationContext));
    if (module->registered) {
      unwind::forget_handlers_in(reinterpret_cast<std::uintptr_t>(module->base()), module->size());
      unwind::hide_from_debugger(*module);
      unwind::remove_image(reinterpret_cast<std::uintptr_t>(module->base()));
      map::forget_image(module->base());
    }
  }
  // An edge leads from a dead module to a living one or to another dead one; drop all before any dies.
  for (const auto& module : gone) module->forget_dependencies();
}

// Those of a load that came before the debugger are shown too.
void Loader::show_to_debugger() {
  const std::lock_guard lock(lock_);
  for (const auto& module : table_.modules())
    if (module->registered) unwind::show_to_debugger(*module);
}

void Loader::remember_unload(const Module& module) {
  UnloadEvent& event = unload_trace_[unload_count_ % unload_trace_.size()];
  event = {};
  event.BaseAddress = module.base();
  event.SizeOfImage = module.size();
  event.Sequence = unload_count_++;
  event.TimeDateStamp = module.image.time_date_stamp();
  event.CheckSum = module.image.checksum();
  const std::u16string_view name = module.base_name().substr(0, std::size(event.ImageName) - 1);
  std::copy(name.begin(), name.end(), event.ImageName);
}

void Loader::update_counts() {
  for (const auto& module : table_.modules()) {
    std::uint32_t incoming = 0;
    for (const auto& other : table_.modules())
      incoming +=
          static_cast<std::uint32_t>(std::count(other->dependencies.begin(), other->dependencies.end(), module.get()));
    module->show_counts(incoming);
  }
}

}  // namespace hmodule
