// The algorithms there are, by name and by the constants that stand for an open provider (bcrypt.h).
#include "winapi/bcrypt/objects.h"

#include <deque>

namespace hmodule::winapi::bcrypt {
namespace {

using crypto::Curve;

// In the order in which they are enumerated.
const Algorithm kAlgorithms[] = {
    {u"AES", Family::cipher, {}, CipherKind::aes},
    {u"DES", Family::cipher, {}, CipherKind::des},
    {u"3DES", Family::cipher, {}, CipherKind::des3},
    {u"3DES_112", Family::cipher, {}, CipherKind::des3_112},
    {u"RC2", Family::cipher, {}, CipherKind::rc2},
    {u"RC4", Family::cipher, {}, CipherKind::rc4},
    {u"CHACHA20_POLY1305", Family::cipher, {}, CipherKind::chacha20_poly1305},
    {u"MD4", Family::hash, HashKind::md4},
    {u"MD5", Family::hash, HashKind::md5},
    {u"SHA1", Family::hash, HashKind::sha1},
    {u"SHA256", Family::hash, HashKind::sha256},
    {u"SHA384", Family::hash, HashKind::sha384},
    {u"SHA512", Family::hash, HashKind::sha512},
    {u"SHA3-256", Family::hash, HashKind::sha3_256},
    {u"SHA3-384", Family::hash, HashKind::sha3_384},
    {u"SHA3-512", Family::hash, HashKind::sha3_512},
    {u"AES-CMAC", Family::cmac},
    {u"RSA", Family::rsa},
    {u"RSA_SIGN", Family::rsa},
    {u"DH", Family::dh},
    {u"ECDH_P256", Family::ecdh, {}, {}, Curve::p256},
    {u"ECDH_P384", Family::ecdh, {}, {}, Curve::p384},
    {u"ECDH_P521", Family::ecdh, {}, {}, Curve::p521},
    {u"ECDH", Family::ecdh},
    {u"ECDSA_P256", Family::ecdsa, {}, {}, Curve::p256},
    {u"ECDSA_P384", Family::ecdsa, {}, {}, Curve::p384},
    {u"ECDSA_P521", Family::ecdsa, {}, {}, Curve::p521},
    {u"ECDSA", Family::ecdsa},
    {u"RNG", Family::random},
    {u"FIPS186DSARNG", Family::random},
    {u"PBKDF2", Family::pbkdf2},
    {u"SP800_108_CTR_HMAC", Family::sp800_108},
    {u"HKDF", Family::hkdf},
    {u"CAPI_KDF", Family::capi_kdf},
};

struct Constant {
  std::uint16_t handle;  // BCRYPT_..._ALG_HANDLE
  std::u16string_view name;
  bool hmac = false;
  CipherMode mode = CipherMode::none;
};

const Constant kConstants[] = {
    {0x011, u"MD4"},
    {0x021, u"MD5"},
    {0x031, u"SHA1"},
    {0x041, u"SHA256"},
    {0x051, u"SHA384"},
    {0x061, u"SHA512"},
    {0x071, u"RC4"},
    {0x081, u"RNG"},
    {0x091, u"MD5", true},
    {0x0A1, u"SHA1", true},
    {0x0B1, u"SHA256", true},
    {0x0C1, u"SHA384", true},
    {0x0D1, u"SHA512", true},
    {0x0E1, u"RSA"},
    {0x0F1, u"ECDSA"},
    {0x101, u"AES-CMAC"},
    {0x131, u"MD4", true},
    {0x141, u"3DES", false, CipherMode::cbc},
    {0x151, u"3DES", false, CipherMode::ecb},
    {0x161, u"3DES", false, CipherMode::cfb},
    {0x171, u"3DES_112", false, CipherMode::cbc},
    {0x181, u"3DES_112", false, CipherMode::ecb},
    {0x191, u"3DES_112", false, CipherMode::cfb},
    {0x1A1, u"AES", false, CipherMode::cbc},
    {0x1B1, u"AES", false, CipherMode::ecb},
    {0x1C1, u"AES", false, CipherMode::cfb},
    {0x1D1, u"AES", false, CipherMode::ccm},
    {0x1E1, u"AES", false, CipherMode::gcm},
    {0x1F1, u"DES", false, CipherMode::cbc},
    {0x201, u"DES", false, CipherMode::ecb},
    {0x211, u"DES", false, CipherMode::cfb},
    {0x251, u"RC2", false, CipherMode::cbc},
    {0x261, u"RC2", false, CipherMode::ecb},
    {0x271, u"RC2", false, CipherMode::cfb},
    {0x281, u"DH"},
    {0x291, u"ECDH"},
    {0x2A1, u"ECDH_P256"},
    {0x2B1, u"ECDH_P384"},
    {0x2C1, u"ECDH_P521"},
    {0x2D1, u"ECDSA_P256"},
    {0x2E1, u"ECDSA_P384"},
    {0x2F1, u"ECDSA_P521"},
    {0x311, u"RSA_SIGN"},
    {0x321, u"CAPI_KDF"},
    {0x331, u"PBKDF2"},
    {0x341, u"SP800_108_CTR_HMAC"},
    {0x391, u"HKDF"},
    {0x3A1, u"CHACHA20_POLY1305"},
    {0x3B1, u"SHA3-256"},
    {0x3C1, u"SHA3-384"},
    {0x3D1, u"SHA3-512"},
    {0x3E1, u"SHA3-256", true},
    {0x3F1, u"SHA3-384", true},
    {0x401, u"SHA3-512", true},
};

bool same_name(std::u16string_view a, std::u16string_view b) {
  const auto upper = [](char16_t c) { return c >= u'a' && c <= u'z' ? static_cast<char16_t>(c - 32) : c; };
  return std::ranges::equal(a, b, [&](char16_t x, char16_t y) { return upper(x) == upper(y); });
}

}  // namespace

std::span<const Algorithm> all_algorithms() {
  return kAlgorithms;
}

const Algorithm* find_algorithm(std::u16string_view name) {
  const auto found =
      std::ranges::find_if(kAlgorithms, [&](const Algorithm& each) { return same_name(each.name, name); });
  return found == std::end(kAlgorithms) ? nullptr : found;
}

Result<HashKind> hash_by_name(const WCHAR* name) {
  if (name == nullptr) return fail(STATUS_INVALID_PARAMETER, "no hash is named");
  const Algorithm* found = find_algorithm(name);
  if (found == nullptr || found->family != Family::hash)
    return fail(STATUS_NOT_SUPPORTED, "{} is no hash", utf8(std::u16string_view(name)));
  return found->hash;
}

Provider::Provider(const Algorithm& what, bool with_key)
    : Object(kMark), algorithm(what), hmac(with_key), curve(what.curve) {
  if (what.family == Family::cipher && what.cipher != CipherKind::rc4)
    settings.mode = what.cipher == CipherKind::chacha20_poly1305 ? CipherMode::none : CipherMode::cbc;
}

Result<Provider*> provider_of(void* handle) {
  if (reinterpret_cast<std::uintptr_t>(handle) >= 0x10000) return object<Provider>(handle);
  static auto* const constants = [] {
    auto* all = new std::map<std::uintptr_t, Provider>;  // never destroyed: DLLs outlive main()
    for (const Constant& each : kConstants) {
      Provider& made = all->try_emplace(each.handle, *find_algorithm(each.name), each.hmac).first->second;
      if (each.mode != CipherMode::none) made.settings.mode = each.mode;
      made.reusable = true;
    }
    return all;
  }();
  const auto found = constants->find(reinterpret_cast<std::uintptr_t>(handle));
  if (found == constants->end()) return fail(STATUS_INVALID_HANDLE, "{} is no provider", handle);
  return &found->second;
}

}  // namespace hmodule::winapi::bcrypt
