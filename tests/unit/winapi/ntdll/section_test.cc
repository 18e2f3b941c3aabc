// Sections through ntdll: views larger than a file that grows into them, and images (ntmmapi.h).
#include "nt/handle_table.h"
#include "support/pe_builder.h"
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "win/fileapi.h"
#include "win/sections.h"

#include <cstring>
#include <string>

namespace hmodule::winapi {
namespace {

struct View {
  NTSTATUS status;
  std::byte* base;
  SIZE_T size;
};

class NtSections : public testing::Test {
 protected:
  NtSections() { process(); }

  HANDLE open(const char16_t* name, DWORD access) const {
    const std::u16string full = directory.windows(name);
    return function<HANDLE, const WCHAR*, DWORD, DWORD, const void*, DWORD, DWORD, HANDLE>(kernel32_dll, "CreateFileW")(
        full.c_str(), access, 7, nullptr, OPEN_EXISTING, 0, nullptr);
  }
  static NTSTATUS create(HANDLE* section, HANDLE file, ULONG protect, ULONG attributes,
                         ACCESS_MASK access = SECTION_ALL_ACCESS, const LARGE_INTEGER* size = nullptr) {
    return function<NTSTATUS, HANDLE*, ACCESS_MASK, const void*, const LARGE_INTEGER*, ULONG, ULONG, HANDLE>(
        ntdll_dll, "NtCreateSection")(section, access, nullptr, size, protect, attributes, file);
  }
  static View map(HANDLE section, SIZE_T size, ULONG type, ULONG protect) {
    View view = {0, nullptr, size};
    view.status = function<NTSTATUS, HANDLE, HANDLE, std::byte**, ULONG_PTR, SIZE_T, const LARGE_INTEGER*, SIZE_T*,
                           ULONG, ULONG, ULONG>(ntdll_dll, "NtMapViewOfSection")(section, self, &view.base, 0, 0,
                                                                                 nullptr, &view.size, 1, type, protect);
    return view;
  }
  static NTSTATUS unmap(const void* base) {
    return function<NTSTATUS, HANDLE, const void*>(ntdll_dll, "NtUnmapViewOfSection")(self, base);
  }
  static NTSTATUS extend(HANDLE section, LARGE_INTEGER* size) {
    return function<NTSTATUS, HANDLE, LARGE_INTEGER*>(ntdll_dll, "NtExtendSection")(section, size);
  }
  static MEMORY_BASIC_INFORMATION query(const void* address) {
    MEMORY_BASIC_INFORMATION info = {};
    function<SIZE_T, const void*, MEMORY_BASIC_INFORMATION*, SIZE_T>(kernel32_dll, "VirtualQuery")(address, &info,
                                                                                                   sizeof info);
    return info;
  }
  static inline const HANDLE self = reinterpret_cast<HANDLE>(std::intptr_t{-1});
  const TemporaryDirectory directory;
};

// LMDB reserves its whole map, and lets the file grow.
TEST_F(NtSections, OfFilesGrowIntoViewsThatExceedThem) {
  directory.write("data", std::string(0x2000, 'd'));
  const HANDLE file = open(u"data", GENERIC_READ | GENERIC_WRITE);
  HANDLE section = nullptr;
  ASSERT_EQ(create(&section, file, PAGE_READWRITE, SEC_RESERVE), STATUS_SUCCESS);
  EXPECT_EQ(map(section, 0x20000, 0, PAGE_READWRITE).status, STATUS_INVALID_VIEW_SIZE);
  const View view = map(section, 0x20000, MEM_RESERVE, PAGE_READWRITE);
  ASSERT_EQ(view.status, STATUS_SUCCESS);
  EXPECT_EQ(view.size, 0x20000U);
  EXPECT_EQ(query(view.base).State, DWORD{MEM_COMMIT});
  EXPECT_EQ(query(view.base).RegionSize, 0x2000U);
  EXPECT_EQ(query(view.base + 0x2000).State, DWORD{MEM_RESERVE});
  view.base[0x1000] = std::byte{'n'};

  LARGE_INTEGER size = 0x5000;
  ASSERT_EQ(extend(section, &size), STATUS_SUCCESS);
  EXPECT_EQ(query(view.base).RegionSize, 0x5000U);
  view.base[0x4FFF] = std::byte{'e'};
  const std::string now = directory.read("data");
  ASSERT_EQ(now.size(), 0x5000U);
  EXPECT_EQ(now[0x1000], 'n');
  EXPECT_EQ(now[0x4FFF], 'e');
  size = 0x1000;  // no section shrinks
  EXPECT_EQ(extend(section, &size), STATUS_SUCCESS);
  EXPECT_EQ(size, 0x5000);
  EXPECT_EQ(unmap(view.base + 0x10000), STATUS_SUCCESS);
  for (const HANDLE handle : {section, file}) EXPECT_TRUE(nt::handles().close(handle));
}

TEST_F(NtSections, GrowAsPagesOfTheirViewsAreCommitted) {
  directory.write("data", std::string(0x2000, 'd'));
  const HANDLE file = open(u"data", GENERIC_READ | GENERIC_WRITE);
  HANDLE section = nullptr;
  ASSERT_EQ(create(&section, file, PAGE_READWRITE, SEC_RESERVE), STATUS_SUCCESS);
  const View view = map(section, 0x20000, MEM_RESERVE, PAGE_READWRITE);
  ASSERT_EQ(view.status, STATUS_SUCCESS);
  const auto commit = [&](std::size_t at, SIZE_T size) {
    return function<std::byte*, std::byte*, SIZE_T, DWORD, DWORD>(kernel32_dll, "VirtualAlloc")(
        view.base + at, size, MEM_COMMIT, PAGE_READWRITE);
  };
  EXPECT_EQ(commit(0x1000, 0x3000), view.base + 0x1000);
  EXPECT_EQ(directory.read("data").size(), 0x4000U);
  EXPECT_EQ(query(view.base).RegionSize, 0x4000U);
  view.base[0x3000] = std::byte{'c'};
  EXPECT_EQ(directory.read("data")[0x3000], 'c');
  EXPECT_EQ(commit(0x1F000, 0x2000), nullptr);
  EXPECT_EQ(directory.read("data").size(), 0x4000U);
  EXPECT_EQ(unmap(view.base), STATUS_SUCCESS);

  const View whole = map(section, 0, 0, PAGE_READWRITE);  // not one that may grow
  ASSERT_EQ(whole.status, STATUS_SUCCESS);
  EXPECT_EQ((function<void*, void*, SIZE_T, DWORD, DWORD>(kernel32_dll, "VirtualAlloc")(whole.base, 0x1000, MEM_COMMIT,
                                                                                        PAGE_READWRITE)),
            nullptr);
  EXPECT_EQ(unmap(whole.base), STATUS_SUCCESS);
  for (const HANDLE handle : {section, file}) EXPECT_TRUE(nt::handles().close(handle));
}

TEST_F(NtSections, GrowOnlyWithAFileThatMay) {
  directory.write("data", "data");
  const HANDLE file = open(u"data", GENERIC_READ);
  const LARGE_INTEGER room = 0x1000;
  HANDLE memory = nullptr, fixed = nullptr, closed = nullptr;
  LARGE_INTEGER size = 0x2000;
  ASSERT_EQ(create(&memory, nullptr, PAGE_READWRITE, SEC_COMMIT, SECTION_ALL_ACCESS, &room), STATUS_SUCCESS);
  EXPECT_EQ(extend(memory, &size), STATUS_SECTION_NOT_EXTENDED);
  EXPECT_EQ(map(memory, 0x2000, MEM_RESERVE, PAGE_READWRITE).status, STATUS_INVALID_VIEW_SIZE);
  ASSERT_EQ(create(&fixed, file, PAGE_READONLY, SEC_COMMIT), STATUS_SUCCESS);
  EXPECT_EQ(extend(fixed, &size), STATUS_SECTION_NOT_EXTENDED);
  ASSERT_EQ(create(&closed, file, PAGE_READONLY, SEC_COMMIT, SECTION_MAP_READ), STATUS_SUCCESS);
  EXPECT_EQ(extend(closed, &size), STATUS_ACCESS_DENIED);
  EXPECT_EQ(directory.read("data"), "data");
  for (const HANDLE handle : {memory, fixed, closed, file}) EXPECT_TRUE(nt::handles().close(handle));
}

TEST_F(NtSections, OfImagesAreLaidOut) {
  test::PeBuilder dll = test::PeBuilder::minimal_dll();
  dll.add_exports("inner.dll", {{"alpha", 0x1000}});
  dll.write(directory.host("x.dll"));
  const HANDLE file = open(u"x.dll", GENERIC_READ);
  HANDLE section = nullptr;
  ASSERT_EQ(create(&section, file, PAGE_READONLY, SEC_IMAGE), STATUS_SUCCESS);
  SECTION_IMAGE_INFORMATION image = {};
  SIZE_T returned = 0;
  const auto about = function<NTSTATUS, HANDLE, ULONG, void*, SIZE_T, SIZE_T*>(ntdll_dll, "NtQuerySection");
  ASSERT_EQ(about(section, SectionImageInformation, &image, sizeof image, &returned), STATUS_SUCCESS);
  EXPECT_EQ(returned, 64U);
  EXPECT_EQ(image.Machine, 0x8664);
  EXPECT_TRUE(image.ImageContainsCode);
  EXPECT_EQ(image.ImageFileSize, std::filesystem::file_size(directory.host("x.dll")));
  EXPECT_EQ(about(section, SectionImageInformation, &image, 63, nullptr), STATUS_INFO_LENGTH_MISMATCH);

  const View first = map(section, 0, 0, PAGE_READONLY), second = map(section, 0, 0, PAGE_READONLY);
  ASSERT_EQ(first.status, STATUS_SUCCESS);
  ASSERT_EQ(second.status, STATUS_SUCCESS) << "relocated";
  EXPECT_NE(first.base, second.base);
  EXPECT_EQ(std::memcmp(first.base, "MZ", 2), 0);
  const MEMORY_BASIC_INFORMATION code = query(first.base + 0x1000);
  EXPECT_EQ(code.Type, DWORD{MEM_IMAGE});
  EXPECT_EQ(code.Protect, DWORD{PAGE_EXECUTE_READ});
  EXPECT_EQ(query(first.base).Protect, DWORD{PAGE_READONLY});
  EXPECT_EQ(unmap(first.base), STATUS_SUCCESS);
  EXPECT_EQ(unmap(second.base + 0x1000), STATUS_SUCCESS);
  LARGE_INTEGER size = 0x100000;
  EXPECT_EQ(extend(section, &size), STATUS_SECTION_NOT_EXTENDED);

  HANDLE data = nullptr;
  ASSERT_EQ(create(&data, file, PAGE_READONLY, SEC_IMAGE_NO_EXECUTE), STATUS_SUCCESS);
  const View unexecuted = map(data, 0, 0, PAGE_READONLY);
  ASSERT_EQ(unexecuted.status, STATUS_SUCCESS);
  EXPECT_EQ(query(unexecuted.base + 0x1000).Protect, DWORD{PAGE_READONLY});
  EXPECT_EQ(unmap(unexecuted.base), STATUS_SUCCESS);
  for (const HANDLE handle : {section, data, file}) EXPECT_TRUE(nt::handles().close(handle));
}

TEST_F(NtSections, OfImagesWantPeFiles) {
  directory.write("text", std::string(1000, 't'));
  directory.write("empty", "");
  const HANDLE text = open(u"text", GENERIC_READ), empty = open(u"empty", GENERIC_READ);
  HANDLE section = nullptr;
  EXPECT_EQ(create(&section, text, PAGE_READONLY, SEC_IMAGE), STATUS_INVALID_IMAGE_NOT_MZ);
  EXPECT_EQ(create(&section, empty, PAGE_READONLY, SEC_IMAGE), STATUS_MAPPED_FILE_SIZE_ZERO);
  const LARGE_INTEGER size = 0x1000;
  EXPECT_EQ(create(&section, nullptr, PAGE_READONLY, SEC_IMAGE, SECTION_ALL_ACCESS, &size),
            STATUS_INVALID_FILE_FOR_SECTION);
  EXPECT_EQ(create(&section, text, PAGE_READONLY, SEC_COMMIT), STATUS_SUCCESS);
  SECTION_IMAGE_INFORMATION image = {};
  EXPECT_EQ((function<NTSTATUS, HANDLE, ULONG, void*, SIZE_T, SIZE_T*>(ntdll_dll, "NtQuerySection")(
                section, SectionImageInformation, &image, sizeof image, nullptr)),
            STATUS_SECTION_NOT_IMAGE);
  for (const HANDLE handle : {section, text, empty}) EXPECT_TRUE(nt::handles().close(handle));
}

}  // namespace
}  // namespace hmodule::winapi
