#include "winapi/secur32/schannel.h"

#include "base/utf.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace hmodule::winapi::secur32 {
namespace {

using crypt32::CERT_CONTEXT;

SecBuffer* find(SecBufferDesc* buffers, ULONG type) {
  constexpr ULONG kAttributes = 0xF0000000;  // SECBUFFER_ATTRMASK
  for (ULONG i = 0; buffers != nullptr && i < buffers->cBuffers; ++i)
    if ((buffers->pBuffers[i].BufferType & ~kAttributes) == type) return &buffers->pBuffers[i];
  return nullptr;
}
Result<SecBuffer*> require(SecBufferDesc& buffers, ULONG type) {
  if (SecBuffer* const found = find(&buffers, type)) return found;
  return fail(SEC_E_INVALID_TOKEN, "no buffer of type {}", type);
}

Data bytes_of(const SecBuffer& buffer) {
  return crypto::data(buffer.pvBuffer, buffer.cbBuffer);
}

// The program reads on, and has `missing` bytes to expect if that is known.
void tell_missing(SecBufferDesc* buffers, Data input) {
  SecBuffer* const free_buffer = find(buffers, SECBUFFER_EMPTY);
  const auto size = TlsSession::record_size(input);
  if (free_buffer == nullptr || !size || *size == 0) return;
  *free_buffer = {static_cast<ULONG>(*size - input.size()), SECBUFFER_MISSING, nullptr};
}

void tell_extra(SecBufferDesc* buffers, Data extra) {
  if (SecBuffer* const free_buffer = find(buffers, SECBUFFER_EMPTY); free_buffer != nullptr && !extra.empty())
    *free_buffer = {static_cast<ULONG>(extra.size()), SECBUFFER_EXTRA, const_cast<BYTE*>(extra.data())};
}

DWORD tls12_of(Role role) {
  return role == Role::client ? SP_PROT_TLS1_2_CLIENT : SP_PROT_TLS1_2_SERVER;
}
DWORD tls13_of(Role role) {
  return role == Role::client ? SP_PROT_TLS1_3_CLIENT : SP_PROT_TLS1_3_SERVER;
}

struct Wish {
  DWORD flags = 0;
  bool tls12 = true, tls13 = false;
  const CERT_CONTEXT* certificate = nullptr;
};

// TLS 1.3 is for those who know of it: it sends what older programs do not expect.
Result<Wish> read_wish(const void* wish, Role role) {
  const DWORD tls12 = tls12_of(role), tls13 = tls13_of(role);
  Wish found;
  if (wish == nullptr) return found;
  const DWORD version = *static_cast<const DWORD*>(wish);
  const auto certificate = [](DWORD count, const void** list) {
    return count == 0 || list == nullptr ? nullptr : static_cast<const CERT_CONTEXT*>(list[0]);
  };
  if (version == 4) {  // SCHANNEL_CRED_VERSION
    const auto& old = *static_cast<const SCHANNEL_CRED*>(wish);
    found.flags = old.dwFlags;
    if (old.grbitEnabledProtocols != 0) {
      found.tls12 = (old.grbitEnabledProtocols & tls12) != 0;
      found.tls13 = (old.grbitEnabledProtocols & tls13) != 0;
    }
    found.certificate = certificate(old.cCreds, old.paCred);
  } else if (version == 5) {  // SCH_CREDENTIALS_VERSION
    const auto& now = *static_cast<const SCH_CREDENTIALS*>(wish);
    DWORD disabled = 0;
    for (DWORD i = 0; i < now.cTlsParameters; ++i) disabled |= now.pTlsParameters[i].grbitDisabledProtocols;
    found.flags = now.dwFlags;
    found.tls12 = (disabled & tls12) == 0;
    found.tls13 = (disabled & tls13) == 0;
    found.certificate = certificate(now.cCreds, now.paCred);
  } else {
    return fail(SEC_E_UNSUPPORTED_FUNCTION, "credentials of version {}", version);
  }
  return found;
}

// Without the root, which the peer has or does not trust.
std::vector<X509*> issuers_of(X509* leaf, std::span<const crypt32::CertificatePtr> others) {
  std::vector<X509*> issuers;
  for (X509* issued = leaf; issued != nullptr && issuers.size() <= others.size();) {
    const auto issuer = std::ranges::find_if(others, [&](const crypt32::CertificatePtr& each) {
      return X509_cmp(each->x509(), issued) != 0 && X509_check_issued(each->x509(), issued) == X509_V_OK &&
             X509_self_signed(each->x509(), 0) != 1;
    });
    issued = issuer == others.end() ? nullptr : (*issuer)->x509();
    if (issued != nullptr) issuers.push_back(issued);
  }
  return issuers;
}

// Bits of the group that the keys come from, or of the key that encrypted them.
DWORD exchange_strength(SSL* ssl) {
  switch (SSL_get_negotiated_group(ssl)) {
    case NID_X25519:
      return 255;
    case NID_X9_62_prime256v1:
      return 256;
    case NID_secp384r1:
      return 384;
    case NID_secp521r1:
      return 521;
    case NID_X448:
      return 448;
    default:
      break;
  }
  const X509* const server = SSL_is_server(ssl) == 1 ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
  const EVP_PKEY* const key = server == nullptr ? nullptr : X509_get0_pubkey(server);
  return key == nullptr ? 0 : static_cast<DWORD>(EVP_PKEY_get_bits(key));
}

LONG status_of_policy(DWORD error) {
  switch (error) {
    case 0x800B0109:  // CERT_E_UNTRUSTEDROOT
    case 0x800B010A:  // CERT_E_CHAINING
      return SEC_E_UNTRUSTED_ROOT;
    case 0x800B010F:  // CERT_E_CN_NO_MATCH
      return SEC_E_WRONG_PRINCIPAL;
    case 0x800B0101:  // CERT_E_EXPIRED
      return SEC_E_CERT_EXPIRED;
    default:
      return SEC_E_CERT_UNKNOWN;
  }
}

}  // namespace

