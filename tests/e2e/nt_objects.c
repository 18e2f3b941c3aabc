/* The Nt functions for objects: events to key events, directories and links, completion ports, sections, memory,
 * files, threads and processes. */
#include "support/by_name.h"
/* after check.h */
#include "support/portable_sync.h"

typedef struct {
  ULONG Length;
  HANDLE RootDirectory;
  wide_string* ObjectName;
  ULONG Attributes;
  void *SecurityDescriptor, *SecurityQualityOfService;
} attributes;
typedef struct {
  union {
    ULONG Status;
    void* Pointer;
  };
  ULONG_PTR Information;
} io_block;
typedef const attributes* in_attributes;
typedef const int64_t* in_time;

#define ALL 0x1F0003
#define CASE_INSENSITIVE 0x40
#define SELF ((HANDLE)(LONG_PTR)-1)
#define NOT_FOUND 0xC0000034
#define COLLISION 0xC0000035
#define ACCESS_DENIED 0xC0000022
#define OBJECT_TYPE_MISMATCH 0xC0000024
#define INVALID_HANDLE 0xC0000008

static const int64_t kNow = 0, kBrief = -100000, kSoon = -10000LL * SOON;

/* Valid for 8 calls; the text must stay. */
static in_attributes named(HANDLE root, const WCHAR* text) {
  static attributes all[8];
  static wide_string names[8];
  static int next;
  const int i = next++ % 8;
  if (text) names[i] = wide_of(text);
  const attributes made = {sizeof made, root, text ? &names[i] : NULL, CASE_INSENSITIVE, NULL, NULL};
  all[i] = made;
  return &all[i];
}
static ULONG wait_ms(HANDLE handle, in_time timeout) {
  return NTDLL(ULONG, "NtWaitForSingleObject", (HANDLE, BOOLEAN, in_time))(handle, FALSE, timeout);
}
static void close_handle(HANDLE handle) {
  CHECK_EQ(NTDLL(ULONG, "NtClose", (HANDLE))(handle), 0);
}
typedef ULONG(WINAPI* opener)(HANDLE*, ULONG, in_attributes);
static HANDLE opened(const char* function, ULONG access, const WCHAR* name) {
  HANDLE handle = NULL, none = NULL;
  CHECK_EQ(((opener)required("ntdll.dll", function))(&handle, access, named(NULL, name)), 0);
  CHECK_EQ(((opener)required("ntdll.dll", function))(&none, access, named(NULL, W("\\BaseNamedObjects\\none"))),
           NOT_FOUND);
  return handle;
}

static void test_events(void) {
  HANDLE event = NULL, other = NULL;
  LONG previous = 9;
  TEST("NtCreateEvent", "created once, found by its name, of a known state") {
    const WCHAR* const kName = W("\\BaseNamedObjects\\hm-nt-event");
    CHECK_EQ(NTDLL(ULONG, "NtCreateEvent", (HANDLE*, ULONG, in_attributes, int, BOOLEAN))(&event, ALL,
                                                                                          named(NULL, kName), 0, TRUE),
             0);
    CHECK_EQ(NTDLL(ULONG, "NtCreateEvent", (HANDLE*, ULONG, in_attributes, int, BOOLEAN))(&other, ALL,
                                                                                          named(NULL, kName), 0, TRUE),
             COLLISION);
    LONG info[2] = {9, 9};
    ULONG size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtQueryEvent", (HANDLE, int, void*, ULONG, ULONG*))(event, 0, info, 8, &size), 0);
    CHECK_EQ(info[0], 0); /* NotificationEvent */
    CHECK_EQ(info[1], 1);
    CHECK_EQ(size, 8);
    CHECK_EQ(NTDLL(ULONG, "NtQueryEvent", (HANDLE, int, void*, ULONG, ULONG*))(event, 0, info, 4, &size), 0xC0000004);
    CHECK_EQ(NTDLL(ULONG, "NtResetEvent", (HANDLE, LONG*))(event, &previous), 0);
    CHECK_EQ(previous, 1);
    CHECK_EQ(NTDLL(ULONG, "NtSetEvent", (HANDLE, LONG*))(event, &previous), 0);
    CHECK_EQ(previous, 0);
    CHECK_EQ(wait_ms(event, &kNow), 0);
    CHECK_EQ(NTDLL(ULONG, "NtClearEvent", (HANDLE))(event), 0);
    CHECK_EQ(wait_ms(event, &kNow), 0x102);
    CHECK_EQ(NTDLL(ULONG, "NtPulseEvent", (HANDLE, LONG*))(event, &previous), 0);
    CHECK_EQ(previous, 0);
    CHECK_EQ(wait_ms(event, &kNow), 0x102);
    other = opened("NtOpenEvent", 0x100000, kName);
    CHECK_EQ(NTDLL(ULONG, "NtSetEvent", (HANDLE, LONG*))(other, NULL), ACCESS_DENIED);
    if (has("ntdll.dll", "NtCompareObjects")) {
      CHECK_EQ(NTDLL(ULONG, "NtCompareObjects", (HANDLE, HANDLE))(event, other), 0);
      CHECK_EQ(NTDLL(ULONG, "NtCompareObjects", (HANDLE, HANDLE))(event, SELF), 0xC00001AC);
    }
    close_handle(other);
  }
  TEST("NtDuplicateObject", "another handle; the flag against closing") {
    CHECK_EQ(NTDLL(ULONG, "NtDuplicateObject", (HANDLE, HANDLE, HANDLE, HANDLE*, ULONG, ULONG, ULONG))(
                 SELF, event, SELF, &other, 0, 0, 2 /* DUPLICATE_SAME_ACCESS */),
             0);
    CHECK(other != event);
    BYTE flags[2] = {0, 1}; /* Inherit, ProtectFromClose */
    CHECK_EQ(NTDLL(ULONG, "NtSetInformationObject", (HANDLE, int, void*, ULONG))(other, 4, flags, 2), 0);
    CHECK_EQ(NTDLL(ULONG, "NtClose", (HANDLE))(other), 0xC0000235);
    flags[1] = 0;
    CHECK_EQ(NTDLL(ULONG, "NtSetInformationObject", (HANDLE, int, void*, ULONG))(other, 4, flags, 2), 0);
    CHECK_EQ(
        NTDLL(ULONG, "NtSignalAndWaitForSingleObject", (HANDLE, HANDLE, BOOLEAN, in_time))(event, other, FALSE, &kNow),
        0);
    const HANDLE both[2] = {event, other};
    CHECK_EQ(NTDLL(ULONG, "NtWaitForMultipleObjects", (ULONG, const HANDLE*, int, BOOLEAN, in_time))(2, both, 1, FALSE,
                                                                                                     &kNow),
             0);
    CHECK_EQ(NTDLL(ULONG, "NtWaitForMultipleObjects", (ULONG, const HANDLE*, int, BOOLEAN, in_time))(0, both, 1, FALSE,
                                                                                                     &kNow),
             0xC00000EF);
    close_handle(other);
    close_handle(event);
    CHECK_EQ(NTDLL(ULONG, "NtSetEvent", (HANDLE, LONG*))(event, NULL), INVALID_HANDLE);
  }
}

