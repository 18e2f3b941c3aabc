#include "unwind/thrown.h"

#include "unwind/function_table.h"
#include "unwind/guarded_read.h"
#include "unwind/virtual_unwind.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace hmodule::unwind {
namespace {

// As much of a string as there is and fits; `into` ends with a zero.
std::string_view read_string(std::uintptr_t from, std::span<char> into) {
  std::size_t size = 0;
  while (size + 1 < into.size()) {
    const std::size_t to_page_end = 0x1000 - (from + size) % 0x1000;
    const std::size_t piece = std::min(to_page_end, into.size() - 1 - size);
    if (!read_guarded(from + size, &into[size], piece)) break;
    const std::size_t length = strnlen(&into[size], piece);
    size += length;
    if (length < piece) break;
  }
  into[size] = 0;
  return {into.data(), size};
}

void copy(std::string_view text, std::span<char> into) {
  const std::size_t size = std::min(text.size(), into.size() - 1);
  std::memcpy(into.data(), text.data(), size);
  into[size] = 0;
}

// ".?AVlogic_error@std@@" is std::logic_error. What is no plain class (templates, pointers) stays as it is.
void tell_msvc_name(std::string_view decorated, std::span<char> into) {
  std::string_view path = decorated;
  const bool plain = path.size() > 6 && (path.starts_with(".?AV") || path.starts_with(".?AU")) &&
                     path.ends_with("@@") && path.find('?', 2) == std::string_view::npos;
  if (!plain) {
    constexpr struct {
      std::string_view decorated, plain;
    } kKnown[] = {{".H", "int"},  {".I", "unsigned int"},  {".N", "double"},         {".PEAD", "char*"},
                  {".J", "long"}, {".K", "unsigned long"}, {".PEBD", "const char*"}, {".PEB_W", "const wchar_t*"}};
    const auto* const known =
        std::find_if(std::begin(kKnown), std::end(kKnown), [&](const auto& row) { return row.decorated == decorated; });
    return copy(known != std::end(kKnown) ? known->plain : decorated, into);
  }
  path = path.substr(4, path.size() - 6);
  std::size_t size = 0;
  const auto add = [&](std::string_view text) {
    copy(text, into.subspan(size));
    size += std::strlen(&into[size]);
  };
  for (;;) {
    const std::size_t last = path.rfind('@');
    add(last == std::string_view::npos ? path : path.substr(last + 1));
    if (last == std::string_view::npos) return;
    add("::");
    path = path.substr(0, last);
  }
}

// EH-44: {magic, object, ThrowInfo, image base}; ThrowInfo's fourth field is the RVA of the list of types a handler may
// name, the first of which is the object's own. std::exception keeps its text behind the table of virtual functions.
void describe_msvc(const EXCEPTION_RECORD& record, Thrown& thrown) {
  if (record.NumberParameters < 4 || record.ExceptionInformation[2] == 0) return;  // `throw;`
  const std::uintptr_t object = record.ExceptionInformation[1], base = record.ExceptionInformation[3];
  const auto types = read_guarded<std::uint32_t>(record.ExceptionInformation[2] + 12);
  if (!types) return;
  const std::uint32_t count = std::min(read_guarded<std::uint32_t>(base + *types).value_or(0), 32U);
  for (std::uint32_t i = 0; i < count; ++i) {
    struct CatchableType {
      std::uint32_t properties, type;
      std::int32_t member, base_table, base_in_table;
    };
    const auto at = read_guarded<std::uint32_t>(base + *types + 4 + i * 4);
    const auto each = at ? read_guarded<CatchableType>(base + *at) : std::nullopt;
    if (!each) return;
    char name[sizeof thrown.type];
    const std::string_view text = read_string(base + each->type + 16, name);
    if (i == 0) tell_msvc_name(text, thrown.type);
    if (text != ".?AVexception@std@@" || each->base_table >= 0) continue;
    const auto what =
        read_guarded<std::uintptr_t>(object + static_cast<std::uintptr_t>(std::int64_t{each->member}) + 8);
    if (what && *what != 0) read_string(*what, thrown.what);
  }
}

// std::type_info of the Itanium ABI: table of virtual functions, name. Names that are not to be compared by their text
// begin with '*'.
std::string_view type_name(std::uintptr_t type, std::span<char> into) {
  const auto name = read_guarded<std::uintptr_t>(type + 8);
  if (!name) return {};
  std::string_view text = read_string(*name, into);
  if (text.starts_with('*')) text.remove_prefix(1);
  return text;
}

// Classes with one public base have it behind the name; their type_info is of class __si_class_type_info.
std::optional<std::uintptr_t> single_base(std::uintptr_t type) {
  const auto functions = read_guarded<std::uintptr_t>(type);
  const auto type_of_type = functions ? read_guarded<std::uintptr_t>(*functions - 8) : std::nullopt;
  char name[64];
  if (!type_of_type || type_name(*type_of_type, name) != "N10__cxxabiv120__si_class_type_infoE") return std::nullopt;
  return read_guarded<std::uintptr_t>(type + 16);
}

bool keeps_its_text(std::uintptr_t type) {
  constexpr int kMostBases = 32;
  for (int depth = 0; depth < kMostBases; ++depth) {
    char buffer[sizeof Thrown::type];
    const std::string_view name = type_name(type, buffer);
    if (name == "St13runtime_error" || name == "St11logic_error") return true;
    const auto base = single_base(type);
    if (!base) return false;
    type = *base;
  }
  return false;
}

// The first parameter is the _Unwind_Exception, 64 bytes, inside libstdc++'s record: 80 bytes before it is the type, or
// for a copied std::exception_ptr the address of the object, behind it the object.
void describe_gcc(const EXCEPTION_RECORD& record, Thrown& thrown) {
  constexpr std::uint64_t kGnuCxx = 0x474E'5543'432B'2B00;  // "GNUCC++\0"; or \1 for the copy
  constexpr std::uintptr_t kTypeBefore = 80, kHeaderSize = 64;
  if (record.NumberParameters < 1) return;
  std::uintptr_t header = record.ExceptionInformation[0];
  const auto kind = read_guarded<std::uint64_t>(header);
  if (!kind || (*kind & ~std::uint64_t{1}) != kGnuCxx) return;
  if ((*kind & 1) != 0) {
    const auto object = read_guarded<std::uintptr_t>(header - kTypeBefore);
    if (!object) return;
    header = *object - kHeaderSize;
  }
  const auto type = read_guarded<std::uintptr_t>(header - kTypeBefore);
  if (!type) return;
  char mangled[sizeof thrown.type];
  const std::string_view name = type_name(*type, mangled);
  if (name.empty()) return;
  int status = 0;
  char* const readable = abi::__cxa_demangle(name.data(), nullptr, nullptr, &status);
  copy(readable != nullptr ? readable : name, thrown.type);
  std::free(readable);
  if (!keeps_its_text(*type)) return;
  if (const auto what = read_guarded<std::uintptr_t>(header + kHeaderSize + 8)) read_string(*what, thrown.what);
}

// The call of RaiseException: in _CxxThrowException, which the throwing function calls; in _Unwind_RaiseException,
// which
// __cxa_throw calls.
int frames_of_runtime(const EXCEPTION_RECORD& record) {
  if (record.ExceptionCode == kMsvcThrow) return 1;
  return record.ExceptionCode == kGccThrow ? 2 : 0;
}

}  // namespace

std::uintptr_t blamed_address(const EXCEPTION_RECORD& record, const CONTEXT& raised) {
  CONTEXT walk = raised;
  for (int frames = frames_of_runtime(record); frames > 0; --frames) {
    const FunctionEntry entry = find_function(walk.Rip);
    if (entry.function == nullptr) break;
    virtual_unwind(kNoHandler, entry.image_base, walk.Rip, entry.function, walk);
  }
  const bool in_dll = find_function(walk.Rip).image_base != 0;
  return in_dll ? walk.Rip : reinterpret_cast<std::uintptr_t>(record.ExceptionAddress);
}

Thrown describe_thrown(const EXCEPTION_RECORD& record) {
  Thrown thrown;
  if (record.ExceptionCode == kMsvcThrow) describe_msvc(record, thrown);
  if (record.ExceptionCode == kGccThrow) describe_gcc(record, thrown);
  return thrown;
}

}  // namespace hmodule::unwind
