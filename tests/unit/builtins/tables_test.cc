// The builtin DLLs' tables, as the README promises them: each function stands once, and what is partial says so.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "api/builtins.h"

namespace hmodule {
namespace {

template <typename Check>
void for_each_row(Check check) {
  for (const BuiltinDll* dll : api::builtin_dlls())
    for (const ExportTable* table : dll->tables)
      for (const Export& row : *table) check(*dll, row);
}

TEST(BuiltinTables, DllNamesAreLowerCaseAndUnique) {
  std::set<std::string_view> names;
  for (const BuiltinDll* dll : api::builtin_dlls()) {
    EXPECT_TRUE(names.insert(dll->name).second) << dll->name;
    EXPECT_TRUE(dll->name.ends_with(".dll")) << dll->name;
    EXPECT_TRUE(std::ranges::none_of(dll->name, [](char c) { return c >= 'A' && c <= 'Z'; })) << dll->name;
  }
}

TEST(BuiltinTables, EachTableIsListedOnce) {
  for (const BuiltinDll* dll : api::builtin_dlls()) {
    std::set<const ExportTable*> tables;
    for (const ExportTable* table : dll->tables) EXPECT_TRUE(tables.insert(table).second) << dll->name;
  }
}

TEST(BuiltinTables, NoNameAndNoOrdinalStandsTwice) {
  std::set<std::pair<std::string, std::string_view>> names;
  std::set<std::pair<std::string, unsigned>> ordinals;
  for_each_row([&](const BuiltinDll& dll, const Export& row) {
    if (!row.name.empty()) {
      EXPECT_TRUE(names.emplace(dll.name, row.name).second) << dll.name << ": " << row.name << " stands twice";
    }
    if (row.ordinal != 0) {
      EXPECT_TRUE(ordinals.emplace(dll.name, row.ordinal).second) << dll.name << ": ordinal " << row.ordinal;
    }
  });
  EXPECT_GT(names.size(), 1000U);
}

TEST(BuiltinTables, RowsHaveANameOrAnOrdinalAndAnAddress) {
  for_each_row([](const BuiltinDll& dll, const Export& row) {
    EXPECT_TRUE(!row.name.empty() || row.ordinal != 0) << dll.name << " has a row without name and ordinal";
    EXPECT_NE(row.address, nullptr) << dll.name << ": " << row.name;
  });
}

TEST(BuiltinTables, PartialFunctionsSayWhatIsMissingAndFullOnesDoNot) {
  for_each_row([](const BuiltinDll& dll, const Export& row) {
    EXPECT_EQ(row.support == Support::partial, !row.note.empty()) << dll.name << ": " << row.name;
  });
}

// The border: whatever a PE system DLL imports from ntdll is there.
TEST(BuiltinTables, NtdllHasAllThatSystemDllsImportFromIt) {
  std::set<std::string_view> has;
  for_each_row([&](const BuiltinDll& dll, const Export& row) {
    if (std::string_view(dll.name) == "ntdll.dll") has.insert(row.name);
  });
  std::ifstream list(NTDLL_BORDER);
  ASSERT_TRUE(list);
  int names = 0;
  for (std::string line; std::getline(list, line);) {
    if (line.starts_with('#')) continue;
    std::string name, importers;
    std::istringstream(line) >> name >> importers;
    EXPECT_TRUE(has.contains(name)) << name << ", which " << importers << " of the DLLs import";
    names += 1;
  }
  EXPECT_GT(names, 400);
}

}  // namespace
}  // namespace hmodule
