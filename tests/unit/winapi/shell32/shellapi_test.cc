#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "winapi/shell32/exports.h"

namespace hmodule::winapi {
namespace {

TEST(CommandLineToArgvW, IsOneBlockForLocalFree) {
  const auto call = function<WCHAR**, const WCHAR*, INT*>(shell32_dll, "CommandLineToArgvW");
  INT count = 0;
  WCHAR** arguments = call(u"app \"a b\" c\\\"d", &count);
  ASSERT_EQ(count, 3);
  EXPECT_EQ(std::u16string_view(arguments[1]), u"a b");
  EXPECT_EQ(std::u16string_view(arguments[2]), u"c\"d");
  EXPECT_EQ(arguments[3], nullptr);
  EXPECT_EQ((function<HANDLE, HANDLE>(kernel32_dll, "LocalFree")(arguments)), nullptr);
}

TEST(CommandLineToArgvW, AnEmptyLineIsTheProgram) {
  const auto call = function<WCHAR**, const WCHAR*, INT*>(shell32_dll, "CommandLineToArgvW");
  INT count = 0;
  WCHAR** arguments = call(u"", &count);
  ASSERT_EQ(count, 1);
  EXPECT_TRUE(std::u16string_view(arguments[0]).ends_with(u"unit_winapi_shell32"));
  EXPECT_EQ((function<HANDLE, HANDLE>(kernel32_dll, "LocalFree")(arguments)), nullptr);
  EXPECT_EQ(call(u"x", nullptr), nullptr);
  EXPECT_EQ(thread::last_error(), ERROR_INVALID_PARAMETER);
}

struct ExecuteInfo {  // SHELLEXECUTEINFOW
  DWORD size = sizeof(ExecuteInfo), mask = 0;
  HANDLE window = nullptr;
  const WCHAR *verb = nullptr, *file = nullptr, *parameters = nullptr, *directory = nullptr;
  INT show = 0;
  std::uintptr_t instance = 0;
  void *list = nullptr, *class_name = nullptr, *key = nullptr;
  DWORD hot_key = 0;
  HANDLE icon = nullptr, process = nullptr;
};

TEST(ShellExecute, StartsPrograms) {
  const TemporaryDirectory directory;
  ExecuteInfo info;
  info.mask = 0x40;  // SEE_MASK_NOCLOSEPROCESS
  info.file = u"Z:\\bin\\sh";
  info.parameters = u"-c \"pwd > here; exit 7\"";
  info.directory = directory.windows().c_str();
  ASSERT_TRUE((function<BOOL, ExecuteInfo*>(shell32_dll, "ShellExecuteExW")(&info)));
  EXPECT_GT(info.instance, 32U);
  ASSERT_NE(info.process, nullptr);
  EXPECT_EQ((function<DWORD, HANDLE, DWORD>(kernel32_dll, "WaitForSingleObject")(info.process, 20000)), 0U);
  DWORD code = 0;
  EXPECT_TRUE((function<BOOL, HANDLE, DWORD*>(kernel32_dll, "GetExitCodeProcess")(info.process, &code)));
  EXPECT_EQ(code, 7U);
  EXPECT_EQ(directory.read("here"), directory.host("here").substr(0, directory.host("here").rfind('/')) + "\n");
  EXPECT_TRUE((function<BOOL, HANDLE>(kernel32_dll, "CloseHandle")(info.process)));
  EXPECT_GT((function<std::uintptr_t, HANDLE, const char*, const char*, const char*, const char*, INT>(
                shell32_dll, "ShellExecuteA")(nullptr, "open", "Z:\\bin\\true", nullptr, nullptr, 1)),
            32U);
  ExecuteInfo silent;
  silent.file = reinterpret_cast<const WCHAR*>("Z:\\bin\\true");
  for (const char* name : {"ShellExecuteExA", "ShellExecuteEx"}) {
    EXPECT_TRUE((function<BOOL, ExecuteInfo*>(shell32_dll, name)(&silent))) << name;
    EXPECT_EQ(silent.process, nullptr);
  }
}

TEST(ShellExecute, RefusesWhatIsNoProgram) {
  const TemporaryDirectory directory;
  directory.write("letter.txt", "Dear all");
  const auto execute = function<std::uintptr_t, HANDLE, const WCHAR*, const WCHAR*, const WCHAR*, const WCHAR*, INT>(
      shell32_dll, "ShellExecuteW");
  EXPECT_EQ(execute(nullptr, nullptr, directory.windows(u"letter.txt").c_str(), nullptr, nullptr, 1), 31U);
  EXPECT_EQ(thread::last_error(), 1155U);  // ERROR_NO_ASSOCIATION
  EXPECT_EQ(execute(nullptr, u"open", u"https://example.org/", nullptr, nullptr, 1), 31U);
  EXPECT_EQ(execute(nullptr, u"print", u"Z:\\bin\\true", nullptr, nullptr, 1), 31U);
  EXPECT_EQ(execute(nullptr, u"runas", u"Z:\\bin\\true", nullptr, nullptr, 1), 31U);
  EXPECT_EQ(execute(nullptr, nullptr, directory.windows(u"absent.exe").c_str(), nullptr, nullptr, 1), 2U);
  EXPECT_EQ(thread::last_error(), 2U);
  ExecuteInfo info;
  EXPECT_FALSE((function<BOOL, ExecuteInfo*>(shell32_dll, "ShellExecuteExW")(&info)));
  info.size = 4;
  EXPECT_FALSE((function<BOOL, ExecuteInfo*>(shell32_dll, "ShellExecuteExW")(&info)));
  EXPECT_EQ(thread::last_error(), 87U);
}

TEST(Shell, IsNotThere) {
  for (const char* name : {"Shell_NotifyIconA", "Shell_NotifyIconW"}) {
    EXPECT_FALSE((function<BOOL, DWORD, void*>(shell32_dll, name)(0, nullptr)));
    EXPECT_EQ(thread::last_error(), 50U);  // ERROR_NOT_SUPPORTED
  }
  void* folder = &folder;
  constexpr auto kNotImplemented = static_cast<HRESULT>(0x80004001);
  EXPECT_EQ((function<HRESULT, void**>(shell32_dll, "SHGetDesktopFolder")(&folder)), kNotImplemented);
  EXPECT_EQ(folder, nullptr);
  folder = &folder;
  EXPECT_EQ((function<HRESULT, void*, void*, void**, void**>(shell32_dll, "SHBindToParent")(nullptr, nullptr, &folder,
                                                                                            nullptr)),
            kNotImplemented);
  EXPECT_EQ(folder, nullptr);
  for (const char* name : {"SHGetPathFromIDList", "SHGetPathFromIDListA", "SHGetPathFromIDListW"})
    EXPECT_FALSE((function<BOOL, void*, void*>(shell32_dll, name)(nullptr, nullptr))) << name;
}

}  // namespace
}  // namespace hmodule::winapi
