/* Functions of advapi32, sockets, the network's tables and others that other tests do not call. */
#include "support/by_name.h"
/* after check.h */
#include "support/portable_sync.h"

#define ADVAPI(type, name, parameters) BY_NAME("advapi32.dll", type, name, parameters)
#define SECHOST(type, name, parameters) BY_NAME("sechost.dll", type, name, parameters)
#define WS2(type, name, parameters) BY_NAME("ws2_32.dll", type, name, parameters)
#define WSOCK(type, name, parameters) BY_NAME("wsock32.dll", type, name, parameters)
#define MSWSOCK(type, name, parameters) BY_NAME("mswsock.dll", type, name, parameters)
#define IPHLP(type, name, parameters) BY_NAME("iphlpapi.dll", type, name, parameters)
#define DNSAPI(type, name, parameters) BY_NAME("dnsapi.dll", type, name, parameters)

#define CURRENT_USER ((void*)(ULONG_PTR)(LONG)0x80000001)
#define LOCAL_MACHINE ((void*)(ULONG_PTR)(LONG)0x80000002)

typedef uint64_t socket_t;
typedef struct {
  USHORT family, port;
  BYTE address[4];
  char zero[8];
} address_t;

/* ---- The registry ---- */

static void test_registry(void) {
  char text[100];
  WCHAR room[100];
  DWORD size = 0, type = 0;
  void *key = NULL, *inner = NULL;
  TEST("RegCreateKeyA", "keys by the old functions, wide and narrow") {
    CHECK_EQ(ADVAPI(LONG, "RegCreateKeyA", (void*, const char*, void**))(CURRENT_USER, "hm-small", &key), 0);
    CHECK_EQ(ADVAPI(LONG, "RegCreateKeyW", (void*, const WCHAR*, void**))(key, W("inner"), &inner), 0);
    CHECK_EQ(ADVAPI(LONG, "RegSetValueW", (void*, const WCHAR*, DWORD, const WCHAR*, DWORD))(key, W("inner"), 1,
                                                                                             W("default"), 14),
             0);
    LONG bytes = sizeof room;
    CHECK_EQ(ADVAPI(LONG, "RegQueryValueW", (void*, const WCHAR*, WCHAR*, LONG*))(key, W("inner"), room, &bytes), 0);
    CHECK_STR(NARROW(room), "default");
    CHECK_EQ(bytes, 16);
    CHECK_EQ(ADVAPI(LONG, "RegEnumKeyW", (void*, DWORD, WCHAR*, DWORD))(key, 0, room, 100), 0);
    CHECK_STR(NARROW(room), "inner");
    CHECK_EQ(ADVAPI(LONG, "RegEnumKeyW", (void*, DWORD, WCHAR*, DWORD))(key, 1, room, 100), 259);
    void* again = NULL;
    CHECK_EQ(ADVAPI(LONG, "RegOpenKeyW", (void*, const WCHAR*, void**))(key, W("inner"), &again), 0);
    CHECK_EQ(ADVAPI(LONG, "RegFlushKey", (void*))(again), 0);
    ADVAPI(LONG, "RegCloseKey", (void*))(again);
    CHECK_EQ(ADVAPI(LONG, "RegOpenKeyW", (void*, const WCHAR*, void**))(key, W("none"), &again), 2);
  }
  TEST("RegEnumValueW", "values: listed, asked for together, deleted") {
    const DWORD number = 7;
    CHECK_EQ(ADVAPI(LONG, "RegSetValueExA", (void*, const char*, DWORD, DWORD, const void*, DWORD))(inner, "number", 0,
                                                                                                    4, &number, 4),
             0);
    int seen = 0;
    for (DWORD i = 0; i < 2; ++i) {
      DWORD name_size = 100, read = 0;
      size = 4;
      const LONG result = ADVAPI(LONG, "RegEnumValueW", (void*, DWORD, WCHAR*, DWORD*, DWORD*, DWORD*, void*, DWORD*))(
          inner, i, room, &name_size, NULL, &type, &read, &size);
      seen += result == 0 && name_size == 6 && type == 4 && read == 7;
    }
    CHECK_EQ(seen, 1);
    struct {
      char* name;
      DWORD length;
      DWORD_PTR value;
      DWORD type;
    } entry = {(char*)(uintptr_t) "number", 0, 0, 0};
    struct {
      WCHAR* name;
      DWORD length;
      DWORD_PTR value;
      DWORD type;
    } wide_entry = {wide("number"), 0, 0, 0};
    size = sizeof text;
    CHECK_EQ(
        ADVAPI(LONG, "RegQueryMultipleValuesA", (void*, void*, DWORD, char*, DWORD*))(inner, &entry, 1, text, &size),
        0);
    CHECK_EQ(entry.type, 4);
    CHECK_EQ(*(DWORD*)entry.value, 7);
    size = sizeof text;
    CHECK_EQ(ADVAPI(LONG, "RegQueryMultipleValuesW", (void*, void*, DWORD, char*, DWORD*))(inner, &wide_entry, 1, text,
                                                                                           &size),
             0);
    CHECK_EQ(wide_entry.length, 4);
    CHECK_EQ(ADVAPI(LONG, "RegDeleteValueW", (void*, const WCHAR*))(inner, W("number")), 0);
    CHECK_EQ(ADVAPI(LONG, "RegDeleteValueW", (void*, const WCHAR*))(inner, W("number")), 2);
    CHECK_EQ(ADVAPI(LONG, "RegSetKeyValueA", (void*, const char*, const char*, DWORD, const void*, DWORD))(
                 key, "inner", "a", 4, &number, 4),
             0);
    CHECK_EQ(ADVAPI(LONG, "RegSetKeyValueA", (void*, const char*, const char*, DWORD, const void*, DWORD))(
                 key, "inner", "w", 4, &number, 4),
             0);
    CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyValueA", (void*, const char*, const char*))(key, "inner", "a"), 0);
    CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyValueW", (void*, const WCHAR*, const WCHAR*))(key, W("inner"), W("w")), 0);
    CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyValueA", (void*, const char*, const char*))(key, "inner", "a"), 2);
  }
  TEST("RegDeleteKeyExA", "keys: renamed and deleted") {
    ADVAPI(LONG, "RegCloseKey", (void*))(inner);
    if (!on_wine()) {
      CHECK_EQ(ADVAPI(LONG, "RegRenameKey", (void*, const WCHAR*, const WCHAR*))(key, W("inner"), W("other")), 0);
      CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyExW", (void*, const WCHAR*, DWORD, DWORD))(key, W("inner"), 0, 0), 2);
      CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyExW", (void*, const WCHAR*, DWORD, DWORD))(key, W("other"), 0, 0), 0);
    } else {
      CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyExW", (void*, const WCHAR*, DWORD, DWORD))(key, W("inner"), 0, 0), 0);
    }
    ADVAPI(LONG, "RegCloseKey", (void*))(key);
    CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyExA", (void*, const char*, DWORD, DWORD))(CURRENT_USER, "hm-small", 0, 0), 0);
    CHECK_EQ(ADVAPI(LONG, "RegDeleteKeyExA", (void*, const char*, DWORD, DWORD))(CURRENT_USER, "hm-small", 0, 0), 2);
  }
  TEST("RegOpenCurrentUser", "the predefined keys") {
    CHECK_EQ(ADVAPI(LONG, "RegOpenCurrentUser", (DWORD, void**))(0x20019, &key), 0);
    CHECK_EQ(ADVAPI(LONG, "RegCloseKey", (void*))(key), 0);
    CHECK_EQ(ADVAPI(LONG, "RegDisablePredefinedCache", (void))(), 0);
    if (!on_wine()) {
      CHECK_EQ(ADVAPI(LONG, "RegDisablePredefinedCacheEx", (void))(), 0);
      CHECK_EQ(ADVAPI(LONG, "RegOpenUserClassesRoot", (HANDLE, DWORD, DWORD, void**))(NULL, 0, 0x20019, &key), 6);
    }
    CHECK_EQ(ADVAPI(LONG, "RegConnectRegistryA", (const char*, void*, void**))(NULL, LOCAL_MACHINE, &key), 0);
    CHECK_EQ(ADVAPI(LONG, "RegCloseKey", (void*))(key), 0);
  }
}

