#include "winapi/common/process_paths.h"

#include "base/utf.h"
#include "runtime/runtime.h"
#include "thread/peb.h"

namespace hmodule::winapi {

search::Surroundings surroundings() {
  return runtime().loader().surroundings();
}

std::optional<std::u16string> environment_variable(std::u16string_view name) {
  const auto* entry = static_cast<const char16_t*>(thread::process_parameters().Environment);
  for (; entry != nullptr && *entry != 0; entry += std::u16string_view(entry).size() + 1) {
    const std::u16string_view text(entry);
    const auto equals = text.find(u'=', 1);  // the names of the drives' directories begin with one
    if (equals != text.npos && equal_ignoring_case(text.substr(0, equals), name))
      return std::u16string(text.substr(equals + 1));
  }
  return std::nullopt;
}

Result<std::u16string> full_path(std::u16string_view name) {
  const std::u16string current = surroundings().current_directory;
  return path::full_path(name, {current, [](char16_t drive) { return environment_variable(std::u16string{u'=', drive, u':'}); }});
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

}  // namespace hmodule::winapi
