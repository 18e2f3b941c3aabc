// System DLLs in PE form (scripts/make-system32) on our ntdll: each is loaded, and something of it is used (DESIGN D3).
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
#include <optional>
#include <string>

namespace {

using hmodule::library;

// Skips the test where the DLL was not fetched.
#define NEED_SYSTEM(name) \
  if (!std::filesystem::exists(std::string(SYSTEM32) + "/" + (name))) GTEST_SKIP() << (name) << " is not in System32"

TEST(SystemDlls, ShlwapiReadsNumbers) {
  NEED_SYSTEM("shlwapi.dll");
  const library shlwapi("shlwapi.dll");
  EXPECT_EQ(shlwapi.get<int(const char*)>("StrToIntA")("123"), 123);
  EXPECT_STREQ(shlwapi.get<const char*(const char*)>("PathFindExtensionA")("C:\\a\\b.dll"), ".dll");
}

TEST(SystemDlls, ShlwapiTakesPathsAndUrlsApart) {
  NEED_SYSTEM("shlwapi.dll");
  const library shlwapi("shlwapi.dll");
  char16_t path[260] = {};
  ASSERT_NE(shlwapi.get<char16_t*(char16_t*, const char16_t*, const char16_t*)>("PathCombineW")(path, u"C:\\a\\b",
                                                                                                u"..\\c.txt"),
            nullptr);
  EXPECT_EQ(std::u16string(path), u"C:\\a\\c.txt");
  EXPECT_EQ(shlwapi.get<int(const char16_t*)>("PathIsRelativeW")(path), 0);
  EXPECT_EQ(shlwapi.get<int(char16_t*)>("PathRemoveFileSpecW")(path), 1);
  EXPECT_EQ(std::u16string(path), u"C:\\a");
  EXPECT_EQ(shlwapi.get<int(const char16_t*, const char16_t*)>("PathMatchSpecW")(u"x.DLL", u"*.txt;*.dll"), 1);
  char16_t url[64] = {};
  unsigned size = 64;
  EXPECT_EQ(
      shlwapi.get<int(const char16_t*, char16_t*, unsigned*, unsigned)>("UrlEscapeW")(u"http://x/a b", url, &size, 0),
      0);
  EXPECT_EQ(std::u16string(url), u"http://x/a%20b");
  char text[32] = {};
  EXPECT_STREQ(shlwapi.get<char*(unsigned, char*, unsigned)>("StrFormatByteSizeA")(2048, text, sizeof text), "2.00 KB");
}

TEST(SystemDlls, ShcoreCopiesStringsAndReadsStreams) {
  NEED_SYSTEM("shcore.dll");
  const library shcore("shcore.dll"), ole32("ole32.dll");
  char16_t* copy = nullptr;
  EXPECT_EQ(shcore.get<int(const char16_t*, char16_t**)>("SHStrDupW")(u"twice", &copy), 0);
  EXPECT_EQ(std::u16string(copy), u"twice");
  ole32.get<void(void*)>("CoTaskMemFree")(copy);
  struct Stream {
    void** methods;
  };
  auto* const stream = shcore.get<Stream*(const void*, unsigned)>("SHCreateMemStream")("memory", 6);
  ASSERT_NE(stream, nullptr);
  char read[8] = {};
  EXPECT_EQ(shcore.get<int(Stream*, void*, unsigned)>("IStream_Read")(stream, read, 6), 0);
  EXPECT_STREQ(read, "memory");
  using Release = HM_WINAPI unsigned (*)(Stream*);
  EXPECT_EQ(reinterpret_cast<Release>(stream->methods[2])(stream), 0U);
}

TEST(SystemDlls, UserenvMakesEnvironments) {
  NEED_SYSTEM("userenv.dll");
  const library userenv("userenv.dll");
  char16_t* block = nullptr;
  ASSERT_EQ(
      userenv.get<int(void**, void*, int)>("CreateEnvironmentBlock")(reinterpret_cast<void**>(&block), nullptr, 0), 1);
  bool has_path = false;
  for (const char16_t* each = block; *each != 0; each += std::u16string(each).size() + 1)
    has_path = has_path || std::u16string(each).starts_with(u"PATH=") || std::u16string(each).starts_with(u"Path=");
  EXPECT_TRUE(has_path);
  EXPECT_EQ(userenv.get<int(void*)>("DestroyEnvironmentBlock")(block), 1);
}

TEST(SystemDlls, ImagehlpSumsImages) {
  NEED_SYSTEM("imagehlp.dll");
  const library imagehlp("imagehlp.dll");
  unsigned header = 0, computed = 1;
  EXPECT_EQ(imagehlp.get<unsigned(const char*, unsigned*, unsigned*)>("MapFileAndCheckSumA")(
                (std::string("Z:") + TEST_DLLS + "/basic.dll").c_str(), &header, &computed),
            0U);
  EXPECT_EQ(header, computed);  // as the linker wrote it
  EXPECT_NE(header, 0U);
}

TEST(SystemDlls, DbghelpNamesExportsAndUndecorates) {
  NEED_SYSTEM("dbghelp.dll");
  const library dbghelp("dbghelp.dll");
  char name[128] = {};
  EXPECT_GT(dbghelp.get<unsigned(const char*, char*, unsigned, unsigned)>("UnDecorateSymbolName")("?twice@@YAHH@Z",
                                                                                                  name, sizeof name, 0),
            0U);
  EXPECT_STREQ(name, "int __cdecl twice(int)");
  void* const process = reinterpret_cast<void*>(std::intptr_t{-1});
  ASSERT_EQ(dbghelp.get<int(void*, const char*, int)>("SymInitialize")(process, nullptr, 0), 1);
  const library basic(std::string(TEST_DLLS) + "/basic.dll");
  const auto base = reinterpret_cast<unsigned long long>(basic.handle());
  EXPECT_NE(dbghelp.get<unsigned long long(void*, void*, const char*, const char*, unsigned long long, unsigned, void*,
                                           unsigned)>("SymLoadModuleEx")(
                process, nullptr, (std::string("Z:") + TEST_DLLS + "/basic.dll").c_str(), "basic", base, 0, nullptr, 0),
            0U);
  struct {
    unsigned SizeOfStruct = 88, TypeIndex = 0;
    unsigned long long Reserved[2] = {};
    unsigned Index = 0, Size = 0;
    unsigned long long ModBase = 0;
    unsigned Flags = 0;
    unsigned long long Value = 0, Address = 0;
    unsigned Register = 0, Scope = 0, Tag = 0, NameLen = 0, MaxNameLen = 64;
    char Name[64] = {};
  } symbol;
  static_assert(sizeof symbol == 88 + 60 + 4);
  unsigned long long displacement = 9;
  const auto address = reinterpret_cast<unsigned long long>(basic.get<int(int, int)>("add"));
  EXPECT_EQ(dbghelp.get<int(void*, unsigned long long, unsigned long long*, void*)>("SymFromAddr")(
                process, address, &displacement, &symbol),
            1);
  EXPECT_STREQ(symbol.Name, "add");
  EXPECT_EQ(displacement, 0U);
  EXPECT_EQ(dbghelp.get<int(void*)>("SymCleanup")(process), 1);
}

TEST(SystemDlls, Advapi32AndSechostGoBeyondTheNativePart) {
  NEED_SYSTEM("advapi32.dll");
  const library advapi32("advapi32.dll");
  void* sid = nullptr;
  ASSERT_EQ(advapi32.get<int(const char16_t*, void**)>("ConvertStringSidToSidW")(u"S-1-5-32-544", &sid), 1);
  EXPECT_EQ(*advapi32.get<unsigned char*(void*)>("GetSidSubAuthorityCount")(sid), 2);
  EXPECT_EQ(library("kernel32.dll").get<void*(void*)>("LocalFree")(sid), nullptr);
  const char16_t text[] = u"plain text";
  EXPECT_EQ(advapi32.get<int(const void*, int, int*)>("IsTextUnicode")(text, sizeof text - 2, nullptr), 1);
  unsigned char descriptor[64] = {};
  EXPECT_EQ(advapi32.get<int(void*, unsigned)>("InitializeSecurityDescriptor")(descriptor, 1), 1);
  EXPECT_EQ(advapi32.get<int(void*)>("IsValidSecurityDescriptor")(descriptor), 1);
}

TEST(SystemDlls, PropsysComparesAndConverts) {
  NEED_SYSTEM("propsys.dll");
  const library propsys("propsys.dll");
  struct {
    unsigned short vt, reserved[3];
    long long value, more;
  } a = {3, {}, 5, 0}, b = {3, {}, 7, 0};
  EXPECT_EQ(propsys.get<int(void*, void*, int, unsigned)>("PropVariantCompareEx")(&a, &b, 0, 0), -1);
  int number = 0;
  EXPECT_EQ(propsys.get<int(void*, int*)>("PropVariantToInt32")(&b, &number), 0);
  EXPECT_EQ(number, 7);
}

TEST(SystemDlls, Oleaut32HasItsStrings) {
  NEED_SYSTEM("oleaut32.dll");
  const library oleaut("oleaut32.dll");
  char16_t* const text = oleaut.get<char16_t*(const char16_t*)>("SysAllocString")(u"five!");
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(oleaut.get<unsigned(const char16_t*)>("SysStringLen")(text), 5U);
  oleaut.get<void(char16_t*)>("SysFreeString")(text);
}

TEST(SystemDlls, CombaseAllocatesAndReadsGuids) {
  NEED_SYSTEM("combase.dll");
  const library combase("combase.dll");
  void* const block = combase.get<void*(unsigned long long)>("CoTaskMemAlloc")(100);
  ASSERT_NE(block, nullptr);
  std::memset(block, 1, 100);
  combase.get<void(void*)>("CoTaskMemFree")(block);
  unsigned char guid[16] = {};
  EXPECT_EQ(
      combase.get<int(const char16_t*, void*)>("CLSIDFromString")(u"{00112233-4455-6677-8899-AABBCCDDEEFF}", guid), 0);
  EXPECT_EQ(guid[0], 0x33);
  EXPECT_EQ(guid[15], 0xFF);
}

TEST(SystemDlls, Rpcrt4MakesUuids) {
  NEED_SYSTEM("rpcrt4.dll");
  const library rpcrt4("rpcrt4.dll");
  unsigned char one[16] = {}, other[16] = {};
  EXPECT_EQ(rpcrt4.get<int(void*)>("UuidCreate")(one), 0);
  EXPECT_EQ(rpcrt4.get<int(void*)>("UuidCreate")(other), 0);
  EXPECT_NE(std::memcmp(one, other, sizeof one), 0);
}

TEST(SystemDlls, DbghelpKeepsItsOptions) {
  NEED_SYSTEM("dbghelp.dll");
  const library dbghelp("dbghelp.dll");
  EXPECT_EQ(dbghelp.get<unsigned(unsigned)>("SymSetOptions")(2), 2U);
  EXPECT_EQ(dbghelp.get<unsigned()>("SymGetOptions")(), 2U);
}

// Its PE build stays when the builtin DLL goes, and is not taken for it afterwards.
TEST(SystemDlls, ABuiltinDllComesBackAsItself) {
  NEED_SYSTEM("advapi32.dll");
  unsigned char first[16] = {}, second[16] = {};
  for (unsigned char* bytes : {first, second}) {
    const library advapi32("advapi32.dll");
    void* sid = nullptr;
    ASSERT_EQ(advapi32.get<int(const char16_t*, void**)>("ConvertStringSidToSidW")(u"S-1-1-0", &sid),
              1);  // the PE build's
    EXPECT_EQ(library("kernel32.dll").get<void*(void*)>("LocalFree")(sid), nullptr);
    EXPECT_EQ(advapi32.get<unsigned char(void*, unsigned)>("SystemFunction036")(bytes, 16), 1);  // the builtin's
  }
  EXPECT_NE(std::memcmp(first, second, sizeof first), 0);
}

// What the builtin kernel32, kernelbase and version lack is served by their PE builds, under the same handle.
TEST(SystemDlls, BuiltinOnesAreCompletedByTheirPeBuilds) {
  NEED_SYSTEM("kernelbase.dll");
  const library kernelbase("kernelbase.dll"), version("version.dll");
  char16_t path[260] = u"C:\\a\\b.txt";
  EXPECT_EQ(
      kernelbase.get<int(char16_t*, unsigned long long, const char16_t*)>("PathCchRenameExtension")(path, 260, u".md"),
      0);
  EXPECT_EQ(std::u16string(path), u"C:\\a\\b.md");
  char language[64] = {};
  EXPECT_GT(version.get<unsigned(unsigned, char*, unsigned)>("VerLanguageNameA")(0x409, language, sizeof language), 0U);
  EXPECT_NE(std::strstr(language, "English"), nullptr) << language;
}

// One rule for state: what one side sets, native kernel32 or kernelbase's PE build, the other reads.
class BothSides : public testing::Test {
 protected:
  template <typename T>
  T at(std::uint32_t rva) const {
    T value;
    std::memcpy(&value, base_ + rva, sizeof value);
    return value;
  }