Result<CredentialsPtr> Credentials::make(ULONG use, const void* wish) {
  auto made = std::make_shared<Credentials>();
  made->role_ = (use & SECPKG_CRED_INBOUND) != 0 ? Role::server : Role::client;
  const Wish wanted = TRY(read_wish(wish, made->role_));
  made->protocols_ = (wanted.tls12 ? tls12_of(made->role_) : 0) | (wanted.tls13 ? tls13_of(made->role_) : 0);
  made->checks_servers_ = (wanted.flags & SCH_CRED_MANUAL_CRED_VALIDATION) == 0;
  made->checks_names_ = (wanted.flags & SCH_CRED_NO_SERVERNAME_CHECK) == 0;
  if (made->role_ == Role::server && wanted.certificate == nullptr)
    return fail(SEC_E_NO_CREDENTIALS, "a server needs a certificate");
  TlsOptions options = {.tls12 = wanted.tls12, .tls13 = wanted.tls13};
  crypto::PublicKey key;
  std::vector<crypt32::CertificatePtr> others;  // that `issuers` point to
  if (wanted.certificate != nullptr) {
    const crypt32::Context& leaf = *TRY(crypt32::context_of(wanted.certificate));
    made->certificate_ = leaf.certificate;
    const std::lock_guard lock(leaf.certificate->mutex);
    if (!leaf.certificate->private_key) return fail(SEC_E_NO_CREDENTIALS, "the certificate is without its private key");
    options.certificate = leaf.certificate->x509();
    key = crypto::share(leaf.certificate->private_key);
    options.key = key.get();
    if (leaf.hCertStore != nullptr) others = TRY(crypt32::store_of(leaf.hCertStore))->all();
    options.issuers = issuers_of(options.certificate, others);
  }
  made->context_ = TRY(make_tls_context(options));
  return made;
}

Connection::Connection(CredentialsPtr credentials, std::u16string target)
    : credentials_(std::move(credentials)),
      target_(std::move(target)),
      session_(credentials_->context(), credentials_->role()) {
  if (credentials_->role() == Role::client && !target_.empty()) session_.name_server(utf8(target_));
}

Status Connection::give_output(ULONG request, SecBufferDesc* output) {
  SecBuffer* token = find(output, SECBUFFER_TOKEN);
  if (token == nullptr) token = find(output, SECBUFFER_EMPTY);  // as libcurl has it
  if (token == nullptr) return ok;
  token->BufferType = SECBUFFER_TOKEN;
  const Data bytes = session_.output();
  if ((request & ISC_REQ_ALLOCATE_MEMORY) != 0) {
    token->pvBuffer = bytes.empty() ? nullptr : std::malloc(bytes.size());
    if (!bytes.empty() && token->pvBuffer == nullptr) throw std::bad_alloc();
  } else if (token->cbBuffer < bytes.size()) {
    return fail(SEC_E_BUFFER_TOO_SMALL, "a token of {} bytes for a buffer of {}", bytes.size(), token->cbBuffer);
  }
  if (!bytes.empty()) std::memcpy(token->pvBuffer, bytes.data(), bytes.size());
  token->cbBuffer = static_cast<ULONG>(bytes.size());
  session_.drop_output();
  return ok;
}

