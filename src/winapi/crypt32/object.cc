// wincrypt.h: DER as the structures that Windows has for it, for the types that programs meet in certificates.
#include "base/utf.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/random.h"
#include "thread/call.h"
#include "winapi/bcrypt/asymmetric.h"
#include "winapi/crypt32/certificate.h"
#include "winapi/crypt32/object_types.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

namespace hmodule::winapi {
namespace crypt32 {
namespace {

// A structure with what it points to, in one block: places are remembered while it grows, and become addresses when it
// is copied to where it stays.
class Block {
 public:
  explicit Block(std::size_t size) : bytes_(size) {}
  // Makes room behind what is there.
  std::size_t add(Data bytes) {
    const std::size_t at = room(bytes.size());
    std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    return at;
  }
  std::size_t room(std::size_t size) {
    const std::size_t at = (bytes_.size() + 7) / 8 * 8;
    bytes_.resize(at + size);
    return at;
  }
  std::size_t add(const std::string& text) { return add(crypto::data(text.c_str(), text.size() + 1)); }
  std::size_t add(const std::u16string& text) { return add(crypto::data(text.c_str(), (text.size() + 1) * 2)); }
  template <typename T>
  void put(std::size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  void point(std::size_t at, std::size_t to) {
    put<std::uint64_t>(at, to);
    pointers_.push_back(at);
  }
  // cbData and pbData
  void put_blob(std::size_t at, Data bytes) {
    put(at, static_cast<DWORD>(bytes.size()));
    if (!bytes.empty()) point(at + 8, add(bytes));
  }
  std::size_t size() const { return bytes_.size(); }
  void copy_to(BYTE* target) const {
    std::ranges::copy(bytes_, target);
    for (const std::size_t at : pointers_) {
      std::uint64_t value;
      std::memcpy(&value, bytes_.data() + at, sizeof value);
      value += reinterpret_cast<std::uintptr_t>(target);
      std::memcpy(target + at, &value, sizeof value);
    }
  }

 private:
  ByteVector bytes_;
  std::vector<std::size_t> pointers_;
};

Data bytes_of(const ASN1_STRING* string) {
  return crypto::data(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string)));
}

template <typename T, auto free_function>
Result<crypto::Owned<T, free_function>> parsed(T* object) {
  crypto::Owned<T, free_function> owned(object);
  if (!owned) return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "an object");
  return owned;
}

Result<Block> decode_octets(const unsigned char* at, long size) {
  const auto octets =
      TRY((parsed<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>(d2i_ASN1_OCTET_STRING(nullptr, &at, size))));
  Block made(sizeof(CRYPT_DATA_BLOB));
  made.put_blob(0, bytes_of(octets.get()));
  return made;
}

Result<Block> decode_bits(const unsigned char* at, long size) {
  const auto bits = TRY((parsed<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(d2i_ASN1_BIT_STRING(nullptr, &at, size))));
  Block made(sizeof(CRYPT_BIT_BLOB));
  made.put_blob(0, bytes_of(bits.get()));
  made.put(offsetof(CRYPT_BIT_BLOB, cUnusedBits), static_cast<DWORD>(bits->flags & 7));
  return made;
}

Result<Block> decode_constraints(const unsigned char* at, long size) {
  const auto said = TRY((parsed<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(d2i_BASIC_CONSTRAINTS(nullptr, &at, size))));
  Block made(3 * sizeof(DWORD));  // CERT_BASIC_CONSTRAINTS2_INFO
  made.put(0, static_cast<BOOL>(said->ca != 0));
  made.put(4, static_cast<BOOL>(said->pathlen != nullptr));
  made.put(8, said->pathlen == nullptr ? DWORD{0} : static_cast<DWORD>(ASN1_INTEGER_get(said->pathlen)));
  return made;
}

Result<Block> decode_usages(const unsigned char* at, long size) {
  const auto list =
      TRY((parsed<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(d2i_EXTENDED_KEY_USAGE(nullptr, &at, size))));
  const int count = sk_ASN1_OBJECT_num(list.get());
  Block made(sizeof(CERT_ENHKEY_USAGE));
  made.put(0, static_cast<DWORD>(count));
  const std::size_t table = made.room(static_cast<std::size_t>(count) * sizeof(char*));
  made.point(offsetof(CERT_ENHKEY_USAGE, rgpszUsageIdentifier), table);
  for (int i = 0; i < count; ++i)
    made.point(table + static_cast<std::size_t>(i) * sizeof(char*),
               made.add(dotted(sk_ASN1_OBJECT_value(list.get(), i))));
  return made;
}

// CERT_ALT_NAME_INFO and its CERT_ALT_NAME_ENTRY: the choice is Windows' number of the name's tag, plus one.
Result<Block> decode_alternatives(const unsigned char* at, long size) {
  const auto names = TRY((parsed<GENERAL_NAMES, GENERAL_NAMES_free>(d2i_GENERAL_NAMES(nullptr, &at, size))));
  constexpr std::size_t kEntry = 24, kValue = 8;
  const int count = sk_GENERAL_NAME_num(names.get());
  Block made(16);
  made.put(0, static_cast<DWORD>(count));
  const std::size_t table = made.room(static_cast<std::size_t>(count) * kEntry);
  made.point(8, table);
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* const each = sk_GENERAL_NAME_value(names.get(), i);
    const std::size_t entry = table + static_cast<std::size_t>(i) * kEntry;
    made.put(entry, static_cast<DWORD>(each->type + 1));
    switch (each->type) {
      case GEN_EMAIL:
      case GEN_DNS:
      case GEN_URI: {
        const Data text = bytes_of(each->d.ia5);
        made.point(entry + kValue, made.add(utf16({reinterpret_cast<const char*>(text.data()), text.size()})));
        break;
      }
      case GEN_IPADD:
        made.put_blob(entry + kValue, bytes_of(each->d.iPAddress));
        break;
      case GEN_DIRNAME:
        made.put_blob(entry + kValue, der<X509_NAME>(each->d.directoryName, i2d_X509_NAME));
        break;
      case GEN_RID:
        made.point(entry + kValue, made.add(dotted(each->d.registeredID)));
        break;
      case GEN_OTHERNAME: {  // CERT_OTHER_NAME
        const std::size_t other = made.room(24);
        made.point(entry + kValue, other);
        made.point(other, made.add(dotted(each->d.otherName->type_id)));
        made.put_blob(other + 8, der<ASN1_TYPE>(each->d.otherName->value, i2d_ASN1_TYPE));
        break;
      }
      default:
        return fail(STATUS_NOT_SUPPORTED, "an alternative name of type {}", each->type);
    }
  }
  return made;
}

