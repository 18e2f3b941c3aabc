#include "winapi/common/process_paths.h"

#include "path/volumes.h"
#include "runtime/runtime.h"

namespace hmodule::winapi {

search::Surroundings surroundings() {
  return runtime().loader().surroundings();
}

Status SearchPathMode::set(DWORD flags) {
  constexpr DWORD kEnable = 0x1, kDisable = 0x10000, kPermanent = 0x8000;
  Mode wanted;
  switch (flags) {
    case kEnable:
      wanted = Mode::safe;
      break;
    case kEnable | kPermanent:
      wanted = Mode::safe_for_ever;
      break;
    case kDisable:
      wanted = Mode::current_first;
      break;
    default:
      return fail(STATUS_INVALID_PARAMETER, "SetSearchPathMode: flags {:#x}", flags);
  }
  Mode before = mode_.load();
  do {
    if (before == Mode::safe_for_ever)
      return fail(STATUS_ACCESS_DENIED, "SetSearchPathMode: the mode has been made permanent");
  } while (!mode_.compare_exchange_weak(before, wanted));
  return ok;
}

SearchPathMode& search_path_mode() {
  static SearchPathMode mode;
  return mode;
}

search::LoadPath search_path_directories(const search::Surroundings& process, const char16_t* given) {
  return given == nullptr ? search::file_search_path(process, search_path_mode().safe())
                          : search::split_load_path(given);
}

Result<std::u16string> find_program(std::u16string_view name) {
  const search::Surroundings process = surroundings();
  const search::LoadPath directories = search::file_search_path(process, false);
  auto found = search::search_file(name, u".exe", directories, process, path::volumes());
  if (!found) found = search::search_file(name, u"", directories, process, path::volumes());
  if (!found) return fail(STATUS_OBJECT_NAME_NOT_FOUND, "{}", found.error().reason);
  return std::move(found->full_name);
}

}  // namespace hmodule::winapi
