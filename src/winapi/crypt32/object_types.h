// Which structures are encoded and decoded, by their numbers in wincrypt.h.
#pragma once

#include "win/types.h"

#include <openssl/asn1.h>

#include <cstdint>

namespace hmodule::winapi::crypt32 {

enum : std::uintptr_t {
  X509_EXTENSIONS = 5,
  X509_NAME_TYPE = 7,
  X509_PUBLIC_KEY_INFO_TYPE = 8,
  X509_ALTERNATE_NAME = 12,
  X509_KEY_USAGE = 14,
  X509_BASIC_CONSTRAINTS2 = 15,
  RSA_CSP_PUBLICKEYBLOB = 19,
  X509_OCTET_STRING = 25,
  X509_BITS = 26,
  X509_INTEGER = 27,
  X509_MULTI_BYTE_INTEGER = 28,
  X509_SEQUENCE_OF_ANY = 34,
  X509_ENHANCED_KEY_USAGE = 36,
  PKCS_RSA_PRIVATE_KEY = 43,
  PKCS_PRIVATE_KEY_INFO = 44,
  X509_ECC_SIGNATURE = 47,
};

enum : DWORD { CERT_RDN_OCTET_STRING = 2, CERT_RDN_BMP_STRING = 12, CERT_RDN_UTF8_STRING = 13 };
struct StringType {
  DWORD rdn;  // CERT_RDN_...
  int tag;
};
inline constexpr StringType kStringTypes[] = {
    {CERT_RDN_OCTET_STRING, V_ASN1_OCTET_STRING},
    {3, V_ASN1_NUMERICSTRING},
    {4, V_ASN1_PRINTABLESTRING},
    {5, V_ASN1_T61STRING},
    {6, V_ASN1_VIDEOTEXSTRING},
    {7, V_ASN1_IA5STRING},
    {8, V_ASN1_GRAPHICSTRING},
    {9, V_ASN1_VISIBLESTRING},
    {10, V_ASN1_GENERALSTRING},
    {11, V_ASN1_UNIVERSALSTRING},
    {CERT_RDN_BMP_STRING, V_ASN1_BMPSTRING},
    {CERT_RDN_UTF8_STRING, V_ASN1_UTF8STRING},
};

}  // namespace hmodule::winapi::crypt32
