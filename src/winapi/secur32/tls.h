// One end of a TLS connection whose bytes the program carries itself: records in, records out. OpenSSL does the work.
#pragma once

#include "crypto/library.h"
#include "winapi/secur32/sspi.h"

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace hmodule::winapi::secur32 {

using crypto::ByteVector;
using crypto::Data;

enum class Role : bool { client, server };

// What a credentials handle stands for: the versions allowed and the certificate to show.
struct TlsOptions {
  bool tls12 = true, tls13 = false;
  X509* certificate = nullptr;  // with its key, or none
  EVP_PKEY* key = nullptr;
  std::vector<X509*> issuers = {};  // sent with it
};
using TlsContext = crypto::Owned<SSL_CTX, SSL_CTX_free>;
// SEC_E_ALGORITHM_MISMATCH without any version, SEC_E_NO_CREDENTIALS for a key that is not the certificate's.
Result<TlsContext> make_tls_context(const TlsOptions& options);

class TlsSession {
 public:
  TlsSession(SSL_CTX* context, Role role);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Before the first step. The protocols are a list as ALPN sends it.
  void name_server(const std::string& name);
  void ask_client_for_certificate();
  Status offer_protocols(Data list);

  // The size of the record that `input` begins with; 0: not even that is known yet. SEC_E_ILLEGAL_MESSAGE.
  static Result<std::size_t> record_size(Data input);

  // Goes on with the handshake as far as the whole records of `input` carry it; the first step of a client has none.
  // Gives the number of bytes used. SEC_E_INCOMPLETE_MESSAGE if there is not one whole record.
  Result<std::size_t> shake_hands(Data input);
  bool established() const { return established_; }

  // One record each. What is decrypted may be nothing: a message about the connection.
  Result<ByteVector> encrypt(Data message);
  Result<crypto::Secret> decrypt(Data record);
  bool closed_by_peer() const;
  void close();

  // What the peer is to be sent; stays until it is dropped.
  Data output() const { return output_; }
  void drop_output() { output_.clear(); }

  SSL* ssl() const { return ssl_.get(); }
  // How much longer records are than what they carry, before and behind it.
  struct Overhead {
    ULONG header, trailer;
  };
  Overhead overhead() const;

 private:
  Status feed(Data record);
  void tell_new_keys();
  void collect(ByteVector& bytes);  // what OpenSSL has written

  const Role role_;
  const crypto::Owned<SSL, SSL_free> ssl_;
  BIO *in_, *out_;  // ssl_ owns them
  ByteVector protocols_, output_;
  bool established_ = false;
};

}  // namespace hmodule::winapi::secur32
