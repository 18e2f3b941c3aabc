#include "crypto/cipher.h"

#include <algorithm>
#include <cstring>

namespace hmodule::crypto {
namespace {

constexpr CipherFacts kFacts[] = {
    {16, 128, 256, 64}, {8, 64, 64, 0}, {8, 128, 128, 0}, {8, 192, 192, 0},
    {8, 16, 128, 8},    {1, 8, 512, 8}, {1, 256, 256, 0},
};

std::string cipher_name(CipherKind kind, CipherMode mode, std::size_t key_size) {
  static const char* const kModes[] = {"", "ECB", "CBC", "CFB8", "CFB", "GCM", "CCM"};
  const char* const suffix = kModes[static_cast<std::size_t>(mode)];
  switch (kind) {
    case CipherKind::aes:
      return fmt::format("AES-{}-{}", key_size * 8, suffix);
    case CipherKind::des:
      return fmt::format("DES-{}", suffix);
    case CipherKind::des3_112:
      return mode == CipherMode::ecb ? "DES-EDE" : fmt::format("DES-EDE-{}", suffix);
    case CipherKind::des3:
      return fmt::format("DES-EDE3-{}", suffix);
    case CipherKind::rc2:
      return fmt::format("RC2-{}", suffix);
    case CipherKind::rc4:
      return "RC4";
    case CipherKind::chacha20_poly1305:
      return "ChaCha20-Poly1305";
  }
  return "";
}

}  // namespace

const CipherFacts& facts(CipherKind kind) {
  return kFacts[static_cast<std::size_t>(kind)];
}

Result<CipherPtr> fetch_cipher(CipherKind kind, CipherMode mode, std::size_t key_size) {
  if (kind == CipherKind::des || kind == CipherKind::rc2 || kind == CipherKind::rc4) want_legacy();
  const std::string name = cipher_name(kind, mode, key_size);
  CipherPtr fetched(EVP_CIPHER_fetch(library(), name.c_str(), nullptr));
  if (!fetched) return openssl_error(STATUS_NOT_SUPPORTED, name);
  return fetched;
}

Result<CipherContext> start_cipher(const EVP_CIPHER* cipher, Direction direction, Data key, Data iv) {
  CipherContext context(EVP_CIPHER_CTX_new());
  // The key's length first: RC2 and RC4 have keys of any.
  if (EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, static_cast<int>(direction), nullptr) != 1 ||
      (EVP_CIPHER_CTX_get_key_length(context.get()) != static_cast<int>(key.size()) &&
       EVP_CIPHER_CTX_set_key_length(context.get(), static_cast<int>(key.size())) != 1) ||
      EVP_CipherInit_ex2(context.get(), nullptr, key.data(), iv.empty() ? nullptr : iv.data(),
                         static_cast<int>(direction), nullptr) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "starting a cipher");
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  return context;
}

Status run_cipher(EVP_CIPHER_CTX* context, Data from, BYTE* to) {
  constexpr std::size_t kMost = 1U << 30;  // OpenSSL counts in int
  while (!from.empty()) {
    const std::size_t part = std::min(from.size(), kMost);
    int written = 0;
    if (EVP_CipherUpdate(context, to, &written, from.data(), static_cast<int>(part)) != 1)
      return openssl_error(STATUS_INTERNAL_ERROR, "running a cipher");
    from = from.subspan(part);
    to += written;
  }
  return ok;
}

Secret padded(Data last, unsigned block) {
  Secret whole = secret(last);
  whole.resize(block, static_cast<BYTE>(block - last.size()));
  return whole;
}

Result<unsigned> padding_of(Data last, unsigned block) {
  const unsigned count = last.size() == block ? last.back() : 0;
  if (count == 0 || count > block || !std::ranges::all_of(last.last(count), [&](BYTE each) { return each == count; }))
    return fail(STATUS_UNSUCCESSFUL, "the padding of the last block is not right");
  return count;
}

Result<CipherContext> start_sealing(const EVP_CIPHER* cipher, Direction direction, Data key, const Sealed& with) {
  CipherContext context(EVP_CIPHER_CTX_new());
  const int encrypt = static_cast<int>(direction);
  int ignored = 0;
  if (EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, encrypt, nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(with.nonce.size()), nullptr) != 1 ||
      EVP_CipherInit_ex2(context.get(), nullptr, key.data(), with.nonce.data(), encrypt, nullptr) != 1 ||
      (!with.additional.empty() && EVP_CipherUpdate(context.get(), nullptr, &ignored, with.additional.data(),
                                                    static_cast<int>(with.additional.size())) != 1))
    return openssl_error(STATUS_INVALID_PARAMETER, "starting authenticated encryption");
  return context;
}

