/* System DLLs that are Wine's: each is loaded, and a representative part of it does its work. */
#include "support/by_name.h"

typedef struct {
  uint32_t Data1;
  uint16_t Data2, Data3;
  uint8_t Data4[8];
} guid_t;

/* ---- What the machine says of itself: pdh, powrprof, wtsapi32 ---- */

static void test_machine(void) {
  TEST("pdh.dll", "a counter is asked for, collected and read") {
    void *query = NULL, *counter = NULL;
    CHECK_EQ(BY_NAME("pdh.dll", LONG, "PdhOpenQueryW", (const WCHAR*, DWORD_PTR, void**))(NULL, 0, &query), 0);
    REQUIRE(query);
    CHECK_EQ(BY_NAME("pdh.dll", LONG, "PdhAddEnglishCounterW", (void*, const WCHAR*, DWORD_PTR, void**))(
                 query, W("\\System\\System Up Time"), 0, &counter),
             0);
    CHECK_EQ(BY_NAME("pdh.dll", LONG, "PdhCollectQueryData", (void*))(query), 0);
    struct {
      DWORD CStatus;
      int64_t value;
    } value = {1, 0};
    CHECK_EQ(BY_NAME("pdh.dll", LONG, "PdhGetFormattedCounterValue", (void*, DWORD, DWORD*, void*))(counter, 0x400,
                                                                                                    NULL, &value),
             0);
    CHECK_EQ(value.CStatus, 0);
    CHECK(value.value > 0);
    CHECK_EQ(BY_NAME("pdh.dll", LONG, "PdhAddEnglishCounterW", (void*, const WCHAR*, DWORD_PTR, void**))(
                 query, W("\\No Such\\Counter"), 0, &counter),
             (LONG)0xC0000BB9);
    CHECK_EQ(BY_NAME("pdh.dll", LONG, "PdhCloseQuery", (void*))(query), 0);
  }
  TEST("powrprof.dll", "processors' clocks, and what the machine can do") {
    struct {
      ULONG Number, MaxMhz, CurrentMhz, MhzLimit, MaxIdleState, CurrentIdleState;
    } processors[256] = {{9, 0, 0, 0, 0, 0}};
    CHECK_EQ(BY_NAME("powrprof.dll", LONG, "CallNtPowerInformation", (int, void*, ULONG, void*, ULONG))(
                 11, NULL, 0, processors, sizeof processors),
             0);
    CHECK_EQ(processors[0].Number, 0);
    CHECK(processors[0].MaxMhz > 0);
    uint8_t capabilities[76];
    CHECK(BY_NAME("powrprof.dll", BOOLEAN, "GetPwrCapabilities", (void*))(capabilities));
  }
  TEST("wtsapi32.dll", "processes, and whose session this is") {
    struct {
      DWORD SessionId, ProcessId;
      WCHAR* pProcessName;
      void* pUserSid;
    }* processes = NULL;
    DWORD count = 0, found = 0;
    CHECK(BY_NAME("wtsapi32.dll", BOOL, "WTSEnumerateProcessesW", (HANDLE, DWORD, DWORD, void*, DWORD*))(
        NULL, 0, 1, &processes, &count));
    for (DWORD i = 0; i < count; ++i) found += processes[i].ProcessId == GetCurrentProcessId();
    CHECK_EQ(found, 1);
    BY_NAME("wtsapi32.dll", void, "WTSFreeMemory", (void*))(processes);
    WCHAR* user = NULL;
    DWORD size = 0;
    CHECK(BY_NAME("wtsapi32.dll", BOOL, "WTSQuerySessionInformationW", (HANDLE, DWORD, int, WCHAR**, DWORD*))(
        NULL, (DWORD)-1, 5, &user, &size));
    CHECK(user && user[0]);
    BY_NAME("wtsapi32.dll", void, "WTSFreeMemory", (void*))(user);
  }
}

