#include "unwind/function_table.h"

#include "base/rcu.h"
#include "thread/call.h"
#include "unwind/frames.h"

#include <algorithm>
#include <vector>

namespace hmodule::unwind {
namespace {

// A table for generated code.
struct DynamicTable {
  std::uintptr_t identifier = 0;
  std::uintptr_t begin = 0, end = 0;  // where its code is; 0 and 0: wherever its entries say
  std::uintptr_t base = 0;            // what its RVAs count from
  RUNTIME_FUNCTION* functions = nullptr;
  std::size_t count = 0;
  TableCallback callback = nullptr;
  void* context = nullptr;
};

struct Tables {
  std::vector<ImageTable> images;  // by base
  std::vector<DynamicTable> dynamic;
};

Rcu<Tables>& tables() {
  static auto* const all =
      new Rcu<Tables>(std::make_unique<const Tables>());  // never destroyed: exceptions outlive main()
  return *all;
}

// One change at a time: a copy, the change, the publication.
template <typename Change>
auto change_tables(Change change) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  auto next = std::make_unique<Tables>(*tables().read());
  auto answer = change(*next);
  tables().publish(std::move(next));
  return answer;
}

bool covers(const RUNTIME_FUNCTION& function, std::uintptr_t rva) {
  return rva >= function.BeginAddress && rva < function.EndAddress;
}

RUNTIME_FUNCTION* find_sorted(RUNTIME_FUNCTION* functions, std::size_t count, std::uintptr_t rva) {
  RUNTIME_FUNCTION* const end = functions + count;
  RUNTIME_FUNCTION* const after = std::upper_bound(
      functions, end, rva,
      [](std::uintptr_t wanted, const RUNTIME_FUNCTION& function) { return wanted < function.BeginAddress; });
  return after != functions && covers(after[-1], rva) ? after - 1 : nullptr;
}

// EH-01: an entry may only say which other entry to use.
RUNTIME_FUNCTION* follow_indirection(RUNTIME_FUNCTION* function, std::uintptr_t base) {
  constexpr int kMostSteps = 32;  // a circle is damage
  for (int step = 0; function != nullptr && (function->UnwindData & 1) != 0; ++step) {
    if (step == kMostSteps) return nullptr;
    function = reinterpret_cast<RUNTIME_FUNCTION*>(base + (function->UnwindData & ~1U));
  }
  return function;
}

const ImageTable* image_at(const Tables& all, std::uintptr_t pc) {
  const auto after =
      std::upper_bound(all.images.begin(), all.images.end(), pc,
                       [](std::uintptr_t wanted, const ImageTable& image) { return wanted < image.base; });
  if (after == all.images.begin()) return nullptr;
  const ImageTable& image = after[-1];
  return pc - image.base < image.size ? &image : nullptr;
}

// The entry for `pc`, or a table whose callback knows it, or neither. Programs change their tables in place, so an
// unsorted one is searched from end to end.
RUNTIME_FUNCTION* find_in(const DynamicTable& table, std::uintptr_t pc) {
  const std::uintptr_t rva = pc - table.base;
  if (pc < table.base || table.callback != nullptr) return nullptr;
  if (table.end != 0 && (pc < table.begin || pc >= table.end)) return nullptr;
  if (RUNTIME_FUNCTION* found = find_sorted(table.functions, table.count, rva)) return found;
  RUNTIME_FUNCTION* const end = table.functions + table.count;
  RUNTIME_FUNCTION* const found =
      std::find_if(table.functions, end, [rva](const RUNTIME_FUNCTION& function) { return covers(function, rva); });
  return found != end ? found : nullptr;
}

bool forget(std::uintptr_t identifier) {
  return change_tables([identifier](Tables& all) {
    const auto found = std::find_if(all.dynamic.begin(), all.dynamic.end(),
                                    [identifier](const DynamicTable& table) { return table.identifier == identifier; });
    if (found == all.dynamic.end()) return false;
    all.dynamic.erase(found);
    return true;
  });
}

Status remember(const DynamicTable& table) try {
  return change_tables([&table](Tables& all) -> Status {
    all.dynamic.push_back(table);
    return ok;
  });
} catch (const std::bad_alloc&) {
  return fail(STATUS_NO_MEMORY, "no memory to remember a function table");
}

}  // namespace

