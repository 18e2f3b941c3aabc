#include "support/pe_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace hmodule {
namespace {

using test::append;
using test::bytes_of;
using test::PeBuilder;
using testing::HasSubstr;
using testing::Not;

struct Output {
  int status;
  std::string text;  // stdout and stderr
};

class Command : public testing::Test {
 protected:
  Command() {
    char name[] = "/tmp/hmodule-tools-XXXXXX";
    directory_ = mkdtemp(name);
    setenv("HMODULE_SYSTEM32", directory_.c_str(), 1);  // whatever else is installed
  }
  ~Command() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name) const { return directory_ + "/" + name; }
  Output run(const std::string& arguments) const {
    const std::string line = std::string(HMODULE_COMMAND) + " " + arguments + " 2>&1";
    std::FILE* pipe = popen(line.c_str(), "re");
    Output output{};
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.text.append(buffer, n);
    output.status = WEXITSTATUS(pclose(pipe));
    return output;
  }
  void write(const std::string& name, const PeBuilder& dll) const { dll.write(file(name)); }

  std::string directory_;
};

PeBuilder exporting(std::vector<test::PeExport> exports) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_exports("inner.dll", std::move(exports));
  return dll;
}

TEST_F(Command, ExportsListsNamesOrdinalsAndForwarders) {
  write("x.dll", exporting({{"alpha", 0x1000}, {"", 0x1001}, {"moved", 0, "other.target"}}));
  const Output output = run("exports " + file("x.dll"));
  EXPECT_EQ(output.status, 0);
  EXPECT_THAT(output.text, HasSubstr("x86-64 DLL, 3 exports"));
  EXPECT_THAT(output.text, HasSubstr("00001000  alpha"));
  EXPECT_THAT(output.text, HasSubstr("moved -> other.target"));
}

TEST_F(Command, ExportsAndImportsReadArm) {
  PeBuilder dll = exporting({{"alpha", 0x1000}});
  dll.add_imports({{"some.dll", {"thing", 7}}});
  dll.file.Machine = pe::kMachineArm64;
  write("arm.dll", dll);
  EXPECT_THAT(run("exports " + file("arm.dll")).text, HasSubstr("ARM64 DLL, 1 exports"));
  const Output imports = run("imports " + file("arm.dll"));
  EXPECT_EQ(imports.status, 0);
  EXPECT_THAT(imports.text, HasSubstr("some.dll\n  thing\n  #7\n"));
}

TEST_F(Command, ImportsTellDelayedOnesApart) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"a.dll", {"now"}}});
  dll.add_delay_imports({{"b.dll", {"later"}}});
  write("x.dll", dll);
  EXPECT_THAT(run("imports " + file("x.dll")).text, HasSubstr("b.dll (delayed)\n  later"));
  const auto json = nlohmann::json::parse(run("imports --json " + file("x.dll")).text);
  EXPECT_EQ(json["imports"][0]["functions"][0]["name"], "now");
  EXPECT_EQ(json["imports"][1]["delayed"], true);
}

TEST_F(Command, CheckIsContentWhenAllIsServed) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"KERNEL32.dll", {"GetLastError", "SetLastError"}}, {"friend.dll", {"help", 1}}});
  write("x.dll", dll);
  write("Friend.DLL", exporting({{"help", 0x1000}}));
  const Output output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 0) << output.text;
  EXPECT_THAT(output.text, HasSubstr("KERNEL32.dll: native; 2 of 2 functions"));
  EXPECT_THAT(output.text, HasSubstr("friend.dll: file " + file("Friend.DLL")));
  EXPECT_THAT(output.text, HasSubstr("everything it imports is served"));
}

TEST_F(Command, CheckNamesMissingSystemFunctions) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"kernel32.dll", {"GetLastError", "NoSuchFunction"}}, {"d3d12.dll", {"D3D12CreateDevice"}}});
  write("x.dll", dll);
  const Output output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 1) << output.text;
  EXPECT_THAT(output.text, HasSubstr("missing NoSuchFunction"));
  EXPECT_THAT(output.text, HasSubstr("d3d12.dll: nobody"));
  EXPECT_THAT(output.text, Not(HasSubstr("GetLastError")));
  EXPECT_THAT(output.text, HasSubstr("x.dll loads, but 2 functions of its imports are missing, and would stop"));
  EXPECT_THAT(run("check --all " + file("x.dll")).text, HasSubstr("served GetLastError"));
}

