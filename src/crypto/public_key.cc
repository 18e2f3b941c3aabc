#include "crypto/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>

namespace hmodule::crypto {
namespace {

using Number = Owned<BIGNUM, BN_clear_free>;
using Builder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using Context = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Scratch = Owned<BN_CTX, BN_CTX_free>;

template <typename Bytes>
Number number(const Bytes& bytes) {
  return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

template <typename Bytes>
Bytes bytes(const BIGNUM* number, std::size_t size) {
  Bytes written(size);
  BN_bn2binpad(number, written.data(), static_cast<int>(size));
  return written;
}

// The key's number of that name, in its own length or in `size` bytes; empty when it has none.
template <typename Bytes>
Bytes part(const PublicKey& key, const char* name, std::size_t size = 0) {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), name, &found) != 1) {
    ERR_clear_error();
    return {};
  }
  const Number owned(found);
  return bytes<Bytes>(found, std::max<std::size_t>(size, static_cast<std::size_t>(BN_num_bytes(found))));
}

Context context_for(const PublicKey& key) {
  return Context(EVP_PKEY_CTX_new_from_pkey(library(), key.get(), nullptr));
}

Result<PublicKey> build(const char* type, OSSL_PARAM_BLD* builder, bool with_private) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(library(), type, nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                        parameters.get()) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, type);
  return PublicKey(made);
}

template <typename Bytes>
Bytes resized(Bytes value, std::size_t size) {
  value.resize(size);
  return value;
}

Status set_padding(EVP_PKEY_CTX* context, const RsaPadding& padding, bool signature) {
  static constexpr int kOpenssl[] = {RSA_NO_PADDING, RSA_PKCS1_PADDING, RSA_PKCS1_OAEP_PADDING, RSA_PKCS1_PSS_PADDING};
  if (EVP_PKEY_CTX_set_rsa_padding(context, kOpenssl[padding.kind]) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "an RSA padding");
  const EVP_MD* digest = nullptr;
  if (padding.hash) digest = TRY(message_digest(*padding.hash));
  if (signature && digest != nullptr && EVP_PKEY_CTX_set_signature_md(context, digest) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "a signature's hash");
  if (padding.kind == RsaPadding::pss && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, padding.salt) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "PSS");
  if (padding.kind == RsaPadding::oaep) {
    if (digest != nullptr &&
        (EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) != 1 || EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) != 1))
      return openssl_error(STATUS_INVALID_PARAMETER, "OAEP");
    if (!padding.label.empty()) {
      void* const copy = OPENSSL_memdup(padding.label.data(), padding.label.size());
      if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, static_cast<int>(padding.label.size())) != 1) {
        OPENSSL_free(copy);
        return openssl_error(STATUS_INVALID_PARAMETER, "OAEP's label");
      }
    }
  }
  return ok;
}

}  // namespace

PublicKey share(const PublicKey& key) {
  EVP_PKEY_up_ref(key.get());
  return PublicKey(key.get());
}

// ---- RSA ------------------------------------------------------------------------------------------------------------