/* ---- Names and texts: normaliz, mlang, lz32 ---- */

static void test_texts(void) {
  TEST("normaliz.dll", "names of domains in ASCII") {
    WCHAR ascii[64] = {0};
    const WCHAR name[] = {'b', 0xFC, 'c', 'h', 'e', 'r', '.', 'd', 'e', 0};
    CHECK_EQ(
        BY_NAME("normaliz.dll", int, "IdnToAscii", (DWORD, const WCHAR*, int, WCHAR*, int))(0, name, -1, ascii, 64),
        17);
    CHECK_STR(NARROW(ascii), "xn--bcher-kva.de");
    CHECK(BY_NAME("normaliz.dll", BOOL, "IsNormalizedString", (int, const WCHAR*, int))(1, name, -1));
  }
  TEST("mlang.dll", "code pages, and languages by their names") {
    DWORD mode = 0;
    int from = 3, to = 8;
    WCHAR wide_text[8] = {0};
    CHECK_EQ(BY_NAME("mlang.dll", LONG, "ConvertINetMultiByteToUnicode",
                     (DWORD*, DWORD, const char*, int*, WCHAR*, int*))(&mode, 1251, "\xC4\xE0!", &from, wide_text, &to),
             0);
    CHECK_EQ(to, 3);
    CHECK(wide_text[0] == 0x414 && wide_text[1] == 0x430 && wide_text[2] == '!');
    char language[16] = "";
    CHECK_EQ(BY_NAME("mlang.dll", LONG, "LcidToRfc1766A", (DWORD, char*, int))(0x407, language, sizeof language), 0);
    CHECK_STR(language, "de");
    CHECK_EQ(BY_NAME("mlang.dll", LONG, "IsConvertINetStringAvailable", (DWORD, DWORD))(1252, 1200), 0);
    CHECK_EQ(BY_NAME("mlang.dll", LONG, "IsConvertINetStringAvailable", (DWORD, DWORD))(1252, 99), 1);
  }
  TEST("lz32.dll", "a file that is not compressed is read as it is") {
    char* const name = in_scratch("plain.txt");
    write_file(name, "as it is", 8);
    uint8_t info[136] = {136};
    const INT file = BY_NAME("lz32.dll", INT, "LZOpenFileA", (char*, void*, WORD))(name, info, 0);
    CHECK(file >= 0);
    char text[16] = "";
    CHECK_EQ(BY_NAME("lz32.dll", INT, "LZRead", (INT, char*, INT))(file, text, 15), 8);
    CHECK_STR(text, "as it is");
    BY_NAME("lz32.dll", void, "LZClose", (INT))(file);
  }
}

/* ---- msdmo, ncrypt, netapi32, mpr, sspicli, mspatcha ---- */

