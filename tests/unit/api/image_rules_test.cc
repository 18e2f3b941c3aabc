// Rules about images that need a file with one odd thing in it, seen from the outside.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <hmodule/hmodule.hpp>

#include "unit/api/dlls.h"
#include "unit/api/windows_names.h"

namespace hmodule::test {
namespace {

template <typename T>
T& at(const library& dll, std::uint32_t rva) {
  return *reinterpret_cast<T*>(reinterpret_cast<char*>(dll.handle()) + rva);
}

TEST(ImportRules, Imp05NamesLoseTrailingSpacesAndGainTheirExtension) {
  const TemporaryDirectory directory;
  answering_dll("leaf.dll", 5).write(directory / "leaf.dll");
  PeBuilder dll = answering_dll("user.dll", 1);
  const auto slots = dll.add_imports({{"LEAF", {"answer"}}, {"leaf.dll  ", {"answer"}}});
  dll.write(directory / "user.dll");
  const library user(directory / "user.dll");
  const library leaf(directory / "leaf.dll");
  void* const answer = reinterpret_cast<void*>(leaf.get<int()>("answer"));
  EXPECT_EQ(at<void*>(user, slots[0][0]), answer);
  EXPECT_EQ(at<void*>(user, slots[1][0]), answer);
}

TEST(ImportRules, Imp09SlotsMayLieInAReadOnlySection) {
  const TemporaryDirectory directory;
  answering_dll("leaf.dll", 5).write(directory / "leaf.dll");
  PeBuilder dll = answering_dll("user.dll", 1);
  const auto slots = dll.add_imports({{"leaf.dll", {"answer"}}});
  dll.section(".idata").header.Characteristics &= ~pe::kSectionWrite;
  dll.write(directory / "user.dll");
  const library user(directory / "user.dll");
  const library leaf(directory / "leaf.dll");
  EXPECT_EQ(at<void*>(user, slots[0][0]), reinterpret_cast<void*>(leaf.get<int()>("answer")));
  EXPECT_DEATH(at<void*>(user, slots[0][0]) = nullptr, "") << "read-only again";
}

TEST(ImportRules, Imp13ADllMayStandTwiceAndMayImportItself) {
  const TemporaryDirectory directory;
  answering_dll("leaf.dll", 5).write(directory / "leaf.dll");
  PeBuilder dll = answering_dll("user.dll", 1);
  const auto slots = dll.add_imports({{"leaf.dll", {"answer"}}, {"user.dll", {"answer"}}, {"leaf.dll", {"variable"}}});
  dll.write(directory / "user.dll");
  {
    const library user(directory / "user.dll");
    EXPECT_EQ(at<void*>(user, slots[1][0]), reinterpret_cast<void*>(user.get<int()>("answer")));
    EXPECT_EQ(*at<int*>(user, slots[2][0]), 5);
  }
  EXPECT_EQ(GetModuleHandleA("user.dll"), nullptr) << "a reference to itself would keep it";
  EXPECT_EQ(GetModuleHandleA("leaf.dll"), nullptr);
}

// user.dll has delayed imports of leaf.dll, which is found; `slots` are theirs.
struct DelayingDll {
  DelayingDll() {
    answering_dll("leaf.dll", 5).write(directory / "leaf.dll");
    PeBuilder dll = answering_dll("user.dll", 1);
    slots = dll.add_delay_imports({{"leaf.dll", {"answer", 7}}, {"other.dll", {"answer"}}, {"leaf2.dll", {"missing"}}});
    dll.write(directory / "user.dll");
    answering_dll("leaf2.dll", 5).write(directory / "leaf2.dll");
    SetDllDirectoryA(("Z:" + directory.path()).c_str());
    user.emplace(directory / "user.dll");
  }
  DelayingDll(const DelayingDll&) = delete;
  DelayingDll& operator=(const DelayingDll&) = delete;
  ~DelayingDll() { SetDllDirectoryA(nullptr); }
  template <typename Signature>
  static auto* kernel32(const char* name) {
    static const library dll("kernel32.dll");
    return dll.get<Signature>(name);
  }
  TemporaryDirectory directory;
  std::vector<std::vector<std::uint32_t>> slots;
  std::optional<library> user;
};

TEST(DelayedImports, Dly08OneCanBeAskedFor) {
  DelayingDll dll;
  auto* const ask =
      DelayingDll::kernel32<int(HMODULE, const char*, const char*, unsigned)>("QueryOptionalDelayLoadedAPI");
  const auto refuses = [&](const char* name, const char* function, unsigned reserved) {
    return ask(dll.user->handle(), name, function, reserved) ? 0 : GetLastError();
  };
  EXPECT_TRUE(ask(dll.user->handle(), "LEAF.dll", "answer", 0));
  EXPECT_NE(GetModuleHandleA("leaf.dll"), nullptr);
  EXPECT_EQ(refuses("leaf.dll", "variable", 0), static_cast<DWORD>(ERROR_PROC_NOT_FOUND)) << "is no delayed import";
  EXPECT_EQ(refuses("leaf2.dll", "missing", 0), static_cast<DWORD>(ERROR_PROC_NOT_FOUND));
  EXPECT_EQ(refuses("other.dll", "answer", 0), static_cast<DWORD>(ERROR_MOD_NOT_FOUND));
  EXPECT_EQ(refuses("kernel32.dll", "answer", 0), static_cast<DWORD>(ERROR_MOD_NOT_FOUND)) << "is no delayed import";
  EXPECT_EQ(refuses("leaf.dll", "answer", 1), static_cast<DWORD>(ERROR_INVALID_PARAMETER));
  dll.user.reset();
  EXPECT_EQ(GetModuleHandleA("leaf.dll"), nullptr) << "its importer kept it";
}

class ResolveAll : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(DelayedImports, ResolveAll,
                         testing::Values("ResolveDelayLoadsFromDll", "LdrResolveDelayLoadsFromDll"));
TEST_P(ResolveAll, Dly08AllOfADllAreResolvedAtOnce) {
  DelayingDll dll;
  const library provider(GetParam().starts_with("Ldr") ? "ntdll.dll" : "kernel32.dll");
  auto* const resolve = provider.get<int(HMODULE, const char*, unsigned)>(GetParam().c_str());
  EXPECT_EQ(resolve(dll.user->handle(), "leaf.dll", 0), STATUS_SUCCESS);
  auto* const answer = GetProcAddress(GetModuleHandleA("leaf.dll"), "answer");
  EXPECT_EQ(at<void*>(*dll.user, dll.slots[0][0]), answer);
  EXPECT_EQ(at<void*>(*dll.user, dll.slots[0][1]), answer) << "its ordinal is 7";
  EXPECT_EQ(resolve(dll.user->handle(), "leaf2.dll", 0), STATUS_PROCEDURE_NOT_FOUND);
  EXPECT_EQ(resolve(dll.user->handle(), "other.dll", 0), STATUS_DLL_NOT_FOUND);
  EXPECT_EQ(resolve(dll.user->handle(), "leaf.dll", 1), STATUS_INVALID_PARAMETER);
}

TEST(DelayedImports, AreResolvedOneByOneByNtdllToo) {
  DelayingDll dll;
  const library ntdll("ntdll.dll");
  unsigned size = 0;
  void* const descriptor = ntdll.get<void*(HMODULE, BOOLEAN, USHORT, unsigned*)>("RtlImageDirectoryEntryToData")(
      dll.user->handle(), 1, pe::kDirectoryDelayImport, &size);
  ASSERT_NE(descriptor, nullptr);
  auto* const base = reinterpret_cast<std::byte*>(dll.user->handle());
  auto* const resolve = ntdll.get<void*(HMODULE, void*, void*, void*, void*, unsigned)>("LdrResolveDelayLoadedAPI");
  void* const found = resolve(dll.user->handle(), descriptor, nullptr, nullptr, base + dll.slots[0][0], 0);
  EXPECT_EQ(found, reinterpret_cast<void*>(GetProcAddress(GetModuleHandleA("leaf.dll"), "answer")));
  EXPECT_EQ(at<void*>(*dll.user, dll.slots[0][0]), found);
}

TEST(ExportRules, Exp01TheNameInTheDirectoryIsNotTheModules) {
  const TemporaryDirectory directory;
  answering_dll("inside.dll", 5).write(directory / "outside.dll");
  const library dll(directory / "outside.dll");
  EXPECT_EQ(dll.get<int()>("answer")(), 5);
  EXPECT_EQ(GetModuleHandleA("outside.dll"), dll.handle());
  EXPECT_EQ(GetModuleHandleA("inside.dll"), nullptr);
}

// A DLL compiled with control flow guard: its check and dispatch pointers hold the image's own routines, which do
// nothing and `jmp rax`; `answer` is listed as a suppressed target.
struct GuardedDll {
  PeBuilder builder = answering_dll("guarded.dll", 5);
  std::uint32_t code, pointers;
  GuardedDll() {
    code = builder.add_section(".guard", bytes_of({0xC3, 0xFF, 0xE0}),  // ret; jmp rax
                               pe::kSectionCode | pe::kSectionRead | pe::kSectionExecute);
    ByteVector slots;
    append(slots, builder.va(code));
    append(slots, builder.va(code + 1));
    pointers = builder.add_section(".00cfg", slots, pe::kSectionInitializedData | pe::kSectionRead);
    ByteVector table;
    append(table, builder.optional.AddressOfEntryPoint);
    append(table, std::uint8_t{2});  // IMAGE_GUARD_FLAG_EXPORT_SUPPRESSED
    append(table, builder.optional.AddressOfEntryPoint + 8);
    append(table, std::uint8_t{2});
    const std::uint32_t targets = builder.add_section(".gfids", table, pe::kSectionInitializedData | pe::kSectionRead);
    pe::LoadConfigDirectory64 config{};
    config.GuardCFCheckFunctionPointer = builder.va(pointers);
    config.GuardCFDispatchFunctionPointer = builder.va(pointers + 8);
    config.GuardCFFunctionTable = builder.va(targets);
    config.GuardCFFunctionCount = 2;
    config.GuardFlags = 0x10C1'7D00 | 0x8000;  // stride 5, export suppression, and every flag of section LC-03
    config.DynamicValueRelocTableOffset = 0xFFFF'FFF0;
    config.DynamicValueRelocTableSection = 77;
    const std::uint32_t place = builder.next_rva();
    builder.add_load_config(config);
    for (const std::size_t field : {offsetof(pe::LoadConfigDirectory64, GuardCFCheckFunctionPointer),
                                    offsetof(pe::LoadConfigDirectory64, GuardCFDispatchFunctionPointer),
                                    offsetof(pe::LoadConfigDirectory64, GuardCFFunctionTable)})
      builder.fixups.push_back({static_cast<std::uint32_t>(place + field)});
    builder.fixups.push_back({pointers});
    builder.fixups.push_back({pointers + 8});
    builder.add_relocations();
    builder.optional.DllCharacteristics |= pe::kDllGuardCf;
  }
};

TEST(GuardRules, Lc02TheCheckAndDispatchPointersWork) {
  const TemporaryDirectory directory;
  const GuardedDll guarded;
  guarded.builder.write(directory / "guarded.dll");
  guarded.builder.write(directory / "moved.dll");
  const library first(directory / "guarded.dll"), moved(directory / "moved.dll");
  for (const library* dll : {&first, &moved}) {
    void* const target = reinterpret_cast<void*>(dll->get<int()>("answer"));
    void* const check = at<void*>(*dll, guarded.pointers);
    void* const dispatch = at<void*>(*dll, guarded.pointers + 8);
    void* kept = target;  // RCX comes back
    __asm__ volatile("call *%1" : "+c"(kept) : "r"(check) : "rax", "r10", "r11", "memory", "cc");
    EXPECT_EQ(kept, target);
    void* result = target;  // RAX is called
    __asm__ volatile("call *%1"
                     : "+a"(result)
                     : "r"(dispatch)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
    EXPECT_EQ(static_cast<int>(reinterpret_cast<std::uintptr_t>(result)), 5);
  }
}

TEST(GuardRules, Exp04Lc03Rel11FlagsSuppressionAndDynamicRelocationsChangeNothing) {
  const TemporaryDirectory directory;
  const GuardedDll guarded;
  guarded.builder.write(directory / "guarded.dll");
  guarded.builder.write(directory / "moved.dll");
  const library first(directory / "guarded.dll"), moved(directory / "moved.dll");
  EXPECT_EQ(first.get<int()>("answer")(), 5);
  EXPECT_EQ(moved.get<int()>("answer")(), 5);
  EXPECT_EQ(moved.get_variable<int>("variable"), 5);
}

TEST(RelocationRules, Rel10ModulesThatAreNotResolvedAreRelocatedAndViewsAreNot) {
  const TemporaryDirectory directory;
  PeBuilder dll = answering_dll("moves.dll", 5);
  const std::uint32_t pointer = dll.section(".ptr").header.VirtualAddress;
  const std::uint64_t unmoved = dll.va(dll.section(".data").header.VirtualAddress);
  dll.write(directory / "keeps.dll");
  dll.write(directory / "moves.dll");
  dll.write(directory / "view.dll");
  const library keeps(directory / "keeps.dll");
  HMODULE mapped = LoadLibraryExA((directory / "moves.dll").c_str(), nullptr, kDontResolve);
  ASSERT_NE(mapped, nullptr);
  const auto value = [&](HMODULE module) {
    const auto base = reinterpret_cast<std::uintptr_t>(module) & ~std::uintptr_t{3};
    return *reinterpret_cast<std::uint64_t*>(base + pointer);
  };
  EXPECT_EQ(value(mapped), reinterpret_cast<std::uintptr_t>(mapped) + dll.section(".data").header.VirtualAddress);
  HMODULE view = LoadLibraryExA((directory / "view.dll").c_str(), nullptr, kAsImageResource);
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(value(view), unmoved);
  EXPECT_TRUE(FreeLibrary(view));
  EXPECT_TRUE(FreeLibrary(mapped));
}

TEST(MappingRules, Map13AModuleSurvivesTheEndOfItsFile) {
  const TemporaryDirectory directory;
  PeBuilder dll = answering_dll("short.dll", 5);
  const std::uint32_t more = dll.add_data(ByteVector(0x10000, std::byte{7}));
  dll.write(directory / "short.dll");
  const library module(directory / "short.dll");
  std::filesystem::resize_file(directory / "short.dll", 0);
  EXPECT_EQ(module.get<int()>("answer")(), 5);
  EXPECT_EQ(at<char>(module, more + 0xF000), 7);
  std::filesystem::remove(directory / "short.dll");
  EXPECT_EQ(at<char>(module, more + 0x8000), 7);
}

TEST(IdentityRules, Id07ARewrittenFileIsAnotherModuleUnderAnotherName) {
  const TemporaryDirectory directory;
  PeBuilder old = answering_dll("file.dll", 5);
  old.file.TimeDateStamp = 1;
  old.write(directory / "file.dll");
  std::filesystem::create_hard_link(directory / "file.dll", directory / "link.dll");
  const library first(directory / "file.dll");
  PeBuilder fresh = answering_dll("file.dll", 6);
  fresh.file.TimeDateStamp = 2;
  const ByteVector bytes = fresh.build();
  std::ofstream(directory / "file.dll", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const library second(directory / "link.dll");
  EXPECT_NE(first.handle(), second.handle());
  EXPECT_EQ(second.get<int()>("answer")(), 6);
}

TEST(SearchRules, Srch02AnApiSetComesBeforeFilesOfItsName) {
  const TemporaryDirectory directory;
  constexpr char kName[] = "api-ms-win-core-file-l1-1-0.dll";
  answering_dll(kName, 5).write(directory / kName);
  EXPECT_TRUE(SetDllDirectoryA(directory.path().c_str()));
  HMODULE host = LoadLibraryA(kName);
  EXPECT_TRUE(SetDllDirectoryA(nullptr));
  ASSERT_NE(host, nullptr);
  EXPECT_NE(GetProcAddress(host, "CreateFileW"), nullptr);
  EXPECT_EQ(GetProcAddress(host, "answer"), nullptr);
  EXPECT_TRUE(FreeLibrary(host));
}

}  // namespace
}  // namespace hmodule::test
