// The subcommands of `hmodule`. Each adds itself to the command line, and its callback leaves the exit status.
#pragma once

#include <CLI/CLI.hpp>

#include <span>

namespace hmodule::tools {

// Exit statuses that all subcommands share; `check` and `run` have their own.
inline constexpr int kDone = 0, kFailed = 1, kUsage = 64;
// Those of the subcommands that only look at files.
inline constexpr int kFine = 0, kIncomplete = 1, kWillNotLoad = 2, kUnusable = 3;

void add_exports(CLI::App& app, int& status);
void add_imports(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_ldd(CLI::App& app, int& status);
void add_api(CLI::App& app, int& status);
void add_call(CLI::App& app, int& status);
// `run` hands `arguments` on: what stands behind the program on the command line belongs to it, also "-h" and "--".
void add_run(CLI::App& app, int& status, std::span<char*> arguments);
// Where they begin in argv; argc for all other commands, and when there is no program.
int program_arguments(int argc, char** argv);

}  // namespace hmodule::tools
