#include "module/table.h"

#include <algorithm>

#include "base/utf.h"

namespace hmodule {
namespace {

std::uintptr_t number(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

// A PE build behind a builtin DLL stays when that one goes, and must not be taken for it.
bool findable(const Module& module) {
  return !module.behind_builtin && module.stage.load(std::memory_order_acquire) != Stage::dying;
}

template <typename Matches>
Module* first(const std::vector<Module*>& modules, Matches matches) {
  const auto found = std::find_if(modules.begin(), modules.end(),
                                  [&](const Module* module) { return findable(*module) && matches(*module); });
  return found == modules.end() ? nullptr : *found;
}

}  // namespace

Module* ModuleTable::Snapshot::containing(const void* address) const {
  const std::uintptr_t value = number(address);
  auto above = std::upper_bound(by_address.begin(), by_address.end(), value,
                                [](std::uintptr_t v, const Range& range) { return v < range.begin; });
  if (above == by_address.begin()) return nullptr;
  --above;
  return value < above->end ? above->module : nullptr;
}

Module* ModuleTable::Snapshot::at(const void* base) const {
  Module* module = containing(base);
  return module != nullptr && module->base() == base ? module : nullptr;
}

Module* ModuleTable::Snapshot::named(std::u16string_view base_name) const {
  return first(load_order, [&](const Module& module) { return equal_ignoring_case(module.base_name(), base_name); });
}

Module* ModuleTable::Snapshot::with_path(std::u16string_view full_name) const {
  return first(load_order, [&](const Module& module) { return equal_ignoring_case(module.full_name, full_name); });
}

Module* ModuleTable::Snapshot::with_identity(const FileIdentity& identity) const {
  return first(load_order, [&](const Module& module) { return module.identity == identity; });
}

ModuleTable::ModuleTable(PEB_LDR_DATA& lists) : lists_(lists), snapshot_(std::make_unique<const Snapshot>()) {
  list_init(lists_.InLoadOrderModuleList);
  list_init(lists_.InMemoryOrderModuleList);
  list_init(lists_.InInitializationOrderModuleList);
}

Module& ModuleTable::insert(std::unique_ptr<Module> module) {
  modules_.push_back(std::move(module));
  link(*modules_.back(), false);
  publish();
  return *modules_.back();
}

Module& ModuleTable::insert_first(std::unique_ptr<Module> module) {
  modules_.insert(modules_.begin(), std::move(module));
  link(*modules_.front(), true);
  publish();
  return *modules_.front();
}

std::vector<std::unique_ptr<Module>> ModuleTable::remove(const std::vector<Module*>& leaving) {
  for (Module* module : leaving) {
    list_remove(module->entry.InLoadOrderLinks);
    list_remove(module->entry.InMemoryOrderLinks);
    list_remove(module->entry.InInitializationOrderLinks);
  }
  const auto leaves = [&](const std::unique_ptr<Module>& module) {
    return std::find(leaving.begin(), leaving.end(), module.get()) != leaving.end();
  };
  const auto kept = std::stable_partition(modules_.begin(), modules_.end(), [&](const auto& m) { return !leaves(m); });
  std::vector<std::unique_ptr<Module>> gone(std::make_move_iterator(kept), std::make_move_iterator(modules_.end()));
  modules_.erase(kept, modules_.end());
  publish();
  return gone;
}

void ModuleTable::link_initialisation(Module& module) {
  list_append(lists_.InInitializationOrderModuleList, module.entry.InInitializationOrderLinks);
}

void ModuleTable::link(Module& module, bool first) {
  const auto add = first ? list_prepend : list_append;
  add(lists_.InLoadOrderModuleList, module.entry.InLoadOrderLinks);
  add(lists_.InMemoryOrderModuleList, module.entry.InMemoryOrderLinks);
}

void ModuleTable::publish() {
  auto next = std::make_unique<Snapshot>();
  for (const auto& module : modules_) {
    next->load_order.push_back(module.get());
    next->by_address.push_back({number(module->base()), number(module->base()) + module->size(), module.get()});
  }
  std::sort(next->by_address.begin(), next->by_address.end(),
            [](const Snapshot::Range& a, const Snapshot::Range& b) { return a.begin < b.begin; });
  snapshot_.publish(std::move(next));
}

}  // namespace hmodule
