// The one security package there is: TLS 1.2 and 1.3.
#pragma once

#include "winapi/crypt32/certificate.h"
#include "winapi/secur32/tls.h"

#include <memory>
#include <mutex>
#include <string>

namespace hmodule::winapi::secur32 {

inline constexpr ULONG kMaximumToken = 24576;

// What a CredHandle names. Never changes.
class Credentials {
 public:
  // `use` is SECPKG_CRED_..., `wish` a SCHANNEL_CRED, an SCH_CREDENTIALS or nothing. SEC_E_NO_CREDENTIALS for a
  // certificate without its key, and for a server without a certificate; SEC_E_ALGORITHM_MISMATCH.
  static Result<std::shared_ptr<Credentials>> make(ULONG use, const void* wish);

  Role role() const { return role_; }
  SSL_CTX* context() const { return context_.get(); }
  DWORD protocols() const { return protocols_; }  // SP_PROT_...
  bool checks_servers() const { return checks_servers_; }
  bool checks_names() const { return checks_names_; }
  const crypt32::CertificatePtr& certificate() const { return certificate_; }

 private:
  Role role_ = Role::client;
  DWORD protocols_ = 0;
  bool checks_servers_ = true, checks_names_ = true;
  crypt32::CertificatePtr certificate_;
  TlsContext context_;
};
using CredentialsPtr = std::shared_ptr<Credentials>;

// What a CtxtHandle names: one end of a connection. All functions take its lock.
class Connection {
 public:
  Connection(CredentialsPtr credentials, std::u16string target);

  // One step of InitializeSecurityContext or AcceptSecurityContext. `output` may be nullptr.
  Result<LONG> step(ULONG request, SecBufferDesc* input, SecBufferDesc* output);
  // ApplyControlToken: SCHANNEL_SHUTDOWN is told to the peer by the next step.
  Status control(const SecBufferDesc& input);
  Result<LONG> encrypt(SecBufferDesc& message);
  Result<LONG> decrypt(SecBufferDesc& message);

  // What QueryContextAttributes tells of it. SEC_E_INVALID_HANDLE before the end of the handshake.
  Result<SecPkgContext_StreamSizes> stream_sizes();
  Result<SecPkgContext_ConnectionInfo> information();
  Result<SecPkgContext_ApplicationProtocol> protocol();
  // SEC_E_NO_CREDENTIALS if that end has shown none. The caller owns it.
  Result<const crypt32::CERT_CONTEXT*> certificate(bool remote);

 private:
  Result<LONG> step_locked(ULONG request, SecBufferDesc* input, SecBufferDesc* output);
  Status require_established() const;
  Result<crypt32::Context*> peer_certificate() const;
  Status check_server(ULONG request) const;
  Status give_output(ULONG request, SecBufferDesc* output);

  std::mutex mutex_;
  const CredentialsPtr credentials_;
  const std::u16string target_;
  TlsSession session_;
  bool begun_ = false, closing_ = false, broken_ = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace hmodule::winapi::secur32
