// The person's directories that Windows knows by id: those of xdg-user-dirs.
#pragma once

#include <string>
#include <string_view>

namespace hmodule::nt {

// The Windows path that user-dirs.dirs of $XDG_CONFIG_HOME (~/.config) has for XDG_<key>_DIR ("DOCUMENTS"); without
// it, the directory `name` of %USERPROFILE%. It need not exist.
std::u16string user_directory(std::string_view key, std::u16string_view name);

}  // namespace hmodule::nt