static void test_counted(void) {
  TEST("NtCreateMutant", "owned again and again, given back as often") {
    const WCHAR* const kName = W("\\BaseNamedObjects\\hm-nt-mutant");
    HANDLE mutant = NULL;
    LONG previous = 9;
    CHECK_EQ(NTDLL(ULONG, "NtCreateMutant", (HANDLE*, ULONG, in_attributes, BOOLEAN))(&mutant, ALL, named(NULL, kName),
                                                                                      TRUE),
             0);
    const HANDLE other = opened("NtOpenMutant", 0x100001, kName);
    CHECK_EQ(wait_ms(other, &kNow), 0);
    struct {
      LONG count;
      BOOLEAN owned, abandoned;
    } info = {9, 9, 9};
    CHECK_EQ(NTDLL(ULONG, "NtQueryMutant", (HANDLE, int, void*, ULONG, ULONG*))(mutant, 0, &info, sizeof info, NULL),
             0);
    CHECK_EQ(info.count, -1);
    CHECK_EQ(info.owned, TRUE);
    CHECK_EQ(info.abandoned, FALSE);
    CHECK_EQ(NTDLL(ULONG, "NtReleaseMutant", (HANDLE, LONG*))(mutant, &previous), 0);
    CHECK_EQ(previous, -1);
    CHECK_EQ(NTDLL(ULONG, "NtReleaseMutant", (HANDLE, LONG*))(mutant, &previous), 0);
    CHECK_EQ(previous, 0);
    CHECK_EQ(NTDLL(ULONG, "NtReleaseMutant", (HANDLE, LONG*))(mutant, &previous), 0xC0000046);
    close_handle(other);
    close_handle(mutant);
  }
  TEST("NtCreateSemaphore", "counts up to its limit") {
    const WCHAR* const kName = W("\\BaseNamedObjects\\hm-nt-semaphore");
    HANDLE semaphore = NULL;
    ULONG previous = 9, info[2] = {9, 9};
    CHECK_EQ(NTDLL(ULONG, "NtCreateSemaphore", (HANDLE*, ULONG, in_attributes, LONG, LONG))(&semaphore, ALL,
                                                                                            named(NULL, kName), 1, 3),
             0);
    const HANDLE other = opened("NtOpenSemaphore", ALL, kName);
    CHECK_EQ(NTDLL(ULONG, "NtReleaseSemaphore", (HANDLE, ULONG, ULONG*))(other, 2, &previous), 0);
    CHECK_EQ(previous, 1);
    CHECK_EQ(NTDLL(ULONG, "NtReleaseSemaphore", (HANDLE, ULONG, ULONG*))(other, 1, &previous), 0xC0000047);
    CHECK_EQ(NTDLL(ULONG, "NtQuerySemaphore", (HANDLE, int, void*, ULONG, ULONG*))(semaphore, 0, info, 8, NULL), 0);
    CHECK_EQ(info[0], 3);
    CHECK_EQ(info[1], 3);
    close_handle(other);
    close_handle(semaphore);
    CHECK_EQ(
        NTDLL(ULONG, "NtCreateSemaphore", (HANDLE*, ULONG, in_attributes, LONG, LONG))(&semaphore, ALL, NULL, 2, 1),
        0xC000000D);
  }
  TEST("NtCreateTimer", "fires, tells what is left, is cancelled") {
    const WCHAR* const kName = W("\\BaseNamedObjects\\hm-nt-timer");
    HANDLE timer = NULL;
    BOOLEAN state = 9;
    CHECK_EQ(NTDLL(ULONG, "NtCreateTimer", (HANDLE*, ULONG, in_attributes, int))(&timer, ALL, named(NULL, kName), 0),
             0);
    const HANDLE other = opened("NtOpenTimer", ALL, kName);
    CHECK_EQ(NTDLL(ULONG, "NtSetTimer", (HANDLE, in_time, void*, void*, BOOLEAN, LONG, BOOLEAN*))(
                 timer, &kSoon, NULL, NULL, FALSE, 0, &state),
             0);
    CHECK_EQ(state, FALSE);
    struct {
      int64_t left;
      BOOLEAN signalled;
    } info = {0, 9};
    CHECK_EQ(NTDLL(ULONG, "NtQueryTimer", (HANDLE, int, void*, ULONG, ULONG*))(other, 0, &info, sizeof info, NULL), 0);
    CHECK(info.left > 0 && info.left <= -kSoon);
    CHECK_EQ(info.signalled, FALSE);
    CHECK_EQ(NTDLL(ULONG, "NtCancelTimer", (HANDLE, BOOLEAN*))(timer, &state), 0);
    CHECK_EQ(state, FALSE);
    CHECK_EQ(NTDLL(ULONG, "NtSetTimer", (HANDLE, in_time, void*, void*, BOOLEAN, LONG, BOOLEAN*))(timer, &kBrief, NULL,
                                                                                                  NULL, FALSE, 0, NULL),
             0);
    CHECK_EQ(wait_ms(other, &kSoon), 0);
    close_handle(other);
    close_handle(timer);
  }
}

static HANDLE keyed;
static DWORD WINAPI release_key(void* key) {
  return NTDLL(ULONG, "NtReleaseKeyedEvent", (HANDLE, const void*, BOOLEAN, in_time))(keyed, key, FALSE, &kSoon);
}
static DWORD ended(HANDLE thread) {
  DWORD code = 99;
  CHECK_EQ(WaitForSingleObject(thread, SOON), WAIT_OBJECT_0);
  CHECK(GetExitCodeThread(thread, &code));
  CloseHandle(thread);
  return code;
}

