// Command lines: one string that each program splits for itself, nearly always by the rules of CommandLineToArgvW.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hmodule::nt {

// The command line that split_command_line() turns into `arguments` again, as far as the first one allows it: a
// program name has no way to say a quotation mark.
std::u16string join_command_line(std::span<const std::u16string> arguments);

// CommandLineToArgvW. An empty line has no arguments here.
std::vector<std::u16string> split_command_line(std::u16string_view line);

}  // namespace hmodule::nt
