/* Digests, keyed digests, ciphers and random numbers, by the two interfaces that Windows has. */
#include <windows.h>

#include <bcrypt.h>
#include <ntsecapi.h>
#include <string.h>
#include <wincrypt.h>

#include "support/say.h"

static void hex(const char* tag, const BYTE* data, DWORD size) {
  printf("%s: ", tag);
  for (DWORD i = 0; i < size; ++i) printf("%02x", data[i]);
  printf("\n");
}

static void digest(const char* tag, const WCHAR* algorithm, const char* key, const char* text, int repeats) {
  BCRYPT_ALG_HANDLE provider;
  BCRYPT_HASH_HANDLE hash;
  BYTE result[64];
  DWORD size = 0, done = 0;
  if (BCryptOpenAlgorithmProvider(&provider, algorithm, NULL, key ? BCRYPT_ALG_HANDLE_HMAC_FLAG : 0) != 0) {
    say(tag, "none");
    return;
  }
  BCryptGetProperty(provider, BCRYPT_HASH_LENGTH, (BYTE*)&size, sizeof size, &done, 0);
  BCryptCreateHash(provider, &hash, NULL, 0, (BYTE*)key, key ? (ULONG)strlen(key) : 0, 0);
  for (int i = 0; i < repeats; ++i) BCryptHashData(hash, (BYTE*)text, (ULONG)strlen(text), 0);
  BCryptFinishHash(hash, result, size, 0);
  hex(tag, result, size);
  BCryptDestroyHash(hash);
  BCryptCloseAlgorithmProvider(provider, 0);
}

int main(void) {
  digest("md5", BCRYPT_MD5_ALGORITHM, NULL, "abc", 1);
  digest("sha1", BCRYPT_SHA1_ALGORITHM, NULL, "abc", 1);
  digest("sha256", BCRYPT_SHA256_ALGORITHM, NULL, "abc", 1);
  digest("sha384", BCRYPT_SHA384_ALGORITHM, NULL, "abc", 1);
  digest("sha512", BCRYPT_SHA512_ALGORITHM, NULL, "", 1);
  digest("sha256-long", BCRYPT_SHA256_ALGORITHM, NULL, "aaaaaaaaaa", 100000);
  digest("hmac-sha256", BCRYPT_SHA256_ALGORITHM, "Jefe", "what do ya want for nothing?", 1);
  digest("hmac-md5", BCRYPT_MD5_ALGORITHM, "Jefe", "what do ya want for nothing?", 1);
  digest("unknown", L"NOSUCH", NULL, "", 1);

  BCRYPT_ALG_HANDLE provider;
  BCRYPT_KEY_HANDLE key;
  BYTE secret[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
  BYTE vector[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, copy[16];
  BYTE block[64] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a},
       sealed[64], back[64];
  DWORD size = 0;
  say("aes", "%lx", BCryptOpenAlgorithmProvider(&provider, BCRYPT_AES_ALGORITHM, NULL, 0));
  say("key", "%lx", BCryptGenerateSymmetricKey(provider, &key, NULL, 0, secret, 16, 0));
  memcpy(copy, vector, 16);
  say("cbc", "%lx", BCryptEncrypt(key, block, 16, NULL, copy, 16, sealed, sizeof sealed, &size, 0));
  hex("cbc-is", sealed, size);
  memcpy(copy, vector, 16);
  say("cbc-padded", "%lx",
      BCryptEncrypt(key, block, 20, NULL, copy, 16, sealed, sizeof sealed, &size, BCRYPT_BLOCK_PADDING));
  say("padded-size", "%lu", size);
  memcpy(copy, vector, 16);
  say("decrypt", "%lx",
      BCryptDecrypt(key, sealed, size, NULL, copy, 16, back, sizeof back, &size, BCRYPT_BLOCK_PADDING));
  say("same", "%lu %d", size, memcmp(back, block, 20) == 0);
  BCryptDestroyKey(key);
  BCryptCloseAlgorithmProvider(provider, 0);

  BYTE one[32] = {0}, two[32] = {0};
  say("random", "%lx %lx", BCryptGenRandom(NULL, one, 32, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
      BCryptGenRandom(NULL, two, 32, BCRYPT_USE_SYSTEM_PREFERRED_RNG));
  say("different", "%d", memcmp(one, two, 32) != 0);
  say("RtlGenRandom", "%d", RtlGenRandom(one, 32));

  HCRYPTPROV context;
  HCRYPTHASH hash;
  say("CryptAcquireContext", "%d",
      ERROR_OF(CryptAcquireContextA(&context, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT)));
  CryptCreateHash(context, CALG_SHA_256, 0, 0, &hash);
  CryptHashData(hash, (const BYTE*)"abc", 3, 0);
  size = sizeof sealed;
  say("CryptGetHashParam", "%d", ERROR_OF(CryptGetHashParam(hash, HP_HASHVAL, sealed, &size, 0)));
  hex("crypt-sha256", sealed, size);
  say("closed-hash", "%d", ERROR_OF(CryptHashData(hash, (const BYTE*)"x", 1, 0)) != 0);
  CryptDestroyHash(hash);
  say("CryptGenRandom", "%d", ERROR_OF(CryptGenRandom(context, 16, one)));
  CryptReleaseContext(context, 0);
  char text[128];
  size = sizeof text;
  say("base64", "%d",
      ERROR_OF(CryptBinaryToStringA((const BYTE*)"hello world", 11, CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, text,
                                    &size)));
  say("base64-is", "%s %lu", text, size);
  BYTE plain[64];
  size = sizeof plain;
  say("base64-back", "%d",
      ERROR_OF(CryptStringToBinaryA("aGVsbG8=", 0, CRYPT_STRING_BASE64, plain, &size, NULL, NULL)));
  say("base64-text", "%.*s", (int)size, (char*)plain);
  return 0;
}
