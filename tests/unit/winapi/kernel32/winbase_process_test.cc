#include "nt/handle_table.h"
#include "unit/winapi/process.h"

#include <string>

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> k32(std::string_view name) {
  return function<R, Args...>(kernel32_dll, name);
}
const HANDLE kSelf = nt::current_process_handle();

TEST(WinbaseProcess, NamesItsImage) {
  WCHAR name[1000];
  DWORD size = 1000;
  ASSERT_TRUE((k32<BOOL, HANDLE, DWORD, WCHAR*, DWORD*>("QueryFullProcessImageNameW")(kSelf, 0, name, &size)));
  EXPECT_EQ(size, std::u16string(name).size());
  EXPECT_TRUE(std::u16string(name).starts_with(u"Z:\\"));
  char narrow[1000];
  size = 1000;
  ASSERT_TRUE((k32<BOOL, HANDLE, DWORD, char*, DWORD*>("QueryFullProcessImageNameA")(kSelf, 0, narrow, &size)));
  EXPECT_TRUE(std::string(narrow).starts_with("Z:\\"));
  size = 4;
  EXPECT_FALSE((k32<BOOL, HANDLE, DWORD, WCHAR*, DWORD*>("QueryFullProcessImageNameW")(kSelf, 0, name, &size)));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INSUFFICIENT_BUFFER});
}

TEST(WinbaseProcess, RemembersWorkingSetSizes) {
  const auto set = k32<BOOL, HANDLE, SIZE_T, SIZE_T>("SetProcessWorkingSetSize");
  SIZE_T minimum = 0, maximum = 0;
  DWORD flags = 0;
  EXPECT_TRUE(set(kSelf, 1 << 20, 1 << 24));
  EXPECT_TRUE((k32<BOOL, HANDLE, SIZE_T*, SIZE_T*>("GetProcessWorkingSetSize")(kSelf, &minimum, &maximum)));
  EXPECT_EQ(minimum, SIZE_T{1} << 20);
  EXPECT_EQ(maximum, SIZE_T{1} << 24);
  EXPECT_FALSE(set(kSelf, 1 << 24, 1 << 20));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_PARAMETER});
  EXPECT_TRUE(set(kSelf, ~SIZE_T{0}, ~SIZE_T{0}));
  EXPECT_TRUE(
      (k32<BOOL, HANDLE, SIZE_T*, SIZE_T*, DWORD*>("GetProcessWorkingSetSizeEx")(kSelf, &minimum, &maximum, &flags)));
  EXPECT_EQ(flags, 10U);
  EXPECT_FALSE((k32<BOOL, HANDLE, SIZE_T, SIZE_T, DWORD>("SetProcessWorkingSetSizeEx")(kSelf, 1 << 20, 1 << 24, 1)));
}

TEST(WinbaseProcess, IsNotMadeOfADirectoryNorInAMissingOne) {
  const auto create =
      k32<BOOL, const WCHAR*, WCHAR*, void*, void*, BOOL, DWORD, void*, const WCHAR*, void*, void*>("CreateProcessW");
  DWORD startup[26] = {104};
  std::uintptr_t made[3];
  WCHAR line[] = u"x";
  EXPECT_FALSE(create(u"Z:\\tmp", line, nullptr, nullptr, 0, 0, nullptr, nullptr, startup, made));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_ACCESS_DENIED});
  EXPECT_FALSE(create(u"Z:\\bin\\true", line, nullptr, nullptr, 0, 0, nullptr, u"Z:\\no\\such\\place", startup, made));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_DIRECTORY});
  EXPECT_FALSE(create(u"Z:\\bin\\true", line, nullptr, nullptr, 0, 0, nullptr, u"Z:\\bin\\true", startup, made))
      << "a file is no directory";
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_DIRECTORY});
}

TEST(WinbaseProcess, TellsWhetherMemoryIsShort) {
  const auto create = k32<HANDLE, DWORD>("CreateMemoryResourceNotification");
  const HANDLE low = create(0), high = create(1);
  ASSERT_TRUE(low != nullptr && high != nullptr);
  BOOL is_low = 2, is_high = 2;
  const auto query = k32<BOOL, HANDLE, BOOL*>("QueryMemoryResourceNotification");
  EXPECT_TRUE(query(low, &is_low) && query(high, &is_high));
  EXPECT_FALSE(is_low && is_high);
  EXPECT_EQ((k32<DWORD, HANDLE, DWORD>("WaitForSingleObject")(low, 0)), is_low ? 0U : 258U);
  EXPECT_EQ(create(2), nullptr);
  EXPECT_FALSE(query(kSelf, &is_low));
  EXPECT_EQ(thread::last_error(), DWORD{ERROR_INVALID_HANDLE});
}

}  // namespace
}  // namespace hmodule::winapi