static void test_keyed(void) {
  TEST("NtCreateKeyedEvent", "who waits and who releases meet at a key") {
    const WCHAR* const kName = W("\\BaseNamedObjects\\hm-nt-keyed");
    CHECK_EQ(NTDLL(ULONG, "NtCreateKeyedEvent", (HANDLE*, ULONG, in_attributes, ULONG))(&keyed, 0xF0003,
                                                                                        named(NULL, kName), 0),
             0);
    close_handle(opened("NtOpenKeyedEvent", 0xF0003, kName));
    CHECK_EQ(
        NTDLL(ULONG, "NtWaitForKeyedEvent", (HANDLE, const void*, BOOLEAN, in_time))(keyed, (void*)8, FALSE, &kBrief),
        0x102);
    const HANDLE thread = CreateThread(NULL, 0, release_key, (void*)8, 0, NULL);
    CHECK_EQ(
        NTDLL(ULONG, "NtWaitForKeyedEvent", (HANDLE, const void*, BOOLEAN, in_time))(keyed, (void*)8, FALSE, &kSoon),
        0);
    CHECK_EQ(ended(thread), 0);
    CHECK_EQ(
        NTDLL(ULONG, "NtWaitForKeyedEvent", (HANDLE, const void*, BOOLEAN, in_time))(keyed, (void*)1, FALSE, &kSoon),
        0xC00000EF); /* an odd key */
    close_handle(keyed);
  }
}

static void test_directories(void) {
  HANDLE directory = NULL, link = NULL, event = NULL;
  TEST("NtCreateDirectoryObject", "names below a directory that one has a handle of") {
    CHECK_EQ(NTDLL(ULONG, "NtCreateDirectoryObject", (HANDLE*, ULONG, in_attributes))(
                 &directory, 0xF000F, named(NULL, W("\\BaseNamedObjects\\hm-nt-directory"))),
             0);
    REQUIRE(directory);
    CHECK_EQ(NTDLL(ULONG, "NtCreateEvent", (HANDLE*, ULONG, in_attributes, int, BOOLEAN))(
                 &event, ALL, named(directory, W("inside")), 1, FALSE),
             0);
    close_handle(opened("NtOpenEvent", ALL, W("\\BaseNamedObjects\\hm-nt-directory\\inside")));
    close_handle(opened("NtOpenDirectoryObject", 0xF000F, W("\\BaseNamedObjects\\hm-nt-directory")));
    struct {
      wide_string name, type;
      BYTE rest[600];
    } info;
    ULONG context = 0, size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtQueryDirectoryObject", (HANDLE, void*, ULONG, BOOLEAN, BOOLEAN, ULONG*, ULONG*))(
                 directory, &info, sizeof info, TRUE, TRUE, &context, &size),
             0);
    CHECK_STR(NARROW_STRING(info.name), "inside");
    CHECK_STR(NARROW_STRING(info.type), "Event");
    CHECK_EQ(context, 1);
    CHECK_EQ(NTDLL(ULONG, "NtQueryDirectoryObject", (HANDLE, void*, ULONG, BOOLEAN, BOOLEAN, ULONG*, ULONG*))(
                 directory, &info, sizeof info, TRUE, FALSE, &context, &size),
             0x8000001A);
  }
  TEST("NtCreateSymbolicLinkObject", "leads elsewhere, and says where") {
    wide_string target = wide_of(W("\\BaseNamedObjects\\hm-nt-directory\\inside")), read = {0, 0, NULL};
    CHECK_EQ(NTDLL(ULONG, "NtCreateSymbolicLinkObject", (HANDLE*, ULONG, in_attributes, wide_string*))(
                 &link, 0xF0001, named(directory, W("link")), &target),
             0);
    REQUIRE(link);
    close_handle(opened("NtOpenEvent", ALL, W("\\BaseNamedObjects\\hm-nt-directory\\link")));
    const HANDLE other = opened("NtOpenSymbolicLinkObject", 0xF0001, W("\\BaseNamedObjects\\hm-nt-directory\\link"));
    WCHAR room[80];
    ULONG size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtQuerySymbolicLinkObject", (HANDLE, wide_string*, ULONG*))(other, &read, &size),
             0xC0000023);
    CHECK_EQ(size, target.Length + 2);
    read.Buffer = room;
    read.MaximumLength = sizeof room;
    CHECK_EQ(NTDLL(ULONG, "NtQuerySymbolicLinkObject", (HANDLE, wide_string*, ULONG*))(other, &read, NULL), 0);
    CHECK_STR(NARROW_STRING(read), "\\BaseNamedObjects\\hm-nt-directory\\inside");
    CHECK_EQ(NTDLL(ULONG, "NtSetEvent", (HANDLE, LONG*))(other, NULL), OBJECT_TYPE_MISMATCH);
    close_handle(other);
    close_handle(link);
  }
  TEST("NtMakeTemporaryObject", "a temporary object's name goes with its last handle") {
    CHECK_EQ(NTDLL(ULONG, "NtMakeTemporaryObject", (HANDLE))(event), 0);
    close_handle(event);
    CHECK_EQ(NTDLL(ULONG, "NtOpenEvent", (HANDLE*, ULONG, in_attributes))(&event, ALL, named(directory, W("inside"))),
             NOT_FOUND);
    close_handle(directory);
  }
}

