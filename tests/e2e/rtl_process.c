/* ntdll's functions for what a process has: environment, parameters, paths, heaps, slots, versions, zones, languages,
 * handlers of exceptions, and a few more. */
#include "support/by_name.h"
/* after check.h */
#include "support/portable_sync.h"

#define BUFFER_TOO_SMALL 0xC0000023
#define SELF ((HANDLE)(LONG_PTR)-1)

typedef const wide_string* in_wide;

static void test_environment(void) {
  WCHAR* block = NULL;
  wide_string name = wide_of(W("hm_variable")), value = wide_of(W("some value"));
  WCHAR room[80];
  wide_string read = {0, sizeof room, room};
  TEST("RtlCreateEnvironment", "a block of one's own: set, read, expanded, destroyed") {
    CHECK_EQ(NTDLL(ULONG, "RtlCreateEnvironment", (BOOLEAN, WCHAR**))(FALSE, &block), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlSetEnvironmentVariable", (WCHAR**, in_wide, in_wide))(&block, &name, &value), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlQueryEnvironmentVariable_U", (WCHAR*, in_wide, wide_string*))(block, &name, &read), 0);
    CHECK_STR(NARROW_STRING(read), "some value");
    read.MaximumLength = 6;
    CHECK_EQ(NTDLL(ULONG, "RtlQueryEnvironmentVariable_U", (WCHAR*, in_wide, wide_string*))(block, &name, &read),
             BUFFER_TOO_SMALL);
    read.MaximumLength = sizeof room;
    SIZE_T length = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlQueryEnvironmentVariable", (WCHAR*, const WCHAR*, SIZE_T, WCHAR*, SIZE_T, SIZE_T*))(
                 block, W("HM_VARIABLE"), 11, room, 80, &length),
             0);
    CHECK_EQ(length, 10);
    CHECK_EQ(NTDLL(ULONG, "RtlQueryEnvironmentVariable", (WCHAR*, const WCHAR*, SIZE_T, WCHAR*, SIZE_T, SIZE_T*))(
                 block, W("hm_none"), 7, room, 80, &length),
             0xC0000100);
    const wide_string text = wide_of(W("<%hm_variable%> %hm_none%"));
    ULONG needed = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlExpandEnvironmentStrings_U", (WCHAR*, in_wide, wide_string*, ULONG*))(block, &text, &read,
                                                                                                    &needed),
             0);
    CHECK_STR(NARROW_STRING(read), "<some value> %hm_none%");
    CHECK_EQ(needed, read.Length + 2);
    CHECK_EQ(NTDLL(ULONG, "RtlExpandEnvironmentStrings", (WCHAR*, const WCHAR*, SIZE_T, WCHAR*, SIZE_T, SIZE_T*))(
                 block, text.Buffer, wide_length(text.Buffer), room, 80, &length),
             0);
    CHECK_EQ(length, 23);
    CHECK_EQ(NTDLL(ULONG, "RtlSetEnvironmentVariable", (WCHAR**, in_wide, in_wide))(&block, &name, NULL), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlQueryEnvironmentVariable_U", (WCHAR*, in_wide, wide_string*))(block, &name, &read),
             0xC0000100);
  }
  TEST("RtlSetCurrentEnvironment", "exchanges the process's, which the PEB's lock guards") {
    WCHAR* old = NULL;
    CHECK_EQ(NTDLL(ULONG, "RtlSetEnvironmentVariable", (WCHAR**, in_wide, in_wide))(&block, &name, &value), 0);
    NTDLL(ULONG, "RtlAcquirePebLock", (void))();
    NTDLL(void, "RtlSetCurrentEnvironment", (WCHAR*, WCHAR**))(block, &old);
    CHECK(old != NULL && old != block);
    char text[40];
    CHECK_EQ(GetEnvironmentVariableA("hm_variable", text, 40), 10);
    NTDLL(void, "RtlSetCurrentEnvironment", (WCHAR*, WCHAR**))(old, &block);
    NTDLL(ULONG, "RtlReleasePebLock", (void))();
    CHECK_EQ(GetEnvironmentVariableA("hm_variable", text, 40), 0);
    NTDLL(ULONG, "RtlDestroyEnvironment", (WCHAR*))(block);
  }
}

typedef struct {
  ULONG AllocationSize, Size, Flags, DebugFlags;
  HANDLE ConsoleHandle;
  ULONG ConsoleFlags;
  HANDLE hStdInput, hStdOutput, hStdError;
  wide_string CurrentDirectory;
  HANDLE Handle;
  wide_string DllPath, ImagePathName, CommandLine;
  WCHAR* Environment;
} parameters;

static void test_parameters(void) {
  TEST("RtlCreateProcessParameters", "one block, with offsets until it is normalized") {
    const wide_string image = wide_of(W("C:\\x.exe")), line = wide_of(W("x y"));
    parameters* made = NULL;
    CHECK_EQ(NTDLL(ULONG, "RtlCreateProcessParameters",
                   (parameters**, in_wide, in_wide, in_wide, in_wide, void*, in_wide, in_wide, in_wide, in_wide))(
                 &made, &image, NULL, NULL, &line, NULL, NULL, NULL, NULL, NULL),
             0);
    REQUIRE(made);
    CHECK_EQ(made->Flags & 1, 0);
    CHECK((ULONG_PTR)made->ImagePathName.Buffer < made->Size);
    CHECK(NTDLL(parameters*, "RtlNormalizeProcessParams", (parameters*))(made) == made);
    CHECK_EQ(made->Flags & 1, 1);
    CHECK_STR(NARROW_STRING(made->ImagePathName), "C:\\x.exe");
    CHECK_STR(NARROW_STRING(made->CommandLine), "x y");
    CHECK(NTDLL(parameters*, "RtlDeNormalizeProcessParams", (parameters*))(made) == made);
    CHECK((ULONG_PTR)made->CommandLine.Buffer < made->Size);
    NTDLL(void, "RtlDestroyProcessParameters", (parameters*))(made);
    CHECK_EQ(NTDLL(ULONG, "RtlCreateProcessParametersEx",
                   (parameters**, in_wide, in_wide, in_wide, in_wide, void*, in_wide, in_wide, in_wide, in_wide,
                    ULONG))(&made, &image, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1 /* normalized */),
             0);
    CHECK_STR(NARROW_STRING(made->CommandLine), "C:\\x.exe");
    NTDLL(void, "RtlDestroyProcessParameters", (parameters*))(made);
  }
}

