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

struct List {
  std::mutex mutex;  // a leaf
  Handlers handlers;
  std::atomic<std::size_t> count{0};
};

List& list_of(VectoredList which) {
  static auto* const lists = new List[2];  // never destroyed: exceptions outlive main()
  return lists[which == VectoredList::exception ? 0 : 1];
}

std::atomic<LPTOP_LEVEL_EXCEPTION_FILTER> unhandled_filter{nullptr};

}  // namespace

void* add_vectored_handler(VectoredList which, bool first, PVECTORED_EXCEPTION_HANDLER handler) try {
  List& list = list_of(which);
  auto entry = std::make_shared<const PVECTORED_EXCEPTION_HANDLER>(handler);
  auto* const handle = const_cast<PVECTORED_EXCEPTION_HANDLER*>(entry.get());
  const std::lock_guard lock(list.mutex);
  list.handlers.insert(first ? list.handlers.begin() : list.handlers.end(), std::move(entry));
  list.count = list.handlers.size();
  return handle;
} catch (const std::bad_alloc&) {
  return nullptr;
}

bool remove_vectored_handler(VectoredList which, void* handle) {
  List& list = list_of(which);
  const std::lock_guard lock(list.mutex);
  const std::size_t removed =
      std::erase_if(list.handlers, [handle](const auto& entry) { return entry.get() == handle; });
  list.count = list.handlers.size();
  return removed != 0;
}

void forget_handlers_in(std::uintptr_t begin, std::size_t size) {
  const auto inside = [begin, size](PVECTORED_EXCEPTION_HANDLER handler) {
    return reinterpret_cast<std::uintptr_t>(handler) - begin < size;
  };
  for (const VectoredList which : {VectoredList::exception, VectoredList::resume}) {
    List& list = list_of(which);
    const std::lock_guard lock(list.mutex);
    std::erase_if(list.handlers, [&inside](const auto& entry) { return inside(*entry); });
    list.count = list.handlers.size();
  }
  LPTOP_LEVEL_EXCEPTION_FILTER filter = unhandled_filter.load();
  if (inside(filter)) unhandled_filter.compare_exchange_strong(filter, nullptr);
}

// Walks by position in a copy, so handlers may add and remove, themselves included; one that was removed meanwhile is
// not called any more.
bool ask_vectored_handlers(VectoredList which, EXCEPTION_RECORD& record, CONTEXT& context) {
  List& list = list_of(which);
  if (list.count == 0) return false;
  Handlers handlers;
  {
    const std::lock_guard lock(list.mutex);
    handlers = list.handlers;
  }
  EXCEPTION_POINTERS exception = {&record, &context};
  for (const auto& handler : handlers) {
    {
      const std::lock_guard lock(list.mutex);
      if (std::find(list.handlers.begin(), list.handlers.end(), handler) == list.handlers.end()) continue;
    }
    if (static_cast<LONG>(hm_call_seh(reinterpret_cast<void*>(*handler), &exception, nullptr, nullptr, nullptr)) ==
        EXCEPTION_CONTINUE_EXECUTION)
      return true;
  }
  return false;
}

LPTOP_LEVEL_EXCEPTION_FILTER exchange_unhandled_filter(LPTOP_LEVEL_EXCEPTION_FILTER filter) {
  return unhandled_filter.exchange(filter);
}

LONG ask_unhandled_filter(EXCEPTION_POINTERS& exception) {
  const LPTOP_LEVEL_EXCEPTION_FILTER filter = unhandled_filter.load();
  if (filter == nullptr) return EXCEPTION_CONTINUE_SEARCH;
  return static_cast<LONG>(hm_call_seh(reinterpret_cast<void*>(filter), &exception, nullptr, nullptr, nullptr));
}

}  // namespace hmodule::unwind
