/* bcrypt, crypt32 and the older functions of advapi32 as programs use them, against published vectors. */
#include "support/check.h"

#include <stdint.h>

typedef uint8_t byte_t;
#define STATUS_INVALID_HANDLE_ ((int32_t)0xC0000008)
#define STATUS_BUFFER_TOO_SMALL_ ((int32_t)0xC0000023)
#define STATUS_NOT_FOUND_ ((int32_t)0xC0000225)
#define STATUS_AUTH_TAG_MISMATCH_ ((int32_t)0xC000A002)
#define STATUS_INVALID_SIGNATURE_ ((int32_t)0xC000A000)
#define STATUS_INVALID_BUFFER_SIZE_ ((int32_t)0xC0000206)
#define CRYPT_E_NOT_FOUND_ 0x80092004
#define VERIFY_CONTEXT 0xF0000000

static HMODULE bcrypt, crypt32, advapi32;
#define BCRYPT(name, parameters) ((int32_t(WINAPI*) parameters)(void*)GetProcAddress(bcrypt, name))
#define CRYPT32(type, name, parameters) ((type(WINAPI*) parameters)(void*)GetProcAddress(crypt32, name))
#define ADVAPI(name, parameters) ((BOOL(WINAPI*) parameters)(void*)GetProcAddress(advapi32, name))

static const char* hex(const byte_t* bytes, size_t size) {
  static char text[4][400];
  static int turn;
  char* const here = text[turn++ % 4];
  here[0] = 0;
  for (size_t i = 0; i < size; ++i) sprintf(here + 2 * i, "%02x", bytes[i]);
  return here;
}

/* ---- bcrypt ---- */

static void* open_provider(const WCHAR* name, ULONG flags) {
  void* handle = NULL;
  CHECK_EQ(
      BCRYPT("BCryptOpenAlgorithmProvider", (void**, const WCHAR*, const WCHAR*, ULONG))(&handle, name, NULL, flags),
      0);
  return handle;
}
static void close_provider(void* handle) {
  CHECK_EQ(BCRYPT("BCryptCloseAlgorithmProvider", (void*, ULONG))(handle, 0), 0);
}
static ULONG number_of(void* handle, const WCHAR* property) {
  ULONG value = 0, given = 0;
  CHECK_EQ(BCRYPT("BCryptGetProperty", (void*, const WCHAR*, void*, ULONG, ULONG*, ULONG))(handle, property, &value, 4,
                                                                                           &given, 0),
           0);
  return value;
}
static const char* digest(const WCHAR* name, ULONG flags, const char* key, const char* text) {
  void *const provider = open_provider(name, flags), *hash = NULL;
  const ULONG size = number_of(provider, W("HashDigestLength"));
  byte_t value[64];
  CHECK_EQ(BCRYPT("BCryptCreateHash", (void*, void**, void*, ULONG, const void*, ULONG, ULONG))(
               provider, &hash, NULL, 0, key, key ? (ULONG)strlen(key) : 0, 0),
           0);
  CHECK_EQ(BCRYPT("BCryptHashData", (void*, const void*, ULONG, ULONG))(hash, text, (ULONG)strlen(text), 0), 0);
  CHECK_EQ(BCRYPT("BCryptFinishHash", (void*, void*, ULONG, ULONG))(hash, value, size, 0), 0);
  CHECK_EQ(BCRYPT("BCryptDestroyHash", (void*))(hash), 0);
  close_provider(provider);
  return hex(value, size);
}
static int32_t set_mode(void* provider, const WCHAR* mode, ULONG size) {
  return BCRYPT("BCryptSetProperty", (void*, const WCHAR*, const void*, ULONG, ULONG))(provider, W("ChainingMode"),
                                                                                       mode, size, 0);
}
static void* make_key(void* provider, const void* secret, ULONG size) {
  void* key = NULL;
  CHECK_EQ(BCRYPT("BCryptGenerateSymmetricKey", (void*, void**, void*, ULONG, const void*, ULONG, ULONG))(
               provider, &key, NULL, 0, secret, size, 0),
           0);
  return key;
}
static int32_t run(const char* function, void* key, const void* input, ULONG size, void* info, byte_t* iv, void* output,
                   ULONG room, ULONG* given, ULONG flags) {
  return BCRYPT(function, (void*, const void*, ULONG, void*, void*, ULONG, void*, ULONG, ULONG*, ULONG))(
      key, input, size, info, iv, iv ? 16 : 0, output, room, given, flags);
}
static void destroy_key(void* key) {
  CHECK_EQ(BCRYPT("BCryptDestroyKey", (void*))(key), 0);
}

