#include "unit/winapi/resource_dll.h"
#include "winapi/common/version_info.h"

#include <cstring>
#include <fstream>

namespace hmodule::winapi {
namespace {

class Version : public ResourceDll {
 protected:
  std::vector<std::byte> info_of(const std::u16string& file) {
    const auto size_of = function<DWORD, const WCHAR*, DWORD*>(kernel32_dll, "GetFileVersionInfoSizeW");
    const auto get = function<BOOL, const WCHAR*, DWORD, DWORD, void*>(kernel32_dll, "GetFileVersionInfoW");
    DWORD handle = 1;
    std::vector<std::byte> buffer(size_of(file.c_str(), &handle));
    EXPECT_EQ(handle, 0u);
    if (!buffer.empty()) {
      EXPECT_TRUE(get(file.c_str(), 0, static_cast<DWORD>(buffer.size()), buffer.data()));
    }
    return buffer;
  }
};

TEST_F(Version, IsAskedForByPath) {
  const auto file = write("v.dll", {{std::uint16_t{16}, std::uint16_t{1}, 0x0409, builtin_version_info(u"v.dll")}});
  const auto info = info_of(file);
  ASSERT_FALSE(info.empty());
  const auto query = function<BOOL, const void*, const WCHAR*, void**, UINT*>(kernel32_dll, "VerQueryValueW");
  void* value = nullptr;
  UINT length = 0;
  ASSERT_TRUE(query(info.data(), u"\\", &value, &length));
  EXPECT_EQ(length, 52u);
  EXPECT_EQ(*static_cast<DWORD*>(value), 0xFEEF04BDu);
  ASSERT_TRUE(query(info.data(), u"\\VarFileInfo\\Translation", &value, &length));
  EXPECT_EQ(length, 4u);
  EXPECT_EQ(*static_cast<DWORD*>(value), 0x04B00409u);
  ASSERT_TRUE(query(info.data(), u"\\stringfileinfo\\040904b0\\OriginalFileName", &value, &length));
  EXPECT_EQ(std::u16string(static_cast<WCHAR*>(value)), u"v.dll");
  EXPECT_EQ(length, 6u);
  EXPECT_FALSE(query(info.data(), u"\\StringFileInfo\\040904B0\\None", &value, &length));
  EXPECT_EQ(thread::last_error(), ERROR_RESOURCE_TYPE_NOT_FOUND);
  EXPECT_FALSE(query(nullptr, u"\\", &value, &length));
}

TEST_F(Version, HasAnAnsiForm) {
  const auto file =
      write("v.dll", {{std::uint16_t{16}, std::uint16_t{1}, 0x0409, builtin_version_info(u"\u20AC.dll")}});
  const auto info = info_of(file);
  const auto query = function<BOOL, const void*, const char*, void**, UINT*>(kernel32_dll, "VerQueryValueA");
  void* value = nullptr;
  UINT length = 0;
  ASSERT_TRUE(query(info.data(), "\\StringFileInfo\\040904B0\\OriginalFilename", &value, &length));
  EXPECT_STREQ(static_cast<char*>(value), "\u20AC.dll");
  EXPECT_EQ(length, 8u);
  ASSERT_TRUE(query(info.data(), "\\", &value, &length));
  EXPECT_EQ(value, info.data() + 40);
}

TEST_F(Version, BuiltinDllsHaveOne) {
  const auto info = info_of(u"kernel32.dll");
  ASSERT_FALSE(info.empty());
  const auto block = find_version_block(info, u"\\StringFileInfo\\040904B0\\OriginalFilename");
  ASSERT_TRUE(block);
  EXPECT_EQ(block->value.size(), (std::size("kernel32.dll")) * 2);
}

TEST_F(Version, FailuresHaveTheirCodes) {
  const auto size_of = function<DWORD, const WCHAR*, DWORD*>(kernel32_dll, "GetFileVersionInfoSizeW");
  EXPECT_EQ(size_of(u"Z:\\no\\such\\file.dll", nullptr), 0u);
  EXPECT_TRUE(thread::last_error() == ERROR_FILE_NOT_FOUND || thread::last_error() == ERROR_PATH_NOT_FOUND);
  EXPECT_EQ(size_of(write("none.dll", {}).c_str(), nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_RESOURCE_DATA_NOT_FOUND);
  std::ofstream(root_ + "/text.dll") << "no image";
  EXPECT_EQ(size_of(path::volumes().from_host(root_ + "/text.dll").c_str(), nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_RESOURCE_DATA_NOT_FOUND);
  EXPECT_EQ(size_of(nullptr, nullptr), 0u);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

TEST(VersionLanguages, HaveNames) {
  const auto name = function<DWORD, DWORD, WCHAR*, DWORD>(kernel32_dll, "VerLanguageNameW");
  WCHAR buffer[50];
  EXPECT_EQ(name(0x0407, buffer, 50), 16u);
  EXPECT_EQ(std::u16string(buffer), u"German (Germany)");
  EXPECT_EQ(name(0x0407, buffer, 7), 16u);
  EXPECT_EQ(std::u16string(buffer), u"German");
  EXPECT_EQ(name(0, buffer, 50), 16u);
  EXPECT_EQ(std::u16string(buffer), u"Language Neutral");
}

TEST_F(Version, FilesAreFoundWhereTheyAreAndWhereTheyBelong) {
  const auto find = function<DWORD, DWORD, const WCHAR*, const WCHAR*, const WCHAR*, WCHAR*, UINT*, WCHAR*, UINT*>(
      kernel32_dll, "VerFindFileW");
  const auto file = write("v.dll", {});
  const std::u16string directory = file.substr(0, file.rfind(u'\\'));
  WCHAR current[300], destination[300];
  UINT current_size = 300, destination_size = 300;
  EXPECT_EQ(find(0, u"v.dll", nullptr, directory.c_str(), current, &current_size, destination, &destination_size), 0u);
  EXPECT_EQ(std::u16string(current), directory);
  EXPECT_EQ(current_size, directory.size() + 1);
  EXPECT_EQ(std::u16string(destination), directory);
  current_size = destination_size = 300;
  EXPECT_EQ(find(1, u"v.dll", directory.c_str(), nullptr, current, &current_size, destination, &destination_size), 1u)
      << "a shared file belongs into the system directory";
  EXPECT_EQ(std::u16string(current), directory);
  EXPECT_EQ(std::u16string(destination), u"C:\\Windows\\System32");
  current_size = 3, destination_size = 300;
  EXPECT_EQ(find(0, u"v.dll", nullptr, directory.c_str(), current, &current_size, destination, &destination_size), 4u);
  EXPECT_EQ(current_size, directory.size() + 1);
  current_size = 300;
  EXPECT_EQ(find(0, u"no.dll", nullptr, directory.c_str(), current, &current_size, destination, &destination_size), 0u);
  EXPECT_EQ(std::u16string(current), u"");
}

TEST(VersionBlocks, AreNotTrusted) {
  auto bytes = builtin_version_info(u"x.dll");
  const std::size_t whole = bytes.size();
  for (std::size_t size = 0; size < whole; ++size) {  // cut anywhere
    auto cut = bytes;
    cut.resize(size);
    EXPECT_FALSE(find_version_block(cut, u"\\VarFileInfo\\Translation")) << size;
  }
  for (std::size_t at = 0; at + 1 < whole; ++at) {  // any word may lie
    auto damaged = bytes;
    std::memset(damaged.data() + at, 0xFF, 2);
    (void)find_version_block(damaged, u"\\StringFileInfo\\040904B0\\OriginalFilename");
    std::memset(damaged.data() + at, 0, 2);
    (void)find_version_block(damaged, u"\\StringFileInfo\\040904B0\\OriginalFilename");
  }
}

}  // namespace
}  // namespace hmodule::winapi