// CERT_NAME_INFO, CERT_RDN and CERT_RDN_ATTR. Values keep the bytes they have in the certificate.
Result<Block> decode_name(const unsigned char* at, long size) {
  const auto name = TRY((parsed<X509_NAME, X509_NAME_free>(d2i_X509_NAME(nullptr, &at, size))));
  constexpr std::size_t kRdn = 16, kAttribute = 32;
  const int entries = X509_NAME_entry_count(name.get());
  std::vector<int> sizes;
  int last = -1;
  for (int i = 0; i < entries; ++i) {
    const int set = X509_NAME_ENTRY_set(X509_NAME_get_entry(name.get(), i));
    if (set == last)
      ++sizes.back();
    else
      sizes.push_back(1);
    last = set;
  }
  Block made(16);
  made.put(0, static_cast<DWORD>(sizes.size()));
  const std::size_t table = made.room(sizes.size() * kRdn);
  made.point(8, table);
  int index = 0;
  for (std::size_t rdn = 0; rdn < sizes.size(); ++rdn) {
    made.put(table + rdn * kRdn, static_cast<DWORD>(sizes[rdn]));
    const std::size_t attributes = made.room(static_cast<std::size_t>(sizes[rdn]) * kAttribute);
    made.point(table + rdn * kRdn + 8, attributes);
    for (int i = 0; i < sizes[rdn]; ++i, ++index) {
      const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name.get(), index);
      const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(entry);
      const std::size_t place = attributes + static_cast<std::size_t>(i) * kAttribute;
      made.point(place, made.add(dotted(X509_NAME_ENTRY_get_object(entry))));
      // UTF-8 and UCS-2 are given as UTF-16.
      const auto* const known = std::ranges::find(kStringTypes, ASN1_STRING_type(value), &StringType::tag);
      const DWORD type = known == std::end(kStringTypes) ? DWORD{CERT_RDN_OCTET_STRING} : known->rdn;
      made.put(place + 8, type);
      const Data text = bytes_of(value);
      if (type == CERT_RDN_UTF8_STRING) {
        const std::u16string wide = utf16({reinterpret_cast<const char*>(text.data()), text.size()});
        made.put_blob(place + 16, crypto::data(wide.data(), wide.size() * 2));
      } else if (type == CERT_RDN_BMP_STRING) {
        ByteVector wide(text.begin(), text.end());
        for (std::size_t unit = 0; unit + 1 < wide.size(); unit += 2) std::swap(wide[unit], wide[unit + 1]);
        made.put_blob(place + 16, wide);
      } else {
        made.put_blob(place + 16, text);
      }
    }
  }
  return made;
}

