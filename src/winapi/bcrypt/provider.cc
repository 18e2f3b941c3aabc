// bcrypt.h: providers, and the properties of every kind of object.
#include "module/builtin.h"
#include "winapi/bcrypt/objects.h"

#include <cstdlib>
#include <cstring>

namespace hmodule::winapi {
namespace bcrypt {
namespace {

constexpr ULONG BCRYPT_PROV_DISPATCH = 0x1, BCRYPT_ALG_HANDLE_HMAC_FLAG = 0x8, BCRYPT_HASH_REUSABLE_FLAG = 0x20;
constexpr std::u16string_view kProviderName = u"Microsoft Primitive Provider";

struct ModeName {
  CipherMode mode;
  std::u16string_view name;
};
constexpr ModeName kModes[] = {
    {CipherMode::none, u"ChainingModeN/A"}, {CipherMode::ecb, u"ChainingModeECB"},
    {CipherMode::cbc, u"ChainingModeCBC"},  {CipherMode::cfb, u"ChainingModeCFB"},
    {CipherMode::gcm, u"ChainingModeGCM"},  {CipherMode::ccm, u"ChainingModeCCM"},
};

ULONG interface_of(Family family) {
  switch (family) {
    case Family::cipher:
      return 1;  // BCRYPT_CIPHER_INTERFACE and so on
    case Family::hash:
    case Family::cmac:
      return 2;
    case Family::rsa:
      return 3;
    case Family::dh:
    case Family::ecdh:
      return 4;
    case Family::ecdsa:
      return 5;
    case Family::random:
      return 6;
    default:
      return 7;
  }
}

// BCRYPT_..._OPERATION: RSA has two.
ULONG operations_of(const Algorithm& algorithm) {
  if (algorithm.name == u"RSA") return 0x14;
  if (algorithm.name == u"RSA_SIGN") return 0x10;
  return 1U << (interface_of(algorithm.family) - 1);
}

crypto::ByteVector dword(ULONG value) {
  crypto::ByteVector bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

crypto::ByteVector dwords(std::initializer_list<ULONG> values) {
  crypto::ByteVector bytes(values.size() * sizeof(ULONG));
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

// With its terminator.
crypto::ByteVector wide(std::u16string_view text) {
  crypto::ByteVector bytes((text.size() + 1) * sizeof(WCHAR));
  std::memcpy(bytes.data(), text.data(), text.size() * sizeof(WCHAR));
  return bytes;
}

crypto::ByteVector pointer(const void* value) {
  crypto::ByteVector bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::u16string_view curve_name(crypto::Curve curve) {
  static constexpr std::u16string_view kNames[] = {u"", u"nistP256", u"nistP384", u"nistP521"};
  return kNames[static_cast<std::size_t>(curve)];
}

// bcrypt.h, BCRYPT_KEY_LENGTHS: least, most and step, in bits.
Result<crypto::ByteVector> key_lengths(const Algorithm& algorithm, crypto::Curve curve) {
  switch (algorithm.family) {
    case Family::cipher: {
      const crypto::CipherFacts& facts = crypto::facts(algorithm.cipher);
      return dwords({facts.shortest_bits, facts.longest_bits, facts.step_bits});
    }
    case Family::rsa:
      return dwords({512, 16384, 64});
    case Family::dh:
      return dwords({512, 4096, 64});
    case Family::ecdsa:
    case Family::ecdh:
      return dwords({crypto::bits_of(curve), crypto::bits_of(curve), 0});
    case Family::cmac:
      return dwords({128, 256, 64});
    default:
      return no_property(u"KeyLengths");
  }
}

// How much room programs make for an object that then lives elsewhere: only that it is not 0 matters.
constexpr ULONG kHashObjectLength = 382, kKeyObjectLength = 654;

Result<crypto::ByteVector> cipher_property(const CipherSettings& settings, const Algorithm& algorithm,
                                           std::u16string_view name) {
  const unsigned block = crypto::facts(algorithm.cipher).block;
  if (name == u"BlockLength") return dword(block);
  if (name == u"BlockSizeList") return dword(block);
  if (name == u"ChainingMode") return wide(mode_name(settings.mode));
  if (name == u"ObjectLength" || name == u"KeyObjectLength") return dword(kKeyObjectLength);
  if (name == u"MessageBlockLength") return dword(settings.mode == CipherMode::cfb ? settings.feedback : block);
  if (name == u"AuthTagLength") {
    if (settings.mode == CipherMode::gcm) return dwords({12, 16, 1});
    if (settings.mode == CipherMode::ccm) return dwords({4, 16, 2});
    if (algorithm.cipher == CipherKind::chacha20_poly1305) return dwords({16, 16, 1});
  }
  return no_property(name);
}

Result<crypto::ByteVector> common_property(const Algorithm& algorithm, std::u16string_view name) {
  if (name == u"AlgorithmName") return wide(algorithm.name);
  if (name == u"PrimitiveType") return dword(interface_of(algorithm.family));
  if (algorithm.family == Family::rsa && name == u"PaddingSchemes")
    return dword(algorithm.name == u"RSA" ? 0x1F : 0x15);  // BCRYPT_SUPPORTED_PAD_...
  return no_property(name);
}

Result<crypto::ByteVector> get(Provider& provider, std::u16string_view name) {
  const Algorithm& algorithm = provider.algorithm;
  if (name == u"KeyLengths") return key_lengths(algorithm, provider.curve);
  if (name == u"ProviderHandle") return pointer(static_cast<Object*>(&provider));
  if (algorithm.family == Family::hash || algorithm.family == Family::cmac) {
    const bool cmac = algorithm.family == Family::cmac;
    if (name == u"HashDigestLength") return dword(cmac ? 16 : crypto::facts(algorithm.hash).size);
    if (name == u"HashBlockLength") return dword(cmac ? 16 : crypto::facts(algorithm.hash).block);
    if (name == u"ObjectLength") return dword(kHashObjectLength);
    if (name == u"IsKeyedHash") return dword(cmac || provider.hmac);
    if (name == u"IsReusableHash") return dword(provider.reusable);
  }
  if (algorithm.family == Family::cipher)
    if (auto found = cipher_property(provider.settings, algorithm, name)) return found;
  if (name == u"ObjectLength" && interface_of(algorithm.family) == 7) return dword(kKeyObjectLength);
  if (name == u"ECCCurveName" && provider.curve != crypto::Curve::any) return wide(curve_name(provider.curve));
  return common_property(algorithm, name);
}

Result<crypto::ByteVector> get(HashObject& hash, std::u16string_view name) {
  if (name == u"HashDigestLength") return dword(hash.hash.size());
  if (name == u"HashBlockLength")
    return dword(hash.algorithm.family == Family::cmac ? 16 : crypto::facts(hash.algorithm.hash).block);
  if (name == u"ObjectLength") return dword(kHashObjectLength);
  if (name == u"IsReusableHash") return dword(hash.reusable);
  if (name == u"ProviderHandle") return pointer(static_cast<Object*>(hash.provider));
  return common_property(hash.algorithm, name);
}

Result<crypto::ByteVector> get(SymmetricKey& key, std::u16string_view name) {
  if (name == u"KeyLength" || name == u"KeyStrength") return dword(static_cast<ULONG>(key.secret.size() * 8));
  if (name == u"ProviderHandle") return pointer(static_cast<Object*>(key.provider));
  if (name == u"IV") {
    const std::lock_guard lock(key.mutex);
    return key.vector;
  }
  if (key.algorithm.family == Family::cipher)
    if (auto found = cipher_property(key.settings, key.algorithm, name)) return found;
  return common_property(key.algorithm, name);
}

Result<crypto::ByteVector> get(AsymmetricKey& key, std::u16string_view name) {
  if (name == u"KeyLength" || name == u"KeyStrength" || name == u"PublicKeyLength") return dword(key.bits);
  if (name == u"ProviderHandle") return pointer(static_cast<Object*>(key.provider));
  if (name == u"SignatureLength" && key.algorithm.family == Family::rsa) return dword((key.bits + 7) / 8);
  if (name == u"SignatureLength" && key.algorithm.family == Family::ecdsa) return dword(2 * crypto::size_of(key.curve));
  if (name == u"BlockLength" && key.algorithm.family == Family::rsa) return dword((key.bits + 7) / 8);
  if (name == u"ECCCurveName" && key.curve != crypto::Curve::any) return wide(curve_name(key.curve));
  if (name == u"KeyLengths") return key_lengths(key.algorithm, key.curve);
  return common_property(key.algorithm, name);
}

Result<ULONG> number(Data value) {
  if (value.size() < sizeof(ULONG)) return fail(STATUS_INVALID_PARAMETER, "{} bytes are no number", value.size());
  ULONG read;
  std::memcpy(&read, value.data(), sizeof read);
  return read;
}

Status set_cipher(CipherSettings& settings, const Algorithm& algorithm, std::u16string_view name, Data value) {
  if (name == u"ChainingMode") {
    // Terminated, whatever the size says.
    const std::u16string_view wanted(reinterpret_cast<const WCHAR*>(value.data()));
    const auto* const found = std::ranges::find(kModes, wanted, &ModeName::name);
    const bool stream = crypto::facts(algorithm.cipher).block == 1;
    if (found == std::end(kModes) || stream != (found->mode == CipherMode::none) ||
        ((found->mode == CipherMode::gcm || found->mode == CipherMode::ccm) && algorithm.cipher != CipherKind::aes))
      return fail(STATUS_NOT_SUPPORTED, "{} with {}", utf8(algorithm.name), utf8(wanted));
    settings.mode = found->mode;
    return ok;
  }
  if (name == u"MessageBlockLength") {
    const ULONG feedback = TRY(number(value));
    if (feedback != 1 && feedback != crypto::facts(algorithm.cipher).block)
      return fail(STATUS_INVALID_PARAMETER, "{} with {} bytes of feedback", utf8(algorithm.name), feedback);
    settings.feedback = feedback;
    return ok;
  }
  return no_property(name);
}

Status set(Provider& provider, std::u16string_view name, Data value) {
  if (provider.algorithm.family == Family::cipher)
    return set_cipher(provider.settings, provider.algorithm, name, value);
  if (name == u"ECCCurveName" && (provider.algorithm.name == u"ECDSA" || provider.algorithm.name == u"ECDH")) {
    const std::u16string_view wanted(reinterpret_cast<const WCHAR*>(value.data()));
    for (const auto curve : {crypto::Curve::p256, crypto::Curve::p384, crypto::Curve::p521})
      if (curve_name(curve) == wanted) {
        provider.curve = curve;
        return ok;
      }
    return fail(STATUS_NOT_SUPPORTED, "the curve {}", utf8(wanted));
  }
  return no_property(name);
}

Status set(SymmetricKey& key, std::u16string_view name, Data value) {
  if (key.algorithm.family == Family::hkdf) return set_hkdf(key, name, value);
  if (key.algorithm.family != Family::cipher) return no_property(name);
  const std::lock_guard lock(key.mutex);
  if (name == u"IV") {
    if (value.size() < key.vector.size())
      return fail(STATUS_INVALID_PARAMETER, "an initialisation vector of {} bytes", value.size());
    key.vector.assign(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(key.vector.size()));
    return ok;
  }
  TRY(set_cipher(key.settings, key.algorithm, name, value));
  key.fetched.reset();
  return ok;
}

template <typename Work>
Status with_object(void* handle, Work&& work) {
  if (is_a<HashObject>(handle)) return work(*TRY(object<HashObject>(handle)));
  if (is_a<SymmetricKey>(handle)) return work(*TRY(object<SymmetricKey>(handle)));
  if (is_a<AsymmetricKey>(handle)) return work(*TRY(object<AsymmetricKey>(handle)));
  return work(*TRY(provider_of(handle)));
}

struct BCRYPT_ALGORITHM_IDENTIFIER {
  const WCHAR* pszName;
  ULONG dwClass, dwFlags;
};
struct BCRYPT_PROVIDER_NAME {
  const WCHAR* pszProviderName;
};

HM_WINAPI NTSTATUS BCryptOpenAlgorithmProvider(void** handle, const WCHAR* name, const WCHAR* implementation,
                                               ULONG flags) noexcept {
  return status_of([&]() -> Status {
    constexpr ULONG kKnown = BCRYPT_PROV_DISPATCH | BCRYPT_ALG_HANDLE_HMAC_FLAG | BCRYPT_HASH_REUSABLE_FLAG;
    if (handle == nullptr || name == nullptr || (flags & ~kKnown) != 0)
      return fail(STATUS_INVALID_PARAMETER, "flags {:#x}, or a NULL", flags);
    const Algorithm* const found = find_algorithm(name);
    if (found == nullptr) return fail(STATUS_NOT_FOUND, "no algorithm {}", utf8(std::u16string_view(name)));
    if (implementation != nullptr && implementation != kProviderName)
      return fail(STATUS_NOT_FOUND, "no provider {}", utf8(std::u16string_view(implementation)));
    const bool hmac = (flags & BCRYPT_ALG_HANDLE_HMAC_FLAG) != 0;
    if (hmac && found->family != Family::hash)
      return fail(STATUS_INVALID_PARAMETER, "{} has no HMAC", utf8(found->name));
    auto made = std::make_unique<Provider>(*found, hmac);
    made->reusable = (flags & BCRYPT_HASH_REUSABLE_FLAG) != 0;
    *handle = handle_of(std::move(made));
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptCloseAlgorithmProvider(void* handle, ULONG) noexcept {
  return status_of([&]() -> Status {
    Provider* const provider = TRY(provider_of(handle));
    if (static_cast<Object*>(provider) == handle) delete provider;  // the constants stay
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptGetProperty(void* handle, const WCHAR* name, BYTE* buffer, ULONG size, ULONG* given,
                                     ULONG) noexcept {
  return status_of([&]() -> Status {
    return with_object(handle, [&](auto& found) -> Status {
      if (name == nullptr || given == nullptr) return fail(STATUS_INVALID_PARAMETER, "no property, or no room");
      const crypto::ByteVector value = TRY(get(found, name));
      return give(value, buffer, size, given);
    });
  });
}

HM_WINAPI NTSTATUS BCryptSetProperty(void* handle, const WCHAR* name, BYTE* value, ULONG size, ULONG) noexcept {
  return status_of([&]() -> Status {
    return with_object(handle, [&](auto& found) -> Status {
      if (name == nullptr || value == nullptr) return fail(STATUS_INVALID_PARAMETER, "no property, or no value");
      const Data bytes = crypto::data(value, size);
      if constexpr (std::same_as<decltype(found), HashObject&>)
        return no_property(name);
      else if constexpr (std::same_as<decltype(found), AsymmetricKey&>)
        return set_asymmetric(found, name, bytes);
      else
        return set(found, name, bytes);
    });
  });
}

HM_WINAPI NTSTATUS BCryptEnumAlgorithms(ULONG operations, ULONG* count, BCRYPT_ALGORITHM_IDENTIFIER** list,
                                        ULONG flags) noexcept {
  return status_of([&]() -> Status {
    if (count == nullptr || list == nullptr || flags != 0 || (operations & ~0x7FU) != 0)
      return fail(STATUS_INVALID_PARAMETER, "operations {:#x}, flags {:#x}, or no room", operations, flags);
    const auto all = all_algorithms();
    auto* const made = static_cast<BCRYPT_ALGORITHM_IDENTIFIER*>(std::malloc(all.size_bytes()));
    if (made == nullptr) throw std::bad_alloc();
    *count = 0;
    for (const Algorithm& each : all)
      if (operations == 0 || (operations_of(each) & operations) != 0)
        made[(*count)++] = {each.name.data(), interface_of(each.family), 0};
    *list = made;
    return ok;
  });
}

HM_WINAPI NTSTATUS BCryptEnumProviders(const WCHAR* algorithm, ULONG* count, BCRYPT_PROVIDER_NAME** list,
                                       ULONG flags) noexcept {
  return status_of([&]() -> Status {
    if (algorithm == nullptr || count == nullptr || list == nullptr || flags != 0)
      return fail(STATUS_INVALID_PARAMETER, "flags {:#x}, or a NULL", flags);
    if (find_algorithm(algorithm) == nullptr)
      return fail(STATUS_NOT_FOUND, "no algorithm {}", utf8(std::u16string_view(algorithm)));
    auto* const made = static_cast<BCRYPT_PROVIDER_NAME*>(std::malloc(sizeof(BCRYPT_PROVIDER_NAME)));
    if (made == nullptr) throw std::bad_alloc();
    *made = {kProviderName.data()};
    *count = 1;
    *list = made;
    return ok;
  });
}

HM_WINAPI void BCryptFreeBuffer(void* buffer) noexcept {
  std::free(buffer);
}

HM_WINAPI NTSTATUS BCryptGetFipsAlgorithmMode(BOOLEAN* enabled) noexcept {
  if (enabled == nullptr) return STATUS_INVALID_PARAMETER;
  *enabled = FALSE;
  return STATUS_SUCCESS;
}

const Export kRows[] = {
    {"BCryptCloseAlgorithmProvider", proc(BCryptCloseAlgorithmProvider)},
    {"BCryptEnumAlgorithms", proc(BCryptEnumAlgorithms)},
    {"BCryptEnumProviders", proc(BCryptEnumProviders)},
    {"BCryptFreeBuffer", proc(BCryptFreeBuffer)},
    {"BCryptGetFipsAlgorithmMode", proc(BCryptGetFipsAlgorithmMode)},
    {"BCryptGetProperty", proc(BCryptGetProperty)},
    {"BCryptOpenAlgorithmProvider", proc(BCryptOpenAlgorithmProvider), Support::partial,
     "no MD2, DESX, XTS-AES, AES-GMAC, DSA, TLS key derivations, curves but NIST's"},
    {"BCryptSetProperty", proc(BCryptSetProperty)},
};

}  // namespace

std::u16string_view mode_name(CipherMode mode) {
  return std::ranges::find(kModes, mode, &ModeName::mode)->name;
}

Error no_property(std::u16string_view name) {
  return fail(STATUS_NOT_SUPPORTED, "no property {} here", utf8(name));
}

Status give(Data bytes, BYTE* buffer, ULONG size, ULONG* given) {
  *given = static_cast<ULONG>(bytes.size());
  if (buffer == nullptr) return ok;
  if (size < bytes.size()) return fail(STATUS_BUFFER_TOO_SMALL, "room for {} of {} bytes", size, bytes.size());
  std::ranges::copy(bytes, buffer);
  return ok;
}

}  // namespace bcrypt

extern const ExportTable bcrypt_provider_exports = bcrypt::kRows;

}  // namespace hmodule::winapi