Status Connection::check_server(ULONG request) const {
  if (credentials_->role() == Role::server || !credentials_->checks_servers() ||
      (request & ISC_REQ_MANUAL_CRED_VALIDATION) != 0)
    return ok;
  crypt32::Context* const leaf = TRY(peer_certificate());
  const bool any_name = !credentials_->checks_names() || target_.empty();
  const auto error = crypt32::server_policy_error(*leaf, any_name ? nullptr : target_.c_str());
  crypt32::release(leaf);
  if (const DWORD code = TRY(error))
    return fail(status_of_policy(code), "the certificate of {} is not accepted: {:#x}", utf8(target_), code);
  return ok;
}

Result<LONG> Connection::step(ULONG request, SecBufferDesc* input, SecBufferDesc* output) {
  const std::lock_guard lock(mutex_);
  if (broken_) return fail(SEC_E_INVALID_HANDLE, "the handshake has failed before");
  Result<LONG> result = step_locked(request, input, output);
  broken_ =
      !result && result.error().status != SEC_E_INCOMPLETE_MESSAGE && result.error().status != SEC_E_BUFFER_TOO_SMALL;
  return result;
}

Result<LONG> Connection::step_locked(ULONG request, SecBufferDesc* input, SecBufferDesc* output) {
  const SecBuffer* const token = find(input, SECBUFFER_TOKEN);
  const Data bytes = token == nullptr ? Data{} : bytes_of(*token);
  if (session_.established()) {  // nothing of it is for here
    if (std::exchange(closing_, false)) session_.close();
    TRY(give_output(request, output));
    tell_extra(input, bytes);
    return SEC_E_OK;
  }
  if (!begun_) {
    if (const SecBuffer* const protocols = find(input, SECBUFFER_APPLICATION_PROTOCOLS)) {
      // SEC_APPLICATION_PROTOCOLS with one list: sizes and kind come first.
      constexpr std::size_t kBefore = 10;
      const Data list = bytes_of(*protocols);
      if (list.size() < kBefore) return fail(SEC_E_INVALID_TOKEN, "{} bytes are no list of protocols", list.size());
      TRY(session_.offer_protocols(list.subspan(kBefore)));
    }
    if ((request & ASC_REQ_MUTUAL_AUTH) != 0 && credentials_->role() == Role::server)
      session_.ask_client_for_certificate();
  }
  const bool first_of_client = !std::exchange(begun_, true) && credentials_->role() == Role::client;
  if (!first_of_client && bytes.empty()) {
    tell_missing(input, bytes);
    return fail(SEC_E_INCOMPLETE_MESSAGE, "no token");
  }
  const auto used = session_.shake_hands(first_of_client ? Data{} : bytes);
  if (!used) {
    if (used.error().status == SEC_E_INCOMPLETE_MESSAGE) tell_missing(input, bytes);
    const ULONG extended = credentials_->role() == Role::client ? ISC_REQ_EXTENDED_ERROR : ASC_REQ_EXTENDED_ERROR;
    if ((request & extended) != 0) TRY(give_output(request, output));  // an alert
    return used.error();
  }
  if (session_.established()) TRY(check_server(request));
  TRY(give_output(request, output));
  tell_extra(input, bytes.subspan(*used));
  return session_.established() ? SEC_E_OK : SEC_I_CONTINUE_NEEDED;
}

Status Connection::control(const SecBufferDesc& input) {
  const std::lock_guard lock(mutex_);
  const SecBuffer& token = *TRY(require(const_cast<SecBufferDesc&>(input), SECBUFFER_TOKEN));
  DWORD kind = 0;
  if (token.cbBuffer < sizeof kind) return fail(SEC_E_INVALID_TOKEN, "a control token of {} bytes", token.cbBuffer);
  std::memcpy(&kind, token.pvBuffer, sizeof kind);
  if (kind != SCHANNEL_SHUTDOWN) return fail(SEC_E_UNSUPPORTED_FUNCTION, "a control token of kind {}", kind);
  closing_ = true;
  return ok;
}