Result<Block> decode_public_key(const unsigned char* at, long size) {
  const auto key = TRY((parsed<X509_PUBKEY, X509_PUBKEY_free>(d2i_X509_PUBKEY(nullptr, &at, size))));
  ASN1_OBJECT* id = nullptr;
  const unsigned char* bits = nullptr;
  int bits_size = 0;
  X509_ALGOR* algorithm = nullptr;
  X509_PUBKEY_get0_param(&id, &bits, &bits_size, &algorithm, key.get());
  Block made(sizeof(CERT_PUBLIC_KEY_INFO));
  made.point(0, made.add(dotted(id)));
  made.put_blob(offsetof(CERT_PUBLIC_KEY_INFO, Algorithm.Parameters), parameters_of(algorithm));
  made.put_blob(offsetof(CERT_PUBLIC_KEY_INFO, PublicKey), crypto::data(bits, static_cast<std::size_t>(bits_size)));
  return made;
}

// PUBLICKEYBLOB: its numbers have their least byte first.
Result<Block> decode_rsa(const unsigned char* at, long size) {
  crypto::PublicKey key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  if (!key) return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "an RSA key");
  const crypto::RsaParts parts = TRY(crypto::rsa_parts(key));
  DWORD exponent = 0;
  for (const BYTE each : parts.exponent) exponent = exponent << 8 | each;
  const DWORD header[] = {0x00000206, 0xA400, 0x31415352, static_cast<DWORD>(parts.modulus.size() * 8), exponent};
  Block made(sizeof header + parts.modulus.size());
  for (std::size_t i = 0; i < std::size(header); ++i) made.put(4 * i, header[i]);
  for (std::size_t i = 0; i < parts.modulus.size(); ++i)
    made.put(sizeof header + i, parts.modulus[parts.modulus.size() - 1 - i]);
  return made;
}

ByteVector reversed(std::span<const BYTE> bytes) {
  return {bytes.rbegin(), bytes.rend()};
}

// PRIVATEKEYBLOB.
Result<Block> decode_rsa_private(const unsigned char* at, long size) {
  crypto::PublicKey key(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, size));
  if (!key) return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "an RSA private key");
  const crypto::RsaParts parts = TRY(crypto::rsa_parts(key));
  DWORD exponent = 0;
  for (const BYTE each : parts.exponent) exponent = exponent << 8 | each;
  const std::size_t length = parts.modulus.size(), half = (length + 1) / 2;
  const DWORD header[] = {0x00000207, 0xA400, 0x32415352, static_cast<DWORD>(length * 8), exponent};
  Block made(sizeof header + 2 * length + 5 * half);
  for (std::size_t i = 0; i < std::size(header); ++i) made.put(4 * i, header[i]);
  std::size_t place = sizeof header;
  const auto put = [&](std::span<const BYTE> number, std::size_t room) {
    for (std::size_t i = 0; i < std::min(number.size(), room); ++i) made.put(place + i, number[number.size() - 1 - i]);
    place += room;
  };
  put(parts.modulus, length);
  for (const crypto::Secret* each :
       {&parts.prime1, &parts.prime2, &parts.exponent1, &parts.exponent2, &parts.coefficient})
    put(*each, half);
  put(parts.private_exponent, length);
  return made;
}

