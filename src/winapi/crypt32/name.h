// Names in certificates as text.
#pragma once

#include "win/types.h"

#include <openssl/x509.h>

#include <string>

namespace hmodule::winapi::crypt32 {

enum : DWORD {
  CERT_SIMPLE_NAME_STR = 1,
  CERT_OID_NAME_STR = 2,
  CERT_X500_NAME_STR = 3,
  CERT_NAME_STR_REVERSE_FLAG = 0x02000000,
  CERT_NAME_STR_CRLF_FLAG = 0x08000000,
  CERT_NAME_STR_NO_QUOTING_FLAG = 0x10000000,
  CERT_NAME_STR_NO_PLUS_FLAG = 0x20000000,
  CERT_NAME_STR_SEMICOLON_FLAG = 0x40000000,
};

// As CertNameToStr writes it.
std::u16string name_text(const X509_NAME* name, DWORD how);

}  // namespace hmodule::winapi::crypt32
