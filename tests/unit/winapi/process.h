// Calls builtin functions as a DLL does: by name, with Windows' convention, in a started runtime.
#pragma once

#include "runtime/runtime.h"
#include "thread/call.h"
#include "thread/teb.h"
#include "winapi/kernel32/exports.h"
#include "winapi/kernelbase/exports.h"
#include "winapi/ntdll/exports.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace hmodule::winapi {

inline Runtime& process() {
  static const BuiltinDll* const kBuiltins[] = {&ntdll_dll, &kernel32_dll, &kernelbase_dll};
  static const int american = ::setenv("LC_ALL", "C.UTF-8", 1);  // the user's language
  (void)american;
  Runtime& started = start_runtime(kBuiltins);
  thread::attach();
  return started;
}

inline Proc find(const BuiltinDll& dll, std::string_view name) {
  for (const ExportTable* table : dll.tables)
    for (const Export& row : *table)
      if (row.name == name) return row.address;
  return nullptr;
}

// A builtin function by its name; called as DLL code is called.
template <typename R, typename... Args>
struct Function {
  Proc address;
  R operator()(Args... args) const {
    const std::uint64_t bits[std::max<std::size_t>(sizeof...(Args), 4)] = {thread::detail::argument_bits(args)...};
    const std::uint64_t result = thread::hm_call_windows(address, bits, sizeof...(Args), nullptr);
    if constexpr (std::is_pointer_v<R>)
      return reinterpret_cast<R>(result);
    else
      return static_cast<R>(result);
  }
};

// function<DWORD, const WCHAR*>(kernel32_dll, "DeleteFileW")(u"x")
template <typename R, typename... Args>
Function<R, Args...> function(const BuiltinDll& dll, std::string_view name) {
  process();
  const Proc found = find(dll, name);
  EXPECT_NE(found, nullptr) << name;
  thread::set_last_error(0xDEAD);
  return {found};
}

}  // namespace hmodule::winapi
