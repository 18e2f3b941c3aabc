#include "module/module.h"

#include <algorithm>
#include <ctime>

#include "base/utf.h"
#include "module/table.h"

// LeakSanitizer would report what only a DLL's own variables point to. Absent without it.
extern "C" {
__attribute__((weak)) void __lsan_register_root_region(const void* begin, std::size_t size);
__attribute__((weak)) void __lsan_unregister_root_region(const void* begin, std::size_t size);
}

namespace hmodule {
namespace {

UNICODE_STRING counted(const std::u16string& text, std::size_t from = 0) {
  const auto bytes = static_cast<USHORT>(std::min<std::size_t>((text.size() - from) * 2, 0xFFFC));
  return {bytes, static_cast<USHORT>(bytes + 2), const_cast<WCHAR*>(text.c_str()) + from};
}

std::size_t base_name_offset(const std::u16string& path) {
  const auto separator = path.find_last_of(u"\\/");
  return separator == std::u16string::npos ? 0 : separator + 1;
}

// LdrpHashUnicodeString: x65599 over the upper-case name.
ULONG base_name_hash(std::u16string_view name) {
  ULONG hash = 0;
  for (const char16_t unit : name) hash = hash * 65599 + upcase(unit);
  return hash;
}

// 100 ns since 1601.
LARGE_INTEGER now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return (static_cast<LARGE_INTEGER>(time.tv_sec) + 11644473600) * 10'000'000 + time.tv_nsec / 100;
}

// The circular singly linked lists of LDR_DDAG_NODE are reached through their tail.
void push_back(LDRP_CSLIST& list, SINGLE_LIST_ENTRY& item) {
  if (list.Tail == nullptr) {
    item.Next = &item;
  } else {
    item.Next = list.Tail->Next;
    list.Tail->Next = &item;
  }
  list.Tail = &item;
}

void unlink(LDRP_CSLIST& list, SINGLE_LIST_ENTRY& item) {
  if (list.Tail == nullptr) return;
  SINGLE_LIST_ENTRY* before = list.Tail;
  while (before->Next != &item) {
    before = before->Next;
    if (before == list.Tail) return;
  }
  if (before == &item) {
    list.Tail = nullptr;
    return;
  }
  before->Next = item.Next;
  if (list.Tail == &item) list.Tail = before;
}

}  // namespace

Module::Module(Provider served_by, std::u16string windows_name, std::shared_ptr<const std::string> name,
               const pe::Image& mapped, map::Mapping memory)
    : provider(served_by),
      full_name(std::move(windows_name)),
      image_name(std::move(name)),
      mapping(std::move(memory)),
      image(mapped) {
  entry.FullDllName = counted(full_name);
  entry.BaseDllName = counted(full_name, base_name_offset(full_name));
  entry.DllBase = base();
  entry.SizeOfImage = static_cast<ULONG>(size());
  if (image.entry_point().value != 0)
    entry.EntryPoint = reinterpret_cast<DllEntryPoint>(static_cast<char*>(base()) + image.entry_point().value);
  entry.Flags = image.is_dll() ? kLdrImageDll : 0;
  entry.TimeDateStamp = image.time_date_stamp();
  entry.DdagNode = &node;
  entry.OriginalBase = image.image_base();
  entry.LoadTime = now();
  entry.BaseNameHashValue = base_name_hash(base_name());
  entry.LoadReason = 4;
  list_init(entry.InLoadOrderLinks);
  list_init(entry.InMemoryOrderLinks);
  list_init(entry.InInitializationOrderLinks);
  list_init(entry.HashLinks);
  list_init(node.Modules);
  list_append(node.Modules, entry.NodeModuleLink);
  show_counts(0);
  if (__lsan_register_root_region != nullptr) __lsan_register_root_region(mapping.base(), mapping.size());
}

Module::~Module() {
  if (__lsan_unregister_root_region != nullptr) __lsan_unregister_root_region(mapping.base(), mapping.size());
  forget_dependencies();
}

void Module::forget_dependencies() {
  for (const auto& edge : visible_dependencies) {
    unlink(node.Dependencies, edge->DependencyLink);
    unlink(edge->DependencyNode->IncomingDependencies, edge->IncomingDependencyLink);
  }
  visible_dependencies.clear();
  dependencies.clear();
}

std::string Module::display_name() const {
  return utf8(base_name());
}

Proc Module::address_of(pe::Rva rva) const {
  if (!native_functions.empty() && rva.value >= stubs_rva) {
    const std::size_t stub = (rva.value - stubs_rva) / kStubSize;
    if (stub < native_functions.size()) return native_functions[stub];
  }
  if (!stand_ins.empty()) {
    const auto found = std::ranges::lower_bound(stand_ins, rva.value, {}, &std::pair<std::uint32_t, Proc>::first);
    if (found != stand_ins.end() && found->first == rva.value) return found->second;
  }
  return static_cast<char*>(base()) + rva.value;
}

void Module::depend_on(Module& target) {
  if (&target == this || std::find(dependencies.begin(), dependencies.end(), &target) != dependencies.end()) return;
  dependencies.push_back(&target);
  if (target.provider == Provider::builtin && target.permanent()) return;  // REF-10
  auto edge = std::make_unique<LDR_DEPENDENCY>();
  edge->DependencyNode = &target.node;
  edge->IncomingDependencyNode = &node;
  push_back(node.Dependencies, edge->DependencyLink);
  push_back(target.node.IncomingDependencies, edge->IncomingDependencyLink);
  visible_dependencies.push_back(std::move(edge));
}

void Module::show_counts(std::uint32_t incoming_edges) {
  const std::uint32_t total = permanent() ? kPermanent : load_count + incoming_edges;
  node.LoadCount = total;
  entry.ObsoleteLoadCount = permanent() ? 0xFFFF : static_cast<USHORT>(std::min(total, 0xFFFEU));
  entry.ReferenceCount = total;
}

}  // namespace hmodule