Result<PublicKey> generate_rsa(unsigned bits) {
  const Context context(EVP_PKEY_CTX_new_from_name(library(), "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) != 1 ||
      EVP_PKEY_generate(context.get(), &made) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "making an RSA key");
  return PublicKey(made);
}

Result<PublicKey> rsa_key(const RsaParts& parts) {
  const Number n = number(parts.modulus), e = number(parts.exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  if (parts.prime1.empty()) return build("RSA", builder.get(), false);

  const Scratch scratch(BN_CTX_new());
  const Number p = number(parts.prime1), q = number(parts.prime2), p1(BN_dup(p.get())), q1(BN_dup(q.get())),
               gcd(BN_new()), lcm(BN_new()), product(BN_new()), dp(BN_new()), dq(BN_new()), qinv(BN_new());
  Number d(BN_new());
  const auto solve = [&] {
    if (BN_mul(product.get(), p.get(), q.get(), scratch.get()) != 1 || BN_cmp(product.get(), n.get()) != 0 ||
        BN_sub_word(p1.get(), 1) != 1 || BN_sub_word(q1.get(), 1) != 1)
      return false;
    if (!parts.private_exponent.empty()) {
      d = number(parts.private_exponent);
    } else if (BN_gcd(gcd.get(), p1.get(), q1.get(), scratch.get()) != 1 ||
               BN_mul(product.get(), p1.get(), q1.get(), scratch.get()) != 1 ||
               BN_div(lcm.get(), nullptr, product.get(), gcd.get(), scratch.get()) != 1 ||
               BN_mod_inverse(d.get(), e.get(), lcm.get(), scratch.get()) == nullptr) {
      return false;
    }
    return BN_mod(dp.get(), d.get(), p1.get(), scratch.get()) == 1 &&
           BN_mod(dq.get(), d.get(), q1.get(), scratch.get()) == 1 &&
           BN_mod_inverse(qinv.get(), q.get(), p.get(), scratch.get()) != nullptr;
  };
  if (!solve()) {
    ERR_clear_error();
    return fail(STATUS_INVALID_PARAMETER, "the primes are not those of the modulus");
  }
  const std::pair<const char*, const Number*> numbers[] = {
      {OSSL_PKEY_PARAM_RSA_D, &d},          {OSSL_PKEY_PARAM_RSA_FACTOR1, &p},
      {OSSL_PKEY_PARAM_RSA_FACTOR2, &q},    {OSSL_PKEY_PARAM_RSA_EXPONENT1, &dp},
      {OSSL_PKEY_PARAM_RSA_EXPONENT2, &dq}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &qinv},
  };
  for (const auto& [name, value] : numbers) OSSL_PARAM_BLD_push_BN(builder.get(), name, value->get());
  return build("RSA", builder.get(), true);
}

Result<RsaParts> rsa_parts(const PublicKey& key) {
  RsaParts parts;
  parts.modulus = part<ByteVector>(key, OSSL_PKEY_PARAM_RSA_N);
  parts.exponent = part<ByteVector>(key, OSSL_PKEY_PARAM_RSA_E);
  if (parts.modulus.empty()) return fail(STATUS_INVALID_PARAMETER, "no RSA key");
  parts.prime1 = part<Secret>(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  if (parts.prime1.empty()) return parts;
  parts.prime2 = part<Secret>(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  parts.private_exponent = part<Secret>(key, OSSL_PKEY_PARAM_RSA_D, parts.modulus.size());
  parts.exponent1 = part<Secret>(key, OSSL_PKEY_PARAM_RSA_EXPONENT1, parts.prime1.size());
  parts.exponent2 = part<Secret>(key, OSSL_PKEY_PARAM_RSA_EXPONENT2, parts.prime2.size());
  parts.coefficient = part<Secret>(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, parts.prime1.size());
  return parts;
}

Result<ByteVector> rsa_encrypt(const PublicKey& key, const RsaPadding& padding, Data message) {
  const Context context = context_for(key);
  if (EVP_PKEY_encrypt_init(context.get()) != 1) return openssl_error(STATUS_NOT_SUPPORTED, "RSA encryption");
  TRY(set_padding(context.get(), padding, false));
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  ByteVector sealed(size);
  if (EVP_PKEY_encrypt(context.get(), sealed.data(), &size, message.data(), message.size()) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "RSA encryption");
  return resized(std::move(sealed), size);
}

Result<Secret> rsa_decrypt(const PublicKey& key, const RsaPadding& padding, Data message) {
  const Context context = context_for(key);
  if (EVP_PKEY_decrypt_init(context.get()) != 1) return openssl_error(STATUS_NOT_SUPPORTED, "RSA decryption");
  TRY(set_padding(context.get(), padding, false));
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  Secret opened(size);
  if (EVP_PKEY_decrypt(context.get(), opened.data(), &size, message.data(), message.size()) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "RSA decryption");
  return resized(std::move(opened), size);
}

Result<ByteVector> rsa_sign(const PublicKey& key, const RsaPadding& padding, Data digest) {
  const Context context = context_for(key);
  if (EVP_PKEY_sign_init(context.get()) != 1) return openssl_error(STATUS_NOT_SUPPORTED, "an RSA signature");
  TRY(set_padding(context.get(), padding, true));
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  ByteVector signature(size);
  if (EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "an RSA signature");
  return resized(std::move(signature), size);
}

Status rsa_verify(const PublicKey& key, const RsaPadding& padding, Data digest, Data signature) {
  const Context context = context_for(key);
  if (EVP_PKEY_verify_init(context.get()) != 1) return openssl_error(STATUS_NOT_SUPPORTED, "an RSA signature");
  TRY(set_padding(context.get(), padding, true));
  if (EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) != 1)
    return openssl_error(STATUS_INVALID_SIGNATURE, "the signature is not right");
  return ok;
}

// ---- elliptic curves ------------------------------------------------------------------------------------------------

unsigned bits_of(Curve curve) {
  static constexpr unsigned kBits[] = {0, 256, 384, 521};
  return kBits[static_cast<std::size_t>(curve)];
}

unsigned size_of(Curve curve) {
  return (bits_of(curve) + 7) / 8;
}

namespace {

const char* group_name(Curve curve) {
  static constexpr const char* kNames[] = {"", "P-256", "P-384", "P-521"};
  return kNames[static_cast<std::size_t>(curve)];
}

}  // namespace

Result<PublicKey> generate_ec(Curve curve) {
  PublicKey made(EVP_PKEY_Q_keygen(library(), nullptr, "EC", group_name(curve)));
  if (!made) return openssl_error(STATUS_INVALID_PARAMETER, "making a key on an elliptic curve");
  return made;
}

Result<PublicKey> ec_key(Curve curve, const EcParts& parts) {
  ByteVector point = {4};  // uncompressed
  point.insert(point.end(), parts.x.begin(), parts.x.end());
  point.insert(point.end(), parts.y.begin(), parts.y.end());
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group_name(curve), 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  Number d;
  if (!parts.d.empty()) {
    d = number(parts.d);
    OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get(), size_of(curve));
  }
  PublicKey made = TRY(build("EC", builder.get(), !parts.d.empty()));
  const Context context = context_for(made);
  if (EVP_PKEY_public_check(context.get()) != 1 || (!parts.d.empty() && EVP_PKEY_pairwise_check(context.get()) != 1))
    return openssl_error(STATUS_INVALID_PARAMETER, "a key on an elliptic curve");
  return made;
}

Result<EcParts> ec_parts(const PublicKey& key, Curve curve) {
  const std::size_t size = size_of(curve);
  EcParts parts;
  parts.x = part<ByteVector>(key, OSSL_PKEY_PARAM_EC_PUB_X, size);
  parts.y = part<ByteVector>(key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
  parts.d = part<Secret>(key, OSSL_PKEY_PARAM_PRIV_KEY, size);
  if (parts.x.size() != size) return fail(STATUS_INVALID_PARAMETER, "the key is not on the curve");
  return parts;
}

Result<ByteVector> ecdsa_sign(const PublicKey& key, Curve curve, Data digest) {
  const Context context = context_for(key);
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  ByteVector encoded(size);
  if (EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), encoded.data(), &size, digest.data(), digest.size()) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "an ECDSA signature");
  const BYTE* at = encoded.data();
  const Owned<ECDSA_SIG, ECDSA_SIG_free> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  const unsigned half = size_of(curve);
  ByteVector signature(std::size_t{2} * half);
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), signature.data(), static_cast<int>(half));
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), signature.data() + half, static_cast<int>(half));
  return signature;
}

