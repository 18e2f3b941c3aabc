// shellapi.h: command lines.
#include "module/builtin.h"
#include "nt/command_line.h"
#include "nt/heap.h"
#include "thread/peb.h"
#include "winapi/common/answer.h"
#include "winapi/common/text.h"

#include <vector>

namespace hmodule::winapi {
namespace {

// One block, freed with LocalFree: the array with its terminator, then the strings. An empty line stands for the
// program's own path.
HM_WINAPI WCHAR** CommandLineToArgvW(const WCHAR* line, INT* count) noexcept {
  return answer<WCHAR**>(nullptr, [&]() -> Result<WCHAR**> {
    if (count == nullptr || line == nullptr) return fail(STATUS_INVALID_PARAMETER, "no command line or no count");
    std::vector<std::u16string> arguments = nt::split_command_line(line);
    if (arguments.empty()) arguments.emplace_back(view(thread::process_parameters().ImagePathName));
    SIZE_T size = (arguments.size() + 1) * sizeof(WCHAR*);
    for (const auto& argument : arguments) size += (argument.size() + 1) * sizeof(WCHAR);
    auto** array = static_cast<WCHAR**>(nt::heap_allocate(size));
    if (array == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} arguments", arguments.size());
    auto* at = reinterpret_cast<WCHAR*>(array + arguments.size() + 1);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      array[i] = at;
      at = std::copy(arguments[i].begin(), arguments[i].end(), at);
      *at++ = 0;
    }
    array[arguments.size()] = nullptr;
    *count = static_cast<INT>(arguments.size());
    return array;
  });
}

const Export kRows[] = {{"CommandLineToArgvW", proc(CommandLineToArgvW)}};

}  // namespace

extern const ExportTable shellapi_exports = kRows;

}  // namespace hmodule::winapi
