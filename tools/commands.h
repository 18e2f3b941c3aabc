// The subcommands of `hmodule`. Each adds itself to the command line, and its callback leaves the exit status.
#pragma once

#include <CLI/CLI.hpp>

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
void add_run(CLI::App& app, int& status);

}  // namespace hmodule::tools
