#include "unwind/vectored.h"

#include "unwind/frames.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace hmodule::unwind {
namespace {

using Handlers = std::vector<std::shared_ptr<const PVECTORED_EXCEPTION_HANDLER>>;

// Never changed in place: who asks holds on to what it found.
struct List {
  std::mutex mutex;  // a leaf
  std::shared_ptr<const Handlers> handlers = std::make_shared<const Handlers>();
  std::atomic<std::size_t> count{0}, changes{0};

  std::shared_ptr<const Handlers> now() {
    const std::lock_guard lock(mutex);
    return handlers;
  }
  // The change's answer. The mutex is held.
  template <typename Change>
  auto change(Change change) {
    auto next = std::make_shared<Handlers>(*handlers);
    auto answer = change(*next);
    count = next->size();
    handlers = std::move(next);
    ++changes;
    return answer;
  }
};

List& list_of(VectoredList which) {
  static auto* const lists = new List[2];  // never destroyed: exceptions outlive main()
  return lists[which == VectoredList::exception ? 0 : 1];
}

std::atomic<LPTOP_LEVEL_EXCEPTION_FILTER> last_filters[2];  // by LastFilter

std::atomic<LPTOP_LEVEL_EXCEPTION_FILTER>& last_filter_of(LastFilter which) {
  return last_filters[static_cast<std::size_t>(which)];
}

}  // namespace

void* add_vectored_handler(VectoredList which, bool first, PVECTORED_EXCEPTION_HANDLER handler) try {
  List& list = list_of(which);
  auto entry = std::make_shared<const PVECTORED_EXCEPTION_HANDLER>(handler);
  auto* const handle = const_cast<PVECTORED_EXCEPTION_HANDLER*>(entry.get());
  const std::lock_guard lock(list.mutex);
  list.change([&](Handlers& all) { return all.insert(first ? all.begin() : all.end(), std::move(entry)); });
  return handle;
} catch (const std::bad_alloc&) {
  return nullptr;
}

bool remove_vectored_handler(VectoredList which, void* handle) {
  List& list = list_of(which);
  const std::lock_guard lock(list.mutex);
  return list.change([handle](Handlers& all) {
    return std::erase_if(all, [handle](const auto& entry) { return entry.get() == handle; });
  }) != 0;
}

void forget_handlers_in(std::uintptr_t begin, std::size_t size) {
  const auto inside = [begin, size](PVECTORED_EXCEPTION_HANDLER handler) {
    return reinterpret_cast<std::uintptr_t>(handler) - begin < size;
  };
  for (const VectoredList which : {VectoredList::exception, VectoredList::resume}) {
    List& list = list_of(which);
    if (list.count == 0) continue;
    const std::lock_guard lock(list.mutex);
    list.change(
        [&inside](Handlers& all) { return std::erase_if(all, [&](const auto& entry) { return inside(*entry); }); });
  }
  for (auto& last : last_filters) {
    LPTOP_LEVEL_EXCEPTION_FILTER filter = last.load();
    if (inside(filter)) last.compare_exchange_strong(filter, nullptr);
  }
}

// Handlers may add and remove handlers, themselves included; one that was removed meanwhile is not called any more.
bool ask_vectored_handlers(VectoredList which, EXCEPTION_RECORD& record, CONTEXT& context, const Activation* pass) {
  List& list = list_of(which);
  if (list.count == 0) return false;
  const std::size_t changes = list.changes;
  const std::shared_ptr<const Handlers> handlers = list.now();
  EXCEPTION_POINTERS exception = {&record, &context};
  for (const auto& handler : *handlers) {
    if (list.changes != changes) {
      const std::shared_ptr<const Handlers> now = list.now();
      if (std::find(now->begin(), now->end(), handler) == now->end()) continue;
    }
    if (static_cast<LONG>(call_seh(pass, reinterpret_cast<void*>(*handler), &exception)) ==
        EXCEPTION_CONTINUE_EXECUTION)
      return true;
  }
  return false;
}

LPTOP_LEVEL_EXCEPTION_FILTER exchange_last_filter(LastFilter which, LPTOP_LEVEL_EXCEPTION_FILTER filter) {
  return last_filter_of(which).exchange(filter);
}

LPTOP_LEVEL_EXCEPTION_FILTER last_filter(LastFilter which) {
  return last_filter_of(which).load();
}

}  // namespace hmodule::unwind