  // The PE build is there once something of it was asked for. Its own exports are in no handle's, so they are read
  // here.
  void SetUp() override {
    NEED_SYSTEM("kernelbase.dll");
    kernelbase_.emplace("kernelbase.dll");
    kernel32_.emplace("kernel32.dll");
    ntdll_.emplace("ntdll.dll");
    const auto inside = kernelbase_->get<int(char16_t*, unsigned long long, const char16_t*)>("PathCchRenameExtension");
    void* base = nullptr;
    ntdll_->get<void*(void*, void**)>("RtlPcToFileHeader")(reinterpret_cast<void*>(inside), &base);
    base_ = static_cast<const char*>(base);
    ASSERT_NE(base_, nullptr);
  }

  void* of_pe(const std::string& name) const {
    const auto headers = at<std::uint32_t>(0x3C);
    const auto exports = at<std::uint32_t>(headers + 0x88), size = at<std::uint32_t>(headers + 0x8C);
    const auto count = at<std::uint32_t>(exports + 24), functions = at<std::uint32_t>(exports + 28),
               names = at<std::uint32_t>(exports + 32), ordinals = at<std::uint32_t>(exports + 36);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (name != base_ + at<std::uint32_t>(names + i * 4)) continue;
      const auto rva = at<std::uint32_t>(functions + at<std::uint16_t>(ordinals + i * 2) * 4U);
      if (rva - exports >= size) return const_cast<char*>(base_ + rva);
      const std::string forwarder = base_ + rva;  // "ntdll.RtlGetLastWin32Error"
      return reinterpret_cast<void*>(ntdll_->get<void()>(forwarder.substr(forwarder.find('.') + 1).c_str()));
    }
    return nullptr;
  }
  template <typename R, typename... Args>
  R pe(const std::string& name, Args... args) const {
    void* const function = of_pe(name);
    EXPECT_NE(function, nullptr) << name;
    using Function = R(__attribute__((ms_abi))*)(Args...);
    return function == nullptr ? R() : reinterpret_cast<Function>(function)(args...);
  }
  template <typename R, typename... Args>
  R native(const char* name, Args... args) const {
    return kernel32_->get<R(Args...)>(name)(args...);
  }