static void test_others(void) {
  TEST("msdmo.dll", "media types are made, copied and freed") {
    struct {
      guid_t majortype, subtype;
      BOOL bFixedSizeSamples, bTemporalCompression;
      ULONG lSampleSize;
      guid_t formattype;
      void* pUnk;
      ULONG cbFormat;
      uint8_t* pbFormat;
    } type, *copy = NULL;
    CHECK_EQ(BY_NAME("msdmo.dll", LONG, "MoInitMediaType", (void*, DWORD))(&type, 16), 0);
    CHECK_EQ(type.cbFormat, 16);
    type.pbFormat[15] = 7;
    CHECK_EQ(BY_NAME("msdmo.dll", LONG, "MoDuplicateMediaType", (void*, const void*))(&copy, &type), 0);
    CHECK(copy && copy->pbFormat != type.pbFormat && copy->pbFormat[15] == 7);
    CHECK_EQ(BY_NAME("msdmo.dll", LONG, "MoDeleteMediaType", (void*))(copy), 0);
    CHECK_EQ(BY_NAME("msdmo.dll", LONG, "MoFreeMediaType", (void*))(&type), 0);
  }
  TEST("ncrypt.dll", "a key that is not stored") {
    uintptr_t provider = 0, key = 0;
    CHECK_EQ(BY_NAME("ncrypt.dll", LONG, "NCryptOpenStorageProvider", (uintptr_t*, const WCHAR*, DWORD))(
                 &provider, W("Microsoft Software Key Storage Provider"), 0),
             0);
    CHECK_EQ(BY_NAME("ncrypt.dll", LONG, "NCryptCreatePersistedKey",
                     (uintptr_t, uintptr_t*, const WCHAR*, const WCHAR*, DWORD, DWORD))(provider, &key, W("RSA"), NULL,
                                                                                        0, 0),
             0);
    DWORD bits = 1024, size = 0;
    CHECK_EQ(BY_NAME("ncrypt.dll", LONG, "NCryptSetProperty", (uintptr_t, const WCHAR*, void*, DWORD, DWORD))(
                 key, W("Length"), &bits, 4, 0),
             0);
    CHECK_EQ(BY_NAME("ncrypt.dll", LONG, "NCryptFinalizeKey", (uintptr_t, DWORD))(key, 0), 0);
    bits = 0;
    CHECK_EQ(BY_NAME("ncrypt.dll", LONG, "NCryptGetProperty", (uintptr_t, const WCHAR*, void*, DWORD, DWORD*, DWORD))(
                 key, W("Length"), &bits, 4, &size, 0),
             0);
    CHECK_EQ(bits, 1024);
    CHECK_EQ(BY_NAME("ncrypt.dll", LONG, "NCryptFreeObject", (uintptr_t))(key), 0);
    CHECK_EQ(BY_NAME("ncrypt.dll", LONG, "NCryptFreeObject", (uintptr_t))(provider), 0);
  }
  TEST("netapi32.dll", "buffers, the machine's group and its users' rights") {
    void* block = NULL;
    DWORD size = 0;
    CHECK_EQ(BY_NAME("netapi32.dll", DWORD, "NetApiBufferAllocate", (DWORD, void**))(100, &block), 0);
    CHECK_EQ(BY_NAME("netapi32.dll", DWORD, "NetApiBufferSize", (void*, DWORD*))(block, &size), 0);
    CHECK(size >= 100);
    CHECK_EQ(BY_NAME("netapi32.dll", DWORD, "NetApiBufferFree", (void*))(block), 0);
    WCHAR* name = NULL;
    int kind = 9;
    CHECK_EQ(BY_NAME("netapi32.dll", DWORD, "NetGetJoinInformation", (const WCHAR*, WCHAR**, int*))(NULL, &name, &kind),
             0);
    CHECK(name && name[0]);
    BY_NAME("netapi32.dll", DWORD, "NetApiBufferFree", (void*))(name);
    struct {
      DWORD platform;
      WCHAR* name;
    }* workstation = NULL;
    CHECK_EQ(BY_NAME("netapi32.dll", DWORD, "NetWkstaGetInfo", (WCHAR*, DWORD, void*))(NULL, 100, &workstation), 0);
    CHECK(workstation && workstation->platform == 500 && workstation->name[0]);
    BY_NAME("netapi32.dll", DWORD, "NetApiBufferFree", (void*))(workstation);
  }
  TEST("mpr.dll", "no drive is another machine's") {
    WCHAR name[64];
    DWORD size = 64;
    CHECK(BY_NAME("mpr.dll", DWORD, "WNetGetConnectionW", (const WCHAR*, WCHAR*, DWORD*))(W("Q:"), name, &size) != 0);
    char user[64] = "";
    size = sizeof user;
    CHECK_EQ(BY_NAME("mpr.dll", DWORD, "WNetGetUserA", (const char*, char*, DWORD*))(NULL, user, &size), 0);
    CHECK(user[0]);
  }
  TEST("mspatcha.dll", "what is no patch is refused") {
    uint8_t *made = NULL, data[16] = "no patch at all";
    ULONG size = 0;
    CHECK_FALSE(BY_NAME("mspatcha.dll", BOOL, "ApplyPatchToFileByBuffers",
                        (uint8_t*, ULONG, uint8_t*, ULONG, uint8_t**, ULONG, ULONG*, void*, ULONG, void*, void*))(
        data, sizeof data, data, sizeof data, &made, 0, &size, NULL, 0, NULL, NULL));
  }
}

