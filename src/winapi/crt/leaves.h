// Memory and strings of the C runtimes, and memory of ntdll: functions that a program calls at every turn, and that
// call nothing themselves. They know nothing but their arguments, so they can stand in for those of any runtime.
#pragma once

#include "win/types.h"

namespace hmodule::winapi {

struct Leaves {
  using Order = int;  // -1, 0 or 1

  HM_WINAPI void* (*memchr)(const void* from, int wanted, SIZE_T limit) noexcept;
  HM_WINAPI Order (*memcmp)(const void* a, const void* b, SIZE_T size) noexcept;
  HM_WINAPI void* (*memmove)(void* to, const void* from, SIZE_T size) noexcept;
  HM_WINAPI void* (*memset)(void* to, int value, SIZE_T size) noexcept;

  HM_WINAPI char* (*strcat)(char* to, const char* from) noexcept;
  HM_WINAPI char* (*strchr)(const char* text, int wanted) noexcept;
  HM_WINAPI Order (*strcmp)(const char* a, const char* b) noexcept;
  HM_WINAPI char* (*strcpy)(char* to, const char* from) noexcept;
  HM_WINAPI SIZE_T (*strlen)(const char* text) noexcept;
  HM_WINAPI Order (*strncmp)(const char* a, const char* b, SIZE_T limit) noexcept;
  HM_WINAPI SIZE_T (*strnlen)(const char* text, SIZE_T limit) noexcept;

  HM_WINAPI WCHAR* (*wcscat)(WCHAR* to, const WCHAR* from) noexcept;
  HM_WINAPI WCHAR* (*wcschr)(const WCHAR* text, WCHAR wanted) noexcept;
  HM_WINAPI Order (*wcscmp)(const WCHAR* a, const WCHAR* b) noexcept;
  HM_WINAPI WCHAR* (*wcscpy)(WCHAR* to, const WCHAR* from) noexcept;
  HM_WINAPI SIZE_T (*wcslen)(const WCHAR* text) noexcept;
  HM_WINAPI Order (*wcsncmp)(const WCHAR* a, const WCHAR* b, SIZE_T limit) noexcept;
  HM_WINAPI SIZE_T (*wcsnlen)(const WCHAR* text, SIZE_T limit) noexcept;

  HM_WINAPI SIZE_T (*RtlCompareMemory)(const void* a, const void* b, SIZE_T size) noexcept;
  HM_WINAPI void (*RtlFillMemory)(void* to, SIZE_T size, BYTE value) noexcept;
  HM_WINAPI void (*RtlZeroMemory)(void* to, SIZE_T size) noexcept;
};

// Compiled three times (leaves.inc).
namespace sse2 {
extern const Leaves leaves;
}
namespace avx2 {
extern const Leaves leaves;  // for a processor with AVX2, BMI and BMI2
}
namespace evex {
extern const Leaves leaves;  // for one that also has AVX-512 for bytes in short vectors (VL, BW)
}
bool has_avx2();
bool has_evex();

extern const Leaves& best_leaves;  // for this processor

}  // namespace hmodule::winapi
