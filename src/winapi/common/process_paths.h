// Where this process's searches for files begin.
#pragma once

#include "base/result.h"
#include "search/search.h"

#include <atomic>

namespace hmodule::winapi {

search::Surroundings surroundings();

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

// The full name of a program. A native one has no extension, so a name without one is looked for as it is, too.
Result<std::u16string> find_program(std::u16string_view name);

}  // namespace hmodule::winapi
