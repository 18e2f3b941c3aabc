// Memory and string functions of the C runtimes: native whoever asks, unless somebody wants the PE build or brings his
// own.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <string_view>
#include <utility>

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

TEST_F(CrtLeavesOf, RuntimesOfAllGenerationsHaveThem) {
  void* const native = hmodule_sym(library("ntdll.dll").handle(), "strlen");
  for (const char* name : {"crtdll.dll", "msvcrt20.dll", "msvcrt40.dll", "msvcr70.dll", "msvcr71.dll", "msvcr80.dll",
                           "msvcr90.dll", "msvcr100.dll", "msvcr110.dll", "msvcr120.dll", "msvcr120_app.dll"})
    EXPECT_EQ(hmodule_sym(library(name).handle(), "strlen"), native) << name;
  EXPECT_EQ(hmodule_sym(library("crtdll.dll").handle(), "strnlen"), nullptr);  // it never had that
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

constexpr unsigned kAccessViolation = 0xC0000005;

// Of the exception that comes out of a guarded call, or 0.
template <typename Call>
unsigned code_of(Call call) {
  try {
    call();
  } catch (const seh_error& error) {
    return error.code();
  }
  return 0;
}

TEST_F(CrtLeavesOf, BadPointersAreAccessViolations) {
  const library ucrtbase("ucrtbase.dll");
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
}

// What a handler of the caller's can catch.
class NativeText : public testing::Test {
 protected:
  // Whether each of these calls is an access violation. "f", "t": a text that faults, a good one.
  template <typename Function, typename... Arguments>
  void faults(const char* name, Arguments... arguments) {
    const auto call = ntdll.guarded<Function>(name);
    EXPECT_EQ(code_of([&] { call(arguments...); }), kAccessViolation) << name;
  }

  const library ntdll{"ntdll.dll"};
  char text[200] = "some text";
  char16_t wide[200] = u"some text";
  // A text that goes on where nothing can be read, and room that ends where nothing can be written.
  static constexpr std::size_t kPage = 4096, kLast = 8;
  std::byte* const pages =
      static_cast<std::byte*>(mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  char* const bad = reinterpret_cast<char*>(pages + kPage - kLast);
  char16_t* const bad_wide = reinterpret_cast<char16_t*>(bad);

  NativeText() {
    std::fill_n(bad, kLast / 2, 's');
    std::fill_n(bad + kLast / 2, kLast / 2, 'o');
    mprotect(pages + kPage, kPage, PROT_NONE);
  }
  ~NativeText() override { munmap(pages, 2 * kPage); }
};

TEST_F(NativeText, MemoryThatIsNotThereIsAnAccessViolation) {
  faults<void(void*, const void*, u64)>("RtlMoveMemory", text, nullptr, 100);
  faults<void(void*, u64)>("RtlZeroMemory", nullptr, 100);
  faults<u64(const void*, const void*, u64)>("RtlCompareMemory", text, nullptr, 100);
  faults<u64(const void*, u64, unsigned)>("RtlCompareMemoryUlong", nullptr, 100, 0);
  faults<void(void*, u64, unsigned)>("RtlFillMemoryUlong", bad, 100, 7);
  faults<int(const void*, const void*, u64)>("_memicmp", text, nullptr, 100);
  faults<int(void*, u64, const void*, u64)>("memcpy_s", bad, 100, text, 100);
  faults<int(void*, u64, const void*, u64)>("memcpy_s", bad, 100, nullptr, 100);
  faults<int(void*, u64, const void*, u64)>("memmove_s", text, 100, bad, 100);
}

TEST_F(NativeText, TextThatIsNotThereIsAnAccessViolation) {
  const auto both = [&](const char* narrow, const char* of_wide, auto call) {
    call(narrow, bad, text);
    call(of_wide, bad_wide, wide);
  };
  both("_stricmp", "_wcsicmp", [&]<typename Char>(const char* name, Char* f, Char* t) {
    std::copy_n(f, kLast / sizeof(Char), t);
    faults<int(const Char*, const Char*)>(name, f, t);
    faults<int(const Char*, const Char*)>(name, t, f);
    faults<int(const Char*, const Char*)>(name, nullptr, t);
  });
  both("_strnicmp", "_wcsnicmp", [&]<typename Char>(const char* name, Char* f, Char* t) {
    faults<int(const Char*, const Char*, u64)>(name, f, t, 100);
    faults<int(const Char*, const Char*, u64)>(name, t, nullptr, 100);
  });
  for (const char* name : {"_strlwr", "_strupr"}) faults<char*(char*)>(name, bad);
  for (const char* name : {"_wcslwr", "_wcsupr"}) faults<char16_t*(char16_t*)>(name, bad_wide);
  both("strncpy", "wcsncpy", [&]<typename Char>(const char* name, Char* f, Char* t) {
    faults<Char*(Char*, const Char*, u64)>(name, f, t, 100);
    faults<Char*(Char*, const Char*, u64)>(name, t, f, 100);
  });
  both("strncat", "wcsncat", [&]<typename Char>(const char* name, Char* f, Char* t) {
    faults<Char*(Char*, const Char*, u64)>(name, f, t, 100);
    faults<Char*(Char*, const Char*, u64)>(name, t, f, 100);
  });
  both("strrchr", "wcsrchr", [&]<typename Char>(const char* name, Char* f, Char*) {
    if constexpr (sizeof(Char) == 1)
      faults<Char*(const Char*, int)>(name, f, 'x');
    else
      faults<Char*(const Char*, Char)>(name, f, u'x');
  });
  for (const auto& [narrow, of_wide] : {std::pair("strstr", "wcsstr"), {"strpbrk", "wcspbrk"}})
    both(narrow, of_wide, [&]<typename Char>(const char* name, Char* f, Char* t) {
      constexpr Char kOther[] = {'x', 0};
      faults<Char*(const Char*, const Char*)>(name, f, kOther);
      faults<Char*(const Char*, const Char*)>(name, t, nullptr);
    });
  for (const auto& [narrow, of_wide] : {std::pair("strspn", "wcsspn"), {"strcspn", "wcscspn"}})
    both(narrow, of_wide, [&]<typename Char>(const char* name, Char* f, Char* t) {
      faults<u64(const Char*, const Char*)>(name, nullptr, t);
      faults<u64(const Char*, const Char*)>(name, t, nullptr);
      if (name[3] == 'c') faults<u64(const Char*, const Char*)>(name, f, t + 9);
    });
  both("strtok_s", "wcstok_s", [&]<typename Char>(const char* name, Char* f, Char* t) {
    Char* context = nullptr;
    faults<Char*(Char*, const Char*, Char**)>(name, f, t + 9, &context);
    faults<Char*(Char*, const Char*, Char**)>(name, nullptr, t, nullptr);
  });
  for (const auto& [narrow, of_wide] : {std::pair("strcpy_s", "wcscpy_s"), {"strcat_s", "wcscat_s"}})
    both(narrow, of_wide, [&]<typename Char>(const char* name, Char* f, Char* t) {
      faults<int(Char*, u64, const Char*)>(name, f, 100, t);
      faults<int(Char*, u64, const Char*)>(name, t, 100, f);
    });
  for (const auto& [narrow, of_wide] : {std::pair("strncpy_s", "wcsncpy_s"), {"strncat_s", "wcsncat_s"}})
    both(narrow, of_wide, [&]<typename Char>(const char* name, Char* f, Char* t) {
      faults<int(Char*, u64, const Char*, u64)>(name, f, 100, t, 100);
      faults<int(Char*, u64, const Char*, u64)>(name, t, 100, f, 100);
    });
  faults<u64(char16_t*, const char*, u64)>("mbstowcs", wide, bad, 100);
  faults<u64(char16_t*, const char*, u64)>("mbstowcs", nullptr, nullptr, 0);
  faults<u64(char16_t*, const char*, u64)>("mbstowcs", bad_wide, text, 100);
  faults<u64(char*, const char16_t*, u64)>("wcstombs", text, bad_wide, 100);
  faults<u64(char*, const char16_t*, u64)>("wcstombs", bad, wide, 100);
}

TEST_F(NativeText, StringsOfWhatIsNotThereAreAccessViolations) {
  std::byte target[16];
  for (const char* name : {"RtlInitUnicodeString", "RtlInitUnicodeStringEx", "RtlCreateUnicodeString"}) {
    faults<unsigned(void*, const void*)>(name, target, bad);
    if (name[3] == 'I') faults<unsigned(void*, const void*)>(name, bad, wide);
  }
  for (const char* name : {"RtlInitAnsiString", "RtlInitAnsiStringEx", "RtlInitString"}) {
    faults<unsigned(void*, const void*)>(name, target, bad);
    faults<unsigned(void*, const void*)>(name, nullptr, text);
  }
  faults<unsigned(void*, const void*)>("RtlCreateUnicodeStringFromAsciiz", target, bad);
}

// Microsoft, "lstrcpyA": what these catch makes them return NULL, and nobody else hears of it. lstrcmp catches nothing.
TEST_F(NativeText, TheOldestFunctionsCatchTheFaultsOfBadPointers) {
  const library kernel32("kernel32.dll");
  const auto both = [&](const char* narrow, const char* of_wide, auto call) {
    call(narrow, bad, text);
    call(of_wide, bad_wide, wide);
  };
  both("lstrlenA", "lstrlenW", [&]<typename Char>(const char* name, Char* f, Char* t) {
    const auto length = kernel32.guarded<int(const Char*)>(name);
    EXPECT_EQ(length(f), 0);
    EXPECT_EQ(length(reinterpret_cast<const Char*>(16)), 0);
    EXPECT_EQ(length(t), 9);
  });
  for (const auto& [narrow, of_wide] : {std::pair("lstrcpyA", "lstrcpyW"), {"lstrcatA", "lstrcatW"}})
    both(narrow, of_wide, [&]<typename Char>(const char* name, Char* f, Char* t) {
      const auto copy = kernel32.guarded<Char*(Char*, const Char*)>(name);
      EXPECT_EQ(copy(f, t), nullptr);
      EXPECT_EQ(copy(t, f), nullptr);
      Char room[20] = {};
      EXPECT_EQ(copy(room, t), room);
      EXPECT_EQ(std::basic_string_view<Char>(room), t);
    });
  both("lstrcpynA", "lstrcpynW", [&]<typename Char>(const char* name, Char* f, Char* t) {
    const auto copy = kernel32.guarded<Char*(Char*, const Char*, int)>(name);
    EXPECT_EQ(copy(f, t, 100), nullptr);
    EXPECT_EQ(copy(t, f, 100), nullptr);
    Char room[20] = {};
    EXPECT_EQ(copy(room, f, kLast / sizeof(Char)), room) << "nothing is looked at behind the end";
    EXPECT_EQ(std::basic_string_view<Char>(room).size(), kLast / sizeof(Char) - 1);
  });
  for (const auto& [narrow, of_wide] : {std::pair("lstrcmpA", "lstrcmpW"), {"lstrcmpiA", "lstrcmpiW"}})
    both(narrow, of_wide, [&]<typename Char>(const char* name, Char* f, Char* t) {
      const auto compare = kernel32.guarded<int(const Char*, const Char*)>(name);
      EXPECT_EQ(code_of([&] { compare(f, t); }), kAccessViolation) << name;
      EXPECT_EQ(code_of([&] { compare(t, f); }), kAccessViolation) << name;
    });
}

TEST_F(NativeText, QuestionsAfterBadPointersAreAnswered) {
  const library kernel32("kernel32.dll");
  for (const char* name : {"IsBadReadPtr", "IsBadWritePtr", "IsBadHugeReadPtr", "IsBadHugeWritePtr", "IsBadStringPtrA",
                           "IsBadStringPtrW"}) {
    const auto is_bad = kernel32.guarded<int(const void*, u64)>(name);
    EXPECT_EQ(is_bad(bad, 100), 1) << name;
    EXPECT_EQ(is_bad(nullptr, 1), 1) << name;
    EXPECT_EQ(is_bad(reinterpret_cast<const void*>(0xFFFF'8000'0000'0000), 1), 1) << name;
    EXPECT_EQ(is_bad(bad, kLast / 2), 0) << name;
    EXPECT_EQ(is_bad(nullptr, 0), 0) << name;
  }
  EXPECT_EQ(kernel32.guarded<int(const void*)>("IsBadCodePtr")(nullptr), 1);
}

}  // namespace
}  // namespace hmodule::test
