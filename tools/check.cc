// hmodule check FILE: will it load, and who serves each function it imports. Nothing of the file is run.
#include "tools/commands.h"
#include "tools/graph.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <set>

namespace hmodule::tools {

namespace {

using Json = nlohmann::ordered_json;

std::string name_of(const pe::Import& import) {
  return import.by_ordinal ? fmt::format("#{}", import.ordinal) : std::string(import.name);
}

std::string_view word_for(Answer answer) {
  switch (answer) {
    case Answer::full:
      return "served";
    case Answer::partial:
      return "partial";
    case Answer::missing:
      return "missing";
  }
  return "";
}

struct Counts {
  std::size_t full = 0, partial = 0, missing = 0;
};

Counts count(Graph& graph, const Need& need) {
  Counts counts;
  for (const pe::Import& import : need.functions) {
    const Answer answer = graph.function(*need.dll, import).answer;
    ++(answer == Answer::full ? counts.full : answer == Answer::partial ? counts.partial : counts.missing);
  }
  return counts;
}

// The system DLLs in PE form are part of this library: what they lack of each other is its own affair.
bool is_ours(const Dll& dll) {
  return dll.server == Server::native || dll.server == Server::pe;
}

// How much one import table entry costs the load. Only a DLL that is not Windows' own must have what is asked of it,
// and a delayed import is nobody's concern until it is used.
int severity(const Need& need, const Counts& counts) {
  const bool system =
      need.dll->server == Server::native || need.dll->server == Server::pe || need.dll->server == Server::nobody;
  if (counts.missing != 0 && !system) return need.delayed ? kIncomplete : kWillNotLoad;
  return counts.missing != 0 || counts.partial != 0 ? kIncomplete : kFine;
}

class Checker {
 public:
  explicit Checker(Graph& graph) : graph_(graph) { visit(graph.root(), false); }
  int verdict() const { return verdict_; }
  // Of all functions that the DLLs of others import.
  const Counts& counts() const { return counts_; }
  // The DLLs a load would bring in, the file itself first.
  const std::vector<const Dll*>& dlls() const { return dlls_; }

 private:
  void visit(const Dll& dll, bool delayed) {
    if (!seen_.insert(&dll).second) return;
    dlls_.push_back(&dll);
    if (is_ours(dll)) return;
    if (dll.server == Server::unusable || dll.server == Server::missing) raise(delayed ? kIncomplete : kWillNotLoad);
    for (const Need& need : dll.needs)
      if (!need.delayed) follow(need, delayed);
    for (const Need& need : dll.needs)
      if (need.delayed) follow(need, true);
  }
  void follow(const Need& need, bool delayed) {
    const Counts counts = count(graph_, need);
    counts_.partial += counts.partial;
    counts_.missing += counts.missing;
    const int cost = severity(need, counts);
    raise(delayed ? std::min(cost, kIncomplete) : cost);
    visit(*need.dll, delayed);
  }
  void raise(int level) { verdict_ = std::max(verdict_, level); }