Status add_image(const ImageTable& image) try {
  return change_tables([&image](Tables& all) -> Status {
    const auto place = std::upper_bound(all.images.begin(), all.images.end(), image.base,
                                        [](std::uintptr_t base, const ImageTable& other) { return base < other.base; });
    all.images.insert(place, image);
    return ok;
  });
} catch (const std::bad_alloc&) {
  return fail(STATUS_NO_MEMORY, "no memory to remember a function table");
}

void remove_image(std::uintptr_t base) {
  change_tables([base](Tables& all) {
    return std::erase_if(all.images, [base](const ImageTable& each) { return each.base == base; });
  });
}

FunctionEntry find_function(std::uintptr_t pc) {
  const auto own = reinterpret_cast<std::uintptr_t>(hm_unwind_base);
  if (pc >= own && pc < reinterpret_cast<std::uintptr_t>(hm_consolidate_end)) return {hm_consolidate_entry, own};
  DynamicTable asked;
  {
    const auto all = tables().read();
    if (const ImageTable* image = image_at(*all, pc)) {
      RUNTIME_FUNCTION* const found = find_sorted(image->functions, image->count, pc - image->base);
      return {follow_indirection(found, image->base), image->base};
    }
    for (const DynamicTable& table : all->dynamic) {
      if (RUNTIME_FUNCTION* found = find_in(table, pc)) return {follow_indirection(found, table.base), table.base};
      if (table.callback == nullptr || pc < table.begin || pc >= table.end) continue;
      asked = table;
      break;
    }
  }
  if (asked.callback == nullptr) return {};
  return {thread::call(asked.callback, pc, asked.context), asked.base};
}

Status add_table(RUNTIME_FUNCTION* table, std::size_t count, std::uintptr_t base) {
  return remember(
      {.identifier = reinterpret_cast<std::uintptr_t>(table), .base = base, .functions = table, .count = count});
}

Status add_table_callback(std::uintptr_t identifier, std::uintptr_t base, std::size_t length, TableCallback callback,
                          void* context) {
  if ((identifier & 3) != 3)
    return fail(STATUS_INVALID_PARAMETER, "table identifier {:#x} does not have its low two bits set", identifier);
  return remember({.identifier = identifier,
                   .begin = base,
                   .end = base + length,
                   .base = base,
                   .callback = callback,
                   .context = context});
}

bool remove_table(std::uintptr_t identifier) {
  return forget(identifier);
}

// The handle is an address nobody else has.
Result<void*> add_growable_table(RUNTIME_FUNCTION* table, std::size_t count, std::size_t maximum, std::uintptr_t begin,
                                 std::uintptr_t end) {
  if (count > maximum || begin >= end)
    return fail(STATUS_INVALID_PARAMETER, "a growable table with {} of {} entries for code from {:#x} to {:#x}", count,
                maximum, begin, end);
  void* const handle = new (std::nothrow) char;
  if (handle == nullptr) return fail(STATUS_NO_MEMORY, "no memory for a growable table");
  TRY(remember({.identifier = reinterpret_cast<std::uintptr_t>(handle),
                .begin = begin,
                .end = end,
                .base = begin,
                .functions = table,
                .count = count}));
  return handle;
}

void grow_table(void* handle, std::size_t count) {
  change_tables([handle, count](Tables& all) {
    for (DynamicTable& table : all.dynamic)
      if (table.identifier == reinterpret_cast<std::uintptr_t>(handle)) table.count = std::max(table.count, count);
    return 0;
  });
}

void remove_growable_table(void* handle) {
  if (forget(reinterpret_cast<std::uintptr_t>(handle))) delete static_cast<char*>(handle);
}

}  // namespace hmodule::unwind
