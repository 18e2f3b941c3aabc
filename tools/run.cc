// hmodule run APP.EXE ARGS...: a Windows console program in this process (DESIGN D11).
#include <fmt/format.h>
#include <hmodule/hmodule.h>

#include <memory>
#include <string_view>
#include <vector>

#include "tools/commands.h"

namespace hmodule::tools {
namespace {

struct Options {
  std::string program;
};

constexpr int kCannotRun = 126;  // as a shell says it

}  // namespace

int program_arguments(int argc, char** argv) {
  using std::operator""sv;
  if (argc < 2 || argv[1] != "run"sv) return argc;
  const int program = argc > 2 && argv[2] == "--"sv ? 3 : 2;
  if (program >= argc || (program == 2 && argv[program][0] == '-')) return argc;
  return program + 1;
}

void add_run(CLI::App& app, int& status, std::span<char*> arguments) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "run", "Runs a Windows console program; its arguments, streams and exit status pass through unchanged");
  command
      ->add_option("PROGRAM", options->program,
                   "The .exe file, C:\\Windows\\System32\\cmd.exe too; what follows it is the program's own")
      ->required();
  command->callback([arguments, options, &status] {
    std::vector<char*> argv = {options->program.data()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const int count = static_cast<int>(argv.size());
    argv.push_back(nullptr);
    hmodule_run(options->program.c_str(), count, argv.data());
    fmt::print(stderr, "hmodule: {} (error {})\n", hmodule_error(), hmodule_error_code());
    status = kCannotRun;
  });
}

}  // namespace hmodule::tools
