#include "winapi/secur32/tls.h"

#include <openssl/err.h>

#include <string_view>

namespace hmodule::winapi::secur32 {
namespace {

constexpr std::size_t kRecordHeader = 5, kLargestRecord = kRecordHeader + 16384 + 2048;

// The alerts that say more than that the handshake failed.
LONG status_of_openssl() {
  switch (ERR_GET_REASON(ERR_peek_last_error())) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return SEC_E_ALGORITHM_MISMATCH;
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return SEC_E_MESSAGE_ALTERED;
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return SEC_E_UNTRUSTED_ROOT;
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return SEC_E_CERT_EXPIRED;
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
      return SEC_E_CERT_UNKNOWN;
    default:
      return SEC_E_ILLEGAL_MESSAGE;
  }
}

Error tls_error(std::string_view what) {
  return crypto::openssl_error(status_of_openssl(), what);
}

// The caller checks certificates, by the rules of crypt32.
int accept_any(X509_STORE_CTX*, void*) {
  return 1;
}

int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  const auto& list = *static_cast<const ByteVector*>(SSL_get_app_data(ssl));
  if (list.empty()) return SSL_TLSEXT_ERR_NOACK;
  unsigned char* found = nullptr;
  const int how =
      SSL_select_next_proto(&found, size, list.data(), static_cast<unsigned>(list.size()), offered, offered_size);
  *chosen = found;
  return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsOptions& options) {
  if (!options.tls12 && !options.tls13)
    return fail(SEC_E_ALGORITHM_MISMATCH, "none of the wanted protocols is TLS 1.2 or 1.3");
  TlsContext context(SSL_CTX_new_ex(crypto::library(), nullptr, TLS_method()));
  if (context == nullptr) return crypto::openssl_error(SEC_E_INTERNAL_ERROR, "a TLS context");
  SSL_CTX_set_min_proto_version(context.get(), options.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), options.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);  // which nobody would redeem
  SSL_CTX_set_cert_verify_callback(context.get(), accept_any, nullptr);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  if (options.certificate == nullptr) return context;
  bool good = SSL_CTX_use_certificate(context.get(), options.certificate) == 1 &&
              SSL_CTX_use_PrivateKey(context.get(), options.key) == 1;
  for (X509* const issuer : options.issuers) good = good && SSL_CTX_add1_chain_cert(context.get(), issuer) == 1;
  if (!good) return crypto::openssl_error(SEC_E_NO_CREDENTIALS, "a certificate and its key");
  return context;
}

TlsSession::TlsSession(SSL_CTX* context, Role role)
    : role_(role), ssl_(SSL_new(context)), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  if (ssl_ == nullptr || in_ == nullptr || out_ == nullptr) {
    BIO_free(in_);
    BIO_free(out_);
    throw std::bad_alloc();
  }
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_app_data(ssl_.get(), &protocols_);
  if (role == Role::client)
    SSL_set_connect_state(ssl_.get());
  else
    SSL_set_accept_state(ssl_.get());
}

TlsSession::~TlsSession() = default;

void TlsSession::name_server(const std::string& name) {
  const bool is_address = name.find(':') != name.npos || name.find_first_not_of("0123456789.") == name.npos;
  if (!is_address) SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
}

void TlsSession::ask_client_for_certificate() {
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, nullptr);
}

Status TlsSession::offer_protocols(Data list) {
  for (std::size_t at = 0; at < list.size(); at += 1 + list[at])
    if (list[at] == 0 || list[at] >= list.size() - at)
      return fail(SEC_E_INVALID_TOKEN, "a list of protocols of {} bytes breaks off at byte {}", list.size(), at);
  protocols_.assign(list.begin(), list.end());
  if (role_ == Role::client)
    SSL_set_alpn_protos(ssl_.get(), protocols_.data(), static_cast<unsigned>(protocols_.size()));
  return ok;
}