  std::optional<library> kernelbase_, kernel32_, ntdll_;
  const char* base_ = nullptr;
};

TEST_F(BothSides, HaveOneCurrentDirectory) {
  char16_t before[260], seen[260];
  ASSERT_GT(native<unsigned>("GetCurrentDirectoryW", 260U, &before[0]), 0U);
  EXPECT_TRUE(native<int>("SetCurrentDirectoryW", static_cast<const char16_t*>(u"Z:\\tmp")));
  EXPECT_GT(pe<unsigned>("GetCurrentDirectoryW", 260U, &seen[0]), 0U);
  EXPECT_EQ(std::u16string(seen), u"Z:\\tmp");
  EXPECT_TRUE(pe<int>("SetCurrentDirectoryW", static_cast<const char16_t*>(before)));
  EXPECT_GT(native<unsigned>("GetCurrentDirectoryW", 260U, &seen[0]), 0U);
  EXPECT_EQ(std::u16string(seen), before);
}

TEST_F(BothSides, HaveOneEnvironment) {
  char16_t seen[20] = {};
  EXPECT_TRUE(native<int>("SetEnvironmentVariableW", u"HM_ONE", u"native"));
  EXPECT_EQ(pe<unsigned>("GetEnvironmentVariableW", u"HM_ONE", &seen[0], 20U), 6U);
  EXPECT_EQ(std::u16string(seen), u"native");
  EXPECT_TRUE(pe<int>("SetEnvironmentVariableW", u"HM_ONE", u"pe"));
  EXPECT_EQ(native<unsigned>("GetEnvironmentVariableW", u"HM_ONE", &seen[0], 20U), 2U);
  EXPECT_EQ(std::u16string(seen), u"pe");
}

