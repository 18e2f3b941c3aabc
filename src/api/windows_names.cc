// The slow path of windows_names.S.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "api/builtins.h"

namespace hmodule::api {
namespace {

struct Name {
  std::string_view function, dll;
};
constexpr Name kNames[] = {
#define HM_NAME(name, dll) {#name, dll},
#include "api/windows_names.inc"
#undef HM_NAME
};

Proc find(const Name& name) {
  for (const BuiltinDll* dll : builtin_dlls())
    if (dll->name == name.dll)
      for (const ExportTable* table : dll->tables)
        for (const Export& row : *table)
          if (row.name == name.function) return row.address;
  std::fprintf(stderr, "hmodule: %.*s is exported but not implemented\n", static_cast<int>(name.function.size()),
               name.function.data());
  std::abort();
}

}  // namespace

extern "C" {

// Read by windows_names.S without a lock: a pointer is there or not yet.
std::atomic<Proc> hm_windows_targets[std::size(kNames)];

HM_WINAPI Proc hm_enter_windows_name(std::uint32_t index) {
  enter();
  Proc target = hm_windows_targets[index].load(std::memory_order_acquire);
  if (target == nullptr) {
    target = find(kNames[index]);
    hm_windows_targets[index].store(target, std::memory_order_release);
  }
  return target;
}

}  // extern "C"

}  // namespace hmodule::api
