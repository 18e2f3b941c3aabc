#include "nt/process_parameters.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "winapi/shell32/exports.h"

namespace hmodule::winapi {
namespace {

constexpr GUID kDocuments = {0xFDD39AD0, 0x238F, 0x46AF, {0xAD, 0xB4, 0x6C, 0x85, 0x48, 0x03, 0x69, 0xC7}};
constexpr GUID kMusic = {0x4BD8D571, 0x6D19, 0x48D3, {0xBE, 0x97, 0x42, 0x22, 0x20, 0x08, 0x0E, 0x43}};
constexpr GUID kLocalAppData = {0xF1B32785, 0x6FBA, 0x4FCF, {0x9D, 0x55, 0x7B, 0x8E, 0x7F, 0x15, 0x70, 0x91}};
constexpr GUID kWindows = {0xF38BF404, 0x1D43, 0x42F2, {0x93, 0x05, 0x67, 0xDE, 0x0B, 0x28, 0xFC, 0x23}};
constexpr GUID kNone = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
constexpr DWORD kCreate = 0x8000, kDontVerify = 0x4000;
constexpr auto kNotFound = static_cast<HRESULT>(0x80070002), kInvalid = static_cast<HRESULT>(0x80070057);

class Folders : public testing::Test {
 protected:
  Folders() {
    process();
    ::setenv("HOME", directory_.host(".").c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", directory_.host(".").c_str(), 1);
    EXPECT_TRUE(nt::set_environment_variable(u"USERPROFILE", directory_.windows()));
    EXPECT_TRUE(nt::set_environment_variable(u"LOCALAPPDATA", directory_.windows(u"local")));
  }
  HRESULT ask(const GUID& id, DWORD flags) {
    WCHAR* text = nullptr;
    const auto call = function<HRESULT, const GUID*, DWORD, HANDLE, WCHAR**>(shell32_dll, "SHGetKnownFolderPath");
    const HRESULT result = call(&id, flags, nullptr, &text);
    EXPECT_EQ(text != nullptr, result == 0);
    path_ = text == nullptr ? u"" : text;
    const HANDLE heap = function<HANDLE>(kernel32_dll, "GetProcessHeap")();
    EXPECT_TRUE((function<BOOL, HANDLE, DWORD, void*>(kernel32_dll, "HeapFree")(heap, 0, text)));
    return result;
  }
  TemporaryDirectory directory_;
  std::u16string path_;
};

TEST_F(Folders, AreFoundByTheirIds) {
  EXPECT_EQ(ask(kWindows, 0), 0);
  EXPECT_EQ(path_, u"C:\\Windows");
  EXPECT_EQ(ask(kLocalAppData, kDontVerify), 0);
  EXPECT_EQ(path_, directory_.windows(u"local"));
  EXPECT_EQ(ask(kNone, kDontVerify), kNotFound);
  const auto call = function<HRESULT, const GUID*, DWORD, HANDLE, WCHAR**>(shell32_dll, "SHGetKnownFolderPath");
  EXPECT_EQ(call(&kMusic, 0, nullptr, nullptr), kInvalid);
}

TEST_F(Folders, AreVerifiedOrCreated) {
  EXPECT_EQ(ask(kDocuments, 0), kNotFound);
  EXPECT_EQ(ask(kDocuments, kCreate), 0);
  EXPECT_EQ(path_, directory_.windows(u"Documents"));
  EXPECT_TRUE(directory_.exists("Documents"));
  EXPECT_EQ(ask(kDocuments, 0), 0);
}

TEST_F(Folders, AreThoseOfXdgUserDirs) {
  directory_.write("user-dirs.dirs",
                   "# comment\nXDG_MUSIC_DIR=\"$HOME/Sounds\"\nXDG_DOCUMENTS_DIR=\"/somewhere/else\"\n");
  EXPECT_EQ(ask(kMusic, kDontVerify), 0);
  EXPECT_EQ(path_, directory_.windows(u"Sounds"));
  EXPECT_EQ(ask(kDocuments, kDontVerify), 0);
  EXPECT_TRUE(path_.ends_with(u":\\somewhere\\else"));
}

TEST_F(Folders, AreFoundByTheirNumbers) {
  const auto wide = function<HRESULT, HANDLE, int, HANDLE, DWORD, WCHAR*>(shell32_dll, "SHGetFolderPathW");
  const auto ansi = function<HRESULT, HANDLE, int, HANDLE, DWORD, CHAR*>(shell32_dll, "SHGetFolderPathA");
  WCHAR text[260] = u"old";
  EXPECT_EQ(wide(nullptr, 0x1C, nullptr, 0, text), static_cast<HRESULT>(0x80070002));
  EXPECT_EQ(text[0], 0);
  EXPECT_EQ(wide(nullptr, 0x1C | 0x8000, nullptr, 0, text), 0);
  EXPECT_EQ(text, directory_.windows(u"local"));
  for (const int desktop : {0x00, 0x10}) {
    EXPECT_EQ(wide(nullptr, desktop | static_cast<int>(kDontVerify), nullptr, 0, text), 0);
    EXPECT_EQ(text, directory_.windows(u"Desktop"));
  }
  CHAR narrow[260] = "";
  EXPECT_EQ(ansi(nullptr, 0x24, nullptr, 0, narrow), 0);
  EXPECT_STREQ(narrow, "C:\\Windows");
  EXPECT_EQ(wide(nullptr, 0x77, nullptr, 0, text), kInvalid);
  EXPECT_EQ(wide(nullptr, 0x24, nullptr, 0, nullptr), kInvalid);
  EXPECT_TRUE(
      (function<BOOL, HANDLE, WCHAR*, int, BOOL>(shell32_dll, "SHGetSpecialFolderPathW")(nullptr, text, 0x25, 0)));
  EXPECT_EQ(std::u16string_view(text), u"C:\\Windows\\System32");
  EXPECT_TRUE(
      (function<BOOL, HANDLE, CHAR*, int, BOOL>(shell32_dll, "SHGetSpecialFolderPathA")(nullptr, narrow, 0x25, 0)));
  EXPECT_STREQ(narrow, "C:\\Windows\\System32");
  EXPECT_FALSE(
      (function<BOOL, HANDLE, CHAR*, int, BOOL>(shell32_dll, "SHGetSpecialFolderPathA")(nullptr, narrow, 0x77, 0)));
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST_F(Folders, AreMadeWithThoseAboveThem) {
  const std::u16string deep = directory_.windows(u"a\\b\\c"), shallow = directory_.windows(u"a\\d");
  EXPECT_EQ(
      (function<int, HANDLE, const WCHAR*, void*>(shell32_dll, "SHCreateDirectoryExW")(nullptr, deep.c_str(), nullptr)),
      0);
  EXPECT_TRUE(directory_.exists("a/b/c"));
  EXPECT_EQ(
      (function<int, HANDLE, const WCHAR*, void*>(shell32_dll, "SHCreateDirectoryExW")(nullptr, deep.c_str(), nullptr)),
      static_cast<int>(ERROR_ALREADY_EXISTS));
  EXPECT_EQ((function<int, HANDLE, const WCHAR*>(shell32_dll, "SHCreateDirectory")(nullptr, shallow.c_str())), 0);
  EXPECT_EQ((function<int, HANDLE, const WCHAR*>(shell32_dll, "SHCreateDirectory")(nullptr, u"relative")),
            static_cast<int>(ERROR_BAD_PATHNAME));
  EXPECT_EQ((function<int, HANDLE, const CHAR*, void*>(shell32_dll, "SHCreateDirectoryExA")(
                nullptr, utf8(directory_.windows(u"e\\f")).c_str(), nullptr)),
            0);
  EXPECT_TRUE(directory_.exists("e/f"));
}

}  // namespace
}  // namespace hmodule::winapi
