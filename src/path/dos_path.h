// Windows path names as text: what kind a name is, its full form, its parts. No file system here; volumes.h has that.
// "Full" in this folder means what RtlGetFullPathName_U gives: a drive or a server in front, backslashes only, no "."
// or "..", no trailing dots or spaces.
#pragma once

#include "base/result.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hmodule::path {

// RTL_PATH_TYPE, with its values.
enum class Kind : std::uint8_t {
  unc = 1,             // \\server\share\x
  drive_absolute = 2,  // C:\x
  drive_relative = 3,  // C:x
  rooted = 4,          // \x
  relative = 5,        // x, dir\x
  device = 6,          // \\.\x, \\?\x
  device_root = 7,     // \\. and \\? alone
};
Kind kind_of(std::u16string_view name);

constexpr bool is_separator(char16_t c) {
  return c == u'\\' || c == u'/';
}
// `\\?\`: goes to the file system as it stands (NAME-13). With backslashes only, as Windows wants it.
bool is_verbatim(std::u16string_view name);

inline constexpr std::size_t kMaxLength = 32767;  // units, NAME-16

// Where relative names start. `directory` is full; a trailing backslash is optional. `of_drive` answers for the
// other drives (the "=D:" variables); without it, or without an answer, a drive's own root is used.
struct CurrentDirectory {
  std::u16string_view directory;
  std::function<std::optional<std::u16string>(char16_t drive)> of_drive = {};
};

// RtlGetFullPathName_U. Collapses inside `\\?\` too, as Windows does. A reserved device name becomes `\\.\NUL`.
// Fails with OBJECT_NAME_INVALID (empty, or an embedded NUL) and NAME_TOO_LONG.
Result<std::u16string> full_path(std::u16string_view name, const CurrentDirectory& current);

// The reserved name (NUL, CON, COM1...) that `name` ends with, as RtlIsDosDeviceName_U finds it: extension and
// trailing spaces do not count. Empty when there is none; a view into `name`.
std::u16string_view dos_device(std::u16string_view name);

// The native form of a full name: C:\x -> \??\C:\x, \\server\x -> \??\UNC\server\x, \\?\x and \\.\x -> \??\x.
std::u16string nt_path(std::u16string_view full);
// And back, for names below \??\; nullopt for another namespace (\Device\...).
std::optional<std::u16string> from_nt_path(std::u16string_view native);

// Parts. All are views into `name`.
std::u16string_view base_name(std::u16string_view name);  // after the last separator (or the drive's colon)
std::u16string_view directory(std::u16string_view name);  // before it, without the separator but for a root: "C:\"
// The part that `..` cannot leave: "C:\", "\\server\share\", "\\?\C:\", "\".
std::size_t root_length(std::u16string_view full);
// directory + backslash (if it has none) + name.
std::u16string join(std::u16string_view directory, std::u16string_view name);
// NAME-03, NAME-04: `extension` (".dll") is added when the last component has no dot; a trailing dot is dropped.
std::u16string with_default_extension(std::u16string_view name, std::u16string_view extension);

}  // namespace hmodule::path
