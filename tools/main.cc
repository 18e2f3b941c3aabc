// hmodule: Windows x86-64 DLLs from the command line.
#include <hmodule/hmodule.h>

#include "tools/commands.h"

int main(int argc, char** argv) {
  CLI::App app("Loads, calls and looks at Windows x86-64 DLLs on Linux.", "hmodule");
  app.set_version_flag("--version", std::string("hmodule ") + hmodule_version());
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  app.footer(
      "Environment:\n"
      "  HMODULE_DEBUG=search,map,bind,init,thread,api,nt|all   trace to stderr, or to HMODULE_DEBUG_OUTPUT=FILE\n"
      "  HMODULE_CRASH_REPORT=off                               no report when a DLL ends the process\n"
      "  HMODULE_PATH=DIR:DIR...                                more directories to search for DLLs\n"
      "  HMODULE_OVERRIDES=NAME=builtin|pe|file,...             who serves a DLL\n"
      "  HMODULE_C_DRIVE=DIR                                    the directory behind C:\n"
      "  HMODULE_SYSTEM32=DIR:DIR...                            the system DLLs in PE form\n"
      "  HMODULE_REGISTRY=FILE                                  keeps the registry; it is in memory otherwise\n"
      "  HMODULE_CACHE=DIR|off                                  laid-out images, by default in ~/.cache/hmodule");
  const int ours = hmodule::tools::program_arguments(argc, argv);
  int status = hmodule::tools::kDone;
  hmodule::tools::add_exports(app, status);
  hmodule::tools::add_imports(app, status);
  hmodule::tools::add_check(app, status);
  hmodule::tools::add_ldd(app, status);
  hmodule::tools::add_api(app, status);
  hmodule::tools::add_call(app, status);
  hmodule::tools::add_run(app, status, {argv + ours, argv + argc});
  try {
    app.parse(ours, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? hmodule::tools::kDone : hmodule::tools::kUsage;
  }
  return status;
}
