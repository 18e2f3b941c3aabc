// Programs of others under `hmodule run`.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

struct Outcome {
  std::string output;  // with the standard error
  int status;
};

// `hmodule run` of a command line; `before` comes before that in the shell.
inline Outcome run_any(const std::string& arguments, const std::string& before = "") {
  const std::string line = before + HMODULE_COMMAND " run " + arguments + " 2>&1";
  std::FILE* const pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return {"no shell", -1};
  Outcome outcome = {};
  std::array<char, 4096> part;
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe))
    outcome.output.append(part.data(), size);
  const int status = ::pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::erase(outcome.output, '\r');
  return outcome;
}

// The same of a program that scripts/fetch-dlls brings.
inline Outcome run(const std::string& arguments, const std::string& before = "") {
  return run_any(REAL_DLLS "/" + arguments, before);
}
