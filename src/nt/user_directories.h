// The person's directories: those that Windows knows by id are xdg-user-dirs', and programs' own data is in one more.
#pragma once

#include <string>
#include <string_view>

namespace hmodule::nt {

// The Windows path that user-dirs.dirs of $XDG_CONFIG_HOME (~/.config) has for XDG_<key>_DIR ("DOCUMENTS"); without
// it, the directory `name` of %USERPROFILE%. It need not exist.
std::u16string user_directory(std::string_view key, std::u16string_view name);

// The host's path of $XDG_DATA_HOME, or of ~/.local/share.
std::string host_data_directory();

}  // namespace hmodule::nt
