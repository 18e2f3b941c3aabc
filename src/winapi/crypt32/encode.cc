// wincrypt.h: Windows' structures as DER (X.690), for the types that programs put into requests and certificates.
#include "base/utf.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "thread/call.h"
#include "winapi/crypt32/certificate.h"
#include "winapi/crypt32/object_types.h"

#include <openssl/objects.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

namespace hmodule::winapi {
namespace crypt32 {
namespace {

// --- DER ---

constexpr BYTE kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kSequence = 0x30, kSet = 0x31;

void append(ByteVector& to, Data bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

ByteVector element(BYTE tag, Data content) {
  ByteVector out = {tag};
  if (content.size() < 0x80) {
    out.push_back(static_cast<BYTE>(content.size()));
  } else {
    ByteVector length;
    for (std::size_t rest = content.size(); rest != 0; rest >>= 8)
      length.insert(length.begin(), static_cast<BYTE>(rest));
    out.push_back(static_cast<BYTE>(0x80 | length.size()));
    append(out, length);
  }
  append(out, content);
  return out;
}

Result<ByteVector> identifier(const char* dotted_id) {
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(dotted_id == nullptr ? nullptr : OBJ_txt2obj(dotted_id, 1));
  if (!object) return crypto::openssl_error(E_INVALIDARG, "an object identifier");
  return der<ASN1_OBJECT>(object.get(), i2d_ASN1_OBJECT);
}

// `bytes` has the least one first. Without a sign, a first bit that is set needs a zero before it.
ByteVector number(Data bytes, bool is_signed) {
  ByteVector big(bytes.rbegin(), bytes.rend());
  if (big.empty()) big.push_back(0);
  if (!is_signed) big.insert(big.begin(), 0);
  const auto redundant = [&] {
    return big.size() > 1 && ((big[0] == 0 && (big[1] & 0x80) == 0) || (big[0] == 0xFF && (big[1] & 0x80) != 0));
  };
  while (redundant()) big.erase(big.begin());
  return element(kInteger, big);
}

ByteVector bit_string(Data bytes, DWORD unused) {
  ByteVector content = {static_cast<BYTE>(bytes.empty() ? 0 : unused & 7)};
  append(content, bytes);
  if (content.size() > 1) content.back() &= static_cast<BYTE>(0xFF << (unused & 7));
  return element(kBitString, content);
}

// A list of named bits ends with its last one that is set.
ByteVector named_bits(Data bytes) {
  while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
  return bit_string(bytes, bytes.empty() ? 0 : static_cast<DWORD>(std::countr_zero(bytes.back())));
}

// --- Structures ---

struct CERT_EXTENSIONS {
  DWORD cExtension;
  const CERT_EXTENSION* rgExtension;
};
struct CERT_RDN_ATTR {
  const char* pszObjId;
  DWORD dwValueType;
  CRYPT_DATA_BLOB Value;
};
struct CERT_RDN {
  DWORD cRDNAttr;
  const CERT_RDN_ATTR* rgRDNAttr;
};
struct CERT_NAME_INFO {
  DWORD cRDN;
  const CERT_RDN* rgRDN;
};
struct CERT_ALT_NAME_ENTRY {
  DWORD dwAltNameChoice;
  union {
    const WCHAR* text;
    const char* id;
    CRYPT_DATA_BLOB blob;
  };
};
struct CERT_ALT_NAME_INFO {
  DWORD cAltEntry;
  const CERT_ALT_NAME_ENTRY* rgAltEntry;
};
struct CERT_BASIC_CONSTRAINTS2_INFO {
  BOOL fCA, fPathLenConstraint;
  DWORD dwPathLenConstraint;
};
struct CRYPT_SEQUENCE_OF_ANY {
  DWORD cValue;
  const CRYPT_DATA_BLOB* rgValue;
};
struct CERT_ECC_SIGNATURE {
  CRYPT_DATA_BLOB r, s;
};
static_assert(sizeof(CERT_RDN_ATTR) == 32 && sizeof(CERT_ALT_NAME_ENTRY) == 24);

Result<ByteVector> encode_extensions(const void* from) {
  const auto& list = *static_cast<const CERT_EXTENSIONS*>(from);
  ByteVector all;
  for (const CERT_EXTENSION& each : std::span(list.rgExtension, list.cExtension)) {
    ByteVector one = TRY(identifier(each.pszObjId));
    constexpr BYTE kTrue[] = {0xFF};
    if (each.fCritical) append(one, element(kBoolean, kTrue));
    append(one, element(kOctetString, data(each.Value)));
    append(all, element(kSequence, one));
  }
  return element(kSequence, all);
}

// Types with Unicode are given as UTF-16.
Result<ByteVector> encode_value(const CERT_RDN_ATTR& from) {
  constexpr DWORD kEncoded = 1;
  const Data bytes = data(from.Value);
  if (from.dwValueType == kEncoded) return ByteVector(bytes.begin(), bytes.end());
  const auto* const type = std::ranges::find(kStringTypes, from.dwValueType, &StringType::rdn);
  if (type == std::end(kStringTypes)) return fail(E_INVALIDARG, "a string of type {}", from.dwValueType);
  const auto tag = static_cast<BYTE>(type->tag);
  if (type->rdn == CERT_RDN_UTF8_STRING) {
    std::u16string text(bytes.size() / 2, 0);
    std::memcpy(text.data(), bytes.data(), text.size() * 2);
    const std::string narrow = utf8(text);
    return element(tag, crypto::data(narrow.data(), narrow.size()));
  }
  ByteVector content(bytes.begin(), bytes.end());
  if (type->rdn == CERT_RDN_BMP_STRING)
    for (std::size_t unit = 0; unit + 1 < content.size(); unit += 2) std::swap(content[unit], content[unit + 1]);
  return element(tag, content);
}

Result<ByteVector> encode_name(const void* from) {
  const auto& name = *static_cast<const CERT_NAME_INFO*>(from);
  ByteVector all;
  for (const CERT_RDN& rdn : std::span(name.rgRDN, name.cRDN)) {
    std::vector<ByteVector> attributes;
    for (const CERT_RDN_ATTR& each : std::span(rdn.rgRDNAttr, rdn.cRDNAttr)) {
      ByteVector one = TRY(identifier(each.pszObjId));
      append(one, TRY(encode_value(each)));
      attributes.push_back(element(kSequence, one));
    }
    std::ranges::sort(attributes);  // as DER wants a set
    ByteVector set;
    for (const ByteVector& each : attributes) append(set, each);
    append(all, element(kSet, set));
  }
  return element(kSequence, all);
}

Result<ByteVector> encode_alternatives(const void* from) {
  enum : DWORD { kRfc822 = 2, kDns = 3, kDirectory = 5, kUrl = 7, kAddress = 8, kRegisteredId = 9 };
  constexpr BYTE kContext = 0x80, kConstructed = 0x20;
  const auto& list = *static_cast<const CERT_ALT_NAME_INFO*>(from);
  ByteVector all;
  for (const CERT_ALT_NAME_ENTRY& each : std::span(list.rgAltEntry, list.cAltEntry)) {
    const auto tag = static_cast<BYTE>(kContext | (each.dwAltNameChoice - 1));
    switch (each.dwAltNameChoice) {
      case kRfc822:
      case kDns:
      case kUrl: {
        const std::u16string_view text = each.text == nullptr ? std::u16string_view() : each.text;
        if (std::ranges::any_of(text, [](char16_t unit) { return unit > 0x7F; }))
          return fail(CRYPT_E_INVALID_IA5_STRING, "{}: not ASCII", utf8(text));
        append(all, element(tag, ByteVector(text.begin(), text.end())));
        break;
      }
      case kDirectory:
        append(all, element(tag | kConstructed, data(each.blob)));
        break;
      case kAddress:
        append(all, element(tag, data(each.blob)));
        break;
      case kRegisteredId: {
        ByteVector id = TRY(identifier(each.id));
        id.front() = tag;
        append(all, id);
        break;
      }
      default:
        return fail(E_INVALIDARG, "an alternative name of kind {}", each.dwAltNameChoice);
    }
  }
  return element(kSequence, all);
}

Result<ByteVector> encode_public_key(const void* from) {
  const auto& key = *static_cast<const CERT_PUBLIC_KEY_INFO*>(from);
  constexpr BYTE kNull[] = {5, 0};
  ByteVector algorithm = TRY(identifier(key.Algorithm.pszObjId));
  append(algorithm, key.Algorithm.Parameters.cbData == 0 ? Data(kNull) : data(key.Algorithm.Parameters));
  ByteVector all = element(kSequence, algorithm);
  append(all, bit_string(crypto::data(key.PublicKey.pbData, key.PublicKey.cbData), key.PublicKey.cUnusedBits));
  return element(kSequence, all);
}

// PUBLICKEYBLOB.
Result<ByteVector> encode_rsa(const void* from) {
  constexpr std::size_t kBits = 12, kExponent = 16, kModulus = 20;
  constexpr DWORD kMagic = 0x31415352;
  const auto* const blob = static_cast<const BYTE*>(from);
  const auto word = [=](std::size_t at) {
    DWORD value;
    std::memcpy(&value, blob + at, sizeof value);
    return value;
  };
  if (blob[0] != 6 || word(8) != kMagic) return fail(E_INVALIDARG, "no PUBLICKEYBLOB of RSA");
  ByteVector all = number({blob + kModulus, word(kBits) / 8}, false);
  append(all, number({blob + kExponent, 4}, false));
  return element(kSequence, all);
}

Result<ByteVector> encode_bits(const void* from) {
  const auto& bits = *static_cast<const CRYPT_BIT_BLOB*>(from);
  return bit_string(crypto::data(bits.pbData, bits.cbData), bits.cUnusedBits);
}
Result<ByteVector> encode_named_bits(const void* from) {
  const auto& bits = *static_cast<const CRYPT_BIT_BLOB*>(from);
  ByteVector bytes(bits.pbData, bits.pbData + bits.cbData);
  if (!bytes.empty()) bytes.back() &= static_cast<BYTE>(0xFF << (bits.cUnusedBits & 7));
  return named_bits(bytes);
}

Result<ByteVector> encode_constraints(const void* from) {
  const auto& said = *static_cast<const CERT_BASIC_CONSTRAINTS2_INFO*>(from);
  constexpr BYTE kTrue[] = {0xFF};
  ByteVector all;
  if (said.fCA) append(all, element(kBoolean, kTrue));
  if (said.fPathLenConstraint) append(all, number(crypto::data(&said.dwPathLenConstraint, sizeof(DWORD)), false));
  return element(kSequence, all);
}

Result<ByteVector> encode_octets(const void* from) {
  return element(kOctetString, data(*static_cast<const CRYPT_DATA_BLOB*>(from)));
}
Result<ByteVector> encode_integer(const void* from) {
  return number(crypto::data(from, sizeof(INT)), true);
}
Result<ByteVector> encode_big_integer(const void* from) {
  return number(data(*static_cast<const CRYPT_DATA_BLOB*>(from)), true);
}

Result<ByteVector> encode_sequence(const void* from) {
  const auto& list = *static_cast<const CRYPT_SEQUENCE_OF_ANY*>(from);
  ByteVector all;
  for (const CRYPT_DATA_BLOB& each : std::span(list.rgValue, list.cValue)) append(all, data(each));
  return element(kSequence, all);
}

Result<ByteVector> encode_usages(const void* from) {
  const auto& list = *static_cast<const CERT_ENHKEY_USAGE*>(from);
  ByteVector all;
  for (const char* each : std::span(list.rgpszUsageIdentifier, list.cUsageIdentifier))
    append(all, TRY(identifier(each)));
  return element(kSequence, all);
}

Result<ByteVector> encode_ecc_signature(const void* from) {
  const auto& signature = *static_cast<const CERT_ECC_SIGNATURE*>(from);
  ByteVector all = number(data(signature.r), false);
  append(all, number(data(signature.s), false));
  return element(kSequence, all);
}

using Encoder = Result<ByteVector> (*)(const void*);
struct Type {
  std::uintptr_t number;
  const char* id;  // of the extension that has this form, or NULL
  Encoder encode;
};
constexpr Type kTypes[] = {
    {X509_EXTENSIONS, nullptr, encode_extensions},
    {X509_NAME_TYPE, nullptr, encode_name},
    {X509_PUBLIC_KEY_INFO_TYPE, nullptr, encode_public_key},
    {X509_ALTERNATE_NAME, "2.5.29.17", encode_alternatives},
    {X509_ALTERNATE_NAME, "2.5.29.18", encode_alternatives},
    {X509_KEY_USAGE, "2.5.29.15", encode_named_bits},
    {X509_BASIC_CONSTRAINTS2, "2.5.29.19", encode_constraints},
    {RSA_CSP_PUBLICKEYBLOB, "1.2.840.113549.1.1.1", encode_rsa},
    {X509_OCTET_STRING, "2.5.29.14", encode_octets},
    {X509_BITS, nullptr, encode_bits},
    {X509_INTEGER, nullptr, encode_integer},
    {X509_MULTI_BYTE_INTEGER, nullptr, encode_big_integer},
    {X509_SEQUENCE_OF_ANY, nullptr, encode_sequence},
    {X509_ENHANCED_KEY_USAGE, "2.5.29.37", encode_usages},
    {X509_ECC_SIGNATURE, nullptr, encode_ecc_signature},
};

Result<Encoder> encoder_for(const char* type) {
  const auto value = reinterpret_cast<std::uintptr_t>(type);
  for (const Type& each : kTypes)
    if (value < 0x10000 ? each.number == value : each.id != nullptr && std::strcmp(each.id, type) == 0)
      return each.encode;
  return fail_win32(ERROR_FILE_NOT_FOUND, "no encoding of type {}", value < 0x10000 ? std::to_string(value) : type);
}

struct CRYPT_ENCODE_PARA {
  DWORD cbSize;
  HM_WINAPI void* (*pfnAlloc)(SIZE_T);
  HM_WINAPI void (*pfnFree)(void*);
};

HM_WINAPI BOOL CryptEncodeObjectEx(DWORD, const char* type, const void* structure, DWORD flags,
                                   const CRYPT_ENCODE_PARA* parameters, void* encoded, DWORD* size) noexcept {
  return security_succeed([&]() -> Status {
    constexpr DWORD CRYPT_ENCODE_ALLOC_FLAG = 0x8000;
    if (structure == nullptr || size == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    const Encoder encode = TRY(encoder_for(type));
    const ByteVector bytes = TRY(encode(structure));
    if ((flags & CRYPT_ENCODE_ALLOC_FLAG) == 0) return give(bytes, encoded, size);
    if (encoded == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the address");
    void* const made = parameters != nullptr && parameters->pfnAlloc != nullptr
                           ? thread::call(parameters->pfnAlloc, bytes.size())
                           : nt::heap_allocate(bytes.size());  // LocalFree() takes it
    if (made == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} bytes", bytes.size());
    std::memcpy(made, bytes.data(), bytes.size());
    *static_cast<void**>(encoded) = made;
    *size = static_cast<DWORD>(bytes.size());
    return ok;
  });
}
HM_WINAPI BOOL CryptEncodeObject(DWORD encoding, const char* type, const void* structure, BYTE* encoded,
                                 DWORD* size) noexcept {
  return CryptEncodeObjectEx(encoding, type, structure, 0, nullptr, encoded, size);
}

constexpr std::string_view kPartial =
    "extensions, names, alternative names, public keys, ECC signatures, key usages, basic constraints, octets, bits, "
    "numbers and sequences";
const Export kRows[] = {
    {"CryptEncodeObject", proc(CryptEncodeObject), Support::partial, kPartial},
    {"CryptEncodeObjectEx", proc(CryptEncodeObjectEx), Support::partial, kPartial},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_encode_exports = crypt32::kRows;

}  // namespace hmodule::winapi
