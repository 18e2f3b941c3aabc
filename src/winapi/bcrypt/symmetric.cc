// bcrypt.h: keys of ciphers, encryption with them and with public keys.
#include "module/builtin.h"
#include "winapi/bcrypt/asymmetric.h"
#include "winapi/bcrypt/objects.h"

#include <cstring>

namespace hmodule::winapi {
namespace bcrypt {

SymmetricKey::SymmetricKey(Provider& of, Secret bytes)
    : Key(kMark, of), secret(std::move(bytes)), settings(of.settings) {
  if (of.algorithm.family == Family::cipher && crypto::facts(of.algorithm.cipher).block > 1)
    vector.resize(crypto::facts(of.algorithm.cipher).block);
}

SymmetricKey::SymmetricKey(SymmetricKey& from) : Key(from) {
  const std::lock_guard lock(from.mutex);
  secret = from.secret;
  settings = from.settings;
  vector = from.vector;
  hkdf_hash = from.hkdf_hash;
  hkdf_key = from.hkdf_key;
  if (!from.stream) return;
  stream.reset(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_copy(stream.get(), from.stream.get());
}

Result<const EVP_CIPHER*> SymmetricKey::cipher() {
  const std::lock_guard lock(mutex);
  if (!fetched) {
    const bool narrow = settings.mode == CipherMode::cfb && settings.feedback == 1;
    fetched = TRY(crypto::fetch_cipher(algorithm.cipher, narrow ? CipherMode::cfb8 : settings.mode, secret.size()));
  }
  return fetched.get();
}

namespace {

constexpr ULONG BCRYPT_BLOCK_PADDING = 1;

struct BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO {
  ULONG cbSize, dwInfoVersion;
  BYTE* pbNonce;
  ULONG cbNonce;
  BYTE* pbAuthData;
  ULONG cbAuthData;
  BYTE* pbTag;
  ULONG cbTag;
  BYTE* pbMacContext;
  ULONG cbMacContext, cbAAD;
  std::uint64_t cbData;
  ULONG dwFlags;
};
static_assert(sizeof(BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO) == 0x58);
constexpr ULONG BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG = 1, BCRYPT_AUTH_MODE_IN_PROGRESS_FLAG = 2;

struct BCRYPT_KEY_DATA_BLOB_HEADER {
  ULONG dwMagic, dwVersion, cbKeyData;
};
constexpr ULONG BCRYPT_KEY_DATA_BLOB_MAGIC = 0x4D42444B, BCRYPT_KEY_DATA_BLOB_VERSION1 = 1;

// Too many bytes are cut off, as on Windows; too few, or a length between two that the cipher has, are refused.
Result<Secret> fitting(const Algorithm& algorithm, Data secret) {
  if (algorithm.family != Family::cipher) {
    if (algorithm.family < Family::pbkdf2)
      return fail(STATUS_NOT_SUPPORTED, "{} has no such keys", utf8(algorithm.name));
    return crypto::secret(secret);
  }
  const crypto::CipherFacts& facts = crypto::facts(algorithm.cipher);
  const std::size_t bits = std::min<std::size_t>(secret.size() * 8, facts.longest_bits);
  if (bits < facts.shortest_bits || (facts.step_bits != 0 && (bits - facts.shortest_bits) % facts.step_bits != 0))
    return fail(STATUS_INVALID_PARAMETER, "{} with a key of {} bits", utf8(algorithm.name), bits);
  return crypto::secret(secret.first(bits / 8));
}

Result<void*> make_key(void* algorithm, Data secret) {
  Provider* const provider = TRY(provider_of(algorithm));
  Secret fits = TRY(fitting(provider->algorithm, secret));
  auto key = std::make_unique<SymmetricKey>(*provider, std::move(fits));
  if (provider->algorithm.family == Family::cipher) TRY(key->cipher());  // it may be one that OpenSSL lacks
  return handle_of(std::move(key));
}

HM_WINAPI NTSTATUS BCryptGenerateSymmetricKey(void* algorithm, void** key, BYTE*, ULONG, BYTE* secret, ULONG size,
                                              ULONG) noexcept {
  return status_of([&]() -> Status {
    TRY(provider_of(algorithm));
    if (key == nullptr || (secret == nullptr && size != 0)) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    *key = TRY(make_key(algorithm, crypto::data(secret, size)));
    return ok;
  });
}

bool is_plain_blob(std::u16string_view type) {
  return type == u"KeyDataBlob" || type == u"OpaqueKeyBlob";  // opaque, so it may be the same
}

HM_WINAPI NTSTATUS BCryptImportKey(void* algorithm, void* wrapping, const WCHAR* type, void** key, BYTE*, ULONG,
                                   BYTE* blob, ULONG size, ULONG) noexcept {
  return status_of([&]() -> Status {
    TRY(provider_of(algorithm));
    if (key == nullptr || type == nullptr || blob == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    if (wrapping != nullptr || !is_plain_blob(type))
      return fail(STATUS_NOT_SUPPORTED, "keys as {}", utf8(std::u16string_view(type)));
    BCRYPT_KEY_DATA_BLOB_HEADER header;
    if (size < sizeof header) return fail(STATUS_BUFFER_TOO_SMALL, "a key of {} bytes with its header", size);
    std::memcpy(&header, blob, sizeof header);
    if (header.dwMagic != BCRYPT_KEY_DATA_BLOB_MAGIC || header.dwVersion != BCRYPT_KEY_DATA_BLOB_VERSION1 ||
        header.cbKeyData > size - sizeof header)
      return fail(STATUS_INVALID_PARAMETER, "a key that begins with {:#x}, version {}, {} of {} bytes", header.dwMagic,
                  header.dwVersion, header.cbKeyData, size - sizeof header);
    *key = TRY(make_key(algorithm, crypto::data(blob + sizeof header, header.cbKeyData)));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptExportKey(void* key, void* wrapping, const WCHAR* type, BYTE* buffer, ULONG size, ULONG* given,
                                   ULONG) noexcept {
  return status_of([&]() -> Status {
    if (is_a<AsymmetricKey>(key)) {
      if (type == nullptr || given == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
      const AsymmetricKey* const pair = TRY(object<AsymmetricKey>(key));
      const Secret blob = TRY(export_pair(*pair, type));
      return give(blob, buffer, size, given);
    }
    const SymmetricKey* const from = TRY(object<SymmetricKey>(key));
    if (type == nullptr || given == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    if (wrapping != nullptr || !is_plain_blob(type))
      return fail(STATUS_NOT_SUPPORTED, "keys as {}", utf8(std::u16string_view(type)));
    const BCRYPT_KEY_DATA_BLOB_HEADER header = {BCRYPT_KEY_DATA_BLOB_MAGIC, BCRYPT_KEY_DATA_BLOB_VERSION1,
                                                static_cast<ULONG>(from->secret.size())};
    Secret blob(sizeof header);
    std::memcpy(blob.data(), &header, sizeof header);
    blob.insert(blob.end(), from->secret.begin(), from->secret.end());
    return give(blob, buffer, size, given);
  });
}

HM_WINAPI NTSTATUS BCryptDuplicateKey(void* key, void** copy, BYTE*, ULONG, ULONG) noexcept {
  return status_of([&]() -> Status {
    if (is_a<AsymmetricKey>(key)) {
      if (copy == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
      const AsymmetricKey* const from = TRY(object<AsymmetricKey>(key));
      auto made = std::make_unique<AsymmetricKey>(*from);
      *copy = handle_of(std::move(made));
      return ok;
    }
    SymmetricKey* const from = TRY(object<SymmetricKey>(key));
    if (copy == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the handle");
    auto made = std::make_unique<SymmetricKey>(*from);
    *copy = handle_of(std::move(made));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptDestroyKey(void* key) noexcept {
  return status_of([&]() -> Status {
    if (is_a<AsymmetricKey>(key))
      delete TRY(object<AsymmetricKey>(key));
    else
      delete TRY(object<SymmetricKey>(key));
    return ok;
  });
}

// ---- encryption and decryption --------------------------------------------------------------------------------------

struct Call {
  crypto::Direction direction;
  Data input;
  BYTE* iv;
  ULONG iv_size;
  BYTE* output;
  ULONG output_size;
  ULONG* given;
  ULONG flags;

  bool encrypts() const { return direction == crypto::Direction::encrypt; }
};

// Whether there is an output to write to; else only its size was wanted.
Result<bool> has_room(const Call& call, std::size_t size) {
  *call.given = static_cast<ULONG>(size);
  if (call.output == nullptr) return false;
  if (call.output_size < size) return fail(STATUS_BUFFER_TOO_SMALL, "room for {} of {} bytes", call.output_size, size);
  return true;
}

// The vector that the next call goes on with: the last block of what was encrypted.
void move_on(std::span<BYTE> vector, Data encrypted) {
  if (encrypted.size() >= vector.size()) {
    std::ranges::copy(encrypted.last(vector.size()), vector.begin());
    return;
  }
  std::ranges::copy(vector.subspan(encrypted.size()), vector.begin());
  std::ranges::copy(encrypted, vector.end() - static_cast<std::ptrdiff_t>(encrypted.size()));
}

Status run_blocks(SymmetricKey& key, const Call& call) {
  const CipherSettings settings = key.settings;
  const unsigned block =
      settings.mode == CipherMode::cfb ? settings.feedback : crypto::facts(key.algorithm.cipher).block;
  const bool pads = (call.flags & BCRYPT_BLOCK_PADDING) != 0;
  Data input = call.input;
  if (input.size() % block != 0 && (!pads || !call.encrypts()))
    return fail(STATUS_INVALID_BUFFER_SIZE, "{} bytes are not whole blocks of {}", input.size(), block);
  const std::size_t whole = pads && call.encrypts() ? (input.size() / block + 1) * block : input.size();
  if (pads && !call.encrypts() && input.empty()) return fail(STATUS_INVALID_BUFFER_SIZE, "not even padding");

  if (call.output == nullptr) {
    *call.given = static_cast<ULONG>(whole);
    return ok;
  }

  const EVP_CIPHER* const cipher = TRY(key.cipher());
  std::unique_lock<std::mutex> lock;
  std::span<BYTE> vector;
  if (settings.mode != CipherMode::ecb && call.iv != nullptr) {
    if (call.iv_size < key.vector.size())
      return fail(STATUS_INVALID_PARAMETER, "an initialisation vector of {} bytes", call.iv_size);
    vector = {call.iv, key.vector.size()};
  } else if (settings.mode != CipherMode::ecb) {
    lock = std::unique_lock(key.mutex);
    vector = key.vector;
  }
  // Decrypting with padding, the last block decides how much is written.
  if (pads && !call.encrypts()) {
    Secret opened(input.size());
    const crypto::CipherContext context = TRY(crypto::start_cipher(cipher, call.direction, key.secret, vector));
    TRY(crypto::run_cipher(context.get(), input, opened.data()));
    const unsigned padding = TRY(crypto::padding_of(Data(opened).last(block), block));
    const std::size_t size = opened.size() - padding;
    if (TRY(has_room(call, size))) {
      move_on(vector, input);
      std::copy_n(opened.begin(), size, call.output);
    }
    return ok;
  }
  if (!TRY(has_room(call, whole))) return ok;
  const crypto::CipherContext context = TRY(crypto::start_cipher(cipher, call.direction, key.secret, vector));
  crypto::ByteVector next(vector.begin(), vector.end());
  if (!call.encrypts()) move_on(next, input);  // before it may be overwritten
  const std::size_t aligned = input.size() / block * block;
  const Secret rest = pads ? crypto::padded(input.subspan(aligned), block) : Secret();
  TRY(crypto::run_cipher(context.get(), input.first(aligned), call.output));
  TRY(crypto::run_cipher(context.get(), rest, call.output + aligned));
  if (call.encrypts()) move_on(next, {call.output, whole});
  std::ranges::copy(next, vector.begin());
  return ok;
}

// RC4: the key itself goes on.
Status run_stream(SymmetricKey& key, const Call& call) {
  if (!TRY(has_room(call, call.input.size()))) return ok;
  const EVP_CIPHER* const cipher = TRY(key.cipher());
  const std::lock_guard lock(key.mutex);
  if (!key.stream) key.stream = TRY(crypto::start_cipher(cipher, call.direction, key.secret, {}));
  return crypto::run_cipher(key.stream.get(), call.input, call.output);
}

Status check(const SymmetricKey& key, const BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO& info, bool last) {
  if (info.cbSize != sizeof info || info.dwInfoVersion != 1)
    return fail(STATUS_INVALID_PARAMETER, "authentication information of {} bytes, version {}", info.cbSize,
                info.dwInfoVersion);
  const bool ccm = key.settings.mode == CipherMode::ccm;
  const bool nonce_fits = ccm ? info.cbNonce >= 7 && info.cbNonce <= 13 : info.cbNonce == 12;
  if (info.pbNonce == nullptr || !nonce_fits)
    return fail(STATUS_INVALID_PARAMETER, "a nonce of {} bytes", info.cbNonce);
  const ULONG least = ccm ? 4 : key.settings.mode == CipherMode::gcm ? 12 : 16;
  if (last && (info.pbTag == nullptr || info.cbTag < least || info.cbTag > 16 || (ccm && info.cbTag % 2 != 0)))
    return fail(STATUS_INVALID_PARAMETER, "a tag of {} bytes", info.cbTag);
  if (info.pbAuthData == nullptr && info.cbAuthData != 0)
    return fail(STATUS_INVALID_PARAMETER, "{} bytes of authenticated data at NULL", info.cbAuthData);
  return ok;
}

// A message in several calls: all but the last carry BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG. Windows keeps its state in
// pbMacContext and pbIV; here the key keeps it, and pbMacContext only says which message it is.
Status run_chained(SymmetricKey& key, BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO& info, const Call& call) {
  const bool more = (info.dwFlags & BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG) != 0;
  if (key.settings.mode == CipherMode::ccm) return fail(STATUS_NOT_SUPPORTED, "CCM in several calls");
  if (info.pbMacContext == nullptr || info.cbMacContext < 16 || call.iv == nullptr)
    return fail(STATUS_INVALID_PARAMETER, "no room to go on from: {} bytes", info.cbMacContext);
  if (more && call.input.size() % 16 != 0)
    return fail(STATUS_INVALID_BUFFER_SIZE, "{} bytes are not whole blocks, and more is to come", call.input.size());
  const EVP_CIPHER* const cipher = TRY(key.cipher());
  const std::lock_guard lock(key.mutex);
  crypto::CipherContext& context = key.in_progress[info.pbMacContext];
  if ((info.dwFlags & BCRYPT_AUTH_MODE_IN_PROGRESS_FLAG) == 0 || !context) {
    context = TRY(crypto::start_sealing(
        cipher, call.direction, key.secret,
        {crypto::data(info.pbNonce, info.cbNonce), crypto::data(info.pbAuthData, info.cbAuthData)}));
    info.dwFlags |= BCRYPT_AUTH_MODE_IN_PROGRESS_FLAG;
  }
  info.cbData += call.input.size();
  TRY(crypto::run_cipher(context.get(), call.input, call.output));
  if (more) return ok;
  const crypto::CipherContext last = std::move(context);
  key.in_progress.erase(info.pbMacContext);
  info.dwFlags &= ~BCRYPT_AUTH_MODE_IN_PROGRESS_FLAG;
  if (call.encrypts()) return crypto::finish_sealing(last.get(), {info.pbTag, info.cbTag});
  Status right = crypto::finish_unsealing(last.get(), {info.pbTag, info.cbTag});
  if (!right && !call.input.empty()) OPENSSL_cleanse(call.output, call.input.size());
  return right;
}

Status run_authenticated(SymmetricKey& key, void* information, const Call& call) {
  if (information == nullptr) return fail(STATUS_INVALID_PARAMETER, "no authentication information");
  auto& info = *static_cast<BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO*>(information);
  TRY(check(key, info, (info.dwFlags & BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG) == 0));
  if ((call.flags & BCRYPT_BLOCK_PADDING) != 0)
    return fail(STATUS_INVALID_PARAMETER, "authenticated encryption has no padding");
  // Without input there may be no output either: then the tag alone is wanted.
  *call.given = static_cast<ULONG>(call.input.size());
  if (call.output == nullptr && !call.input.empty()) return ok;
  if (call.output_size < call.input.size())
    return fail(STATUS_BUFFER_TOO_SMALL, "room for {} of {} bytes", call.output_size, call.input.size());
  if ((info.dwFlags & (BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG | BCRYPT_AUTH_MODE_IN_PROGRESS_FLAG)) != 0)
    return run_chained(key, info, call);
  const EVP_CIPHER* const cipher = TRY(key.cipher());
  const crypto::Sealed with = {crypto::data(info.pbNonce, info.cbNonce),
                               crypto::data(info.pbAuthData, info.cbAuthData)};
  const CipherMode mode = key.settings.mode;
  if (call.encrypts())
    return crypto::seal(cipher, mode, key.secret, with, call.input, call.output, {info.pbTag, info.cbTag});
  return crypto::unseal(cipher, mode, key.secret, with, call.input, call.output, {info.pbTag, info.cbTag});
}

Status run_public(const AsymmetricKey& key, void* padding_info, const Call& call) {
  const crypto::RsaPadding padding = TRY(rsa_padding(padding_info, call.flags, false));
  if (key.algorithm.name != u"RSA" || !key.key) return fail(STATUS_NOT_SUPPORTED, "the key does not encrypt");
  if (call.encrypts()) {
    if (!TRY(has_room(call, (key.bits + 7) / 8))) return ok;
    const crypto::ByteVector sealed = TRY(crypto::rsa_encrypt(key.key, padding, call.input));
    return give(sealed, call.output, call.output_size, call.given);
  }
  if (call.output == nullptr) {
    *call.given = (key.bits + 7) / 8;
    return ok;
  }
  const Secret opened = TRY(crypto::rsa_decrypt(key.key, padding, call.input));
  return give(opened, call.output, call.output_size, call.given);
}

Status run(void* handle, void* padding_info, const Call& call) {
  const bool with_pair = is_a<AsymmetricKey>(handle);
  SymmetricKey* const key = with_pair ? nullptr : TRY(object<SymmetricKey>(handle));
  if (call.given == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the size");
  if (with_pair) return run_public(*TRY(object<AsymmetricKey>(handle)), padding_info, call);
  if (key->algorithm.family != Family::cipher)
    return fail(STATUS_NOT_SUPPORTED, "{} does not encrypt", utf8(key->algorithm.name));
  if (key->algorithm.cipher == CipherKind::rc4) return run_stream(*key, call);
  if (key->settings.mode == CipherMode::gcm || key->settings.mode == CipherMode::ccm ||
      key->algorithm.cipher == CipherKind::chacha20_poly1305)
    return run_authenticated(*key, padding_info, call);
  if ((call.flags & ~BCRYPT_BLOCK_PADDING) != 0) return fail(STATUS_INVALID_PARAMETER, "flags {:#x}", call.flags);
  return run_blocks(*key, call);
}

HM_WINAPI NTSTATUS BCryptEncrypt(void* key, BYTE* input, ULONG size, void* padding, BYTE* iv, ULONG iv_size,
                                 BYTE* output, ULONG output_size, ULONG* given, ULONG flags) noexcept {
  return status_of([&] {
    return run(key, padding,
               {crypto::Direction::encrypt, crypto::data(input, size), iv, iv_size, output, output_size, given, flags});
  });
}

HM_WINAPI NTSTATUS BCryptDecrypt(void* key, BYTE* input, ULONG size, void* padding, BYTE* iv, ULONG iv_size,
                                 BYTE* output, ULONG output_size, ULONG* given, ULONG flags) noexcept {
  return status_of([&] {
    return run(key, padding,
               {crypto::Direction::decrypt, crypto::data(input, size), iv, iv_size, output, output_size, given, flags});
  });
}

const Export kRows[] = {
    {"BCryptDecrypt", proc(BCryptDecrypt), Support::partial, "no CCM in several calls"},
    {"BCryptDestroyKey", proc(BCryptDestroyKey)},
    {"BCryptDuplicateKey", proc(BCryptDuplicateKey)},
    {"BCryptEncrypt", proc(BCryptEncrypt), Support::partial, "no CCM in several calls"},
    {"BCryptExportKey", proc(BCryptExportKey), Support::partial, "no wrapped keys"},
    {"BCryptGenerateSymmetricKey", proc(BCryptGenerateSymmetricKey)},
    {"BCryptImportKey", proc(BCryptImportKey), Support::partial, "no wrapped keys"},
};

}  // namespace
}  // namespace bcrypt

extern const ExportTable bcrypt_symmetric_exports = bcrypt::kRows;

}  // namespace hmodule::winapi
