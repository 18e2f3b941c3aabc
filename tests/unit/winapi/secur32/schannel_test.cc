#include "support/certificates.h"
#include "unit/winapi/process.h"
#include "winapi/crypt32/exports.h"
#include "winapi/crypt32/wincrypt.h"
#include "winapi/secur32/exports.h"
#include "winapi/secur32/sspi.h"

#include <gmock/gmock.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>

#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace hmodule::winapi::secur32 {
namespace {

using crypt32::CERT_CONTEXT;
using Bytes = std::vector<BYTE>;

template <typename R, typename... Args>
Function<R, Args...> sspi(std::string_view name) {
  return function<R, Args...>(secur32_dll, name);
}
template <typename R, typename... Args>
Function<R, Args...> crypt(std::string_view name) {
  return function<R, Args...>(crypt32_dll, name);
}

// --- certificates ---

using test::certify;
using test::Identity;
using test::kDay;

const Identity& root() {
  static const Identity* const made = [] {
    static const Identity root = certify("The root", nullptr);
    static const test::TrustedRoot trusted(root);
    return &root;
  }();
  return *made;
}

// As a program gets it from a PFX. Its store stays open.
const CERT_CONTEXT* context_of(const Identity& identity) {
  PKCS12* const pfx = PKCS12_create("", "", identity.key.get(), identity.x509.get(), nullptr, 0, 0, 0, 0, 0);
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(pfx, &der);
  crypt32::CRYPT_DATA_BLOB blob = {static_cast<DWORD>(size), der};
  void* const store = crypt<void*, void*, const WCHAR*, DWORD>("PFXImportCertStore")(&blob, u"", 0);
  OPENSSL_free(der);
  PKCS12_free(pfx);
  const CERT_CONTEXT* const context =
      crypt<const CERT_CONTEXT*, void*, const CERT_CONTEXT*>("CertEnumCertificatesInStore")(store, nullptr);
  EXPECT_TRUE((crypt<BOOL, void*, DWORD>("CertCloseStore")(store, 0)));  // the context keeps it
  return context;
}
void free_context(const CERT_CONTEXT* context) {
  crypt<BOOL, const CERT_CONTEXT*>("CertFreeCertificateContext")(context);
}

Identity server_identity(const char* name = "server.test", long to = kDay) {
  return certify(name, &root(), -kDay, to);
}

// --- both ends ---

constexpr ULONG kRequest = ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_CONFIDENTIALITY | ISC_REQ_REPLAY_DETECT |
                           ISC_REQ_SEQUENCE_DETECT | ISC_REQ_STREAM | ISC_REQ_EXTENDED_ERROR;
constexpr WCHAR kPackage[] = u"Microsoft Unified Security Protocol Provider";

// One end of a connection, as a program drives it.
class End {
 public:
  End(ULONG use, const void* wish, const WCHAR* target = u"server.test") : client_(use == SECPKG_CRED_OUTBOUND) {
    target_ = target;
    acquired =
        sspi<LONG, const WCHAR*, const WCHAR*, ULONG, void*, const void*, void*, void*, SecHandle*, LARGE_INTEGER*>(
            "AcquireCredentialsHandleW")(nullptr, kPackage, use, nullptr, wish, nullptr, nullptr, &credentials_,
                                         nullptr);
  }
  ~End() {
    if (has_context_) {
      EXPECT_EQ((sspi<LONG, SecHandle*>("DeleteSecurityContext")(&context_)), SEC_E_OK);
      EXPECT_EQ((sspi<LONG, SecHandle*>("DeleteSecurityContext")(&context_)), SEC_E_INVALID_HANDLE);
    }
    if (acquired == SEC_E_OK) {
      EXPECT_EQ((sspi<LONG, SecHandle*>("FreeCredentialsHandle")(&credentials_)), SEC_E_OK);
      EXPECT_EQ((sspi<LONG, SecHandle*>("FreeCredentialsHandle")(&credentials_)), SEC_E_INVALID_HANDLE);
    }
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  // Takes `input`, of which what is not used stays, and puts what it says into `said`.
  LONG step(Bytes& input, Bytes& said, Bytes protocols = {}) {
    SecBuffer in[3] = {{static_cast<ULONG>(input.size()), SECBUFFER_TOKEN, input.data()},
                       {0, SECBUFFER_EMPTY, nullptr},
                       {static_cast<ULONG>(protocols.size()), SECBUFFER_APPLICATION_PROTOCOLS, protocols.data()}};
    SecBufferDesc in_list = {0, protocols.empty() ? 2U : 3U, in};
    SecBuffer out = {0, has_context_ ? ULONG{SECBUFFER_TOKEN} : ULONG{SECBUFFER_EMPTY}, nullptr};  // either will do
    SecBufferDesc out_list = {0, 1, &out};
    ULONG attributes = 0;
    SecHandle* const known = has_context_ ? &context_ : nullptr;
    LONG status;
    if (client_)
      status = sspi<LONG, SecHandle*, SecHandle*, const WCHAR*, ULONG, ULONG, ULONG, SecBufferDesc*, ULONG, SecHandle*,
                    SecBufferDesc*, ULONG*, LARGE_INTEGER*>("InitializeSecurityContextW")(
          &credentials_, known, target_, kRequest | ISC_REQ_USE_SUPPLIED_CREDS | request, 0, 0,
          known == nullptr && protocols.empty() ? nullptr : &in_list, 0, &context_, &out_list, &attributes, nullptr);
    else
      status = sspi<LONG, SecHandle*, SecHandle*, SecBufferDesc*, ULONG, ULONG, SecHandle*, SecBufferDesc*, ULONG*,
                    LARGE_INTEGER*>("AcceptSecurityContext")(&credentials_, known, &in_list, kRequest | request, 0,
                                                             &context_, &out_list, &attributes, nullptr);
    // libcurl wants to be told of no less and no more than it has asked for.
    if (status >= 0 && client_) {
      EXPECT_EQ(attributes, kRequest | ISC_REQ_USE_SUPPLIED_CREDS | request);
    }
    has_context_ = has_context_ || status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED;
    missing = in[1].BufferType == SECBUFFER_MISSING ? std::optional(in[1].cbBuffer) : std::nullopt;
    if (status == SEC_E_INCOMPLETE_MESSAGE) return status;
    if (in[1].BufferType == SECBUFFER_EXTRA)
      input.erase(input.begin(), input.end() - in[1].cbBuffer);
    else
      input.clear();
    if (status >= 0) {
      EXPECT_EQ(out.BufferType, SECBUFFER_TOKEN);
    }
    const auto* const bytes = static_cast<const BYTE*>(out.pvBuffer);
    said.insert(said.end(), bytes, bytes + out.cbBuffer);
    EXPECT_EQ((sspi<LONG, void*>("FreeContextBuffer")(out.pvBuffer)), SEC_E_OK);
    return status;
  }

  template <typename T>
  LONG query(ULONG attribute, T& told) {
    return sspi<LONG, SecHandle*, ULONG, void*>("QueryContextAttributesW")(&context_, attribute, &told);
  }

  Bytes encrypt(std::string_view message) {
    SecPkgContext_StreamSizes sizes;
    EXPECT_EQ(query(SECPKG_ATTR_STREAM_SIZES, sizes), SEC_E_OK);
    Bytes whole(sizes.cbHeader + message.size() + sizes.cbTrailer);
    std::copy(message.begin(), message.end(), whole.begin() + sizes.cbHeader);
    const auto length = static_cast<ULONG>(message.size());
    SecBuffer buffers[4] = {{sizes.cbHeader, SECBUFFER_STREAM_HEADER, whole.data()},
                            {length, SECBUFFER_DATA, whole.data() + sizes.cbHeader},
                            {sizes.cbTrailer, SECBUFFER_STREAM_TRAILER, whole.data() + sizes.cbHeader + length},
                            {0, SECBUFFER_EMPTY, nullptr}};
    SecBufferDesc list = {0, 4, buffers};
    encrypted = sspi<LONG, SecHandle*, ULONG, SecBufferDesc*, ULONG>("EncryptMessage")(&context_, 0, &list, 0);
    whole.resize(buffers[0].cbBuffer + buffers[1].cbBuffer + buffers[2].cbBuffer);
    return whole;
  }

  // One message of `stream`, of which it is taken.
  LONG decrypt(Bytes& stream, std::string& message) {
    SecBuffer buffers[4] = {{static_cast<ULONG>(stream.size()), SECBUFFER_DATA, stream.data()}, {}, {}, {}};
    SecBufferDesc list = {0, 4, buffers};
    const LONG status =
        sspi<LONG, SecHandle*, SecBufferDesc*, ULONG, ULONG*>("DecryptMessage")(&context_, &list, 0, nullptr);
    missing = buffers[1].BufferType == SECBUFFER_MISSING ? std::optional(buffers[1].cbBuffer) : std::nullopt;
    if (status < 0) return status;
    EXPECT_EQ(buffers[1].BufferType, SECBUFFER_DATA);
    message.assign(static_cast<const char*>(buffers[1].pvBuffer), buffers[1].cbBuffer);
    const ULONG extra = buffers[3].BufferType == SECBUFFER_EXTRA ? buffers[3].cbBuffer : 0;
    EXPECT_EQ(buffers[0].cbBuffer + buffers[1].cbBuffer + buffers[2].cbBuffer + extra, stream.size());
    stream.erase(stream.begin(), stream.end() - extra);
    return status;
  }

  LONG shut_down() {
    DWORD kind = SCHANNEL_SHUTDOWN;
    SecBuffer token = {sizeof kind, SECBUFFER_TOKEN, &kind};
    SecBufferDesc list = {0, 1, &token};
    return sspi<LONG, SecHandle*, SecBufferDesc*>("ApplyControlToken")(&context_, &list);
  }

  LONG acquired, encrypted = SEC_E_OK;
  ULONG request = 0;
  std::optional<ULONG> missing;

 private:
  const bool client_;
  const WCHAR* target_;
  SecHandle credentials_{}, context_{};
  bool has_context_ = false;
};

struct Ends {
  LONG client = SEC_I_CONTINUE_NEEDED, server = SEC_I_CONTINUE_NEEDED;
};
// Until both are content, or one is not.
Ends connect(End& client, End& server, const Bytes& client_protocols = {}, const Bytes& server_protocols = {}) {
  Ends ends;
  Bytes none, to_server, to_client;
  ends.client = client.step(none, to_server, client_protocols);
  for (int i = 0; i < 10 && (ends.client > 0 || ends.server > 0); ++i) {
    if (!to_server.empty() && ends.server > 0)
      ends.server = server.step(to_server, to_client, i == 0 ? server_protocols : Bytes());
    if (!to_client.empty() && ends.client > 0) ends.client = client.step(to_client, to_server);
  }
  EXPECT_TRUE(ends.client != SEC_E_OK || ends.server != SEC_E_OK || (to_client.empty() && to_server.empty()));
  return ends;
}

class Schannel : public ::testing::Test {
 protected:
  Schannel() {
    static_cast<void>(root());
    identity_ = server_identity();
    certificate_ = context_of(identity_);
    list_[0] = certificate_;
    server_.dwVersion = 4;
    server_.cCreds = 1;
    server_.paCred = list_;
    client_.dwVersion = 4;
  }
  ~Schannel() override { free_context(certificate_); }
  Identity identity_;
  const CERT_CONTEXT* certificate_;
  const void* list_[1];
  SCHANNEL_CRED server_{}, client_{};
};

TEST_F(Schannel, ConnectsAndCarriesMessagesBothWays) {
  End client(SECPKG_CRED_OUTBOUND, &client_), server(SECPKG_CRED_INBOUND, &server_);
  ASSERT_EQ(client.acquired, SEC_E_OK);
  ASSERT_EQ(server.acquired, SEC_E_OK);
  const Ends ends = connect(client, server);
  ASSERT_EQ(ends.client, SEC_E_OK);
  ASSERT_EQ(ends.server, SEC_E_OK);
  for (const std::size_t size : {1U, 15U, 1000U, 16384U}) {
    std::string message(size, 'x'), heard;
    std::iota(message.begin(), message.end(), '\1');
    Bytes stream = client.encrypt(message);
    EXPECT_NE(std::string(stream.begin(), stream.end()).find(message.substr(0, 15)), 0U);
    EXPECT_EQ(server.decrypt(stream, heard), SEC_E_OK);
    EXPECT_EQ(heard, message);
    stream = server.encrypt(heard);
    EXPECT_EQ(client.decrypt(stream, heard), SEC_E_OK);
    EXPECT_EQ(heard, message);
  }
  client.encrypt(std::string(16385, 'x'));
  EXPECT_EQ(client.encrypted, SEC_E_ENCRYPT_FAILURE);
}

TEST_F(Schannel, TellsHowItIsConnected) {
  End client(SECPKG_CRED_OUTBOUND, &client_), server(SECPKG_CRED_INBOUND, &server_);
  SecPkgContext_ConnectionInfo told{}, other{};
  EXPECT_EQ(client.query(SECPKG_ATTR_CONNECTION_INFO, told), SEC_E_INVALID_HANDLE) << "there is no context yet";
  ASSERT_EQ(connect(client, server).client, SEC_E_OK);
  ASSERT_EQ(client.query(SECPKG_ATTR_CONNECTION_INFO, told), SEC_E_OK);
  ASSERT_EQ(server.query(SECPKG_ATTR_CONNECTION_INFO, other), SEC_E_OK);
  EXPECT_EQ(told.dwProtocol, SP_PROT_TLS1_2_CLIENT) << "older credentials know nothing newer";
  EXPECT_EQ(other.dwProtocol, SP_PROT_TLS1_2_SERVER);
  EXPECT_EQ(told.aiCipher, 0x6610U);  // CALG_AES_256
  EXPECT_EQ(told.dwCipherStrength, 256U);
  EXPECT_EQ(told.aiExch, 0xAE06U);  // CALG_ECDH_EPHEM
  EXPECT_EQ(told.dwExchStrength, other.dwExchStrength);
  const CERT_CONTEXT* peer = nullptr;
  ASSERT_EQ(client.query(SECPKG_ATTR_REMOTE_CERT_CONTEXT, peer), SEC_E_OK);
  EXPECT_EQ(Bytes(peer->pbCertEncoded, peer->pbCertEncoded + peer->cbCertEncoded),
            Bytes(certificate_->pbCertEncoded, certificate_->pbCertEncoded + certificate_->cbCertEncoded));
  free_context(peer);
  EXPECT_EQ(client.query(SECPKG_ATTR_LOCAL_CERT_CONTEXT, peer), SEC_E_NO_CREDENTIALS);
  ASSERT_EQ(server.query(SECPKG_ATTR_LOCAL_CERT_CONTEXT, peer), SEC_E_OK);
  free_context(peer);
  EXPECT_EQ(server.query(SECPKG_ATTR_REMOTE_CERT_CONTEXT, peer), SEC_E_NO_CREDENTIALS);
  EXPECT_EQ(client.query(0x1234, told), SEC_E_UNSUPPORTED_FUNCTION);
  SecPkgInfo<WCHAR>* package = nullptr;
  ASSERT_EQ(client.query(SECPKG_ATTR_PACKAGE_INFO, package), SEC_E_OK);
  EXPECT_EQ(std::u16string(package->Name), kPackage);
  EXPECT_EQ((sspi<LONG, void*>("FreeContextBuffer")(package)), SEC_E_OK);
}

TEST_F(Schannel, SpeaksNewerVersionsWithThoseWhoKnowThem) {
  SCH_CREDENTIALS now = {}, now_server = {};
  now.dwVersion = now_server.dwVersion = 5;
  now_server.cCreds = 1;
  now_server.paCred = list_;
  TLS_PARAMETERS only_13 = {};
  only_13.grbitDisabledProtocols = SP_PROT_TLS1_2_CLIENT;
  now.cTlsParameters = 1;
  now.pTlsParameters = &only_13;
  End client(SECPKG_CRED_OUTBOUND, &now), server(SECPKG_CRED_INBOUND, &now_server);
  const Ends ends = connect(client, server);
  ASSERT_EQ(ends.client, SEC_E_OK);
  ASSERT_EQ(ends.server, SEC_E_OK);
  SecPkgContext_ConnectionInfo told{};
  ASSERT_EQ(client.query(SECPKG_ATTR_CONNECTION_INFO, told), SEC_E_OK);
  EXPECT_EQ(told.dwProtocol, SP_PROT_TLS1_3_CLIENT);
  std::string heard;
  Bytes stream = client.encrypt("hello");
  EXPECT_EQ(server.decrypt(stream, heard), SEC_E_OK);
  EXPECT_EQ(heard, "hello");
  // Those who share no version do not come together.
  End old_server(SECPKG_CRED_INBOUND, &server_), new_client(SECPKG_CRED_OUTBOUND, &now);
  const Ends apart = connect(new_client, old_server);
  EXPECT_EQ(apart.server, SEC_E_ALGORITHM_MISMATCH);
  client_.grbitEnabledProtocols = 0x80;  // SP_PROT_TLS1_0_CLIENT
  EXPECT_EQ(End(SECPKG_CRED_OUTBOUND, &client_).acquired, SEC_E_ALGORITHM_MISMATCH);
}

// A stream has no messages: they come in any pieces.
TEST_F(Schannel, WaitsForWholeRecords) {
  End client(SECPKG_CRED_OUTBOUND, &client_), server(SECPKG_CRED_INBOUND, &server_);
  Bytes none, hello, answer;
  ASSERT_EQ(client.step(none, hello), SEC_I_CONTINUE_NEEDED);
  for (const std::size_t size : {1U, 4U, 5U, 20U}) {
    Bytes part(hello.begin(), hello.begin() + static_cast<long>(size));
    EXPECT_EQ(server.step(part, answer), SEC_E_INCOMPLETE_MESSAGE) << size;
    EXPECT_EQ(server.missing, size < 5 ? std::nullopt : std::optional<ULONG>(hello.size() - size)) << size;
  }
  ASSERT_EQ(server.step(hello, answer), SEC_I_CONTINUE_NEEDED);
  // Byte by byte, what is used goes.
  Bytes piece, said;
  LONG status = SEC_E_INCOMPLETE_MESSAGE;
  for (const BYTE byte : answer) {
    piece.push_back(byte);
    status = client.step(piece, said);
    ASSERT_TRUE(status == SEC_E_INCOMPLETE_MESSAGE || status == SEC_I_CONTINUE_NEEDED) << std::hex << status;
  }
  EXPECT_EQ(status, SEC_I_CONTINUE_NEEDED);
  Bytes last;
  ASSERT_EQ(server.step(said, last), SEC_E_OK);
  // The first message is there before the client has taken the end of the handshake.
  const Bytes early = server.encrypt("early"), second = server.encrypt("second");
  last.insert(last.end(), early.begin(), early.end());
  last.insert(last.end(), second.begin(), second.end() - 3);
  ASSERT_EQ(client.step(last, said), SEC_E_OK);
  EXPECT_EQ(last.size(), early.size() + second.size() - 3);
  std::string heard;
  EXPECT_EQ(client.decrypt(last, heard), SEC_E_OK);
  EXPECT_EQ(heard, "early");
  EXPECT_EQ(client.decrypt(last, heard), SEC_E_INCOMPLETE_MESSAGE);
  EXPECT_EQ(client.missing, 3U);
  last.insert(last.end(), second.end() - 3, second.end());
  EXPECT_EQ(client.decrypt(last, heard), SEC_E_OK);
  EXPECT_EQ(heard, "second");
}

TEST_F(Schannel, EndsWithAWordOfFarewell) {
  End client(SECPKG_CRED_OUTBOUND, &client_), server(SECPKG_CRED_INBOUND, &server_);
  ASSERT_EQ(connect(client, server).client, SEC_E_OK);
  ASSERT_EQ(client.shut_down(), SEC_E_OK);
  Bytes none, farewell;
  EXPECT_EQ(client.step(none, farewell), SEC_E_OK);
  EXPECT_FALSE(farewell.empty());
  std::string heard;
  EXPECT_EQ(server.decrypt(farewell, heard), SEC_I_CONTEXT_EXPIRED);
  EXPECT_EQ(heard, "");
}

TEST_F(Schannel, AgreesOnAProtocol) {
  // SEC_APPLICATION_PROTOCOLS with one list of ALPN
  const auto list = [](std::string_view names) {
    Bytes bytes = {static_cast<BYTE>(names.size() + 6), 0, 0, 0, 2, 0, 0, 0, static_cast<BYTE>(names.size()), 0};
    bytes.insert(bytes.end(), names.begin(), names.end());
    return bytes;
  };
  End client(SECPKG_CRED_OUTBOUND, &client_), server(SECPKG_CRED_INBOUND, &server_);
  ASSERT_EQ(connect(client, server, list("\2h2\10http/1.1"), list("\10http/1.1")).client, SEC_E_OK);
  for (End* const end : {&client, &server}) {
    SecPkgContext_ApplicationProtocol told;
    ASSERT_EQ(end->query(SECPKG_ATTR_APPLICATION_PROTOCOL, told), SEC_E_OK);
    EXPECT_EQ(told.ProtoNegoStatus, 1U);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(told.ProtocolId), told.ProtocolIdSize), "http/1.1");
  }
  End silent(SECPKG_CRED_OUTBOUND, &client_), other(SECPKG_CRED_INBOUND, &server_);
  ASSERT_EQ(connect(silent, other, {}, list("\2h2")).client, SEC_E_OK);
  SecPkgContext_ApplicationProtocol told;
  ASSERT_EQ(silent.query(SECPKG_ATTR_APPLICATION_PROTOCOL, told), SEC_E_OK);
  EXPECT_EQ(told.ProtoNegoStatus, 0U);
  End wrong(SECPKG_CRED_OUTBOUND, &client_);
  Bytes none, said;
  EXPECT_EQ(wrong.step(none, said, list("\7h2")), SEC_E_INVALID_TOKEN);
}

