#include "nt/handle_table.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "win/fileapi.h"

#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

class NtFiles : public testing::Test {
 protected:
  NtFiles() { process(); }

  NTSTATUS create(std::u16string name, HANDLE* handle, ULONG disposition, HANDLE root = nullptr) const {
    UNICODE_STRING text = {static_cast<USHORT>(name.size() * 2), static_cast<USHORT>(name.size() * 2), name.data()};
    const OBJECT_ATTRIBUTES attributes = {sizeof attributes, root, &text, 0, nullptr, nullptr};
    IO_STATUS_BLOCK block = {};
    return function<NTSTATUS, HANDLE*, ACCESS_MASK, const OBJECT_ATTRIBUTES*, IO_STATUS_BLOCK*, const void*, ULONG,
                    ULONG, ULONG, ULONG, void*, ULONG>(ntdll_dll, "NtCreateFile")(
        handle, FILE_GENERIC_READ | FILE_GENERIC_WRITE, &attributes, &block, nullptr, 0, 7, disposition,
        FILE_SYNCHRONOUS_IO_NONALERT, nullptr, 0);
  }
  const TemporaryDirectory directory;
};

TEST_F(NtFiles, AreOpenedByNativeNames) {
  HANDLE handle = nullptr;
  EXPECT_EQ(create(u"\\??\\" + directory.windows(u"a"), &handle, FILE_OPEN), STATUS_OBJECT_NAME_NOT_FOUND);
  ASSERT_EQ(create(u"\\??\\" + directory.windows(u"a"), &handle, FILE_CREATE), STATUS_SUCCESS);
  FILE_STANDARD_INFORMATION standard = {};
  IO_STATUS_BLOCK block = {};
  const auto query =
      function<NTSTATUS, HANDLE, IO_STATUS_BLOCK*, void*, ULONG, ULONG>(ntdll_dll, "NtQueryInformationFile");
  EXPECT_EQ(query(handle, &block, &standard, sizeof standard, FileStandardInformation), STATUS_SUCCESS);
  EXPECT_EQ(block.Information, sizeof standard);
  EXPECT_EQ(query(handle, &block, &standard, 4, FileStandardInformation), STATUS_INFO_LENGTH_MISMATCH);
  EXPECT_EQ(query(nullptr, &block, &standard, sizeof standard, FileStandardInformation), STATUS_INVALID_HANDLE);
  EXPECT_TRUE(nt::handles().close(handle));
  EXPECT_EQ(create(directory.windows(u"a"), &handle, FILE_OPEN), STATUS_OBJECT_PATH_SYNTAX_BAD);
}

TEST_F(NtFiles, AreOpenedBelowADirectoryHandle) {
  HANDLE root = nullptr, handle = nullptr;
  ASSERT_EQ(create(u"\\??\\" + directory.windows(), &root, FILE_OPEN), STATUS_SUCCESS);
  EXPECT_EQ(create(u"below", &handle, FILE_CREATE, root), STATUS_SUCCESS);
  EXPECT_TRUE(directory.exists("below"));
  EXPECT_TRUE(nt::handles().close(handle));
  EXPECT_TRUE(nt::handles().close(root));
}

TEST_F(NtFiles, AreReadAndWrittenInPagesHereAndThere) {
  HANDLE handle = nullptr;
  ASSERT_EQ(create(u"\\??\\" + directory.windows(u"pages"), &handle, FILE_CREATE), STATUS_SUCCESS);
  constexpr std::size_t kPage = 4096;
  std::vector<char> first(kPage, 'a'), second(kPage, 'b');
  const std::uint64_t segments[] = {reinterpret_cast<std::uint64_t>(second.data()),
                                    reinterpret_cast<std::uint64_t>(first.data()), 0};
  const auto run = [&](std::string_view name, ULONG length, LARGE_INTEGER offset, IO_STATUS_BLOCK* block) {
    return function<NTSTATUS, HANDLE, HANDLE, void*, void*, IO_STATUS_BLOCK*, const std::uint64_t*, ULONG,
                    const LARGE_INTEGER*, const ULONG*>(ntdll_dll, name)(handle, nullptr, nullptr, nullptr, block,
                                                                         segments, length, &offset, nullptr);
  };
  IO_STATUS_BLOCK block = {};
  ASSERT_EQ(run("NtWriteFileGather", 2 * kPage, 0, &block), STATUS_SUCCESS);
  EXPECT_EQ(block.Information, 2 * kPage);
  ASSERT_EQ(run("NtReadFileScatter", 2 * kPage, kPage, &block), STATUS_SUCCESS);  // the second page, and the end
  EXPECT_EQ(block.Information, kPage);
  EXPECT_EQ(second[0], 'a');
  EXPECT_EQ(run("NtReadFileScatter", kPage, 2 * kPage, &block), STATUS_END_OF_FILE);
  EXPECT_EQ(run("NtReadFileScatter", kPage - 1, 0, &block), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(run("NtReadFileScatter", kPage, -1, &block), STATUS_INVALID_PARAMETER);
  EXPECT_TRUE(nt::handles().close(handle));
}

TEST_F(NtFiles, HaveNamesOnTheHost) {
  const auto to_unix = [](std::u16string name, char* buffer, ULONG* size, ULONG disposition) {
    UNICODE_STRING text = {static_cast<USHORT>(name.size() * 2), static_cast<USHORT>(name.size() * 2), name.data()};
    const OBJECT_ATTRIBUTES attributes = {sizeof attributes, nullptr, &text, 0, nullptr, nullptr};
    return function<NTSTATUS, const OBJECT_ATTRIBUTES*, char*, ULONG*, ULONG>(ntdll_dll, "wine_nt_to_unix_file_name")(
        &attributes, buffer, size, disposition);
  };
  char host[300];
  ULONG size = sizeof host;
  const std::u16string name = u"\\??\\" + directory.windows(u"new");
  EXPECT_EQ(to_unix(name, host, &size, FILE_OPEN), STATUS_OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(to_unix(name, host, &size, FILE_OPEN_IF), STATUS_NO_SUCH_FILE);
  EXPECT_EQ(std::string(host), directory.host("new"));
  EXPECT_EQ(size, std::string(host).size() + 1);
  HANDLE handle = nullptr;
  ASSERT_EQ(create(name, &handle, FILE_CREATE), STATUS_SUCCESS);
  EXPECT_TRUE(nt::handles().close(handle));
  EXPECT_EQ(to_unix(name, host, &size, FILE_OPEN), STATUS_SUCCESS);
  EXPECT_EQ(to_unix(name, host, &size, FILE_CREATE), STATUS_OBJECT_NAME_COLLISION);
  size = 3;
  EXPECT_EQ(to_unix(name, host, &size, FILE_OPEN), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, directory.host("new").size() + 1);

  const auto to_nt = function<NTSTATUS, const char*, WCHAR*, ULONG*>(ntdll_dll, "wine_unix_to_nt_file_name");
  WCHAR native[300];
  size = 300;
  EXPECT_EQ(to_nt("/opt/x", native, &size), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(native), u"\\??\\Z:\\opt\\x");
  EXPECT_EQ(size, 13u);
  size = 12;
  EXPECT_EQ(to_nt("/opt/x", native, &size), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(to_nt("opt", native, &size), STATUS_OBJECT_PATH_SYNTAX_BAD);
}

}  // namespace
}  // namespace hmodule::winapi
