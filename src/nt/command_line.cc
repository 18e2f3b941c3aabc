// Backslashes are ordinary characters unless a quotation mark follows them: then 2n of them are n backslashes and the
// mark is syntax, 2n+1 are n backslashes and a literal mark. Inside quotes two marks in a row are one literal mark,
// and the quoted part ends with them. The first argument knows no escapes at all.
#include "nt/command_line.h"

namespace hmodule::nt {
namespace {

bool is_space(char16_t c) {
  return c == u' ' || c == u'\t';
}

void append_quoted(std::u16string& line, std::u16string_view argument) {
  line += u'"';
  std::size_t backslashes = 0;
  for (const char16_t c : argument) {
    if (c == u'"') line.append(backslashes + 1, u'\\');
    backslashes = c == u'\\' ? backslashes + 1 : 0;
    line += c;
  }
  line.append(backslashes, u'\\');
  line += u'"';
}

std::size_t skip_spaces(std::u16string_view line, std::size_t at) {
  while (at < line.size() && is_space(line[at])) ++at;
  return at;
}

// Takes the program's name off the line.
std::u16string take_program(std::u16string_view line, std::size_t& at) {
  const bool quoted = line[0] == u'"';
  at = quoted ? 1 : 0;
  std::u16string name;
  // Any control character ends an unquoted name, as on Windows.
  while (at < line.size() && (quoted ? line[at] != u'"' : line[at] > u' ')) name += line[at++];
  if (at < line.size()) ++at;
  return name;
}

std::u16string take_argument(std::u16string_view line, std::size_t& at) {
  std::u16string argument;
  bool quoted = false;
  while (at < line.size() && (quoted || !is_space(line[at]))) {
    std::size_t backslashes = 0;
    while (at < line.size() && line[at] == u'\\') ++backslashes, ++at;
    if (at == line.size() || line[at] != u'"') {
      argument.append(backslashes, u'\\');
      if (at < line.size() && (quoted || !is_space(line[at]))) argument += line[at++];
      continue;
    }
    argument.append(backslashes / 2, u'\\');
    ++at;
    if (backslashes % 2 != 0) {
      argument += u'"';
    } else if (quoted && at < line.size() && line[at] == u'"') {
      argument += u'"';
      quoted = false;
      ++at;
    } else {
      quoted = !quoted;
    }
  }
  return argument;
}

}  // namespace

std::u16string join_command_line(std::span<const std::u16string> arguments) {
  std::u16string line;
  for (const std::u16string& argument : arguments) {
    const bool first = &argument == &arguments.front();
    if (!first) line += u' ';
    const bool plain = !argument.empty() && argument.find_first_of(u" \t\n\v\"") == std::u16string::npos;
    if (plain)
      line += argument;
    else if (first)
      line += u'"' + argument + u'"';
    else
      append_quoted(line, argument);
  }
  return line;
}

std::vector<std::u16string> split_command_line(std::u16string_view line) {
  std::vector<std::u16string> arguments;
  if (line.empty()) return arguments;
  std::size_t at = 0;
  arguments.push_back(take_program(line, at));
  for (at = skip_spaces(line, at); at < line.size(); at = skip_spaces(line, at))
    arguments.push_back(take_argument(line, at));
  return arguments;
}

}  // namespace hmodule::nt