/* ---- The web, without TLS: winhttp, wininet, urlmon (with it: real/https_test.cc) ---- */

#define WS2(type, name, parameters) BY_NAME("ws2_32.dll", type, name, parameters)
#define WINHTTP(type, name, parameters) BY_NAME("winhttp.dll", type, name, parameters)
#define WININET(type, name, parameters) BY_NAME("wininet.dll", type, name, parameters)
enum { REQUESTS = 3 };
static char requests[REQUESTS][1024];

/* Answers all but the last, which is TLS's greeting. */
static DWORD WINAPI serve(void* argument) {
  static const char answer[] =
      "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Hm: yes\r\nConnection: close\r\n\r\nserved\r\n";
  const uint64_t listener = *(const uint64_t*)argument;
  for (int i = 0; i < REQUESTS; ++i) {
    const uint64_t client = WS2(uint64_t, "accept", (uint64_t, void*, int*))(listener, NULL, NULL);
    int size = 0;
    while (size < 1000) {
      const int got = WS2(int, "recv", (uint64_t, char*, int, int))(client, requests[i] + size, 1000 - size, 0);
      if (got <= 0) break;
      size += got;
      if (strstr(requests[i], "\r\n\r\n") || i == REQUESTS - 1) break;
    }
    if (i < REQUESTS - 1) WS2(int, "send", (uint64_t, const char*, int, int))(client, answer, sizeof answer - 1, 0);
    WS2(int, "closesocket", (uint64_t))(client);
  }
  return 0;
}

/* The status, or 0 with the last error. */
static int get_by_winhttp(uint16_t port, DWORD flags, char* text, DWORD size) {
  DWORD status = 0, status_size = 4, read = 0;
  void* const session = WINHTTP(void*, "WinHttpOpen", (const WCHAR*, DWORD, const WCHAR*, const WCHAR*, DWORD))(
      W("hm"), 1, NULL, NULL, 0);
  void* const connection =
      WINHTTP(void*, "WinHttpConnect", (void*, const WCHAR*, uint16_t, DWORD))(session, W("127.0.0.1"), port, 0);
  void* const request = WINHTTP(void*, "WinHttpOpenRequest",
                                (void*, const WCHAR*, const WCHAR*, const WCHAR*, const WCHAR*, const WCHAR**, DWORD))(
      connection, W("GET"), W("/by/winhttp?q=1"), NULL, NULL, NULL, flags);
  if (WINHTTP(BOOL, "WinHttpSendRequest", (void*, const WCHAR*, DWORD, void*, DWORD, DWORD, DWORD_PTR))(
          request, NULL, 0, NULL, 0, 0, 0) &&
      WINHTTP(BOOL, "WinHttpReceiveResponse", (void*, void*))(request, NULL) &&
      WINHTTP(BOOL, "WinHttpReadData", (void*, void*, DWORD, DWORD*))(request, text, size - 1, &read)) {
    text[read] = 0;
    WINHTTP(BOOL, "WinHttpQueryHeaders", (void*, DWORD, const WCHAR*, void*, DWORD*, DWORD*))
    (request, 0x20000013, NULL, &status, &status_size, NULL);
  }
  const DWORD error = GetLastError();
  WINHTTP(BOOL, "WinHttpCloseHandle", (void*))(request);
  WINHTTP(BOOL, "WinHttpCloseHandle", (void*))(connection);
  WINHTTP(BOOL, "WinHttpCloseHandle", (void*))(session);
  SetLastError(error);
  return (int)status;
}