static void test_ports(void) {
  TEST("NtCreateIoCompletion", "packets in the order of their posting") {
    const WCHAR* const kName = W("\\BaseNamedObjects\\hm-nt-port");
    HANDLE port = NULL;
    CHECK_EQ(
        NTDLL(ULONG, "NtCreateIoCompletion", (HANDLE*, ULONG, in_attributes, ULONG))(&port, ALL, named(NULL, kName), 0),
        0);
    close_handle(opened("NtOpenIoCompletion", ALL, kName));
    for (ULONG_PTR i = 1; i <= 3; ++i)
      CHECK_EQ(NTDLL(ULONG, "NtSetIoCompletion", (HANDLE, ULONG_PTR, ULONG_PTR, ULONG, ULONG_PTR))(port, i, 10 * i, 0,
                                                                                                   100 * i),
               0);
    LONG depth = 9;
    CHECK_EQ(NTDLL(ULONG, "NtQueryIoCompletion", (HANDLE, int, LONG*, ULONG, ULONG*))(port, 0, &depth, 4, NULL), 0);
    CHECK_EQ(depth, 3);
    ULONG_PTR key = 0, value = 0;
    io_block block;
    CHECK_EQ(NTDLL(ULONG, "NtRemoveIoCompletion", (HANDLE, ULONG_PTR*, ULONG_PTR*, io_block*, in_time))(
                 port, &key, &value, &block, &kNow),
             0);
    CHECK_EQ(key, 1);
    CHECK_EQ(value, 10);
    CHECK_EQ(block.Information, 100);
    struct {
      ULONG_PTR key, value;
      io_block block;
    } packets[4];
    ULONG count = 0;
    CHECK_EQ(NTDLL(ULONG, "NtRemoveIoCompletionEx", (HANDLE, void*, ULONG, ULONG*, in_time, BOOLEAN))(
                 port, packets, 4, &count, &kNow, FALSE),
             0);
    CHECK_EQ(count, 2);
    CHECK_EQ(packets[1].key, 3);
    CHECK_EQ(NTDLL(ULONG, "NtRemoveIoCompletion", (HANDLE, ULONG_PTR*, ULONG_PTR*, io_block*, in_time))(
                 port, &key, &value, &block, &kNow),
             0x102);
    close_handle(port);
  }
}

static void test_memory(void) {
  void* base = NULL;
  SIZE_T size = 0x3000;
  ULONG old = 0;
  TEST("NtAllocateVirtualMemory", "reserved, committed, protected, asked for, freed") {
    CHECK_EQ(NTDLL(ULONG, "NtAllocateVirtualMemory", (HANDLE, void**, ULONG_PTR, SIZE_T*, ULONG, ULONG))(
                 SELF, &base, 0, &size, 0x3000, PAGE_READWRITE),
             0);
    CHECK_EQ(size, 0x3000);
    CHECK_EQ((ULONG_PTR)base & 0xFFFF, 0);
    ((char*)base)[0x2000] = 'x';
    void* part = (char*)base + 0x1000;
    SIZE_T part_size = 0x800;
    CHECK_EQ(NTDLL(ULONG, "NtProtectVirtualMemory", (HANDLE, void**, SIZE_T*, ULONG, ULONG*))(SELF, &part, &part_size,
                                                                                              PAGE_READONLY, &old),
             0);
    CHECK_EQ(old, PAGE_READWRITE);
    CHECK_EQ(part_size, 0x1000);
    MEMORY_BASIC_INFORMATION info;
    SIZE_T returned = 0;
    CHECK_EQ(NTDLL(ULONG, "NtQueryVirtualMemory", (HANDLE, const void*, int, void*, SIZE_T, SIZE_T*))(
                 SELF, part, 0, &info, sizeof info, &returned),
             0);
    CHECK_EQ(info.Protect, PAGE_READONLY);
    CHECK(info.AllocationBase == base);
    CHECK_EQ(info.RegionSize, 0x1000);
    CHECK_EQ(returned, sizeof info);
    CHECK_EQ(NTDLL(ULONG, "NtQueryVirtualMemory", (HANDLE, const void*, int, void*, SIZE_T, SIZE_T*))(
                 SELF, part, 0, &info, 8, &returned),
             0xC0000004);
    char byte = 0;
    CHECK_EQ(NTDLL(ULONG, "NtReadVirtualMemory", (HANDLE, const void*, void*, SIZE_T, SIZE_T*))(
                 SELF, (char*)base + 0x2000, &byte, 1, &returned),
             0);
    CHECK_EQ(byte, 'x');
    CHECK_EQ(NTDLL(ULONG, "NtWriteVirtualMemory", (HANDLE, void*, const void*, SIZE_T, SIZE_T*))(SELF, base, "yz", 2,
                                                                                                 &returned),
             0);
    CHECK_EQ(returned, 2);
    CHECK_EQ(memcmp(base, "yz", 2), 0);
    CHECK_EQ(NTDLL(ULONG, "NtFlushInstructionCache", (HANDLE, const void*, SIZE_T))(SELF, base, 16), 0);
    SIZE_T lock_size = 0x1000;
    void* lock_base = base;
    const ULONG status =
        NTDLL(ULONG, "NtLockVirtualMemory", (HANDLE, void**, SIZE_T*, ULONG))(SELF, &lock_base, &lock_size, 1);
    if (status == 0) /* the limit for locked memory may be 0 */
      CHECK_EQ(NTDLL(ULONG, "NtUnlockVirtualMemory", (HANDLE, void**, SIZE_T*, ULONG))(SELF, &lock_base, &lock_size, 1),
               0);
    size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtFreeVirtualMemory", (HANDLE, void**, SIZE_T*, ULONG))(SELF, &base, &size, 0x8000), 0);
    CHECK_EQ(size, 0x3000);
  }
  TEST("NtAllocateVirtualMemoryEx", "without extra parameters the same") {
    if (on_wine()) break; /* asks for another process there */
    base = NULL;
    size = 0x1000;
    CHECK_EQ(NTDLL(ULONG, "NtAllocateVirtualMemoryEx", (HANDLE, void**, SIZE_T*, ULONG, ULONG, void*, ULONG))(
                 SELF, &base, &size, 0x3000, PAGE_READWRITE, NULL, 0),
             0);
    struct {
      void* address;
      SIZE_T size;
    } range = {base, 0x1000};
    ULONG flags = 0;
    CHECK_EQ(NTDLL(ULONG, "NtSetInformationVirtualMemory", (HANDLE, int, SIZE_T, void*, void*, ULONG))(
                 SELF, 0 /* prefetch */, 1, &range, &flags, 4),
             0);
    size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtFreeVirtualMemory", (HANDLE, void**, SIZE_T*, ULONG))(SELF, &base, &size, 0x8000), 0);
  }
  TEST("NtGetWriteWatch", "pages written to since the last question") {
    base = NULL;
    size = 0x3000;
    CHECK_EQ(NTDLL(ULONG, "NtAllocateVirtualMemory", (HANDLE, void**, ULONG_PTR, SIZE_T*, ULONG, ULONG))(
                 SELF, &base, 0, &size, 0x203000 /* MEM_WRITE_WATCH */, PAGE_READWRITE),
             0);
    ((volatile char*)base)[0x1000] = 1;
    void* pages[4];
    ULONG_PTR count = 4;
    ULONG granularity = 0;
    CHECK_EQ(NTDLL(ULONG, "NtGetWriteWatch", (HANDLE, ULONG, void*, SIZE_T, void**, ULONG_PTR*, ULONG*))(
                 SELF, 0, base, 0x3000, pages, &count, &granularity),
             0);
    CHECK(count >= 1); /* more pages than were written is right, too */
    CHECK(pages[count == 1 ? 0 : 1] == (char*)base + 0x1000);
    CHECK_EQ(granularity, 0x1000);
    CHECK_EQ(NTDLL(ULONG, "NtResetWriteWatch", (HANDLE, void*, SIZE_T))(SELF, base, 0x3000), 0);
    size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtFreeVirtualMemory", (HANDLE, void**, SIZE_T*, ULONG))(SELF, &base, &size, 0x8000), 0);
  }
}