Result<std::size_t> TlsSession::record_size(Data input) {
  constexpr BYTE kFirstType = 20, kLastType = 23, kMajorVersion = 3;
  if (!input.empty() && (input[0] < kFirstType || input[0] > kLastType))
    return fail(SEC_E_ILLEGAL_MESSAGE, "a TLS record of type {}", input[0]);
  if (input.size() > 1 && input[1] != kMajorVersion)
    return fail(SEC_E_ILLEGAL_MESSAGE, "a TLS record of version {}.x", input[1]);
  if (input.size() < kRecordHeader) return 0;
  const std::size_t size = kRecordHeader + (std::size_t{input[3]} << 8 | input[4]);
  if (size > kLargestRecord) return fail(SEC_E_ILLEGAL_MESSAGE, "a TLS record of {} bytes", size);
  return size;
}

Status TlsSession::feed(Data record) {
  if (BIO_write(in_, record.data(), static_cast<int>(record.size())) != static_cast<int>(record.size()))
    return fail(SEC_E_INSUFFICIENT_MEMORY, "no memory for a record of {} bytes", record.size());
  return ok;
}

Result<std::size_t> TlsSession::shake_hands(Data input) {
  std::size_t used = 0;
  const bool first = input.empty();
  while (!established_ && (first || used < input.size())) {
    if (!first) {
      const Data rest = input.subspan(used);
      const std::size_t size = TRY(record_size(rest));
      if (size == 0 || size > rest.size()) break;
      TRY(feed(rest.first(size)));
      used += size;
    }
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    collect(output_);
    established_ = result == 1;
    if (!established_ && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) return tls_error("a TLS handshake");
    if (first) break;
  }
  if (!first && used == 0) return fail(SEC_E_INCOMPLETE_MESSAGE, "{} bytes are no whole TLS record", input.size());
  return used;
}

Result<ByteVector> TlsSession::encrypt(Data message) {
  ERR_clear_error();
  // Without a byte there is no record.
  if (message.empty() || SSL_write(ssl_.get(), message.data(), static_cast<int>(message.size())) <= 0)
    return crypto::openssl_error(SEC_E_ENCRYPT_FAILURE, "a message to be encrypted");
  ByteVector record;
  collect(record);
  return record;
}

Result<crypto::Secret> TlsSession::decrypt(Data record) {
  TRY(feed(record));
  crypto::Secret message;
  for (;;) {
    BYTE part[16384];
    ERR_clear_error();
    const int size = SSL_read(ssl_.get(), part, sizeof part);
    if (size > 0) {
      message.insert(message.end(), part, part + size);
      continue;
    }
    const int why = SSL_get_error(ssl_.get(), size);
    OPENSSL_cleanse(part, sizeof part);
    tell_new_keys();
    collect(output_);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_ZERO_RETURN) return message;
    return tls_error("a TLS record");
  }
}

// If the peer wants new keys: now, and not in front of the next message, where there is no room for it.
void TlsSession::tell_new_keys() {
  if (SSL_get_key_update_type(ssl_.get()) == SSL_KEY_UPDATE_NONE) return;
  SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
  SSL_do_handshake(ssl_.get());
}

bool TlsSession::closed_by_peer() const {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void TlsSession::close() {
  SSL_shutdown(ssl_.get());
  collect(output_);
  ERR_clear_error();
}

void TlsSession::collect(ByteVector& bytes) {
  char* written = nullptr;
  const long size = BIO_get_mem_data(out_, &written);
  if (size > 0) bytes.insert(bytes.end(), written, written + size);
  BIO_reset(out_);
}

TlsSession::Overhead TlsSession::overhead() const {
  constexpr ULONG kHeader = kRecordHeader, kNonce = 8, kTag = 16, kBlock = 16, kLargestMac = 48;
  if (SSL_version(ssl_.get()) == TLS1_3_VERSION) return {kHeader, kTag + 1};
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_.get());
  if (SSL_CIPHER_is_aead(cipher) == 0) return {kHeader + kBlock, kLargestMac + kBlock};
  const bool chacha = std::string_view(SSL_CIPHER_get_name(cipher)).find("CHACHA20") != std::string_view::npos;
  return {chacha ? kHeader : kHeader + kNonce, kTag};
}

}  // namespace hmodule::winapi::secur32
