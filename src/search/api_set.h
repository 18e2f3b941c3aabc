// API sets: api-ms-win-... and ext-ms-... are names of contracts, not of files; a table says which DLL serves each
// (loader-semantics §4.6).
#pragma once

#include "win/types.h"

#include <optional>
#include <string>
#include <string_view>

namespace hmodule::search {

// SRCH-40: begins with "api-" or "ext-", any case. `name` is bare.
bool is_api_set_name(std::u16string_view name);

// The base name of the DLL serving `name` for `importer` (a base name, may be empty). Empty string: known without a
// host (SRCH-42); nullopt: not in the table. The digits after the last hyphen and ".dll" do not matter (SRCH-40).
std::optional<std::u16string> api_set_host(std::u16string_view name, std::u16string_view importer = {});

// SRCH-45.
bool api_set_present(std::u16string_view name);  // ApiSetQueryApiSetPresence
struct ApiSetPresence {
  bool in_schema, present;
};
std::optional<ApiSetPresence> api_set_presence_ex(std::u16string_view name);  // nullopt: INVALID_PARAMETER
bool api_set_implemented(std::string_view name);                              // IsApiSetImplemented

}  // namespace hmodule::search