/* ---- Security, events, services ---- */

static void WINAPI service_main(DWORD count, WCHAR** arguments) {
  (void)count, (void)arguments;
}

static void test_security(void) {
  char text[300];
  TEST("ConvertSidToStringSidA", "identities and descriptors") {
    BYTE sid[12] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}; /* LocalSystem */
    char* made = NULL;
    CHECK(ADVAPI(BOOL, "ConvertSidToStringSidA", (void*, char**))(sid, &made));
    CHECK_STR(made, "S-1-5-18");
    KERNEL(void*, "LocalFree", (void*))(made);
    struct {
      BYTE revision, reserved;
      USHORT control;
      void *owner, *group, *sacl, *dacl;
    } descriptor;
    void *owner = &owner, *group = &group;
    BOOL defaulted = 9;
    CHECK(ADVAPI(BOOL, "InitializeSecurityDescriptor", (void*, DWORD))(&descriptor, 1));
    CHECK(ADVAPI(BOOL, "SetSecurityDescriptorDacl", (void*, BOOL, void*, BOOL))(&descriptor, TRUE, NULL, FALSE));
    CHECK(ADVAPI(BOOL, "IsValidSecurityDescriptor", (void*))(&descriptor));
    CHECK_EQ(descriptor.control, 4);
    CHECK(ADVAPI(BOOL, "GetSecurityDescriptorOwner", (void*, void**, BOOL*))(&descriptor, &owner, &defaulted));
    CHECK(owner == NULL && defaulted == FALSE);
    descriptor.group = sid;
    CHECK(ADVAPI(BOOL, "GetSecurityDescriptorGroup", (void*, void**, BOOL*))(&descriptor, &group, &defaulted));
    CHECK(group == (void*)sid);
    HANDLE token = NULL;
    CHECK_FAILS(ADVAPI(BOOL, "OpenThreadToken", (HANDLE, DWORD, BOOL, HANDLE*))(GetCurrentThread(), 8, TRUE, &token),
                1008);
    LONG luid[2] = {0, 9};
    CHECK(
        ADVAPI(BOOL, "LookupPrivilegeValueW", (const WCHAR*, const WCHAR*, void*))(NULL, W("SeDebugPrivilege"), luid));
    CHECK_EQ(luid[0], 20);
    CHECK_EQ(luid[1], 0);
    CHECK_FAILS(ADVAPI(BOOL, "LookupPrivilegeValueW", (const WCHAR*, const WCHAR*, void*))(NULL, W("SeNone"), luid),
                1313);
    DWORD size = sizeof text;
    CHECK(ADVAPI(BOOL, "GetUserNameA", (char*, DWORD*))(text, &size));
    CHECK_EQ(strlen(text) + 1, size);
    if (on_wine()) break;
    struct {
      DWORD dock;
      WCHAR guid[39], name[80];
    } profile;
    memset(&profile, 0, sizeof profile);
    CHECK(ADVAPI(BOOL, "GetCurrentHwProfileW", (void*))(&profile));
    CHECK_EQ(wide_length(profile.guid), 38);
    BYTE random[2][16] = {{0}, {0}};
    CHECK(BY_NAME("bcryptprimitives.dll", BOOL, "ProcessPrng", (void*, SIZE_T))(random[0], 16));
    CHECK(BY_NAME("bcryptprimitives.dll", BOOL, "ProcessPrng", (void*, SIZE_T))(random[1], 16));
    CHECK(memcmp(random[0], random[1], 16) != 0);
  }
  TEST("EventWriteString", "events that nobody listens to") {
    static const BYTE kProvider[16] = {1, 2, 3};
    uint64_t provider = 0;
    CHECK_EQ(ADVAPI(ULONG, "EventRegister", (const void*, void*, void*, uint64_t*))(kProvider, NULL, NULL, &provider),
             0);
    CHECK_FALSE(ADVAPI(BOOLEAN, "EventProviderEnabled", (uint64_t, BYTE, uint64_t))(provider, 1, 1));
    if (!on_wine()) {
      const BYTE descriptor[16] = {0};
      CHECK_EQ(ADVAPI(ULONG, "EventWriteString", (uint64_t, BYTE, uint64_t, const WCHAR*))(provider, 1, 1, W("text")),
               0);
      CHECK_EQ(ADVAPI(ULONG, "EventWriteEx", (uint64_t, const void*, uint64_t, ULONG, void*, void*, ULONG, void*))(
                   provider, descriptor, 0, 0, NULL, NULL, 0, NULL),
               0);
    }
    const BYTE nothing[16] = {0};
    CHECK_EQ(ADVAPI(ULONG, "EventWriteTransfer", (uint64_t, const void*, const void*, const void*, ULONG, void*))(
                 provider, nothing, NULL, NULL, 0, NULL),
             0);
    CHECK_EQ(ADVAPI(ULONG, "EventUnregister", (uint64_t))(provider), 0);
  }
  TEST("StartServiceCtrlDispatcherW", "a program that no service manager started") {
    const struct {
      const WCHAR* name;
      void* main;
    } table[2] = {{W("hm"), (void*)service_main}, {NULL, NULL}};
    if (on_wine()) break; /* waits there */
    CHECK_FAILS(ADVAPI(BOOL, "StartServiceCtrlDispatcherW", (const void*))(table), 1063);
    CHECK_FAILS(SECHOST(BOOL, "StartServiceCtrlDispatcherW", (const void*))(table), 1063);
    CHECK_FAILS(ADVAPI(BOOL, "StartServiceCtrlDispatcherA", (const void*))(table), 1063);
  }
  TEST("OpenServiceW", "there are no services to open") {
    if (on_wine()) break;
    CHECK_FAILS(ADVAPI(void*, "OpenServiceW", (void*, const WCHAR*, DWORD))(NULL, W("hm"), 1), 6);
    DWORD needed = 0, count = 0;
    CHECK_FAILS(ADVAPI(BOOL, "EnumServicesStatusExW",
                       (void*, int, DWORD, DWORD, void*, DWORD, DWORD*, DWORD*, DWORD*, const WCHAR*))(
                    NULL, 0, 0x30, 3, NULL, 0, &needed, &count, NULL, NULL),
                6);
  }
}