  Graph& graph_;
  std::set<const Dll*> seen_;
  std::vector<const Dll*> dlls_;
  Counts counts_;
  int verdict_ = kFine;
};

std::string functions(std::size_t count) {
  return fmt::format("{} function{}", count, count == 1 ? "" : "s");
}

std::string sentence_for(const Checker& checker) {
  if (checker.verdict() == kWillNotLoad) return "will not load";
  const auto [full, partial, missing] = checker.counts();
  const std::string in_part = partial == 0 ? "" : fmt::format("; {} in part", functions(partial));
  if (missing == 0) return "loads, and everything it imports is served" + in_part;
  return fmt::format("loads, but {} of its imports {} missing, and would stop the program when called{}",
                     functions(missing), missing == 1 ? "is" : "are", in_part);
}

void print_need(Graph& graph, const Need& need, bool all) {
  const Dll& dll = *need.dll;
  const Counts counts = count(graph, need);
  const std::string delayed = need.delayed ? " (delayed)" : "";
  const std::string by =
      dll.path.empty() ? std::string(word_for(dll.server)) : fmt::format("{} {}", word_for(dll.server), dll.path);
  std::string served = fmt::format("{} of {} functions", counts.full + counts.partial, need.functions.size());
  if (counts.partial != 0) served += fmt::format(", {} in part", counts.partial);
  fmt::print("  {}{}: {}; {}\n", need.name, delayed, by, served);
  const bool none = counts.missing == need.functions.size() && !dll.problem.empty();
  if (!dll.problem.empty()) fmt::print("    {}\n", dll.problem);
  for (const pe::Import& import : need.functions) {
    const Function function = graph.function(dll, import);
    if (!all && (function.answer == Answer::full || none)) continue;
    fmt::print("    {} {}{}{}\n", word_for(function.answer), name_of(import), function.note.empty() ? "" : ": ",
               function.note);
  }
}

void print_text(Graph& graph, const Checker& checker, bool all) {
  for (const Dll* dll : checker.dlls()) {
    if (is_ours(*dll) || (dll != &graph.root() && dll->needs.empty())) continue;  // told where it is needed
    if (dll == &graph.root()) {
      fmt::print("{}: {}\n", dll->path, describe(dll->image->image()));
      if (!dll->problem.empty()) fmt::print("  {}\n", dll->problem);
    } else {
      fmt::print("{}:\n", dll->path);
    }
    for (const Need& need : dll->needs) print_need(graph, need, all);
  }
  fmt::print("{} {}\n", graph.root().name, sentence_for(checker));
}

Json json_of(Graph& graph, const Dll& dll) {
  Json needs = Json::array();
  for (const Need& need : dll.needs) {
    Json functions = Json::array();
    for (const pe::Import& import : need.functions) {
      const Function function = graph.function(*need.dll, import);
      Json row{{"name", name_of(import)}, {"answer", word_for(function.answer)}};
      if (!function.note.empty()) row["note"] = function.note;
      functions.push_back(std::move(row));
    }
    needs.push_back({{"dll", need.name},
                     {"served_by", need.dll->name},
                     {"delayed", need.delayed},
                     {"functions", std::move(functions)}});
  }
  Json row{{"name", dll.name}, {"server", word_for(dll.server)}};
  if (!dll.path.empty()) row["path"] = dll.path;
  if (!dll.problem.empty()) row["problem"] = dll.problem;
  row["imports"] = std::move(needs);
  return row;
}

void print_json(Graph& graph, const Checker& checker) {
  Json dlls = Json::array();
  for (const Dll* dll : checker.dlls()) dlls.push_back(json_of(graph, *dll));
  const Json all{{"file", graph.root().path},
                 {"machine", graph.root().image->image().machine_name()},
                 {"status", checker.verdict()},
                 {"loads", checker.verdict() < kWillNotLoad},
                 {"dlls", std::move(dlls)}};
  fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

struct Options {
  std::string path;
  bool json = false, all = false;
};

int check(const Options& options) {
  auto graph = Graph::of(options.path);
  if (!graph) return unusable(graph.error());
  const Checker checker(*graph);
  options.json ? print_json(*graph, checker) : print_text(*graph, checker, options.all);
  return checker.verdict();
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  CLI::App& command = *app.add_subcommand("check", "Tells whether a DLL will load and who serves what it imports");
  command.footer(
      "Each DLL it needs is native (part of this library), PE (a system DLL in PE form), a file, or served by nobody.\n"
      "Functions that a DLL looks up by name while it runs cannot be seen.\n"
      "Exit status: 0 everything is served; 1 it loads, but functions are missing or partial; 2 it will not load;\n"
      "3 the file cannot be read as a PE file.");
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->path, "A DLL or program")->required();
  command.add_flag("--json", options->json, "Print JSON, every function included");
  command.add_flag("--all", options->all, "Name the functions that are served, too");
  command.callback([options, &status] { status = check(*options); });
}

}  // namespace hmodule::tools
