// wincrypt.h: keys, and encryption with them.
#include "crypto/derivation.h"
#include "module/builtin.h"
#include "nt/random.h"
#include "winapi/advapi32/wincrypt.h"

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace capi {

Key::Key(const Key& from)
    : Object(from),
      algorithm(from.algorithm),
      exportable(from.exportable),
      secret(from.secret),
      mode(from.mode),
      mode_bits(from.mode_bits),
      vector(from.vector),
      direction(from.direction) {
  if (from.pair) pair = crypto::share(from.pair);
  if (!from.running) return;
  running.reset(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_copy(running.get(), from.running.get());
}

namespace {

using crypto::CipherKind;
using crypto::CipherMode;
using crypto::Direction;

enum : DWORD { CRYPT_EXPORTABLE = 1, CRYPT_OAEP = 0x40 };
enum : BYTE { SIMPLEBLOB = 1, PUBLICKEYBLOB = 6, PRIVATEKEYBLOB = 7, PLAINTEXTKEYBLOB = 8 };
enum : DWORD {
  KP_IV = 1,
  KP_PADDING = 3,
  KP_MODE = 4,
  KP_MODE_BITS = 5,
  KP_PERMISSIONS = 6,
  KP_ALGID = 7,
  KP_BLOCKLEN = 8,
  KP_KEYLEN = 9
};
enum : DWORD { CRYPT_MODE_CBC = 1, CRYPT_MODE_ECB = 2, CRYPT_MODE_CFB = 4 };
constexpr DWORD kRsa1 = 0x31415352, kRsa2 = 0x32415352;

struct BLOBHEADER {
  BYTE bType, bVersion;
  WORD reserved;
  ALG_ID aiKeyAlg;
};
struct RSAPUBKEY {
  DWORD magic, bitlen, pubexp;
};

bool is_rsa(ALG_ID id) {
  return id == CALG_RSA_KEYX || id == CALG_RSA_SIGN;
}

struct CipherId {
  ALG_ID id;
  CipherKind kind;
  DWORD bits;  // unless others are asked for
};
constexpr CipherId kCiphers[] = {
    {CALG_DES, CipherKind::des, 64},      {CALG_RC2, CipherKind::rc2, 128},
    {CALG_3DES, CipherKind::des3, 192},   {CALG_3DES_112, CipherKind::des3_112, 128},
    {CALG_AES_128, CipherKind::aes, 128}, {CALG_AES_192, CipherKind::aes, 192},
    {CALG_AES_256, CipherKind::aes, 256}, {CALG_RC4, CipherKind::rc4, 128},
};
Result<CipherId> cipher_id(ALG_ID id) {
  const auto* const found = std::ranges::find(kCiphers, id, &CipherId::id);
  if (found == std::end(kCiphers)) return fail(NTE_BAD_ALGID, "{:#x} is no cipher", id);
  return *found;
}
unsigned block_of(const Key& key) {
  const auto* const found = std::ranges::find(kCiphers, key.algorithm, &CipherId::id);
  return found == std::end(kCiphers) ? 1 : crypto::facts(found->kind).block;
}

std::unique_ptr<Key> symmetric_key(ALG_ID id, Secret secret, DWORD flags) {
  auto made = std::make_unique<Key>(id);
  made->secret = std::move(secret);
  made->exportable = (flags & CRYPT_EXPORTABLE) != 0;
  if (block_of(*made) > 1) made->vector.resize(block_of(*made));
  return made;
}

// How many bytes a key has, with the bits in the flags' upper half.
Result<std::size_t> key_size(ALG_ID id, DWORD flags) {
  const CipherId cipher = TRY(cipher_id(id));
  const DWORD bits = flags >> 16;
  const bool any = cipher.kind == CipherKind::rc2 || cipher.kind == CipherKind::rc4;
  if (bits != 0 && any && bits >= 40 && bits <= 128 && bits % 8 == 0) return std::size_t{bits / 8};
  // DES's may be counted without parity.
  const DWORD without_parity = cipher.bits - cipher.bits / 8;
  if (bits != 0 && bits != cipher.bits && bits != without_parity)
    return fail(NTE_BAD_FLAGS, "{:#x} with {} bits", id, bits);
  return std::size_t{cipher.bits / 8};
}

crypto::PublicKey& keep_in(Context& context, ALG_ID id) {
  return id == CALG_RSA_SIGN ? context.signature : context.exchange;
}

HM_WINAPI BOOL CryptGenKey(void* handle, ALG_ID id, DWORD flags, void** key) noexcept {
  return security_succeed([&]() -> Status {
    Context* const context = TRY(object<Context>(handle));
    if (key == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    if (id == AT_KEYEXCHANGE) id = CALG_RSA_KEYX;
    if (id == AT_SIGNATURE) id = CALG_RSA_SIGN;
    if (is_rsa(id)) {
      const DWORD bits = flags >> 16 == 0 ? 1024 : flags >> 16;
      if (bits < 384 || bits > 16384 || bits % 8 != 0) return fail(NTE_BAD_FLAGS, "an RSA key of {} bits", bits);
      auto made = std::make_unique<Key>(id);
      made->pair = TRY(crypto::generate_rsa(std::max<DWORD>(bits, 512)));
      made->exportable = (flags & CRYPT_EXPORTABLE) != 0;
      keep_in(*context, id) = crypto::share(made->pair);
      *key = handle_of(std::move(made));
      return ok;
    }
    Secret secret(TRY(key_size(id, flags)));
    nt::fill_random(secret.data(), secret.size());
    *key = handle_of(symmetric_key(id, std::move(secret), flags));
    return ok;
  });
}

HM_WINAPI BOOL CryptDeriveKey(void* handle, ALG_ID id, void* base, DWORD flags, void** key) noexcept {
  return security_succeed([&]() -> Status {
    TRY(object<Context>(handle));
    Hash* const hash = TRY(object<Hash>(base));
    if (key == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    const std::size_t size = TRY(key_size(id, flags));
    const Data digest = TRY(value_of(*hash));
    // Stretched for AES and 3DES, and if it does not reach; else its beginning (CryptDeriveKey's documentation).
    const bool sha2 = hash->kind && *hash->kind >= HashKind::sha256;
    const bool long_keys = id == CALG_3DES || id == CALG_3DES_112 || (id >= CALG_AES_128 && id <= CALG_AES_256);
    Secret secret = crypto::secret(digest);
    if ((long_keys && !sha2) || size > digest.size()) secret = TRY(crypto::stretch(*hash->kind, digest));
    if (size > secret.size()) return fail(NTE_BAD_LEN, "{} bytes from a hash of {}", size, digest.size());
    secret.resize(size);
    *key = handle_of(symmetric_key(id, std::move(secret), flags));
    return ok;
  });
}

// ---- blobs: numbers with the least byte first -----------------------------------------------------------------------

template <typename Bytes>
Bytes reversed(Data bytes) {
  return {bytes.rbegin(), bytes.rend()};
}

Result<std::unique_ptr<Key>> read_rsa(const BLOBHEADER& header, Data body) {
  RSAPUBKEY said;
  if (body.size() < sizeof said) return fail(NTE_BAD_DATA, "an RSA key of {} bytes", body.size());
  std::memcpy(&said, body.data(), sizeof said);
  const bool with_private = header.bType == PRIVATEKEYBLOB;
  const std::size_t size = (std::size_t{said.bitlen} + 7) / 8, half = (size + 1) / 2;
  if (said.magic != (with_private ? kRsa2 : kRsa1) || size == 0 || size > 2048 ||
      body.size() < sizeof said + size + (with_private ? 5 * half + size : 0))
    return fail(NTE_BAD_DATA, "an RSA key that begins with {:#x}, of {} bits", said.magic, said.bitlen);
  const Data numbers = body.subspan(sizeof said);
  crypto::RsaParts parts;
  parts.exponent = {static_cast<BYTE>(said.pubexp >> 24), static_cast<BYTE>(said.pubexp >> 16),
                    static_cast<BYTE>(said.pubexp >> 8), static_cast<BYTE>(said.pubexp)};
  parts.modulus = reversed<ByteVector>(numbers.first(size));
  if (with_private) {
    parts.prime1 = reversed<Secret>(numbers.subspan(size, half));
    parts.prime2 = reversed<Secret>(numbers.subspan(size + half, half));
    parts.private_exponent = reversed<Secret>(numbers.subspan(size + 5 * half, size));
  }
  auto made = std::make_unique<Key>(is_rsa(header.aiKeyAlg) ? header.aiKeyAlg : ALG_ID{CALG_RSA_KEYX});
  auto pair = crypto::rsa_key(parts);
  if (!pair) return fail(NTE_BAD_DATA, "{}", pair.error().reason);
  made->pair = std::move(*pair);
  return made;
}

Result<Secret> write_rsa(const Key& key, bool with_private) {
  const crypto::RsaParts parts = TRY(crypto::rsa_parts(key.pair));
  if (with_private && parts.prime1.empty()) return fail(NTE_BAD_KEY, "the key has no private half");
  const std::size_t size = parts.modulus.size(), half = (size + 1) / 2;
  const BLOBHEADER header = {with_private ? PRIVATEKEYBLOB : PUBLICKEYBLOB, 2, 0, key.algorithm};
  DWORD exponent = 0;
  for (const BYTE each : parts.exponent) exponent = exponent << 8 | each;
  const RSAPUBKEY said = {with_private ? kRsa2 : kRsa1, static_cast<DWORD>(size * 8), exponent};
  Secret blob = crypto::secret(crypto::data(&header, sizeof header));
  const Data fixed = crypto::data(&said, sizeof said);
  blob.insert(blob.end(), fixed.begin(), fixed.end());
  const auto append = [&](Data number, std::size_t length) {
    blob.insert(blob.end(), number.rbegin(), number.rend());
    blob.resize(blob.size() + length - number.size());
  };
  append(parts.modulus, size);
  if (!with_private) return blob;
  for (const Secret* each : {&parts.prime1, &parts.prime2, &parts.exponent1, &parts.exponent2, &parts.coefficient})
    append(*each, half);
  append(parts.private_exponent, size);
  return blob;
}

HM_WINAPI BOOL CryptImportKey(void* handle, const BYTE* blob, DWORD size, void* wrapping, DWORD flags,
                              void** key) noexcept {
  return security_succeed([&]() -> Status {
    Context* const context = TRY(object<Context>(handle));
    BLOBHEADER header;
    if (blob == nullptr || key == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    if (size < sizeof header) return fail(NTE_BAD_DATA, "a key of {} bytes", size);
    std::memcpy(&header, blob, sizeof header);
    if (header.bVersion != 2) return fail(NTE_BAD_VER, "a key of version {}", header.bVersion);
    const Data body = crypto::data(blob, size).subspan(sizeof header);
    switch (header.bType) {
      case PUBLICKEYBLOB:
      case PRIVATEKEYBLOB: {
        if (header.bType == PRIVATEKEYBLOB && wrapping != nullptr)
          return fail(STATUS_NOT_SUPPORTED, "an encrypted private key");
        auto made = TRY(read_rsa(header, body));
        made->exportable = header.bType == PUBLICKEYBLOB || (flags & CRYPT_EXPORTABLE) != 0;
        if (header.bType == PRIVATEKEYBLOB) keep_in(*context, made->algorithm) = crypto::share(made->pair);
        *key = handle_of(std::move(made));
        return ok;
      }
      case PLAINTEXTKEYBLOB: {
        DWORD length;
        if (body.size() < sizeof length) return fail(NTE_BAD_DATA, "a key of {} bytes", size);
        std::memcpy(&length, body.data(), sizeof length);
        if (length == 0 || length > body.size() - sizeof length) return fail(NTE_BAD_DATA, "a key of {} bytes", length);
        const CipherId cipher = TRY(cipher_id(header.aiKeyAlg));
        const crypto::CipherFacts& facts = crypto::facts(cipher.kind);
        // RC2 is also how a key for HMAC is imported, which may be of any length.
        if (cipher.kind != CipherKind::rc2 && cipher.kind != CipherKind::rc4 && length * 8 != cipher.bits)
          return fail(NTE_BAD_DATA, "{:#x} with a key of {} bytes", cipher.id, length);
        if (cipher.kind == CipherKind::rc4 && length * 8 > facts.longest_bits)
          return fail(NTE_BAD_DATA, "RC4 with {} bytes", length);
        *key = handle_of(symmetric_key(cipher.id, crypto::secret(body.subspan(sizeof length, length)), flags));
        return ok;
      }
      case SIMPLEBLOB: {
        const crypto::PublicKey& with = wrapping == nullptr ? context->exchange : TRY(object<Key>(wrapping))->pair;
        if (!with) return fail(NTE_NO_KEY, "no key to open the other with");
        if (body.size() <= sizeof(ALG_ID)) return fail(NTE_BAD_DATA, "a key of {} bytes", size);
        auto opened = crypto::rsa_decrypt(with, {crypto::RsaPadding::pkcs1, {}},
                                          reversed<ByteVector>(body.subspan(sizeof(ALG_ID))));
        if (!opened) return fail(NTE_BAD_DATA, "{}", opened.error().reason);
        TRY(cipher_id(header.aiKeyAlg));
        *key = handle_of(symmetric_key(header.aiKeyAlg, reversed<Secret>(*opened), flags));
        return ok;
      }
      default:
        return fail(NTE_BAD_TYPE, "a key of type {}", header.bType);
    }
  });
}

Result<Secret> write(const Key& key, void* wrapping, DWORD type) {
  if ((type == PUBLICKEYBLOB || type == PRIVATEKEYBLOB) && !key.pair) return fail(NTE_BAD_KEY, "the key is no pair");
  if (type != PUBLICKEYBLOB && !key.exportable) return fail(NTE_BAD_KEY_STATE, "the key was not made to be exported");
  if (type == PUBLICKEYBLOB) return write_rsa(key, false);
  if (type == PRIVATEKEYBLOB && wrapping == nullptr) return write_rsa(key, true);
  if ((type != PLAINTEXTKEYBLOB && type != SIMPLEBLOB) || key.pair) return fail(NTE_BAD_TYPE, "keys as {}", type);
  const BLOBHEADER header = {static_cast<BYTE>(type), 2, 0, key.algorithm};
  Secret blob = crypto::secret(crypto::data(&header, sizeof header));
  const auto append = [&](Data bytes) { blob.insert(blob.end(), bytes.begin(), bytes.end()); };
  if (type == PLAINTEXTKEYBLOB) {
    const auto length = static_cast<DWORD>(key.secret.size());
    append(crypto::data(&length, sizeof length));
    append(key.secret);
    return blob;
  }
  const Key* const with = TRY(object<Key>(wrapping));
  if (!with->pair) return fail(NTE_BAD_KEY, "no pair to wrap the key with");
  const ALG_ID id = CALG_RSA_KEYX;
  append(crypto::data(&id, sizeof id));
  const ByteVector sealed =
      TRY(crypto::rsa_encrypt(with->pair, {crypto::RsaPadding::pkcs1, {}}, reversed<Secret>(key.secret)));
  append(reversed<ByteVector>(sealed));
  return blob;
}

HM_WINAPI BOOL CryptExportKey(void* handle, void* wrapping, DWORD type, DWORD, BYTE* buffer, DWORD* size) noexcept {
  return security_succeed([&]() -> Status {
    const Key* const key = TRY(object<Key>(handle));
    const Secret blob = TRY(write(*key, wrapping, type));
    return give(blob, buffer, size);
  });
}

HM_WINAPI BOOL CryptDestroyKey(void* handle) noexcept {
  return security_succeed([&]() -> Status {
    delete TRY(object<Key>(handle));
    return ok;
  });
}

HM_WINAPI BOOL CryptDuplicateKey(void* handle, DWORD*, DWORD, void** copy) noexcept {
  return security_succeed([&]() -> Status {
    const Key* const from = TRY(object<Key>(handle));
    if (copy == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    *copy = handle_of(std::make_unique<Key>(*from));
    return ok;
  });
}

HM_WINAPI BOOL CryptGetUserKey(void* handle, DWORD which, void** key) noexcept {
  return security_succeed([&]() -> Status {
    Context* const context = TRY(object<Context>(handle));
    if (key == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    const ALG_ID id = which == AT_SIGNATURE ? CALG_RSA_SIGN : CALG_RSA_KEYX;
    if (!keep_in(*context, id)) return fail(NTE_NO_KEY, "the context has no key {}", which);
    auto made = std::make_unique<Key>(id);
    made->pair = crypto::share(keep_in(*context, id));
    *key = handle_of(std::move(made));
    return ok;
  });
}

HM_WINAPI BOOL CryptGetKeyParam(void* handle, DWORD parameter, BYTE* buffer, DWORD* size, DWORD) noexcept {
  return security_succeed([&]() -> Status {
    const Key* const key = TRY(object<Key>(handle));
    const auto number = [&](DWORD value) { return give(crypto::data(&value, sizeof value), buffer, size); };
    const DWORD bits =
        key->pair ? static_cast<DWORD>(EVP_PKEY_get_bits(key->pair.get())) : static_cast<DWORD>(key->secret.size() * 8);
    switch (parameter) {
      case KP_ALGID:
        return number(key->algorithm);
      case KP_KEYLEN:
        return number(bits);
      case KP_BLOCKLEN:
        return number(key->pair ? bits : block_of(*key) > 1 ? block_of(*key) * 8 : 0);
      case KP_PERMISSIONS:
        return number(0x3B | (key->exportable ? 0x4 : 0));  // all that keys are good for; CRYPT_EXPORT
      case KP_MODE:
        if (key->pair) break;
        return number(key->mode);
      case KP_MODE_BITS:
        return number(key->mode_bits);
      case KP_PADDING:
        return number(1);  // PKCS5_PADDING
      case KP_IV:
        return give(key->vector, buffer, size);
      default:
        break;
    }
    return fail(NTE_BAD_TYPE, "no parameter {}", parameter);
  });
}

HM_WINAPI BOOL CryptSetKeyParam(void* handle, DWORD parameter, const BYTE* value, DWORD) noexcept {
  return security_succeed([&]() -> Status {
    Key* const key = TRY(object<Key>(handle));
    if (value == nullptr || key->pair) return fail(STATUS_INVALID_PARAMETER, "no value, or a key pair");
    const auto number = [&] {
      DWORD read;
      std::memcpy(&read, value, sizeof read);
      return read;
    };
    switch (parameter) {
      case KP_IV:
        std::copy_n(value, key->vector.size(), key->vector.begin());
        break;
      case KP_MODE:
        if (number() != CRYPT_MODE_CBC && number() != CRYPT_MODE_ECB && number() != CRYPT_MODE_CFB)
          return fail(NTE_BAD_DATA, "no mode {}", number());
        key->mode = number();
        break;
      case KP_MODE_BITS:
        if (number() != 8 && number() != block_of(*key) * 8) return fail(NTE_BAD_DATA, "{} bits of feedback", number());
        key->mode_bits = number();
        break;
      case KP_PADDING:
        if (number() != 1) return fail(NTE_BAD_DATA, "no padding {}", number());
        break;
      default:
        return fail(NTE_BAD_TYPE, "no parameter {}", parameter);
    }
    key->running.reset();
    return ok;
  });
}

// ---- encryption and decryption --------------------------------------------------------------------------------------

// Between calls that are not final the key goes on; after one that is, it begins anew.
Result<EVP_CIPHER_CTX*> running(Key& key, Direction direction) {
  if (key.running && key.direction == direction) return key.running.get();
  const CipherId cipher = TRY(cipher_id(key.algorithm));
  CipherMode mode = CipherMode::none;
  if (crypto::facts(cipher.kind).block > 1)
    mode = key.mode == CRYPT_MODE_ECB   ? CipherMode::ecb
           : key.mode == CRYPT_MODE_CBC ? CipherMode::cbc
           : key.mode_bits == 8         ? CipherMode::cfb8
                                        : CipherMode::cfb;
  const crypto::CipherPtr fetched = TRY(crypto::fetch_cipher(cipher.kind, mode, key.secret.size()));
  const bool has_vector = mode != CipherMode::none && mode != CipherMode::ecb;
  key.running = TRY(crypto::start_cipher(fetched.get(), direction, key.secret, has_vector ? Data(key.vector) : Data()));
  key.direction = direction;
  return key.running.get();
}

crypto::RsaPadding rsa_padding(DWORD flags) {
  if ((flags & CRYPT_OAEP) != 0) return {crypto::RsaPadding::oaep, HashKind::sha1};
  return {crypto::RsaPadding::pkcs1, {}};
}

Status add_to(void* hash_handle, Data bytes) {
  if (hash_handle == nullptr) return ok;
  Hash* const hash = TRY(object<Hash>(hash_handle));
  if (hash->value || !hash->running) return fail(NTE_BAD_HASH_STATE, "the hash is finished");
  return hash->running->add(bytes);
}

HM_WINAPI BOOL CryptEncrypt(void* handle, void* hash, BOOL last, DWORD flags, BYTE* bytes, DWORD* size,
                            DWORD room) noexcept {
  return security_succeed([&]() -> Status {
    Key* const key = TRY(object<Key>(handle));
    if (size == nullptr) return fail(STATUS_INVALID_PARAMETER, "no size");
    const unsigned block = block_of(*key);
    const std::size_t needed = key->pair ? static_cast<std::size_t>(EVP_PKEY_get_size(key->pair.get()))
                               : last != FALSE && block > 1 ? (*size / block + 1) * block
                                                            : *size;
    if (bytes == nullptr) {
      *size = static_cast<DWORD>(needed);
      return ok;
    }
    if (room < needed) {
      *size = static_cast<DWORD>(needed);
      return fail_win32(ERROR_MORE_DATA, "room for {} of {} bytes", room, needed);
    }
    const Data input = crypto::data(bytes, *size);
    TRY(add_to(hash, input));
    if (key->pair) {
      auto sealed = crypto::rsa_encrypt(key->pair, rsa_padding(flags), input);
      if (!sealed) return fail(NTE_BAD_LEN, "{}", sealed.error().reason);
      std::ranges::reverse(*sealed);
      *size = room;
      return give(*sealed, bytes, size);
    }
    if (last == FALSE && input.size() % block != 0)
      return fail(NTE_BAD_DATA, "{} bytes are not whole blocks, and more is to come", *size);
    EVP_CIPHER_CTX* const context = TRY(running(*key, Direction::encrypt));
    const std::size_t whole = input.size() / block * block;
    const Secret rest = last != FALSE && block > 1 ? crypto::padded(input.subspan(whole), block) : Secret();
    TRY(crypto::run_cipher(context, input.first(whole), bytes));
    TRY(crypto::run_cipher(context, rest, bytes + whole));
    *size = static_cast<DWORD>(needed);
    if (last != FALSE) key->running.reset();
    return ok;
  });
}

HM_WINAPI BOOL CryptDecrypt(void* handle, void* hash, BOOL last, DWORD flags, BYTE* bytes, DWORD* size) noexcept {
  return security_succeed([&]() -> Status {
    Key* const key = TRY(object<Key>(handle));
    if (size == nullptr || bytes == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    if (key->pair) {
      auto opened =
          crypto::rsa_decrypt(key->pair, rsa_padding(flags), reversed<ByteVector>(crypto::data(bytes, *size)));
      if (!opened) return fail(NTE_BAD_DATA, "{}", opened.error().reason);
      TRY(add_to(hash, *opened));
      return give(*opened, bytes, size);
    }
    const unsigned block = block_of(*key);
    if (*size % block != 0 || (last != FALSE && block > 1 && *size == 0))
      return fail(NTE_BAD_LEN, "{} bytes are not whole blocks", *size);
    EVP_CIPHER_CTX* const context = TRY(running(*key, Direction::decrypt));
    TRY(crypto::run_cipher(context, crypto::data(bytes, *size), bytes));
    if (last != FALSE) {
      key->running.reset();
      if (block > 1) {
        const auto padding = crypto::padding_of(crypto::data(bytes, *size).last(block), block);
        if (!padding) return fail(NTE_BAD_DATA, "{}", padding.error().reason);
        *size -= *padding;
      }
    }
    return add_to(hash, crypto::data(bytes, *size));
  });
}

const Export kRows[] = {
    {"CryptDecrypt", proc(CryptDecrypt)},
    {"CryptDeriveKey", proc(CryptDeriveKey)},
    {"CryptDestroyKey", proc(CryptDestroyKey)},
    {"CryptDuplicateKey", proc(CryptDuplicateKey)},
    {"CryptEncrypt", proc(CryptEncrypt)},
    {"CryptExportKey", proc(CryptExportKey), Support::partial, "no encrypted private keys"},
    {"CryptGenKey", proc(CryptGenKey), Support::partial, "no Diffie-Hellman, no DSA"},
    {"CryptGetKeyParam", proc(CryptGetKeyParam)},
    {"CryptGetUserKey", proc(CryptGetUserKey), Support::partial, "those made or imported in this context"},
    {"CryptImportKey", proc(CryptImportKey), Support::partial, "no encrypted private keys"},
    {"CryptSetKeyParam", proc(CryptSetKeyParam), Support::partial, "no salt, no effective length"},
};

}  // namespace
}  // namespace capi

extern const ExportTable wincrypt_key_exports = capi::kRows;

}  // namespace hmodule::winapi
