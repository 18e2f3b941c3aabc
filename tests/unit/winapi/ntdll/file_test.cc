#include "nt/handle_table.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "win/fileapi.h"

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

}  // namespace
}  // namespace hmodule::winapi
