// A builtin DLL is a table: the CLI prints it, the documentation is generated from it, imports are bound from it.
// A function we lack is absent, and calling it stops with its name; one that lacks something says so in its note.
#pragma once

#include "win/types.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace hmodule {

using Proc = void*;

// Accepts the Windows calling convention only: a function that forgot HM_WINAPI does not compile.
template <typename R, typename... Args>
Proc proc(HM_WINAPI R (*function)(Args...)) {
  return reinterpret_cast<Proc>(function);
}
template <typename R, typename... Args>
Proc proc(HM_WINAPI R (*function)(Args...) noexcept) {
  return reinterpret_cast<Proc>(function);
}
template <typename R, typename... Args>
Proc proc(HM_WINAPI R (*function)(Args..., ...)) {
  return reinterpret_cast<Proc>(function);
}

enum class Support : std::uint8_t { full, partial };

// One row. `ordinal` 0 lets the table's order by name decide it, as no caller of that DLL imports by ordinal.
struct Export {
  std::string_view name;
  Proc address;
  Support support = Support::full;
  std::string_view note = {};  // what is missing, for a partial one
  std::uint16_t ordinal = 0;
};

// The rows live beside the functions they name, one span per Windows header: fileapi.cc ends with fileapi_exports.
using ExportTable = std::span<const Export>;

struct BuiltinDll {
  std::string_view name;  // "kernel32.dll"
  std::span<const ExportTable* const> tables;
};

}  // namespace hmodule