static void test_sections(void) {
  TEST("NtCreateSection", "one memory, seen twice") {
    const WCHAR* const kName = W("\\BaseNamedObjects\\hm-nt-section");
    HANDLE section = NULL;
    const int64_t wanted = 0x2000;
    CHECK_EQ(NTDLL(ULONG, "NtCreateSection", (HANDLE*, ULONG, in_attributes, in_time, ULONG, ULONG, HANDLE))(
                 &section, 0xF001F, named(NULL, kName), &wanted, PAGE_READWRITE, 0x8000000, NULL),
             0);
    const HANDLE other = opened("NtOpenSection", 0xF001F, kName);
    struct {
      void* base;
      ULONG attributes;
      int64_t size;
    } info = {NULL, 0, 0};
    CHECK_EQ(NTDLL(ULONG, "NtQuerySection", (HANDLE, int, void*, SIZE_T, SIZE_T*))(other, 0, &info, sizeof info, NULL),
             0);
    CHECK_EQ(info.size, 0x2000);
    CHECK_EQ(info.attributes, 0x8000000);
    char *first = NULL, *second = NULL;
    SIZE_T size = 0;
    int64_t offset = 0;
    CHECK_EQ(NTDLL(ULONG, "NtMapViewOfSection",
                   (HANDLE, HANDLE, char**, ULONG_PTR, SIZE_T, int64_t*, SIZE_T*, ULONG, ULONG, ULONG))(
                 section, SELF, &first, 0, 0, &offset, &size, 1, 0, PAGE_READWRITE),
             0);
    CHECK_EQ(size, 0x2000);
    size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtMapViewOfSection",
                   (HANDLE, HANDLE, char**, ULONG_PTR, SIZE_T, int64_t*, SIZE_T*, ULONG, ULONG, ULONG))(
                 other, SELF, &second, 0, 0, &offset, &size, 1, 0, PAGE_READONLY),
             0);
    first[5] = 'q';
    CHECK_EQ(second[5], 'q');
    io_block block;
    void* flushed = first;
    SIZE_T flush_size = 0;
    NTDLL(ULONG, "NtFlushVirtualMemory", (HANDLE, void**, SIZE_T*, io_block*))(SELF, &flushed, &flush_size, &block);
    CHECK_EQ(NTDLL(ULONG, "NtUnmapViewOfSection", (HANDLE, void*))(SELF, second), 0);
    CHECK_EQ(NTDLL(ULONG, "NtUnmapViewOfSection", (HANDLE, void*))(SELF, second), 0xC0000019);
    if (!on_wine()) {
      second = NULL;
      size = 0;
      CHECK_EQ(
          NTDLL(ULONG, "NtMapViewOfSectionEx", (HANDLE, HANDLE, char**, int64_t*, SIZE_T*, ULONG, ULONG, void*, ULONG))(
              other, SELF, &second, &offset, &size, 0, PAGE_READONLY, NULL, 0),
          0);
      CHECK_EQ(second[5], 'q');
      CHECK_EQ(NTDLL(ULONG, "NtUnmapViewOfSectionEx", (HANDLE, void*, ULONG))(SELF, second, 0), 0);
    }
    CHECK_EQ(NTDLL(ULONG, "NtUnmapViewOfSection", (HANDLE, void*))(SELF, first), 0);
    close_handle(other);
    close_handle(section);
  }
}

/* ---- Files ---- */

static const WCHAR* nt_path(const char* name) {
  static WCHAR paths[4][1100];
  static int next;
  WCHAR* const path = paths[next++ % 4];
  const char* const plain = in_scratch(name);
  size_t length = 4, i = 0;
  memcpy(path, W("\\??\\"), 8);
  while (plain[i]) path[length++] = (WCHAR)plain[i++];
  path[length] = 0;
  return path;
}

