// Tables are kept in a snapshot that changes replace as a whole. A look-up goes by binary search over the images and
// over the entries of one, but first tries where it ended the last time for the same pc. That place is only a guess,
// proven against the snapshot before it is used, so nothing has to be done about it when modules and tables go.
#include "unwind/function_table.h"

#include "base/rcu.h"
#include "thread/call.h"
#include "unwind/frames.h"
#include "unwind/image_reader.h"
#include "unwind/native_unwinders.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <optional>
#include <vector>

namespace hmodule::unwind {

constinit std::atomic<std::uint64_t> table_changes{1};

namespace {

// A table for generated code.
struct DynamicTable {
  std::uintptr_t identifier = 0;
  AddressRange code = kNothing;
  std::uintptr_t base = 0;  // what its RVAs count from
  RUNTIME_FUNCTION* functions = nullptr;
  std::size_t count = 0, maximum = 0;
  bool sorted = true;
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
  table_changes.fetch_add(1, std::memory_order_release);
  return answer;
}

// Entries are wherever a program or a directory says, at any alignment.
RUNTIME_FUNCTION load(const RUNTIME_FUNCTION* from) {
  RUNTIME_FUNCTION value;
  std::memcpy(&value, static_cast<const void*>(from), sizeof value);
  return value;
}

bool covers(const RUNTIME_FUNCTION* function, std::uintptr_t rva) {
  const RUNTIME_FUNCTION entry = load(function);
  return rva >= entry.BeginAddress && rva < entry.EndAddress;
}

RUNTIME_FUNCTION* find_sorted(RUNTIME_FUNCTION* functions, std::size_t count, std::uintptr_t rva) {
  std::size_t first = 0;  // of those that begin after rva
  for (std::size_t left = count; left != 0;) {
    const std::size_t half = left / 2;
    const bool before = load(&functions[first + half]).BeginAddress <= rva;
    first = before ? first + half + 1 : first;
    left = before ? left - half - 1 : half;
  }
  return first != 0 && covers(&functions[first - 1], rva) ? &functions[first - 1] : nullptr;
}

const ImageTable* image_at(const Tables& all, std::uintptr_t pc) {
  const auto after =
      std::upper_bound(all.images.begin(), all.images.end(), pc,
                       [](std::uintptr_t wanted, const ImageTable& image) { return wanted < image.base; });
  if (after == all.images.begin()) return nullptr;
  const ImageTable& image = after[-1];
  return pc - image.base < image.size ? &image : nullptr;
}

// Where the entry for a pc was: which image, which of its functions.
class Guesses {
 public:
  static RUNTIME_FUNCTION* try_for(std::uintptr_t pc, const Tables& all, std::uintptr_t& image_base) {
    const std::uint64_t guess = slot(pc).load(std::memory_order_relaxed);
    if (guess >> 32 >= all.images.size()) return nullptr;
    const ImageTable& image = all.images[guess >> 32];
    const std::uintptr_t rva = pc - image.base;
    const auto index = static_cast<std::uint32_t>(guess);
    if (rva >= image.size || index >= image.count || !covers(&image.functions[index], rva)) return nullptr;
    image_base = image.base;
    return &image.functions[index];
  }
  static void note(std::uintptr_t pc, const Tables& all, const ImageTable& image, const RUNTIME_FUNCTION* found) {
    const auto which = static_cast<std::uint64_t>(&image - all.images.data());
    slot(pc).store(which << 32 | static_cast<std::uint32_t>(found - image.functions), std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned kBits = 10;
  static std::atomic<std::uint64_t>& slot(std::uintptr_t pc) {
    static std::array<std::atomic<std::uint64_t>, 1U << kBits> slots{};
    return slots[pc * 0x9E37'79B9'7F4A'7C15 >> (64 - kBits)];
  }
};

// The image at pc, with its entry for pc or without one.
std::optional<FunctionEntry> find_in_images(const Tables& all, std::uintptr_t pc) {
  FunctionEntry entry;
  entry.function = Guesses::try_for(pc, all, entry.image_base);
  if (entry.function != nullptr) return entry;
  const ImageTable* const image = image_at(all, pc);
  if (image == nullptr) return std::nullopt;
  entry = {find_sorted(image->functions, image->count, pc - image->base), image->base};
  if (entry.function != nullptr) Guesses::note(pc, all, *image, entry.function);
  return entry;
}

RUNTIME_FUNCTION* find_in(const DynamicTable& table, std::uintptr_t pc) {
  const std::uintptr_t rva = pc - table.base;
  if (table.sorted) return find_sorted(table.functions, table.count, rva);
  for (std::size_t i = 0; i < table.count; ++i)
    if (covers(&table.functions[i], rva)) return &table.functions[i];
  return nullptr;
}

// The entry for pc, or the table whose callback knows it.
FunctionEntry find_in_dynamic(const Tables& all, std::uintptr_t pc, DynamicTable& asked) {
  for (const DynamicTable& table : all.dynamic) {
    if (!table.code.holds(pc, 1)) continue;
    if (table.callback != nullptr) {
      asked = table;
      return {};
    }
    if (RUNTIME_FUNCTION* const found = find_in(table, pc)) return {found, table.base};
  }
  return {};
}

AddressRange part_around(const Tables& all, std::uintptr_t image_base, std::uintptr_t code, std::uintptr_t address) {
  const ImageTable* const image = image_at(all, code);
  if (image == nullptr || image->base != image_base) return kEverything;
  if (image->readable.empty()) return {image->base, image->base + image->size};
  for (const AddressRange& part : image->readable)
    if (part.holds(address, 1)) return part;
  return kNothing;
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

Status add_image(ImageTable image) try {
  serve_native_unwinders();
  const auto holds_table = [&image](const AddressRange& part) {
    return part.holds(reinterpret_cast<std::uintptr_t>(image.functions), image.count * sizeof(RUNTIME_FUNCTION));
  };
  if (!image.readable.empty() && std::none_of(image.readable.begin(), image.readable.end(), holds_table))
    image.count = 0;
  return change_tables([&image](Tables& all) -> Status {
    const auto place = std::upper_bound(all.images.begin(), all.images.end(), image.base,
                                        [](std::uintptr_t base, const ImageTable& other) { return base < other.base; });
    all.images.insert(place, std::move(image));
    return ok;
  });
} catch (const std::bad_alloc&) {
  return fail(STATUS_NO_MEMORY, "no memory to remember a function table");
}

void remove_image(std::uintptr_t base) {
  forget_image(base);
  change_tables([base](Tables& all) {
    return std::erase_if(all.images, [base](const ImageTable& each) { return each.base == base; });
  });
}

ImageTable find_image(std::uintptr_t pc) {
  const auto all = tables().read();
  const ImageTable* const image = image_at(*all, pc);
  if (image == nullptr) return {};
  return {image->base, image->size, image->functions, image->count};
}

FunctionEntry find_function(std::uintptr_t pc) {
  const auto own = reinterpret_cast<std::uintptr_t>(hm_unwind_base);
  if (pc >= own && pc < reinterpret_cast<std::uintptr_t>(hm_consolidate_end)) return {hm_consolidate_entry, own};
  DynamicTable asked;
  {
    const auto all = tables().read();
    FunctionEntry found;
    if (const std::optional<FunctionEntry> entry = find_in_images(*all, pc))
      found = *entry;
    else
      found = find_in_dynamic(*all, pc, asked);
    if (found.function != nullptr && (load(found.function).UnwindData & 1) != 0) {
      const auto can_read = [&](std::uintptr_t at, std::size_t size) {
        return part_around(*all, found.image_base, pc, at).holds(at, size);
      };
      found.function = const_cast<RUNTIME_FUNCTION*>(follow_indirection(found.function, found.image_base, can_read));
    }
    if (asked.callback == nullptr) return found;
  }
  return {thread::call(asked.callback, pc, asked.context), asked.base};
}

AddressRange readable_part(std::uintptr_t image_base, std::uintptr_t code, std::uintptr_t address) {
  return part_around(*tables().read(), image_base, code, address);
}

Status add_table(RUNTIME_FUNCTION* table, std::size_t count, std::uintptr_t base) {
  DynamicTable added{.identifier = reinterpret_cast<std::uintptr_t>(table),
                     .base = base,
                     .functions = table,
                     .count = count,
                     .maximum = count};
  for (std::size_t i = 0; i < count; ++i) {
    const RUNTIME_FUNCTION entry = load(&table[i]);
    const AddressRange code{base + entry.BeginAddress, base + entry.EndAddress};
    if (i != 0 && entry.BeginAddress < load(&table[i - 1]).BeginAddress) added.sorted = false;
    added.code.begin = i == 0 ? code.begin : std::min(added.code.begin, code.begin);
    added.code.end = std::max(added.code.end, code.end);
  }
  return remember(added);
}

Status add_table_callback(std::uintptr_t identifier, std::uintptr_t base, std::size_t length, TableCallback callback,
                          void* context) {
  if ((identifier & 3) != 3)
    return fail(STATUS_INVALID_PARAMETER, "table identifier {:#x} does not have its low two bits set", identifier);
  return remember({.identifier = identifier,
                   .code = {base, base + length},
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
                .code = {begin, end},
                .base = begin,
                .functions = table,
                .count = count,
                .maximum = maximum}));
  return handle;
}

void grow_table(void* handle, std::size_t count) {
  change_tables([handle, count](Tables& all) {
    for (DynamicTable& table : all.dynamic)
      if (table.identifier == reinterpret_cast<std::uintptr_t>(handle))
        table.count = std::max(table.count, std::min(count, table.maximum));
    return 0;
  });
}

void remove_growable_table(void* handle) {
  if (forget(reinterpret_cast<std::uintptr_t>(handle))) delete static_cast<char*>(handle);
}

}  // namespace hmodule::unwind
