// bcrypt.h: key pairs and signatures.
#include "winapi/bcrypt/asymmetric.h"

#include "module/builtin.h"

#include <cstring>

namespace hmodule::winapi {
namespace bcrypt {

using crypto::ByteVector;
using crypto::Curve;

constexpr ULONG BCRYPT_PAD_NONE = 1, BCRYPT_PAD_PKCS1 = 2, BCRYPT_PAD_OAEP = 4, BCRYPT_PAD_PSS = 8;

struct BCRYPT_PKCS1_PADDING_INFO {
  const WCHAR* pszAlgId;
};
struct BCRYPT_PSS_PADDING_INFO {
  const WCHAR* pszAlgId;
  ULONG cbSalt;
};
struct BCRYPT_OAEP_PADDING_INFO {
  const WCHAR* pszAlgId;
  BYTE* pbLabel;
  ULONG cbLabel;
};

Result<crypto::RsaPadding> rsa_padding(const void* info, ULONG flags, bool signature) {
  using crypto::RsaPadding;
  if (flags == BCRYPT_PAD_NONE && !signature) return RsaPadding{RsaPadding::none, {}};
  if (flags == BCRYPT_PAD_PKCS1 && !signature) return RsaPadding{RsaPadding::pkcs1, {}};
  if (info == nullptr) return fail(STATUS_INVALID_PARAMETER, "padding {:#x} without its information", flags);
  if (flags == BCRYPT_PAD_PKCS1) {
    const auto& said = *static_cast<const BCRYPT_PKCS1_PADDING_INFO*>(info);
    if (said.pszAlgId == nullptr) return RsaPadding{RsaPadding::pkcs1, {}};
    return RsaPadding{RsaPadding::pkcs1, TRY(hash_by_name(said.pszAlgId))};
  }
  if (flags == BCRYPT_PAD_PSS && signature) {
    const auto& said = *static_cast<const BCRYPT_PSS_PADDING_INFO*>(info);
    return RsaPadding{RsaPadding::pss, TRY(hash_by_name(said.pszAlgId)), {}, static_cast<int>(said.cbSalt)};
  }
  if (flags == BCRYPT_PAD_OAEP && !signature) {
    const auto& said = *static_cast<const BCRYPT_OAEP_PADDING_INFO*>(info);
    const HashKind hash = said.pszAlgId == nullptr ? HashKind::sha1 : TRY(hash_by_name(said.pszAlgId));
    return RsaPadding{RsaPadding::oaep, hash, crypto::data(said.pbLabel, said.cbLabel)};
  }
  return fail(STATUS_INVALID_PARAMETER, "padding {:#x}", flags);
}

namespace {

// ---- blobs ----------------------------------------------------------------------------------------------------------

struct BCRYPT_RSAKEY_BLOB {
  ULONG Magic, BitLength, cbPublicExp, cbModulus, cbPrime1, cbPrime2;
};
constexpr ULONG kRsaPublic = 0x31415352, kRsaPrivate = 0x32415352, kRsaFullPrivate = 0x33415352;

struct BCRYPT_ECCKEY_BLOB {
  ULONG dwMagic, cbKey;
};
struct BCRYPT_DH_KEY_BLOB {
  ULONG dwMagic, cbKey;
};
struct BCRYPT_DH_PARAMETER_HEADER {
  ULONG cbLength, dwMagic, cbKeyLength;
};
constexpr ULONG kDhPublic = 0x42504844, kDhPrivate = 0x56504844, kDhParameters = 0x4D504844;

// 'ECK1' and so on: each curve has a number for public keys, and the next one for private ones.
ULONG ecc_magic(const Algorithm& algorithm, Curve curve, bool with_private) {
  const ULONG base = algorithm.family == Family::ecdh ? 0x304B4345 : 0x30534345;
  return base + ((2 * static_cast<ULONG>(curve) - (with_private ? 0U : 1U)) << 24);
}

class Reader {
 public:
  Reader(Data blob) : rest_(blob) {}
  template <typename Header>
  Result<Header> header() {
    if (rest_.size() < sizeof(Header))
      return fail(STATUS_INVALID_PARAMETER, "a key's header has {} bytes", rest_.size());
    Header read;
    std::memcpy(&read, rest_.data(), sizeof read);
    rest_ = rest_.subspan(sizeof read);
    return read;
  }
  Result<Data> bytes(std::size_t size) {
    if (rest_.size() < size)
      return fail(STATUS_INVALID_PARAMETER, "a key of {} bytes ends after {}", size, rest_.size());
    const Data read = rest_.first(size);
    rest_ = rest_.subspan(size);
    return read;
  }

