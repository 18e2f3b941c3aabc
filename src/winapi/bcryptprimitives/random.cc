// ProcessPrng: documented since Windows 10, used by Rust's standard library.
#include "nt/random.h"
#include "module/builtin.h"

namespace hmodule::winapi {
namespace {

HM_WINAPI BOOL ProcessPrng(BYTE* buffer, SIZE_T size) noexcept {
  nt::fill_random(buffer, size);
  return TRUE;
}

const Export kRows[] = {{"ProcessPrng", proc(ProcessPrng)}};

}  // namespace

extern const ExportTable bcryptprimitives_random_exports = kRows;

}  // namespace hmodule::winapi
