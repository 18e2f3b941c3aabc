// hmodule_run: a console program's life, from its mapping to its exit code (DESIGN D11).
#include <hmodule/hmodule.h>

#include <cstdlib>

#include "api/builtins.h"
#include "api/failure.h"
#include "base/utf.h"
#include "thread/call.h"
#include "thread/teb.h"

namespace hmodule::api {
namespace {

using ProgramEntry = HM_WINAPI DWORD (*)(PEB* peb);

}  // namespace
}  // namespace hmodule::api

using namespace hmodule;
using namespace hmodule::api;

int hmodule_run(const char* path, int, char**) {
  return guarded<int>(-1, [&]() -> Result<int> {
    if (path == nullptr) return null_argument("hmodule_run", "path");
    LoadRequest request;
    request.name = utf16(absolute(path));
    const Proc entry = TRY(runtime().loader().load_program(request));
    const DWORD code = thread::call(reinterpret_cast<ProgramEntry>(entry), thread::teb().ProcessEnvironmentBlock);
    std::exit(static_cast<int>(code));
  });
}