TEST_F(Command, CheckTellsAPartialFunctionFromAMissingOne) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"kernel32.dll", {"GetLastError", "ReadProcessMemory"}}});
  write("x.dll", dll);
  const Output output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 1) << output.text;
  EXPECT_THAT(output.text, HasSubstr("x.dll loads, and everything it imports is served; 1 function in part"));
}

// Start-up stays at a millisecond: the PE builds beside the builtin DLLs are not even mapped.
TEST_F(Command, ADllThatNeedsNativeFunctionsOnlyBringsNoSystemDll) {
  const std::vector<test::PeImports> imports = {{"kernel32.dll", {"GetLastError", "CreateFileW"}},
                                                {"ntdll.dll", {"NtClose", "RtlGetVersion"}},
                                                {"kernelbase.dll", {"WaitOnAddress"}},
                                                {"advapi32.dll", {"RegOpenKeyExW", "SystemFunction036"}},
                                                {"user32.dll", {"MessageBoxW"}},
                                                {"ws2_32.dll", {"WSAStartup", 3}},
                                                {"bcrypt.dll", {"BCryptGenRandom"}},
                                                {"api-ms-win-core-synch-l1-2-0.dll", {"Sleep"}}};
  for (const test::PeImports& each : imports) write(std::string(each.dll), exporting({{"NobodyNeedsThis", 0x1000}}));
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports(imports);
  const std::uint32_t answer = dll.add_section("code", bytes_of({0xB8, 7, 0, 0, 0, 0xC3}),  // mov eax, 7; ret
                                               pe::kSectionRead | pe::kSectionExecute);
  dll.add_exports("x.dll", {{"answer", answer}});
  std::filesystem::create_directory(file("app"));
  write("app/x.dll", dll);
  setenv("HMODULE_DEBUG", "map", 1);
  const std::string text = run("call " + file("app/x.dll") + " 'int answer(void)'").text;
  unsetenv("HMODULE_DEBUG");
  EXPECT_THAT(text, testing::EndsWith("7\n"));
  EXPECT_THAT(text, testing::ContainsRegex("x.dll: [0-9]+ bytes"));
  EXPECT_EQ(text.find(" bytes at "), text.rfind(" bytes at ")) << text;
}

// A builtin DLL's PE build in System32 serves what the builtin lacks, under the same name.
TEST_F(Command, WhatABuiltinDllLacksComesFromItsPeBuild) {
  const auto answering = [](std::uint8_t number) {  // mov eax, number; ret
    return test::ByteVector{std::byte{0xB8}, std::byte{number}, {}, {}, {}, std::byte{0xC3}};
  };
  PeBuilder build = PeBuilder::minimal_dll();
  const std::uint32_t lacking = build.add_section("one", answering(41), pe::kSectionRead | pe::kSectionExecute);
  const std::uint32_t native = build.add_section("two", answering(42), pe::kSectionRead | pe::kSectionExecute);
  build.add_exports("psapi.dll", {{"EnumProcessModules", native}, {"LacksNoMore", lacking}});
  write("psapi.dll", build);
  PeBuilder user = PeBuilder::minimal_dll();
  const std::uint32_t slot = user.add_imports({{"psapi.dll", {"EnumProcessModules", "LacksNoMore"}}})[0][1];
  test::ByteVector jump{std::byte{0xFF}, std::byte{0x25}};  // jmp [rip + slot]
  append(jump, slot - (user.next_rva() + 6));
  const std::uint32_t through = user.add_section("jump", std::move(jump), pe::kSectionRead | pe::kSectionExecute);
  const std::uint32_t idle = user.add_section("idle", answering(7), pe::kSectionRead | pe::kSectionExecute);
  user.add_exports("user.dll", {{"again", 0, "psapi.LacksNoMore"}, {"idle", idle}, {"through", through}});
  write("user.dll", user);

  EXPECT_THAT(run("check " + file("user.dll")).text, HasSubstr("psapi.dll: native; 2 of 2 functions"));
  EXPECT_THAT(run("call psapi.dll 'int LacksNoMore(void)'").text, testing::StrEq("41\n"));
  EXPECT_THAT(run("call " + file("user.dll") + " 'int again(void)'").text, testing::StrEq("41\n"));
  EXPECT_THAT(run("call " + file("user.dll") + " 'int through(void)'").text, testing::StrEq("41\n"));
  EXPECT_THAT(run("call psapi.dll 'int EnumProcessModules(void*, void*, int, void*)' 0 0 0 0").text,
              Not(testing::StrEq("42\n")));
  EXPECT_THAT(run("call psapi.dll 'int LacksStill(void)'").text, HasSubstr("psapi.dll exports no LacksStill"));
  setenv("HMODULE_OVERRIDES", "psapi.dll=builtin", 1);
  EXPECT_THAT(run("call psapi.dll 'int LacksNoMore(void)'").text, HasSubstr("psapi.dll exports no LacksNoMore"));
  EXPECT_THAT(run("call " + file("user.dll") + " 'int through(void)'").text,
              HasSubstr("user.dll called psapi.dll!LacksNoMore, which hmodule does not provide"));
  unsetenv("HMODULE_OVERRIDES");
  // Nobody calls it: the build is not loaded.
  setenv("HMODULE_DEBUG", "map", 1);
  EXPECT_THAT(run("call " + file("user.dll") + " 'int idle(void)'").text,
              Not(testing::ContainsRegex("psapi.dll: [0-9]+ bytes")));
  EXPECT_THAT(run("call " + file("user.dll") + " 'int through(void)'").text,
              testing::ContainsRegex("psapi.dll: [0-9]+ bytes"));
  unsetenv("HMODULE_DEBUG");
}