static void test_files(void) {
  static const char kText[] = "0123456789";
  io_block block = {{0}, 0};
  HANDLE file = NULL;
  const int64_t start = 0, third = 3, two = 2;
  TEST("NtWriteFile", "written and read at places, flushed") {
    CHECK_EQ(NTDLL(ULONG, "NtCreateFile",
                   (HANDLE*, ULONG, in_attributes, io_block*, in_time, ULONG, ULONG, ULONG, ULONG, void*, ULONG))(
                 &file, 0xC0110000, named(NULL, nt_path("file")), &block, NULL, 0, 7, 5 /* FILE_OVERWRITE_IF */,
                 0x60 /* synchronous, no directory */, NULL, 0),
             0);
    REQUIRE(file);
    CHECK_EQ(
        NTDLL(ULONG, "NtWriteFile", (HANDLE, HANDLE, void*, void*, io_block*, const void*, ULONG, in_time, ULONG*))(
            file, NULL, NULL, NULL, &block, kText, 10, &start, NULL),
        0);
    CHECK_EQ(block.Information, 10);
    char room[8] = "";
    CHECK_EQ(NTDLL(ULONG, "NtReadFile", (HANDLE, HANDLE, void*, void*, io_block*, void*, ULONG, in_time, ULONG*))(
                 file, NULL, NULL, NULL, &block, room, 4, &third, NULL),
             0);
    CHECK_STR(room, "3456");
    int64_t position = 0;
    CHECK_EQ(
        NTDLL(ULONG, "NtQueryInformationFile", (HANDLE, io_block*, void*, ULONG, int))(file, &block, &position, 8, 14),
        0);
    CHECK_EQ(position, 7);
    position = 10;
    CHECK_EQ(
        NTDLL(ULONG, "NtSetInformationFile", (HANDLE, io_block*, void*, ULONG, int))(file, &block, &position, 8, 14),
        0);
    CHECK_EQ(NTDLL(ULONG, "NtReadFile", (HANDLE, HANDLE, void*, void*, io_block*, void*, ULONG, in_time, ULONG*))(
                 file, NULL, NULL, NULL, &block, room, 4, NULL, NULL),
             0xC0000011);
    CHECK_EQ(NTDLL(ULONG, "NtFlushBuffersFile", (HANDLE, io_block*))(file, &block), 0);
  }
  TEST("NtLockFile", "a range, once") {
    CHECK_EQ(NTDLL(ULONG, "NtLockFile",
                   (HANDLE, HANDLE, void*, void*, io_block*, in_time, in_time, ULONG*, BOOLEAN, BOOLEAN))(
                 file, NULL, NULL, NULL, &block, &start, &two, NULL, TRUE, TRUE),
             0);
    CHECK_EQ(
        NTDLL(ULONG, "NtUnlockFile", (HANDLE, io_block*, in_time, in_time, ULONG*))(file, &block, &start, &two, NULL),
        0);
    CHECK_EQ(
        NTDLL(ULONG, "NtUnlockFile", (HANDLE, io_block*, in_time, in_time, ULONG*))(file, &block, &start, &two, NULL),
        0xC000007E);
    if (!on_wine()) CHECK_EQ(NTDLL(ULONG, "NtCancelIoFile", (HANDLE, io_block*))(file, &block), 0);
    CHECK_EQ(NTDLL(ULONG, "NtCancelIoFileEx", (HANDLE, io_block*, io_block*))(file, NULL, &block), 0xC0000225);
  }
  TEST("NtQueryVolumeInformationFile", "the size of the volume") {
    struct {
      int64_t total, available;
      ULONG sectors, bytes;
    } info = {0, 0, 0, 0};
    CHECK_EQ(NTDLL(ULONG, "NtQueryVolumeInformationFile", (HANDLE, io_block*, void*, ULONG, int))(file, &block, &info,
                                                                                                  sizeof info, 3),
             0);
    CHECK(info.total >= info.available && info.bytes >= 512);
    CHECK_EQ(NTDLL(ULONG, "NtQueryVolumeInformationFile", (HANDLE, io_block*, void*, ULONG, int))(file, &block, &info,
                                                                                                  sizeof info, 999),
             0xC0000003);
    close_handle(file);
  }
  TEST("NtQueryAttributesFile", "by name") {
    struct {
      int64_t times[4];
      ULONG attributes;
    } basic = {{0}, 0};
    struct {
      int64_t times[4], allocated, size;
      ULONG attributes;
    } full = {{0}, 0, 0, 0};
    CHECK_EQ(NTDLL(ULONG, "NtQueryAttributesFile", (in_attributes, void*))(named(NULL, nt_path("file")), &basic), 0);
    CHECK(basic.attributes & 0xA0);
    CHECK_EQ(NTDLL(ULONG, "NtQueryFullAttributesFile", (in_attributes, void*))(named(NULL, nt_path("file")), &full), 0);
    CHECK_EQ(full.size, 10);
    CHECK_EQ(NTDLL(ULONG, "NtQueryAttributesFile", (in_attributes, void*))(named(NULL, nt_path("none")), &basic),
             NOT_FOUND);
  }
  TEST("NtQueryDirectoryFile", "the entries that a pattern takes; changes; deleting by name") {
    HANDLE directory = NULL;
    CHECK_EQ(NTDLL(ULONG, "NtOpenFile", (HANDLE*, ULONG, in_attributes, io_block*, ULONG, ULONG))(
                 &directory, 0x100001, named(NULL, nt_path("")), &block, 7, 0x21),
             0);
    REQUIRE(directory);
    struct {
      ULONG next, index;
      ULONG length;
      WCHAR name[300];
    } info;
    wide_string pattern = wide_of(W("f*"));
    CHECK_EQ(NTDLL(ULONG, "NtQueryDirectoryFile",
                   (HANDLE, HANDLE, void*, void*, io_block*, void*, ULONG, int, BOOLEAN, wide_string*, BOOLEAN))(
                 directory, NULL, NULL, NULL, &block, &info, sizeof info, 12 /* names */, TRUE, &pattern, TRUE),
             0);
    CHECK_STR(narrow(info.name, info.length / 2), "file");
    CHECK_EQ(NTDLL(ULONG, "NtQueryDirectoryFile",
                   (HANDLE, HANDLE, void*, void*, io_block*, void*, ULONG, int, BOOLEAN, wide_string*, BOOLEAN))(
                 directory, NULL, NULL, NULL, &block, &info, sizeof info, 12, TRUE, &pattern, FALSE),
             0x80000006);
    close_handle(directory);
    CHECK_EQ(NTDLL(ULONG, "NtOpenFile", (HANDLE*, ULONG, in_attributes, io_block*, ULONG, ULONG))(
                 &directory, 0x100001, named(NULL, nt_path("")), &block, 7, 0x1 /* not synchronous */),
             0);
    const HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    block.Status = 0x103;
    CHECK_EQ(NTDLL(ULONG, "NtNotifyChangeDirectoryFile",
                   (HANDLE, HANDLE, void*, void*, io_block*, void*, ULONG, ULONG, BOOLEAN))(
                 directory, event, NULL, NULL, &block, &info, sizeof info, 1 /* file names */, FALSE),
             0x103);
    CHECK_EQ(NTDLL(ULONG, "NtDeleteFile", (in_attributes))(named(NULL, nt_path("file"))), 0);
    CHECK_EQ(WaitForSingleObject(event, SOON), WAIT_OBJECT_0);
    CHECK_EQ(block.Status, 0);
    CHECK_EQ(info.index, 2); /* FILE_ACTION_REMOVED */
    CHECK_EQ(NTDLL(ULONG, "NtDeleteFile", (in_attributes))(named(NULL, nt_path("file"))), NOT_FOUND);
    CloseHandle(event);
    close_handle(directory);
  }
  TEST("NtCreateNamedPipeFile", "a pipe's server side, and what it lacks") {
    HANDLE pipe = NULL;
    const int64_t timeout = -500000;
    CHECK_EQ(NTDLL(ULONG, "NtCreateNamedPipeFile",
                   (HANDLE*, ULONG, in_attributes, io_block*, ULONG, ULONG, ULONG, ULONG, ULONG, ULONG, ULONG, ULONG,
                    ULONG, in_time))(&pipe, 0xC0100000, named(NULL, W("\\??\\pipe\\hm-nt-pipe")), &block, 3,
                                     3 /* FILE_OPEN_IF */, 0x20, 0, 0, 0, 1, 512, 512, &timeout),
             0);
    REQUIRE(pipe);
    if (!on_wine()) CHECK_EQ(block.Information, 2); /* FILE_CREATED */
    CHECK_EQ(
        NTDLL(ULONG, "NtFsControlFile", (HANDLE, HANDLE, void*, void*, io_block*, ULONG, void*, ULONG, void*, ULONG))(
            pipe, NULL, NULL, NULL, &block, 0x110004 /* disconnect */, NULL, 0, NULL, 0),
        on_wine() ? 0xC00000B3 : 0);
    CHECK_EQ(NTDLL(ULONG, "NtDeviceIoControlFile",
                   (HANDLE, HANDLE, void*, void*, io_block*, ULONG, void*, ULONG, void*, ULONG))(
                 pipe, NULL, NULL, NULL, &block, 0x70000, NULL, 0, NULL, 0) &
                 0xC0000000,
             0xC0000000);
    close_handle(pipe);
  }
  TEST("NtCreateMailslotFile", "is there as soon as it is made") {
    HANDLE slot = NULL;
    const int64_t timeout = -1;
    CHECK_EQ(
        NTDLL(ULONG, "NtCreateMailslotFile", (HANDLE*, ULONG, in_attributes, io_block*, ULONG, ULONG, ULONG, in_time))(
            &slot, 0xC0100000, named(NULL, W("\\??\\mailslot\\hm-nt-slot")), &block, 0x20, 0, 0, &timeout),
        0);
    if (slot) close_handle(slot);
  }
}

