#include "winapi/kernel32/shims.h"

#include "base/utf.h"
#include "path/dos_path.h"
#include "path/volumes.h"
#include "thread/peb.h"
#include "winapi/common/text.h"

namespace hmodule::winapi {

bool program_names_default_characters() {
  static const bool known =
      equal_ignoring_case(path::directory(view(thread::process_parameters().ImagePathName)), path::kSystemDirectory);
  return known;
}

}  // namespace hmodule::winapi
