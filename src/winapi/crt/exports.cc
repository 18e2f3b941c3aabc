#include "winapi/crt/exports.h"

#include "winapi/crt/leaves.h"

namespace hmodule::winapi {

bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
bool has_evex() {
  return has_avx2() && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

const Leaves& best_leaves = has_evex() ? evex::leaves : has_avx2() ? avx2::leaves : sse2::leaves;

namespace {

const Leaves& best = best_leaves;

const Export kRows[] = {
    {"memchr", proc(best.memchr)},   {"memcmp", proc(best.memcmp)},
    {"memcpy", proc(best.memmove)},  // Windows' allows an overlap, and programs rely on it
    {"memmove", proc(best.memmove)}, {"memset", proc(best.memset)},
    {"strcat", proc(best.strcat)},   {"strchr", proc(best.strchr)},
    {"strcmp", proc(best.strcmp)},   {"strcpy", proc(best.strcpy)},
    {"strlen", proc(best.strlen)},   {"strncmp", proc(best.strncmp)},
    {"strnlen", proc(best.strnlen)}, {"wcscat", proc(best.wcscat)},
    {"wcschr", proc(best.wcschr)},   {"wcscmp", proc(best.wcscmp)},
    {"wcscpy", proc(best.wcscpy)},   {"wcslen", proc(best.wcslen)},
    {"wcsncmp", proc(best.wcsncmp)}, {"wcsnlen", proc(best.wcsnlen)},
};

const Export kMemoryRows[] = {
    {"RtlCompareMemory", proc(best.RtlCompareMemory)},
    {"RtlCopyMemory", proc(best.memmove)},
    {"RtlCopyMemoryNonTemporal", proc(best.memmove)},
    {"RtlFillMemory", proc(best.RtlFillMemory)},
    {"RtlMoveMemory", proc(best.memmove)},
    {"RtlZeroMemory", proc(best.RtlZeroMemory)},
};

const ExportTable* const kTables[] = {&crt_leaves_exports};

}  // namespace

extern const ExportTable crt_leaves_exports = kRows;
extern const ExportTable memory_leaves_exports = kMemoryRows;

// The others, as vcruntime140.dll and msvcrt40.dll, forward theirs to one of these.
const BuiltinDll crtdll_leaves = {"crtdll.dll", kTables};
const BuiltinDll msvcr70_leaves = {"msvcr70.dll", kTables};
const BuiltinDll msvcr71_leaves = {"msvcr71.dll", kTables};
const BuiltinDll msvcr80_leaves = {"msvcr80.dll", kTables};
const BuiltinDll msvcr90_leaves = {"msvcr90.dll", kTables};
const BuiltinDll msvcr100_leaves = {"msvcr100.dll", kTables};
const BuiltinDll msvcr110_leaves = {"msvcr110.dll", kTables};
const BuiltinDll msvcr120_leaves = {"msvcr120.dll", kTables};
const BuiltinDll msvcrt_leaves = {"msvcrt.dll", kTables};
const BuiltinDll ucrtbase_leaves = {"ucrtbase.dll", kTables};

}  // namespace hmodule::winapi