/* ---- Threads and processes ---- */

static volatile ULONG_PTR apc_sum;
static void WINAPI add_apc(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c) {
  apc_sum += a + b + c;
}
static DWORD WINAPI answer(void* parameter) {
  return (DWORD)(ULONG_PTR)parameter;
}
static DWORD WINAPI leave(void* parameter) {
  NTDLL(void, "RtlExitUserThread", (ULONG))((ULONG)(ULONG_PTR)parameter + 1);
  return 0;
}
static DWORD WINAPI sleep_long(void* unused) {
  (void)unused;
  return NTDLL(ULONG, "NtDelayExecution", (BOOLEAN, in_time))(FALSE, &kSoon);
}

typedef struct {
  ULONG_PTR process, thread;
} client_id;

static void test_threads(void) {
  HANDLE thread = NULL;
  ULONG count = 9;
  TEST("NtCreateThreadEx", "suspended, resumed, ended by its own code") {
    CHECK_EQ(NTDLL(ULONG, "NtCreateThreadEx",
                   (HANDLE*, ULONG, void*, HANDLE, void*, void*, ULONG, ULONG_PTR, SIZE_T, SIZE_T, void*))(
                 &thread, 0x1FFFFF, NULL, SELF, (void*)answer, (void*)7, 1 /* suspended */, 0, 0, 0, NULL),
             0);
    CHECK_EQ(NTDLL(ULONG, "NtSuspendThread", (HANDLE, ULONG*))(thread, &count), 0);
    CHECK_EQ(count, 1);
    CHECK_EQ(NTDLL(ULONG, "NtResumeThread", (HANDLE, ULONG*))(thread, &count), 0);
    CHECK_EQ(count, 2);
    struct {
      ULONG status;
      void* teb;
      client_id id;
      ULONG_PTR affinity;
      LONG priority, base_priority;
    } info;
    memset(&info, 0, sizeof info);
    CHECK_EQ(NTDLL(ULONG, "NtQueryInformationThread", (HANDLE, int, void*, ULONG, ULONG*))(thread, 0, &info,
                                                                                           sizeof info, &count),
             0);
    CHECK_EQ(info.status, 0x103);
    CHECK_EQ(info.id.process, GetCurrentProcessId());
    HANDLE other = NULL;
    CHECK_EQ(NTDLL(ULONG, "NtOpenThread", (HANDLE*, ULONG, in_attributes, client_id*))(&other, 0x1FFFFF,
                                                                                       named(NULL, NULL), &info.id),
             0);
    CHECK_EQ(NTDLL(ULONG, "NtResumeThread", (HANDLE, ULONG*))(other, &count), 0);
    close_handle(other);
    CHECK_EQ(ended(thread), 7);
  }
  TEST("RtlCreateUserThread", "and the end of threads from within and from outside") {
    client_id id = {0, 0};
    CHECK_EQ(NTDLL(ULONG, "RtlCreateUserThread",
                   (HANDLE, void*, BOOLEAN, ULONG, SIZE_T, SIZE_T, void*, void*, HANDLE*, client_id*))(
                 SELF, NULL, FALSE, 0, 0, 0, (void*)leave, (void*)40, &thread, &id),
             0);
    CHECK_EQ(id.process, GetCurrentProcessId());
    CHECK_EQ(ended(thread), 41);
    thread = CreateThread(NULL, 0, sleep_long, NULL, 4 /* suspended */, NULL);
    CHECK_EQ(NTDLL(ULONG, "NtTerminateThread", (HANDLE, ULONG))(thread, 55), 0);
    CHECK_EQ(ended(thread), 55);
  }
  TEST("NtQueueApcThread", "runs when the thread lets it") {
    CHECK_EQ(NTDLL(ULONG, "NtQueueApcThread", (HANDLE, void*, ULONG_PTR, ULONG_PTR, ULONG_PTR))(
                 GetCurrentThread(), (void*)add_apc, 1, 20, 300),
             0);
    CHECK_EQ(apc_sum, 0);
    CHECK_EQ(NTDLL(ULONG, "NtTestAlert", (void))(), 0);
    CHECK_EQ(apc_sum, 321);
    NTDLL(ULONG, "NtQueueApcThread", (HANDLE, void*, ULONG_PTR, ULONG_PTR, ULONG_PTR))
    (GetCurrentThread(), (void*)add_apc, 1, 0, 0);
    CHECK_EQ(NTDLL(ULONG, "NtDelayExecution", (BOOLEAN, in_time))(TRUE, &kSoon), 0xC0);
    CHECK_EQ(apc_sum, 322);
    const ULONG yielded = NTDLL(ULONG, "NtYieldExecution", (void))();
    CHECK(yielded == 0 || yielded == 0x40000024);
  }
}