typedef struct {
  wide_string RelativeName;
  HANDLE ContainingDirectory;
  void* CurDirRef;
} relative_name;

static void test_paths(void) {
  WCHAR room[1024];
  TEST("RtlSetCurrentDirectory_U", "where names without a directory are looked for") {
    char before[1024], now[1024];
    GetCurrentDirectoryA(sizeof before, before);
    const wide_string target = wide_of(wide(in_scratch("")));
    CHECK_EQ(NTDLL(ULONG, "RtlSetCurrentDirectory_U", (in_wide))(&target), 0);
    GetCurrentDirectoryA(sizeof now, now);
    CHECK_STR(now, in_scratch(""));
    CHECK_EQ(NTDLL(ULONG, "RtlGetCurrentDirectory_U", (ULONG, WCHAR*))(sizeof room, room), 2 * strlen(now));
    CHECK_STR(NARROW(room), now);
    CHECK_EQ(NTDLL(ULONG, "RtlGetCurrentDirectory_U", (ULONG, WCHAR*))(4, room), 2 * strlen(now) + 2);
    const wide_string none = wide_of(W("C:\\no\\such\\directory"));
    CHECK(NTDLL(ULONG, "RtlSetCurrentDirectory_U", (in_wide))(&none) & 0x80000000);
    CHECK(SetCurrentDirectoryA(before));
  }
  TEST("RtlDosPathNameToNtPathName_U", "the name below \\??\\, and where the file's part begins") {
    wide_string native;
    WCHAR* part = NULL;
    relative_name relative;
    CHECK(NTDLL(BOOLEAN, "RtlDosPathNameToNtPathName_U", (const WCHAR*, wide_string*, WCHAR**, relative_name*))(
        W("C:\\a/b\\..\\c.txt"), &native, &part, NULL));
    CHECK_STR(NARROW_STRING(native), "\\??\\C:\\a\\c.txt");
    CHECK_STR(NARROW(part), "c.txt");
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&native);
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlDosPathNameToNtPathName_U", (const WCHAR*, wide_string*, WCHAR**, relative_name*))(
        W(""), &native, NULL, NULL));
    if (on_wine()) break;
    CHECK(NTDLL(BOOLEAN, "RtlDosPathNameToRelativeNtPathName_U", (const WCHAR*, wide_string*, WCHAR**, relative_name*))(
        W("C:\\a"), &native, NULL, &relative));
    NTDLL(void, "RtlReleaseRelativeName", (relative_name*))(&relative);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&native);
    CHECK_EQ(NTDLL(ULONG, "RtlDosPathNameToRelativeNtPathName_U_WithStatus",
                   (const WCHAR*, wide_string*, WCHAR**, relative_name*))(W("C:\\b"), &native, NULL, &relative),
             0);
    CHECK_STR(NARROW_STRING(native), "\\??\\C:\\b");
    CHECK_EQ(relative.RelativeName.Length, 0);
    NTDLL(void, "RtlReleaseRelativeName", (relative_name*))(&relative);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&native);
  }
  TEST("RtlDosSearchPath_U", "the first directory that has the file") {
    CHECK(write_file(in_scratch("found.txt"), "x", 1));
    WCHAR* part = NULL;
    const WCHAR* const directory = wide(in_scratch(""));
    const char* const wanted = in_scratch("found.txt");
    CHECK_EQ(NTDLL(ULONG, "RtlDosSearchPath_U", (const WCHAR*, const WCHAR*, const WCHAR*, ULONG, WCHAR*, WCHAR**))(
                 directory, W("found"), W(".txt"), sizeof room, room, &part),
             2 * strlen(wanted));
    CHECK_STR(NARROW(room), wanted);
    CHECK_STR(NARROW(part), "found.txt");
    CHECK_EQ(NTDLL(ULONG, "RtlDosSearchPath_U", (const WCHAR*, const WCHAR*, const WCHAR*, ULONG, WCHAR*, WCHAR**))(
                 directory, W("none"), NULL, sizeof room, room, &part),
             0);
    CHECK(NTDLL(BOOLEAN, "RtlDoesFileExists_U", (const WCHAR*))(wide(wanted)));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlDoesFileExists_U", (const WCHAR*))(wide(in_scratch("none"))));
    DeleteFileA(wanted);
    RemoveDirectoryA(in_scratch(""));
  }
  TEST("RtlGetSearchPath", "the directories of SearchPath and of CreateProcess, with semicolons") {
    WCHAR* path = NULL;
    CHECK_EQ(NTDLL(ULONG, "RtlGetSearchPath", (WCHAR**))(&path), 0);
    CHECK(path && wide_length(path) > 10);
    NTDLL(void, "RtlReleasePath", (WCHAR*))(path);
    CHECK_EQ(NTDLL(ULONG, "RtlGetExePath", (const WCHAR*, WCHAR**))(W("x.exe"), &path), 0);
    CHECK(path && wide_length(path) > 10);
    NTDLL(void, "RtlReleasePath", (WCHAR*))(path);
    CHECK_EQ(NTDLL(ULONG, "RtlSetSearchPathMode", (ULONG))(0x7777), 0xC000000D);
    CHECK_EQ(NTDLL(ULONG, "RtlSetSearchPathMode", (ULONG))(0x10000 /* disable safe search */), 0);
  }
  TEST("LdrAddDllDirectory", "one more directory to search for DLLs, until it is removed") {
    const wide_string directory = wide_of(wide(bin_directory()));
    void* cookie = NULL;
    CHECK_EQ(NTDLL(ULONG, "LdrSetDefaultDllDirectories", (ULONG))(0x400 /* user directories */), 0);
    CHECK_EQ(NTDLL(ULONG, "LdrSetDefaultDllDirectories", (ULONG))(1), 0xC000000D);
    CHECK_EQ(NTDLL(ULONG, "LdrAddDllDirectory", (in_wide, void**))(&directory, &cookie), 0);
    CHECK(cookie != NULL);
    CHECK_EQ(NTDLL(ULONG, "LdrRemoveDllDirectory", (void*))(cookie), 0);
    CHECK_EQ(NTDLL(ULONG, "LdrSetDefaultDllDirectories", (ULONG))(0x1000), 0);
    CHECK_EQ(NTDLL(ULONG, "LdrSetDllDirectory", (in_wide))(&directory), 0);
    char text[1100];
    CHECK_EQ(KERNEL(DWORD, "GetDllDirectoryA", (DWORD, char*))(sizeof text, text), strlen(bin_directory()));
    const wide_string none = {0, 0, NULL};
    CHECK_EQ(NTDLL(ULONG, "LdrSetDllDirectory", (in_wide))(&none), 0);
  }
}

