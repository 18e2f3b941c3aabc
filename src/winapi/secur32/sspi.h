// The structures and constants of sspi.h and schannel.h that the functions here give and take.
#pragma once

#include "win/types.h"

namespace hmodule::winapi::secur32 {

// clang-format off
inline constexpr LONG SEC_E_OK                   = 0;
inline constexpr LONG SEC_I_CONTINUE_NEEDED      = 0x00090312;
inline constexpr LONG SEC_I_CONTEXT_EXPIRED      = 0x00090317;
inline constexpr LONG SEC_I_RENEGOTIATE          = 0x00090321;
inline constexpr LONG SEC_E_INSUFFICIENT_MEMORY  = static_cast<LONG>(0x80090300);
inline constexpr LONG SEC_E_INVALID_HANDLE       = static_cast<LONG>(0x80090301);
inline constexpr LONG SEC_E_UNSUPPORTED_FUNCTION = static_cast<LONG>(0x80090302);
inline constexpr LONG SEC_E_INTERNAL_ERROR       = static_cast<LONG>(0x80090304);
inline constexpr LONG SEC_E_SECPKG_NOT_FOUND     = static_cast<LONG>(0x80090305);
inline constexpr LONG SEC_E_INVALID_TOKEN        = static_cast<LONG>(0x80090308);
inline constexpr LONG SEC_E_NO_CREDENTIALS       = static_cast<LONG>(0x8009030E);
inline constexpr LONG SEC_E_MESSAGE_ALTERED      = static_cast<LONG>(0x8009030F);
inline constexpr LONG SEC_E_INCOMPLETE_MESSAGE   = static_cast<LONG>(0x80090318);
inline constexpr LONG SEC_E_BUFFER_TOO_SMALL     = static_cast<LONG>(0x80090321);
inline constexpr LONG SEC_E_WRONG_PRINCIPAL      = static_cast<LONG>(0x80090322);
inline constexpr LONG SEC_E_UNTRUSTED_ROOT       = static_cast<LONG>(0x80090325);
inline constexpr LONG SEC_E_ILLEGAL_MESSAGE      = static_cast<LONG>(0x80090326);
inline constexpr LONG SEC_E_CERT_UNKNOWN         = static_cast<LONG>(0x80090327);
inline constexpr LONG SEC_E_CERT_EXPIRED         = static_cast<LONG>(0x80090328);
inline constexpr LONG SEC_E_ENCRYPT_FAILURE      = static_cast<LONG>(0x80090329);
inline constexpr LONG SEC_E_ALGORITHM_MISMATCH   = static_cast<LONG>(0x80090331);
// clang-format on

// A CredHandle or a CtxtHandle.
struct SecHandle {
  ULONG_PTR dwLower, dwUpper;
};

enum : ULONG {
  SECBUFFER_EMPTY = 0,
  SECBUFFER_DATA = 1,
  SECBUFFER_TOKEN = 2,
  SECBUFFER_MISSING = 4,
  SECBUFFER_EXTRA = 5,
  SECBUFFER_STREAM_TRAILER = 6,
  SECBUFFER_STREAM_HEADER = 7,
  SECBUFFER_APPLICATION_PROTOCOLS = 18,
};
struct SecBuffer {
  ULONG cbBuffer, BufferType;
  void* pvBuffer;
};
struct SecBufferDesc {
  ULONG ulVersion, cBuffers;
  SecBuffer* pBuffers;
};

template <typename Char>
struct SecPkgInfo {
  ULONG fCapabilities;
  USHORT wVersion, wRPCID;
  ULONG cbMaxToken;
  Char *Name, *Comment;
};

enum : ULONG { SECPKG_CRED_INBOUND = 1, SECPKG_CRED_OUTBOUND = 2 };
// Most bits are the same for clients (ISC_) and servers (ASC_), and in what is asked for (REQ) and told (RET).
enum : ULONG {
  ISC_REQ_MUTUAL_AUTH = 0x2,
  ISC_REQ_REPLAY_DETECT = 0x4,
  ISC_REQ_SEQUENCE_DETECT = 0x8,
  ISC_REQ_CONFIDENTIALITY = 0x10,
  ISC_REQ_USE_SUPPLIED_CREDS = 0x80,
  ISC_REQ_ALLOCATE_MEMORY = 0x100,
  ISC_REQ_CONNECTION = 0x800,
  ISC_REQ_EXTENDED_ERROR = 0x4000,
  ISC_REQ_STREAM = 0x8000,
  ISC_REQ_INTEGRITY = 0x10000,
  ISC_REQ_MANUAL_CRED_VALIDATION = 0x80000,
  ASC_REQ_MUTUAL_AUTH = 0x2,
  ASC_REQ_EXTENDED_ERROR = 0x8000,
  ASC_REQ_STREAM = 0x10000,
  ASC_REQ_INTEGRITY = 0x20000,
};

enum : ULONG {
  SECPKG_ATTR_STREAM_SIZES = 4,
  SECPKG_ATTR_PACKAGE_INFO = 10,
  SECPKG_ATTR_APPLICATION_PROTOCOL = 35,
  SECPKG_ATTR_REMOTE_CERT_CONTEXT = 0x53,
  SECPKG_ATTR_LOCAL_CERT_CONTEXT = 0x54,
  SECPKG_ATTR_SUPPORTED_PROTOCOLS = 0x58,  // of credentials: a DWORD of SP_PROT_...
  SECPKG_ATTR_CONNECTION_INFO = 0x5A,
};
struct SecPkgContext_StreamSizes {
  ULONG cbHeader, cbTrailer, cbMaximumMessage, cBuffers, cbBlockSize;
};
struct SecPkgContext_ConnectionInfo {
  DWORD dwProtocol, aiCipher, dwCipherStrength, aiHash, dwHashStrength, aiExch, dwExchStrength;
};
struct SecPkgContext_ApplicationProtocol {
  ULONG ProtoNegoStatus;  // 0: none, 1: agreed
  ULONG ProtoNegoExt;     // 2: ALPN
  BYTE ProtocolIdSize, ProtocolId[255];
};
static_assert(sizeof(SecPkgContext_ApplicationProtocol) == 264);

struct SCHANNEL_CRED {  // SCHANNEL_CRED_VERSION, 4
  DWORD dwVersion, cCreds;
  const void** paCred;
  void* hRootStore;
  DWORD cMappers;
  void** aphMappers;
  DWORD cSupportedAlgs;
  DWORD* palgSupportedAlgs;
  DWORD grbitEnabledProtocols, dwMinimumCipherStrength, dwMaximumCipherStrength, dwSessionLifespan, dwFlags,
      dwCredFormat;
};
static_assert(sizeof(SCHANNEL_CRED) == 80);
struct TLS_PARAMETERS {
  DWORD cAlpnIds;
  UNICODE_STRING* rgstrAlpnIds;
  DWORD grbitDisabledProtocols, cDisabledCrypto;
  void* pDisabledCrypto;
  DWORD dwFlags;
};
struct SCH_CREDENTIALS {  // SCH_CREDENTIALS_VERSION, 5
  DWORD dwVersion, dwCredFormat, cCreds;
  const void** paCred;
  void* hRootStore;
  DWORD cMappers;
  void** aphMappers;
  DWORD dwSessionLifespan, dwFlags, cTlsParameters;
  TLS_PARAMETERS* pTlsParameters;
};
static_assert(sizeof(SCH_CREDENTIALS) == 72);
enum : DWORD {
  SCH_CRED_NO_SERVERNAME_CHECK = 0x4,
  SCH_CRED_MANUAL_CRED_VALIDATION = 0x8,
};
enum : DWORD {
  SP_PROT_TLS1_2_SERVER = 0x400,
  SP_PROT_TLS1_2_CLIENT = 0x800,
  SP_PROT_TLS1_3_SERVER = 0x1000,
  SP_PROT_TLS1_3_CLIENT = 0x2000,
};
enum : DWORD { SCHANNEL_SHUTDOWN = 1 };

}  // namespace hmodule::winapi::secur32
