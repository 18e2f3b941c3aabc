// The structures of wincrypt.h that certificate functions give and take.
#pragma once

#include "win/types.h"

namespace hmodule::winapi::crypt32 {

inline constexpr DWORD X509_ASN_ENCODING = 0x1, PKCS_7_ASN_ENCODING = 0x10000;

struct CRYPT_DATA_BLOB {
  DWORD cbData;
  BYTE* pbData;
};
struct CRYPT_BIT_BLOB {
  DWORD cbData;
  BYTE* pbData;
  DWORD cUnusedBits;
};
struct CRYPT_ALGORITHM_IDENTIFIER {
  char* pszObjId;
  CRYPT_DATA_BLOB Parameters;
};
struct CERT_PUBLIC_KEY_INFO {
  CRYPT_ALGORITHM_IDENTIFIER Algorithm;
  CRYPT_BIT_BLOB PublicKey;
};
struct CERT_EXTENSION {
  char* pszObjId;
  BOOL fCritical;
  CRYPT_DATA_BLOB Value;
};
struct CERT_INFO {
  DWORD dwVersion;
  CRYPT_DATA_BLOB SerialNumber;  // least byte first
  CRYPT_ALGORITHM_IDENTIFIER SignatureAlgorithm;
  CRYPT_DATA_BLOB Issuer;
  FILETIME NotBefore, NotAfter;
  CRYPT_DATA_BLOB Subject;
  CERT_PUBLIC_KEY_INFO SubjectPublicKeyInfo;
  CRYPT_BIT_BLOB IssuerUniqueId, SubjectUniqueId;
  DWORD cExtension;
  CERT_EXTENSION* rgExtension;
};
static_assert(sizeof(CERT_INFO) == 0xD0);
struct CERT_CONTEXT {
  DWORD dwCertEncodingType;
  BYTE* pbCertEncoded;
  DWORD cbCertEncoded;
  CERT_INFO* pCertInfo;
  void* hCertStore;
};
static_assert(sizeof(CERT_CONTEXT) == 40);
struct CERT_ENHKEY_USAGE {
  DWORD cUsageIdentifier;
  char** rgpszUsageIdentifier;
};

struct CERT_TRUST_STATUS {
  DWORD dwErrorStatus, dwInfoStatus;
};
struct CERT_CHAIN_ELEMENT {
  DWORD cbSize;
  const CERT_CONTEXT* pCertContext;
  CERT_TRUST_STATUS TrustStatus;
  void *pRevocationInfo, *pIssuanceUsage, *pApplicationUsage;
  const WCHAR* pwszExtendedErrorInfo;
};
struct CERT_SIMPLE_CHAIN {
  DWORD cbSize;
  CERT_TRUST_STATUS TrustStatus;
  DWORD cElement;
  CERT_CHAIN_ELEMENT** rgpElement;
  void* pTrustListInfo;
  BOOL fHasRevocationFreshnessTime;
  DWORD dwRevocationFreshnessTime;
};
struct CERT_CHAIN_CONTEXT {
  DWORD cbSize;
  CERT_TRUST_STATUS TrustStatus;
  DWORD cChain;
  CERT_SIMPLE_CHAIN** rgpChain;
  DWORD cLowerQualityChainContext;
  CERT_CHAIN_CONTEXT** rgpLowerQualityChainContext;
  BOOL fHasRevocationFreshnessTime;
  DWORD dwRevocationFreshnessTime, dwCreateFlags;
  GUID ChainId;
};
struct CERT_USAGE_MATCH {
  DWORD dwType;
  CERT_ENHKEY_USAGE Usage;
};
struct CERT_CHAIN_PARA {
  DWORD cbSize;
  CERT_USAGE_MATCH RequestedUsage;
};
struct SSL_EXTRA_CERT_CHAIN_POLICY_PARA {
  DWORD cbSize, dwAuthType, fdwChecks;
  const WCHAR* pwszServerName;
};
struct CERT_CHAIN_POLICY_PARA {
  DWORD cbSize, dwFlags;
  void* pvExtraPolicyPara;
};
struct CERT_CHAIN_POLICY_STATUS {
  DWORD cbSize, dwError;
  LONG lChainIndex, lElementIndex;
  void* pvExtraPolicyStatus;
};

}  // namespace hmodule::winapi::crypt32
