// wincrypt.h and ntsecapi.h: random numbers. There are no key containers.
#include "module/builtin.h"
#include "nt/random.h"
#include "thread/teb.h"
#include "winapi/common/answer.h"

namespace hmodule::winapi {
namespace {

constexpr DWORD CRYPT_VERIFYCONTEXT = 0xF0000000;
constexpr DWORD NTE_BAD_KEYSET = 0x80090016, NTE_BAD_UID = 0x80090001;

// The one provider there is; its address is the handle.
const char kRandomProvider[] = "random numbers";

bool is_provider(const void* handle) {
  return handle == &kRandomProvider;
}

BOOL acquire(const void** provider, DWORD flags) {
  if (provider == nullptr) {
    thread::set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
  }
  if ((flags & CRYPT_VERIFYCONTEXT) != CRYPT_VERIFYCONTEXT) {
    thread::set_last_error(NTE_BAD_KEYSET);
    return FALSE;
  }
  *provider = &kRandomProvider;
  return TRUE;
}
HM_WINAPI BOOL CryptAcquireContextA(const void** provider, const char*, const char*, DWORD, DWORD flags) noexcept {
  return acquire(provider, flags);
}
HM_WINAPI BOOL CryptAcquireContextW(const void** provider, const WCHAR*, const WCHAR*, DWORD, DWORD flags) noexcept {
  return acquire(provider, flags);
}

HM_WINAPI BOOL CryptReleaseContext(const void* provider, DWORD) noexcept {
  if (is_provider(provider)) return TRUE;
  thread::set_last_error(NTE_BAD_UID);
  return FALSE;
}

HM_WINAPI BOOL CryptGenRandom(const void* provider, DWORD size, BYTE* buffer) noexcept {
  if (!is_provider(provider) || buffer == nullptr) {
    thread::set_last_error(buffer == nullptr ? DWORD{ERROR_INVALID_PARAMETER} : NTE_BAD_UID);
    return FALSE;
  }
  nt::fill_random(buffer, size);
  return TRUE;
}

// RtlGenRandom by its real name.
HM_WINAPI BOOLEAN SystemFunction036(void* buffer, ULONG size) noexcept {
  nt::fill_random(buffer, size);
  return TRUE;
}

const Export kRows[] = {
    {"CryptAcquireContextA", proc(CryptAcquireContextA), Support::partial, "CRYPT_VERIFYCONTEXT only"},
    {"CryptAcquireContextW", proc(CryptAcquireContextW), Support::partial, "CRYPT_VERIFYCONTEXT only"},
    {"CryptGenRandom", proc(CryptGenRandom)},
    {"CryptReleaseContext", proc(CryptReleaseContext)},
    {"SystemFunction036", proc(SystemFunction036)},
};

}  // namespace

extern const ExportTable wincrypt_exports = kRows;

}  // namespace hmodule::winapi