Status finish_sealing(EVP_CIPHER_CTX* context, std::span<BYTE> tag) {
  BYTE nothing[16];
  int written = 0;
  if (EVP_CipherFinal_ex(context, nothing, &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "making an authentication tag");
  return ok;
}

Status finish_unsealing(EVP_CIPHER_CTX* context, Data tag) {
  BYTE nothing[16];
  int written = 0;
  if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                          const_cast<BYTE*>(tag.data())) != 1)
    return openssl_error(STATUS_INVALID_PARAMETER, "an authentication tag");
  if (EVP_CipherFinal_ex(context, nothing, &written) != 1)
    return openssl_error(STATUS_AUTH_TAG_MISMATCH, "the authentication tag does not match");
  return ok;
}

namespace {

// CCM wants the tag's length, and the message's, before anything else, and takes the message in one piece.
Result<CipherContext> start_ccm(const EVP_CIPHER* cipher, Direction direction, Data key, const Sealed& with,
                                std::size_t size, std::size_t tag_size, const BYTE* tag) {
  CipherContext context(EVP_CIPHER_CTX_new());
  const int encrypt = static_cast<int>(direction);
  int ignored = 0;
  if (EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, encrypt, nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(with.nonce.size()), nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_size), const_cast<BYTE*>(tag)) !=
          1 ||
      EVP_CipherInit_ex2(context.get(), nullptr, key.data(), with.nonce.data(), encrypt, nullptr) != 1 ||
      EVP_CipherUpdate(context.get(), nullptr, &ignored, nullptr, static_cast<int>(size)) != 1 ||
      (!with.additional.empty() && EVP_CipherUpdate(context.get(), nullptr, &ignored, with.additional.data(),
                                                    static_cast<int>(with.additional.size())) != 1))
    return openssl_error(STATUS_INVALID_PARAMETER, "starting CCM");
  return context;
}

}  // namespace

Status seal(const EVP_CIPHER* cipher, CipherMode mode, Data key, const Sealed& with, Data from, BYTE* to,
            std::span<BYTE> tag) {
  static const BYTE nothing = 0;
  BYTE nowhere[1];
  if (mode == CipherMode::ccm) {
    const CipherContext context =
        TRY(start_ccm(cipher, Direction::encrypt, key, with, from.size(), tag.size(), nullptr));
    int written = 0;
    if (EVP_CipherUpdate(context.get(), from.empty() ? nowhere : to, &written, from.empty() ? &nothing : from.data(),
                         static_cast<int>(from.size())) != 1)
      return openssl_error(STATUS_INVALID_PARAMETER, "CCM");
    return finish_sealing(context.get(), tag);
  }
  const CipherContext context = TRY(start_sealing(cipher, Direction::encrypt, key, with));
  TRY(run_cipher(context.get(), from, to));
  return finish_sealing(context.get(), tag);
}

Status unseal(const EVP_CIPHER* cipher, CipherMode mode, Data key, const Sealed& with, Data from, BYTE* to, Data tag) {
  static const BYTE nothing = 0;
  BYTE nowhere[1];
  const auto open = [&]() -> Status {
    if (mode == CipherMode::ccm) {
      const CipherContext context =
          TRY(start_ccm(cipher, Direction::decrypt, key, with, from.size(), tag.size(), tag.data()));
      int written = 0;
      if (EVP_CipherUpdate(context.get(), from.empty() ? nowhere : to, &written, from.empty() ? &nothing : from.data(),
                           static_cast<int>(from.size())) != 1)
        return openssl_error(STATUS_AUTH_TAG_MISMATCH, "the authentication tag does not match");
      return ok;
    }
    const CipherContext context = TRY(start_sealing(cipher, Direction::decrypt, key, with));
    TRY(run_cipher(context.get(), from, to));
    return finish_unsealing(context.get(), tag);
  };
  Status opened = open();
  if (!opened && !from.empty()) OPENSSL_cleanse(to, from.size());
  return opened;
}

}  // namespace hmodule::crypto