/* ---- Sockets ---- */

static const address_t kLoop = {2, 0, {127, 0, 0, 1}, {0}};

static socket_t bound(int type, address_t* address) {
  int length = sizeof *address;
  *address = kLoop;
  const socket_t made = WS2(socket_t, "WSASocketA", (int, int, int, void*, ULONG, DWORD))(2, type, 0, NULL, 0, 1);
  CHECK_EQ(WS2(int, "bind", (socket_t, const void*, int))(made, address, length), 0);
  CHECK_EQ(WS2(int, "getsockname", (socket_t, void*, int*))(made, address, &length), 0);
  return made;
}
static void close_socket(socket_t s) {
  CHECK_EQ(WS2(int, "closesocket", (socket_t))(s), 0);
}
static int WINAPI accept_all(void* caller, void* data, void* a, void* b, void* callee, void* c, void* group,
                             DWORD_PTR context) {
  (void)caller, (void)data, (void)a, (void)b, (void)callee, (void)c, (void)group;
  return context == 7 ? 0 : 1; /* CF_ACCEPT */
}

static void test_sockets(void) {
  char text[100];
  WCHAR room[100];
  BYTE data[512];
  CHECK_EQ(WS2(int, "WSAStartup", (WORD, void*))(0x0202, data), 0);
  TEST("WSAHtonl", "orders of bytes") {
    ULONG four = 0;
    USHORT two = 0;
    address_t address;
    const socket_t s = bound(2, &address);
    CHECK_EQ(WS2(ULONG, "htonl", (ULONG))(0x01020304), 0x04030201);
    CHECK_EQ(WS2(ULONG, "ntohl", (ULONG))(0x04030201), 0x01020304);
    CHECK_EQ(WS2(USHORT, "htons", (USHORT))(0x0102), 0x0201);
    CHECK_EQ(WS2(USHORT, "ntohs", (USHORT))(0x0201), 0x0102);
    CHECK_EQ(WS2(int, "WSAHtonl", (socket_t, ULONG, ULONG*))(s, 0x01020304, &four), 0);
    CHECK_EQ(four, 0x04030201);
    CHECK_EQ(WS2(int, "WSANtohl", (socket_t, ULONG, ULONG*))(s, four, &four), 0);
    CHECK_EQ(four, 0x01020304);
    CHECK_EQ(WS2(int, "WSAHtons", (socket_t, USHORT, USHORT*))(s, 0x0102, &two), 0);
    CHECK_EQ(two, 0x0201);
    CHECK_EQ(WS2(int, "WSANtohs", (socket_t, USHORT, USHORT*))(s, two, &two), 0);
    CHECK_EQ(two, 0x0102);
    CHECK_EQ(WS2(int, "WSAHtonl", (socket_t, ULONG, ULONG*))(~(socket_t)0, 1, &four), -1);
    close_socket(s);
    CHECK_EQ(WS2(int, "WSAIsBlocking", (void))(), 0);
    CHECK_EQ(WS2(int, "WSACancelBlockingCall", (void))(), on_wine() ? 0 : -1);
    const HANDLE event = WS2(HANDLE, "WSACreateEvent", (void))();
    CHECK(WS2(BOOL, "WSASetEvent", (HANDLE))(event));
    CHECK_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    CHECK(WS2(BOOL, "WSAResetEvent", (HANDLE))(event));
    CHECK_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    CHECK(WS2(BOOL, "WSACloseEvent", (HANDLE))(event));
  }
  TEST("InetPtonW", "texts of addresses") {
    BYTE four[4] = {0};
    CHECK_EQ(WS2(int, "InetPtonW", (int, const WCHAR*, void*))(2, W("192.0.2.33"), four), 1);
    CHECK_EQ(four[3], 33);
    CHECK_STR(NARROW(WS2(const WCHAR*, "InetNtopW", (int, const void*, WCHAR*, SIZE_T))(2, four, room, 100)),
              "192.0.2.33");
    CHECK_EQ(WS2(int, "InetPtonW", (int, const WCHAR*, void*))(2, W("192.0.2"), four), 0);
    address_t address = {2, 0x5000, {10, 0, 0, 1}, {0}};
    DWORD length = 100;
    CHECK_EQ(WS2(int, "WSAAddressToStringW", (const void*, DWORD, void*, WCHAR*, DWORD*))(&address, sizeof address,
                                                                                          NULL, room, &length),
             0);
    CHECK_STR(NARROW(room), "10.0.0.1:80");
    int size = sizeof address;
    memset(&address, 0, sizeof address);
    CHECK_EQ(WS2(int, "WSAStringToAddressW", (const WCHAR*, int, void*, void*, int*))(room, 2, NULL, &address, &size),
             0);
    CHECK_EQ(address.port, 0x5000);
    CHECK_EQ(address.address[0], 10);
  }
  TEST("GetAddrInfoW", "names of this computer, and protocols") {
    struct info {
      int flags, family, type, protocol;
      SIZE_T length;
      WCHAR* name;
      address_t* address;
      struct info* next;
    } hints = {4 /* AI_NUMERICHOST */, 2, 1, 0, 0, NULL, NULL, NULL}, *found = NULL;
    CHECK_EQ(WS2(int, "GetAddrInfoW", (const WCHAR*, const WCHAR*, const void*, void*))(W("127.0.0.1"), W("80"), &hints,
                                                                                        &found),
             0);
    REQUIRE(found);
    CHECK_EQ(found->address->port, 0x5000);
    CHECK_EQ(WS2(int, "GetNameInfoW", (const void*, int, WCHAR*, DWORD, WCHAR*, DWORD, int))(
                 found->address, sizeof(address_t), room, 50, room + 50, 50, 2 | 8 /* numbers */),
             0);
    CHECK_STR(NARROW(room), "127.0.0.1");
    CHECK_STR(NARROW(room + 50), "80");
    WS2(void, "FreeAddrInfoW", (void*))(found);
    WS2(void, "FreeAddrInfoEx", (void*))(NULL);
    CHECK_EQ(WS2(int, "GetHostNameW", (WCHAR*, int))(room, 100), 0);
    CHECK(room[0] != 0);
    static const char* const kNames[] = {"WSAEnumProtocolsA", "WSAEnumProtocolsW"};
    for (int i = 0; i < 2; ++i) {
      DWORD size = 0;
      CHECK_EQ(WS2(int, kNames[i], (int*, void*, DWORD*))(NULL, NULL, &size), -1);
      CHECK(size >= 300);
      void* const buffer = malloc(size);
      CHECK(WS2(int, kNames[i], (int*, void*, DWORD*))(NULL, buffer, &size) >= 4);
      free(buffer);
    }
    DWORD size = 0;
    int error = 0;
    CHECK_EQ(WS2(int, "WSCEnumProtocols", (int*, void*, DWORD*, int*))(NULL, NULL, &size, &error), -1);
    CHECK_EQ(error, 10055);
  }
  TEST("WSAConnect", "connected, accepted if wanted, shut down") {
    address_t address, peer;
    int length = sizeof peer;
    const socket_t listener = bound(1, &address);
    CHECK_EQ(WSOCK(int, "listen", (socket_t, int))(listener, 5), 0);
    socket_t client = WS2(socket_t, "WSASocketA", (int, int, int, void*, ULONG, DWORD))(2, 1, 6, NULL, 0, 1);
    CHECK_EQ(WS2(int, "WSAConnect", (socket_t, const void*, int, void*, void*, void*, void*))(
                 client, &address, sizeof address, NULL, NULL, NULL, NULL),
             0);
    socket_t server = WS2(socket_t, "WSAAccept", (socket_t, void*, int*, void*, DWORD_PTR))(listener, &peer, &length,
                                                                                            (void*)accept_all, 7);
    CHECK(server != ~(socket_t)0);
    CHECK_EQ(peer.address[0], 127);
    /* another socket of the same connection */
    BYTE info[640];
    CHECK_EQ(WS2(int, "WSADuplicateSocketA", (socket_t, DWORD, void*))(server, GetCurrentProcessId(), info), 0);
    const socket_t copy = WS2(socket_t, "WSASocketA", (int, int, int, void*, ULONG, DWORD))(-1, -1, -1, info, 0, 1);
    CHECK(copy != ~(socket_t)0);
    CHECK_EQ(WS2(int, "send", (socket_t, const char*, int, int))(copy, "hello", 5, 0), 5);
    int flags = 0;
    CHECK_EQ(MSWSOCK(int, "WSARecvEx", (socket_t, char*, int, int*))(client, text, 100, &flags), 5);
    close_socket(copy);
    CHECK(write_file(in_scratch("sent"), "from a file", 11));
    const HANDLE file = CreateFileA(in_scratch("sent"), GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(MSWSOCK(BOOL, "TransmitFile", (socket_t, HANDLE, DWORD, DWORD, void*, void*, DWORD))(server, file, 0, 0, NULL,
                                                                                               NULL, 0));
    CHECK_EQ(WSOCK(int, "WSARecvEx", (socket_t, char*, int, int*))(client, text, 100, &flags), 11);
    CHECK_EQ(memcmp(text, "from a file", 11), 0);
    CloseHandle(file);
    DeleteFileA(in_scratch("sent"));
    CHECK_EQ(WS2(int, "WSASendDisconnect", (socket_t, void*))(server, NULL), 0);
    CHECK_EQ(WSOCK(int, "recv", (socket_t, char*, int, int))(client, text, 100, 0), 0);
    if (!on_wine()) CHECK_EQ(WS2(int, "WSARecvDisconnect", (socket_t, void*))(client, NULL), 0);
    close_socket(client);
    close_socket(server);
    if (!on_wine()) {
      client = WS2(socket_t, "WSASocketA", (int, int, int, void*, ULONG, DWORD))(2, 1, 6, NULL, 0, 1);
      snprintf(text, sizeof text, "%d", (address.port >> 8 | address.port << 8) & 0xFFFF);
      CHECK(WS2(BOOL, "WSAConnectByNameA",
                (socket_t, const char*, const char*, DWORD*, void*, DWORD*, void*, void*, void*))(
          client, "127.0.0.1", text, NULL, NULL, NULL, NULL, NULL, NULL));
      close_socket(client);
      client = WS2(socket_t, "WSASocketA", (int, int, int, void*, ULONG, DWORD))(2, 1, 6, NULL, 0, 1);
      CHECK(WS2(BOOL, "WSAConnectByNameW",
                (socket_t, const WCHAR*, const WCHAR*, DWORD*, void*, DWORD*, void*, void*, void*))(
          client, W("127.0.0.1"), wide(text), NULL, NULL, NULL, NULL, NULL, NULL));
      close_socket(client);
    }
    close_socket(listener);
  }
  TEST("WSARecvFrom", "datagrams, and what AcceptEx writes") {
    address_t first, second, from;
    const socket_t a = bound(2, &first), b = bound(2, &second);
    CHECK_EQ(WSOCK(int, "sendto", (socket_t, const char*, int, int, const void*, int))(a, "one", 3, 0, &second,
                                                                                       sizeof second),
             3);
    struct {
      ULONG length;
      char* buffer;
    } piece = {100, text};
    DWORD received = 0, flags = 0;
    int length = sizeof from;
    CHECK_EQ(WS2(int, "WSARecvFrom", (socket_t, void*, DWORD, DWORD*, DWORD*, void*, int*, void*, void*))(
                 b, &piece, 1, &received, &flags, &from, &length, NULL, NULL),
             0);
    CHECK_EQ(received, 3);
    CHECK_EQ(from.port, first.port);
    CHECK_EQ(
        WS2(int, "sendto", (socket_t, const char*, int, int, const void*, int))(a, "two", 3, 0, &second, sizeof second),
        3);
    CHECK_EQ(WSOCK(int, "recvfrom", (socket_t, char*, int, int, void*, int*))(b, text, 100, 0, &from, &length), 3);
    struct {
      ULONG count;
      socket_t sockets[64];
    } set = {1, {a}};
    CHECK(WSOCK(int, "__WSAFDIsSet", (socket_t, void*))(a, &set));
    CHECK_FALSE(WSOCK(int, "__WSAFDIsSet", (socket_t, void*))(b, &set));
    close_socket(a);
    close_socket(b);
    static const char* const kDlls[] = {"mswsock.dll", "wsock32.dll"};
    for (int i = 0; i < 2; ++i) {
      const socket_t listener = bound(1, &first);
      CHECK_EQ(WS2(int, "listen", (socket_t, int))(listener, 5), 0);
      const socket_t server = WS2(socket_t, "WSASocketA", (int, int, int, void*, ULONG, DWORD))(2, 1, 6, NULL, 0, 1);
      const socket_t client = WS2(socket_t, "WSASocketA", (int, int, int, void*, ULONG, DWORD))(2, 1, 6, NULL, 0, 1);
      BYTE room_for[2 * 32];
      OVERLAPPED overlapped;
      memset(&overlapped, 0, sizeof overlapped);
      overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
      DWORD done = 0;
      BY_NAME(kDlls[i], BOOL, "AcceptEx", (socket_t, socket_t, void*, DWORD, DWORD, DWORD, DWORD*, void*))
      (listener, server, room_for, 0, 32, 32, &done, &overlapped);
      CHECK_EQ(WS2(int, "WSAConnect", (socket_t, const void*, int, void*, void*, void*, void*))(
                   client, &first, sizeof first, NULL, NULL, NULL, NULL),
               0);
      CHECK_EQ(WaitForSingleObject(overlapped.hEvent, SOON), WAIT_OBJECT_0);
      address_t *local = NULL, *remote = NULL;
      int local_length = 0, remote_length = 0;
      BY_NAME(kDlls[i], void, "GetAcceptExSockaddrs", (void*, DWORD, DWORD, DWORD, void*, int*, void*, int*))
      (room_for, 0, 32, 32, &local, &local_length, &remote, &remote_length);
      CHECK_EQ(local_length, 16);
      CHECK_EQ(remote_length, 16);
      CHECK(local && local->port == first.port);
      CHECK(remote && remote->address[0] == 127);
      CloseHandle(overlapped.hEvent);
      close_socket(client);
      close_socket(server);
      close_socket(listener);
    }
  }
  TEST("gethostbyname", "the old functions of wsock32") {
    static const BYTE kAddress[4] = {127, 0, 0, 1};
    struct host {
      char *name, **aliases;
      short type, length;
      char** addresses;
    }* host = WSOCK(struct host*, "gethostbyname", (const char*))("127.0.0.1");
    REQUIRE(host);
    CHECK_EQ(memcmp(host->addresses[0], kAddress, 4), 0);
    WSOCK(void*, "gethostbyaddr", (const void*, int, int))(kAddress, 4, 2);
    CHECK_EQ(WSOCK(int, "gethostname", (char*, int))(text, 100), 0);
    CHECK(*text);
    struct protocol {
      char *name, **aliases;
      short number;
    }* protocol = WSOCK(struct protocol*, "getprotobyname", (const char*))("tcp");
    CHECK(protocol && protocol->number == 6);
    protocol = WSOCK(struct protocol*, "getprotobynumber", (int))(17);
    CHECK(protocol && strcmp(protocol->name, "udp") == 0);
    struct service {
      char *name, **aliases, *protocol;
      short port;
    }* service = WSOCK(struct service*, "getservbyname", (const char*, const char*))("http", "tcp");
    CHECK(service && service->port == 0x5000);
    service = WSOCK(struct service*, "getservbyport", (int, const char*))(0x5000, "tcp");
    CHECK(service && strcmp(service->name, "http") == 0);
    CHECK_EQ(WSOCK(ULONG, "inet_addr", (const char*))("127.0.0.1"), 0x0100007F);
    CHECK_STR(WSOCK(const char*, "inet_ntoa", (ULONG))(0x0100007F), "127.0.0.1");
    CHECK_EQ(WSOCK(ULONG, "inet_network", (const char*))("10.0.0.1"), 0x0A000001);
    if (!on_wine()) CHECK_EQ(MSWSOCK(ULONG, "inet_network", (const char*))("10.0.0.1"), 0x0A000001);
  }
  CHECK_EQ(WS2(int, "WSACleanup", (void))(), 0);
}

/* ---- The network's tables ---- */

static void test_network(void) {
  char text[300];
  WCHAR room[300];
  TEST("ConvertInterfaceLuidToNameA", "the loop by all its names") {
    ULONG index = 0, first = 0;
    address_t loop = kLoop;
    CHECK_EQ(IPHLP(DWORD, "GetBestInterfaceEx", (const void*, DWORD*))(&loop, &first), 0);
    CHECK(first != 0);
    uint64_t luid = 0, same = 0;
    CHECK_EQ(IPHLP(DWORD, "ConvertInterfaceIndexToLuid", (ULONG, uint64_t*))(first, &luid), 0);
    CHECK_EQ(IPHLP(DWORD, "ConvertInterfaceLuidToIndex", (const uint64_t*, ULONG*))(&luid, &index), 0);
    CHECK_EQ(index, first);
    CHECK_EQ(IPHLP(DWORD, "ConvertInterfaceLuidToNameA", (const uint64_t*, char*, SIZE_T))(&luid, text, 300), 0);
    CHECK_EQ(IPHLP(DWORD, "ConvertInterfaceNameToLuidA", (const char*, uint64_t*))(text, &same), 0);
    CHECK_EQ(same, luid);
    same = 0;
    CHECK_EQ(IPHLP(DWORD, "ConvertInterfaceLuidToNameW", (const uint64_t*, WCHAR*, SIZE_T))(&luid, room, 300), 0);
    CHECK_STR(NARROW(room), text);
    CHECK_EQ(IPHLP(DWORD, "ConvertInterfaceNameToLuidW", (const WCHAR*, uint64_t*))(room, &same), 0);
    CHECK_EQ(same, luid);
    char* const name = IPHLP(char*, "if_indextoname", (ULONG, char*))(first, text);
    CHECK(name == text && *text);
    ULONG mask = 0;
    CHECK_EQ(IPHLP(DWORD, "ConvertLengthToIpv4Mask", (ULONG, ULONG*))(20, &mask), 0);
    CHECK_EQ(mask, 0x00F0FFFF);
    CHECK_EQ(IPHLP(DWORD, "ConvertLengthToIpv4Mask", (ULONG, ULONG*))(33, &mask), 87);
    CHECK(IPHLP(DWORD, "GetAdapterIndex", (const WCHAR*, ULONG*))(W("no adapter"), &index) != 0);
  }
  TEST("GetIfEntry", "what is known of interfaces and routes") {
    DWORD count = 0, loop_index = 0;
    address_t loop = kLoop;
    CHECK_EQ(IPHLP(DWORD, "GetNumberOfInterfaces", (DWORD*))(&count), 0);
    CHECK(count >= 1);
    IPHLP(DWORD, "GetBestInterfaceEx", (const void*, DWORD*))(&loop, &loop_index);
    struct {
      WCHAR name[256];
      DWORD index, type, rest[150];
    } row;
    memset(&row, 0, sizeof row);
    row.index = loop_index;
    CHECK_EQ(IPHLP(DWORD, "GetIfEntry", (void*))(&row), 0);
    CHECK_EQ(row.type, 24); /* a loop */
    row.index = 0x7FFFFFFF;
    CHECK(IPHLP(DWORD, "GetIfEntry", (void*))(&row) != 0);
    struct {
      uint64_t luid;
      ULONG index;
      BYTE rest[2000];
    } row2;
    memset(&row2, 0, sizeof row2);
    row2.index = loop_index;
    CHECK_EQ(IPHLP(DWORD, "GetIfEntry2", (void*))(&row2), 0);
    CHECK(row2.luid != 0);
    ULONG* table = NULL;
    CHECK_EQ(IPHLP(DWORD, "GetUnicastIpAddressTable", (USHORT, void*))(2, &table), 0);
    REQUIRE(table);
    CHECK(*table >= 1);
    IPHLP(void, "FreeMibTable", (void*))(table);
    if (!on_wine()) {
      table = NULL;
      CHECK_EQ(IPHLP(DWORD, "GetIpForwardTable2", (USHORT, void*))(2, &table), 0);
      if (table) IPHLP(void, "FreeMibTable", (void*))(table);
      /* there may be no route but that of the loop, which is not in the table */
      DWORD route[14] = {0};
      const DWORD result = IPHLP(DWORD, "GetBestRoute", (DWORD, DWORD, void*))(0x08080808, 0, route);
      CHECK(result == 0 ? route[4] != 0 && route[4] != loop_index : result == 1168 || result == 1231 || result == 1232);
      CHECK_EQ(IPHLP(DWORD, "GetBestRoute", (DWORD, DWORD, void*))(0x0100007F, 0, NULL), 87);
    }
    ULONG size = 0;
    const ULONG result = IPHLP(ULONG, "GetAdaptersInfo", (void*, ULONG*))(NULL, &size);
    CHECK(result == 111 || result == 232); /* too little room, or there is nothing but the loop */
  }
  TEST("DnsValidateName_A", "names of domains") {
    CHECK_EQ(DNSAPI(LONG, "DnsValidateName_A", (const char*, int))("example.org", 0), 0);
    CHECK_EQ(DNSAPI(LONG, "DnsValidateName_UTF8", (const char*, int))("example.org", 0), 0);
    CHECK(DNSAPI(LONG, "DnsValidateName_A", (const char*, int))("a..b", 0) != 0);
    CHECK(DNSAPI(LONG, "DnsValidateName_UTF8", (const char*, int))("", 0) != 0);
    CHECK(DNSAPI(BOOL, "DnsNameCompare_W", (const WCHAR*, const WCHAR*))(W("Example.ORG"), W("example.org.")));
    CHECK_FALSE(DNSAPI(BOOL, "DnsNameCompare_W", (const WCHAR*, const WCHAR*))(W("example.org"), W("example.com")));
    void* records = NULL;
    if (on_wine()) break;
    /* without names and types nobody is asked */
    CHECK(DNSAPI(LONG, "DnsQuery_A", (const char*, WORD, DWORD, void*, void*, void*))(NULL, 1, 0, NULL, &records,
                                                                                      NULL) != 0);
    CHECK(DNSAPI(LONG, "DnsQuery_UTF8", (const char*, WORD, DWORD, void*, void*, void*))(NULL, 1, 0, NULL, &records,
                                                                                         NULL) != 0);
  }
}

static void test_windows(void) {
  TEST("GetCaretPos", "what windows without a display say") {
    LONG point[2] = {9, 9};
    CHECK(BY_NAME("user32.dll", BOOL, "GetCaretPos", (void*))(point));
    CHECK_EQ(point[0], 0);
    CHECK(BY_NAME("user32.dll", void*, "GetClipboardViewer", (void))() == NULL);
    CHECK(BY_NAME("user32.dll", void*, "GetOpenClipboardWindow", (void))() == NULL);
    CHECK(BY_NAME("user32.dll", BOOL, "AllowSetForegroundWindow", (DWORD))((DWORD)-1) || on_wine() ||
          GetLastError() != 0);
  }
}

/* ---- Programs, by the shell ---- */

static void test_programs(void) {
  write_file(in_scratch("batch.bat"), "@exit\r\n", 7);
  write_file(in_scratch("note.hm-none"), "text", 4);
  TEST("FindExecutableW", "a program opens itself, a document nobody knows none") {
    WCHAR found[260] = {0};
    const intptr_t batch = BY_NAME("shell32.dll", intptr_t, "FindExecutableW", (const WCHAR*, const WCHAR*, WCHAR*))(
        wide(in_scratch("batch.bat")), NULL, found);
    CHECK(batch > 32);
    CHECK(strstr(NARROW(found), "batch.bat") != NULL);
    CHECK_EQ(BY_NAME("shell32.dll", intptr_t, "FindExecutableW", (const WCHAR*, const WCHAR*, WCHAR*))(
                 wide(in_scratch("note.hm-none")), NULL, found),
             31);
    CHECK_EQ(BY_NAME("shell32.dll", intptr_t, "FindExecutableW", (const WCHAR*, const WCHAR*, WCHAR*))(
                 wide(in_scratch("absent.exe")), NULL, found),
             2);
  }
  TEST("SHGetFileInfoW", "kinds of programs: the console's, and none") {
    CHECK_EQ(BY_NAME("shell32.dll", DWORD_PTR, "SHGetFileInfoW", (const WCHAR*, DWORD, void*, UINT, UINT))(
                 wide(in_bin("small_dlls.exe")), 0, NULL, 0, 0x2000),
             0x4550);
    CHECK_EQ(BY_NAME("shell32.dll", DWORD_PTR, "SHGetFileInfoW", (const WCHAR*, DWORD, void*, UINT, UINT))(
                 wide(in_bin("basic.dll")), 0, NULL, 0, 0x2000),
             0);
    CHECK_EQ(BY_NAME("shell32.dll", DWORD_PTR, "SHGetFileInfoW", (const WCHAR*, DWORD, void*, UINT, UINT))(
                 wide(in_scratch("note.hm-none")), 0, NULL, 0, 0x2000),
             0);
  }
  TEST("SHGetFileInfoW .bat", "a batch file is one of the console's") {
    CHECK_EQ(BY_NAME("shell32.dll", DWORD_PTR, "SHGetFileInfoW", (const WCHAR*, DWORD, void*, UINT, UINT))(
                 wide(in_scratch("batch.bat")), 0, NULL, 0, 0x2000),
             0x4550);
  }
  DeleteFileA(in_scratch("batch.bat"));
  DeleteFileA(in_scratch("note.hm-none"));
}

int main(void) {
  test_registry();
  test_security();
  test_sockets();
  test_network();
  test_windows();
  test_programs();
  RemoveDirectoryA(in_scratch(""));
  return finish();
}
