#include "crypto/library.h"

#include <openssl/err.h>
#include <openssl/provider.h>

#include <mutex>

namespace hmodule::crypto {

OSSL_LIB_CTX* library() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    if (made == nullptr) throw std::bad_alloc();
    OSSL_PROVIDER_load(made, "default");
    return made;
  }();
  return context;
}

void want_legacy() {
  static std::once_flag once;
  std::call_once(once, [] {
    OSSL_PROVIDER_load(library(), "legacy");
    ERR_clear_error();
  });
}

Error openssl_error(NTSTATUS status, std::string_view what) {
  const char* reason = nullptr;
  if (const unsigned long code = ERR_peek_last_error(); code != 0) reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return fail(status, "{}: {}", what, reason == nullptr ? "no reason is known" : reason);
}

}  // namespace hmodule::crypto
