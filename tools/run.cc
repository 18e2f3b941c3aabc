// hmodule run APP.EXE ARGS...: a Windows console program in this process (DESIGN D11).
#include <fmt/format.h>
#include <hmodule/hmodule.h>

#include <memory>

#include "tools/commands.h"

namespace hmodule::tools {
namespace {

struct Options {
  std::string program;
};

constexpr int kCannotRun = 126;  // as a shell says it

}  // namespace

void add_run(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "run", "Runs a Windows console program; its arguments, streams and exit status pass through unchanged");
  command->add_option("PROGRAM", options->program, "The .exe file; C:\\Windows\\System32\\cmd.exe, too")->required();
  command->prefix_command();  // what follows is the program's own
  command->callback([command, options, &status] {
    std::vector<std::string> arguments = command->remaining();
    std::vector<char*> argv = {options->program.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    const int count = static_cast<int>(argv.size());
    argv.push_back(nullptr);
    hmodule_run(options->program.c_str(), count, argv.data());
    fmt::print(stderr, "hmodule: {} (error {})\n", hmodule_error(), hmodule_error_code());
    status = kCannotRun;
  });
}

}  // namespace hmodule::tools
