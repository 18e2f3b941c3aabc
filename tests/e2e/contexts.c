/* Activation contexts: a manifest made here says that which.dll, and a COM class, are in a directory of its choice. */
#include "support/check.h"

#ifndef _WIN32
#define ACTIVATION_CONTEXT_SECTION_DLL_REDIRECTION 2
#define ACTIVATION_CONTEXT_SECTION_COM_SERVER_REDIRECTION 4
#define ERROR_SXS_CANT_GEN_ACTCTX 14001
#define ERROR_SXS_KEY_NOT_FOUND 14007
typedef struct {
  ULONG cbSize;
  DWORD dwFlags;
  LPCSTR lpSource;
  USHORT wProcessorArchitecture;
  WORD wLangId;
  LPCSTR lpAssemblyDirectory, lpResourceName, lpApplicationName;
  HMODULE hModule;
} ACTCTXA;
typedef struct {
  ULONG cbSize, ulDataFormatVersion;
  void* lpData;
  ULONG ulLength;
  void* lpSectionGlobalData;
  ULONG ulSectionGlobalDataLength;
  void* lpSectionBase;
  ULONG ulSectionTotalLength;
  HANDLE hActCtx;
  ULONG ulAssemblyRosterIndex, ulFlags;
} ACTCTX_SECTION_KEYED_DATA;
typedef struct {
  uint32_t Data1;
  uint16_t Data2, Data3;
  uint8_t Data4[8];
} GUID;
KERNEL32(HANDLE, CreateActCtxA, (const ACTCTXA* a), (a))
KERNEL32(BOOL, ActivateActCtx, (HANDLE h, ULONG_PTR* cookie), (h, cookie))
KERNEL32(BOOL, DeactivateActCtx, (DWORD flags, ULONG_PTR cookie), (flags, cookie))
KERNEL32(BOOL, GetCurrentActCtx, (HANDLE * h), (h))
KERNEL32(void, ReleaseActCtx, (HANDLE h), (h))
KERNEL32(BOOL, FindActCtxSectionStringA,
         (DWORD flags, const GUID* e, ULONG kind, LPCSTR text, ACTCTX_SECTION_KEYED_DATA* found),
         (flags, e, kind, text, found))
KERNEL32(BOOL, FindActCtxSectionGuid,
         (DWORD flags, const GUID* e, ULONG kind, const GUID* guid, ACTCTX_SECTION_KEYED_DATA* found),
         (flags, e, kind, guid, found))
#endif

static int which(HMODULE module) {
  return module ? PROC(int, module, "which", (void))() : 0;
}

#define ASSEMBLY(inside)                                                                                          \
  "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"                                                     \
  "<assembly xmlns='urn:schemas-microsoft-com:asm.v1' manifestVersion='1.0'>\n"                                   \
  "<assemblyIdentity type='win32' name='hmodule.test' version='1.2.3.4' processorArchitecture='amd64'/>\n" inside \
  "</assembly>\n"

/* The manifest and its DLL are in the scratch directory. */
static HANDLE context_of(const char* manifest) {
  char* const file = in_scratch("test.manifest");
  write_file(file, manifest, strlen(manifest));
  ACTCTXA wanted;
  memset(&wanted, 0, sizeof wanted);
  wanted.cbSize = sizeof wanted;
  wanted.lpSource = file;
  const HANDLE context = CreateActCtxA(&wanted);
  const DWORD error = GetLastError();
  DeleteFileA(file);
  SetLastError(error);
  return context;
}

