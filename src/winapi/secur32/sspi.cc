// sspi.h: a system without any security package. So the list of them is empty, none can be found by name, there are no
// credentials and no contexts, and programs that only look around (curl asks for the table of functions) go on.
#include "module/builtin.h"
#include "win/types.h"

namespace hmodule::winapi {
namespace {

constexpr LONG SEC_E_OK = 0;
constexpr LONG SEC_E_INVALID_HANDLE = static_cast<LONG>(0x80090301);
constexpr LONG SEC_E_SECPKG_NOT_FOUND = static_cast<LONG>(0x80090305);

HM_WINAPI LONG EnumerateSecurityPackages(ULONG* count, void** list) noexcept {
  *count = 0;
  *list = nullptr;
  return SEC_E_OK;
}

// Nothing was allocated that could be freed.
HM_WINAPI LONG FreeContextBuffer(void* buffer) noexcept {
  return buffer == nullptr ? SEC_E_OK : SEC_E_INVALID_HANDLE;
}

// Their arguments do not matter, and the caller takes them off the stack.
HM_WINAPI LONG no_such_package() noexcept {
  return SEC_E_SECPKG_NOT_FOUND;
}
HM_WINAPI LONG no_such_handle() noexcept {
  return SEC_E_INVALID_HANDLE;
}

// SecurityFunctionTableA and SecurityFunctionTableW: the same here.
struct SecurityFunctionTable {
  ULONG dwVersion;
  Proc EnumerateSecurityPackages, QueryCredentialsAttributes, AcquireCredentialsHandle, FreeCredentialsHandle,
      Reserved2, InitializeSecurityContext, AcceptSecurityContext, CompleteAuthToken, DeleteSecurityContext,
      ApplyControlToken, QueryContextAttributes, ImpersonateSecurityContext, RevertSecurityContext, MakeSignature,
      VerifySignature, FreeContextBuffer, QuerySecurityPackageInfo, Reserved3, Reserved4, ExportSecurityContext,
      ImportSecurityContext, AddCredentials, Reserved8, QuerySecurityContextToken, EncryptMessage, DecryptMessage;
};
static_assert(sizeof(SecurityFunctionTable) == 27 * 8);

HM_WINAPI SecurityFunctionTable* InitSecurityInterface() noexcept {
  static SecurityFunctionTable table = [] {
    const Proc handle = proc(no_such_handle), package = proc(no_such_package);
    SecurityFunctionTable made{};
    made.dwVersion = 1;  // SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION
    made.EnumerateSecurityPackages = proc(EnumerateSecurityPackages);
    made.AcquireCredentialsHandle = made.QuerySecurityPackageInfo = made.ImportSecurityContext = package;
    made.FreeContextBuffer = proc(FreeContextBuffer);
    for (Proc* each :
         {&made.QueryCredentialsAttributes, &made.FreeCredentialsHandle, &made.InitializeSecurityContext,
          &made.AcceptSecurityContext, &made.CompleteAuthToken, &made.DeleteSecurityContext, &made.ApplyControlToken,
          &made.QueryContextAttributes, &made.ImpersonateSecurityContext, &made.RevertSecurityContext,
          &made.MakeSignature, &made.VerifySignature, &made.ExportSecurityContext, &made.AddCredentials,
          &made.QuerySecurityContextToken, &made.EncryptMessage, &made.DecryptMessage})
      *each = handle;
    return made;
  }();
  return &table;
}

constexpr std::string_view kNone = "there are no security packages";

const Export kRows[] = {
    {"AcceptSecurityContext", proc(no_such_handle), Support::partial, kNone},
    {"AcquireCredentialsHandleA", proc(no_such_package), Support::partial, kNone},
    {"AcquireCredentialsHandleW", proc(no_such_package), Support::partial, kNone},
    {"ApplyControlToken", proc(no_such_handle), Support::partial, kNone},
    {"CompleteAuthToken", proc(no_such_handle), Support::partial, kNone},
    {"DecryptMessage", proc(no_such_handle), Support::partial, kNone},
    {"DeleteSecurityContext", proc(no_such_handle), Support::partial, kNone},
    {"EncryptMessage", proc(no_such_handle), Support::partial, kNone},
    {"EnumerateSecurityPackagesA", proc(EnumerateSecurityPackages), Support::partial, kNone},
    {"EnumerateSecurityPackagesW", proc(EnumerateSecurityPackages), Support::partial, kNone},
    {"FreeContextBuffer", proc(FreeContextBuffer), Support::partial, kNone},
    {"FreeCredentialsHandle", proc(no_such_handle), Support::partial, kNone},
    {"InitSecurityInterfaceA", proc(InitSecurityInterface), Support::partial, kNone},
    {"InitSecurityInterfaceW", proc(InitSecurityInterface), Support::partial, kNone},
    {"InitializeSecurityContextA", proc(no_such_handle), Support::partial, kNone},
    {"InitializeSecurityContextW", proc(no_such_handle), Support::partial, kNone},
    {"QueryContextAttributesA", proc(no_such_handle), Support::partial, kNone},
    {"QueryContextAttributesW", proc(no_such_handle), Support::partial, kNone},
    {"QuerySecurityPackageInfoA", proc(no_such_package), Support::partial, kNone},
    {"QuerySecurityPackageInfoW", proc(no_such_package), Support::partial, kNone},
};

}  // namespace

extern const ExportTable sspi_exports = kRows;

}  // namespace hmodule::winapi