static void test_web(void) {
  struct {
    uint16_t family, port;
    uint8_t address[12];
  } address = {2, 0, {127, 0, 0, 1}};
  int size = sizeof address;
  uint8_t data[512];
  WS2(int, "WSAStartup", (uint16_t, void*))(0x202, data);
  uint64_t listener = WS2(uint64_t, "socket", (int, int, int))(2, 1, 6);
  WS2(int, "bind", (uint64_t, const void*, int))(listener, &address, size);
  WS2(int, "listen", (uint64_t, int))(listener, 5);
  WS2(int, "getsockname", (uint64_t, void*, int*))(listener, &address, &size);
  const uint16_t port = (uint16_t)(address.port << 8 | address.port >> 8);
  const HANDLE thread = CreateThread(NULL, 0, serve, &listener, 0, NULL);
  char text[64] = "";
  TEST("winhttp.dll", "a request is sent, its answer read") {
    CHECK_EQ(get_by_winhttp(port, 0, text, sizeof text), 200);
    CHECK_STR(text, "served\r\n");
    CHECK(strncmp(requests[0], "GET /by/winhttp?q=1 HTTP/1.1\r\n", 30) == 0);
    CHECK(strstr(requests[0], ": hm\r\n") != NULL);
  }
  TEST("wininet.dll", "the same by a URL") {
    char url[64] = "";
    DWORD read = 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/by/wininet", port);
    void* const session =
        WININET(void*, "InternetOpenA", (const char*, DWORD, const char*, const char*, DWORD))("hm", 1, NULL, NULL, 0);
    REQUIRE(session);
    void* const file = WININET(void*, "InternetOpenUrlA", (void*, const char*, const char*, DWORD, DWORD, DWORD_PTR))(
        session, url, NULL, 0, 0x84000000, 0);
    CHECK(file != NULL);
    memset(text, 0, sizeof text);
    CHECK(WININET(BOOL, "InternetReadFile", (void*, void*, DWORD, DWORD*))(file, text, sizeof text - 1, &read));
    CHECK_STR(text, "served\r\n");
    CHECK(strncmp(requests[1], "GET /by/wininet HTTP/1.1\r\n", 26) == 0);
    WININET(BOOL, "InternetCloseHandle", (void*))(file);
    WININET(BOOL, "InternetCloseHandle", (void*))(session);
  }
  TEST("winhttp.dll WINHTTP_FLAG_SECURE", "is no success where no TLS is spoken") {
    CHECK_EQ(get_by_winhttp(port, 0x800000, text, sizeof text), 0);
    CHECK(GetLastError() != 0);
  }
  WS2(int, "closesocket", (uint64_t))(listener);
  WaitForSingleObject(thread, 10000);
  CloseHandle(thread);
  TEST("urlmon.dll", "URLs are taken together and apart") {
    WCHAR combined[64] = {0};
    DWORD length = 0;
    CHECK_EQ(BY_NAME("urlmon.dll", LONG, "CoInternetCombineUrl",
                     (const WCHAR*, const WCHAR*, DWORD, WCHAR*, DWORD, DWORD*, DWORD))(W("http://host/a/b"), W("../c"),
                                                                                        0, combined, 64, &length, 0),
             0);
    CHECK_STR(NARROW(combined), "http://host/c");
    CHECK_EQ(
        BY_NAME("urlmon.dll", LONG, "CoInternetParseUrl", (const WCHAR*, int, DWORD, WCHAR*, DWORD, DWORD*, DWORD))(
            W("http://host:80/a"), 15, 0, combined, 64, &length, 0),
        0);
    CHECK_STR(NARROW(combined), "host");
  }
}

int main(void) {
  test_machine();
  test_texts();
  test_others();
  test_web();
  return finish();
}
