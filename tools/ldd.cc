// hmodule ldd FILE: the tree of DLLs a load would bring in.
#include "tools/commands.h"
#include "tools/graph.h"

#include <fmt/core.h>

#include <set>

namespace hmodule::tools {

namespace {

// "kernel32.dll => native", "zlib1.dll => /opt/x/zlib1.dll", "x.dll => not found".
std::string where(const Dll& dll) {
  if (!dll.path.empty()) return dll.path;
  if (dll.server == Server::nobody) return "not found (a system DLL: the load goes on without it)";
  if (dll.server == Server::missing) return "not found";
  return std::string(word_for(dll.server));
}

class Tree {
 public:
  explicit Tree(const Dll& root) { print(root, 1); }
  int verdict() const { return verdict_; }

 private:
  void print(const Dll& dll, int depth) {
    for (const Need& need : dll.needs) {
      const bool again = !shown_.insert(need.dll).second;
      const bool more = again && !need.dll->needs.empty();
      fmt::print("{:{}}{}{} => {}{}\n", "", depth * 2, need.name, need.delayed ? " (delayed)" : "", where(*need.dll),
                 more ? " (shown above)" : "");
      if (need.dll->server == Server::unusable) fmt::print("{:{}}{}\n", "", depth * 2 + 2, need.dll->problem);
      judge(need);
      if (!again) print(*need.dll, depth + 1);
    }
  }
  void judge(const Need& need) {
    const Server server = need.dll->server;
    if (server == Server::nobody || (need.delayed && (server == Server::missing || server == Server::unusable)))
      verdict_ = std::max(verdict_, kIncomplete);
    else if (server == Server::missing || server == Server::unusable)
      verdict_ = kWillNotLoad;
  }
  std::set<const Dll*> shown_;
  int verdict_ = kFine;
};

struct Options {
  std::string path;
};

int show(const Options& options) {
  const auto graph = Graph::of(options.path);
  if (!graph) return unusable(graph.error());
  const Dll& root = graph->root();
  fmt::print("{}: {}\n", root.path, describe(root.image->image()));
  if (!root.problem.empty()) fmt::print("  {}\n", root.problem);
  const Tree tree(root);
  return root.server == Server::unusable ? kWillNotLoad : tree.verdict();
}

}  // namespace

void add_ldd(CLI::App& app, int& status) {
  CLI::App& command = *app.add_subcommand("ldd", "Prints the tree of DLLs that a DLL needs, and where each comes from");
  command.footer(
      "Exit status: 0 all are there; 1 a system DLL or a delayed import is not; 2 one is missing, so that it will not\n"
      "load; 3 the file cannot be read as a PE file.");
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->path, "A DLL or program")->required();
  command.callback([options, &status] { status = show(*options); });
}

}  // namespace hmodule::tools
