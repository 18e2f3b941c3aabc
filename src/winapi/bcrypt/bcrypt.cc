// bcrypt.h: random numbers. Functions return their status.
#include "module/builtin.h"
#include "nt/random.h"
#include "win/status.h"

#include <string_view>

namespace hmodule::winapi {
namespace {

// The one provider there is; its address is the handle.
const char kRandomProvider[] = "RNG";

bool is_provider(const void* handle) {
  return handle == static_cast<const void*>(kRandomProvider);
}

HM_WINAPI NTSTATUS BCryptOpenAlgorithmProvider(const void** provider, const WCHAR* algorithm, const WCHAR*,
                                               ULONG) noexcept {
  if (provider == nullptr || algorithm == nullptr) return STATUS_INVALID_PARAMETER;
  if (std::u16string_view(algorithm) != u"RNG") return STATUS_NOT_FOUND;
  *provider = kRandomProvider;
  return STATUS_SUCCESS;
}
HM_WINAPI NTSTATUS BCryptCloseAlgorithmProvider(const void* provider, ULONG) noexcept {
  return is_provider(provider) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

HM_WINAPI NTSTATUS BCryptGenRandom(const void* provider, BYTE* buffer, ULONG size, ULONG flags) noexcept {
  constexpr ULONG kUseSystemPreferred = 0x2;
  const bool usable = provider == nullptr ? (flags & kUseSystemPreferred) != 0 : is_provider(provider);
  if (!usable) return STATUS_INVALID_HANDLE;
  if (buffer == nullptr && size != 0) return STATUS_INVALID_PARAMETER;
  nt::fill_random(buffer, size);
  return STATUS_SUCCESS;
}

const Export kRows[] = {
    {"BCryptCloseAlgorithmProvider", proc(BCryptCloseAlgorithmProvider)},
    {"BCryptGenRandom", proc(BCryptGenRandom)},
    {"BCryptOpenAlgorithmProvider", proc(BCryptOpenAlgorithmProvider), Support::partial, "random numbers only"},
};

}  // namespace

extern const ExportTable bcrypt_exports = kRows;

}  // namespace hmodule::winapi