static void test_heaps(void) {
  const HANDLE heap =
      NTDLL(HANDLE, "RtlCreateHeap", (ULONG, void*, SIZE_T, SIZE_T, void*, void*))(2, NULL, 0, 0, NULL, NULL);
  TEST("RtlAllocateHeap", "allocated, measured, grown, freed") {
    REQUIRE(heap);
    char* block = NTDLL(char*, "RtlAllocateHeap", (HANDLE, ULONG, SIZE_T))(heap, 8 /* zeroed */, 100);
    REQUIRE(block);
    CHECK_EQ(block[99], 0);
    CHECK_EQ(NTDLL(SIZE_T, "RtlSizeHeap", (HANDLE, ULONG, void*))(heap, 0, block), 100);
    block[99] = 'x';
    block = NTDLL(char*, "RtlReAllocateHeap", (HANDLE, ULONG, void*, SIZE_T))(heap, 8, block, 5000);
    REQUIRE(block);
    CHECK_EQ(block[99], 'x');
    CHECK_EQ(block[4999], 0);
    CHECK(NTDLL(BOOLEAN, "RtlValidateHeap", (HANDLE, ULONG, void*))(heap, 0, NULL));
    CHECK(NTDLL(BOOLEAN, "RtlValidateHeap", (HANDLE, ULONG, void*))(heap, 0, block));
    CHECK(NTDLL(BOOLEAN, "RtlLockHeap", (HANDLE))(heap));
    struct {
      void* data;
      SIZE_T size;
      BYTE overhead, region;
      USHORT flags;
      BYTE rest[64];
    } entry;
    memset(&entry, 0, sizeof entry);
    int found = 0;
    for (int i = 0; i < 100 && NTDLL(ULONG, "RtlWalkHeap", (HANDLE, void*))(heap, &entry) == 0; ++i)
      found |= entry.data == block;
    CHECK(found);
    CHECK(NTDLL(BOOLEAN, "RtlUnlockHeap", (HANDLE))(heap));
    CHECK(NTDLL(BOOLEAN, "RtlFreeHeap", (HANDLE, ULONG, void*))(heap, 0, block));
    CHECK(NTDLL(BOOLEAN, "RtlFreeHeap", (HANDLE, ULONG, void*))(heap, 0, NULL));
    NTDLL(SIZE_T, "RtlCompactHeap", (HANDLE, ULONG))(heap, 0);
  }
  TEST("RtlSetUserValueHeap", "a value and flags that go with a block") {
    void* const block = NTDLL(void*, "RtlAllocateHeap", (HANDLE, ULONG, SIZE_T))(heap, 0x300 /* with a value */, 64);
    void* value = NULL;
    ULONG flags = 0;
    CHECK(NTDLL(BOOLEAN, "RtlSetUserValueHeap", (HANDLE, ULONG, void*, void*))(heap, 0, block, (void*)0x1234));
    CHECK(NTDLL(BOOLEAN, "RtlSetUserFlagsHeap", (HANDLE, ULONG, void*, ULONG, ULONG))(heap, 0, block, 0, 0x400));
    CHECK(NTDLL(BOOLEAN, "RtlGetUserInfoHeap", (HANDLE, ULONG, void*, void**, ULONG*))(heap, 0, block, &value, &flags));
    CHECK_EQ((ULONG_PTR)value, 0x1234);
    CHECK_EQ(flags & 0x400, 0x400);
    NTDLL(BOOLEAN, "RtlFreeHeap", (HANDLE, ULONG, void*))(heap, 0, block);
  }
  TEST("RtlQueryHeapInformation", "the kind of a heap; the list of all") {
    ULONG kind = 9;
    SIZE_T needed = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlQueryHeapInformation", (HANDLE, int, void*, SIZE_T, SIZE_T*))(heap, 0, &kind, 4, &needed),
             0);
    CHECK(kind == 0 || kind == 2);
    CHECK_EQ(needed, 4);
    kind = 2;
    CHECK_EQ(NTDLL(ULONG, "RtlSetHeapInformation", (HANDLE, int, void*, SIZE_T))(heap, 0, &kind, 4), 0);
    HANDLE heaps[64];
    const ULONG count = NTDLL(ULONG, "RtlGetProcessHeaps", (ULONG, HANDLE*))(64, heaps);
    int found = 0;
    for (ULONG i = 0; i < count && i < 64; ++i) found |= heaps[i] == heap;
    CHECK(found);
    CHECK(NTDLL(HANDLE, "RtlDestroyHeap", (HANDLE))(heap) == NULL);
  }
}

static volatile int freed;
static void WINAPI count_freed(void* value) {
  freed += (int)(ULONG_PTR)value;
}