typedef struct {
  ULONG size, version;
  const void* nonce;
  ULONG nonce_size;
  const void* data;
  ULONG data_size;
  void* tag;
  ULONG tag_size;
  void* mac_context;
  ULONG mac_context_size, aad_size;
  uint64_t length;
  ULONG flags;
} auth_info;

static const byte_t kKey[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static const byte_t kPlain[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                  0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};

static void test_bcrypt(void) {
  TEST("bcrypt-hash", "digests and HMACs are the published ones") {
    CHECK_STR(digest(W("MD5"), 0, NULL, "abc"), "900150983cd24fb0d6963f7d28e17f72");
    CHECK_STR(digest(W("SHA1"), 0, NULL, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK_STR(digest(W("SHA256"), 0, NULL, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_STR(digest(W("SHA384"), 0, NULL, "abc"),
              "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    CHECK_STR(digest(W("SHA256"), 8, "Jefe", "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }
  TEST("bcrypt-open", "unknown algorithms and handles") {
    void* handle = NULL;
    CHECK_EQ(BCRYPT("BCryptOpenAlgorithmProvider", (void**, const WCHAR*, const WCHAR*, ULONG))(&handle, W("ROT13"),
                                                                                                NULL, 0),
             STATUS_NOT_FOUND_);
    CHECK_EQ(BCRYPT("BCryptCloseAlgorithmProvider", (void*, ULONG))(NULL, 0), STATUS_INVALID_HANDLE_);
    CHECK_EQ(BCRYPT("BCryptDestroyKey", (void*))(NULL), STATUS_INVALID_HANDLE_);
  }
  TEST("bcrypt-property", "the size of a property, and too little room") {
    void* const aes = open_provider(W("AES"), 0);
    ULONG given = 0, value = 0;
    CHECK_EQ(number_of(aes, W("BlockLength")), 16);
    CHECK(number_of(aes, W("ObjectLength")) > 0);
    CHECK_EQ(BCRYPT("BCryptGetProperty", (void*, const WCHAR*, void*, ULONG, ULONG*, ULONG))(aes, W("BlockLength"),
                                                                                             NULL, 0, &given, 0),
             0);
    CHECK_EQ(given, 4);
    CHECK_EQ(BCRYPT("BCryptGetProperty", (void*, const WCHAR*, void*, ULONG, ULONG*, ULONG))(aes, W("BlockLength"),
                                                                                             &value, 2, &given, 0),
             STATUS_BUFFER_TOO_SMALL_);
    close_provider(aes);
  }
  TEST("bcrypt-random", "random numbers") {
    byte_t first[16] = {0}, second[16] = {0};
    CHECK_EQ(BCRYPT("BCryptGenRandom", (void*, void*, ULONG, ULONG))(NULL, first, 16, 2), 0);
    CHECK_EQ(BCRYPT("BCryptGenRandom", (void*, void*, ULONG, ULONG))(NULL, second, 16, 2), 0);
    CHECK(memcmp(first, second, 16) != 0);
    CHECK_EQ(BCRYPT("BCryptGenRandom", (void*, void*, ULONG, ULONG))(NULL, first, 16, 0), STATUS_INVALID_HANDLE_);
  }
  TEST("bcrypt-cbc", "AES in CBC, with the vector moving on and with padding") {
    void *const aes = open_provider(W("AES"), 0), *const key = make_key(aes, kKey, 16);
    byte_t iv[16], sealed[64], opened[64];
    ULONG given = 0;
    for (int i = 0; i < 16; ++i) iv[i] = (byte_t)i;
    CHECK_EQ(run("BCryptEncrypt", key, kPlain, 16, NULL, iv, sealed, 16, &given, 0), 0);
    CHECK_STR(hex(sealed, 16), "7649abac8119b246cee98e9b12e9197d");
    CHECK_STR(hex(iv, 16), "7649abac8119b246cee98e9b12e9197d");
    CHECK_EQ(run("BCryptEncrypt", key, kPlain, 16, NULL, iv, NULL, 0, &given, 1), 0);
    CHECK_EQ(given, 32);
    CHECK_EQ(run("BCryptEncrypt", key, kPlain, 16, NULL, iv, sealed, 31, &given, 1), STATUS_BUFFER_TOO_SMALL_);
    CHECK_EQ(run("BCryptEncrypt", key, kPlain, 15, NULL, iv, sealed, 64, &given, 0), STATUS_INVALID_BUFFER_SIZE_);
    memset(iv, 0, 16);
    CHECK_EQ(run("BCryptEncrypt", key, kPlain, 13, NULL, iv, sealed, 64, &given, 1), 0);
    CHECK_EQ(given, 16);
    memset(iv, 0, 16);
    CHECK_EQ(run("BCryptDecrypt", key, sealed, 16, NULL, iv, opened, 64, &given, 1), 0);
    CHECK_EQ(given, 13);
    CHECK(memcmp(opened, kPlain, 13) == 0);
    destroy_key(key);
    close_provider(aes);
  }
  TEST("bcrypt-gcm", "AES in GCM, and a tag that does not match") {
    static const WCHAR* mode;
    mode = W("ChainingModeGCM");
    void* const aes = open_provider(W("AES"), 0);
    CHECK_EQ(set_mode(aes, mode, 32), 0);
    void* const key = make_key(aes, kKey, 16);
    byte_t tag[16], sealed[16], opened[16];
    const byte_t nonce[12] = {0};
    ULONG given = 0;
    auth_info info = {sizeof info, 1, nonce, 12, "head", 4, tag, 16, NULL, 0, 0, 0, 0};
    CHECK_EQ(run("BCryptEncrypt", key, kPlain, 16, &info, NULL, sealed, 16, &given, 0), 0);
    CHECK_EQ(given, 16);
    CHECK_EQ(run("BCryptDecrypt", key, sealed, 16, &info, NULL, opened, 16, &given, 0), 0);
    CHECK(memcmp(opened, kPlain, 16) == 0);
    tag[0] ^= 1;
    CHECK_EQ(run("BCryptDecrypt", key, sealed, 16, &info, NULL, opened, 16, &given, 0), STATUS_AUTH_TAG_MISMATCH_);
    destroy_key(key);
    close_provider(aes);
  }
  TEST("bcrypt-pbkdf2", "a key from a password") {
    void* const sha1 = open_provider(W("SHA1"), 8);
    byte_t key[20];
    CHECK_EQ(BCRYPT("BCryptDeriveKeyPBKDF2", (void*, const void*, ULONG, const void*, ULONG, uint64_t, void*, ULONG,
                                              ULONG))(sha1, "password", 8, "salt", 4, 4096, key, 20, 0),
             0);
    CHECK_STR(hex(key, 20), "4b007901b765489abead49d926f721d065a429c1");
    close_provider(sha1);
  }
  TEST("bcrypt-sign", "key pairs sign; changed signatures are refused") {
    const WCHAR* const names[] = {W("ECDSA_P256"), W("RSA")};
    for (int i = 0; i < 2; ++i) {
      void *const provider = open_provider(names[i], 0), *key = NULL;
      byte_t value[32] = {1}, signature[256];
      ULONG given = 0;
      struct {
        const WCHAR* hash;
      } padding = {W("SHA256")};
      void* const info = i == 0 ? NULL : &padding;
      const ULONG flags = i == 0 ? 0 : 2;
      CHECK_EQ(BCRYPT("BCryptGenerateKeyPair", (void*, void**, ULONG, ULONG))(provider, &key, i == 0 ? 256 : 1024, 0),
               0);
      CHECK_EQ(BCRYPT("BCryptFinalizeKeyPair", (void*, ULONG))(key, 0), 0);
      CHECK_EQ(BCRYPT("BCryptSignHash", (void*, void*, const void*, ULONG, void*, ULONG, ULONG*, ULONG))(
                   key, info, value, 32, signature, sizeof signature, &given, flags),
               0);
      CHECK_EQ(given, i == 0 ? 64 : 128);
      CHECK_EQ(BCRYPT("BCryptVerifySignature", (void*, void*, const void*, ULONG, const void*, ULONG, ULONG))(
                   key, info, value, 32, signature, given, flags),
               0);
      value[5] ^= 1;
      CHECK_EQ(BCRYPT("BCryptVerifySignature", (void*, void*, const void*, ULONG, const void*, ULONG, ULONG))(
                   key, info, value, 32, signature, given, flags),
               STATUS_INVALID_SIGNATURE_);
      destroy_key(key);
      close_provider(provider);
    }
  }
}

/* ---- crypt32 ---- */

static const char* as_text(const void* bytes, DWORD size, DWORD flags) {
  static char text[600];
  DWORD room = sizeof text;
  text[0] = 0;
  CHECK(CRYPT32(BOOL, "CryptBinaryToStringA", (const void*, DWORD, DWORD, char*, DWORD*))(bytes, size, flags, text,
                                                                                          &room));
  CHECK_EQ(room, strlen(text));
  return text;
}
static const char* as_bytes(const char* text, DWORD flags) {
  byte_t bytes[200];
  DWORD size = sizeof bytes;
  CHECK(CRYPT32(BOOL, "CryptStringToBinaryA", (const char*, DWORD, DWORD, void*, DWORD*, DWORD*, DWORD*))(
      text, 0, flags, bytes, &size, NULL, NULL));
  return hex(bytes, size);
}

static void test_crypt32(void) {
  TEST("crypt32-base64", "bytes as base64, and back") {
    CHECK_STR(as_text("\1\2\3", 3, 1), "AQID\r\n");
    CHECK_STR(as_text("\1\2", 2, 1 | 0x40000000), "AQI=");
    CHECK_STR(as_text("\1", 1, 1 | 0x80000000u), "AQ==\n");
    CHECK_STR(as_text("\1\2\3", 3, 0), "-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n");
    CHECK_STR(as_bytes("AQID", 1), "010203");
    CHECK_STR(as_bytes("-----BEGIN X-----\nAQID\n-----END X-----\n", 0), "010203");
    CHECK_STR(as_bytes("-----BEGIN X-----\nAQID\n-----END X-----\n", 6), "010203");
    DWORD size = 0;
    CHECK_FAILS(CRYPT32(BOOL, "CryptStringToBinaryA", (const char*, DWORD, DWORD, void*, DWORD*, DWORD*, DWORD*))(
                    "A*ID", 0, 1, NULL, &size, NULL, NULL),
                13);
  }
  TEST("crypt32-hex", "bytes as hexadecimal digits") {
    CHECK_STR(as_text("\xDE\xAD", 2, 12), "dead\r\n");
    CHECK_STR(as_text("\xDE\xAD", 2, 12 | 0x40000000), "dead");
  }
  TEST("crypt32-hexdump", "bytes as hexadecimal digits in groups") {
    CHECK_STR(as_text("abcdefghi", 9, 4), "61 62 63 64 65 66 67 68  69\r\n");
    CHECK_STR(as_bytes("61 62 63", 4), "616263");
  }
  TEST("crypt32-memory", "a store in memory is empty at first") {
    void* const store =
        CRYPT32(void*, "CertOpenStore", (uintptr_t, DWORD, void*, DWORD, const void*))(2, 0, NULL, 0, NULL);
    REQUIRE(store);
    SetLastError(0);
    CHECK(CRYPT32(void*, "CertEnumCertificatesInStore", (void*, void*))(store, NULL) == NULL);
    CHECK_ERROR(CRYPT_E_NOT_FOUND_);
    CHECK(CRYPT32(BOOL, "CertCloseStore", (void*, DWORD))(store, 0));
  }
  TEST("crypt32-roots", "the system's roots can be read, one after the other") {
    void* const store = CRYPT32(void*, "CertOpenSystemStoreA", (uintptr_t, const char*))(0, "ROOT");
    REQUIRE(store);
    void* context = NULL;
    int count = 0;
    while ((context = CRYPT32(void*, "CertEnumCertificatesInStore", (void*, void*))(store, context)) != NULL) ++count;
    CHECK_ERROR(CRYPT_E_NOT_FOUND_);
    printf("# %d roots\n", count);
    CHECK(CRYPT32(BOOL, "CertCloseStore", (void*, DWORD))(store, 0));
  }
}

/* ---- advapi32 ---- */

static void test_advapi32(void) {
  void* context = NULL;
  TEST("capi-context", "a context without keys") {
    CHECK(ADVAPI("CryptAcquireContextA", (void**, const char*, const char*, DWORD, DWORD))(&context, NULL, NULL, 24,
                                                                                           VERIFY_CONTEXT));
    CHECK_FAILS(ADVAPI("CryptAcquireContextA", (void**, const char*, const char*, DWORD, DWORD))(&context, NULL, NULL,
                                                                                                 0, VERIFY_CONTEXT),
                0x80090014);
  }
  TEST("capi-hash", "a digest, and its size") {
    void* hash = NULL;
    byte_t value[32];
    DWORD size = 0;
    CHECK(ADVAPI("CryptCreateHash", (void*, DWORD, void*, DWORD, void**))(context, 0x800C, NULL, 0, &hash));
    CHECK(ADVAPI("CryptHashData", (void*, const void*, DWORD, DWORD))(hash, "abc", 3, 0));
    CHECK(ADVAPI("CryptGetHashParam", (void*, DWORD, void*, DWORD*, DWORD))(hash, 2, NULL, &size, 0));
    CHECK_EQ(size, 32);
    size = 31;
    CHECK_FAILS(ADVAPI("CryptGetHashParam", (void*, DWORD, void*, DWORD*, DWORD))(hash, 2, value, &size, 0),
                ERROR_MORE_DATA);
    size = 32;
    CHECK(ADVAPI("CryptGetHashParam", (void*, DWORD, void*, DWORD*, DWORD))(hash, 2, value, &size, 0));
    CHECK_STR(hex(value, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_FAILS(ADVAPI("CryptHashData", (void*, const void*, DWORD, DWORD))(hash, "d", 1, 0), 0x8009000C);
    CHECK(ADVAPI("CryptDestroyHash", (void*))(hash));
    CHECK_FAILS(ADVAPI("CryptCreateHash", (void*, DWORD, void*, DWORD, void**))(context, 0x8055, NULL, 0, &hash),
                0x80090008);
  }
  TEST("capi-derive", "a key from a password encrypts as it does on Windows") {
    void *hash = NULL, *key = NULL;
    byte_t data[48] = "attack at dawn, at the old bridge";
    DWORD size = 33;
    CHECK(ADVAPI("CryptCreateHash", (void*, DWORD, void*, DWORD, void**))(context, 0x8004, NULL, 0, &hash));
    CHECK(ADVAPI("CryptHashData", (void*, const void*, DWORD, DWORD))(hash, "password", 8, 0));
    CHECK(ADVAPI("CryptDeriveKey", (void*, DWORD, void*, DWORD, void**))(context, 0x6610, hash, 1, &key));
    CHECK(
        ADVAPI("CryptEncrypt", (void*, void*, BOOL, DWORD, void*, DWORD*, DWORD))(key, NULL, TRUE, 0, data, &size, 48));
    CHECK_EQ(size, 48);
    byte_t blob[100];
    DWORD blob_size = sizeof blob;
    CHECK(ADVAPI("CryptExportKey", (void*, void*, DWORD, DWORD, void*, DWORD*))(key, NULL, 8, 0, blob, &blob_size));
    CHECK_EQ(blob_size, 44);
    CHECK_STR(hex(blob, 12), "080200001066000020000000");
    CHECK(ADVAPI("CryptDecrypt", (void*, void*, BOOL, DWORD, void*, DWORD*))(key, NULL, TRUE, 0, data, &size));
    CHECK_EQ(size, 33);
    CHECK(memcmp(data, "attack at dawn, at the old bridge", 33) == 0);
    CHECK(ADVAPI("CryptDestroyKey", (void*))(key));
    CHECK(ADVAPI("CryptDestroyHash", (void*))(hash));
  }
  TEST("capi-release", "a context that is released") {
    CHECK(ADVAPI("CryptReleaseContext", (void*, DWORD))(context, 0));
    CHECK_FAILS(ADVAPI("CryptReleaseContext", (void*, DWORD))(NULL, 0), ERROR_INVALID_PARAMETER);
  }
}

int main(void) {
  bcrypt = LoadLibraryA("bcrypt.dll");
  crypt32 = LoadLibraryA("crypt32.dll");
  advapi32 = LoadLibraryA("advapi32.dll");
  test_bcrypt();
  test_crypt32();
  test_advapi32();
  FreeLibrary(advapi32);
  FreeLibrary(crypt32);
  FreeLibrary(bcrypt);
  return finish();
}
