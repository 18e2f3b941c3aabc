// The C++ and C APIs, on DLLs made on the spot.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <hmodule/hmodule.hpp>
#include <random>
#include <thread>

#include "support/mapped_ranges.h"
#include "unit/api/dlls.h"

namespace hmodule::test {
namespace {

using ::testing::HasSubstr;

constexpr unsigned kDontResolve = 0x1;  // DONT_RESOLVE_DLL_REFERENCES

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

std::vector<std::string> module_names() {
  std::vector<std::string> names;
  hmodule_iterate(
      [](const hmodule_module* module, void* context) {
        static_cast<std::vector<std::string>*>(context)->push_back(module->name);
        return 0;
      },
      &names);
  return names;
}

// What a failed load must leave as it was (LL-04).
struct Traces {
  std::vector<std::string> modules = module_names();
  std::size_t descriptors = open_descriptors();
  bool operator==(const Traces&) const = default;
};

unsigned code_of_failed_open(const std::string& path, unsigned flags = 0) {
  HMODULE module = hmodule_open(path.c_str(), flags);
  EXPECT_EQ(module, nullptr) << path;
  const unsigned code = hmodule_error_code();
  EXPECT_THAT(hmodule_error(), ::testing::NotNull());
  return code;
}

TEST(Library, LoadsCallsAndFrees) {  // LL-01, FREE-03
  const TemporaryDirectory directory;
  answering_dll("first.dll", 42).write(directory / "first.dll");
  const auto before = module_names();
  {
    const library dll(directory / "first.dll");
    EXPECT_EQ(dll.get<int()>("answer")(), 42);
    EXPECT_EQ(dll.get<int()>(7U), dll.get<int()>("answer"));
    EXPECT_EQ(dll.get_variable<int>("variable"), 42);
    dll.get_variable<int>("variable") = 43;
    EXPECT_TRUE(dll.has("answer"));
    EXPECT_FALSE(dll.has("Answer"));  // GPA-03: compared as bytes
    EXPECT_FALSE(dll.has(99U));
    EXPECT_EQ(module_names().size(), before.size() + 1);
  }
  EXPECT_EQ(module_names(), before);
  const library again(directory / "first.dll");  // LL-10: new data
  EXPECT_EQ(again.get_variable<int>("variable"), 42);
}

TEST(Library, ListsItsExports) {
  const TemporaryDirectory directory;
  answering_dll("list.dll", 1).write(directory / "list.dll");
  const library dll(directory / "list.dll");
  const auto exports = dll.exports();
  ASSERT_EQ(exports.size(), 3U);
  EXPECT_EQ(exports[0].name, "answer");
  EXPECT_EQ(exports[0].ordinal, 7U);
  EXPECT_EQ(exports[0].address, reinterpret_cast<void*>(dll.get<int()>("answer")));
}

TEST(Library, ErrorsCarryCodeAndExplanation) {
  std::error_code failure;
  const library none("/nowhere/absent.dll", failure);
  EXPECT_FALSE(none);
  EXPECT_EQ(failure.value(), ERROR_MOD_NOT_FOUND);
  EXPECT_EQ(failure, std::errc::no_such_file_or_directory);
  try {
    const library thrown("/nowhere/absent.dll");
    FAIL() << "it loaded";
  } catch (const error& e) {
    EXPECT_EQ(e.code().value(), ERROR_MOD_NOT_FOUND);
    EXPECT_THAT(e.what(), HasSubstr("absent.dll"));
  }
  EXPECT_EQ(hmodule_error(), nullptr) << "an error is told once";
}

TEST(Library, MissingFunctionsAreErrors) {
  const TemporaryDirectory directory;
  answering_dll("few.dll", 1).write(directory / "few.dll");
  const library dll(directory / "few.dll");
  std::error_code failure;
  EXPECT_EQ(dll.get<int()>("more", failure), nullptr);
  EXPECT_EQ(failure.value(), ERROR_PROC_NOT_FOUND);
  EXPECT_THROW(dll.get<int()>("more"), error);
}

TEST(Library, NullArgumentsAreErrors) {
  EXPECT_EQ(hmodule_open(nullptr, 0), nullptr);
  EXPECT_EQ(hmodule_error_code(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ(hmodule_open_memory(nullptr, 10, nullptr, 0), nullptr);
  EXPECT_EQ(hmodule_open_fd(-1, nullptr, 0), nullptr);
  EXPECT_EQ(hmodule_sym(nullptr, nullptr), nullptr);
  EXPECT_EQ(hmodule_close(nullptr), -1);
  EXPECT_EQ(hmodule_error_code(), ERROR_INVALID_HANDLE);  // FREE-02
  EXPECT_EQ(hmodule_close(reinterpret_cast<HMODULE>(0x10000)), -1);
  EXPECT_EQ(hmodule_error_code(), ERROR_MOD_NOT_FOUND);
  EXPECT_EQ(hmodule_register(nullptr, nullptr, 0), nullptr);
  EXPECT_EQ(hmodule_override("x.dll", "nobody"), -1);
  EXPECT_EQ(hmodule_callback_new("i:z", nullptr, nullptr), nullptr);
  EXPECT_EQ(hmodule_addr(nullptr, nullptr), -1);
}

TEST(Library, AFailedLoadLeavesNothingBehind) {  // LL-04, LL-05
  const TemporaryDirectory directory;
  answering_dll("leaf.dll", 1).write(directory / "leaf.dll");
  answering_dll("refuses.dll", 1, false).write(directory / "refuses.dll");
  importing_dll("a.dll", {{"leaf.dll", {"answer"}}, {"absent.dll", {"x"}}}).write(directory / "a.dll");
  importing_dll("b.dll", {{"leaf.dll", {"answer", "no_such_function"}}}).write(directory / "b.dll");
  importing_dll("c.dll", {{"leaf.dll", {"answer", 4711}}}).write(directory / "c.dll");
  importing_dll("d.dll", {{"leaf.dll", {"answer"}}, {"refuses.dll", {"answer"}}}).write(directory / "d.dll");
  importing_dll("e.dll", {{"d.dll", {"answer"}}}).write(directory / "e.dll");
  code_of_failed_open(directory / "a.dll");  // whatever the first failure, and the first look, set up for good
  mapped_ranges();
  const auto ranges = mapped_ranges();
  const Traces before;
  EXPECT_EQ(code_of_failed_open(directory / "a.dll"), ERROR_MOD_NOT_FOUND);
  EXPECT_EQ(code_of_failed_open(directory / "b.dll"), ERROR_PROC_NOT_FOUND);
  EXPECT_EQ(code_of_failed_open(directory / "c.dll"), ERROR_INVALID_ORDINAL);
  EXPECT_EQ(code_of_failed_open(directory / "e.dll"), ERROR_DLL_INIT_FAILED);
  EXPECT_EQ(Traces(), before);
  EXPECT_EQ(mapped_ranges(), ranges);
}

TEST(Library, TheExplanationNamesTheChain) {  // DESIGN D6
  const TemporaryDirectory directory;
  importing_dll("top.dll", {{"middle.dll", {"answer"}}}).write(directory / "top.dll");
  importing_dll("middle.dll", {{"bottom.dll", {"answer"}}}).write(directory / "middle.dll");
  EXPECT_EQ(hmodule_open((directory / "top.dll").c_str(), 0), nullptr);
  const std::string why = hmodule_error();
  EXPECT_THAT(why, HasSubstr("middle.dll needs bottom.dll"));
  EXPECT_THAT(why, HasSubstr("top.dll needs middle.dll"));
  importing_dll("left.dll", {{"right.dll", {"answer"}}}).write(directory / "left.dll");
  importing_dll("right.dll", {{"left.dll", {"answer"}}, {"bottom.dll", {"answer"}}}).write(directory / "right.dll");
  EXPECT_EQ(hmodule_open((directory / "left.dll").c_str(), 0), nullptr);
  EXPECT_THAT(hmodule_error(), HasSubstr("left.dll needs right.dll: right.dll needs bottom.dll"));
}

TEST(Library, FilesThatAreNoDllsAreRefused) {  // NAME-18, PE-01, PE-02
  const TemporaryDirectory directory;
  std::ofstream(directory / "empty.dll");
  std::ofstream(directory / "text.dll") << "This is no DLL, and longer than a DOS header, which has 64 bytes in all.";
  std::filesystem::create_directory(directory / "directory.dll");
  ::mkfifo((directory / "fifo.dll").c_str(), 0600);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{AF_UNIX, {}};
  (directory / "s.dll").copy(address.sun_path, sizeof address.sun_path - 1);
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
  const Traces before;
  EXPECT_EQ(code_of_failed_open(directory / "empty.dll"), ERROR_BAD_EXE_FORMAT);
  EXPECT_EQ(code_of_failed_open(directory / "text.dll"), ERROR_BAD_EXE_FORMAT);
  EXPECT_EQ(code_of_failed_open(directory / "directory.dll"), ERROR_ACCESS_DENIED);
  EXPECT_EQ(code_of_failed_open(directory / "fifo.dll"), ERROR_ACCESS_DENIED);
  EXPECT_EQ(code_of_failed_open(directory / "s.dll"), ERROR_ACCESS_DENIED);
  EXPECT_EQ(code_of_failed_open(std::string(40000, 'x')), ERROR_FILENAME_EXCED_RANGE);  // NAME-16
  EXPECT_EQ(code_of_failed_open(""), ERROR_INVALID_PARAMETER);                          // NAME-01
  EXPECT_EQ(Traces(), before);
  ::close(socket);
}

TEST(Library, OtherMachinesAreRefusedInWords) {  // PE-05
  const TemporaryDirectory directory;
  PeBuilder arm = answering_dll("arm.dll", 1);
  arm.file.Machine = 0xAA64;
  arm.write(directory / "arm.dll");
  EXPECT_EQ(code_of_failed_open(directory / "arm.dll"), ERROR_BAD_EXE_FORMAT);
  hmodule_open((directory / "arm.dll").c_str(), 0);
  EXPECT_THAT(hmodule_error(), HasSubstr("ARM64"));
}

TEST(Library, TruncatedFilesNeverCrash) {
  const TemporaryDirectory directory;
  const ByteVector whole = importing_dll("cut.dll", {{"kernel32.dll", {"GetLastError"}}}).build();
  const Traces before;
  for (std::size_t size = 0; size < whole.size(); size += 16) {
    HMODULE module = hmodule_open_memory(whole.data(), size, "cut.dll", 0);
    if (module != nullptr) hmodule_close(module);
  }
  EXPECT_EQ(Traces(), before);
}

TEST(Library, DamagedHeadersNeverCrash) {
  PeBuilder builder = importing_dll("damaged.dll", {{"kernel32.dll", {"GetLastError"}}});
  const ByteVector whole = builder.build();
  std::mt19937 random(20240607);
  const Traces before;
  // LOAD_LIBRARY_AS_IMAGE_RESOURCE would not run anything; DONT_RESOLVE maps, relocates and protects, and runs nothing.
  for (int i = 0; i < 3000; ++i) {
    ByteVector damaged = whole;
    for (int n = 0; n < 3; ++n) damaged[random() % std::min<std::size_t>(damaged.size(), 0x400)] = std::byte(random());
    HMODULE module = hmodule_open_memory(damaged.data(), damaged.size(), "damaged.dll", kDontResolve);
    if (module != nullptr) hmodule_close(module);
  }
  EXPECT_EQ(Traces(), before);
}

TEST(Library, FromMemoryAndFromADescriptor) {
  const TemporaryDirectory directory;
  answering_dll("leaf.dll", 5).write(directory / "leaf.dll");
  const ByteVector image = answering_dll("mem.dll", 6).build();
  {
    const library memory = library::from_memory(image, "mem.dll");
    EXPECT_EQ(memory.get<int()>("answer")(), 6);
    EXPECT_EQ(hmodule_open("mem.dll", 0), memory.handle()) << "found by its name (ID-02)";
    hmodule_close(memory.handle());
  }
  const int file = ::open((directory / "leaf.dll").c_str(), O_RDONLY | O_CLOEXEC);
  {
    const library by_descriptor = library::from_descriptor(file, "leaf.dll");
    EXPECT_EQ(by_descriptor.get<int()>("answer")(), 5);
    const library by_path(directory / "leaf.dll");
    EXPECT_EQ(by_path.handle(), by_descriptor.handle()) << "the same file (ID-03)";
  }
  EXPECT_EQ(::fcntl(file, F_GETFD), FD_CLOEXEC) << "the descriptor stays the caller's";
  ::close(file);
}

TEST(Library, LinksAndOtherSpellingsAreTheSameModuleAndCopiesAreNot) {  // ID-01, ID-03, ID-06, GMF-09
  const TemporaryDirectory directory;
  answering_dll("one.dll", 1).write(directory / "one.dll");
  std::filesystem::create_symlink("one.dll", directory / "link.dll");
  std::filesystem::create_hard_link(directory / "one.dll", directory / "hard.dll");
  std::filesystem::copy_file(directory / "one.dll", directory / "copy.dll");
  std::filesystem::create_directory(directory / "sub");
  std::filesystem::copy_file(directory / "one.dll", directory / "sub/one.dll");
  const library one(directory / "one.dll");
  for (const char* name : {"link.dll", "hard.dll", "ONE.DLL", "./sub/../one.dll"}) {
    const library other(directory / name);
    EXPECT_EQ(other.handle(), one.handle()) << name;
  }
  const library copy(directory / "copy.dll");
  EXPECT_NE(copy.handle(), one.handle());
  const library same_name(directory / "sub/one.dll");
  EXPECT_NE(same_name.handle(), one.handle());
  same_name.get_variable<int>("variable") = 9;
  EXPECT_EQ(one.get_variable<int>("variable"), 1);
}

TEST(Library, WindowsPathsAreTakenToo) {  // DESIGN D9
  const TemporaryDirectory directory;
  answering_dll("win.dll", 3).write(directory / "win.dll");
  std::string windows = "Z:" + (directory / "win.dll");
  std::replace(windows.begin(), windows.end(), '/', '\\');
  const library host(directory / "win.dll");
  const library other(windows);
  EXPECT_EQ(host.handle(), other.handle());
}

HM_WINAPI int seven() {
  return 7;
}

TEST(Library, HostModulesServeImports) {  // DESIGN D3, first provider
  const TemporaryDirectory directory;
  PeBuilder dll = answering_dll("user.dll", 1);
  const auto slots = dll.add_imports({{"host_services.dll", {"seven", 12}}});
  dll.write(directory / "user.dll");
  const hmodule_export rows[] = {{"seven", reinterpret_cast<void*>(&seven), 0},
                                 {nullptr, reinterpret_cast<void*>(&seven), 12}};
  HMODULE host = hmodule_register("host_services.dll", rows, 2);
  ASSERT_NE(host, nullptr) << hmodule_error();
  EXPECT_EQ(hmodule_register("HOST_SERVICES", rows, 2), nullptr);
  EXPECT_EQ(hmodule_error_code(), ERROR_ALREADY_EXISTS);
  {
    const library user(directory / "user.dll");
    auto* base = reinterpret_cast<char*>(user.handle());
    EXPECT_EQ(*reinterpret_cast<void**>(base + slots[0][0]), reinterpret_cast<void*>(&seven));
    EXPECT_EQ(*reinterpret_cast<void**>(base + slots[0][1]), reinterpret_cast<void*>(&seven));
  }
  EXPECT_EQ(hmodule_close(host), 0);
  EXPECT_EQ(code_of_failed_open(directory / "user.dll"), ERROR_MOD_NOT_FOUND);
}

// As add-ons look for the functions of node.exe.
TEST(Library, TheHostStandsForAProgram) {
  const library kernel32("kernel32.dll");
  const auto find = kernel32.get<void*(void*, const char*)>("GetProcAddress");
  const auto module = kernel32.get<void*(const char16_t*)>("GetModuleHandleW");
  EXPECT_EQ(find(nullptr, "seven"), nullptr);
  const hmodule_export rows[] = {{"seven", reinterpret_cast<void*>(&seven), 0}};
  HMODULE host = hmodule_register("Host.exe", rows, 1);
  ASSERT_NE(host, nullptr) << hmodule_error();
  EXPECT_NE(module(nullptr), static_cast<void*>(host));
  EXPECT_EQ(module(u"host.exe"), static_cast<void*>(host));
  EXPECT_EQ(find(nullptr, "seven"), reinterpret_cast<void*>(&seven));
  EXPECT_EQ(find(module(nullptr), "seven"), reinterpret_cast<void*>(&seven));
  EXPECT_EQ(find(nullptr, "eight"), nullptr);
  EXPECT_EQ(hmodule_close(host), 0);
  EXPECT_EQ(find(nullptr, "seven"), nullptr);
}

TEST(Library, AddressesHaveModulesAndNames) {
  const TemporaryDirectory directory;
  answering_dll("addr.dll", 3).write(directory / "addr.dll");
  const library dll(directory / "addr.dll");
  auto* answer = reinterpret_cast<char*>(dll.get<int()>("answer"));
  hmodule_symbol symbol{};
  ASSERT_EQ(hmodule_addr(answer + 2, &symbol), 0);
  EXPECT_EQ(symbol.module, dll.handle());
  EXPECT_STREQ(symbol.name, "answer");
  EXPECT_EQ(symbol.address, answer);
  EXPECT_EQ(hmodule_addr(&symbol, &symbol), -1);
}

TEST(Callback, RunsTheClosureWithItsArguments) {
  const TemporaryDirectory directory;
  answering_dll("caller.dll", 3).write(directory / "caller.dll");
  const library dll(directory / "caller.dll");
  int seen = 0;
  const callback<int(int)> twice([&](int value) {
    seen = value;
    return -2 * value;
  });
  EXPECT_EQ(dll.get<int(int(HM_WINAPI*)(int), int)>("call")(twice, 21), -42);
  EXPECT_EQ(seen, 21);
}

TEST(Callback, TakesEveryKindOfArgument) {
  std::string text;
  const callback<double(std::int8_t, std::uint16_t, u64, const char*, float, double, bool)> all(
      [&](std::int8_t a, std::uint16_t b, u64 c, const char* d, float e, double f, bool g) {
        text =
            std::to_string(a) + ' ' + std::to_string(b) + ' ' + std::to_string(c) + ' ' + d + ' ' + (g ? "yes" : "no");
        return static_cast<double>(e) + f;
      });
  EXPECT_EQ(all.get()(-3, 65535, 1ULL << 63, "text", 0.5F, 0.25, true), 0.75);
  EXPECT_EQ(text, "-3 65535 9223372036854775808 text yes");
}

TEST(Lifetime, AThousandLoadsDoNotGrow) {
  const TemporaryDirectory directory;
  answering_dll("leaf.dll", 1).write(directory / "leaf.dll");
  importing_dll("root.dll", {{"leaf.dll", {"answer"}}}).write(directory / "root.dll");
  for (int i = 0; i < 10; ++i) library(directory / "root.dll").close();
  mapped_ranges();  // what a look itself sets up for good
  const auto ranges = mapped_ranges();
  const Traces before;
  for (int i = 0; i < 1000; ++i) {
    const library root(directory / "root.dll");
    ASSERT_EQ(root.get<int()>("answer")(), 1);
  }
  EXPECT_EQ(Traces(), before);
  EXPECT_EQ(mapped_ranges(), ranges);
}

// 8 threads load, look up, call and free 20 DLLs that import from each other, at random. HMODULE_STRESS_SECONDS: how
// long.
TEST(Lifetime, ManyThreadsAtRandom) {
  const TemporaryDirectory directory;
  constexpr int kDlls = 20;
  const auto name = [](int i) { return "m" + std::to_string(i) + ".dll"; };
  for (int i = 0; i < kDlls; ++i) {
    std::vector<PeImports> imports = {{"kernel32.dll", {"GetLastError"}}};
    if (i > 0) imports.push_back({name(i / 2), {"answer"}});
    if (i % 5 == 0) imports.push_back({name((i + 7) % kDlls), {"answer"}});  // cycles
    PeBuilder dll = answering_dll(name(i), static_cast<std::uint32_t>(i));
    dll.add_imports(imports);
    dll.write(directory / name(i));
  }
  const Traces before;
  const char* seconds = std::getenv("HMODULE_STRESS_SECONDS");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds == nullptr ? 2 : std::atoi(seconds));
  std::atomic<int> wrong{0};
  std::atomic<long> rounds{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed)
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      std::vector<std::pair<int, library>> held;
      while (std::chrono::steady_clock::now() < end) {
        if (held.size() < 6 && random() % 2 == 0) {
          const int i = static_cast<int>(random() % kDlls);
          held.emplace_back(i, library(directory / name(i)));
        } else if (!held.empty()) {
          const std::size_t at = random() % held.size();
          if (held[at].second.get<int()>("answer")() != held[at].first) ++wrong;
          if (random() % 2 == 0) {
            std::swap(held[at], held.back());
            held.pop_back();
          }
        }
        ++rounds;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(rounds, 100);
  EXPECT_EQ(Traces(), before) << "counts are right at the end";
}

}  // namespace
}  // namespace hmodule::test
