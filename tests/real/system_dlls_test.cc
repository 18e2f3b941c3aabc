// System DLLs in PE form (scripts/make-system32) on our ntdll: each is loaded, and something of it is used (DESIGN D3).
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <hmodule/hmodule.hpp>
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

}  // namespace