TEST_F(BothSides, ShareTlsAndFlsSlots) {
  for (const std::string kind : {"Tls", "Fls"}) {
    const unsigned slot =
        kind == "Tls" ? pe<unsigned>("TlsAlloc") : pe<unsigned>("FlsAlloc", static_cast<void*>(nullptr));
    ASSERT_NE(slot, ~0U) << kind;
    int value = 0;
    EXPECT_TRUE(native<int>((kind + "SetValue").c_str(), slot, static_cast<void*>(&value))) << kind;
    EXPECT_EQ(pe<void*>(kind + "GetValue", slot), &value) << kind;
    EXPECT_TRUE(pe<int>(kind + "SetValue", slot, static_cast<void*>(this))) << kind;
    EXPECT_EQ(native<void*>((kind + "GetValue").c_str(), slot), this) << kind;
    EXPECT_TRUE(native<int>((kind + "Free").c_str(), slot)) << kind;
    EXPECT_FALSE(pe<int>(kind + "Free", slot)) << kind;
  }
}

TEST_F(BothSides, ShareTheLastErrorStandardHandlesAndTheThreadsLocale) {
  native<void>("SetLastError", 4711U);
  EXPECT_EQ(pe<unsigned>("GetLastError"), 4711U);
  pe<int>("SetLastError", 815U);
  EXPECT_EQ(native<unsigned>("GetLastError"), 815U);

  constexpr unsigned kStdInput = -10U;
  void* const before = native<void*>("GetStdHandle", kStdInput);
  void* const other = reinterpret_cast<void*>(0x1234);
  EXPECT_TRUE(native<int>("SetStdHandle", kStdInput, other));
  EXPECT_EQ(pe<void*>("GetStdHandle", kStdInput), other);
  EXPECT_TRUE(pe<int>("SetStdHandle", kStdInput, before));
  EXPECT_EQ(native<void*>("GetStdHandle", kStdInput), before);

  const unsigned locale = native<unsigned>("GetThreadLocale");
  EXPECT_TRUE(native<int>("SetThreadLocale", 0x407U));
  EXPECT_EQ(pe<unsigned>("GetThreadLocale"), 0x407U);
  EXPECT_TRUE(pe<int>("SetThreadLocale", locale));
  EXPECT_EQ(native<unsigned>("GetThreadLocale"), locale);
  EXPECT_EQ(pe<unsigned>("GetUserDefaultLCID"), native<unsigned>("GetUserDefaultLCID"));
  EXPECT_EQ(pe<unsigned>("GetACP"), native<unsigned>("GetACP"));
}

}  // namespace