static void test_slots(void) {
  TEST("RtlFlsAlloc", "slots with a function for what is in them") {
    ULONG index = 0;
    void* value = NULL;
    CHECK_EQ(NTDLL(ULONG, "RtlFlsAlloc", (void*, ULONG*))((void*)count_freed, &index), 0);
    if (!on_wine()) {
      CHECK_EQ(NTDLL(ULONG, "RtlFlsSetValue", (ULONG, void*))(index, (void*)7), 0);
      CHECK_EQ(NTDLL(ULONG, "RtlFlsGetValue", (ULONG, void**))(index, &value), 0);
      CHECK_EQ((ULONG_PTR)value, 7);
    }
    CHECK_EQ(NTDLL(ULONG, "RtlFlsFree", (ULONG))(index), 0);
    if (!on_wine()) CHECK_EQ(freed, 7);
    CHECK_EQ(NTDLL(ULONG, "RtlFlsFree", (ULONG))(index), 0xC000000D);
    CHECK_EQ(NTDLL(ULONG, "RtlFlsSetValue", (ULONG, void*))(0xFFFF, NULL), 0xC000000D);
  }
  TEST("RtlProcessFlsData", "runs the functions for what is in a thread's slots, which are empty then") {
    ULONG index = 0;
    void *slots = NULL, *value = &value;
    if (on_wine()) break;
    freed = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlFlsAlloc", (void*, ULONG*))((void*)count_freed, &index), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlFlsSetValue", (ULONG, void*))(index, (void*)5), 0);
    __asm__("movq %%gs:0x17C8, %0" : "=r"(slots)); /* TEB.FlsData */
    NTDLL(void, "RtlProcessFlsData", (void*, ULONG))(slots, 1);
    CHECK_EQ(freed, 5);
    CHECK_EQ(NTDLL(ULONG, "RtlFlsGetValue", (ULONG, void**))(index, &value), 0);
    CHECK(value == NULL);
    CHECK_EQ(NTDLL(ULONG, "RtlFlsFree", (ULONG))(index), 0);
    CHECK_EQ(freed, 5);
  }
  TEST("RtlEncodePointer", "there and back") {
    void* const here = (void*)&freed;
    CHECK(NTDLL(void*, "RtlDecodePointer", (void*))(NTDLL(void*, "RtlEncodePointer", (void*))(here)) == here);
    CHECK(NTDLL(void*, "RtlDecodeSystemPointer", (void*))(NTDLL(void*, "RtlEncodeSystemPointer", (void*))(here)) ==
          here);
  }
  TEST("RtlSetLastWin32Error", "the last error, and the codes of statuses") {
    NTDLL(void, "RtlSetLastWin32Error", (DWORD))(123);
    CHECK_EQ(NTDLL(DWORD, "RtlGetLastWin32Error", (void))(), 123);
    NTDLL(void, "RtlRestoreLastWin32Error", (DWORD))(124);
    CHECK_EQ(GetLastError(), 124);
    NTDLL(void, "RtlSetLastWin32ErrorAndNtStatusFromNtStatus", (ULONG))(0xC0000022);
    CHECK_EQ(GetLastError(), 5);
    CHECK_EQ(NTDLL(ULONG, "RtlGetLastNtStatus", (void))(), 0xC0000022);
    CHECK_EQ(NTDLL(ULONG, "RtlNtStatusToDosError", (ULONG))(0xC0000034), 2);
    CHECK_EQ(NTDLL(ULONG, "RtlNtStatusToDosErrorNoTeb", (ULONG))(0xC000000D), 87);
    CHECK_EQ(NTDLL(ULONG, "RtlNtStatusToDosError", (ULONG))(0xC0070005), 5); /* a Windows code in disguise */
    CHECK_EQ(NTDLL(ULONG, "RtlNtStatusToDosErrorNoTeb", (ULONG))(0xCFFF1234), 317);
  }
}

static void test_versions(void) {
  TEST("RtlGetVersion", "one version in all answers") {
    struct {
      ULONG size, major, minor, build, platform;
      WCHAR pack[128];
      USHORT pack_major, pack_minor, suite;
      BYTE product, reserved;
    } info;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    CHECK_EQ(NTDLL(ULONG, "RtlGetVersion", (void*))(&info), 0);
    CHECK_EQ(info.platform, 2);
    ULONG major = 0, minor = 9, build = 0, type = 0, product = 0;
    NTDLL(void, "RtlGetNtVersionNumbers", (ULONG*, ULONG*, ULONG*))(&major, &minor, &build);
    CHECK_EQ(major, info.major);
    CHECK_EQ(minor, info.minor);
    CHECK_EQ(build & 0xFFFFFFF, info.build);
    CHECK(NTDLL(BOOLEAN, "RtlGetNtProductType", (ULONG*))(&type));
    CHECK_EQ(type, info.product);
    CHECK(NTDLL(BOOLEAN, "RtlGetProductInfo", (ULONG, ULONG, ULONG, ULONG, ULONG*))(major, minor, 0, 0, &product));
    CHECK(product != 0);
    const uint64_t at_least = (3ULL << 3) | (3ULL << 0); /* VER_GREATER_EQUAL for major and minor version */
    CHECK_EQ(NTDLL(ULONG, "RtlVerifyVersionInfo", (void*, ULONG, uint64_t))(&info, 3, at_least), 0);
    info.major += 1;
    CHECK_EQ(NTDLL(ULONG, "RtlVerifyVersionInfo", (void*, ULONG, uint64_t))(&info, 3, at_least), 0xC0000059);
    CHECK_EQ(NTDLL(ULONG, "RtlVerifyVersionInfo", (void*, ULONG, uint64_t))(&info, 0, at_least), 0xC000000D);
  }
  TEST("RtlIsProcessorFeaturePresent", "what every x86-64 processor has") {
    CHECK(NTDLL(BOOLEAN, "RtlIsProcessorFeaturePresent", (ULONG))(10 /* SSE2 */));
    CHECK_FALSE(NTDLL(BOOLEAN, "RtlIsProcessorFeaturePresent", (ULONG))(1000));
    CHECK_EQ(NTDLL(uint64_t, "RtlGetEnabledExtendedFeatures", (uint64_t))(3) & ~3ULL, 0);
    NTDLL(ULONG, "RtlGetNtGlobalFlags", (void))();
  }
  TEST("RtlQueryTimeZoneInformation", "the zone, and clocks of the process") {
    struct {
      LONG bias;
      WCHAR name[32];
      short date[8];
      LONG standard;
      WCHAR other[32];
      short other_date[8];
      LONG daylight;
      WCHAR key[128];
      BOOLEAN disabled;
    } zone;
    memset(&zone, 0x55, sizeof zone);
    CHECK_EQ(NTDLL(ULONG, "RtlQueryDynamicTimeZoneInformation", (void*))(&zone), 0);
    const LONG bias = zone.bias;
    CHECK(bias > -15 * 60 && bias < 15 * 60);
    memset(&zone, 0x55, sizeof zone);
    CHECK_EQ(NTDLL(ULONG, "RtlQueryTimeZoneInformation", (void*))(&zone), 0);
    CHECK_EQ(zone.bias, bias);
    if (!on_wine()) {
      CHECK_EQ(NTDLL(ULONG, "RtlSetTimeZoneInformation", (void*))(&zone), 0xC0000061);
      const int64_t time = 0;
      CHECK_EQ(NTDLL(ULONG, "NtSetSystemTime", (const int64_t*, int64_t*))(&time, NULL), 0xC0000061);
    }
    int64_t first = 0, second = 0;
    CHECK(NTDLL(BOOL, "RtlQueryUnbiasedInterruptTime", (int64_t*))(&first));
    CHECK(NTDLL(BOOL, "RtlQueryUnbiasedInterruptTime", (int64_t*))(&second));
    CHECK(first > 0 && second >= first);
    CHECK(NTDLL(int64_t, "RtlGetSystemTimePrecise", (void))() > 130000000000000000);
    if (has("ntdll.dll", "RtlGetInterruptTimePrecise"))
      CHECK(NTDLL(int64_t, "RtlGetInterruptTimePrecise", (int64_t*))(&second) > 0 && second > 0);
  }
}

