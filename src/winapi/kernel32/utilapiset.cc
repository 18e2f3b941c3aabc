// utilapiset.h: encoded pointers; and MulDiv of winbase.h.
#include "module/builtin.h"
#include "nt/encoded_pointer.h"
#include "thread/peb.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI void* EncodePointer(void* pointer) noexcept {
  return nt::encode_pointer(pointer, nt::process_cookie());
}
HM_WINAPI void* DecodePointer(void* encoded) noexcept {
  return nt::decode_pointer(encoded, nt::process_cookie());
}
HM_WINAPI void* EncodeSystemPointer(void* pointer) noexcept {
  return nt::encode_pointer(pointer, thread::shared_data().Cookie);
}
HM_WINAPI void* DecodeSystemPointer(void* encoded) noexcept {
  return nt::decode_pointer(encoded, thread::shared_data().Cookie);
}

// number * numerator / denominator, rounded half away from zero; -1 when that is no 32-bit number.
HM_WINAPI INT MulDiv(INT number, INT numerator, INT denominator) noexcept {
  if (denominator == 0) return -1;
  const LONGLONG product = LONGLONG{number} * numerator, divisor = denominator;
  const LONGLONG half = (divisor < 0 ? -divisor : divisor) / 2;
  const LONGLONG result = (product + (product < 0 ? -half : half)) / divisor;
  return result > INT32_MAX || result < INT32_MIN ? -1 : static_cast<INT>(result);
}

const Export kRows[] = {
    {"DecodePointer", proc(DecodePointer)},
    {"DecodeSystemPointer", proc(DecodeSystemPointer)},
    {"EncodePointer", proc(EncodePointer)},
    {"EncodeSystemPointer", proc(EncodeSystemPointer)},
    {"MulDiv", proc(MulDiv)},
};

}  // namespace

extern const ExportTable utilapiset_exports = kRows;

}  // namespace hmodule::winapi