Status Connection::require_established() const {
  if (session_.established() && !broken_) return ok;
  return fail(SEC_E_INVALID_HANDLE, "the handshake has not come to a good end");
}

Result<LONG> Connection::encrypt(SecBufferDesc& message) {
  const std::lock_guard lock(mutex_);
  TRY(require_established());
  SecBuffer& header = *TRY(require(message, SECBUFFER_STREAM_HEADER));
  const SecBuffer& data = *TRY(require(message, SECBUFFER_DATA));
  SecBuffer& trailer = *TRY(require(message, SECBUFFER_STREAM_TRAILER));
  const auto sizes = session_.overhead();
  if (header.cbBuffer < sizes.header || trailer.cbBuffer < sizes.trailer)
    return fail(SEC_E_BUFFER_TOO_SMALL, "{} and {} bytes around a message that needs {} and {}", header.cbBuffer,
                trailer.cbBuffer, sizes.header, sizes.trailer);
  if (data.cbBuffer > SSL3_RT_MAX_PLAIN_LENGTH)
    return fail(SEC_E_ENCRYPT_FAILURE, "{} bytes are more than a record holds", data.cbBuffer);
  const ByteVector record = TRY(session_.encrypt(bytes_of(data)));
  if (record.size() > sizes.header + data.cbBuffer + sizes.trailer)
    return fail(SEC_E_ENCRYPT_FAILURE, "a record of {} bytes for a message of {}", record.size(), data.cbBuffer);
  const BYTE* const middle = record.data() + sizes.header;
  const BYTE* const end = middle + data.cbBuffer;
  header.cbBuffer = sizes.header;
  trailer.cbBuffer = static_cast<ULONG>(record.data() + record.size() - end);
  std::memcpy(header.pvBuffer, record.data(), header.cbBuffer);
  std::memcpy(data.pvBuffer, middle, data.cbBuffer);
  std::memcpy(trailer.pvBuffer, end, trailer.cbBuffer);
  return SEC_E_OK;
}

Result<LONG> Connection::decrypt(SecBufferDesc& message) {
  const std::lock_guard lock(mutex_);
  TRY(require_established());
  SecBuffer& data = *TRY(require(message, SECBUFFER_DATA));
  if (message.cBuffers < 4) return fail(SEC_E_INVALID_TOKEN, "{} buffers; a message needs 4", message.cBuffers);
  const Data input = bytes_of(data);
  const std::size_t size = TRY(TlsSession::record_size(input));
  if (size == 0 || size > input.size()) {
    tell_missing(&message, input);
    return fail(SEC_E_INCOMPLETE_MESSAGE, "{} bytes are no whole TLS record", input.size());
  }
  const crypto::Secret plain = TRY(session_.decrypt(input.first(size)));
  // In its place: behind the header, and at most as long as what carried it.
  auto* const start = static_cast<BYTE*>(data.pvBuffer);
  const std::size_t header = std::min<std::size_t>(session_.overhead().header, size - plain.size());
  std::copy(plain.begin(), plain.end(), start + header);
  const Data extra = input.subspan(size);
  const auto length = [](std::size_t bytes) { return static_cast<ULONG>(bytes); };
  message.pBuffers[0] = {length(header), SECBUFFER_STREAM_HEADER, start};
  message.pBuffers[1] = {length(plain.size()), SECBUFFER_DATA, start + header};
  message.pBuffers[2] = {length(size - header - plain.size()), SECBUFFER_STREAM_TRAILER, start + header + plain.size()};
  message.pBuffers[3] = {0, SECBUFFER_EMPTY, nullptr};
  tell_extra(&message, extra);
  if (session_.closed_by_peer()) return SEC_I_CONTEXT_EXPIRED;
  // An answer of TLS itself, which the next step gives.
  return session_.output().empty() ? SEC_E_OK : SEC_I_RENEGOTIATE;
}

Result<SecPkgContext_StreamSizes> Connection::stream_sizes() {
  const std::lock_guard lock(mutex_);
  TRY(require_established());
  constexpr ULONG kBuffers = 4, kBlock = 16;
  const auto sizes = session_.overhead();
  return SecPkgContext_StreamSizes{sizes.header, sizes.trailer, SSL3_RT_MAX_PLAIN_LENGTH, kBuffers, kBlock};
}