// CRYPT_PRIVATE_KEY_INFO, without attributes.
Result<Block> decode_private_key_info(const unsigned char* at, long size) {
  const auto key =
      TRY((parsed<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, size))));
  const ASN1_OBJECT* id = nullptr;
  const unsigned char* bytes = nullptr;
  int length = 0;
  const X509_ALGOR* algorithm = nullptr;
  if (PKCS8_pkey_get0(&id, &bytes, &length, &algorithm, key.get()) != 1)
    return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "a private key");
  constexpr std::size_t kAlgorithm = 8, kKey = 32, kSize = 56;
  Block made(kSize);
  made.point(kAlgorithm, made.add(dotted(id)));
  made.put_blob(kAlgorithm + offsetof(CRYPT_ALGORITHM_IDENTIFIER, Parameters), parameters_of(algorithm));
  made.put_blob(kKey, crypto::data(bytes, static_cast<std::size_t>(length)));
  return made;
}

// The bytes of a number, the first with its sign.
Result<ByteVector> integer_at(const unsigned char** at, const unsigned char* end) {
  long length = 0;
  int tag = 0, tag_class = 0;
  const int kind = ASN1_get_object(at, &length, &tag, &tag_class, end - *at);
  if ((kind & 0x80) != 0 || tag != V_ASN1_INTEGER || tag_class != V_ASN1_UNIVERSAL || length == 0)
    return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "a number");
  ByteVector bytes(*at, *at + length);
  *at += length;
  return bytes;
}
Result<Block> decode_big_integer(const unsigned char* at, long size) {
  const ByteVector bytes = TRY(integer_at(&at, at + size));
  Block made(sizeof(CRYPT_DATA_BLOB));
  made.put_blob(0, reversed(bytes));
  return made;
}
Result<Block> decode_integer(const unsigned char* at, long size) {
  const ByteVector bytes = TRY(integer_at(&at, at + size));
  if (bytes.size() > sizeof(INT)) return fail(CRYPT_E_ASN1_LARGE, "a number of {} bytes", bytes.size());
  std::uint32_t value = (bytes.front() & 0x80) != 0 ? ~0U : 0U;
  for (const BYTE each : bytes) value = value << 8 | each;
  Block made(sizeof value);
  made.put(0, value);
  return made;
}

// CERT_ECC_SIGNATURE: two numbers without a sign.
Result<Block> decode_ecc_signature(const unsigned char* at, long size) {
  long length = 0;
  int tag = 0, tag_class = 0;
  if ((ASN1_get_object(&at, &length, &tag, &tag_class, size) & 0x80) != 0 || tag != V_ASN1_SEQUENCE)
    return crypto::openssl_error(CRYPT_E_ASN1_BADTAG, "a signature");
  const unsigned char* const end = at + length;
  Block made(2 * sizeof(CRYPT_DATA_BLOB));
  for (const std::size_t place : {std::size_t{0}, sizeof(CRYPT_DATA_BLOB)}) {
    ByteVector bytes = TRY(integer_at(&at, end));
    if (bytes.size() > 1 && bytes.front() == 0) bytes.erase(bytes.begin());
    made.put_blob(place, reversed(bytes));
  }
  return made;
}

