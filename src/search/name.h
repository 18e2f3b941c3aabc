// The name of a DLL as a program gives it (loader-semantics §2).
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace hmodule::search {

enum class NameKind : std::uint8_t {
  bare,            // x.dll
  relative,        // dir\x.dll: appended to every directory of the load path (NAME-09)
  drive_relative,  // C:x.dll: refused (NAME-10)
  rooted,          // \dir\x.dll, C:dir\x.dll: resolved against the current directory, not searched (NAME-08)
  absolute,        // C:\x.dll, \\server\share\x.dll, \\?\x
};

struct DllName {
  std::u16string text;  // without trailing spaces, with the default extension, backslashes only
  NameKind kind = NameKind::bare;

  std::u16string_view base() const;
  bool has_path() const { return kind != NameKind::bare; }
};

// NAME-01 (empty), NAME-02...NAME-08, NAME-16. A name that starts with one '/' is a host path: the caller has made it
// Windows' by path::Volumes::from_host() where it wants that; here it is rooted.
Result<DllName> normalise_name(std::u16string_view given);

}  // namespace hmodule::search
