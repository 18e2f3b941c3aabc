// hmodule_run: a console program's life, from its mapping to its exit code (DESIGN D11).
#include <hmodule/hmodule.h>

#include <string>
#include <vector>

#include "api/builtins.h"
#include "api/failure.h"
#include "base/utf.h"
#include "nt/process.h"
#include "nt/process_parameters.h"
#include "path/volumes.h"
#include "thread/call.h"
#include "thread/teb.h"

namespace hmodule::api {
namespace {

using ProgramEntry = HM_WINAPI DWORD (*)(PEB* peb);

struct Program {
  std::string host_path;
  std::u16string name;
};
Program program_at(const char* path) {
  const std::u16string name = utf16(path);
  if (name.substr(0, 3).ends_with(u":\\")) {
    const auto found = path::volumes().to_host(name);
    if (found && found->what == path::What::file) return {found->path, name};
  }
  return {absolute(path), path::volumes().from_host(absolute(path))};
}

}  // namespace
}  // namespace hmodule::api

using namespace hmodule;
using namespace hmodule::api;

int hmodule_run(const char* path, int argc, char** argv) {
  return guarded<int>(-1, [&]() -> Result<int> {
    if (path == nullptr) return null_argument("hmodule_run", "path");
    const Program program = program_at(path);
    LoadRequest request;
    request.name = utf16(program.host_path);
    std::vector<std::u16string> arguments;
    for (char** argument = argv; argument != argv + argc; ++argument) arguments.push_back(utf16(*argument));
    nt::set_program(program.name, arguments);
    const Proc entry = TRY(runtime().loader().load_program(request));
    const DWORD code = thread::call(reinterpret_cast<ProgramEntry>(entry), thread::teb().ProcessEnvironmentBlock);
    nt::exit_process(code, [] { runtime().loader().process_detach(); });
  });
}