int main(void) {
  static const char kServer[] = ASSEMBLY(
      "<file name='which.dll'>\n"
      "<comClass clsid='{12345678-9abc-def0-1122-334455667788}' threadingModel='Both' progid='Hmodule.Test'/>\n"
      "</file>\n");
  static const GUID kClass = {0x12345678, 0x9abc, 0xdef0, {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88}};
  static const GUID kOther = {0x12345678, 0x9abc, 0xdef0, {0, 0, 0, 0, 0, 0, 0, 0}};
  ULONG_PTR cookie = 0, second = 0;
  HANDLE current = NULL;

  TEST("SRCH-03 SRCH-50 SRCH-51", "an active context says where a DLL of a bare name is") {
    CHECK_NO_LOAD(LoadLibraryA("which.dll"), ERROR_MOD_NOT_FOUND);
    REQUIRE(CopyFileA(in_bin("dir2\\which.dll"), in_scratch("which.dll"), FALSE));
    const HANDLE context = context_of(kServer);
    REQUIRE(context != INVALID_HANDLE_VALUE);
    CHECK_NO_LOAD(LoadLibraryA("which.dll"), ERROR_MOD_NOT_FOUND);
    const HMODULE elsewhere = LoadLibraryA(in_bin("dir1\\which.dll"));
    REQUIRE(ActivateActCtx(context, &cookie));
    const HMODULE redirected = LoadLibraryA("which.dll");
    CHECK_EQ(which(redirected), 2);
    CHECK(redirected != elsewhere);
    CHECK(DeactivateActCtx(0, cookie));
    FreeLibrary(redirected);
    FreeLibrary(elsewhere);
    DeleteFileA(in_scratch("which.dll"));
    ReleaseActCtx(context);
  }
  TEST("actctx-stack", "activations are a stack, which keeps what is on it") {
    const HANDLE context = context_of(kServer);
    CHECK(GetCurrentActCtx(&current) && current == NULL);
    CHECK(ActivateActCtx(context, &cookie));
    ReleaseActCtx(context);
    CHECK(GetCurrentActCtx(&current) && current == context);
    ReleaseActCtx(current);
    CHECK(ActivateActCtx(NULL, &second) && second != cookie);
    CHECK(GetCurrentActCtx(&current) && current == NULL);
    CHECK(DeactivateActCtx(0, second));
    CHECK(DeactivateActCtx(0, cookie));
  }
  TEST("actctx-find", "what a context has can be looked up") {
    const HANDLE context = context_of(kServer);
    ACTCTX_SECTION_KEYED_DATA found = {0};
    found.cbSize = sizeof found;
    CHECK(ActivateActCtx(context, &cookie));
    CHECK(FindActCtxSectionStringA(0, NULL, ACTIVATION_CONTEXT_SECTION_DLL_REDIRECTION, "WHICH.DLL", &found));
    CHECK_EQ(found.ulAssemblyRosterIndex, 1);
    CHECK_FAILS(FindActCtxSectionStringA(0, NULL, ACTIVATION_CONTEXT_SECTION_DLL_REDIRECTION, "other.dll", &found),
                ERROR_SXS_KEY_NOT_FOUND);
    CHECK(FindActCtxSectionGuid(0, NULL, ACTIVATION_CONTEXT_SECTION_COM_SERVER_REDIRECTION, &kClass, &found));
    const ULONG* const record = (const ULONG*)found.lpData;
    CHECK_EQ(record[0], 120); /* its size */
    CHECK_EQ(record[2], 4);   /* both threading models */
    CHECK(memcmp(record + 3, &kClass, sizeof kClass) == 0);
    const WCHAR* const module = (const WCHAR*)((const char*)found.lpSectionBase + record[20]);
    CHECK(record[19] == 18 && module[0] == 'w' && module[8] == 'l');
    CHECK_FAILS(FindActCtxSectionGuid(0, NULL, ACTIVATION_CONTEXT_SECTION_COM_SERVER_REDIRECTION, &kOther, &found),
                ERROR_SXS_KEY_NOT_FOUND);
    CHECK(DeactivateActCtx(0, cookie));
    ReleaseActCtx(context);
  }
  TEST("actctx-errors", "a manifest that is none makes no context") {
    ACTCTXA wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.cbSize = sizeof wanted;
    wanted.lpSource = in_scratch("no such file");
    CHECK_FAILS(CreateActCtxA(&wanted) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
    CHECK_FAILS(context_of("this is no XML") != INVALID_HANDLE_VALUE, ERROR_SXS_CANT_GEN_ACTCTX);
    CHECK_FAILS(context_of("<assembly xmlns='urn:schemas-microsoft-com:asm.v1'/>") != INVALID_HANDLE_VALUE,
                ERROR_SXS_CANT_GEN_ACTCTX);
    CHECK_FAILS(context_of(ASSEMBLY("<dependency><dependentAssembly><assemblyIdentity type='win32' name='not.there' "
                                    "version='1.0.0.0'/></dependentAssembly></dependency>")) != INVALID_HANDLE_VALUE,
                ERROR_SXS_CANT_GEN_ACTCTX);
  }
  return finish();
}