static void test_languages(void) {
  TEST("RtlGetUserPreferredUILanguages", "at least one, the same by name and by number") {
    static const char* const kNames[] = {"RtlGetProcessPreferredUILanguages", "RtlGetThreadPreferredUILanguages"};
    static const char* const kOthers[] = {"RtlGetUserPreferredUILanguages", "RtlGetSystemPreferredUILanguages"};
    WCHAR room[200];
    for (int i = 0; i < 2; ++i) {
      ULONG count = 9, size = 200;
      CHECK_EQ(NTDLL(ULONG, kNames[i], (DWORD, ULONG*, WCHAR*, ULONG*))(8 /* by name */, &count, room, &size), 0);
      count = 0, size = 200;
      CHECK_EQ(NTDLL(ULONG, kOthers[i], (DWORD, ULONG, ULONG*, WCHAR*, ULONG*))(8, 0, &count, room, &size), 0);
      CHECK(count >= 1 && size > 2);
      CHECK(wide_length(room) >= 2);
      size = 1;
      CHECK_EQ(NTDLL(ULONG, kOthers[i], (DWORD, ULONG, ULONG*, WCHAR*, ULONG*))(8, 0, &count, room, &size),
               BUFFER_TOO_SMALL);
    }
    ULONG count = 0;
    CHECK_EQ(NTDLL(ULONG, "RtlSetThreadPreferredUILanguages", (DWORD, const WCHAR*, ULONG*))(8, W("de-DE\0"), &count),
             0);
    if (!on_wine()) {
      CHECK_EQ(count, 1);
      ULONG size = 200;
      CHECK_EQ(NTDLL(ULONG, kNames[1], (DWORD, ULONG*, WCHAR*, ULONG*))(8, &count, room, &size), 0);
      CHECK_STR(NARROW(room), "de-DE");
    }
    CHECK_EQ(NTDLL(ULONG, "RtlSetThreadPreferredUILanguages", (DWORD, const WCHAR*, ULONG*))(0, NULL, &count), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlSetProcessPreferredUILanguages", (DWORD, const WCHAR*, ULONG*))(8, NULL, &count), 0);
  }
  TEST("NtQueryDefaultLocale", "numbers of locales and languages, and the tables behind code pages") {
    LONG locale = 0;
    USHORT language = 0, installed = 0;
    CHECK_EQ(NTDLL(ULONG, "NtQueryDefaultLocale", (BOOLEAN, LONG*))(TRUE, &locale), 0);
    CHECK(locale != 0);
    CHECK_EQ(NTDLL(ULONG, "NtQueryDefaultUILanguage", (USHORT*))(&language), 0);
    CHECK_EQ(NTDLL(ULONG, "NtQueryInstallUILanguage", (USHORT*))(&installed), 0);
    CHECK(language != 0 && installed != 0);
    void* base = NULL;
    SIZE_T size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtGetNlsSectionPtr", (ULONG, ULONG, void*, void**, SIZE_T*))(11, 1252, NULL, &base, &size),
             0);
    REQUIRE(base && size > 0x200);
    BYTE table[128];
    memset(table, 0, sizeof table);
    NTDLL(void, "RtlInitCodePageTable", (void*, void*))(base, table);
    CHECK_EQ(*(USHORT*)table, 1252);
    CHECK_EQ(*(USHORT*)(table + 2), 1); /* bytes for a character */
    base = NULL;
    int64_t bytes = 0;
    if (has("ntdll.dll", "RtlGetLocaleFileMappingAddress"))
      CHECK_EQ(NTDLL(ULONG, "RtlGetLocaleFileMappingAddress", (void**, LONG*, int64_t*))(&base, &locale, &bytes), 0);
    CHECK(base != NULL);
  }
}

static void test_images(void) {
  TEST("RtlImageRvaToVa", "from the offset in the image to a section of the file and of memory") {
    BYTE* const image = (BYTE*)LoadLibraryA(in_bin("basic.dll"));
    REQUIRE(image);
    BYTE* const headers = NTDLL(BYTE*, "RtlImageNtHeader", (void*))(image);
    REQUIRE(headers);
    const ULONG entry = *(ULONG*)(headers + 24 + 16);
    BYTE* const section = NTDLL(BYTE*, "RtlImageRvaToSection", (void*, void*, ULONG))(headers, image, entry);
    REQUIRE(section);
    CHECK_EQ(memcmp(section, ".text", 6), 0);
    BYTE* known = NULL;
    const ULONG rva = *(ULONG*)(section + 12), raw = *(ULONG*)(section + 20);
    CHECK(NTDLL(BYTE*, "RtlImageRvaToVa", (void*, void*, ULONG, BYTE**))(headers, image, entry, &known) ==
          image + raw + (entry - rva)); /* as if the file lay there as it is on disk */
    CHECK(known == section);
    CHECK(NTDLL(BYTE*, "RtlImageRvaToSection", (void*, void*, ULONG))(headers, image, 0x7FFFFFFF) == NULL);
    FreeLibrary((HMODULE)image);
    CHECK(NTDLL(void*, "RtlGetUnloadEventTrace", (void))() != NULL);
  }
}

typedef struct {
  ULONG numbers[24];
  BYTE digest[16];
} md_context;

