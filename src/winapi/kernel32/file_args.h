// What the file functions of kernel32 share: names, times and sizes at the border.
#pragma once

#include "nls/codepage.h"
#include "nt/file.h"
#include "nt/handle_table.h"
#include "nt/process_parameters.h"
#include "path/dos_path.h"
#include "win/fileapi.h"

#include <string>

namespace hmodule::winapi {

// A path argument as a full name, or verbatim (NAME-13). A missing or empty one is ERROR_PATH_NOT_FOUND to all file
// functions.
inline Result<std::u16string> dos_path(const WCHAR* name) {
  if (name == nullptr || *name == 0) return fail(STATUS_OBJECT_PATH_NOT_FOUND, "no path name was given");
  if (path::is_verbatim(name)) return std::u16string(name);
  return nt::full_path(name);
}

// An "A" function's string for its "W" sister; NULL stays NULL.
class Wide {
 public:
  explicit Wide(const CHAR* text) : null_(text == nullptr), text_(null_ ? std::u16string() : nls::from_ansi(text)) {}
  const WCHAR* get() const { return null_ ? nullptr : text_.c_str(); }

 private:
  bool null_;
  std::u16string text_;
};

inline FILETIME file_time(LARGE_INTEGER ticks) {
  return {static_cast<DWORD>(ticks), static_cast<DWORD>(ticks >> 32)};
}
inline LARGE_INTEGER ticks_of(const FILETIME& time) {
  return static_cast<LARGE_INTEGER>(std::uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime);
}
inline DWORD low(std::uint64_t value) {
  return static_cast<DWORD>(value);
}
inline DWORD high(std::uint64_t value) {
  return static_cast<DWORD>(value >> 32);
}
inline std::uint64_t join(DWORD low_half, DWORD high_half) {
  return std::uint64_t{high_half} << 32 | low_half;
}

inline ULONG handle_attributes(const SECURITY_ATTRIBUTES* security) {
  return security != nullptr && security->bInheritHandle ? nt::OBJ_INHERIT : 0;
}

// One fixed structure out of, or into, a file.
template <typename T>
Result<T> query_file(nt::File& file, FILE_INFORMATION_CLASS what) {
  T value = {};
  TRY(file.query(what, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}
template <typename T>
Status set_file(nt::File& file, FILE_INFORMATION_CLASS what, const T& value) {
  return file.set(what, std::as_bytes(std::span(&value, 1)));
}

}  // namespace hmodule::winapi
