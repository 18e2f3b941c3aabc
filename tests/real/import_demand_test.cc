// How much of what real DLLs import from system DLLs is served here (import-demand.tsv), natively or by PE builds.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <hmodule/hmodule.hpp>
#include <map>
#include <sstream>
#include <string>
#include <system_error>

namespace {

class SystemDlls {
 public:
  bool serve(const std::string& dll, const std::string& function) {
    auto& library = loaded_.try_emplace(dll).first->second;
    if (!library && !tried_.contains(dll)) {
      std::error_code failure;
      library = hmodule::library(dll, failure);
      tried_[dll] = true;
    }
    if (!library) return false;
    return function[0] == '#' ? library.has(static_cast<unsigned>(std::stoul(function.substr(1))))
                              : library.has(function.c_str());
  }

 private:
  std::map<std::string, hmodule::library> loaded_;
  std::map<std::string, bool> tried_;
};

TEST(ImportDemand, NearlyEveryNameIsServed) {
  std::ifstream list(IMPORT_DEMAND);
  ASSERT_TRUE(list);
  SystemDlls system;
  std::map<std::string, std::string> missing;  // by DLL
  int names = 0, served = 0;
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string dll, function, importers;
    fields >> dll >> function >> importers;
    if (dll == "node.exe") continue;  // the program's, not the system's
    names += 1;
    if (system.serve(dll, function))
      served += 1;
    else
      missing[dll] += " " + function + " (" + importers + ")";
  }
  RecordProperty("served", served);
  std::string text;
  for (const auto& [dll, functions] : missing) text += dll + ":" + functions + "\n";
  EXPECT_GE(served, names * 98 / 100) << served << " of " << names << " are served; not these:\n" << text;
  if (std::getenv("HMODULE_SHOW_MISSING") != nullptr) std::printf("%d of %d\n%s", served, names, text.c_str());
}

}  // namespace
