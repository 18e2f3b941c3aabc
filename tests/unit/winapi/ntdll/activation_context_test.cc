// Rtl*ActivationContext* (what contexts hold is tested in unit/nt), and the few that refuse: debug objects.
#include "unit/nt/temporary_directory.h"
#include "unit/winapi/process.h"
#include "win/sections.h"
#include "win/winsxs.h"

namespace hmodule::winapi {
namespace {

template <typename R, typename... Args>
Function<R, Args...> nt(std::string_view name) {
  return function<R, Args...>(ntdll_dll, name);
}

constexpr const char kManifest[] =
    "<assembly xmlns='urn:schemas-microsoft-com:asm.v1' manifestVersion='1.0'><assemblyIdentity type='win32' name='a' "
    "version='1.0.0.0'/><file name='part.dll'><comClass clsid='{00000001-0002-0003-0405-060708090A0B}'/></file>"
    "<application><windowsSettings xmlns='space'><shade>grey</shade></windowsSettings></application></assembly>";

TEST(RtlActivationContexts, AreMadeActivatedAskedAndReleased) {
  process();
  const TemporaryDirectory directory;
  directory.write("a.manifest", kManifest);
  const std::u16string source = directory.windows(u"a.manifest");
  ACTCTXW wanted = {};
  wanted.cbSize = sizeof wanted;
  wanted.lpSource = source.c_str();
  HANDLE context = nullptr, active = nullptr;
  ULONG_PTR cookie = 0;
  ASSERT_EQ((nt<NTSTATUS, HANDLE*, ACTCTXW*>("RtlCreateActivationContext")(&context, &wanted)), STATUS_SUCCESS);
  EXPECT_EQ((nt<NTSTATUS, ULONG, HANDLE, ULONG_PTR*>("RtlActivateActivationContext")(0, context, &cookie)),
            STATUS_SUCCESS);
  EXPECT_TRUE((nt<BOOLEAN, HANDLE>("RtlIsActivationContextActive")(context)));
  EXPECT_EQ((nt<NTSTATUS, HANDLE*>("RtlGetActiveActivationContext")(&active)), STATUS_SUCCESS);
  EXPECT_EQ(active, context);
  nt<void*, HANDLE>("RtlReleaseActivationContext")(active);

  ACTCTX_SECTION_KEYED_DATA found = {};
  found.cbSize = sizeof found;
  WCHAR text[] = u"PART.dll";
  UNICODE_STRING name = {16, 18, text};
  const auto by_name = nt<NTSTATUS, ULONG, const GUID*, ULONG, UNICODE_STRING*, ACTCTX_SECTION_KEYED_DATA*>(
      "RtlFindActivationContextSectionString");
  EXPECT_EQ(by_name(FIND_ACTCTX_SECTION_KEY_RETURN_HACTCTX, nullptr, 2, &name, &found), STATUS_SUCCESS);
  EXPECT_EQ(found.hActCtx, context);
  nt<void*, HANDLE>("RtlReleaseActivationContext")(context);
  text[0] = u'X';
  EXPECT_EQ(by_name(0, nullptr, 2, &name, &found), STATUS_SXS_KEY_NOT_FOUND);
  found.cbSize = 8;
  EXPECT_EQ(by_name(0, nullptr, 2, &name, &found), STATUS_INVALID_PARAMETER);
  found.cbSize = sizeof found;
  GUID clsid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
  const auto by_guid =
      nt<NTSTATUS, ULONG, const GUID*, ULONG, GUID*, ACTCTX_SECTION_KEYED_DATA*>("RtlFindActivationContextSectionGuid");
  EXPECT_EQ(by_guid(0, nullptr, 4, &clsid, &found), STATUS_SUCCESS);
  EXPECT_EQ(by_guid(0, nullptr, 5, &clsid, &found), STATUS_SXS_SECTION_NOT_FOUND);

  WCHAR value[10] = {};
  SIZE_T needed = 0;
  WCHAR space[] = u"space", setting[] = u"shade";
  EXPECT_EQ((nt<NTSTATUS, DWORD, HANDLE, WCHAR*, WCHAR*, WCHAR*, SIZE_T, SIZE_T*>(
                "RtlQueryActivationContextApplicationSettings")(0, context, space, setting, value, 10, &needed)),
            STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(value), u"grey");
  EXPECT_EQ(needed, 5U);
  const auto query =
      nt<NTSTATUS, ULONG, HANDLE, void*, ULONG, void*, SIZE_T, SIZE_T*>("RtlQueryInformationActivationContext");
  alignas(8) std::byte details[1000];
  EXPECT_EQ(query(0, context, nullptr, 2, details, 8, &needed), STATUS_BUFFER_TOO_SMALL);
  ASSERT_EQ(query(0, context, nullptr, 2, details, sizeof details, &needed), STATUS_SUCCESS);
  const auto& detailed = *reinterpret_cast<const ACTIVATION_CONTEXT_DETAILED_INFORMATION*>(details);
  EXPECT_EQ(detailed.ulAssemblyCount, 1U);
  EXPECT_EQ(std::u16string(detailed.lpRootManifestPath), source);

  nt<void*, ULONG, ULONG_PTR>("RtlDeactivateActivationContext")(0, cookie);
  EXPECT_FALSE((nt<BOOLEAN, HANDLE>("RtlIsActivationContextActive")(context)));
  EXPECT_EQ((nt<NTSTATUS, HANDLE>("RtlZombifyActivationContext")(context)), STATUS_SUCCESS);
  nt<void*, HANDLE>("RtlAddRefActivationContext")(context);
  nt<void*, HANDLE>("RtlReleaseActivationContext")(context);
  nt<void*, HANDLE>("RtlReleaseActivationContext")(context);
  EXPECT_EQ((nt<NTSTATUS, HANDLE>("RtlZombifyActivationContext")(context)), STATUS_INVALID_PARAMETER);
}

TEST(DebugUi, NobodyCanAttach) {
  EXPECT_EQ((nt<NTSTATUS>("DbgUiConnectToDbg")()), STATUS_NOT_SUPPORTED);
  EXPECT_EQ((nt<HANDLE>("DbgUiGetThreadDebugObject")()), nullptr);
  EXPECT_EQ((nt<NTSTATUS, HANDLE>("DbgUiDebugActiveProcess")(nullptr)), STATUS_NOT_SUPPORTED);
  EXPECT_EQ((nt<NTSTATUS, HANDLE>("DbgUiIssueRemoteBreakin")(nullptr)), STATUS_NOT_SUPPORTED);
  EXPECT_EQ((nt<NTSTATUS, HANDLE>("DbgUiStopDebugging")(nullptr)), STATUS_INVALID_HANDLE);
  EXPECT_EQ((nt<NTSTATUS, void*, NTSTATUS>("DbgUiContinue")(nullptr, 0)), STATUS_INVALID_HANDLE);
  EXPECT_EQ((nt<NTSTATUS, void*, void*>("DbgUiWaitStateChange")(nullptr, nullptr)), STATUS_INVALID_HANDLE);
  EXPECT_EQ((nt<NTSTATUS, HANDLE, LONG, void*, ULONG, ULONG*>("NtSetInformationDebugObject")(nullptr, 1, nullptr, 0,
                                                                                             nullptr)),
            STATUS_INVALID_HANDLE);
}

}  // namespace
}  // namespace hmodule::winapi