 private:
  Data rest_;
};

ByteVector copy(Data bytes) {
  return {bytes.begin(), bytes.end()};
}

template <typename Header>
Secret begin_blob(const Header& header) {
  return crypto::secret(crypto::data(&header, sizeof header));
}

template <typename Bytes>
void append(Secret& blob, const Bytes& bytes) {
  blob.insert(blob.end(), bytes.begin(), bytes.end());
}

Status import_rsa(AsymmetricKey& key, std::u16string_view type, Data blob) {
  Reader reader(blob);
  const auto header = TRY(reader.header<BCRYPT_RSAKEY_BLOB>());
  const ULONG wanted = type == u"RSAPUBLICBLOB"    ? kRsaPublic
                       : type == u"RSAPRIVATEBLOB" ? kRsaPrivate
                                                   : kRsaFullPrivate;
  // "PUBLICBLOB" and "PRIVATEBLOB" leave it to the header.
  if (type.starts_with(u"RSA") && header.Magic != wanted)
    return fail(STATUS_INVALID_PARAMETER, "an RSA key that begins with {:#x}", header.Magic);
  crypto::RsaParts parts;
  parts.exponent = copy(TRY(reader.bytes(header.cbPublicExp)));
  parts.modulus = copy(TRY(reader.bytes(header.cbModulus)));
  if (parts.exponent.empty() || parts.modulus.empty())
    return fail(STATUS_INVALID_PARAMETER, "an RSA key without numbers");
  if (header.Magic != kRsaPublic) {
    parts.prime1 = crypto::secret(TRY(reader.bytes(header.cbPrime1)));
    parts.prime2 = crypto::secret(TRY(reader.bytes(header.cbPrime2)));
    if (header.Magic == kRsaFullPrivate) {
      TRY(reader.bytes(2 * std::size_t{header.cbPrime1} + header.cbPrime2));  // follow from the others
      parts.private_exponent = crypto::secret(TRY(reader.bytes(header.cbModulus)));
    }
    if (parts.prime1.empty() || parts.prime2.empty())
      return fail(STATUS_INVALID_PARAMETER, "an RSA key without primes");
  }
  key.key = TRY(crypto::rsa_key(parts));
  key.bits = static_cast<ULONG>(EVP_PKEY_get_bits(key.key.get()));
  return ok;
}

Result<Secret> export_rsa(const AsymmetricKey& key, std::u16string_view type) {
  const crypto::RsaParts parts = TRY(crypto::rsa_parts(key.key));
  const bool full = type == u"RSAFULLPRIVATEBLOB",
             with_private = full || type == u"RSAPRIVATEBLOB" || type == u"PRIVATEBLOB";
  if (with_private && parts.prime1.empty()) return fail(STATUS_INVALID_PARAMETER, "the key has no private half");
  const auto size = [](const auto& bytes) { return static_cast<ULONG>(bytes.size()); };
  Secret blob =
      begin_blob(BCRYPT_RSAKEY_BLOB{full           ? kRsaFullPrivate
                                    : with_private ? kRsaPrivate
                                                   : kRsaPublic,
                                    key.bits, size(parts.exponent), size(parts.modulus),
                                    with_private ? size(parts.prime1) : 0, with_private ? size(parts.prime2) : 0});
  append(blob, parts.exponent);
  append(blob, parts.modulus);
  if (!with_private) return blob;
  append(blob, parts.prime1);
  append(blob, parts.prime2);
  if (!full) return blob;
  for (const Secret* each : {&parts.exponent1, &parts.exponent2, &parts.coefficient, &parts.private_exponent})
    append(blob, *each);
  return blob;
}

Status import_ecc(AsymmetricKey& key, std::u16string_view type, Data blob) {
  Reader reader(blob);
  const auto header = TRY(reader.header<BCRYPT_ECCKEY_BLOB>());
  for (const Curve curve : {Curve::p256, Curve::p384, Curve::p521})
    for (const bool with_private : {false, true}) {
      if (header.dwMagic != ecc_magic(key.algorithm, curve, with_private)) continue;
      if ((key.curve != Curve::any && key.curve != curve) || header.cbKey != crypto::size_of(curve) ||
          with_private != type.ends_with(u"PRIVATEBLOB"))
        return fail(STATUS_INVALID_PARAMETER, "a key on another curve, or of {} bytes", header.cbKey);
      crypto::EcParts parts;
      parts.x = copy(TRY(reader.bytes(header.cbKey)));
      parts.y = copy(TRY(reader.bytes(header.cbKey)));
      if (with_private) parts.d = crypto::secret(TRY(reader.bytes(header.cbKey)));
      key.key = TRY(crypto::ec_key(curve, parts));
      key.curve = curve;
      key.bits = crypto::bits_of(curve);
      return ok;
    }
  return fail(STATUS_INVALID_PARAMETER, "a key on an elliptic curve that begins with {:#x}", header.dwMagic);
}

Result<Secret> export_ecc(const AsymmetricKey& key, std::u16string_view type) {
  const crypto::EcParts parts = TRY(crypto::ec_parts(key.key, key.curve));
  const bool with_private = type.ends_with(u"PRIVATEBLOB");
  if (with_private && parts.d.empty()) return fail(STATUS_INVALID_PARAMETER, "the key has no private half");
  Secret blob =
      begin_blob(BCRYPT_ECCKEY_BLOB{ecc_magic(key.algorithm, key.curve, with_private), crypto::size_of(key.curve)});
  append(blob, parts.x);
  append(blob, parts.y);
  if (with_private) append(blob, parts.d);
  return blob;
}

Status import_dh(AsymmetricKey& key, std::u16string_view type, Data blob) {
  Reader reader(blob);
  const auto header = TRY(reader.header<BCRYPT_DH_KEY_BLOB>());
  const bool with_private = type.ends_with(u"PRIVATEBLOB");
  if (header.dwMagic != (with_private ? kDhPrivate : kDhPublic) || header.cbKey == 0)
    return fail(STATUS_INVALID_PARAMETER, "a Diffie-Hellman key that begins with {:#x}", header.dwMagic);
  crypto::DhParts parts;
  parts.modulus = copy(TRY(reader.bytes(header.cbKey)));
  parts.generator = copy(TRY(reader.bytes(header.cbKey)));
  parts.value = copy(TRY(reader.bytes(header.cbKey)));
  if (with_private) parts.private_value = crypto::secret(TRY(reader.bytes(header.cbKey)));
  key.key = TRY(crypto::dh_key(parts));
  key.bits = static_cast<ULONG>(EVP_PKEY_get_bits(key.key.get()));
  return ok;
}

Result<Secret> export_dh(const AsymmetricKey& key, std::u16string_view type) {
  const crypto::DhParts parts = TRY(crypto::dh_parts(key.key));
  const bool with_private = type.ends_with(u"PRIVATEBLOB");
  if (with_private && parts.private_value.empty()) return fail(STATUS_INVALID_PARAMETER, "the key has no private half");
  Secret blob =
      begin_blob(BCRYPT_DH_KEY_BLOB{with_private ? kDhPrivate : kDhPublic, static_cast<ULONG>(parts.modulus.size())});
  append(blob, parts.modulus);
  append(blob, parts.generator);
  append(blob, parts.value);
  if (with_private) append(blob, parts.private_value);
  return blob;
}

bool has_blob(Family family, std::u16string_view type) {
  if (type == u"PUBLICBLOB" || type == u"PRIVATEBLOB") return true;
  switch (family) {
    case Family::rsa:
      return type == u"RSAPUBLICBLOB" || type == u"RSAPRIVATEBLOB" || type == u"RSAFULLPRIVATEBLOB";
    case Family::dh:
      return type == u"DHPUBLICBLOB" || type == u"DHPRIVATEBLOB";
    default:
      return type == u"ECCPUBLICBLOB" || type == u"ECCPRIVATEBLOB";
  }
}

Result<Provider*> pair_provider(void* algorithm) {
  Provider* const provider = TRY(provider_of(algorithm));
  const Family family = provider->algorithm.family;
  if (family != Family::rsa && family != Family::dh && family != Family::ecdh && family != Family::ecdsa)
    return fail(STATUS_NOT_SUPPORTED, "{} has no key pairs", utf8(provider->algorithm.name));
  return provider;
}

// ---- the functions --------------------------------------------------------------------------------------------------

HM_WINAPI NTSTATUS BCryptGenerateKeyPair(void* algorithm, void** key, ULONG length, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    Provider* const provider = TRY(pair_provider(algorithm));
    if (key == nullptr || flags != 0) return fail(STATUS_INVALID_PARAMETER, "flags {:#x}, or no room", flags);
    ULONG bits = length;
    Curve curve = provider->curve;
    switch (provider->algorithm.family) {
      case Family::rsa:
        if (bits == 0) bits = 1024;
        if (bits < 512 || bits > 16384 || bits % 64 != 0)
          return fail(STATUS_INVALID_PARAMETER, "an RSA key of {} bits", bits);
        break;
      case Family::dh:
        if (bits == 0) bits = 1024;
        if (bits < 512 || bits > 4096 || bits % 64 != 0)
          return fail(STATUS_INVALID_PARAMETER, "a Diffie-Hellman key of {} bits", bits);
        break;
      default:
        if (curve == Curve::any)
          for (const Curve each : {Curve::p256, Curve::p384, Curve::p521})
            if (crypto::bits_of(each) == bits) curve = each;
        if (curve == Curve::any) return fail(STATUS_INVALID_PARAMETER, "no curve of {} bits", bits);
        if (bits != 0 && bits != crypto::bits_of(curve))
          return fail(STATUS_INVALID_PARAMETER, "{} bits on a curve of {}", bits, crypto::bits_of(curve));
        bits = crypto::bits_of(curve);
    }
    auto made = std::make_unique<AsymmetricKey>(*provider, bits);
    made->curve = curve;
    *key = handle_of(std::move(made));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptFinalizeKeyPair(void* handle, ULONG) noexcept {
  return status_of([&]() -> Status {
    AsymmetricKey* const key = TRY(object<AsymmetricKey>(handle));
    if (key->key) return fail(STATUS_INVALID_HANDLE, "the key is final already");
    switch (key->algorithm.family) {
      case Family::rsa:
        key->key = TRY(crypto::generate_rsa(key->bits));
        break;
      case Family::dh:
        if (!key->group) key->group = TRY(crypto::well_known_group(key->bits));
        key->key = TRY(crypto::generate_dh(*key->group));
        break;
      default:
        key->key = TRY(crypto::generate_ec(key->curve));
    }
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptImportKeyPair(void* algorithm, void* wrapping, const WCHAR* type, void** key, BYTE* blob,
                                       ULONG size, ULONG) noexcept {
  return status_of([&]() -> Status {
    Provider* const provider = TRY(pair_provider(algorithm));
    if (key == nullptr || type == nullptr || blob == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    const Family family = provider->algorithm.family;
    if (wrapping != nullptr || !has_blob(family, type))
      return fail(STATUS_NOT_SUPPORTED, "keys as {}", utf8(std::u16string_view(type)));
    auto made = std::make_unique<AsymmetricKey>(*provider, 0);
    const auto import = family == Family::rsa ? import_rsa : family == Family::dh ? import_dh : import_ecc;
    TRY(import(*made, type, crypto::data(blob, size)));
    *key = handle_of(std::move(made));
    return ok;
  });
}

// The algorithm's own key, final.
Result<AsymmetricKey*> signing_key(void* handle) {
  AsymmetricKey* const key = TRY(object<AsymmetricKey>(handle));
  if (!key->key) return fail(STATUS_INVALID_HANDLE, "the key is not final");
  if (key->algorithm.family != Family::rsa && key->algorithm.family != Family::ecdsa)
    return fail(STATUS_NOT_SUPPORTED, "{} does not sign", utf8(key->algorithm.name));
  return key;
}

HM_WINAPI NTSTATUS BCryptSignHash(void* handle, void* padding_info, BYTE* digest, ULONG digest_size, BYTE* buffer,
                                  ULONG size, ULONG* given, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    const AsymmetricKey* const key = TRY(signing_key(handle));
    if (digest == nullptr || given == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    const bool rsa = key->algorithm.family == Family::rsa;
    const ULONG length = rsa ? (key->bits + 7) / 8 : 2 * crypto::size_of(key->curve);
    *given = length;
    if (buffer == nullptr) return ok;
    if (size < length) return fail(STATUS_BUFFER_TOO_SMALL, "room for {} of {} bytes", size, length);
    const Data signed_bytes = crypto::data(digest, digest_size);
    if (!crypto::has_private_half(key->key)) return fail(STATUS_INVALID_PARAMETER, "the key has no private half");
    if (rsa) {
      const crypto::RsaPadding padding = TRY(rsa_padding(padding_info, flags, true));
      const ByteVector signature = TRY(crypto::rsa_sign(key->key, padding, signed_bytes));
      return give(signature, buffer, size, given);
    }
    if (padding_info != nullptr || flags != 0) return fail(STATUS_INVALID_PARAMETER, "ECDSA has no padding");
    const ByteVector signature = TRY(crypto::ecdsa_sign(key->key, key->curve, signed_bytes));
    return give(signature, buffer, size, given);
  });
}

HM_WINAPI NTSTATUS BCryptVerifySignature(void* handle, void* padding_info, BYTE* digest, ULONG digest_size,
                                         BYTE* signature, ULONG size, ULONG flags) noexcept {
  return status_of([&]() -> Status {
    const AsymmetricKey* const key = TRY(signing_key(handle));
    if (digest == nullptr || signature == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    const Data signed_bytes = crypto::data(digest, digest_size);
    if (key->algorithm.family == Family::rsa) {
      const crypto::RsaPadding padding = TRY(rsa_padding(padding_info, flags, true));
      return crypto::rsa_verify(key->key, padding, signed_bytes, crypto::data(signature, size));
    }
    return crypto::ecdsa_verify(key->key, key->curve, signed_bytes, crypto::data(signature, size));
  });
}

const Export kRows[] = {
    {"BCryptFinalizeKeyPair", proc(BCryptFinalizeKeyPair)},
    {"BCryptGenerateKeyPair", proc(BCryptGenerateKeyPair)},
    {"BCryptImportKeyPair", proc(BCryptImportKeyPair), Support::partial, "no CAPI blobs, no full ECC blobs"},
    {"BCryptSignHash", proc(BCryptSignHash)},
    {"BCryptVerifySignature", proc(BCryptVerifySignature)},
};

}  // namespace

Result<void*> handle_for(crypto::PublicKey key, bool for_agreement) {
  const auto bits = static_cast<ULONG>(EVP_PKEY_get_bits(key.get()));
  std::uintptr_t constant = 0x0E1;  // BCRYPT_RSA_ALG_HANDLE
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) {
    const unsigned which = bits == 256 ? 0 : bits == 384 ? 1 : 2;
    constant = (for_agreement ? 0x2A1 : 0x2D1) + which * 0x10;  // BCRYPT_ECDH_P256_ALG_HANDLE, BCRYPT_ECDSA_...
    if (EVP_PKEY_is_a(key.get(), "EC") != 1 || (bits != 256 && bits != 384 && bits != 521))
      return fail(STATUS_NOT_SUPPORTED, "keys of this kind");
  }
  Provider* const provider = TRY(provider_of(reinterpret_cast<void*>(constant)));
  auto made = std::make_unique<AsymmetricKey>(*provider, bits);
  made->key = std::move(key);
  return handle_of(std::move(made));
}

Result<Secret> export_pair(const AsymmetricKey& key, std::u16string_view type) {
  if (!key.key) return fail(STATUS_INVALID_HANDLE, "the key is not final");
  const Family family = key.algorithm.family;
  if (!has_blob(family, type)) return fail(STATUS_NOT_SUPPORTED, "keys as {}", utf8(type));
  const auto write = family == Family::rsa ? export_rsa : family == Family::dh ? export_dh : export_ecc;
  return write(key, type);
}

Status set_asymmetric(AsymmetricKey& key, std::u16string_view property, Data value) {
  if (key.key) return fail(STATUS_INVALID_HANDLE, "the key is final");
  if (property == u"KeyLength" && value.size() >= sizeof(ULONG)) {
    std::memcpy(&key.bits, value.data(), sizeof key.bits);
    return ok;
  }
  if (property == u"DHParameters" && key.algorithm.family == Family::dh) {
    Reader reader(value);
    const auto header = TRY(reader.header<BCRYPT_DH_PARAMETER_HEADER>());
    if (header.dwMagic != kDhParameters || header.cbKeyLength == 0 || header.cbKeyLength * 8 != key.bits)
      return fail(STATUS_INVALID_PARAMETER, "a group of {} bytes for a key of {} bits", header.cbKeyLength, key.bits);
    crypto::DhParts group;
    group.modulus = copy(TRY(reader.bytes(header.cbKeyLength)));
    group.generator = copy(TRY(reader.bytes(header.cbKeyLength)));
    key.group = std::move(group);
    return ok;
  }
  return no_property(property);
}

}  // namespace bcrypt

extern const ExportTable bcrypt_asymmetric_exports = bcrypt::kRows;

}  // namespace hmodule::winapi
