// Memory and string functions of the C runtimes: native whoever asks, unless somebody wants the PE build or brings his
// own.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>

#include "unit/api/dlls.h"

namespace hmodule::test {
namespace {

constexpr const char* kNames[] = {"memchr", "memcmp", "memmove", "memset",  "strcat", "strchr",
                                  "strcmp", "strcpy", "strlen",  "strncmp", "wcscmp", "wcslen"};

struct Place {
  std::uintptr_t base = 0;
  std::size_t size = 0;
  std::string path;
  bool has(void* address) const { return reinterpret_cast<std::uintptr_t>(address) - base < size; }
};
Place place_of(HMODULE module) {
  struct Search {
    HMODULE wanted;
    Place found;
  } search{module, {}};
  hmodule_iterate(
      [](const hmodule_module* each, void* context) {
        auto& it = *static_cast<Search*>(context);
        if (each->handle != it.wanted) return 0;
        it.found = {reinterpret_cast<std::uintptr_t>(each->handle), each->size,
                    each->path == nullptr ? "" : each->path};
        return 1;
      },
      &search);
  return search.found;
}

class CrtLeavesOf : public testing::Test {
 protected:
  void SetUp() override {
    if (hmodule_open("ucrtbase.dll", 0) == nullptr) GTEST_SKIP() << "no PE system DLLs";
  }
};

TEST_F(CrtLeavesOf, SystemRuntimesAreOneAndNative) {
  const library ucrtbase("ucrtbase.dll"), msvcrt("msvcrt.dll"), ntdll("ntdll.dll"), vcruntime("vcruntime140.dll");
  const Place inside = place_of(ucrtbase.handle()), inside_msvcrt = place_of(msvcrt.handle());
  for (const char* name : kNames) {
    void* const native = hmodule_sym(ucrtbase.handle(), name);
    ASSERT_NE(native, nullptr) << name;
    EXPECT_FALSE(inside.has(native)) << name;
    EXPECT_EQ(hmodule_sym(msvcrt.handle(), name), native) << name;
    EXPECT_EQ(hmodule_sym(ntdll.handle(), name), native) << name;
  }
  for (const char* name : {"memchr", "memcmp", "memcpy", "memmove", "memset", "strchr"})  // forwarders
    EXPECT_EQ(hmodule_sym(vcruntime.handle(), name), hmodule_sym(ucrtbase.handle(), name)) << name;
  EXPECT_TRUE(inside.has(hmodule_sym(ucrtbase.handle(), "malloc")));
  EXPECT_TRUE(inside_msvcrt.has(hmodule_sym(msvcrt.handle(), "strtok")));
}

TEST_F(CrtLeavesOf, ImportsAreBoundToThem) {
  const TemporaryDirectory directory;
  PeBuilder dll = answering_dll("imports.dll", 1);
  const auto slots = dll.add_imports({{"ucrtbase.dll", {"strlen", "malloc"}}, {"vcruntime140.dll", {"memcpy"}}});
  dll.write(directory / "imports.dll");
  const library importer(directory / "imports.dll"), ucrtbase("ucrtbase.dll");
  const auto bound = [&](std::uint32_t rva) {
    void* target;
    std::memcpy(&target, reinterpret_cast<char*>(importer.handle()) + rva, sizeof target);
    return target;
  };
  EXPECT_EQ(bound(slots[0][0]), hmodule_sym(ucrtbase.handle(), "strlen"));
  EXPECT_EQ(bound(slots[0][1]), hmodule_sym(ucrtbase.handle(), "malloc"));
  EXPECT_EQ(bound(slots[1][0]), hmodule_sym(ucrtbase.handle(), "memcpy"));
}

TEST_F(CrtLeavesOf, AnOverrideLeavesThePeBuildAsItIs) {
  ASSERT_EQ(hmodule_override("msvcr100", "pe"), 0);
  const library whole("msvcr100.dll");
  hmodule_override("msvcr100", nullptr);
  const Place inside = place_of(whole.handle());
  for (const char* name : kNames) EXPECT_TRUE(inside.has(hmodule_sym(whole.handle(), name))) << name;
  const auto length = whole.get<u64(const char*)>("strlen");
  EXPECT_EQ(length("four"), 4U);
}

TEST_F(CrtLeavesOf, AUsersOwnRuntimeIsHisOwn) {
  const TemporaryDirectory directory;
  {
    const library system("msvcr120.dll");
    const Place there = place_of(system.handle());
    EXPECT_FALSE(there.has(hmodule_sym(system.handle(), "strlen")));
    std::filesystem::copy_file(there.path, directory / "msvcr120.dll");
  }
  const library own(directory / "msvcr120.dll");
  const Place inside = place_of(own.handle());
  EXPECT_EQ(inside.path, directory / "msvcr120.dll");
  for (const char* name : kNames) EXPECT_TRUE(inside.has(hmodule_sym(own.handle(), name))) << name;
}

TEST_F(CrtLeavesOf, BadPointersAreAccessViolations) {
  constexpr unsigned kAccessViolation = 0xC0000005;
  const library ucrtbase("ucrtbase.dll");
  const auto code_of = [](auto call) -> unsigned {
    try {
      call();
    } catch (const seh_error& error) {
      return error.code();
    }
    return 0;
  };
  const auto length = ucrtbase.guarded<u64(const char*)>("strlen");
  const auto compare = ucrtbase.guarded<int(const char*, const char*)>("strcmp");
  const auto copy = ucrtbase.guarded<void*(void*, const void*, u64)>("memcpy");
  const auto fill = ucrtbase.guarded<void*(void*, int, u64)>("memset");
  char some[1000] = "text";
  EXPECT_EQ(code_of([&] { length(nullptr); }), kAccessViolation);
  EXPECT_EQ(code_of([&] { length(reinterpret_cast<const char*>(0xFFFF'8000'0000'0000)); }), kAccessViolation);
  EXPECT_EQ(code_of([&] { compare(some, nullptr); }), kAccessViolation);
  for (const u64 size : {1, 20, 100, 1000}) {
    EXPECT_EQ(code_of([&] { copy(nullptr, some, size); }), kAccessViolation) << size;
    EXPECT_EQ(code_of([&] { copy(some, nullptr, size); }), kAccessViolation) << size;
    EXPECT_EQ(code_of([&] { fill(nullptr, 0, size); }), kAccessViolation) << size;
  }
  EXPECT_EQ(length(some), 4U);

  const library ntdll("ntdll.dll");
  const auto move = ntdll.guarded<void(void*, const void*, u64)>("RtlMoveMemory");
  const auto zero = ntdll.guarded<void(void*, u64)>("RtlZeroMemory");
  const auto equal = ntdll.guarded<u64(const void*, const void*, u64)>("RtlCompareMemory");
  EXPECT_EQ(code_of([&] { move(some, nullptr, 100); }), kAccessViolation);
  EXPECT_EQ(code_of([&] { zero(nullptr, 100); }), kAccessViolation);
  EXPECT_EQ(code_of([&] { equal(some, nullptr, 100); }), kAccessViolation);
}

}  // namespace
}  // namespace hmodule::test