static void test_digests(void) {
  TEST("MD5Init", "the published digest of \"abc\"") {
    static const BYTE kFive[] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                 0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
    static const BYTE kFour[] = {0xa4, 0x48, 0x01, 0x7a, 0xaf, 0x21, 0xd8, 0x52,
                                 0x5f, 0xc1, 0x0a, 0xe8, 0x7a, 0xa6, 0x72, 0x9d};
    static const char* const kDlls[] = {"ntdll.dll", "advapi32.dll"};
    for (int i = 0; i < 2; ++i) {
      BYTE room[256];
      BY_NAME(kDlls[i], void, "MD5Init", (void*))(room);
      BY_NAME(kDlls[i], void, "MD5Update", (void*, const void*, ULONG))(room, "abc", 3);
      BY_NAME(kDlls[i], void, "MD5Final", (void*))(room);
      CHECK_EQ(memcmp(room + 88, kFive, 16), 0);
      BY_NAME(kDlls[i], void, "MD4Init", (void*))(room);
      BY_NAME(kDlls[i], void, "MD4Update", (void*, const void*, ULONG))(room, "abc", 3);
      BY_NAME(kDlls[i], void, "MD4Final", (void*))(room);
      CHECK_EQ(memcmp(room + 88, kFour, 16), 0);
    }
  }
}

static void test_floats(void) {
  TEST("sqrt", "ntdll's mathematics") {
    static const struct {
      const char* name;
      double argument, wanted;
    } kValues[] = {{"acos", 1, 0}, {"asin", 0, 0},      {"atan", 0, 0},      {"ceil", 1.2, 2}, {"cos", 0, 1},
                   {"exp", 0, 1},  {"fabs", -2.5, 2.5}, {"floor", -1.2, -2}, {"log", 1, 0},    {"log10", 1000, 3},
                   {"sin", 0, 0},  {"sqrt", 9, 3},      {"tan", 0, 0}};
    for (size_t i = 0; i < sizeof kValues / sizeof *kValues; ++i) {
      if (!has("ntdll.dll", kValues[i].name)) continue;
      if (!CHECK(NTDLL(double, kValues[i].name, (double))(kValues[i].argument) == kValues[i].wanted))
        printf("  %s\n", kValues[i].name);
    }
    CHECK(NTDLL(double, "pow", (double, double))(2, 10) == 1024);
    if (has("ntdll.dll", "atan2")) CHECK(NTDLL(double, "atan2", (double, double))(0, 1) == 0);
    if (has("ntdll.dll", "fmod")) CHECK(NTDLL(double, "fmod", (double, double))(7.5, 2) == 1.5);
  }
  TEST("memcpy", "ntdll's memory and wide characters") {
    char room[8] = "abcdef";
    NTDLL(void*, "memcpy", (void*, const void*, SIZE_T))(room, "xy", 2);
    NTDLL(void*, "memmove", (void*, const void*, SIZE_T))(room + 1, room, 3);
    NTDLL(void*, "memset", (void*, int, SIZE_T))(room + 5, '!', 1);
    CHECK_STR(room, "xxyce!");
    WCHAR wide_room[8] = {0};
    CHECK_EQ(NTDLL(SIZE_T, "mbstowcs", (WCHAR*, const char*, SIZE_T))(wide_room, "abc", 8), 3);
    CHECK_STR(NARROW(wide_room), "abc");
    CHECK_EQ(NTDLL(SIZE_T, "wcstombs", (char*, const WCHAR*, SIZE_T))(room, W("xyz"), 8), 3);
    CHECK_STR(room, "xyz");
    if (has("ntdll.dll", "iswctype")) {
      CHECK(NTDLL(int, "iswctype", (WCHAR, USHORT))('5', 4 /* digits */));
      CHECK_FALSE(NTDLL(int, "iswctype", (WCHAR, USHORT))('x', 4));
    }
    if (has("ntdll.dll", "wcstok_s")) {
      WCHAR list[] = {'a', ',', 'b', 0};
      WCHAR* next = NULL;
      CHECK_STR(NARROW(NTDLL(WCHAR*, "wcstok_s", (WCHAR*, const WCHAR*, WCHAR**))(list, W(","), &next)), "a");
      CHECK_STR(NARROW(NTDLL(WCHAR*, "wcstok_s", (WCHAR*, const WCHAR*, WCHAR**))(NULL, W(","), &next)), "b");
    }
  }
  TEST("__wine_dbg_strdup", "Wine's DLLs find that no channel is on") {
    if (on_wine()) break;
    CHECK_EQ(NTDLL(BYTE, "__wine_dbg_get_channel_flags", (void*))(NULL), 0);
    CHECK_EQ(NTDLL(int, "__wine_dbg_output", (const char*))("four"), 4);
    CHECK_STR(NTDLL(const char*, "__wine_dbg_strdup", (const char*))("copied"), "copied");
  }
}

typedef struct {
  ULONG Length;
  HANDLE RootDirectory;
  wide_string* ObjectName;
  ULONG Attributes;
  void *SecurityDescriptor, *SecurityQualityOfService;
} attributes;