TEST_F(Command, CheckSaysWhatKeepsAFileFromLoading) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"gone.dll", {"thing"}}});
  write("x.dll", dll);
  Output output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 2) << output.text;
  EXPECT_THAT(output.text, HasSubstr("gone.dll was not found"));
  EXPECT_THAT(output.text, HasSubstr("x.dll will not load"));

  write("gone.dll", exporting({{"other", 0x1000}}));  // there, but without the function (IMP-07)
  output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.text, HasSubstr("missing thing"));

  PeBuilder arm = exporting({{"thing", 0x1000}});
  arm.file.Machine = pe::kMachineArm64;
  write("gone.dll", arm);
  output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.text, HasSubstr("ARM64"));
}

TEST_F(Command, CheckFollowsForwardersAndDependencies) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"front.dll", {"ours", "theirs", "lost"}}});
  write("x.dll", dll);
  write("front.dll",
        exporting({{"ours", 0, "back.real"}, {"theirs", 0, "kernel32.GetLastError"}, {"lost", 0, "back.nothing"}}));
  write("back.dll", exporting({{"real", 0x1000}}));
  const Output output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.text, HasSubstr("2 of 3 functions"));
  EXPECT_THAT(output.text, HasSubstr("missing lost"));
}

TEST_F(Command, CheckEndsOnForwardersAndImportsInACircle) {
  PeBuilder a = PeBuilder::minimal_dll();
  a.add_exports("a.dll", {{"f", 0, "b.f"}});
  a.add_imports({{"b.dll", {"f"}}});
  write("a.dll", a);
  PeBuilder b = PeBuilder::minimal_dll();
  b.add_exports("b.dll", {{"f", 0, "a.f"}});
  b.add_imports({{"a.dll", {"f"}}});
  write("b.dll", b);
  EXPECT_EQ(run("check " + file("a.dll")).status, 2);  // FWD-05
  EXPECT_EQ(run("ldd " + file("a.dll")).status, 0);
}

TEST_F(Command, CheckTakesADelayedImportLightly) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_delay_imports({{"gone.dll", {"thing"}}});
  write("x.dll", dll);
  const Output output = run("check " + file("x.dll"));
  EXPECT_EQ(output.status, 1) << output.text;
  EXPECT_THAT(output.text, HasSubstr("gone.dll (delayed): missing"));
}

TEST_F(Command, CheckRefusesOtherMachinesInWords) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.file.Machine = pe::kMachineArm64;
  write("arm.dll", dll);
  const Output output = run("check " + file("arm.dll"));
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.text, HasSubstr("built for ARM64"));
}

