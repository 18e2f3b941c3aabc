#include "winapi/secur32/sspi.h"
#include "unit/winapi/process.h"
#include "winapi/secur32/exports.h"

#include <string>

namespace hmodule::winapi::secur32 {
namespace {

struct Table {  // the beginning of SecurityFunctionTableW
  ULONG version;
  Proc functions[26];
};

template <typename Char>
void expect_schannel_alone(const std::string& suffix, const Char* name, const Char* other) {
  ULONG count = 0;
  SecPkgInfo<Char>* list = nullptr;
  const auto free = function<LONG, void*>(secur32_dll, "FreeContextBuffer");
  EXPECT_EQ(
      (function<LONG, ULONG*, SecPkgInfo<Char>**>(secur32_dll, "EnumerateSecurityPackages" + suffix)(&count, &list)),
      SEC_E_OK);
  ASSERT_EQ(count, 2U);
  EXPECT_EQ(std::basic_string<Char>(list[1].Name), name);
  EXPECT_EQ(list[1].wRPCID, 14U);
  EXPECT_EQ(free(list), SEC_E_OK);
  const auto query = function<LONG, const Char*, SecPkgInfo<Char>**>(secur32_dll, "QuerySecurityPackageInfo" + suffix);
  ASSERT_EQ(query(name, &list), SEC_E_OK);
  EXPECT_EQ(std::basic_string<Char>(list->Name), name);
  EXPECT_GT(list->cbMaxToken, 16384U);
  EXPECT_EQ(free(list), SEC_E_OK);
  EXPECT_EQ(query(other, &list), SEC_E_SECPKG_NOT_FOUND);
  const auto acquire = function<LONG, void*, const Char*, ULONG, void*, void*, void*, void*, SecHandle*, void*>(
      secur32_dll, "AcquireCredentialsHandle" + suffix);
  SecHandle handle{};
  EXPECT_EQ(acquire(nullptr, other, SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr, nullptr, &handle, nullptr),
            SEC_E_SECPKG_NOT_FOUND);
  LARGE_INTEGER expiry = 0;
  ASSERT_EQ(acquire(nullptr, name, SECPKG_CRED_OUTBOUND, nullptr, nullptr, nullptr, nullptr, &handle, &expiry),
            SEC_E_OK);
  EXPECT_GT(expiry, 0);
  DWORD protocols = 0;
  const auto ask = function<LONG, SecHandle*, ULONG, void*>(secur32_dll, "QueryCredentialsAttributes" + suffix);
  EXPECT_EQ(ask(&handle, SECPKG_ATTR_SUPPORTED_PROTOCOLS, &protocols), SEC_E_OK);
  EXPECT_EQ(protocols, SP_PROT_TLS1_2_CLIENT);
  EXPECT_EQ(ask(&handle, 1, &protocols), SEC_E_UNSUPPORTED_FUNCTION);
  SecHandle context{};
  EXPECT_EQ((function<LONG, SecHandle*, SecHandle*, const Char*, ULONG, ULONG, ULONG, void*, ULONG, SecHandle*, void*,
                      ULONG*, void*>(secur32_dll, "InitializeSecurityContext" + suffix)(
                &handle, nullptr, nullptr, 0, 0, 0, nullptr, 0, &context, nullptr, nullptr, nullptr)),
            SEC_I_CONTINUE_NEEDED);
  SecPkgInfo<Char>* package = nullptr;
  EXPECT_EQ((function<LONG, SecHandle*, ULONG, void*>(secur32_dll, "QueryContextAttributes" + suffix)(
                &context, SECPKG_ATTR_PACKAGE_INFO, &package)),
            SEC_E_OK);
  EXPECT_EQ(std::basic_string<Char>(package->Name), name);
  EXPECT_EQ(free(package), SEC_E_OK);
  EXPECT_EQ((function<LONG, SecHandle*, void*>(secur32_dll, "CompleteAuthToken")(&context, nullptr)),
            SEC_E_UNSUPPORTED_FUNCTION);
  EXPECT_EQ((function<LONG, SecHandle*>(secur32_dll, "DeleteSecurityContext")(&context)), SEC_E_OK);
  EXPECT_EQ((function<LONG, SecHandle*>(secur32_dll, "FreeCredentialsHandle")(&handle)), SEC_E_OK);
  const auto* const table = function<const Table*>(secur32_dll, "InitSecurityInterface" + suffix)();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->version, 1U);
  EXPECT_EQ(table->functions[2], find(secur32_dll, "AcquireCredentialsHandle" + suffix));
  EXPECT_EQ(table->functions[25], find(secur32_dll, "DecryptMessage"));
}

TEST(Sspi, SchannelIsTheOnlyPackage) {
  expect_schannel_alone<char>("A", "Microsoft Unified Security Protocol Provider", "Negotiate");
  expect_schannel_alone<WCHAR>("W", u"Microsoft Unified Security Protocol Provider", u"NTLM");
}

TEST(Sspi, UnknownHandlesAreKnownForIt) {
  SecHandle handles[] = {{0, 0}, {1, 1}, {~ULONG_PTR{0}, ~ULONG_PTR{0}}};
  for (SecHandle& handle : handles)
    for (const char* name :
         {"ApplyControlToken", "CompleteAuthToken", "DeleteSecurityContext", "FreeCredentialsHandle"})
      EXPECT_EQ((function<LONG, void*, void*>(secur32_dll, name)(&handle, nullptr)), SEC_E_INVALID_HANDLE) << name;
  for (const char* name : {"AcceptSecurityContext", "DecryptMessage", "EncryptMessage", "QueryContextAttributesW"})
    EXPECT_EQ((function<LONG, void*, void*, void*, ULONG, ULONG, void*, void*, void*, void*>(secur32_dll, name)(
                  handles, handles, nullptr, 0, 0, nullptr, nullptr, nullptr, nullptr)),
              SEC_E_INVALID_HANDLE)
        << name;
}

}  // namespace
}  // namespace hmodule::winapi::secur32
