// A native unwinder that walks the stack (a C++ exception thrown in a host's callback, pthread_exit, backtrace(), a
// profiler) meets return addresses in DLLs. It has no unwind data for them, and takes the stack to end there.
//
// libgcc looks an address up in two places: among the tables given to __register_frame(), and by asking the dynamic
// linker, _dl_find_object() (GCC 12 and glibc 2.35 or later). We answer the second question:
//   - it comes with the address, so a single function is translated, the first time somebody unwinds through it (about
//     a microsecond). A registered table would have to be complete: 19 ms and 3.4 MB for a large DLL (platform-facts
//     §6); and libgcc would sort it at the next exception of the process, whoever throws it.
//   - nothing has to be taken back in libgcc when a DLL is freed, and no lock of libgcc's is taken: one registered
//     table would make all exceptions of the process queue for a mutex.
// The definition below is the one that libgcc finds when the program links or preloads the library; where that comes
// by dlopen(), or libgcc is linked into the program, GOT entries are patched. An object with a libgcc of its own that
// is loaded later than a library that came by dlopen() still asks the dynamic linker, and its walks end at DLL code.
//
// Addresses of ELF objects are answered by the dynamic linker before ours are looked at, so exceptions of the rest of
// the process cost what they did.
#include "unwind/native_unwinders.h"

#include "base/rcu.h"
#include "thread/got.h"
#include "unwind/crossing.h"
#include "unwind/dwarf.h"
#include "unwind/function_table.h"
#include "unwind/unwind_info.h"

#include <dlfcn.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

extern "C" __attribute__((visibility("hidden"))) int hm_dl_find_object(void* pc, dl_find_object* found) noexcept;

namespace hmodule::unwind {
namespace {

// An .eh_frame_hdr without a search table, and the .eh_frame of one function behind it.
struct Header {
  std::uint8_t version = 1;
  std::uint8_t eh_frame_encoding = 0x00;                      // DW_EH_PE_absptr
  std::uint8_t count_encoding = 0xFF, table_encoding = 0xFF;  // DW_EH_PE_omit
  std::byte eh_frame[8];                                      // its address
};
static_assert(sizeof(Header) == 12);
using Block = std::unique_ptr<std::byte[]>;

Block block_of(const std::vector<std::byte>& eh_frame) {
  constexpr std::size_t kEhFrameAt = 16;
  Block block(new std::byte[kEhFrameAt + eh_frame.size()]);
  std::byte* const at = block.get() + kEhFrameAt;
  Header header;
  std::memcpy(header.eh_frame, &at, sizeof at);
  std::memcpy(block.get(), &header, sizeof header);
  std::memcpy(at, eh_frame.data(), eh_frame.size());
  return block;
}

Block translate(const FunctionEntry& entry) {
  const auto rows = unwind_rows(entry.image_base, *entry.function);
  if (!rows) return nullptr;
  EhFrame eh_frame(dll_personality());
  eh_frame.add(entry.image_base + entry.function->BeginAddress, entry.image_base + entry.function->EndAddress, *rows);
  return block_of(eh_frame.finish());
}

Block translate_leaf(const ImageTable& image) {
  EhFrame eh_frame;
  eh_frame.add_leaf(image.base, image.base + image.size);
  return block_of(eh_frame.finish());
}

// What has been translated of an image: a slot per entry, and a last one for the code without.
class Translated {
 public:
  explicit Translated(const ImageTable& image)
      : image_(image), slots_(new std::atomic<std::byte*>[image.count + 1] {}) {}
  Translated(const Translated&) = delete;
  Translated& operator=(const Translated&) = delete;
  ~Translated() {
    for (std::size_t i = 0; i <= image_.count; ++i) delete[] slots_[i].load();
  }

  const ImageTable& image() const { return image_; }

  std::byte* find(const FunctionEntry& entry) {
    const auto index = static_cast<std::size_t>(entry.function - image_.functions);
    if (entry.function != nullptr && index >= image_.count) return nullptr;  // EH-01's reference: in no known DLL
    std::atomic<std::byte*>& slot = slots_[entry.function != nullptr ? index : image_.count];
    if (std::byte* const known = slot.load(std::memory_order_acquire)) return known;
    Block made = entry.function != nullptr ? translate(entry) : translate_leaf(image_);
    std::byte* other = nullptr;
    if (slot.compare_exchange_strong(other, made.get(), std::memory_order_acq_rel)) return made.release();
    return other;
  }