static void test_rest(void) {
  TEST("NtRenameKey", "a key made by RtlCreateRegistryKey, opened, renamed, watched, flushed") {
    wide_string place = {0, 0, NULL}, other = wide_of(W("hm-second"));
    WCHAR path[300];
    HANDLE key = NULL;
    CHECK_EQ(NTDLL(ULONG, "RtlFormatCurrentUserKeyPath", (wide_string*))(&place), 0);
    memcpy(path, place.Buffer, place.Length);
    memcpy((char*)path + place.Length, W("\\hm-first"), 20);
    NTDLL(void, "RtlFreeUnicodeString", (wide_string*))(&place);
    CHECK_EQ(NTDLL(ULONG, "RtlCreateRegistryKey", (ULONG, const WCHAR*))(0 /* absolute */, path), 0);
    wide_string name = wide_of(path);
    const attributes object = {sizeof object, NULL, &name, 0x40, NULL, NULL};
    CHECK_EQ(NTDLL(ULONG, "NtOpenKeyEx", (HANDLE*, ULONG, const attributes*, ULONG))(&key, 0xF003F, &object, 0), 0);
    REQUIRE(key);
    CHECK_EQ(NTDLL(ULONG, "NtFlushKey", (HANDLE))(key), 0);
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    ULONG_PTR block[2] = {0, 0};
    CHECK_EQ(NTDLL(ULONG, "NtNotifyChangeMultipleKeys",
                   (HANDLE, ULONG, void*, HANDLE, void*, void*, void*, ULONG, BOOLEAN, void*, ULONG, BOOLEAN))(
                 key, 0, NULL, event, NULL, NULL, block, 4 /* values */, FALSE, NULL, 0, TRUE),
             0x103);
    wide_string value = wide_of(W("v"));
    CHECK_EQ(NTDLL(ULONG, "NtSetValueKey", (HANDLE, wide_string*, ULONG, ULONG, const void*, ULONG))(key, &value, 0, 4,
                                                                                                     &block, 4),
             0);
    CHECK_EQ(WaitForSingleObject(event, SOON), WAIT_OBJECT_0);
    CloseHandle(event);
    if (!on_wine()) CHECK_EQ(NTDLL(ULONG, "NtRenameKey", (HANDLE, wide_string*))(key, &other), 0);
    CHECK_EQ(NTDLL(ULONG, "NtDeleteKey", (HANDLE))(key), 0);
    CHECK_EQ(NTDLL(ULONG, "NtClose", (HANDLE))(key), 0);
    if (on_wine()) break;
    CHECK_EQ(NTDLL(ULONG, "NtOpenKeyEx", (HANDLE*, ULONG, const attributes*, ULONG))(&key, 0xF003F, &object, 0),
             0xC0000034);
    CHECK_EQ(NTDLL(ULONG, "NtLoadKey", (const attributes*, const attributes*))(&object, &object), 0xC0000061);
    CHECK_EQ(NTDLL(ULONG, "NtLoadKey2", (const attributes*, const attributes*, ULONG))(&object, &object, 0),
             0xC0000061);
    CHECK_EQ(NTDLL(ULONG, "NtUnloadKey", (const attributes*))(&object), 0xC0000061);
    CHECK_EQ(NTDLL(ULONG, "NtRestoreKey", (HANDLE, HANDLE, ULONG))(NULL, NULL, 0), 0xC0000061);
  }
  TEST("NtMakePermanentObject", "is for those who may; a thread without a token of its own has none") {
    if (on_wine()) break;
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE token = NULL;
    CHECK_EQ(NTDLL(ULONG, "NtMakePermanentObject", (HANDLE))(event), 0);
    CHECK_EQ(NTDLL(ULONG, "NtMakeTemporaryObject", (HANDLE))(event), 0);
    CHECK_EQ(NTDLL(ULONG, "NtOpenThreadTokenEx", (HANDLE, ULONG, BOOLEAN, ULONG, HANDLE*))(GetCurrentThread(), 8, TRUE,
                                                                                           0, &token),
             0xC000007C);
    CloseHandle(event);
  }
  TEST("RtlSetSaclSecurityDescriptor", "the system's list in a descriptor") {
    struct {
      BYTE revision, reserved;
      USHORT control;
      void *owner, *group, *sacl, *dacl;
    } descriptor;
    CHECK_EQ(NTDLL(ULONG, "RtlCreateSecurityDescriptor", (void*, ULONG))(&descriptor, 1), 0);
    CHECK_EQ(
        NTDLL(ULONG, "RtlSetSaclSecurityDescriptor", (void*, BOOLEAN, void*, BOOLEAN))(&descriptor, TRUE, NULL, TRUE),
        0);
    CHECK_EQ(descriptor.control, 0x30); /* SE_SACL_PRESENT, SE_SACL_DEFAULTED */
    CHECK_EQ(
        NTDLL(ULONG, "RtlSetSaclSecurityDescriptor", (void*, BOOLEAN, void*, BOOLEAN))(&descriptor, FALSE, NULL, FALSE),
        0);
    CHECK_EQ(descriptor.control & 0x10, 0);
  }
  TEST("__C_specific_handler", "a function without __try blocks lets everything pass") {
    static const char* const kDlls[] = {"ntdll.dll", "kernel32.dll"};
    struct {
      ULONG code, flags;
      void *next, *address;
      ULONG count;
      ULONG_PTR information[15];
    } record = {0xE0000001, 0, NULL, NULL, 0, {0}};
    const ULONG no_scopes = 0;
    struct {
      ULONG_PTR ip, base;
      const void* entry;
      ULONG_PTR frame, target;
      void *context, *handler;
      const void* data;
      void* history;
      ULONG scope, fill;
    } dispatcher = {0x1010, 0x1000, NULL, 0, 0, NULL, NULL, &no_scopes, NULL, 0, 0};
    for (int i = 0; i < 2; ++i)
      CHECK_EQ(BY_NAME(kDlls[i], int, "__C_specific_handler", (void*, void*, void*, void*))(&record, NULL, NULL,
                                                                                            &dispatcher),
               1 /* ExceptionContinueSearch */);
  }
  TEST("RtlGetExtendedContextLength", "room for a context and the extended state") {
    if (!has("ntdll.dll", "RtlGetExtendedContextLength")) break;
    ULONG length = 0;
    void* extended = NULL;
    CHECK_EQ(NTDLL(ULONG, "RtlGetExtendedContextLength", (ULONG, ULONG*))(0x10000B, &length), 0);
    CHECK(length >= 1232);
    void* const room = malloc(length);
    CHECK_EQ(NTDLL(ULONG, "RtlInitializeExtendedContext", (void*, ULONG, void**))(room, 0x10000B, &extended), 0);
    CHECK((char*)extended >= (char*)room + 1232);
    free(room);
  }
}

#ifdef _WIN32

static volatile DWORD seen;
static volatile int continued;
static LONG CALLBACK on_exception(EXCEPTION_POINTERS* pointers) {
  seen = pointers->ExceptionRecord->ExceptionCode;
  if (seen == 0xC0001234) NTDLL(void, "RtlExitUserThread", (ULONG))(seen);
  if (seen == 0x80000003) pointers->ContextRecord->Rip += 1;
  return seen == 0xE0001234 || seen == 0x80000003 ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}