Status ecdsa_verify(const PublicKey& key, Curve curve, Data digest, Data signature) {
  const unsigned half = size_of(curve);
  if (signature.size() != std::size_t{2} * half)
    return fail(STATUS_INVALID_SIGNATURE, "a signature of {} bytes on a curve of {} bits", signature.size(),
                bits_of(curve));
  const Owned<ECDSA_SIG, ECDSA_SIG_free> pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), number(signature.first(half)).release(), number(signature.last(half)).release());
  BYTE* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &encoded);
  struct Freed {
    BYTE* memory;
    ~Freed() { OPENSSL_free(memory); }
  } const freed{encoded};
  const Context context = context_for(key);
  if (EVP_PKEY_verify_init(context.get()) != 1 ||
      EVP_PKEY_verify(context.get(), encoded, static_cast<std::size_t>(size), digest.data(), digest.size()) != 1)
    return openssl_error(STATUS_INVALID_SIGNATURE, "the signature is not right");
  return ok;
}

// ---- agreement ------------------------------------------------------------------------------------------------------

Result<DhParts> well_known_group(unsigned bits) {
  BIGNUM* (*prime)(BIGNUM*) = nullptr;
  switch (bits) {
    case 768:
      prime = BN_get_rfc2409_prime_768;
      break;
    case 1024:
      prime = BN_get_rfc2409_prime_1024;
      break;
    case 1536:
      prime = BN_get_rfc3526_prime_1536;
      break;
    case 2048:
      prime = BN_get_rfc3526_prime_2048;
      break;
    case 3072:
      prime = BN_get_rfc3526_prime_3072;
      break;
    case 4096:
      prime = BN_get_rfc3526_prime_4096;
      break;
    default:
      return fail(STATUS_INVALID_PARAMETER, "there is no well-known Diffie-Hellman group of {} bits", bits);
  }
  const Number modulus(prime(nullptr));
  DhParts group;
  group.modulus = bytes<ByteVector>(modulus.get(), bits / 8);
  group.generator = {2};
  return group;
}