Result<SecPkgContext_ConnectionInfo> Connection::information() {
  constexpr DWORD CALG_AES_128 = 0x660E, CALG_AES_256 = 0x6610, CALG_SHA1 = 0x8004, CALG_SHA_256 = 0x800C,
                  CALG_SHA_384 = 0x800D, CALG_RSA_KEYX = 0xA400, CALG_DH_EPHEM = 0xAA02, CALG_ECDH_EPHEM = 0xAE06;
  const std::lock_guard lock(mutex_);
  TRY(require_established());
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(session_.ssl());
  const Role role = credentials_->role();
  SecPkgContext_ConnectionInfo told = {};
  told.dwProtocol = SSL_version(session_.ssl()) == TLS1_3_VERSION ? tls13_of(role) : tls12_of(role);
  told.dwCipherStrength = static_cast<DWORD>(SSL_CIPHER_get_bits(cipher, nullptr));
  if (std::strstr(SSL_CIPHER_get_name(cipher), "AES") != nullptr)
    told.aiCipher = told.dwCipherStrength == 128 ? CALG_AES_128 : CALG_AES_256;
  if (SSL_CIPHER_is_aead(cipher) == 0) {
    const EVP_MD* const digest = EVP_get_digestbynid(SSL_CIPHER_get_digest_nid(cipher));
    told.dwHashStrength = digest == nullptr ? 0 : static_cast<DWORD>(EVP_MD_get_size(digest)) * 8;
    told.aiHash = told.dwHashStrength == 160 ? CALG_SHA1 : told.dwHashStrength == 256 ? CALG_SHA_256 : CALG_SHA_384;
  } else {
    const EVP_MD* const digest = SSL_CIPHER_get_handshake_digest(cipher);
    told.aiHash = digest != nullptr && EVP_MD_get_size(digest) == 48 ? CALG_SHA_384 : CALG_SHA_256;
  }
  const int exchange = SSL_CIPHER_get_kx_nid(cipher);
  told.aiExch = exchange == NID_kx_rsa ? CALG_RSA_KEYX : exchange == NID_kx_dhe ? CALG_DH_EPHEM : CALG_ECDH_EPHEM;
  told.dwExchStrength = exchange_strength(session_.ssl());
  return told;
}

Result<SecPkgContext_ApplicationProtocol> Connection::protocol() {
  const std::lock_guard lock(mutex_);
  TRY(require_established());
  constexpr ULONG kAgreed = 1, kAlpn = 2;
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(session_.ssl(), &name, &size);
  SecPkgContext_ApplicationProtocol told = {};
  if (size == 0) return told;
  told.ProtoNegoStatus = kAgreed;
  told.ProtoNegoExt = kAlpn;
  told.ProtocolIdSize = static_cast<BYTE>(size);
  std::memcpy(told.ProtocolId, name, size);
  return told;
}

// In a store with the others that came with it.
Result<crypt32::Context*> Connection::peer_certificate() const {
  const crypt32::X509Ptr peer(SSL_get1_peer_certificate(session_.ssl()));
  if (peer == nullptr) return fail(SEC_E_NO_CREDENTIALS, "the peer has shown no certificate");
  const auto parse = [](const X509* x509) { return crypt32::Certificate::parse(crypt32::der<X509>(x509, i2d_X509)); };
  const crypt32::CertificatePtr leaf = TRY(parse(peer.get()));
  std::vector<crypt32::CertificatePtr> all = {leaf};
  const STACK_OF(X509)* const sent = SSL_get_peer_cert_chain(session_.ssl());
  for (int i = 0; i < sk_X509_num(sent); ++i)
    if (const X509* const each = sk_X509_value(sent, i); X509_cmp(each, peer.get()) != 0)
      all.push_back(TRY(parse(each)));
  auto* const store = new crypt32::Store(std::move(all));
  auto* const context = new crypt32::Context(leaf, store);
  store->release();  // the context's now
  return context;
}

Result<const CERT_CONTEXT*> Connection::certificate(bool remote) {
  const std::lock_guard lock(mutex_);
  TRY(require_established());
  if (remote) return TRY(peer_certificate());
  if (!credentials_->certificate()) return fail(SEC_E_NO_CREDENTIALS, "this end has no certificate");
  return new crypt32::Context(credentials_->certificate(), nullptr);
}

}  // namespace hmodule::winapi::secur32
