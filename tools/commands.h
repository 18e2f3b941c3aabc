// The subcommands of `hmodule`. Each adds itself to the command line, and its callback leaves the exit status.
#pragma once

#include <CLI/CLI.hpp>

namespace hmodule::tools {

// Exit statuses that all subcommands share; `check` and `run` have their own.
inline constexpr int kDone = 0, kFailed = 1, kUsage = 64;

void add_call(CLI::App& app, int& status);
void add_run(CLI::App& app, int& status);

}  // namespace hmodule::tools
