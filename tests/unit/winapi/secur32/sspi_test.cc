#include "unit/winapi/process.h"
#include "winapi/secur32/exports.h"

#include <string>

namespace hmodule::winapi {
namespace {

constexpr LONG kInvalidHandle = static_cast<LONG>(0x80090301), kNoPackage = static_cast<LONG>(0x80090305);

struct Table {  // the beginning of SecurityFunctionTableW
  ULONG version;
  Proc functions[26];
};

TEST(Sspi, ThereAreNoPackages) {
  for (const std::string suffix : {"A", "W"}) {
    ULONG count = 7;
    void* list = &count;
    EXPECT_EQ((function<LONG, ULONG*, void**>(secur32_dll, "EnumerateSecurityPackages" + suffix)(&count, &list)), 0);
    EXPECT_EQ(count, 0U);
    EXPECT_EQ((function<LONG, void*>(secur32_dll, "FreeContextBuffer")(list)), 0);
    EXPECT_EQ(
        (function<LONG, const void*, void**>(secur32_dll, "QuerySecurityPackageInfo" + suffix)(u"Negotiate", &list)),
        kNoPackage);
    EXPECT_EQ((function<LONG, void*, const void*>(secur32_dll, "AcquireCredentialsHandle" + suffix)(nullptr, u"NTLM")),
              kNoPackage);
    EXPECT_EQ((function<LONG, void*>(secur32_dll, "InitializeSecurityContext" + suffix)(&count)), kInvalidHandle);
    EXPECT_EQ((function<LONG, void*>(secur32_dll, "QueryContextAttributes" + suffix)(&count)), kInvalidHandle);
    const auto* const table = function<const Table*>(secur32_dll, "InitSecurityInterface" + suffix)();
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table->version, 1U);
    EXPECT_EQ(table->functions[2], find(secur32_dll, "AcquireCredentialsHandle" + suffix));
    EXPECT_EQ(table->functions[25], find(secur32_dll, "DecryptMessage"));
  }
  for (const char* name : {"AcceptSecurityContext", "ApplyControlToken", "CompleteAuthToken", "DecryptMessage",
                           "DeleteSecurityContext", "EncryptMessage", "FreeCredentialsHandle"})
    EXPECT_EQ((function<LONG, void*>(secur32_dll, name)(nullptr)), kInvalidHandle) << name;
}

}  // namespace
}  // namespace hmodule::winapi