Result<PublicKey> generate_dh(const DhParts& group) {
  const Number p = number(group.modulus), g = number(group.generator);
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_P, p.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_G, g.get());
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Context from(EVP_PKEY_CTX_new_from_name(library(), "DH", nullptr));
  EVP_PKEY* domain = nullptr;
  if (EVP_PKEY_fromdata_init(from.get()) != 1 ||
      EVP_PKEY_fromdata(from.get(), &domain, EVP_PKEY_KEY_PARAMETERS, parameters.get()) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "a Diffie-Hellman group");
  const PublicKey owned(domain);
  const Context context = context_for(owned);
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_generate(context.get(), &made) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "making a Diffie-Hellman key");
  return PublicKey(made);
}

Result<PublicKey> dh_key(const DhParts& parts) {
  const Number p = number(parts.modulus), g = number(parts.generator), value = number(parts.value);
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_P, p.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_G, g.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, value.get());
  Number private_value;
  if (!parts.private_value.empty()) {
    private_value = number(parts.private_value);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, private_value.get());
  }
  return build("DH", builder.get(), !parts.private_value.empty());
}

Result<DhParts> dh_parts(const PublicKey& key) {
  DhParts parts;
  parts.modulus = part<ByteVector>(key, OSSL_PKEY_PARAM_FFC_P);
  if (parts.modulus.empty()) return fail(STATUS_INVALID_PARAMETER, "no Diffie-Hellman key");
  const std::size_t size = parts.modulus.size();
  parts.generator = part<ByteVector>(key, OSSL_PKEY_PARAM_FFC_G, size);
  parts.value = part<ByteVector>(key, OSSL_PKEY_PARAM_PUB_KEY, size);
  parts.private_value = part<Secret>(key, OSSL_PKEY_PARAM_PRIV_KEY, size);
  return parts;
}

Result<Secret> agree(const PublicKey& own, const PublicKey& peer) {
  const Context context = context_for(own);
  std::size_t size = 0;
  if (EVP_PKEY_derive_init(context.get()) != 1) return openssl_error(STATUS_NOT_SUPPORTED, "an agreement");
  const unsigned keep_zeros = 1;
  OSSL_PARAM pad[] = {OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, const_cast<unsigned*>(&keep_zeros)),
                      OSSL_PARAM_construct_end()};
  if (EVP_PKEY_is_a(own.get(), "DH") == 1) EVP_PKEY_CTX_set_params(context.get(), pad);
  if (EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 || EVP_PKEY_derive(context.get(), nullptr, &size) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "an agreement");
  Secret agreed(size);
  if (EVP_PKEY_derive(context.get(), agreed.data(), &size) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "an agreement");
  return resized(std::move(agreed), size);
}

bool has_private_half(const PublicKey& key) {
  const char* const name = EVP_PKEY_is_a(key.get(), "RSA") == 1 ? OSSL_PKEY_PARAM_RSA_D : OSSL_PKEY_PARAM_PRIV_KEY;
  return !part<Secret>(key, name).empty();
}

}  // namespace hmodule::crypto
