// The module table: who is loaded. Writers hold the loader lock; readers take no lock and see an immutable snapshot
// (DESIGN D13, LOCK-03).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/rcu.h"
#include "module/module.h"

namespace hmodule {

class ModuleTable {
 public:
  explicit ModuleTable(PEB_LDR_DATA& lists);

  // What readers see. Valid while the Reader lives; a reader must not run foreign code or wait.
  struct Snapshot {
    struct Range {
      std::uintptr_t begin, end;
      Module* module;
    };
    std::vector<Range> by_address;
    std::vector<Module*> load_order;  // executable first

    Module* containing(const void* address) const;
    Module* at(const void* base) const;
    // First in load order with that base name (SRCH-04), dying ones excluded.
    Module* named(std::u16string_view base_name) const;
    Module* with_path(std::u16string_view full_name) const;
    Module* with_identity(const FileIdentity& identity) const;
  };
  using Reader = Rcu<Snapshot>::Reader;
  Reader read() const { return snapshot_.read(); }

  // --- Under the loader lock ---
  const std::vector<std::unique_ptr<Module>>& modules() const { return modules_; }
  Module& insert(std::unique_ptr<Module> module);
  // The executable stands first whenever it comes.
  Module& insert_first(std::unique_ptr<Module> module);
  // Unlists the modules; when it returns no reader can reach them.
  std::vector<std::unique_ptr<Module>> remove(const std::vector<Module*>& leaving);
  // Appends to InInitializationOrder (MEM-11).
  void link_initialisation(Module& module);

 private:
  void link(Module& module, bool first);
  void publish();

  PEB_LDR_DATA& lists_;
  std::vector<std::unique_ptr<Module>> modules_;  // load order
  Rcu<Snapshot> snapshot_;
};

// Circular doubly linked lists as Windows keeps them.
inline void list_init(LIST_ENTRY& head) {
  head.Flink = head.Blink = &head;
}
inline void list_append(LIST_ENTRY& head, LIST_ENTRY& item) {
  item.Flink = &head;
  item.Blink = head.Blink;
  head.Blink->Flink = &item;
  head.Blink = &item;
}
inline void list_prepend(LIST_ENTRY& head, LIST_ENTRY& item) {
  list_append(*head.Flink, item);
}
inline void list_remove(LIST_ENTRY& item) {
  if (item.Flink == nullptr || item.Flink == &item) return;
  item.Blink->Flink = item.Flink;
  item.Flink->Blink = item.Blink;
  list_init(item);
}

}  // namespace hmodule
