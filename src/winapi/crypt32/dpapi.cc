// dpapi.h: data that only the user can read again.
//
// A protected blob is ours alone: this header, the description, the ciphertext. Everything before the ciphertext is
// authenticated with it, and so is the caller's entropy: whoever gives another one gets nothing.
#include "base/utf.h"
#include "crypto/cipher.h"
#include "crypto/derivation.h"
#include "module/builtin.h"
#include "nt/heap.h"
#include "nt/random.h"
#include "winapi/common/answer.h"
#include "winapi/crypt32/user_key.h"
#include "winapi/crypt32/wincrypt.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace hmodule::winapi {
namespace crypt32 {
namespace {

constexpr DWORD kInvalidData = 13, kPasswordRestriction = 1325;
constexpr std::size_t kKeySize = 32;

struct CRYPTPROTECT_PROMPTSTRUCT {
  DWORD cbSize, dwPromptFlags;
  HANDLE hwndApp;
  const WCHAR* szPrompt;
};

struct Header {
  DWORD version;
  GUID provider;
  BYTE salt[16], nonce[12], tag[16];
  DWORD description;  // bytes, the terminator among them
};
static_assert(sizeof(Header) == 68);
constexpr Header kHeader = {1, {0x686D6F64, 0x756C, 0x4450, {0x80, 'A', 'P', 'I', 0, 0, 0, 1}}, {}, {}, {}, 0};
constexpr std::size_t kBeforeSalt = offsetof(Header, salt);

crypto::Data data_of(const CRYPT_DATA_BLOB& blob) {
  return crypto::data(blob.pbData, blob.cbData);
}

// Each blob has a key of its own.
Result<crypto::Secret> key_for(const Header& header) {
  const crypto::Secret own = TRY(user_key());
  const crypto::Secret extracted =
      TRY(crypto::hkdf_extract(crypto::HashKind::sha256, own, crypto::data(header.salt, sizeof header.salt)));
  crypto::Secret key(kKeySize);
  constexpr char kPurpose[] = "hmodule CryptProtectData";
  TRY(crypto::hkdf_expand(crypto::HashKind::sha256, extracted, crypto::data(kPurpose, sizeof kPurpose), key));
  return key;
}

// What is authenticated and not encrypted. The lengths are in it, so nothing can move from one part to the other.
std::vector<BYTE> context_of(const Header& header, std::u16string_view description, const CRYPT_DATA_BLOB* entropy) {
  std::vector<BYTE> all;
  const auto add = [&](const void* bytes, std::size_t size) {
    all.insert(all.end(), static_cast<const BYTE*>(bytes), static_cast<const BYTE*>(bytes) + size);
  };
  add(&header, kBeforeSalt);
  add(&header.description, sizeof header.description);
  add(description.data(), description.size() * sizeof(WCHAR));
  if (entropy != nullptr) add(entropy->pbData, entropy->cbData);
  return all;
}

Status check(const void* in, const void* out, const CRYPTPROTECT_PROMPTSTRUCT* prompt) {
  if (in == nullptr || out == nullptr) return fail(STATUS_INVALID_PARAMETER, "no data, or no place for the result");
  if (prompt != nullptr && prompt->dwPromptFlags != 0)
    return fail_win32(kPasswordRestriction, "nobody is there to be asked");
  return ok;
}

Result<BYTE*> allocate(std::size_t size) {
  auto* const memory = static_cast<BYTE*>(nt::heap_allocate(size));  // as LocalAlloc
  if (memory == nullptr) return fail(STATUS_NO_MEMORY, "no memory for {} bytes", size);
  return memory;
}

HM_WINAPI BOOL CryptProtectData(const CRYPT_DATA_BLOB* in, const WCHAR* description, const CRYPT_DATA_BLOB* entropy,
                                void*, const CRYPTPROTECT_PROMPTSTRUCT* prompt, DWORD /*flags*/,
                                CRYPT_DATA_BLOB* out) noexcept {
  return succeed([&]() -> Status {
    TRY(check(in, out, prompt));
    std::u16string text = description == nullptr ? u"" : description;
    text.push_back(0);
    Header header = kHeader;
    nt::fill_random(header.salt, sizeof header.salt);
    nt::fill_random(header.nonce, sizeof header.nonce);
    header.description = static_cast<DWORD>(text.size() * sizeof(WCHAR));
    const crypto::Secret key = TRY(key_for(header));
    const crypto::CipherPtr cipher =
        TRY(crypto::fetch_cipher(crypto::CipherKind::aes, crypto::CipherMode::gcm, kKeySize));
    const std::vector<BYTE> context = context_of(header, text, entropy);
    const std::size_t size = sizeof header + header.description + in->cbData;
    BYTE* const blob = TRY(allocate(size));
    const Status sealed = crypto::seal(cipher.get(), crypto::CipherMode::gcm, key,
                                       {crypto::data(header.nonce, sizeof header.nonce), context}, data_of(*in),
                                       blob + sizeof header + header.description, header.tag);
    if (!sealed) {
      nt::heap_free(blob);
      return sealed;
    }
    std::memcpy(blob, &header, sizeof header);
    std::memcpy(blob + sizeof header, text.data(), header.description);
    *out = {static_cast<DWORD>(size), blob};
    return ok;
  });
}

struct Parts {
  Header header;
  std::u16string description;  // with its terminator
  crypto::Data sealed;
};
Result<Parts> parts_of(const CRYPT_DATA_BLOB& blob) {
  Parts parts = {};
  const auto refuse = [&] {
    return fail_win32(kInvalidData, "{} bytes that CryptProtectData did not make", blob.cbData);
  };
  if (blob.pbData == nullptr || blob.cbData < sizeof parts.header) return refuse();
  std::memcpy(&parts.header, blob.pbData, sizeof parts.header);
  const DWORD rest = blob.cbData - static_cast<DWORD>(sizeof parts.header), text = parts.header.description;
  if (std::memcmp(&parts.header, &kHeader, kBeforeSalt) != 0 || text < sizeof(WCHAR) || text % sizeof(WCHAR) != 0 ||
      text > rest)
    return refuse();
  parts.description.resize(text / sizeof(WCHAR));
  std::memcpy(parts.description.data(), blob.pbData + sizeof parts.header, text);
  if (parts.description.back() != 0) return refuse();
  parts.sealed = crypto::data(blob.pbData + sizeof parts.header + text, rest - text);
  return parts;
}

HM_WINAPI BOOL CryptUnprotectData(const CRYPT_DATA_BLOB* in, WCHAR** description, const CRYPT_DATA_BLOB* entropy, void*,
                                  const CRYPTPROTECT_PROMPTSTRUCT* prompt, DWORD /*flags*/,
                                  CRYPT_DATA_BLOB* out) noexcept {
  return succeed([&]() -> Status {
    TRY(check(in, out, prompt));
    const Parts parts = TRY(parts_of(*in));
    const crypto::Secret key = TRY(key_for(parts.header));
    const crypto::CipherPtr cipher =
        TRY(crypto::fetch_cipher(crypto::CipherKind::aes, crypto::CipherMode::gcm, kKeySize));
    const std::vector<BYTE> context = context_of(parts.header, parts.description, entropy);
    BYTE* const plain = TRY(allocate(std::max<std::size_t>(parts.sealed.size(), 1)));
    const Status opened = crypto::unseal(cipher.get(), crypto::CipherMode::gcm, key,
                                         {crypto::data(parts.header.nonce, sizeof parts.header.nonce), context},
                                         parts.sealed, plain, crypto::data(parts.header.tag, sizeof parts.header.tag));
    if (!opened) {
      nt::heap_free(plain);
      return fail_win32(kInvalidData, "changed, of another user, or with other entropy: {}", opened.error().reason);
    }
    if (description != nullptr) {
      const std::size_t size = parts.description.size() * sizeof(WCHAR);
      auto text = allocate(size);
      if (!text) {
        nt::heap_free(plain);
        return text.error();
      }
      std::memcpy(*text, parts.description.data(), size);
      *description = reinterpret_cast<WCHAR*>(*text);
    }
    *out = {static_cast<DWORD>(parts.sealed.size()), plain};
    return ok;
  });
}

constexpr std::string_view kPartial = "readable by this user and this library alone, CRYPTPROTECT_LOCAL_MACHINE or not";
const Export kRows[] = {
    {"CryptProtectData", proc(CryptProtectData), Support::partial, kPartial},
    {"CryptUnprotectData", proc(CryptUnprotectData), Support::partial, kPartial},
};

}  // namespace
}  // namespace crypt32

extern const ExportTable crypt32_dpapi_exports = crypt32::kRows;

}  // namespace hmodule::winapi