static LONG CALLBACK on_continue(EXCEPTION_POINTERS* pointers) {
  (void)pointers;
  ++continued;
  return EXCEPTION_CONTINUE_SEARCH;
}
static DWORD WINAPI raise_status(void* unused) {
  (void)unused;
  NTDLL(void, "RtlRaiseStatus", (ULONG))(0xC0001234);
  return 0;
}
static volatile LONG counted, stop_counting;
static DWORD WINAPI count_on(void* unused) {
  (void)unused;
  while (!stop_counting) ++counted;
  return 0;
}
static int filter_calls;
static LONG CALLBACK continue_filter(EXCEPTION_POINTERS* pointers) {
  (void)pointers;
  ++filter_calls;
  return EXCEPTION_CONTINUE_EXECUTION;
}
static LONG CALLBACK last_filter(EXCEPTION_POINTERS* pointers) {
  (void)pointers;
  return EXCEPTION_CONTINUE_SEARCH;
}

static void test_exceptions(void) {
  void* const handler = NTDLL(void*, "RtlAddVectoredExceptionHandler", (ULONG, void*))(1, (void*)on_exception);
  void* const after = NTDLL(void*, "RtlAddVectoredContinueHandler", (ULONG, void*))(1, (void*)on_continue);
  TEST("RtlAddVectoredExceptionHandler", "handlers before the frames', and after the decision to go on") {
    RaiseException(0xE0001234, 0, 0, NULL);
    CHECK_EQ(seen, 0xE0001234);
    if (!on_wine()) CHECK_EQ(continued, 1);
  }
  TEST("RtlRaiseStatus", "an exception of a status, which cannot be continued") {
    const HANDLE thread = CreateThread(NULL, 0, raise_status, NULL, 0, NULL);
    DWORD code = 0;
    CHECK_EQ(WaitForSingleObject(thread, SOON), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code));
    CHECK_EQ(code, 0xC0001234);
    CloseHandle(thread);
  }
  static const char* const kContinue[] = {"NtContinue", "ZwContinue"};
  static const char* const kRaise[] = {"NtRaiseException", "ZwRaiseException"};
  for (volatile int i = 0; i < 2; ++i) {
    TEST(kContinue[i], "goes on at a captured context") {
      static CONTEXT context;
      static volatile int times;
      times = 0;
      RtlCaptureContext(&context);
      if (++times < 3) NTDLL(ULONG, kContinue[i], (CONTEXT*, BOOLEAN))(&context, FALSE);
      CHECK_EQ(times, 3);
    }
    TEST(kRaise[i], "raises a record at a captured context") {
      static CONTEXT context;
      static volatile int times;
      times = 0;
      seen = 0;
      EXCEPTION_RECORD record = {0xE0001234, 0, NULL, NULL, 0, {0}};
      RtlCaptureContext(&context);
      if (++times < 2) NTDLL(ULONG, kRaise[i], (EXCEPTION_RECORD*, CONTEXT*, BOOLEAN))(&record, &context, TRUE);
      CHECK_EQ(times, 2);
      CHECK_EQ(seen, 0xE0001234);
    }
  }
  TEST("DbgBreakPoint", "is a breakpoint exception without a debugger") {
    static const char* const kBreak[] = {"DbgBreakPoint", "DbgUserBreakPoint"};
    for (int i = 0; i < 2; ++i) {
      seen = 0;
      NTDLL(void, kBreak[i], (void))();
      CHECK_EQ(seen, 0x80000003);
    }
    seen = 0;
    KERNEL(void, "DebugBreak", (void))();
    CHECK_EQ(seen, 0x80000003);
  }
  TEST("RtlSetUnhandledExceptionFilter", "the filter behind all frames") {
    NTDLL(void, "RtlSetUnhandledExceptionFilter", (void*))((void*)last_filter);
    NTDLL(void, "RtlSetUnhandledExceptionFilter", (void*))(NULL);
    CHECK_EQ(NTDLL(ULONG, "RtlRemoveVectoredExceptionHandler", (void*))(handler), 1);
    if (!on_wine()) CHECK_EQ(NTDLL(ULONG, "RtlRemoveVectoredExceptionHandler", (void*))(handler), 0);
    CHECK_EQ(NTDLL(ULONG, "RtlRemoveVectoredContinueHandler", (void*))(after), 1);
  }
  TEST("UnhandledExceptionFilter", "asks the program's filter, which no DLL of the system's replaces") {
    void* const before = KERNEL(void*, "SetUnhandledExceptionFilter", (void*))((void*)continue_filter);
    NTDLL(void, "RtlSetUnhandledExceptionFilter", (void*))((void*)required("kernel32.dll", "UnhandledExceptionFilter"));
    filter_calls = 0;
    KERNEL(void, "RaiseException", (DWORD, DWORD, DWORD, const void*))(0xE0004321, 0, 0, NULL);
    CHECK_EQ(filter_calls, 1);
    CHECK(KERNEL(void*, "SetUnhandledExceptionFilter", (void*))(before) == (void*)continue_filter);
  }
  TEST("NtGetContextThread", "the registers of a suspended thread, and other ones") {
    static CONTEXT context;
    const HANDLE thread = CreateThread(NULL, 0, count_on, NULL, 0, NULL);
    while (counted == 0) Sleep(1);
    CHECK_EQ(SuspendThread(thread), 0);
    context.ContextFlags = CONTEXT_CONTROL | CONTEXT_INTEGER;
    CHECK_EQ(NTDLL(ULONG, "NtGetContextThread", (HANDLE, CONTEXT*))(thread, &context), 0);
    CHECK(context.Rip != 0 && context.Rsp != 0);
    const ULONG status = NTDLL(ULONG, "NtSetContextThread", (HANDLE, CONTEXT*))(thread, &context);
    CHECK_EQ(status, 0);
    context.Rip = 0;
    CHECK(GetThreadContext(thread, &context));
    CHECK(context.Rip != 0);
    CHECK(SetThreadContext(thread, &context));
    CHECK_EQ(ResumeThread(thread), 1);
    const LONG before = counted;
    while (counted == before) Sleep(1);
    stop_counting = 1;
    CHECK_EQ(WaitForSingleObject(thread, SOON), WAIT_OBJECT_0);
    CloseHandle(thread);
  }
}

#else

static void test_exceptions(void) {}

#endif

int main(void) {
  test_environment();
  test_parameters();
  test_paths();
  test_heaps();
  test_slots();
  test_versions();
  test_languages();
  test_images();
  test_digests();
  test_floats();
  test_rest();
  test_exceptions();
  return finish();
}