using Decoder = Result<Block> (*)(const unsigned char*, long);
struct Type {
  std::uintptr_t number;
  const char* id;  // of the extension that has this form, or NULL
  Decoder decode;
};
constexpr Type kTypes[] = {
    {X509_NAME_TYPE, nullptr, decode_name},
    {X509_PUBLIC_KEY_INFO_TYPE, nullptr, decode_public_key},
    {X509_ALTERNATE_NAME, "2.5.29.17", decode_alternatives},
    {X509_ALTERNATE_NAME, "2.5.29.18", decode_alternatives},
    {X509_KEY_USAGE, "2.5.29.15", decode_bits},
    {X509_BASIC_CONSTRAINTS2, "2.5.29.19", decode_constraints},
    {RSA_CSP_PUBLICKEYBLOB, "1.2.840.113549.1.1.1", decode_rsa},
    {X509_OCTET_STRING, "2.5.29.14", decode_octets},
    {X509_BITS, nullptr, decode_bits},
    {X509_INTEGER, nullptr, decode_integer},
    {X509_MULTI_BYTE_INTEGER, nullptr, decode_big_integer},
    {X509_ENHANCED_KEY_USAGE, "2.5.29.37", decode_usages},
    {PKCS_RSA_PRIVATE_KEY, nullptr, decode_rsa_private},
    {PKCS_PRIVATE_KEY_INFO, nullptr, decode_private_key_info},
    {X509_ECC_SIGNATURE, nullptr, decode_ecc_signature},
};

Result<Decoder> decoder_for(const char* type) {
  const auto number = reinterpret_cast<std::uintptr_t>(type);
  for (const Type& each : kTypes)
    if (number < 0x10000 ? each.number == number : each.id != nullptr && std::strcmp(each.id, type) == 0)
      return each.decode;
  return fail_win32(ERROR_FILE_NOT_FOUND, "no structure for type {}", number < 0x10000 ? std::to_string(number) : type);
}

struct CRYPT_DECODE_PARA {
  DWORD cbSize;
  HM_WINAPI void* (*pfnAlloc)(SIZE_T);
  HM_WINAPI void (*pfnFree)(void*);
};

HM_WINAPI BOOL CryptDecodeObjectEx(DWORD, const char* type, const BYTE* encoded, DWORD size, DWORD flags,
                                   const CRYPT_DECODE_PARA* parameters, void* result, DWORD* result_size) noexcept {
  return security_succeed([&]() -> Status {
    constexpr DWORD CRYPT_DECODE_ALLOC_FLAG = 0x8000;
    if (encoded == nullptr || result_size == nullptr) return fail(STATUS_INVALID_PARAMETER, "a NULL");
    const Decoder decode = TRY(decoder_for(type));
    const Block block = TRY(decode(encoded, static_cast<long>(size)));
    const DWORD room = std::exchange(*result_size, static_cast<DWORD>(block.size()));
    if ((flags & CRYPT_DECODE_ALLOC_FLAG) != 0) {
      if (result == nullptr) return fail(STATUS_INVALID_PARAMETER, "no room for the address");
      void* const made = parameters != nullptr && parameters->pfnAlloc != nullptr
                             ? thread::call(parameters->pfnAlloc, block.size())
                             : nt::heap_allocate(block.size());  // LocalFree() takes it
      if (made == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} bytes", block.size());
      block.copy_to(static_cast<BYTE*>(made));
      *static_cast<void**>(result) = made;
      return ok;
    }
    if (result == nullptr) return ok;
    if (room < block.size()) return fail_win32(ERROR_MORE_DATA, "room for {} of {} bytes", room, block.size());
    block.copy_to(static_cast<BYTE*>(result));
    return ok;
  });
}

HM_WINAPI BOOL CryptDecodeObject(DWORD encoding, const char* type, const BYTE* encoded, DWORD size, DWORD flags,
                                 void* result, DWORD* result_size) noexcept {
  return CryptDecodeObjectEx(encoding, type, encoded, size, flags & ~0x8000U, nullptr, result, result_size);
}

// ---- hashes ---------------------------------------------------------------------------------------------------------