TEST_F(Schannel, TrustsOnlyWhomTheSystemTrusts) {
  const auto verdict = [&](const Identity& identity, const WCHAR* target, DWORD flags, ULONG request) {
    const CERT_CONTEXT* const certificate = context_of(identity);
    const void* list[] = {certificate};
    server_.paCred = list;
    client_.dwFlags = flags;
    End client(SECPKG_CRED_OUTBOUND, &client_, target), server(SECPKG_CRED_INBOUND, &server_);
    client.request = request;
    const LONG status = connect(client, server).client;
    if (status < 0) {  // nothing more of it
      SecPkgContext_StreamSizes sizes;
      EXPECT_EQ(client.query(SECPKG_ATTR_STREAM_SIZES, sizes), SEC_E_INVALID_HANDLE);
      Bytes none, said;
      EXPECT_EQ(client.step(none, said), SEC_E_INVALID_HANDLE);
    }
    free_context(certificate);
    return status;
  };
  const Identity stranger = certify("A stranger", nullptr), unknown = certify("server.test", &stranger);
  const Identity expired = server_identity("server.test", -3600);
  EXPECT_EQ(verdict(identity_, u"server.test", 0, 0), SEC_E_OK);
  EXPECT_EQ(verdict(identity_, u"other.test", 0, 0), SEC_E_WRONG_PRINCIPAL);
  EXPECT_EQ(verdict(identity_, u"other.test", SCH_CRED_NO_SERVERNAME_CHECK, 0), SEC_E_OK);
  EXPECT_EQ(verdict(unknown, u"server.test", 0, 0), SEC_E_UNTRUSTED_ROOT);
  EXPECT_EQ(verdict(expired, u"server.test", 0, 0), SEC_E_CERT_EXPIRED);
  EXPECT_EQ(verdict(unknown, u"server.test", SCH_CRED_MANUAL_CRED_VALIDATION, 0), SEC_E_OK);
  EXPECT_EQ(verdict(unknown, u"server.test", 0, ISC_REQ_MANUAL_CRED_VALIDATION), SEC_E_OK);
}

