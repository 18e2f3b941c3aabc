// The path names of this process: where it stands, and what its environment says.
#pragma once

#include "base/result.h"
#include "search/search.h"

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

namespace hmodule::winapi {

search::Surroundings surroundings();

// RtlGetFullPathName_U from the current directory, the other drives' own ("=D:") included.
Result<std::u16string> full_path(std::u16string_view name);

std::optional<std::u16string> environment_variable(std::u16string_view name);

// Whether SearchPath looks at the current directory after the system's (DIR-06). Once permanent, it stays.
class SearchPathMode {
 public:
  bool safe() const { return mode_.load() != Mode::current_first; }
  // BASE_SEARCH_PATH_*: ENABLE 1, DISABLE 0x10000, with ENABLE also PERMANENT 0x8000.
  Status set(DWORD flags);

 private:
  enum class Mode : std::uint8_t { current_first, safe, safe_for_ever };
  std::atomic<Mode> mode_{Mode::current_first};
};
SearchPathMode& search_path_mode();

// Where SearchPath looks: `path` when given, else the standard directories.
search::LoadPath search_path_directories(const search::Surroundings& surroundings, const char16_t* path);

}  // namespace hmodule::winapi