// SHA-1 unless another is named.
HM_WINAPI BOOL CryptHashCertificate(void*, DWORD algorithm, DWORD, const BYTE* encoded, DWORD size, BYTE* hash,
                                    DWORD* hash_size) noexcept {
  return security_succeed([&]() -> Status {
    crypto::HashKind kind;
    switch (algorithm) {
      case 0:
      case 0x8004:
        kind = crypto::HashKind::sha1;
        break;
      case 0x8003:
        kind = crypto::HashKind::md5;
        break;
      case 0x800C:
        kind = crypto::HashKind::sha256;
        break;
      case 0x800D:
        kind = crypto::HashKind::sha384;
        break;
      case 0x800E:
        kind = crypto::HashKind::sha512;
        break;
      default:
        return fail(NTE_BAD_ALGID, "{:#x} is no hash", algorithm);
    }
    const ByteVector value = TRY(crypto::hash(kind, crypto::data(encoded, size)));
    return give(value, hash, hash_size);
  });
}

// ---- keys and memory ------------------------------------------------------------------------------------------------

HM_WINAPI BOOL CryptImportPublicKeyInfoEx2(DWORD, const CERT_PUBLIC_KEY_INFO* info, DWORD flags, void*,
                                           void** key) noexcept {
  return security_succeed([&]() -> Status {
    constexpr DWORD CRYPT_OID_INFO_PUBKEY_ENCRYPT_KEY_FLAG = 0x40000000;
    if (info == nullptr || key == nullptr) return fail(E_INVALIDARG, "a NULL");
    crypto::PublicKey decoded = TRY(public_key(*info));
    *key = TRY(bcrypt::handle_for(std::move(decoded), (flags & CRYPT_OID_INFO_PUBKEY_ENCRYPT_KEY_FLAG) != 0));
    return ok;
  });
}

// Memory that only this process can read again: with AES and a key that lives as long as it does.
BOOL in_place(void* memory, DWORD size, DWORD flags, crypto::Direction direction) {
  return security_succeed([&]() -> Status {
    constexpr DWORD CRYPTPROTECTMEMORY_BLOCK_SIZE = 16;
    if (memory == nullptr || size == 0 || size % CRYPTPROTECTMEMORY_BLOCK_SIZE != 0)
      return fail(STATUS_INVALID_PARAMETER, "{} bytes are not whole blocks", size);
    if (flags != 0) return fail(STATUS_NOT_SUPPORTED, "memory that other processes can read again");
    static const auto* const key = [] {
      auto* const made = new crypto::Secret(32);
      nt::fill_random(made->data(), made->size());
      return made;
    }();
    const crypto::CipherPtr cipher =
        TRY(crypto::fetch_cipher(crypto::CipherKind::aes, crypto::CipherMode::cbc, key->size()));
    const BYTE vector[16] = {};
    const crypto::CipherContext context = TRY(crypto::start_cipher(cipher.get(), direction, *key, vector));
    return crypto::run_cipher(context.get(), crypto::data(memory, size), static_cast<BYTE*>(memory));
  });
}
HM_WINAPI BOOL CryptProtectMemory(void* memory, DWORD size, DWORD flags) noexcept {
  return in_place(memory, size, flags, crypto::Direction::encrypt);
}
HM_WINAPI BOOL CryptUnprotectMemory(void* memory, DWORD size, DWORD flags) noexcept {
  return in_place(memory, size, flags, crypto::Direction::decrypt);
}

const Export kRows[] = {
    {"CryptDecodeObject", proc(CryptDecodeObject), Support::partial,
     "names, alternative names, keys, ECC signatures, key usages, basic constraints, octets, bits and numbers"},
    {"CryptDecodeObjectEx", proc(CryptDecodeObjectEx), Support::partial,
     "names, alternative names, keys, ECC signatures, key usages, basic constraints, octets, bits and numbers"},
    {"CryptHashCertificate", proc(CryptHashCertificate)},
    {"CryptImportPublicKeyInfoEx2", proc(CryptImportPublicKeyInfoEx2), Support::partial, "RSA and NIST's curves"},
    {"CryptProtectMemory", proc(CryptProtectMemory), Support::partial, "CRYPTPROTECTMEMORY_SAME_PROCESS only"},
    {"CryptUnprotectMemory", proc(CryptUnprotectMemory), Support::partial, "CRYPTPROTECTMEMORY_SAME_PROCESS only"},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_object_exports = crypt32::kRows;

}  // namespace hmodule::winapi