TEST_F(Schannel, ServersMayAskWhoTheClientIs) {
  const Identity identity = server_identity("client.test");
  const CERT_CONTEXT* const certificate = context_of(identity);
  const void* list[] = {certificate};
  client_.cCreds = 1;
  client_.paCred = list;
  End client(SECPKG_CRED_OUTBOUND, &client_), server(SECPKG_CRED_INBOUND, &server_);
  server.request = ASC_REQ_MUTUAL_AUTH;
  ASSERT_EQ(connect(client, server).server, SEC_E_OK);
  const CERT_CONTEXT* peer = nullptr;
  ASSERT_EQ(server.query(SECPKG_ATTR_REMOTE_CERT_CONTEXT, peer), SEC_E_OK);
  EXPECT_EQ(peer->cbCertEncoded, certificate->cbCertEncoded);
  free_context(peer);
  free_context(certificate);
}

TEST_F(Schannel, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(End(SECPKG_CRED_INBOUND, nullptr).acquired, SEC_E_NO_CREDENTIALS);
  const CERT_CONTEXT* const keyless = crypt<const CERT_CONTEXT*, DWORD, const BYTE*, DWORD>(
      "CertCreateCertificateContext")(1, certificate_->pbCertEncoded, certificate_->cbCertEncoded);
  list_[0] = keyless;
  EXPECT_EQ(End(SECPKG_CRED_INBOUND, &server_).acquired, SEC_E_NO_CREDENTIALS);
  free_context(keyless);
  client_.dwVersion = 3;
  EXPECT_EQ(End(SECPKG_CRED_OUTBOUND, &client_).acquired, SEC_E_UNSUPPORTED_FUNCTION);

  End client(SECPKG_CRED_OUTBOUND, nullptr);
  Bytes none, said, answer(100, '<');
  ASSERT_EQ(client.step(none, said), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(client.step(answer, said), SEC_E_ILLEGAL_MESSAGE) << "no TLS";
  list_[0] = certificate_;
  End honest(SECPKG_CRED_OUTBOUND, nullptr), server(SECPKG_CRED_INBOUND, &server_);
  ASSERT_EQ(connect(honest, server).client, SEC_E_OK);
  Bytes stream = honest.encrypt("true");
  stream.back() = static_cast<BYTE>(stream.back() ^ 1);
  std::string heard;
  EXPECT_EQ(server.decrypt(stream, heard), SEC_E_MESSAGE_ALTERED);
  EXPECT_EQ(honest.shut_down(), SEC_E_OK);
  SecHandle nobody = {};
  EXPECT_EQ((sspi<LONG, SecHandle*, SecBufferDesc*>("CompleteAuthToken")(&nobody, nullptr)), SEC_E_INVALID_HANDLE);
}

// The same bytes as everybody's TLS: OpenSSL's own server, driven directly.
TEST_F(Schannel, TalksToOthers) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const char* const cipher : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305",
                                     "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA"}) {
      SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
      SSL_CTX_set_min_proto_version(context, version);
      SSL_CTX_set_max_proto_version(context, version);
      SSL_CTX_set_cipher_list(context, cipher);
      SSL_CTX_use_certificate(context, identity_.x509.get());
      SSL_CTX_use_PrivateKey(context, identity_.key.get());
      SSL* const server = SSL_new(context);
      BIO *const in = BIO_new(BIO_s_mem()), *const out = BIO_new(BIO_s_mem());
      SSL_set_bio(server, in, out);
      SSL_set_accept_state(server);
      SCH_CREDENTIALS now = {};
      now.dwVersion = 5;
      End client(SECPKG_CRED_OUTBOUND, &now);
      Bytes stream, said;
      const auto pass = [&] {
        BIO_write(in, said.data(), static_cast<int>(said.size()));
        said.clear();
        if (SSL_is_init_finished(server) == 0) SSL_do_handshake(server);
      };
      const auto fetch = [&] {
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(out, &bytes);
        stream.insert(stream.end(), bytes, bytes + size);
        BIO_reset(out);
      };
      LONG status = client.step(stream, said);
      while (status == SEC_I_CONTINUE_NEEDED) {
        pass();
        fetch();
        status = client.step(stream, said);
      }
      ASSERT_EQ(status, SEC_E_OK) << cipher;
      pass();
      ASSERT_EQ(SSL_is_init_finished(server), 1) << cipher;
      said = client.encrypt("request");
      pass();
      char request[32] = {};
      EXPECT_EQ(SSL_read(server, request, sizeof request), 7) << cipher;
      EXPECT_STREQ(request, "request");
      const std::string answer(5000, 'a');
      SSL_write(server, answer.data(), static_cast<int>(answer.size()));
      EXPECT_EQ(SSL_key_update(server, SSL_KEY_UPDATE_REQUESTED), version == TLS1_3_VERSION ? 1 : 0);
      SSL_write(server, "end", 3);
      fetch();
      std::string heard, all;
      bool asked = false;
      while (!stream.empty()) {
        status = client.decrypt(stream, heard);
        ASSERT_GE(status, 0) << cipher;
        all += heard;
        if (status == SEC_I_RENEGOTIATE) {  // the answer to what the server wants to know
          asked = true;
          EXPECT_EQ(client.step(stream, said), SEC_E_OK);
        }
      }
      EXPECT_EQ(all, answer + "end") << cipher;
      EXPECT_EQ(asked, version == TLS1_3_VERSION);
      const Bytes after = client.encrypt("after");
      EXPECT_EQ(client.encrypted, SEC_E_OK) << cipher;
      said.insert(said.end(), after.begin(), after.end());
      pass();
      EXPECT_EQ(SSL_read(server, request, sizeof request), 5) << cipher;
      SSL_free(server);
      SSL_CTX_free(context);
      if (version == TLS1_3_VERSION) break;
    }
  }
}

}  // namespace
}  // namespace hmodule::winapi::secur32