static void test_system(void) {
  TEST("NtQueryInformationProcess", "this process; another handle of it") {
    struct {
      ULONG status;
      void* peb;
      ULONG_PTR affinity;
      LONG priority;
      ULONG_PTR id, parent;
    } info;
    ULONG size = 0;
    memset(&info, 0, sizeof info);
    CHECK_EQ(NTDLL(ULONG, "NtQueryInformationProcess", (HANDLE, int, void*, ULONG, ULONG*))(SELF, 0, &info, sizeof info,
                                                                                            &size),
             0);
    CHECK_EQ(info.id, GetCurrentProcessId());
    CHECK(info.peb == NTDLL(void*, "RtlGetCurrentPeb", (void))());
    CHECK_EQ(size, sizeof info);
    client_id id = {GetCurrentProcessId(), 0};
    HANDLE other = NULL;
    CHECK_EQ(NTDLL(ULONG, "NtOpenProcess", (HANDLE*, ULONG, in_attributes, client_id*))(&other, 0x1FFFFF,
                                                                                        named(NULL, NULL), &id),
             0);
    CHECK_EQ(NTDLL(ULONG, "NtSetInformationProcess", (HANDLE, int, void*, ULONG))(other, 21 /* affinity */,
                                                                                  &info.affinity, sizeof info.affinity),
             0);
    ULONG read = 9;
    CHECK_EQ(NTDLL(ULONG, "NtQueryInformationProcess", (HANDLE, int, void*, ULONG, ULONG*))(SELF, 9999, &read, 4, NULL),
             0xC0000003);
    close_handle(other);
  }
  TEST("NtQuerySystemInformation", "basic facts") {
    struct {
      ULONG reserved, resolution, page, pages, lowest, highest, granularity;
      ULONG_PTR low, high, affinity;
      char processors;
    } info;
    ULONG size = 0;
    memset(&info, 0, sizeof info);
    CHECK_EQ(NTDLL(ULONG, "NtQuerySystemInformation", (int, void*, ULONG, ULONG*))(0, &info, sizeof info, &size), 0);
    CHECK_EQ(info.page, 4096);
    CHECK_EQ(info.granularity, 65536);
    CHECK(info.processors > 0);
    CHECK_EQ(NTDLL(ULONG, "NtQuerySystemInformation", (int, void*, ULONG, ULONG*))(0, &info, 4, &size), 0xC0000004);
    const ULONG relation = 0; /* cores */
    BYTE room[4096];
    CHECK_EQ(NTDLL(ULONG, "NtQuerySystemInformationEx", (int, const void*, ULONG, void*, ULONG, ULONG*))(
                 107, &relation, 4, room, sizeof room, &size) == 0 ||
                 size > sizeof room,
             1);
  }
  TEST("NtQuerySystemInformation", "processes and their threads") {
    struct {
      ULONG next, threads;
      BYTE before_name[48];
      UNICODE_STRING name;
      LONG_PTR priority;
      ULONG_PTR id, parent;
    } * process;
    struct {
      BYTE before_client[40];
      ULONG_PTR process, thread;
      BYTE after_client[24];
    } * thread;
    ULONG size = 0;
    CHECK_EQ(NTDLL(ULONG, "NtQuerySystemInformation", (int, void*, ULONG, ULONG*))(5, NULL, 0, &size), 0xC0000004);
    CHECK(size >= 0x100 + 0x50);
    size += 65536; /* some may come */
    BYTE* const room = malloc(size);
    CHECK_EQ(NTDLL(ULONG, "NtQuerySystemInformation", (int, void*, ULONG, ULONG*))(5, room, size, NULL), 0);
    int own = 0, own_thread = 0;
    for (ULONG at = 0;; at += process->next) {
      process = (void*)(room + at);
      if (process->id == GetCurrentProcessId()) {
        own += process->name.Length > 0 && process->name.Buffer[process->name.Length / 2] == 0;
        for (ULONG i = 0; i < process->threads; ++i) {
          thread = (void*)(room + at + 0x100 + i * 0x50);
          own_thread += thread->process == GetCurrentProcessId() && thread->thread == GetCurrentThreadId();
        }
      }
      if (process->next == 0) break;
    }
    CHECK_EQ(own, 1);
    CHECK_EQ(own_thread, 1);
    free(room);
  }
  TEST("NtQuerySystemTime", "clocks go forward, and agree") {
    int64_t before = 0, after = 0, count = 0, frequency = 0;
    CHECK_EQ(NTDLL(ULONG, "NtQuerySystemTime", (int64_t*))(&before), 0);
    if (has("ntdll.dll", "ZwQuerySystemTime")) CHECK_EQ(NTDLL(ULONG, "ZwQuerySystemTime", (int64_t*))(&after), 0);
    CHECK(after >= before);
    CHECK_EQ(NTDLL(ULONG, "NtQueryPerformanceCounter", (int64_t*, int64_t*))(&count, &frequency), 0);
    CHECK(count > 0 && frequency > 0);
    CHECK_EQ(NTDLL(ULONG, "ZwQueryPerformanceCounter", (int64_t*, int64_t*))(&after, NULL), 0);
    CHECK(after >= count);
    CHECK(NTDLL(BOOL, "RtlQueryPerformanceCounter", (int64_t*))(&after));
    CHECK(NTDLL(BOOL, "RtlQueryPerformanceFrequency", (int64_t*))(&after));
    CHECK_EQ(after, frequency);
    const ULONG ticks = NTDLL(ULONG, "NtGetTickCount", (void))();
    CHECK(NTDLL(ULONG, "ZwGetTickCount", (void))() - ticks < 60000);
    CHECK(NTDLL(ULONG, "NtGetCurrentProcessorNumber", (void))() < 4096);
    if (has("ntdll.dll", "NtFlushProcessWriteBuffers")) NTDLL(void, "NtFlushProcessWriteBuffers", (void))();
    int64_t first = 0, second = 0;
    CHECK_EQ(NTDLL(ULONG, "NtAllocateLocallyUniqueId", (int64_t*))(&first), 0);
    CHECK_EQ(NTDLL(ULONG, "NtAllocateLocallyUniqueId", (int64_t*))(&second), 0);
    CHECK(first != second);
  }
}

int main(void) {
  test_events();
  test_counted();
  test_keyed();
  test_directories();
  test_ports();
  test_memory();
  test_sections();
  test_files();
  test_threads();
  test_system();
  RemoveDirectoryA(in_scratch(""));
  return finish();
}
