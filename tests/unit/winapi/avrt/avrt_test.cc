#include "thread/teb.h"
#include "unit/winapi/process.h"
#include "winapi/avrt/exports.h"

namespace hmodule::winapi {
namespace {

TEST(Avrt, KnowsNoTask) {
  DWORD index = 0;
  for (const char* name : {"AvSetMmThreadCharacteristicsA", "AvSetMmThreadCharacteristicsW"}) {
    EXPECT_EQ((function<HANDLE, const void*, DWORD*>(avrt_dll, name)(u"Pro Audio", &index)), nullptr);
    EXPECT_EQ(thread::teb().LastErrorValue, 1550U);
  }
  for (const char* name : {"AvSetMmMaxThreadCharacteristicsA", "AvSetMmMaxThreadCharacteristicsW"})
    EXPECT_EQ((function<HANDLE, const void*, const void*, DWORD*>(avrt_dll, name)(u"Audio", u"Games", &index)),
              nullptr);
  EXPECT_EQ(index, 0U);
}

TEST(Avrt, ThatWhichItNeverGaveIsNoHandle) {
  ULONG responsiveness = 7;
  EXPECT_EQ((function<BOOL, HANDLE>(avrt_dll, "AvRevertMmThreadCharacteristics")(nullptr)), FALSE);
  EXPECT_EQ((function<BOOL, HANDLE, int>(avrt_dll, "AvSetMmThreadPriority")(nullptr, 1)), FALSE);
  EXPECT_EQ((function<BOOL, HANDLE, ULONG*>(avrt_dll, "AvQuerySystemResponsiveness")(nullptr, &responsiveness)), FALSE);
  EXPECT_EQ(thread::teb().LastErrorValue, 6U);
  EXPECT_EQ(responsiveness, 7U);
}

}  // namespace
}  // namespace hmodule::winapi
