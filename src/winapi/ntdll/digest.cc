// The digests that ntdll computes in memory of the caller's: MD4, MD5 and SHA-1. No header declares them; programs
// bring the structures, which are those of RSA's reference code. OpenSSL computes, in a structure of its own.
#define OPENSSL_SUPPRESS_DEPRECATED  // its newer functions have no state of the caller's
#include "module/builtin.h"

#include <openssl/crypto.h>
#include <openssl/md4.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <cstdint>
#include <cstring>

namespace hmodule::winapi {
namespace {

// MD4_CTX and MD5_CTX
struct MdContext {
  std::uint32_t bits[2];  // low and high
  std::uint32_t state[4];
  BYTE in[64];
  BYTE digest[16];
};
static_assert(sizeof(MdContext) == 104);

// A_SHA_CTX
struct ShaContext {
  std::uint32_t unknown[6];
  std::uint32_t state[5];
  std::uint32_t bits[2];  // high and low
  BYTE in[64];
};
static_assert(sizeof(ShaContext) == 116);

template <typename Openssl>
Openssl load(const MdContext& from) {
  Openssl to{};
  to.A = from.state[0];
  to.B = from.state[1];
  to.C = from.state[2];
  to.D = from.state[3];
  to.Nl = from.bits[0];
  to.Nh = from.bits[1];
  to.num = from.bits[0] / 8 % 64;
  std::memcpy(to.data, from.in, sizeof from.in);
  return to;
}
template <typename Openssl>
void store(const Openssl& from, MdContext& to) {
  to.state[0] = from.A;
  to.state[1] = from.B;
  to.state[2] = from.C;
  to.state[3] = from.D;
  to.bits[0] = from.Nl;
  to.bits[1] = from.Nh;
  std::memcpy(to.in, from.data, sizeof to.in);
}

template <typename Openssl>
Openssl load(const ShaContext& from) {
  Openssl to{};
  to.h0 = from.state[0];
  to.h1 = from.state[1];
  to.h2 = from.state[2];
  to.h3 = from.state[3];
  to.h4 = from.state[4];
  to.Nh = from.bits[0];
  to.Nl = from.bits[1];
  to.num = from.bits[1] / 8 % 64;
  std::memcpy(to.data, from.in, sizeof from.in);
  return to;
}
void store(const SHA_CTX& from, ShaContext& to) {
  to.state[0] = from.h0;
  to.state[1] = from.h1;
  to.state[2] = from.h2;
  to.state[3] = from.h3;
  to.state[4] = from.h4;
  to.bits[0] = from.Nh;
  to.bits[1] = from.Nl;
  std::memcpy(to.in, from.data, sizeof to.in);
}

template <auto init, typename Openssl, typename Context>
void begin(Context& context) {
  Openssl begun;
  init(&begun);
  context = {};
  store(begun, context);
}
template <auto update, typename Openssl, typename Context>
void take(Context& context, const BYTE* bytes, ULONG size) {
  auto running = load<Openssl>(context);
  update(&running, bytes, size);
  store(running, context);
}

HM_WINAPI void MD4Init(MdContext* context) noexcept {
  begin<::MD4_Init, MD4_CTX>(*context);
}
HM_WINAPI void MD4Update(MdContext* context, const BYTE* bytes, ULONG size) noexcept {
  take<::MD4_Update, MD4_CTX>(*context, bytes, size);
}
HM_WINAPI void MD4Final(MdContext* context) noexcept {
  auto running = load<MD4_CTX>(*context);
  ::MD4_Final(context->digest, &running);
}

HM_WINAPI void MD5Init(MdContext* context) noexcept {
  begin<::MD5_Init, MD5_CTX>(*context);
}
HM_WINAPI void MD5Update(MdContext* context, const BYTE* bytes, ULONG size) noexcept {
  take<::MD5_Update, MD5_CTX>(*context, bytes, size);
}
HM_WINAPI void MD5Final(MdContext* context) noexcept {
  auto running = load<MD5_CTX>(*context);
  ::MD5_Final(context->digest, &running);
}

HM_WINAPI void A_SHAInit(ShaContext* context) noexcept {
  begin<::SHA1_Init, SHA_CTX>(*context);
}
HM_WINAPI void A_SHAUpdate(ShaContext* context, const BYTE* bytes, ULONG size) noexcept {
  take<::SHA1_Update, SHA_CTX>(*context, bytes, size);
}
// The context begins anew.
HM_WINAPI void A_SHAFinal(ShaContext* context, BYTE* digest) noexcept {
  auto running = load<SHA_CTX>(*context);
  ::SHA1_Final(digest, &running);
  A_SHAInit(context);
}

const Export kRows[] = {
    {"A_SHAFinal", proc(A_SHAFinal)}, {"A_SHAInit", proc(A_SHAInit)}, {"A_SHAUpdate", proc(A_SHAUpdate)},
    {"MD4Final", proc(MD4Final)},     {"MD4Init", proc(MD4Init)},     {"MD4Update", proc(MD4Update)},
    {"MD5Final", proc(MD5Final)},     {"MD5Init", proc(MD5Init)},     {"MD5Update", proc(MD5Update)},
};

}  // namespace

extern const ExportTable digest_exports = kRows;

}  // namespace hmodule::winapi
