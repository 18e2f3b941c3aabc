// OpenSSL, as the crypto DLLs use it: in a library context of our own, so that neither the host's use of OpenSSL nor
// its configuration file changes what a DLL gets. Nothing is set up before the first crypto function is called.
#pragma once

#include "base/result.h"

#include <openssl/crypto.h>
#include <openssl/types.h>

#include <memory>
#include <span>
#include <vector>

namespace hmodule::crypto {

// With the algorithms that are thought safe, and with those of OpenSSL's "legacy" module (MD4, RC4, RC2, DES), which
// may be missing; then those are not found.
OSSL_LIB_CTX* library();
void want_legacy();

// An error that names what OpenSSL said, whose queue it empties.
[[nodiscard]] Error openssl_error(NTSTATUS status, std::string_view what);

using Data = std::span<const BYTE>;

inline Data data(const void* bytes, std::size_t size) {
  return {static_cast<const BYTE*>(bytes), bytes == nullptr ? 0 : size};
}

// Owns something of OpenSSL's.
template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <typename T, auto free_function>
using Owned = std::unique_ptr<T, Free<free_function>>;

// Bytes that are wiped when they go.
template <typename T>
struct WipingAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = WipingAllocator<U>;
  };
  void deallocate(T* memory, std::size_t count) {
    OPENSSL_cleanse(memory, count * sizeof(T));
    std::allocator<T>::deallocate(memory, count);
  }
};
using Secret = std::vector<BYTE, WipingAllocator<BYTE>>;
using ByteVector = std::vector<BYTE>;

inline Secret secret(Data bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace hmodule::crypto
