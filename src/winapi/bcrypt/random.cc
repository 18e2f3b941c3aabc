// bcrypt.h: random numbers.
#include "nt/random.h"
#include "module/builtin.h"
#include "winapi/bcrypt/objects.h"

namespace hmodule::winapi {
namespace {

using namespace bcrypt;

HM_WINAPI NTSTATUS BCryptGenRandom(void* provider, BYTE* buffer, ULONG size, ULONG flags) noexcept {
  // Entropy in the buffer (flag 1) is not needed, as since Windows 8.
  constexpr ULONG kUseSystemPreferred = 0x2;
  return status_of([&]() -> Status {
    if (provider == nullptr) {
      if ((flags & kUseSystemPreferred) == 0)
        return fail(STATUS_INVALID_HANDLE, "no provider, and not the system's preferred one either");
    } else if (TRY(provider_of(provider))->algorithm.family != Family::random) {
      return fail(STATUS_INVALID_HANDLE, "the provider does not make random numbers");
    }
    if (buffer == nullptr && size != 0) return fail(STATUS_INVALID_PARAMETER, "no buffer for {} bytes", size);
    nt::fill_random(buffer, size);
    return ok;
  });
}

const Export kRows[] = {{"BCryptGenRandom", proc(BCryptGenRandom)}};

}  // namespace

extern const ExportTable bcrypt_random_exports = kRows;

}  // namespace hmodule::winapi
