#include "unit/winapi/process.h"
#include "winapi/rstrtmgr/exports.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace hmodule::winapi {
namespace {

struct ProcessInfo {  // RM_PROCESS_INFO
  DWORD id;
  FILETIME started;
  WCHAR name[256], service[64];
  DWORD type;
  ULONG status;
  DWORD session;
  BOOL restartable;
};

class RestartManager : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = "/tmp/hmodule-rm-" + std::to_string(getpid());
    file_ = open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ASSERT_GE(file_, 0);
    ASSERT_EQ(start(&session_, 0, key_), 0U);
    EXPECT_EQ(std::u16string_view(key_).size(), 32U);
  }
  void TearDown() override {
    EXPECT_EQ(end(session_), 0U);
    if (file_ >= 0) close(file_);
    unlink(path_.c_str());
  }
  DWORD add() {
    const std::u16string name(path_.begin(), path_.end());
    const WCHAR* names[] = {name.c_str()};
    return function<DWORD, DWORD, UINT, const WCHAR**, UINT, void*, UINT, void*>(rstrtmgr_dll, "RmRegisterResources")(
        session_, 1, names, 0, nullptr, 0, nullptr);
  }

  std::string path_;
  int file_ = -1;
  DWORD session_ = 0;
  WCHAR key_[33];
  Function<DWORD, DWORD*, DWORD, WCHAR*> start = function<DWORD, DWORD*, DWORD, WCHAR*>(rstrtmgr_dll, "RmStartSession");
  Function<DWORD, DWORD> end = function<DWORD, DWORD>(rstrtmgr_dll, "RmEndSession");
  Function<DWORD, DWORD, UINT*, UINT*, ProcessInfo*, DWORD*> list =
      function<DWORD, DWORD, UINT*, UINT*, ProcessInfo*, DWORD*>(rstrtmgr_dll, "RmGetList");
};

TEST_F(RestartManager, NamesTheProcessThatHasAFileOpen) {
  ASSERT_EQ(add(), 0U);
  UINT needed = 0, count = 0;
  DWORD reasons = 1;
  EXPECT_EQ(list(session_, &needed, &count, nullptr, &reasons), 234U);  // ERROR_MORE_DATA
  ASSERT_EQ(needed, 1U);
  count = needed;
  ProcessInfo info{};
  ASSERT_EQ(list(session_, &needed, &count, &info, &reasons), 0U);
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(info.id, static_cast<DWORD>(getpid()));
  EXPECT_TRUE(std::u16string_view(info.name).starts_with(u"unit_winapi_rst"));
  EXPECT_EQ(reasons, 0U);
}

TEST_F(RestartManager, NamesNobodyWhenNobodyHas) {
  close(std::exchange(file_, -1));
  ASSERT_EQ(add(), 0U);
  UINT needed = 7, count = 0;
  DWORD reasons = 1;
  EXPECT_EQ(list(session_, &needed, &count, nullptr, &reasons), 0U);
  EXPECT_EQ(needed, 0U);
}

TEST_F(RestartManager, KnowsItsSessions) {
  EXPECT_EQ(end(4711), 6U);  // ERROR_INVALID_HANDLE
  std::vector<DWORD> more(63);
  for (DWORD& each : more) EXPECT_EQ(start(&each, 0, key_), 0U);
  DWORD last;
  EXPECT_EQ(start(&last, 0, key_), 353U) << "ERROR_MAX_SESSIONS_REACHED";
  for (const DWORD each : more) EXPECT_EQ(end(each), 0U);
}

}  // namespace
}  // namespace hmodule::winapi