TEST_F(Command, CheckWritesJson) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"kernel32.dll", {"GetLastError", "NoSuchFunction"}}});
  write("x.dll", dll);
  const auto json = nlohmann::json::parse(run("check --json " + file("x.dll")).text);
  EXPECT_EQ(json["status"], 1);
  EXPECT_EQ(json["loads"], true);
  EXPECT_EQ(json["dlls"][0]["imports"][0]["functions"][1]["answer"], "missing");
}

TEST_F(Command, LddPrintsATree) {
  PeBuilder dll = PeBuilder::minimal_dll();
  dll.add_imports({{"middle.dll", {1}}, {"gone.dll", {1}}});
  write("x.dll", dll);
  PeBuilder middle = exporting({{"", 0x1000}});
  middle.add_imports({{"kernel32.dll", {"GetLastError"}}});
  write("middle.dll", middle);
  const Output output = run("ldd " + file("x.dll"));
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.text, HasSubstr("\n  middle.dll => " + file("middle.dll") + "\n    kernel32.dll => native\n"));
  EXPECT_THAT(output.text, HasSubstr("\n  gone.dll => not found\n"));
}

TEST_F(Command, FilesThatAreNotPeAreNamedAndExplained) {
  for (const char* command : {"exports", "imports", "check", "ldd"}) {
    Output output = run(std::string(command) + " /dev/null");
    EXPECT_EQ(output.status, 3) << command;
    EXPECT_THAT(output.text, HasSubstr("/dev/null"));
    output = run(std::string(command) + " " HMODULE_COMMAND);
    EXPECT_EQ(output.status, 3) << command;
    EXPECT_THAT(output.text, HasSubstr("not 'MZ'"));
    EXPECT_EQ(run(std::string(command) + " " + file("absent.dll")).status, 3);
    EXPECT_EQ(run(command).status, 64);
  }
}

TEST_F(Command, HelpAndVersionSucceed) {
  EXPECT_EQ(run("--help").status, 0);
  EXPECT_EQ(run("check --help").status, 0);
  EXPECT_THAT(run("--version").text, testing::StartsWith("hmodule "));
  EXPECT_EQ(run("").status, 64);
  EXPECT_EQ(run("nonsense").status, 64);
}

// What follows the program is its own, whatever it looks like: "-hide_banner" is no "-h".
TEST_F(Command, RunLeavesTheProgramsArgumentsAlone) {
  for (const char* arguments : {"run none.exe -hide_banner", "run none.exe --version", "run -- none.exe -- --help"}) {
    const Output output = run(arguments);
    EXPECT_THAT(output.text, HasSubstr("none.exe")) << arguments;
    EXPECT_THAT(output.text, Not(HasSubstr("Usage"))) << arguments;
    EXPECT_EQ(output.status, 126) << arguments;
  }
  EXPECT_EQ(run("run --help").status, 0);
  EXPECT_EQ(run("run").status, 64);
}

// Every command is a process of its own.
TEST_F(Command, ProcessesShareARegistryInAFile) {
  const std::string set =
      "call advapi32.dll 'int RegSetKeyValueA(unsigned long long, const char*, const char*, unsigned, const char*, "
      "unsigned)' 0x80000001 'Software\\hm' name 1 value 6";
  const std::string remove =
      "call advapi32.dll 'int RegDeleteKeyValueA(unsigned long long, const char*, const char*)' 0x80000001 "
      "'Software\\hm' name";
  EXPECT_THAT(run(set).text, testing::StrEq("0\n"));
  EXPECT_THAT(run(remove).text, testing::StrEq("2\n"));  // in memory: forgotten
  setenv("HMODULE_REGISTRY", file("registry").c_str(), 1);
  EXPECT_THAT(run(set).text, testing::StrEq("0\n"));
  EXPECT_THAT(run(remove).text, testing::StrEq("0\n"));
  EXPECT_THAT(run(remove).text, testing::StrEq("2\n"));
  setenv("HMODULE_REGISTRY", file("no/such/place").c_str(), 1);
  EXPECT_THAT(run(set).text, testing::StrEq("1016\n"));  // never another registry in silence
  unsetenv("HMODULE_REGISTRY");
}

}  // namespace
}  // namespace hmodule
