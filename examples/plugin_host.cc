// A host for plug-ins: loads every DLL of a directory that exports `int add(int, int)`, calls it, and hands each
// plug-in a closure to call back. A DLL that cannot be loaded is reported with the reason, and does not stop the
// others.
#include <cstdio>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]), 2;
  std::vector<hmodule::library> plugins;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.path().extension() != ".dll") continue;
    std::error_code failure;
    hmodule::library plugin(entry.path(), failure);
    if (failure)
      std::printf("%s: %s\n", entry.path().filename().c_str(), hmodule_error());
    else if (plugin.has("add"))
      plugins.push_back(std::move(plugin));
  }

  int calls = 0;
  const hmodule::callback<int(int, void*)> doubled([&](int value, void*) {
    calls += 1;
    return value * 2;
  });
  for (const hmodule::library& plugin : plugins) {
    std::printf("a plug-in says 40 + 2 = %d", plugin.get<int(int, int)>("add")(40, 2));
    using Callback = hmodule::function_pointer<int(int, void*)>;
    std::error_code none;
    if (const auto call_back = plugin.get<int(Callback, int, void*)>("call_back", none))
      std::printf(", and twice 21 is %d", call_back(doubled, 21, nullptr));
    std::printf("\n");
  }
  std::printf("%zu plug-ins, %d calls back\n", plugins.size(), calls);
  return plugins.empty() ? 1 : 0;
}
