#include "unit/winapi/resource_dll.h"

#include <gmock/gmock.h>

namespace hmodule::winapi {
namespace {

using test::bytes_of;
using testing::ElementsAre;

constexpr std::uint16_t kRcData = 10, kGerman = 0x0407, kEnglish = 0x0409;

template <typename Integer>
const WCHAR* id(Integer number) {
  return reinterpret_cast<const WCHAR*>(static_cast<std::uintptr_t>(number));
}

std::vector<test::PeResource> some() {
  return {{kRcData, std::uint16_t{7}, kEnglish, bytes_of("seven")},
          {kRcData, std::u16string(u"NAMED"), kEnglish, bytes_of("named")},
          {kRcData, std::uint16_t{8}, kGerman, bytes_of("acht")},
          {kRcData, std::uint16_t{9}, kGerman, bytes_of("neun")},
          {kRcData, std::uint16_t{9}, kEnglish, bytes_of("nine")},
          {std::u16string(u"CUSTOM"), std::uint16_t{300}, 0, bytes_of("custom")}};
}

class Resources : public ResourceDll, public testing::WithParamInterface<DWORD> {
 protected:
  void SetUp() override {
    ResourceDll::SetUp();
    module_ = load(some(), GetParam());
  }
  // The text found, or the last error.
  std::string find(const WCHAR* name, const WCHAR* type, WORD language = 0) {
    const HRSRC found = function<HRSRC, HMODULE, const WCHAR*, const WCHAR*, WORD>(kernel32_dll, "FindResourceExW")(
        module_, type, name, language);
    return found == nullptr ? std::to_string(thread::last_error()) : text(found);
  }
  std::string text(HRSRC resource) {
    const auto size = function<DWORD, HMODULE, HRSRC>(kernel32_dll, "SizeofResource")(module_, resource);
    const auto data = function<HGLOBAL, HMODULE, HRSRC>(kernel32_dll, "LoadResource")(module_, resource);
    const auto* locked = function<void*, HGLOBAL>(kernel32_dll, "LockResource")(data);
    return {static_cast<const char*>(locked), size};
  }
  HMODULE module_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Handles, Resources, testing::Values(0u, 0x2u, 0x20u));

TEST_P(Resources, AreFoundByNumberAndName) {  // RES-01, RES-03
  EXPECT_EQ(find(id(7), id(10)), "seven");
  EXPECT_EQ(find(u"#7", u"#10"), "seven");
  EXPECT_EQ(find(u"named", id(10)), "named");
  EXPECT_EQ(find(u"Named", id(10)), "named");
  EXPECT_EQ(find(id(300), u"custom"), "custom");
  const auto find_w = function<HRSRC, HMODULE, const WCHAR*, const WCHAR*>(kernel32_dll, "FindResourceW");
  EXPECT_EQ(text(find_w(module_, id(7), id(10))), "seven");
  const auto find_a = function<HRSRC, HMODULE, const char*, const char*>(kernel32_dll, "FindResourceA");
  EXPECT_EQ(text(find_a(module_, "named", "#10")), "named");
}

TEST_P(Resources, MissesSayWhatIsMissing) {  // RES-03, RES-05
  EXPECT_EQ(find(id(7), id(11)), std::to_string(ERROR_RESOURCE_TYPE_NOT_FOUND));
  EXPECT_EQ(find(id(70), id(10)), std::to_string(ERROR_RESOURCE_NAME_NOT_FOUND));
  EXPECT_EQ(find(u"other", id(10)), std::to_string(ERROR_RESOURCE_NAME_NOT_FOUND));
  EXPECT_EQ(find(id(7), id(10), 0x040C), std::to_string(ERROR_RESOURCE_LANG_NOT_FOUND));
  EXPECT_EQ(find(u"#65536", id(10)), std::to_string(ERROR_INVALID_PARAMETER));
}

TEST_P(Resources, LanguagesAreTriedInOrder) {  // RES-04
  EXPECT_EQ(find(id(8), id(10)), "acht");      // neutral takes what there is
  EXPECT_EQ(find(id(8), id(10), kGerman), "acht");
  EXPECT_EQ(find(id(8), id(10), kEnglish), std::to_string(ERROR_RESOURCE_LANG_NOT_FOUND));
  EXPECT_EQ(find(id(9), id(10)), "nine");
  EXPECT_EQ(find(id(9), id(10), kGerman), "neun");
  EXPECT_EQ(find(id(300), u"CUSTOM", kGerman), "custom");  // falls back to neutral
}

TEST_P(Resources, AHandleIsTheDataEntry) {  // RES-06, RES-07
  const auto find_w = function<HRSRC, HMODULE, const WCHAR*, const WCHAR*>(kernel32_dll, "FindResourceW");
  const HRSRC resource = find_w(module_, id(7), id(10));
  ASSERT_NE(resource, nullptr);
  EXPECT_EQ(find_w(module_, id(7), id(10)), resource);
  EXPECT_EQ(static_cast<const pe::ResourceDataEntry*>(resource)->Size, 5u);
  const auto load = function<HGLOBAL, HMODULE, HRSRC>(kernel32_dll, "LoadResource");
  EXPECT_EQ(load(module_, nullptr), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  EXPECT_EQ((function<DWORD, HMODULE, HRSRC>(kernel32_dll, "SizeofResource")(module_, nullptr)), 0u);
  EXPECT_EQ((function<BOOL, HGLOBAL>(kernel32_dll, "FreeResource")(load(module_, resource))), FALSE);
}

TEST_P(Resources, NtdllFindsTheSame) {
  struct {
    ULONG_PTR type = 10, name = 7, language = kEnglish;
  } info;
  const void *entry = nullptr, *directory = nullptr, *data = nullptr;
  ULONG size = 0;
  const auto find_u = function<NTSTATUS, HMODULE, void*, ULONG, const void**>(ntdll_dll, "LdrFindResource_U");
  ASSERT_EQ(find_u(module_, &info, 3, &entry), STATUS_SUCCESS);
  EXPECT_EQ((function<NTSTATUS, HMODULE, const void*, const void**, ULONG*>(ntdll_dll, "LdrAccessResource")(
                module_, entry, &data, &size)),
            STATUS_SUCCESS);
  EXPECT_EQ(std::string(static_cast<const char*>(data), size), "seven");
  const auto find_directory =
      function<NTSTATUS, HMODULE, void*, ULONG, const void**>(ntdll_dll, "LdrFindResourceDirectory_U");
  ASSERT_EQ(find_directory(module_, &info, 0, &directory), STATUS_SUCCESS);
  EXPECT_EQ(static_cast<const pe::ResourceDirectory*>(directory)->NumberOfNamedEntries, 1u);
  ASSERT_EQ(find_directory(module_, &info, 1, &directory), STATUS_SUCCESS);
  EXPECT_EQ(static_cast<const pe::ResourceDirectory*>(directory)->NumberOfIdEntries, 3u);
  info.name = 70;
  EXPECT_EQ(find_u(module_, &info, 3, &entry), STATUS_RESOURCE_NAME_NOT_FOUND);
  EXPECT_EQ(find_directory(module_, &info, 2, &directory), STATUS_RESOURCE_NAME_NOT_FOUND);
  EXPECT_EQ(find_u(module_, nullptr, 3, &entry), STATUS_INVALID_PARAMETER);
}

// --- Enumerating ---

struct Seen {
  std::vector<std::string> all;
  std::size_t stop_after = 100;

  BOOL add(const void* name) {
    all.push_back(reinterpret_cast<std::uintptr_t>(name) < 0x10000
                      ? std::to_string(reinterpret_cast<std::uintptr_t>(name))
                      : utf8(static_cast<const WCHAR*>(name)));
    return all.size() < stop_after ? TRUE : FALSE;
  }
};

HM_WINAPI BOOL on_type(HMODULE, const void* type, LONG_PTR seen) {
  return reinterpret_cast<Seen*>(seen)->add(type);
}
HM_WINAPI BOOL on_name(HMODULE, const void*, const void* name, LONG_PTR seen) {
  return reinterpret_cast<Seen*>(seen)->add(name);
}
HM_WINAPI BOOL on_language(HMODULE, const void*, const void*, WORD language, LONG_PTR seen) {
  return reinterpret_cast<Seen*>(seen)->add(id(language));
}
using Callback = void*;

TEST_P(Resources, AreEnumeratedInTheOrderOfTheFile) {  // RES-08
  const auto types = function<BOOL, HMODULE, Callback, Seen*>(kernel32_dll, "EnumResourceTypesW");
  Seen seen;
  EXPECT_TRUE(types(module_, reinterpret_cast<Callback>(on_type), &seen));
  EXPECT_THAT(seen.all, ElementsAre("CUSTOM", "10"));

  const auto names = function<BOOL, HMODULE, const WCHAR*, Callback, Seen*>(kernel32_dll, "EnumResourceNamesW");
  seen = {};
  EXPECT_TRUE(names(module_, id(10), reinterpret_cast<Callback>(on_name), &seen));
  EXPECT_THAT(seen.all, ElementsAre("NAMED", "7", "8", "9"));
  seen = {{}, 2};
  thread::set_last_error(77);
  EXPECT_FALSE(names(module_, id(10), reinterpret_cast<Callback>(on_name), &seen));  // the callback said stop
  EXPECT_EQ(seen.all.size(), 2u);
  EXPECT_EQ(thread::last_error(), 77u);

  const auto languages =
      function<BOOL, HMODULE, const WCHAR*, const WCHAR*, Callback, Seen*>(kernel32_dll, "EnumResourceLanguagesW");
  seen = {};
  EXPECT_TRUE(languages(module_, id(10), id(9), reinterpret_cast<Callback>(on_language), &seen));
  EXPECT_THAT(seen.all, ElementsAre(std::to_string(kGerman), std::to_string(kEnglish)));
}

TEST_P(Resources, EnumerationsRefuseWhatIsNotThere) {  // RES-08, RES-09
  const auto names = function<BOOL, HMODULE, const WCHAR*, Callback, Seen*>(kernel32_dll, "EnumResourceNamesW");
  Seen seen;
  EXPECT_FALSE(names(module_, id(99), reinterpret_cast<Callback>(on_name), &seen));
  EXPECT_EQ(thread::last_error(), ERROR_RESOURCE_TYPE_NOT_FOUND);
  EXPECT_FALSE(names(module_, id(10), nullptr, &seen));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
  const auto names_ex =
      function<BOOL, HMODULE, const WCHAR*, Callback, Seen*, DWORD, LANGID>(kernel32_dll, "EnumResourceNamesExW");
  EXPECT_TRUE(names_ex(module_, id(10), reinterpret_cast<Callback>(on_name), &seen, 1, 0));
  EXPECT_FALSE(names_ex(module_, id(10), reinterpret_cast<Callback>(on_name), &seen, 2, 0));
  EXPECT_EQ(seen.all.size(), 4u);
}

class NoResources : public ResourceDll {};

TEST_F(NoResources, IsAnErrorOfItsOwn) {  // RES-05
  const auto find_w = function<HRSRC, HMODULE, const WCHAR*, const WCHAR*>(kernel32_dll, "FindResourceW");
  EXPECT_EQ(find_w(load({}, 0x2), id(1), id(1)), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_RESOURCE_DATA_NOT_FOUND);
  EXPECT_EQ(find_w(reinterpret_cast<HMODULE>(0x12340000), id(1), id(1)), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_MOD_NOT_FOUND);
  EXPECT_EQ(find_w(nullptr, id(1), id(1)), nullptr);  // the main executable
}

// --- Strings ---

class Strings : public ResourceDll {
 protected:
  void SetUp() override {
    ResourceDll::SetUp();
    // Block 2 holds the ids 16 to 31.
    std::u16string block(
        u"\x0007"
        u"sixteen");
    block +=
        u"\x0003"
        u"t\u00FCr";
    block.append(14, u'\0');
    module_ = load({{std::uint16_t{6}, std::uint16_t{2}, kEnglish, units(block)}}, 0x2);
  }
  HMODULE module_ = nullptr;
};

TEST_F(Strings, AreCopiedAndCut) {  // RES-10, RES-11
  const auto get = function<int, HMODULE, UINT, WCHAR*, int>(kernel32_dll, "LoadStringW");
  WCHAR buffer[10];
  EXPECT_EQ(get(module_, 16, buffer, 10), 7);
  EXPECT_EQ(std::u16string(buffer), u"sixteen");
  EXPECT_EQ(get(module_, 0xFFFF0010, buffer, 5), 4);
  EXPECT_EQ(std::u16string(buffer), u"sixt");
  EXPECT_EQ(get(module_, 0x80000010, buffer, 10), 7);
  EXPECT_EQ(get(module_, 18, buffer, 10), 0);  // an empty place of the block
  EXPECT_EQ(buffer[0], 0);
  EXPECT_EQ(get(module_, 1, buffer, 10), 0);  // no such block
}

TEST_F(Strings, CanBeReadInPlace) {  // RES-11
  const auto get = function<int, HMODULE, UINT, WCHAR*, int>(kernel32_dll, "LoadStringW");
  const WCHAR* inside = nullptr;
  EXPECT_EQ(get(module_, 17, reinterpret_cast<WCHAR*>(&inside), 0), 3);
  EXPECT_EQ(std::u16string(inside, 3), u"t\u00FCr");
  EXPECT_EQ(get(module_, 17, nullptr, 0), 0);
}

TEST_F(Strings, HaveAnAnsiForm) {  // RES-11
  const auto get = function<int, HMODULE, UINT, char*, int>(kernel32_dll, "LoadStringA");
  char buffer[10] = "?";
  EXPECT_EQ(get(module_, 17, buffer, 10), 4);
  EXPECT_STREQ(buffer, "t\u00FCr");
  EXPECT_EQ(get(module_, 17, buffer, 3), 1);  // no half characters
  EXPECT_STREQ(buffer, "t");
  EXPECT_EQ(get(module_, 17, buffer, 0), -1);
  thread::set_last_error(5);
  EXPECT_EQ(get(module_, 17, buffer, 1), 0);
  EXPECT_STREQ(buffer, "");
  EXPECT_EQ(thread::last_error(), 5u);
}

}  // namespace
}  // namespace hmodule::winapi