 private:
  const ImageTable image_;
  const std::unique_ptr<std::atomic<std::byte*>[]> slots_;
};

using AllTranslated = std::vector<std::shared_ptr<Translated>>;

Rcu<AllTranslated>& all_translated() {
  static auto* const all = new Rcu<AllTranslated>(std::make_unique<const AllTranslated>());  // never destroyed
  return *all;
}

std::shared_ptr<Translated> known(std::uintptr_t base) {
  const auto all = all_translated().read();
  for (const std::shared_ptr<Translated>& each : *all)
    if (each->image().base == base) return each;
  return nullptr;
}

std::mutex changing;

std::shared_ptr<Translated> translated(const ImageTable& image) {
  if (std::shared_ptr<Translated> found = known(image.base)) return found;
  const std::lock_guard lock(changing);
  if (std::shared_ptr<Translated> found = known(image.base)) return found;
  auto next = std::make_unique<AllTranslated>(*all_translated().read());
  auto added = next->emplace_back(std::make_shared<Translated>(image));
  all_translated().publish(std::move(next));
  return added;
}

// Programs change the tables of generated code in place, so nothing is kept but what this thread's walk may be using.
std::byte* translate_generated(const FunctionEntry& entry) {
  thread_local std::array<Block, 4> recent;
  thread_local unsigned next = 0;
  if (entry.function == nullptr) return nullptr;
  Block& place = recent[next++ % recent.size()];
  place = translate(entry);
  return place.get();
}

bool describe(std::uintptr_t pc, dl_find_object& found) try {
  const FunctionEntry entry = find_function(pc);
  if (entry.image_base == 0) return false;
  const ImageTable image = find_image(pc);
  std::byte* const block = image.base != 0 ? translated(image)->find(entry) : translate_generated(entry);
  if (block == nullptr) return false;
  found = {};
  found.dlfo_map_start = reinterpret_cast<void*>(image.base);
  found.dlfo_map_end = reinterpret_cast<void*>(image.base + image.size);
  found.dlfo_eh_frame = block;
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

struct NativeCode {
  std::uintptr_t begin, end;
  Block block;
};
std::atomic<const NativeCode*> native_code{nullptr};

using FindObject = int (*)(void* pc, dl_find_object* found);

FindObject linkers_definition() {
  static const auto found = reinterpret_cast<FindObject>(dlsym(RTLD_NEXT, "_dl_find_object"));
  return found;
}

std::atomic<bool> serving{false};

}  // namespace

void serve_native_unwinders() {
  if (serving.exchange(true)) return;
  const auto linked = reinterpret_cast<FindObject>(dlsym(RTLD_DEFAULT, "_dl_find_object"));
  if (linked != &hm_dl_find_object)
    thread::patch_callers_of("_dl_find_object", reinterpret_cast<const void*>(&hm_dl_find_object));
}

void describe_native_code(std::uintptr_t begin, std::uintptr_t end, std::int64_t frame_size) {
  UnwindRow row;
  row.caller_rsp = {kRsp, frame_size + 8};
  EhFrame eh_frame;
  eh_frame.add(begin, end, {row});
  native_code.store(new NativeCode{begin, end, block_of(eh_frame.finish())}, std::memory_order_release);
}

void forget_image(std::uintptr_t base) {
  if (known(base) == nullptr) return;
  const std::lock_guard lock(changing);
  auto next = std::make_unique<AllTranslated>(*all_translated().read());
  std::erase_if(*next, [base](const std::shared_ptr<Translated>& each) { return each->image().base == base; });
  all_translated().publish(std::move(next));
}

}  // namespace hmodule::unwind

// May run before anything of this library has been initialised: when a constructor of another one throws.
int hm_dl_find_object(void* pc, dl_find_object* found) noexcept {
  using namespace hmodule::unwind;
  const auto address = reinterpret_cast<std::uintptr_t>(pc);
  const NativeCode* const code = native_code.load(std::memory_order_acquire);
  if (code != nullptr && address >= code->begin && address < code->end) {
    *found = {};
    found->dlfo_eh_frame = code->block.get();
    return 0;
  }
  const FindObject linkers = linkers_definition();
  if (linkers != nullptr && linkers(pc, found) == 0) return 0;
  return serving.load(std::memory_order_acquire) && describe(address, *found) ? 0 : -1;
}
extern "C" __attribute__((visibility("default"), alias("hm_dl_find_object"))) int _dl_find_object(
    void* pc, dl_find_object* found) noexcept;
